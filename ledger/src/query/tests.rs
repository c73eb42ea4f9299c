//! Questions are answered by the code that judges, with facts that say why and what else.

mod refusals;

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

#[test]
fn of_actions_that_no_proposal_can_have_it_is_told_why() {
    let world = world();
    let told = |kinds: &[Kind]| {
        let actions = kinds.iter().map(|kind| {
            let action = Action {
                kind: Some(kind.clone()),
                ..Action::default()
            };
            prost::Message::encode_to_vec(&action)
        });
        let request = v1::OutlookRequest {
            member: world.member_number("ben"),
            role: world.role("dev#lead").number,
            actions: actions.collect(),
            ..v1::OutlookRequest::default()
        };
        let answer = outlook(&world.state, block(&world), &request);
        assert_eq!(answer.outlook.is_none(), answer.hash.is_empty());
        assert_eq!(answer.outlook.is_none(), answer.code != 0);
        answer.rejection
    };
    let pay = world.payment("dev:main", "ops:main", 1);
    let create = Kind::CreateUnit(world.create_unit("dev", "lab", v1::UnitKind::Team));
    let leave = Kind::Leave(v1::Leave {});
    assert_eq!(told(&vec![pay.clone(); 50]), "");
    assert_eq!(told(&vec![pay.clone(); 51]), "proposal_empty");
    assert_eq!(told(&[]), "proposal_empty");
    assert_eq!(told(&[pay, create.clone()]), "proposal_kind_wrong");
    assert_eq!(told(&[create]), "");
    assert_eq!(told(&[leave]), "action_not_proposable");
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
