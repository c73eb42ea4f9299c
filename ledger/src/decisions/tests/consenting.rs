//! Mode `consent`: objections decide, silence only by the policy.

use polity_proto::v1::{
    Answer, Capability, Claim, Grant, InviteMember, MemberKind, Mode, ModeKind, Objection,
    ObjectionState, OpenProposal, Proposal, ProposalKind, ProposalState, RaiseObjection,
    ResolveObjection, TestObjection, action::Kind,
};

use crate::decisions::versions;
use crate::form;
use crate::judge::hands;
use crate::state::keys::List;
use crate::world::{DAY, HOUR, World, by, consent, created, role_holders, tier};

const ENGINEER: Option<&str> = Some("dev#engineer");
const LEAD: Option<&str> = Some("dev#lead");
const DEADLINE: u64 = 72 * HOUR;

/// In `dev`, whose members are Ben, Finn and Gia, governing is by consent.
fn world_by(mode: Mode) -> World {
    let mut world = World::new();
    let policy = world.policy(
        "dev",
        Capability::Govern,
        vec![tier(0, role_holders(), mode)],
    );
    world.check("ben", LEAD, Kind::SetPolicy(policy), "accepted");
    world
}

fn world() -> World {
    world_by(consent(DEADLINE))
}

fn proposal(world: &World, handle: &str) -> OpenProposal {
    let role = Kind::CreateRole(world.create_role("dev", handle));
    world.proposal(
        "dev",
        ProposalKind::Governance,
        ModeKind::Consent,
        vec![role],
    )
}

fn open(world: &mut World) -> u64 {
    let proposal = proposal(world, "tester");
    world.open("finn", "dev#engineer", proposal)
}

fn objection(number: u64, version: u32) -> RaiseObjection {
    RaiseObjection {
        proposal: form::numbered(number),
        version,
        harms: "testing alone slows every release".into(),
        limits_my_role: "I could release no more without asking".into(),
        caused_by_proposal: "today whoever builds tests".into(),
        no_time_to_adapt: "the release is on Friday".into(),
        ..RaiseObjection::default()
    }
}

#[track_caller]
fn object(world: &mut World, member: &str, number: u64) -> u64 {
    let version = world.get::<Proposal>(number).version;
    let act = Kind::RaiseObjection(objection(number, version));
    created(
        &world
            .run(member, None, act)
            .expect("the objection is raised"),
    )
}

fn test(number: u64, unargued: Claim) -> Kind {
    Kind::TestObjection(TestObjection {
        objection: form::numbered(number),
        unargued: unargued as i32,
        explanation: "why is it caused by this?".into(),
    })
}

fn resolve(number: u64, version: u32) -> Kind {
    Kind::ResolveObjection(ResolveObjection {
        objection: form::numbered(number),
        version,
    })
}

fn amend(world: &World, number: u64, handle: &str) -> Kind {
    Kind::AmendProposal(polity_proto::v1::AmendProposal {
        proposal: form::numbered(number),
        actions: proposal(world, handle).actions,
        explanation: "it tests what others ask it to".into(),
        ..Default::default()
    })
}

fn has_role(world: &World, role: &str) -> bool {
    world.role_ref(role) != form::numbered(0)
}

#[test]
fn whoever_governs_by_consent_is_done_when_everybody_has_answered() {
    let mut world = world();
    let number = open(&mut world);
    let yes = world.answer(number, Answer::NoObjection);
    world.check("hal", None, yes.clone(), "rejected not_in_electorate");
    world.check("finn", ENGINEER, yes.clone(), "rejected already_answered");
    let vote = world.answer(number, Answer::Yes);
    world.check("gia", ENGINEER, vote, "rejected answer_unfit");
    world.check("gia", ENGINEER, yes.clone(), "accepted");
    world.check("gia", ENGINEER, yes.clone(), "rejected already_answered");
    assert!(!has_role(&world, "dev#tester"));
    world.check("ben", LEAD, yes, "accepted");
    assert_eq!(world.proposal_state(number), ProposalState::Adopted);
    assert!(has_role(&world, "dev#tester"));
}

#[test]
fn silence_is_consent_at_the_deadline_where_the_policy_says_so() {
    let mut world = world();
    let number = open(&mut world);
    let yes = world.answer(number, Answer::NoObjection);
    let receipts = world.advance(DEADLINE);
    assert_eq!(receipts.len(), 1);
    assert_eq!(world.proposal_state(number), ProposalState::Adopted);
    world.check("gia", ENGINEER, yes, "rejected proposal_closed");

    let mut world = world_by(Mode {
        silence_is_consent: false,
        ..consent(DEADLINE)
    });
    let number = open(&mut world);
    world.advance(DEADLINE);
    assert_eq!(world.proposal_state(number), ProposalState::Refused);
}

#[test]
fn an_outage_moves_the_deadline() {
    let mut world = world();
    let number = open(&mut world);
    world.outage(2 * DEADLINE);
    assert_eq!(world.proposal_state(number), ProposalState::Open);
    world.advance(DEADLINE);
    assert_eq!(world.proposal_state(number), ProposalState::Adopted);
}

#[test]
fn an_objection_argues_four_claims_or_names_a_rule() {
    let mut world = world();
    let number = open(&mut world);
    let whole = objection(number, 1);
    let three = RaiseObjection {
        no_time_to_adapt: " ".into(),
        ..whole.clone()
    };
    let rule = RaiseObjection {
        proposal: whole.proposal,
        version: 1,
        breaks_a_rule: "5.2: this is an operation".into(),
        ..RaiseObjection::default()
    };
    let mut stale = whole.clone();
    stale.version = 2;
    let mut unversioned = whole.clone();
    unversioned.version = 0;
    let mut nowhere = whole.clone();
    nowhere.proposal = form::numbered(99);
    let wordy = RaiseObjection {
        harms: "x".repeat(5_000),
        ..whole.clone()
    };
    for (member, act, expected) in [
        ("gia", three, "rejected objection_incomplete"),
        ("gia", wordy, "rejected text_malformed"),
        ("gia", unversioned, "rejected field_missing"),
        ("gia", nowhere, "rejected object_unknown"),
        ("gia", stale, "rejected version_stale"),
        ("hal", whole.clone(), "rejected not_in_electorate"),
        ("finn", whole.clone(), "rejected already_answered"),
        ("gia", whole.clone(), "accepted"),
        ("gia", whole, "rejected already_answered"),
        ("ben", rule, "accepted"),
    ] {
        world.check(member, None, Kind::RaiseObjection(act), expected);
    }
    // Whoever raised one answers that there is none: it is taken back.
    let none = world.answer(number, Answer::NoObjection);
    world.check("gia", None, none, "accepted");
    assert_eq!(world.get::<Objection>(1).state(), ObjectionState::Withdrawn);
    world.advance(DEADLINE);
    assert_eq!(world.proposal_state(number), ProposalState::Open);
    let late = world.answer(number, Answer::NoObjection);
    world.check("ben", LEAD, late, "accepted");
    assert_eq!(world.proposal_state(number), ProposalState::Adopted);
}

#[test]
fn an_objection_is_integrated_by_two_signatures_on_one_version() {
    let mut world = world();
    let number = open(&mut world);
    let gias = object(&mut world, "gia", number);
    world.check("ben", LEAD, test(gias, Claim::None), "accepted");
    world.advance(2 * DEADLINE);
    assert_eq!(world.proposal_state(number), ProposalState::Open);

    let act = amend(&world, number, "test-lead");
    world.check("finn", ENGINEER, act, "accepted");
    world.check("gia", None, resolve(gias, 1), "rejected version_stale");
    world.check("gia", None, resolve(gias, 2), "accepted");
    world.check("gia", None, resolve(gias, 2), "rejected already_answered");
    world.check("ben", LEAD, resolve(gias, 2), "rejected not_yours");
    assert_eq!(world.get::<Objection>(gias).state(), ObjectionState::Valid);
    world.check("finn", ENGINEER, resolve(gias, 2), "accepted");
    world.check(
        "finn",
        ENGINEER,
        resolve(gias, 2),
        "rejected objection_closed",
    );
    assert_eq!(
        world.get::<Objection>(gias).state(),
        ObjectionState::Integrated
    );

    // A second round: everybody may object again.
    let yes = world.answer(number, Answer::NoObjection);
    world.check("gia", None, yes.clone(), "accepted");
    world.check("ben", None, yes, "accepted");
    assert!(has_role(&world, "dev#test-lead"));
    let first = versions::replaced(&world.state, number, 1).expect("the first version stays");
    assert_eq!(first.version, 1);
    assert!(first.responses.is_empty());
}

#[test]
fn a_signature_of_an_earlier_version_integrates_nothing() {
    let mut world = world();
    let number = open(&mut world);
    let gias = object(&mut world, "gia", number);
    let second = amend(&world, number, "second");
    world.check("finn", ENGINEER, second, "accepted");
    world.check("gia", None, resolve(gias, 2), "accepted");
    let third = amend(&world, number, "third");
    world.check("finn", ENGINEER, third, "accepted");
    world.check("finn", ENGINEER, resolve(gias, 3), "accepted");
    assert_eq!(world.get::<Objection>(gias).state(), ObjectionState::Raised);
    world.advance(DEADLINE);
    assert_eq!(world.proposal_state(number), ProposalState::Open);
}

#[test]
fn an_objection_is_tested_for_its_form_by_somebody_who_is_no_party() {
    let mut world = world();
    let number = open(&mut world);
    let gias = object(&mut world, "gia", number);
    let wordless = Kind::TestObjection(TestObjection {
        objection: form::numbered(gias),
        unargued: Claim::Harms as i32,
        explanation: String::new(),
    });
    let discard = test(gias, Claim::CausedByProposal);
    for (member, act, expected) in [
        ("ben", test(0, Claim::None), "rejected ref_malformed"),
        ("ben", test(99, Claim::None), "rejected object_unknown"),
        ("ben", wordless, "rejected field_missing"),
        ("finn", discard.clone(), "rejected same_person"),
        ("gia", discard.clone(), "rejected same_person"),
        ("hal", discard.clone(), "rejected not_facilitator"),
        ("ben", discard.clone(), "accepted"),
        ("ben", discard, "rejected objection_closed"),
    ] {
        world.check(member, None, act, expected);
    }
    // She argues better; the same person does not set her aside twice.
    let again = object(&mut world, "gia", number);
    let discard = test(again, Claim::Harms);
    world.check("ben", LEAD, discard, "rejected not_facilitator");
    world.advance(DEADLINE);
    assert_eq!(world.proposal_state(number), ProposalState::Open);
}

#[test]
fn a_discarded_objection_gives_its_objector_the_time_again() {
    let mut world = world();
    let number = open(&mut world);
    let gias = object(&mut world, "gia", number);
    world.advance(2 * DEADLINE);
    let late = Kind::RaiseObjection(objection(number, 1));
    world.check("ben", LEAD, late, "rejected deadline_passed");
    world.check("ben", LEAD, test(gias, Claim::Harms), "accepted");
    assert_eq!(world.proposal_state(number), ProposalState::Open);
    object(&mut world, "gia", number);
    world.advance(DEADLINE);
    assert_eq!(world.proposal_state(number), ProposalState::Open);
}

#[test]
fn a_suspended_member_stays_in_the_electorate_and_their_objection_stands() {
    let mut world = world();
    let number = open(&mut world);
    let gias = object(&mut world, "gia", number);
    let gia = world.member("gia");
    world.put_for_test(&polity_proto::v1::Member {
        state: polity_proto::v1::MemberState::Suspended as i32,
        ..gia
    });
    let yes = world.answer(number, Answer::NoObjection);
    world.check("ben", LEAD, yes, "accepted");
    world.advance(DEADLINE);
    assert_eq!(world.proposal_state(number), ProposalState::Open);
    let proposal: Proposal = world.get(number);
    assert_eq!(proposal.electorate.len(), 3);
    assert_eq!(proposal.open_objections, [gias]);
}

#[test]
fn whoever_joins_later_has_no_say_and_whoever_left_is_no_more_than_silent() {
    let mut world = world();
    let number = open(&mut world);
    world.ada(world.join_unit("hal", "dev"));
    let yes = world.answer(number, Answer::NoObjection);
    world.check("hal", None, yes.clone(), "rejected not_in_electorate");
    world.check("gia", None, yes.clone(), "accepted");
    let leave = world.leave_unit("gia", "dev");
    world.check("gia", None, leave, "accepted");
    let depart = Kind::Leave(polity_proto::v1::Leave {});
    world.check("gia", None, depart, "accepted");
    // What she signed counts no more; the deadline decides.
    world.check("ben", LEAD, yes, "accepted");
    assert_eq!(world.proposal_state(number), ProposalState::Open);
    world.advance(DEADLINE);
    assert_eq!(world.proposal_state(number), ProposalState::Adopted);
}

#[test]
fn a_meeting_is_one_transaction_that_all_who_are_present_sign() {
    let mut world = world();
    let open = Kind::OpenProposal(proposal(&world, "tester"));
    let yes = |world: &World| {
        Kind::Respond(polity_proto::v1::Respond {
            proposal: form::created_by(0),
            version: 1,
            answer: Answer::NoObjection as i32,
            explanation: world.height.to_string(),
        })
    };
    let deeds = [
        by("finn").acting_as("dev#engineer").does(open),
        by("gia").does(yes(&world)),
        by("ben").does(yes(&world)),
    ];
    world.submit(&deeds).expect("the meeting decides");
    assert!(has_role(&world, "dev#tester"));
    assert_eq!(world.proposal_state(1), ProposalState::Adopted);
}

#[test]
fn an_electorate_has_somebody() {
    let mut world = World::new();
    let unit = world.create_unit("dev", "lab", polity_proto::v1::UnitKind::Team);
    world.ada(Kind::CreateUnit(unit));
    let engineer = world.holders("dev#engineer");
    let tiers = vec![tier(0, engineer, consent(DEADLINE))];
    let policy = world.policy("dev/lab", Capability::Govern, tiers);
    world.ada(Kind::SetPolicy(policy));
    let role = Kind::CreateRole(world.create_role("dev/lab", "tester"));
    let governance = ProposalKind::Governance;
    let proposal = world.proposal("dev/lab", governance, ModeKind::Consent, vec![role]);
    let open = Kind::OpenProposal(proposal);
    world.check("finn", ENGINEER, open, "rejected electorate_size");
}

#[test]
fn a_proposal_has_at_most_64_versions() {
    let mut world = world();
    let number = open(&mut world);
    for version in 2..=64 {
        let act = amend(&world, number, &format!("tester-{version}"));
        world.check("finn", ENGINEER, act, "accepted");
    }
    let act = amend(&world, number, "tester");
    world.check("finn", ENGINEER, act, "rejected too_many_versions");
    assert!(world.time < world.get::<Proposal>(number).deadline);
    world.advance(4 * DAY);
    assert!(has_role(&world, "dev#tester-64"));
}

#[test]
fn what_a_service_gives_its_maker_by_the_makers_word_alone_is_the_makers_gift() {
    let mut world = world();
    let invite = Kind::InviteMember(InviteMember {
        kind: MemberKind::Service as i32,
        ..world.invite("bot", "dev")
    });
    world.check("ben", LEAD, invite, "accepted");
    world.check("bot", None, Kind::Join(world.join("bot")), "accepted");
    world.ada(Kind::AssignRole(world.assign("bot", "dev#engineer")));
    for name in ["finn", "gia"] {
        let leave = world.leave_unit(name, "dev");
        world.check(name, None, leave, "accepted");
    }
    world.advance(31 * DAY);

    let grant = world.grant("dev#lead", Capability::Allocate, "dev");
    let (kind, mode) = (ProposalKind::Governance, ModeKind::Consent);
    let grant = world.proposal("dev", kind, mode, vec![Kind::GiveGrant(grant)]);
    let own = Kind::OpenProposal(grant.clone());
    world.check("ben", LEAD, own, "rejected grant_to_self");
    // Of all who are asked, Ben alone is left: what comes of it counts as given by him.
    let number = world.open("bot", "dev#engineer", grant);
    let answer = world.answer(number, Answer::NoObjection);
    world.check("ben", LEAD, answer, "accepted");
    assert_eq!(world.proposal_state(number), ProposalState::Adopted);
    let grants = world.list(List::Grants, world.role("dev#lead").number);
    let given: Grant = world.get(*grants.last().expect("a grant was given"));
    let ben = world.member_number("ben");
    assert_eq!(given.capability(), Capability::Allocate);
    assert!(hands::withholds(&world.state, world.time, &given, ben));
}
