//! What is told of a refusal: amounts, what is missing, who could, and what may be begun instead.

use super::*;

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
fn what_an_act_would_break_is_told_with_whom_and_what_it_is_about() {
    let mut world = world();
    world.ada(Kind::CreateRole(world.create_role("dev", "arbiter")));
    let give = world.grant("dev#arbiter", v1::Capability::Arbitrate, "dev");
    let apart = Kind::SetSodRule(v1::SetSodRule {
        unit: world.unit_ref("dev"),
        first: v1::Capability::Spend as i32,
        second: v1::Capability::Arbitrate as i32,
    });
    world.ada(apart);
    world.check("ben", Some("dev#lead"), Kind::GiveGrant(give), "accepted");
    let assign = Kind::AssignRole(world.assign("finn", "dev#arbiter"));
    let conflict = ask(&world, "ada", assign);
    assert_eq!(conflict.rejection, "duty_conflict");
    for (name, expected) in [
        ("rule", "s1"),
        ("never_together", "spend and arbitrate"),
        ("member", "finn"),
    ] {
        assert_eq!(value(&conflict.facts, name), expected, "{conflict:?}");
    }

    for (parent, handle) in [("dev", "api"), ("dev/api", "low")] {
        let create = world.create_unit(parent, handle, v1::UnitKind::Team);
        world.ada(Kind::CreateUnit(create));
    }
    let dissolve = Kind::DissolveUnit(v1::DissolveUnit {
        unit: world.unit_ref("dev/api"),
    });
    let full = ask(&world, "ada", dissolve);
    assert_eq!(full.rejection, "unit_not_empty");
    let low = format!("u{}", world.unit("dev/api/low").number);
    assert_eq!(value(&full.facts, "units"), low, "{full:?}");
}

#[test]
fn whose_books_are_closed_is_told_and_until_when() {
    let mut world = World::with_treasury();
    world.advance(2 * DAY);
    let until = world.time - world.time % DAY;
    let close = Kind::ClosePeriod(v1::ClosePeriod {
        unit: world.unit_ref("dev"),
        until,
    });
    world.check("ben", Some("dev#lead"), close, "accepted");
    let Kind::Transfer(transfer) = world.payment("dev:main", "ops:main", 4) else {
        panic!("a payment is a transfer");
    };
    let dated = Kind::Transfer(v1::Transfer {
        value_date: until - DAY,
        ..transfer
    });
    let closed = ask(&world, "ben", dated);
    assert_eq!(closed.rejection, "period_closed");
    let unit = format!("u{}", world.unit("dev").number);
    assert_eq!(value(&closed.facts, "unit"), unit);
    assert!(value(&closed.facts, "closed_until").ends_with("T00:00:00Z"));
}

#[test]
fn a_policy_that_is_laxer_is_told_with_the_stricter_one() {
    let mut world = World::new();
    let spend = v1::Capability::Spend;
    let approved = approve(able(v1::Capability::Approve), 1);
    let above = v1::SetPolicy {
        recursive: true,
        ..world.policy("acme", spend, vec![tier(0, role_holders(), approved)])
    };
    world.check_decided("ada", Kind::SetPolicy(above), "accepted");
    let laxer = world.policy("dev", spend, vec![tier(0, role_holders(), alone())]);
    let verdict = ask(&world, "ben", Kind::SetPolicy(laxer));
    assert_eq!(verdict.rejection, "policy_laxer");
    let acme = world.unit("acme").number;
    assert_eq!(value(&verdict.facts, "stricter"), format!("y1 of u{acme}"));
}
