//! Questions are answered by the code that judges, with facts that say why and what else.

use polity_proto::v1::{Action, Fact, VerdictKind, action::Kind};

use super::*;
use crate::judge::Now;
use crate::world::{
    DAY, Deed, HOUR, World, able, alone, approve, by, by_departments, consent, role_holders, tier,
};

fn world() -> World {
    let mut world = World::new();
    world.fund("dev", 50_000);
    let approver = able(v1::Capability::Approve);
    let tiers = vec![
        tier(500, role_holders(), alone()),
        tier(0, role_holders(), approve(approver, 1)),
    ];
    let policy = world.policy("dev", v1::Capability::Spend, tiers);
    world.check("ben", Some("dev#lead"), Kind::SetPolicy(policy), "accepted");
    world
}

fn block(world: &World) -> Block {
    Block {
        height: world.height + 1,
        now: Now {
            time: world.time,
            paused: 0,
        },
    }
}

pub(super) fn ask(world: &World, member: &str, kind: Kind) -> v1::Verdict {
    let action = Action {
        kind: Some(kind),
        ..Action::default()
    };
    can(
        &world.state,
        block(world),
        world.member_number(member),
        &action,
        true,
        &|| true,
    )
    .expect("somebody waits")
}

pub(super) fn value<'f>(facts: &'f [Fact], name: &str) -> &'f str {
    let fact = facts.iter().find(|fact| fact.name == name);
    fact.map_or("", |fact| &fact.value)
}

fn body(world: &mut World, deeds: &[Deed]) -> v1::Body {
    let envelope = world.envelope(deeds);
    let envelope: v1::Envelope = prost::Message::decode(&envelope[..]).expect("an envelope");
    crate::check::parse_body(&envelope.body).expect("a body")
}

#[test]
fn can_finds_the_role_and_names_the_grant() {
    let world = world();
    let verdict = ask(&world, "finn", world.payment("dev:main", "ops:main", 400));
    assert_eq!(verdict.kind(), VerdictKind::Allowed);
    assert_eq!(verdict.acting_role, world.role("dev#engineer").number);
    assert!(!verdict.looked.is_empty());
}

#[test]
fn the_role_in_which_only_others_are_missing_is_found() {
    let mut world = World::new();
    let tiers = vec![tier(0, role_holders(), alone())];
    let policy = world.policy("dev", v1::Capability::RecoverMembers, tiers);
    world.check("ben", Some("dev#lead"), Kind::SetPolicy(policy), "accepted");
    let recover = Kind::RecoverMember(world.recover("finn", "new"));
    let verdict = ask(&world, "ada", recover);
    assert_eq!(verdict.rejection, "people_missing");
    assert_eq!(verdict.acting_role, world.role("acme#lead").number);
}

#[test]
fn no_second_signer_is_named_who_would_count_as_the_first() {
    let mut world = World::new();
    let give = v1::GiveGrant {
        scope: world.scope(v1::ScopeKind::UnitAndBelow, "acme"),
        ..world.grant("ops#engineer", v1::Capability::SuspendMembers, "acme")
    };
    world.ada(Kind::GiveGrant(give));
    let suspend = Kind::SuspendMember(v1::SuspendMember {
        member: world.member_ref("finn"),
    });
    let who_could = |world: &World, member: &str| {
        let verdict = ask(world, member, suspend.clone());
        value(&verdict.facts, "who_could").to_owned()
    };
    // Hal may do it by what Ada gave him a moment ago.
    assert_eq!(who_could(&world, "ada"), "ben");
    assert_eq!(who_could(&world, "ben"), "ada, hal");
    world.advance(31 * DAY);
    assert_eq!(who_could(&world, "ada"), "ben, hal");
    let hal = world.member("hal");
    world.put_for_test(&v1::Member {
        kind: v1::MemberKind::Service as i32,
        ..hal
    });
    assert_eq!(who_could(&world, "ada"), "ben");
}

#[test]
fn of_those_who_sign_together_it_is_told_why_they_are_too_few() {
    let mut world = World::new();
    let give = v1::GiveGrant {
        scope: world.scope(v1::ScopeKind::UnitAndBelow, "acme"),
        ..world.grant("ops#engineer", v1::Capability::SuspendMembers, "acme")
    };
    world.ada(Kind::GiveGrant(give));
    world.advance(31 * DAY);
    world.ada(Kind::InviteMember(world.invite("ivy", "ops")));
    world.check("ivy", None, Kind::Join(world.join("ivy")), "accepted");
    world.ada(Kind::AssignRole(world.assign("ivy", "ops#engineer")));
    let suspend = Kind::SuspendMember(v1::SuspendMember {
        member: world.member_ref("finn"),
    });
    let told = |world: &mut World, second: &str, role: &str| {
        let deed = by("ada").acting_as("acme#lead").seconded(second, role);
        let body = body(world, &[deed.does(suspend.clone())]);
        let answer = simulate(&world.state, block(world), &body, &|| true);
        answer.expect("somebody waits")
    };

    let newcomer = told(&mut world, "ivy", "ops#engineer");
    assert_eq!(newcomer.rejection, "people_missing");
    assert_eq!(value(&newcomer.facts, "signers"), "ada, ivy");
    let why = value(&newcomer.facts, "one_person");
    let expected =
        "ada, ivy: until 2026-03-07T00:00:03Z a newcomer counts as whoever admitted them";
    assert_eq!(why, expected);
    assert_eq!(value(&newcomer.facts, "who_could"), "ben, hal");

    let colleague = told(&mut world, "gia", "dev#engineer");
    assert_eq!(colleague.rejection, "people_missing");
    assert_eq!(value(&colleague.facts, "signers"), "ada");
    let without = value(&colleague.facts, "signers_without_authority");
    assert_eq!(without, "gia");
    assert_eq!(value(&colleague.facts, "one_person"), "");

    assert_eq!(told(&mut world, "hal", "ops#engineer").rejection, "");
}

#[test]
fn an_exceeded_limit_names_amounts_and_the_policy_that_could_decide() {
    let world = world();
    let verdict = ask(&world, "finn", world.payment("dev:main", "ops:main", 800));
    assert_eq!(verdict.rejection, "limit_per_transfer");
    assert_eq!(value(&verdict.facts, "requested"), "800.00 EUR");
    assert_eq!(value(&verdict.facts, "per_transfer"), "500.00 EUR");
    assert_eq!(value(&verdict.facts, "policy"), "y1");
    assert_eq!(value(&verdict.facts, "mode"), "approve");
    assert_eq!(value(&verdict.facts, "approvers"), "ben, ada");
}

#[test]
fn of_several_units_the_one_that_lacks_the_capability_is_told() {
    let mut world = world();
    let bare = v1::CreateUnit {
        confers: vec![v1::Capability::Govern as i32],
        ..world.create_unit("dev", "bare", v1::UnitKind::Team)
    };
    world.ada(Kind::CreateUnit(bare));
    let units = ["ops", "dev/bare"].map(|unit| world.unit_ref(unit));
    let grant = v1::GrantAuditor {
        member: world.member_ref("gia"),
        units: units.into_iter().flatten().collect(),
        window_from: 0,
        window_until: world.time,
        until: world.time + DAY,
    };
    let verdict = ask(&world, "ada", Kind::GrantAuditor(grant));
    assert_eq!(verdict.rejection, "not_conferred");
    let units = verdict.facts.iter().filter(|fact| fact.name == "unit");
    let units: Vec<&str> = units.map(|fact| fact.value.as_str()).collect();
    assert_eq!(units, [format!("u{}", world.unit("dev/bare").number)]);
}

#[test]
fn what_stands_in_the_way_of_an_act_is_told() {
    let mut world = world();
    let role = |world: &World, handle: &str| {
        Kind::CreateRole(v1::CreateRole {
            domains: vec!["the site".into()],
            ..world.create_role("dev", handle)
        })
    };
    let first = role(&world, "first");
    world.check("ben", Some("dev#lead"), first, "accepted");
    let taken = ask(&world, "ben", role(&world, "second"));
    assert_eq!(taken.rejection, "domain_taken");
    assert_eq!(value(&taken.facts, "domain"), "the site");
    let holder = format!("r{}", world.role("dev#first").number);
    assert_eq!(value(&taken.facts, "role"), holder);

    let reinstate = Kind::ReinstateMember(v1::ReinstateMember {
        member: world.member_ref("finn"),
    });
    let active = ask(&world, "ada", reinstate);
    assert_eq!(active.rejection, "member_state_wrong");
    assert_eq!(value(&active.facts, "state"), "active");

    let appoint = Kind::GrantAuditor(v1::GrantAuditor {
        member: world.member_ref("gia"),
        units: world.unit_ref("dev").into_iter().collect(),
        window_from: 0,
        window_until: world.time,
        until: world.time + 400 * DAY,
    });
    let long = ask(&world, "ada", appoint);
    assert_eq!(long.rejection, "auditor_term");
    assert_eq!(value(&long.facts, "longest"), "4320h");
}

#[test]
fn whoever_may_not_approve_is_told_who_may() {
    let mut world = world();
    let (operation, mode) = (v1::ProposalKind::Operation, v1::ModeKind::Approve);
    let pay = world.payment("dev:main", "ops:main", 800);
    let open = world.proposal("dev", operation, mode, vec![pay]);
    let proposal = world.open("finn", "dev#engineer", open);
    let verdict = ask(&world, "hal", world.answer(proposal, v1::Answer::Approve));
    assert_eq!(verdict.rejection, "no_grant");
    assert_eq!(value(&verdict.facts, "capability"), "approve");
    assert_eq!(value(&verdict.facts, "approvers"), "ben, ada");
}

#[test]
fn whoever_posts_a_hold_is_told_of_no_amount_that_they_asked_for() {
    let mut world = world();
    let held = world.payment("dev:main", "ops:main", 400);
    let Kind::Transfer(transfer) = held else {
        panic!("a payment is a transfer");
    };
    let place = Kind::PlaceHold(v1::PlaceHold {
        transfer: Some(transfer),
        expires_at: world.time + DAY,
    });
    world.check("finn", Some("dev#engineer"), place, "accepted");
    let hold = world.list(
        crate::state::keys::List::Holds,
        world.account("dev:main").number,
    )[0];
    let post = Kind::PostHold(v1::PostHold {
        hold: crate::form::numbered(hold),
        amount: Vec::new(),
    });
    let verdict = ask(&world, "hal", post);
    assert_ne!(verdict.kind(), VerdictKind::Allowed);
    assert_eq!(value(&verdict.facts, "capability"), "spend");
    assert_eq!(value(&verdict.facts, "requested"), "");
}

#[test]
fn a_missing_capability_names_who_could() {
    let world = world();
    let verdict = ask(&world, "hal", world.payment("dev:main", "ops:main", 400));
    assert_eq!(verdict.rejection, "no_grant");
    assert_eq!(value(&verdict.facts, "capability"), "spend");
    assert_eq!(
        value(&verdict.facts, "who_could"),
        "ben up to 5000.00 EUR, finn up to 500.00 EUR, gia up to 500.00 EUR"
    );
}

#[test]
fn what_is_held_back_from_a_newcomer_may_still_be_proposed() {
    let mut world = World::new();
    let lead = Some("dev#lead");
    let one = approve(able(v1::Capability::Approve), 1);
    let tiers = vec![tier(0, role_holders(), one)];
    let policy = world.policy("dev", v1::Capability::Spend, tiers);
    world.check("ben", lead, Kind::SetPolicy(policy), "accepted");
    let invite = Kind::InviteMember(world.invite("ivy", "dev"));
    world.check("ben", lead, invite, "accepted");
    let join = Kind::Join(world.join("ivy"));
    world.check("ivy", None, join, "accepted");
    let assign = Kind::AssignRole(world.assign("ivy", "dev#engineer"));
    world.check("ben", lead, assign, "accepted");

    let verdict = ask(&world, "ivy", world.payment("dev:main", "sales:main", 100));
    assert_eq!(verdict.rejection, "grant_too_close");
    let mode = verdict.mode.expect("a decision may be begun");
    assert_eq!(mode.kind(), v1::ModeKind::Approve);
}

#[test]
fn an_exceeded_limit_says_what_may_be_begun_instead() {
    let world = world();
    let verdict = ask(&world, "finn", world.payment("dev:main", "ops:main", 800));
    assert_eq!(verdict.kind(), VerdictKind::Refused);
    assert_eq!(verdict.unit, world.unit("dev").number);
    let mode = verdict.mode.expect("a policy decides");
    assert_eq!(mode.kind(), v1::ModeKind::Approve);
}

#[test]
fn where_nobody_may_alone_whoever_may_begin_is_named() {
    let mut world = World::new();
    let approved = approve(able(v1::Capability::Approve), 1);
    let tiers = vec![tier(0, world.holders("ops#engineer"), approved)];
    let policy = world.policy("dev", v1::Capability::Freeze, tiers);
    world.check("ben", Some("dev#lead"), Kind::SetPolicy(policy), "accepted");
    let freeze = Kind::FreezeAccount(v1::FreezeAccount {
        account: world.account_ref("dev:main"),
        ..v1::FreezeAccount::default()
    });
    let verdict = ask(&world, "gia", freeze);
    assert_eq!(verdict.rejection, "no_grant");
    assert_eq!(value(&verdict.facts, "who_could"), "");
    assert_eq!(value(&verdict.facts, "may_begin"), "hal");
    assert_eq!(value(&verdict.facts, "mode"), "approve");
    assert_eq!(value(&verdict.facts, "approvers"), "ben, ada");
}

#[test]
fn of_all_roles_the_one_counts_whose_refusal_says_most() {
    let mut world = World::new();
    let elected = v1::CreateRole {
        elected: true,
        ..world.create_role("dev", "speaker")
    };
    world.check(
        "ben",
        Some("dev#lead"),
        Kind::CreateRole(elected),
        "accepted",
    );
    let assign = Kind::AssignRole(world.assign("gia", "dev#speaker"));
    let verdict = ask(&world, "ben", assign.clone());
    assert_eq!(verdict.rejection, "elected_only");
    assert_eq!(verdict.acting_role, world.role("dev#lead").number);
    let verdict = ask(&world, "gia", assign);
    assert_eq!(verdict.rejection, "no_grant");
}

#[test]
fn whoever_gives_too_much_alone_is_told_what_way_is_left() {
    let mut world = world();
    let give = Kind::GiveGrant(v1::GiveGrant {
        per_period: crate::world::monthly(90_000),
        ..world.grant("dev#engineer", v1::Capability::Spend, "dev")
    });
    let verdict = ask(&world, "ben", give);
    assert_eq!(verdict.rejection, "grant_exceeds_giver");
    assert_eq!(value(&verdict.facts, "reserved_by"), "y1 of u2: approve");
    // Nobody else could give it alone either.
    assert_eq!(value(&verdict.facts, "who_could"), "");
    let way = value(&verdict.facts, "way");
    assert!(way.starts_with("a policy for govern in u2"), "{way}");

    // Founded by a single act, a unit has nobody who could give in it.
    world.ada(Kind::CreateUnit(world.create_unit(
        "acme",
        "lab",
        v1::UnitKind::Team,
    )));
    let give = Kind::GiveGrant(world.grant("dev#engineer", v1::Capability::Allocate, "lab"));
    let verdict = ask(&world, "ada", give);
    assert_eq!(verdict.rejection, "own_decision_only");
    let way = value(&verdict.facts, "way");
    assert!(way.contains("a proposal that creates a unit"), "{way}");
}

#[test]
fn what_is_held_back_says_who_gave_it_and_until_when() {
    let mut world = world();
    let lead = Some("dev#lead");
    let invite = Kind::InviteMember(world.invite("ivy", "dev"));
    world.check("ben", lead, invite, "accepted");
    world.check("ivy", None, Kind::Join(world.join("ivy")), "accepted");
    let assign = Kind::AssignRole(world.assign("ivy", "dev#engineer"));
    world.check("ben", lead, assign, "accepted");
    let verdict = ask(&world, "ivy", world.payment("dev:main", "ops:main", 1));
    assert_eq!(verdict.rejection, "grant_too_close");
    assert_eq!(value(&verdict.facts, "assigned_by"), "ben");
    assert_eq!(value(&verdict.facts, "until"), "2026-02-04T00:00:04Z");
    assert!(value(&verdict.facts, "way").starts_with("let somebody else"));
}

#[test]
fn whoever_proposed_is_told_that_this_was_their_answer() {
    let mut world = World::new();
    let tiers = vec![tier(0, role_holders(), consent(72 * HOUR))];
    let policy = world.policy("dev", v1::Capability::Govern, tiers);
    world.check("ben", Some("dev#lead"), Kind::SetPolicy(policy), "accepted");
    let role = Kind::CreateRole(world.create_role("dev", "guide"));
    let (governance, mode) = (v1::ProposalKind::Governance, v1::ModeKind::Consent);
    let proposal = world.proposal("dev", governance, mode, vec![role]);
    let number = world.open("finn", "dev#engineer", proposal);
    let yes = world.answer(number, v1::Answer::NoObjection);
    world.check("gia", Some("dev#engineer"), yes.clone(), "accepted");

    for (member, answered) in [
        ("finn", "no_objection, by proposing this version"),
        ("gia", "no_objection"),
    ] {
        let verdict = ask(&world, member, yes.clone());
        assert_eq!(verdict.rejection, "already_answered");
        assert_eq!(value(&verdict.facts, "answered"), answered);
    }
}

#[test]
fn a_refused_proposal_says_what_it_would_take() {
    let mut world = World::new();
    world.fund("dev", 50_000);
    let approved = approve(able(v1::Capability::Approve), 1);
    let tiers = vec![
        tier(1_000, role_holders(), alone()),
        tier(0, role_holders(), approved),
    ];
    let policy = world.policy("dev", v1::Capability::Spend, tiers);
    world.check("ben", Some("dev#lead"), Kind::SetPolicy(policy), "accepted");
    let pay = |world: &World, amount| world.payment("dev:main", "ops:main", amount);
    let before = pay(&world, 400);
    world.check("finn", Some("dev#engineer"), before, "accepted");

    let propose = |world: &World, acts| {
        let operation = v1::ProposalKind::Operation;
        Kind::OpenProposal(world.proposal("dev", operation, v1::ModeKind::Alone, acts))
    };
    let split = ask(&world, "finn", propose(&world, vec![pay(&world, 800)]));
    assert_eq!(split.rejection, "spend_split");
    let together = "1200.00 EUR to one payee within 30 days";
    assert_eq!(value(&split.facts, "aggregated"), together);
    assert_eq!(value(&split.facts, "mode"), "approve");
    assert_eq!(value(&split.facts, "approvers"), "ben, ada");

    let create = Kind::CreateRole(world.create_role("dev", "guide"));
    let mixed = ask(
        &world,
        "finn",
        propose(&world, vec![create, pay(&world, 800)]),
    );
    assert_eq!(mixed.rejection, "proposal_kind_wrong");
    assert_eq!(value(&mixed.facts, "governance"), "1");
    assert_eq!(value(&mixed.facts, "operation"), "2");
}

#[test]
fn the_mode_that_a_proposal_needs_is_told_where_a_later_action_names_what_an_earlier_one_creates() {
    let mut world = World::new();
    let approved = approve(able(v1::Capability::Approve), 1);
    let tiers = vec![tier(0, role_holders(), approved)];
    let policy = world.policy("dev", v1::Capability::Govern, tiers);
    world.check("ben", Some("dev#lead"), Kind::SetPolicy(policy), "accepted");
    let create = Kind::CreateRole(world.create_role("dev", "guide"));
    let remove = Kind::RemoveRole(v1::RemoveRole {
        role: Some(v1::Ref { number: 0, new: 1 }),
    });
    let (governance, mode) = (v1::ProposalKind::Governance, v1::ModeKind::Alone);
    let open = world.proposal("dev", governance, mode, vec![create, remove]);
    let verdict = ask(&world, "finn", Kind::OpenProposal(open));
    assert_eq!(verdict.rejection, "stricter_mode");
    assert_eq!(value(&verdict.facts, "mode"), "approve");
    assert_eq!(value(&verdict.facts, "approvals"), "1");
}

#[test]
fn the_mode_that_a_whole_proposal_needs_is_told_beside_what_a_grant_would_pay() {
    let mut world = World::new();
    world.fund("dev", 50_000);
    for (capability, count) in [(v1::Capability::Anchor, 1), (v1::Capability::Spend, 2)] {
        let approved = approve(able(v1::Capability::Approve), count);
        let tiers = vec![tier(0, role_holders(), approved)];
        let policy = Kind::SetPolicy(world.policy("dev", capability, tiers));
        world.check("ben", Some("dev#lead"), policy, "accepted");
    }
    let anchor = Kind::AnchorDocument(v1::AnchorDocument {
        unit: world.unit_ref("dev"),
        hash: vec![1; 32],
        ..Default::default()
    });
    let acts = vec![anchor, world.payment("dev:main", "ops:main", 400)];
    let (operation, mode) = (v1::ProposalKind::Operation, v1::ModeKind::Approve);
    let open = v1::OpenProposal {
        expected_count: 1,
        ..world.proposal("dev", operation, mode, acts)
    };
    let verdict = ask(&world, "finn", Kind::OpenProposal(open));
    assert_eq!(verdict.rejection, "stricter_mode");
    assert_eq!(value(&verdict.facts, "mode"), "approve");
    assert_eq!(value(&verdict.facts, "approvals"), "2");
}

#[test]
fn of_a_proposal_of_the_departments_they_are_the_electors() {
    let mut world = World::new();
    let freeze = |mode| vec![tier(0, role_holders(), mode)];
    let policy = world.policy("dev", v1::Capability::Freeze, freeze(by_departments()));
    world.check("ben", Some("dev#lead"), Kind::SetPolicy(policy), "accepted");
    let laxer = Kind::SetPolicy(world.policy("dev", v1::Capability::Freeze, freeze(alone())));
    let (governance, departments) = (v1::ProposalKind::Governance, v1::ModeKind::Departments);
    let proposal = world.proposal("dev", governance, departments, vec![laxer]);
    let number = world.open("ben", "dev#lead", proposal);
    let verdict = ask(&world, "finn", world.answer(number, v1::Answer::Yes));
    assert_eq!(verdict.rejection, "not_in_electorate");
    assert_eq!(value(&verdict.facts, "electorate"), "4");
    assert_eq!(
        value(&verdict.facts, "electors"),
        "dev, ops, sales, finance"
    );
}

#[test]
fn a_length_of_time_is_written_as_it_is_typed() {
    let table = [
        (72 * HOUR, "72h"),
        (HOUR / 2, "30m"),
        (90, "90s"),
        (HOUR + 1, "3601s"),
    ];
    for (seconds, text) in table {
        assert_eq!(length(seconds), text);
    }
}

#[test]
fn what_the_account_lacks_is_told() {
    let world = world();
    let verdict = ask(
        &world,
        "ada",
        world.payment("acme:main", "ops:main", 40_000),
    );
    assert_eq!(verdict.kind(), VerdictKind::Allowed);
    let verdict = ask(&world, "hal", world.payment("hal:main", "ops:main", 4));
    assert_eq!(verdict.rejection, "insufficient_funds");
    let check = |verdict: &v1::Verdict, account: &str, requested: &str, available: &str| {
        let told = &verdict.facts;
        let number = world.account(account).number;
        assert_eq!(value(told, "account"), format!("a{number}"));
        assert_eq!(value(told, "requested"), requested);
        assert_eq!(value(told, "available"), available);
        let requested = told.iter().filter(|one| one.name == "requested");
        assert_eq!(requested.count(), 1);
    };
    check(&verdict, "hal:main", "4.00 EUR", "0.00 EUR");
    let verdict = ask(&world, "hal", world.payment("ops:main", "dev:main", 40));
    assert_eq!(verdict.rejection, "insufficient_funds");
    check(&verdict, "ops:main", "40.00 EUR", "0.00 EUR");
}

#[test]
fn who_can_lists_those_who_may_alone_and_those_who_may_begin() {
    let world = world();
    let action = Action {
        kind: Some(world.payment("dev:main", "ops:main", 800)),
        ..Action::default()
    };
    let found = who_can(&world.state, block(&world), &action, &|| true);
    let (found, truncated) = found.expect("somebody waits");
    assert!(!truncated);
    let found: Vec<(u64, VerdictKind)> = found
        .iter()
        .map(|who| {
            (
                who.member,
                who.verdict.as_ref().map_or(VerdictKind::None, |v| v.kind()),
            )
        })
        .collect();
    let number = |name| world.member_number(name);
    assert_eq!(
        found,
        [
            (number("ben"), VerdictKind::Allowed),
            (number("finn"), VerdictKind::NeedsDecision),
            (number("gia"), VerdictKind::NeedsDecision),
        ]
    );
}

fn names_of_able(world: &World, kind: Kind) -> Vec<(u64, u64, &'static str)> {
    let action = Action {
        kind: Some(kind),
        ..Action::default()
    };
    let found = who_can(&world.state, block(world), &action, &|| true);
    let (found, _) = found.expect("somebody waits");
    found
        .into_iter()
        .map(|who| {
            let code = who.verdict.unwrap_or_default().code;
            let refusal = crate::Rejection::from_code(code);
            let name = refusal.map_or("", |refusal| refusal.name());
            (who.member, who.role, name)
        })
        .collect()
}

#[test]
fn who_can_lists_those_who_may_sign_together() {
    let mut world = World::with_treasury();
    let grant = Kind::GiveGrant(world.grant("ops#engineer", v1::Capability::Freeze, "dev"));
    world.check("ben", Some("dev#lead"), grant, "accepted");
    let freeze = Kind::FreezeAccount(v1::FreezeAccount {
        account: world.account_ref("finn:main"),
        frozen: true,
    });
    let able = names_of_able(&world, freeze);
    let named = |name: &str, role: &str| {
        let (member, role) = (world.member_number(name), world.role(role).number);
        able.contains(&(member, role, "people_missing"))
    };
    assert!(named("ben", "dev#lead"), "{able:?}");
    assert!(named("hal", "ops#engineer"), "{able:?}");
}

#[test]
fn who_can_lists_whom_an_act_is_about_where_it_may_be_their_own() {
    let mut world = World::new();
    let guild = world.create_unit("dev", "rust", v1::UnitKind::Guild);
    world.ada(Kind::CreateUnit(guild));
    let hal = (world.member_number("hal"), 0, "");
    let join = world.join_unit("hal", "dev/rust");
    assert!(names_of_able(&world, join.clone()).contains(&hal));
    let elsewhere = world.join_unit("hal", "dev");
    assert!(!names_of_able(&world, elsewhere).contains(&hal));

    world.check("hal", None, join, "accepted");
    let leave = Kind::LeaveUnit(v1::LeaveUnit {
        unit: world.unit_ref("dev/rust"),
        member: world.member_ref("hal"),
    });
    assert!(names_of_able(&world, leave).contains(&hal));
}

#[test]
fn who_can_finds_the_role_in_which_somebody_may_propose() {
    let world = world();
    let proposal = world.proposal(
        "dev",
        v1::ProposalKind::Operation,
        v1::ModeKind::Departments,
        vec![world.payment("dev:main", "ops:main", 800)],
    );
    let able = names_of_able(&world, Kind::OpenProposal(proposal));
    let engineer = world.role("dev#engineer").number;
    let members = ["finn", "gia"].map(|name| (world.member_number(name), engineer, ""));
    assert_eq!(able, members);
}

#[test]
fn a_simulation_explains_each_action_up_to_the_one_that_fails() {
    let mut world = world();
    let pay = |world: &World, amount| {
        by("finn")
            .acting_as("dev#engineer")
            .does(world.payment("dev:main", "ops:main", amount))
    };
    let deeds = [pay(&world, 300), pay(&world, 300), pay(&world, 1)];
    let body = body(&mut world, &deeds);
    let answer = simulate(&world.state, block(&world), &body, &|| true);
    let answer = answer.expect("somebody waits");
    assert_eq!(answer.rejection, "limit_per_transfer");
    assert_eq!(answer.verdicts.len(), 2);
    assert_eq!(value(&answer.facts, "taken"), "300.00 EUR");
    assert_eq!(world.balance("ops:main"), 0);
}

#[test]
fn a_simulation_knows_what_the_actions_before_created() {
    let mut world = world();
    let by_ben = || by("ben").acting_as("dev#lead");
    let create = world.create_role("dev", "guide");
    let assign = v1::AssignRole {
        role: Some(v1::Ref { number: 0, new: 1 }),
        ..world.assign("gia", "dev#engineer")
    };
    let deeds = [
        by_ben().does(Kind::CreateRole(create)),
        by_ben().does(Kind::AssignRole(assign)),
    ];
    let body = body(&mut world, &deeds);
    let answer = simulate(&world.state, block(&world), &body, &|| true);
    let verdicts = answer.expect("somebody waits").verdicts;
    let kinds = verdicts.iter().map(v1::Verdict::kind);
    assert_eq!(kinds.collect::<Vec<_>>(), [VerdictKind::Allowed; 2]);
    let roles = verdicts.iter().map(|verdict| verdict.acting_role);
    assert_eq!(
        roles.collect::<Vec<_>>(),
        [world.role("dev#lead").number; 2]
    );
}

#[test]
fn a_key_that_is_too_young_is_told_until_when() {
    let mut world = World::new();
    let add = Kind::AddKey(world.add_key("finn", "finn-2"));
    world.check("finn", None, add, "accepted");
    let until = facts::rfc3339(world.time + 72 * HOUR);
    let revoke = by("finn").with_key("finn-2").does(world.revoke_key("finn"));
    let body = body(&mut world, &[revoke]);
    let answer = simulate(&world.state, block(&world), &body, &|| true);
    let answer = answer.expect("somebody waits");
    assert_eq!(answer.rejection, "key_too_young");
    assert_eq!(value(&answer.facts, "until"), until);
}

#[test]
fn a_question_that_nobody_waits_for_ends_at_its_next_action() {
    let mut world = world();
    let deeds: Vec<_> = (0..5)
        .map(|_| by("hal").does(world.payment("hal:main", "ops:main", 1)))
        .collect();
    let body = body(&mut world, &deeds);
    let action = &body.actions[0];
    let asked = std::cell::Cell::new(0);
    let once = || asked.replace(asked.get() + 1) == 0;
    let block = block(&world);

    assert_eq!(simulate(&world.state, block, &body, &|| false), None);
    assert_eq!(can(&world.state, block, 1, action, true, &|| false), None);
    assert_eq!(who_can(&world.state, block, action, &once), None);
    assert_eq!(asked.get(), 2);
}
