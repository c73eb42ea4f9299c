//! Mode `vote`: counted at the deadline, or as soon as it is certain.

use polity_proto::v1::{
    Answer, Capability, Member, MemberState, ModeKind, ProposalKind, ProposalState, action::Kind,
};

use crate::form;
use crate::world::{DAY, HOUR, World, role_holders, tier, vote};

const ENGINEER: Option<&str> = Some("dev#engineer");
const LEAD: Option<&str> = Some("dev#lead");
const DEADLINE: u64 = 72 * HOUR;

/// In `dev`, with Ben, Finn, Gia, Hal and Dan as members, governing is by vote.
fn world(quorum: u32, pass: u32) -> World {
    let mut world = World::new();
    for member in ["hal", "dan"] {
        world.ada(world.join_unit(member, "dev"));
    }
    let mode = vote(quorum, pass, DEADLINE);
    let policy = world.policy(
        "dev",
        Capability::Govern,
        vec![tier(0, role_holders(), mode)],
    );
    world.check("ben", LEAD, Kind::SetPolicy(policy), "accepted");
    world
}

fn open(world: &mut World) -> u64 {
    open_as(world, "finn")
}

fn open_as(world: &mut World, proposer: &str) -> u64 {
    let role = Kind::CreateRole(world.create_role("dev", "tester"));
    let proposal = world.proposal("dev", ProposalKind::Governance, ModeKind::Vote, vec![role]);
    world.open(proposer, "dev#engineer", proposal)
}

/// Answers by member, and the state after them and after the deadline.
#[track_caller]
fn check(
    quorum: u32,
    pass: u32,
    answers: &[(&str, Answer)],
    at_once: ProposalState,
    at_last: ProposalState,
) {
    let mut world = world(quorum, pass);
    let number = open(&mut world);
    for (member, answer) in answers {
        let answer = world.answer(number, *answer);
        world.check(member, None, answer, "accepted");
    }
    assert_eq!(world.proposal_state(number), at_once, "{answers:?}");
    world.advance(DEADLINE);
    assert_eq!(world.proposal_state(number), at_last, "{answers:?}");
}

#[test]
fn a_vote_is_counted_at_the_deadline_or_as_soon_as_it_is_certain() {
    use Answer::{Abstain, No, Yes};
    use ProposalState::{Adopted, Open, Refused};
    for (quorum, pass, answers, at_once, at_last) in [
        // Two of five answered: no quorum.
        (60, 50, vec![("ben", Yes), ("gia", Yes)], Open, Refused),
        (40, 50, vec![("ben", Yes), ("gia", Yes)], Open, Adopted),
        // Three of five cannot be outvoted.
        (
            60,
            50,
            vec![("ben", Yes), ("gia", Yes), ("hal", Yes)],
            Adopted,
            Adopted,
        ),
        // An abstention counts for the quorum alone; a tie is no majority.
        (
            60,
            50,
            vec![("ben", Yes), ("gia", Abstain), ("hal", Abstain)],
            Open,
            Adopted,
        ),
        (
            60,
            50,
            vec![("ben", Yes), ("gia", No), ("hal", Abstain)],
            Open,
            Refused,
        ),
        (20, 75, vec![("ben", No), ("gia", No)], Refused, Refused),
    ] {
        check(quorum, pass, &answers, at_once, at_last);
    }
}

#[test]
fn one_person_has_one_vote_in_whatever_role_and_a_guest_has_none() {
    let mut world = world(60, 50);
    let number = open(&mut world);
    let yes = world.answer(number, Answer::Yes);
    let consent = world.answer(number, Answer::NoObjection);
    for (member, role, act, expected) in [
        ("eve", None, &yes, "rejected not_in_electorate"),
        ("gia", None, &consent, "rejected answer_unfit"),
        ("gia", None, &yes, "accepted"),
        ("gia", ENGINEER, &yes, "rejected already_answered"),
        // The proposer has a voice, no more.
        ("finn", ENGINEER, &yes, "accepted"),
    ] {
        world.check(member, role, act.clone(), expected);
    }
}

#[test]
fn an_electorate_is_not_made_for_a_vote() {
    let mut world = world(60, 50);
    let grant = world.grant("dev#engineer", Capability::AdmitMembers, "dev");
    world.check("ben", LEAD, Kind::GiveGrant(grant), "accepted");
    let invite = Kind::InviteMember(world.invite("ivy", "dev"));
    world.check("finn", ENGINEER, invite, "accepted");
    let join = Kind::Join(world.join("ivy"));
    world.check("ivy", None, join, "accepted");
    let take = world.join_unit("ivy", "dev");
    world.check("finn", ENGINEER, take, "accepted");
    let by_finn = open(&mut world);
    let yes = world.answer(by_finn, Answer::Yes);
    world.check("ivy", None, yes, "rejected approver_too_close");
    let no = world.answer(by_finn, Answer::No);
    world.check("ivy", None, no, "accepted");
    let role = Kind::CreateRole(world.create_role("dev", "guide"));
    let governance = ProposalKind::Governance;
    let proposal = world.proposal("dev", governance, ModeKind::Vote, vec![role]);
    let by_gia = world.open("gia", "dev#engineer", proposal);
    let yes = world.answer(by_gia, Answer::Yes);
    world.check("ivy", None, yes, "accepted");
}

/// As [`world`], with Ivy and Jon in `dev`, whom Ben admitted; Gia's proposal is open.
fn with_second_selves(quorum: u32, pass: u32) -> (World, u64) {
    let mut world = world(quorum, pass);
    for name in ["ivy", "jon"] {
        let invite = Kind::InviteMember(world.invite(name, "dev"));
        world.check("ben", LEAD, invite, "accepted");
        let join = Kind::Join(world.join(name));
        world.check(name, None, join, "accepted");
        let take = world.join_unit(name, "dev");
        world.check("ben", LEAD, take, "accepted");
    }
    let number = open_as(&mut world, "gia");
    (world, number)
}

#[test]
fn whoever_grows_to_be_somebody_of_their_own_before_the_deadline_decides_too() {
    use ProposalState::{Adopted, Open};
    let (mut world, _) = with_second_selves(60, 50);
    world.advance(29 * DAY);
    let number = open_as(&mut world, "gia");
    for (answer, voters) in [
        (Answer::No, &["finn", "gia", "hal"][..]),
        (Answer::Yes, &["ben", "ivy", "jon", "dan"][..]),
    ] {
        for voter in voters {
            let answer = world.answer(number, answer);
            world.check(voter, None, answer, "accepted");
        }
        // Two hands say yes today, and four tomorrow.
        assert_eq!(world.proposal_state(number), Open);
    }
    world.advance(DEADLINE);
    assert_eq!(world.proposal_state(number), Adopted);
}

#[test]
fn a_hand_says_yes_once_and_no_as_often_as_people_do() {
    use Answer::{Abstain, No, Yes};
    use ProposalState::{Adopted, Refused};
    // Five hands: Finn, Gia, Hal, Dan, and Ben with Ivy and Jon.
    for (quorum, answers, expected) in [
        (20, vec![("ben", Yes), ("finn", No)], Refused),
        (20, vec![("ben", Yes), ("ivy", Yes), ("finn", No)], Refused),
        (20, vec![("ivy", Yes), ("jon", Yes), ("finn", No)], Refused),
        (20, vec![("ivy", Yes), ("hal", Yes), ("finn", No)], Adopted),
        // Whoever lets them in does not answer for them.
        (20, vec![("ben", Yes), ("ivy", No), ("jon", No)], Refused),
        (20, vec![("ben", Yes), ("hal", Yes), ("ivy", No)], Adopted),
        // Nor do they fill the room.
        (
            40,
            vec![("ben", Yes), ("ivy", Abstain), ("jon", Abstain)],
            Refused,
        ),
        (
            40,
            vec![("ben", Yes), ("ivy", Abstain), ("hal", Abstain)],
            Adopted,
        ),
    ] {
        let (mut world, number) = with_second_selves(quorum, 50);
        for (member, answer) in &answers {
            let answer = world.answer(number, *answer);
            world.check(member, None, answer, "accepted");
        }
        world.advance(DEADLINE);
        assert_eq!(world.proposal_state(number), expected, "{answers:?}");
    }
}

#[test]
fn a_vote_with_second_selves_is_counted_early_where_it_is_certain() {
    use ProposalState::{Adopted, Open, Refused};
    let (world, number) = with_second_selves(60, 50);
    for (answer, voters, expected) in [
        // Ivy, Jon and Ben could all still say no.
        (Answer::Yes, vec!["finn", "gia", "hal"], Open),
        // Four of five hands are there, and four of seven people: as many hands there may be before the deadline.
        (Answer::Yes, vec!["finn", "gia", "hal", "dan"], Open),
        (
            Answer::Yes,
            vec!["finn", "gia", "hal", "dan", "ben"],
            Adopted,
        ),
        // Of Dan, Ben, Ivy and Jon each may be somebody of their own by then.
        (Answer::No, vec!["finn", "gia", "hal"], Open),
        (Answer::No, vec!["finn", "gia", "hal", "dan"], Refused),
    ] {
        let mut world = world.clone();
        for voter in &voters {
            let answer = world.answer(number, answer);
            world.check(voter, None, answer, "accepted");
        }
        assert_eq!(world.proposal_state(number), expected, "{voters:?}");
    }
}

#[test]
fn whoever_is_suspended_has_not_answered_and_stays_counted() {
    let mut world = world(60, 50);
    let number = open(&mut world);
    for member in ["gia", "hal"] {
        let yes = world.answer(number, Answer::Yes);
        world.check(member, None, yes, "accepted");
    }
    let hal = world.member("hal");
    world.put_for_test(&Member {
        state: MemberState::Suspended as i32,
        ..hal
    });
    let yes = world.answer(number, Answer::Yes);
    world.check("ben", None, yes, "accepted");
    assert_eq!(world.proposal_state(number), ProposalState::Open);
    world.advance(DEADLINE);
    assert_eq!(world.proposal_state(number), ProposalState::Refused);
}

#[test]
fn time_binds_also_where_the_timer_waits_behind_others() {
    let mut world = world(60, 50);
    let number = open(&mut world);
    let yes = world.answer(number, Answer::Yes);
    // The last block before the deadline is past; the transaction comes in the block after it.
    world.time += DEADLINE;
    let withdraw = Kind::WithdrawProposal(polity_proto::v1::WithdrawProposal {
        proposal: form::numbered(number),
    });
    let deeds = [
        crate::world::by("gia").does(yes),
        crate::world::by("finn").does(withdraw),
    ];
    for deed in deeds {
        let mut late = world.clone();
        late.check_deed(deed, "rejected deadline_passed");
        assert_eq!(late.proposal_state(number), ProposalState::Refused);
    }
}
