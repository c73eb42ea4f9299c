# usage: source scripts/lib/registrar.sh
#
# The demonstration organisation with a registrar: a unit `acme/import` beside the four departments, and a
# member who may record in it, and below it, what another system knows. scripts/replay founds it. To be
# sourced by bash.
# shellcheck shell=bash
set -euo pipefail
# shellcheck source=scripts/lib/demonstration.sh
source "$(dirname "${BASH_SOURCE[0]}")/demonstration.sh"

demonstration_people+="rhea  acme                     acme/import#registrar
"

# An import sends more than a person does.
demonstration_settings+=("share.actions_per_second=0")

demonstration_addition() {
  cat <<'TEXT'

# Whoever records what another system knows

[[units]]
unit = "acme/import"
kind = "team"
purpose = "What another system knows about its people"

[[roles]]
role = "acme/import#registrar"
purpose = "Record it as it was"
[[roles.grants]]
can = ["govern", "assign_roles", "admit_members"]
below = true
TEXT
}
