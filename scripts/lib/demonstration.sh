# usage: source scripts/lib/demonstration.sh
#
# The demonstration organisation of scripts/localnet: four departments under one root, their people,
# roles, budgets and policies, as the file that `polityd genesis create` reads. To be sourced by bash.
# shellcheck shell=bash
set -euo pipefail

# Department, its operator, and what it is there for; the order is the order of the nodes.
demonstration_departments=(platform storefront finance people-ops)

# Who is a member: handle, unit that admits, role.
demonstration_people="
eve   acme                      acme#lead
ada   acme/platform             acme/platform#lead
gia   acme/platform             acme/platform#engineer
ben   acme/storefront           acme/storefront#lead
finn  acme/storefront           acme/storefront#storefront-api
joy   acme/storefront           acme/storefront#engineer
cleo  acme/finance              acme/finance#lead
hal   acme/finance              acme/finance#controller
kim   acme/finance              acme/finance#bookkeeper
dan   acme/people-ops           acme/people-ops#lead
ivy   acme/people-ops           acme/people-ops#coach
"

# Settings of every node, KEY=VALUE, beside its addresses.
# shellcheck disable=SC2034 # Who sources this reads it.
demonstration_settings=()

# The lead of a department, who operates its validator and signs the genesis for it.
demonstration_operator() {
  case "$1" in
    platform) echo ada ;;
    storefront) echo ben ;;
    finance) echo cleo ;;
    people-ops) echo dan ;;
  esac
}

demonstration_constitution() {
  cat <<'TEXT'
# How we work together at Acme

1. Whoever holds a role acts in it alone, inside the grants of that role.
2. What nobody may do alone, the unit decides by its policy, and the ledger keeps who decided.
3. Nobody approves what benefits them, and nobody grants themselves anything.
4. Every member can see the whole history of every account, role and unit, and prove it to others.
TEXT
}

# Everything but people's keys, validators and nodes, which `scripts/localnet` appends.
demonstration_charter() {
  local chain_id="$1" department
  cat <<TEXT
# The organisation that scripts/localnet founds. \`polityd genesis create\` reads this file.
chain_id = "$chain_id"
constitution = "constitution.md"

[parameters]
# A laptop's network may shrink; an organisation's keeps four.
validators_min = 1

[[units]]
unit = "acme"
kind = "company"
purpose = "Sell what people need, and keep the books open"
TEXT
  for department in "${demonstration_departments[@]}"; do
    cat <<TEXT

[[units]]
unit = "acme/$department"
kind = "department"
# Money is made, and the network governed, at the root alone.
keeps_back = ["define_assets", "issue", "govern_network"]
TEXT
  done
  cat <<'TEXT'

[[units]]
unit = "acme/storefront/checkout"
kind = "team"
purpose = "From the basket to the paid order"

[[units]]
unit = "acme/platform/build"
kind = "team"
purpose = "Every change is tested within ten minutes"

# Assets and accounts

[[assets]]
code = "EUR"
decimals = 2
kind = "money"
unit = "acme"

[[assets]]
code = "HOUR"
decimals = 1
kind = "hours"
unit = "acme"

[[accounts]]
account = "acme:main"
asset = "EUR"
issue = "1000000.00 EUR"
TEXT
  for department in "${demonstration_departments[@]}"; do
    printf '\n[[accounts]]\naccount = "acme/%s:main"\nasset = "EUR"\nissue = "50000.00 EUR"\n' "$department"
    printf '\n[[accounts]]\naccount = "acme/%s:hours"\nasset = "HOUR"\nissue = "400.0 HOUR"\n' "$department"
  done
  local handle rest
  while read -r handle rest; do
    [ -n "$handle" ] || continue
    printf '\n[[accounts]]\naccount = "%s:main"\nasset = "EUR"\nissue = "250.00 EUR"\n' "$handle"
  done <<<"$demonstration_people"
  cat <<'TEXT'

# Roles, and what each may do alone

[[roles]]
role = "acme#lead"
kind = "lead"
purpose = "Hold the whole together"
[[roles.grants]]
can = ["govern", "assign_roles", "admit_members", "suspend_members", "recover_members", "register_parties",
  "approve", "anchor"]
below = true
[[roles.grants]]
can = ["define_assets", "issue", "open_accounts", "freeze", "set_credit", "plan_budget", "allocate", "govern_network"]
[[roles.grants]]
can = ["spend"]
per_transfer = "50000.00 EUR"
per_month = "200000.00 EUR"
TEXT
  for department in "${demonstration_departments[@]}"; do
    cat <<TEXT

[[roles]]
role = "acme/$department#lead"
kind = "lead"
purpose = "Lead $department and operate its validator"
[[roles.grants]]
can = ["operate_validator", "open_accounts", "freeze", "plan_budget", "allocate"]
[[roles.grants]]
can = ["govern", "assign_roles", "admit_members", "register_parties", "approve", "anchor"]
below = true
[[roles.grants]]
can = ["spend"]
per_transfer = "5000.00 EUR"
per_month = "20000.00 EUR"
[[roles.grants]]
can = ["spend"]
per_transfer = "40.0 HOUR"
per_month = "160.0 HOUR"
TEXT
    demonstration_team "$department"
  done
  cat <<'TEXT'

[[roles]]
role = "acme/storefront#storefront-api"
purpose = "The API that the shop and its partners build on"
domains = ["storefront api"]
accountabilities = ["answers within a day", "keeps two versions running"]
[[roles.grants]]
can = ["spend"]
per_transfer = "500.00 EUR"
per_month = "5000.00 EUR"

[[roles]]
role = "acme/storefront#engineer"
purpose = "Build the shop"

[[roles]]
role = "acme/platform#engineer"
purpose = "Build what everybody builds on"
[[roles.grants]]
can = ["spend"]
per_transfer = "300.00 EUR"
per_days = { days = 30, amount = "1500.00 EUR" }

[[roles]]
role = "acme/finance#controller"
purpose = "Books that anyone can check"
[[roles.grants]]
can = ["audit"]
unit = "acme"
below = true
[[roles.grants]]
can = ["record_external", "register_parties", "anchor"]
TEXT
  demonstration_freeze
  cat <<'TEXT'

[[roles]]
role = "acme/finance#bookkeeper"
purpose = "What came from the bank and went there: one of two records it, the other confirms"
[[roles.grants]]
can = ["record_external"]

[[roles]]
role = "acme/people-ops#coach"
purpose = "Help circles and squads to work well"
[[roles.grants]]
can = ["approve"]
# Two people of different units give a lost key back, suspend a member, or give somebody who was imported the first key: here
# somebody who leads the whole, and a coach.
[[roles.grants]]
can = ["recover_members", "suspend_members", "admit_members"]
unit = "acme"
below = true
TEXT
  demonstration_freeze
  cat <<'TEXT'

# How units decide what nobody may do alone

[[policies]]
unit = "acme"
capability = "spend"
recursive = true
words = "Up to 10,000 euros one other person approves, above that two do."
[[policies.tiers]]
up_to = "10000.00 EUR"
by = "role holders"
mode = { kind = "approve", approver = "capability approve", count = 1 }
[[policies.tiers]]
by = "role holders"
mode = { kind = "approve", approver = "capability approve", count = 2 }

[[duties_apart]]
unit = "acme"
first = "issue"
second = "audit"
TEXT
  demonstration_addition
  printf '\n# People made their keys themselves, and each department its node'"'"'s: what they sent follows.\n'
}

# What a department's lead may do in its team, where nobody holds a role yet.
demonstration_team() {
  local team=""
  case "$1" in
    platform) team=build ;;
    storefront) team=checkout ;;
  esac
  [ -z "$team" ] ||
    printf '[[roles.grants]]\ncan = ["open_accounts"]\nunit = "acme/%s/%s"\n' "$1" "$team"
}

# Two people of different departments freeze a member's account: of the controller, a coach and the member's lead. No grant over
# value reaches the units below, so each is named.
demonstration_freeze() {
  local unit
  for unit in acme "${demonstration_departments[@]/#/acme/}"; do
    printf '[[roles.grants]]\ncan = ["freeze"]\nunit = "%s"\n' "$unit"
  done
}

# What another script adds to the organisation.
demonstration_addition() { :; }

# What to type first, line by line; another organisation has other names.
demonstration_to_try() {
  cat <<'TEXT'
  polity transfer send finn:main gia:main 5.00 EUR        # your own money: nobody is asked
  polity transfer send acme/storefront:main acme/platform:main 480.00 EUR     # your role allows it
  polity transfer send acme/storefront:main acme/platform:main 800.00 EUR     # refused, with the reason
  polity history finn:main                                # the whole history, proven
TEXT
}
