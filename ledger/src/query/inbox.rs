//! What waits for a member.

use std::rc::Rc;

use polity_proto::v1::{
    Account, Action, Assignment, BasisSource, ConfirmExternal, Election, ElectionStep, Hold,
    InboxItem, Member, MemberState, ModeKind, ObjectKind, Objection, ObjectionState, Organisation,
    OwnerKind, Proposal, ProposalState, Recovery, Role, VerdictKind, action::Kind,
};

use super::{Waits, can, facts};
use crate::context::Block;
use crate::decisions::{electorate, facilitation, mode, responses};
use crate::judge::{Now, power};
use crate::state::keys::{self, List};
use crate::state::{Read, lists, objects};
use crate::{Amount, form};

/// Most items of an answer.
const ITEMS_MAX: usize = 500;

/// Most bank records that are judged for an answer.
const RECORDS_MAX: usize = 100;

/// Most units whose open proposals are looked at.
const UNITS_MAX: usize = 10_000;

/// What a member was invited to do, or an open recovery of their own keys, before all else; proposals that the member's
/// answer would count for, decided ones that they may execute, ballots of elections, bank records to confirm, and
/// assignments to accept. None once nobody waits for it.
pub fn inbox(
    state: &dyn Read,
    block: Block,
    member: u64,
    waits: Waits<'_>,
) -> Option<Vec<InboxItem>> {
    let invitation = invitation(state, member).into_iter();
    let mut items: Vec<InboxItem> = invitation
        .chain(recovery(state, block.now, member))
        .collect();
    for proposal in lists::objects::<Proposal>(state, List::ProposalsBy, member) {
        items.extend(executable(&proposal, block.now));
    }
    let mut records_left = RECORDS_MAX;
    for unit in units(state) {
        if !waits() {
            return None;
        }
        for proposal in lists::objects::<Proposal>(state, List::Proposals, unit) {
            items.extend(answerable(state, block, &proposal, member));
            items.extend(announced(state, block.now, &proposal, member));
            items.extend(objections(state, block.now, &proposal, member));
        }
        for election in lists::objects::<Election>(state, List::Elections, unit) {
            items.extend(ballot(state, block.now, &election, member));
        }
        for hold in bank_records(state, unit) {
            if items.len() >= ITEMS_MAX || records_left == 0 {
                break;
            }
            records_left -= 1;
            if can_confirm(state, block, member, &hold, waits)? {
                items.push(unconfirmed(state, &hold));
            }
        }
    }
    let roles = power::roles_of(state, member, block.now.time);
    items.extend(
        roles
            .iter()
            .filter_map(|(role, assignment)| unaccepted(role, assignment)),
    );
    items.truncate(ITEMS_MAX);
    Some(items)
}

/// Every living unit, from the root down: whoever approves may stand far above or beside.
fn units(state: &dyn Read) -> Vec<u64> {
    let organisation = objects::look::<Organisation>(state, 0);
    organisation.map_or_else(Vec::new, |one| {
        power::subtree(state, one.root_unit, UNITS_MAX)
    })
}

/// Whoever was invited has nothing else to do.
fn invitation(state: &dyn Read, member: u64) -> Option<InboxItem> {
    let member: Member = objects::get(state, member)?;
    (member.state() == MemberState::Invited).then(|| InboxItem {
        kind: ObjectKind::Member as i32,
        number: member.number,
        what: "join: you are invited".into(),
        due: 0,
    })
}

/// What somebody else asked for, and takes the member's keys from them at its deadline.
fn recovery(state: &dyn Read, now: Now, member: u64) -> Option<InboxItem> {
    let member: Member = objects::get(state, member)?;
    let recovery: Recovery = objects::get(state, member.recovery)?;
    // What cannot be stopped any more is told as what happens to the member.
    let (kind, number, what) = if recovery.stoppable {
        (
            ObjectKind::Recovery,
            recovery.number,
            "stop the recovery of your keys, unless you lost them",
        )
    } else {
        (
            ObjectKind::Member,
            member.number,
            "your keys are being replaced, and a second time you cannot stop it",
        )
    };
    Some(InboxItem {
        kind: kind as i32,
        number,
        what: what.into(),
        due: recovery.due.saturating_add(now.paused),
    })
}

fn executable(proposal: &Proposal, now: Now) -> Option<InboxItem> {
    let is_decided = proposal.state() == ProposalState::Decided;
    (is_decided || awaits_its_proposer(proposal)).then(|| {
        let from = proposal.executable_at.saturating_add(now.paused);
        item(proposal, "execute", from)
    })
}

fn answerable(
    state: &dyn Read,
    block: Block,
    proposal: &Proposal,
    member: u64,
) -> Option<InboxItem> {
    responses::waits_for(state, block, proposal, member).then(|| {
        let until = match proposal.deadline {
            0 => proposal.lapses_at,
            deadline => deadline,
        };
        item(proposal, "answer", until.saturating_add(block.now.paused))
    })
}

/// Whether it was announced, and nobody's objection stands.
fn awaits_its_proposer(proposal: &Proposal) -> bool {
    proposal.state() == ProposalState::Open && mode::standing(proposal).kind() == ModeKind::Announce
}

/// What was announced to the unit's people, who can object in time. Everybody else can too, but
/// is not asked about every purchase of the organisation.
fn announced(state: &dyn Read, now: Now, proposal: &Proposal, member: u64) -> Option<InboxItem> {
    let in_time = awaits_its_proposer(proposal) && now.waiting() < proposal.executable_at;
    let concerned = in_time
        && member != proposal.proposer
        && electorate::of(state, now.time, proposal.unit).contains(&member);
    concerned.then(|| {
        let until = proposal.executable_at.saturating_add(now.paused);
        item(proposal, "object", until)
    })
}

/// Objections that the member tests, or as their proposer integrates.
fn objections(state: &dyn Read, now: Now, proposal: &Proposal, member: u64) -> Vec<InboxItem> {
    let standing = proposal.open_objections.iter();
    let found = standing.filter_map(|number| objects::get::<Objection>(state, *number));
    found
        .filter_map(|objection| {
            let is_untested = objection.state() == ObjectionState::Raised;
            let tests =
                || facilitation::testers(state, now.time, proposal, &objection).contains(&member);
            let integrates = member == proposal.proposer
                && objection.proposer_signed != proposal.version
                || member == objection.objector
                    && objection.version != proposal.version
                    && objection.objector_signed != proposal.version;
            let what = match (is_untested && tests(), integrates) {
                (true, _) => "test the objection",
                (false, true) => "integrate the objection",
                (false, false) => return None,
            };
            Some(InboxItem {
                kind: ObjectKind::Objection as i32,
                number: objection.number,
                what: format!("{what}: {}", proposal.title),
                due: proposal.lapses_at.saturating_add(now.paused),
            })
        })
        .collect()
}

/// A ballot that the member can still seal, reveal or change.
fn ballot(state: &dyn Read, now: Now, election: &Election, member: u64) -> Option<InboxItem> {
    let sealed = election
        .ballots
        .iter()
        .find(|ballot| ballot.voter == member);
    let what = match (election.step(), sealed) {
        (ElectionStep::Ballots, None) if election.electorate.contains(&member) => "seal a ballot",
        (ElectionStep::Reveal, Some(ballot)) if ballot.nominee == 0 => "reveal your ballot",
        (ElectionStep::Change, Some(ballot)) if ballot.nominee != 0 && ballot.changed_from == 0 => {
            "name another, or the same again, which ends the wait once all have"
        }
        (
            ElectionStep::None
            | ElectionStep::Ballots
            | ElectionStep::Reveal
            | ElectionStep::Change
            | ElectionStep::Objections
            | ElectionStep::Elected
            | ElectionStep::Ended,
            _,
        ) => return None,
    };
    let role: Role = objects::get(state, election.role).unwrap_or_default();
    Some(InboxItem {
        kind: ObjectKind::Election as i32,
        number: election.number,
        what: format!("{what}: {}", role.handle),
        due: election.step_until.saturating_add(now.paused),
    })
}

/// What a bank's statement says of a unit's accounts, as one person recorded it and nobody confirmed.
fn bank_records(state: &dyn Read, unit: u64) -> impl Iterator<Item = Rc<Hold>> {
    let owner = keys::owner_number(OwnerKind::Unit, unit);
    lists::objects::<Account>(state, List::Accounts, owner)
        .filter(|account| !account.debits_pending.is_empty() || !account.credits_pending.is_empty())
        .flat_map(move |account| lists::objects::<Hold>(state, List::Holds, account.number))
        .filter(|hold| hold.external)
}

/// Whether the member may confirm it: whoever recorded it may not.
fn can_confirm(
    state: &dyn Read,
    block: Block,
    member: u64,
    hold: &Hold,
    waits: Waits<'_>,
) -> Option<bool> {
    let confirm = ConfirmExternal {
        hold: form::numbered(hold.number),
        statement: hold.statement.clone(),
    };
    let action = Action {
        kind: Some(Kind::ConfirmExternal(confirm)),
        ..Action::default()
    };
    let verdict = can(state, block, member, &action, true, waits)?;
    Some(verdict.kind() == VerdictKind::Allowed)
}

fn unconfirmed(state: &dyn Read, hold: &Hold) -> InboxItem {
    let account: Account = objects::get(state, hold.from).unwrap_or_default();
    let amount = facts::shown(state, Amount::from_state(&hold.amount), account.asset);
    InboxItem {
        kind: ObjectKind::Hold as i32,
        number: hold.number,
        what: format!("confirm, from the bank's statement: {amount}"),
        due: hold.expires_at,
    }
}

fn item(proposal: &Proposal, what: &str, due: u64) -> InboxItem {
    InboxItem {
        kind: ObjectKind::Proposal as i32,
        number: proposal.number,
        what: format!("{what}: {}", proposal.title),
        due,
    }
}

fn unaccepted(role: &Role, assignment: &Assignment) -> Option<InboxItem> {
    let founding = assignment
        .basis
        .is_some_and(|basis| basis.source() == BasisSource::Genesis);
    if assignment.accepted_at != 0 || founding {
        return None;
    }
    Some(InboxItem {
        kind: ObjectKind::Assignment as i32,
        number: assignment.number,
        what: format!("accept: {}", role.handle),
        due: assignment.until,
    })
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::{Capability, ProposalKind, StopRecovery, action::Kind};

    use super::*;
    use crate::world::{HOUR, World, able, approve, by, created, role_holders, tier};

    /// Whether the proposal stands in the member's inbox.
    fn waits(world: &World, member: &str, number: u64) -> bool {
        let items = items(world, member);
        items.iter().any(|item| item.number == number)
    }

    fn items(world: &World, member: &str) -> Vec<InboxItem> {
        answer(world, member, &|| true).unwrap()
    }

    fn answer(world: &World, member: &str, waits: Waits<'_>) -> Option<Vec<InboxItem>> {
        let block = Block {
            height: world.height + 1,
            now: Now {
                time: world.time,
                paused: 0,
            },
        };
        inbox(&world.state, block, world.member_number(member), waits)
    }

    #[test]
    fn no_more_units_are_looked_at_once_nobody_waits() {
        let world = World::new();
        let looked = std::cell::Cell::new(0);
        let waits = || looked.replace(looked.get() + 1) < 2;
        assert_eq!(answer(&world, "ben", &waits), None);
        assert_eq!(looked.get(), 3);
    }

    #[test]
    fn a_proposal_waits_for_exactly_those_whose_answer_would_count() {
        let mut world = World::new();
        world.fund("dev", 50_000);
        let mode = approve(able(Capability::Approve), 2);
        let policy = world.policy(
            "dev",
            Capability::Spend,
            vec![tier(0, role_holders(), mode)],
        );
        world.check("ben", Some("dev#lead"), Kind::SetPolicy(policy), "accepted");
        let acts = vec![world.payment("dev:main", "ops:main", 800)];
        let proposal = world.proposal("dev", ProposalKind::Operation, ModeKind::Approve, acts);
        let number = world.open("finn", "dev#engineer", proposal);

        let of = |world: &World| {
            ["ada", "ben", "finn", "gia", "cleo"].map(|name| waits(world, name, number))
        };
        assert_eq!(of(&world), [true, true, false, false, false]);
        let yes = world.answer(number, polity_proto::v1::Answer::Approve);
        world.check("ben", Some("dev#lead"), yes, "accepted");
        assert_eq!(of(&world), [true, false, false, false, false]);
    }

    #[test]
    fn a_recovery_of_ones_own_keys_comes_first() {
        let mut world = World::new();
        let asked = by("ada").acting_as("acme#lead").seconded("ben", "dev#lead");
        let recover = Kind::RecoverMember(world.recover("finn", "new"));
        world.check_deed(asked.does(recover), "accepted");
        let first = items(&world, "finn").remove(0);
        assert_eq!((first.kind(), first.number), (ObjectKind::Recovery, 1));
        assert!(first.what.starts_with("stop the recovery of your keys"));
        assert_eq!(first.due, world.time + 48 * HOUR);
        assert!(!waits(&world, "ada", 1));

        let stop = Kind::StopRecovery(StopRecovery {
            recovery: crate::form::numbered(1),
        });
        world.check("finn", None, stop, "accepted");
        assert_eq!(items(&world, "finn"), []);

        // A second one cannot be stopped: there is nothing to do, and it is told all the same.
        world.put_for_test(&Recovery {
            stoppable: false,
            ended: false,
            ..world.get(1)
        });
        let member = Member {
            recovery: 1,
            ..world.member("finn")
        };
        world.put_for_test(&member);
        let first = items(&world, "finn").remove(0);
        let about = (first.kind(), first.number);
        assert_eq!(about, (ObjectKind::Member, member.number));
    }

    #[test]
    fn whoever_was_invited_is_told_to_join() {
        let mut world = World::new();
        let invite = Kind::InviteMember(world.invite("nia", "dev"));
        world.check("ben", Some("dev#lead"), invite, "accepted");
        let items = items(&world, "nia");
        let what = items.iter().map(|item| item.what.as_str());
        assert_eq!(what.collect::<Vec<_>>(), ["join: you are invited"]);
    }

    #[test]
    fn a_bank_record_waits_for_those_who_may_confirm_it() {
        let mut world = World::with_treasury();
        let record = Kind::RecordExternal(world.record("bank:main", "acme:main", 70));
        let receipt = world.run("ada", Some("acme#lead"), record);
        let hold = created(&receipt.expect("it is recorded"));
        let waiting = |world: &World| {
            ["ada", "eve", "ben"].map(|name| {
                let items = items(world, name).into_iter();
                items
                    .filter(|item| (item.kind(), item.number) == (ObjectKind::Hold, hold))
                    .map(|item| item.what)
                    .collect::<Vec<_>>()
            })
        };
        // Ada recorded it, and Ben may not.
        let eves = vec!["confirm, from the bank's statement: 70.00 EUR".to_owned()];
        assert_eq!(waiting(&world), [vec![], eves, vec![]]);

        let confirm = Kind::ConfirmExternal(ConfirmExternal {
            hold: form::numbered(hold),
            statement: vec![9; 32],
        });
        world.check("eve", Some("finance#lead"), confirm, "accepted");
        let nobodys: [Vec<String>; 3] = Default::default();
        assert_eq!(waiting(&world), nobodys);
    }

    #[test]
    fn whoever_may_only_say_no_is_asked_too() {
        let mut world = World::new();
        let mode = crate::world::vote(60, 50, 72 * crate::world::HOUR);
        let tiers = vec![tier(0, role_holders(), mode)];
        let policy = world.policy("dev", Capability::Govern, tiers);
        world.check("ben", Some("dev#lead"), Kind::SetPolicy(policy), "accepted");
        let admit = world.grant("dev#engineer", Capability::AdmitMembers, "dev");
        world.check("ben", Some("dev#lead"), Kind::GiveGrant(admit), "accepted");
        let take = world.join_unit("hal", "dev");
        world.check("finn", Some("dev#engineer"), take, "accepted");
        let create = Kind::CreateRole(world.create_role("dev", "tester"));
        let governance = ProposalKind::Governance;
        let proposal = world.proposal("dev", governance, ModeKind::Vote, vec![create]);
        let number = world.open("finn", "dev#engineer", proposal);
        assert!(waits(&world, "hal", number));
        assert!(!waits(&world, "eve", number));
        let no = world.answer(number, polity_proto::v1::Answer::No);
        world.check("hal", None, no, "accepted");
        assert!(!waits(&world, "hal", number));
    }
}
