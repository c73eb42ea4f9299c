//! `assign_role`: a member holds a role, from now on.

use polity_proto::v1::{
    AssignRole, Assignment, Capability, Election, Grant, Manner, Member, MemberState, ObjectKind,
    Role, RoleKind, ScopeKind, TimerKind, Unit,
};

use super::{Act, give_grant};
use crate::context::Context;
use crate::judge::{Need, duties};
use crate::state::keys::List;
use crate::state::{Read, lists, objects, timers};
use crate::{Rejection, elections, form};

/// Percent of a member's time that assignments may claim together.
const PERCENTAGE_MAX: u32 = 100;

impl Act for AssignRole {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.role)?;
        form::reference(&self.member)?;
        form::known_or_zero::<Manner>(self.manner)?;
        check_details(&self.focus, self.percentage)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let role: Role = context.find(&self.role)?;
        let _: Member = context.find(&self.member)?;
        Ok(needs_to_assign(context, &role))
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let now = context.now().time;
        let role: Role = context.find(&self.role)?;
        let member: Member = context.find(&self.member)?;
        // An imported assignment carries no grants; its renewal is judged.
        if !context.is_genesis() && self.manner() != Manner::Imported {
            duties::check_assignment(context, now, member.number, role.number)?;
            give_grant::check_assignment(context, member.number, role.number)?;
        }
        check_lives(context, &role)?;
        match member.state() {
            MemberState::Active | MemberState::Invited | MemberState::Imported => {}
            MemberState::None | MemberState::Suspended | MemberState::Departed => {
                return Err(Rejection::MemberStateWrong);
            }
        }
        let election = election(context, self.manner(), &role, &member)?;
        if election.is_some() {
            elections::vacate(context, &role, member.number);
        }
        let held = open_of_member(context, member.number, now);
        if held.iter().any(|other| other.role == role.number) {
            return Err(Rejection::AlreadyAssigned);
        }
        if role.holders_max != 0 {
            let holders = open_of_role(context, role.number, now).len();
            if holders >= role.holders_max as usize {
                return Err(Rejection::RoleFull);
            }
        }
        check_lead_apart(context, &role, &held)?;
        check_percentage(&held, self.percentage)?;
        let asked = match &election {
            Some(election) => now.saturating_add(election.term),
            None => self.until,
        };
        let until = until(&role, asked, now)?;

        let number = context.next_number(ObjectKind::Assignment);
        let mut role: Role = context.get(role.number)?;
        let follows = std::mem::take(&mut role.vacated);
        context.put(&role);
        context.put(&Assignment {
            number,
            role: role.number,
            member: member.number,
            from: context.effective(),
            until,
            manner: self.manner,
            focus: self.focus.clone(),
            percentage: self.percentage,
            basis: Some(context.basis),
            assigned_by: context.actor.member,
            assigned_at: now,
            effective_at: context.effective_at,
            follows,
            ..Assignment::default()
        });
        lists::append(context.state, List::Holders, role.number, number);
        lists::append(context.state, List::Assignments, member.number, number);
        if until != 0 {
            timers::set(context.state, until, TimerKind::Assignment, number);
        }
        let histories = histories(role.number, member.number);
        context.event(ObjectKind::Assignment, number, &histories);
        if let Some(election) = election {
            elections::elected(context, election, number);
        }
        Ok(())
    }
}

/// The election whose result is carried out here; none where nobody was elected. An elected role is
/// filled by it alone, or by a surrogate until then.
fn election(
    context: &Context<'_, '_>,
    manner: Manner,
    role: &Role,
    member: &Member,
) -> Result<Option<Election>, Rejection> {
    match manner {
        Manner::Elected => elections::deciding(context, role.number, member.number).map(Some),
        Manner::Surrogate => Ok(None),
        Manner::Assigned | Manner::Imported if role.elected => Err(Rejection::ElectedOnly),
        Manner::Assigned | Manner::Imported => Ok(None),
    }
}

/// The authority to fill a role. Whoever operates a validator is chosen by that department alone:
/// an ancestor's scope does not reach there.
pub(super) fn needs_to_assign(context: &Context<'_, '_>, role: &Role) -> Vec<Need> {
    let mut needs = Vec::new();
    for unit in operated_by(context, role.number) {
        let need = Need {
            own_decision: true,
            ..Need::of(Capability::AssignRoles, unit)
        };
        if !needs.contains(&need) {
            needs.push(need);
        }
    }
    if !needs.iter().any(|need| need.unit == role.unit) {
        needs.push(Need::of(Capability::AssignRoles, role.unit));
    }
    needs
}

/// Units whose validator is operated in a role.
pub(super) fn operated_by(context: &Context<'_, '_>, role: u64) -> impl Iterator<Item = u64> {
    lists::all(context, List::Grants, role)
        .into_iter()
        .filter_map(|number| objects::get::<Grant>(context, number))
        .filter(|grant| grant.capability() == Capability::OperateValidator && grant.ended_at == 0)
        .filter_map(|grant| grant.scope)
        .filter(|scope| scope.kind() != ScopeKind::Object)
        .map(|scope| scope.unit)
}

/// Bounds of what an assignment says beside role, member and term.
pub(super) fn check_details(focus: &str, percentage: u32) -> Result<(), Rejection> {
    form::text(focus, form::SHORT_BYTES_MAX)?;
    if percentage > PERCENTAGE_MAX {
        return Err(Rejection::PercentageExceeded);
    }
    Ok(())
}

/// Refuses a role that is removed, or whose unit is dissolved.
pub(super) fn check_lives(context: &Context<'_, '_>, role: &Role) -> Result<(), Rejection> {
    let unit: Unit = context.get(role.unit)?;
    if unit.dissolved_at != 0 {
        return Err(Rejection::UnitDissolved);
    }
    if role.removed_at != 0 {
        return Err(Rejection::RoleRemoved);
    }
    Ok(())
}

/// Assignments of a member that have not ended, also those whose timer waits.
pub(super) fn open_of_member(state: &dyn Read, member: u64, now: u64) -> Vec<Assignment> {
    open(state, List::Assignments, member, now)
}

/// Assignments to a role that have not ended, also those whose timer waits.
pub(super) fn open_of_role(state: &dyn Read, role: u64, now: u64) -> Vec<Assignment> {
    open(state, List::Holders, role, now)
}

fn open(state: &dyn Read, list: List, owner: u64, now: u64) -> Vec<Assignment> {
    lists::all(state, list, owner)
        .into_iter()
        .filter_map(|number| objects::get::<Assignment>(state, number))
        .filter(|assignment| assignment.until == 0 || now < assignment.until)
        .collect()
}

/// Whoever leads a circle does not represent it upwards.
fn check_lead_apart(
    context: &Context<'_, '_>,
    role: &Role,
    held: &[Assignment],
) -> Result<(), Rejection> {
    let apart = match role.kind() {
        RoleKind::Lead => RoleKind::Representative,
        RoleKind::Representative => RoleKind::Lead,
        RoleKind::Ordinary
        | RoleKind::Facilitator
        | RoleKind::Secretary
        | RoleKind::ProductOwner => return Ok(()),
    };
    let collides = held
        .iter()
        .filter_map(|assignment| objects::get::<Role>(context, assignment.role))
        .any(|other| other.unit == role.unit && other.kind() == apart);
    if collides {
        Err(Rejection::LeadRepresents)
    } else {
        Ok(())
    }
}

/// A member's time has 100 percent. `others` are the assignments beside the one that is judged.
pub(super) fn check_percentage(others: &[Assignment], percentage: u32) -> Result<(), Rejection> {
    let sum = others.iter().fold(percentage, |sum, other| {
        sum.saturating_add(other.percentage)
    });
    if percentage != 0 && sum > PERCENTAGE_MAX {
        return Err(Rejection::PercentageExceeded);
    }
    Ok(())
}

/// The end of a term: what is asked for, else the role's own term from now, else none (0).
pub(super) fn until(role: &Role, asked: u64, now: u64) -> Result<u64, Rejection> {
    match (asked, role.term) {
        (0, 0) => Ok(0),
        (0, term) => now.checked_add(term).ok_or(Rejection::TimeMalformed),
        (asked, _) if asked > now => Ok(asked),
        _ => Err(Rejection::TimeMalformed),
    }
}

/// The histories that an assignment enters.
pub(super) fn histories(role: u64, member: u64) -> [(ObjectKind, u64); 2] {
    [(ObjectKind::Role, role), (ObjectKind::Member, member)]
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::{action::Kind, *};

    use crate::form;
    use crate::state::keys::List;
    use crate::world::{DAY, World, by, ended};

    #[test]
    fn a_member_holds_a_role_at_once() {
        let mut world = World::new();
        world.hire("ivy");
        let past = world.role_ref("ops#engineer");
        world.ada(Kind::RemoveRole(RemoveRole { role: past }));
        let ivy = AssignRole {
            focus: "search".into(),
            percentage: 60,
            ..world.assign("ivy", "dev#engineer")
        };
        world.suspend("gia");
        for (assign, expected) in [
            (
                AssignRole {
                    role: None,
                    ..ivy.clone()
                },
                "rejected ref_malformed",
            ),
            (
                AssignRole {
                    manner: 8,
                    ..ivy.clone()
                },
                "rejected value_unknown",
            ),
            (
                AssignRole {
                    manner: Manner::Elected as i32,
                    ..ivy.clone()
                },
                "rejected elected_only",
            ),
            (
                AssignRole {
                    focus: "x".repeat(129),
                    ..ivy.clone()
                },
                "rejected text_malformed",
            ),
            (
                AssignRole {
                    percentage: 101,
                    ..ivy.clone()
                },
                "rejected percentage_exceeded",
            ),
            (
                AssignRole {
                    role: form::numbered(99),
                    ..ivy.clone()
                },
                "rejected object_unknown",
            ),
            (
                AssignRole {
                    member: form::numbered(99),
                    ..ivy.clone()
                },
                "rejected object_unknown",
            ),
            (
                AssignRole {
                    role: past,
                    ..ivy.clone()
                },
                "rejected role_removed",
            ),
            (
                world.assign("gia", "dev#engineer"),
                "rejected member_state_wrong",
            ),
            (
                world.assign("finn", "dev#engineer"),
                "rejected already_assigned",
            ),
            (
                AssignRole {
                    until: world.time,
                    ..ivy.clone()
                },
                "rejected time_malformed",
            ),
            (ivy, "accepted"),
        ] {
            world.check("ada", Some("acme#lead"), Kind::AssignRole(assign), expected);
        }
        let hal = Kind::AssignRole(world.assign("hal", "dev#engineer"));
        world.check("finn", Some("dev#engineer"), hal, "rejected no_grant");
        assert!(world.holds("ivy", "dev#engineer"));
        let assignment = world.assignment("ivy", "dev#engineer");
        assert_eq!(assignment.assigned_by, world.member_number("ada"));
        assert_eq!(assignment.from, world.time - 1);
        assert_eq!(
            world.list(List::Holders, assignment.role).last(),
            Some(&assignment.number)
        );
    }
    #[test]
    fn the_time_of_a_member_has_100_percent() {
        let mut world = World::new();
        for handle in ["a", "b"] {
            world.ada(Kind::CreateRole(world.create_role("dev", handle)));
        }
        for (role, percentage, expected) in [
            ("dev#a", 60, "accepted"),
            ("dev#b", 41, "rejected percentage_exceeded"),
            ("dev#b", 40, "accepted"),
        ] {
            let assign = AssignRole {
                percentage,
                ..world.assign("finn", role)
            };
            world.check("ben", Some("dev#lead"), Kind::AssignRole(assign), expected);
        }
    }

    #[test]
    fn who_operates_a_validator_is_chosen_by_that_department_alone() {
        let mut world = World::new();
        let lead = Kind::AssignRole(world.assign("gia", "dev#lead"));
        world.check(
            "ada",
            Some("acme#lead"),
            lead.clone(),
            "rejected own_decision_only",
        );
        world.check("ben", Some("dev#lead"), lead, "accepted");
        let assignment = form::numbered(world.assignment("gia", "dev#lead").number);
        let renew = Kind::RenewAssignment(RenewAssignment {
            assignment,
            ..RenewAssignment::default()
        });
        world.check(
            "ada",
            Some("acme#lead"),
            renew,
            "rejected own_decision_only",
        );
        let revoke = Kind::RevokeAssignment(RevokeAssignment { assignment });
        world.check(
            "ada",
            Some("acme#lead"),
            revoke.clone(),
            "rejected own_decision_only",
        );
        world.check("ben", Some("dev#lead"), revoke, "accepted");
    }

    #[test]
    fn a_term_ends_by_itself_and_the_next_holder_follows() {
        let mut world = World::new();
        world.ada(Kind::CreateRole(CreateRole {
            term: 30 * DAY,
            holders_max: 1,
            ..world.create_role("dev", "guide")
        }));
        world.ada(Kind::AssignRole(world.assign("finn", "dev#guide")));
        let first = world.assignment("finn", "dev#guide");
        assert_eq!(first.until, first.from + 30 * DAY);
        let next = Kind::AssignRole(world.assign("gia", "dev#guide"));
        world.check("ben", Some("dev#lead"), next.clone(), "rejected role_full");

        assert!(world.advance(30 * DAY - 60).is_empty());
        let timers = world.advance(60);
        let done = (ObjectKind::Assignment, first.number, EndReason::Term);
        assert_eq!(timers.iter().map(ended).collect::<Vec<_>>(), [[done]]);
        assert!(!world.holds("finn", "dev#guide"));
        world.check("ben", Some("dev#lead"), next, "accepted");
        assert_eq!(world.assignment("gia", "dev#guide").follows, first.number);
    }

    #[test]
    fn elected_roles_are_filled_by_election_or_by_a_surrogate() {
        let mut world = World::with_circle();
        let secretary = world.assign("finn", "dev/circle#secretary");
        for (manner, expected) in [
            (Manner::Assigned, "rejected elected_only"),
            (Manner::Imported, "rejected elected_only"),
            (Manner::Surrogate, "accepted"),
        ] {
            let assign = Kind::AssignRole(AssignRole {
                manner: manner as i32,
                ..secretary.clone()
            });
            world.check("ada", Some("acme#lead"), assign, expected);
        }
    }

    #[test]
    fn a_lead_does_not_become_representative() {
        let mut world = World::with_circle();
        world.ada(Kind::AssignRole(world.assign("finn", "dev/circle#lead")));
        let both = AssignRole {
            manner: Manner::Surrogate as i32,
            ..world.assign("finn", "dev/circle#representative")
        };
        world.check(
            "ada",
            Some("acme#lead"),
            Kind::AssignRole(both),
            "rejected lead_represents",
        );
    }

    #[test]
    fn a_role_of_a_dissolved_unit_is_assigned_no_longer() {
        let mut world = World::with_circle();
        let assign = Kind::AssignRole(world.assign("finn", "dev/circle#lead"));
        world.ada(Kind::DissolveUnit(DissolveUnit {
            unit: world.unit_ref("dev/circle"),
        }));
        world.check("ada", Some("acme#lead"), assign, "rejected unit_dissolved");
    }

    #[test]
    fn a_record_of_the_past_counts_from_then() {
        let mut world = World::new();
        let then = world.time - 400 * DAY;
        let assign = Kind::AssignRole(world.assign("hal", "dev#engineer"));
        let deed = by("ada").acting_as("acme#lead").does(assign);
        world.check_deed(deed.effective(then), "accepted");
        assert_eq!(world.assignment("hal", "dev#engineer").from, then);
    }

    #[test]
    fn a_term_beyond_all_time_is_refused() {
        let mut world = World::new();
        world.ada(Kind::CreateRole(CreateRole {
            term: u64::MAX,
            ..world.create_role("dev", "guide")
        }));
        let assign = Kind::AssignRole(world.assign("finn", "dev#guide"));
        world.check("ben", Some("dev#lead"), assign, "rejected time_malformed");
    }

    #[test]
    fn a_rule_of_duties_keeps_roles_apart() {
        let mut world = World::new();
        let apart = Kind::SetSodRule(SetSodRule {
            unit: world.unit_ref("dev"),
            first: Capability::Spend as i32,
            second: Capability::Arbitrate as i32,
        });
        world.ada(Kind::CreateRole(world.create_role("dev", "arbiter")));
        world.ada(apart);
        let give = Kind::GiveGrant(GiveGrant {
            role: world.role_ref("dev#arbiter"),
            capability: Capability::Arbitrate as i32,
            scope: world.scope(ScopeKind::Unit, "dev"),
            ..GiveGrant::default()
        });
        world.check("ben", Some("dev#lead"), give, "accepted");
        let arbiter = world.assign("finn", "dev#arbiter");
        let imported = AssignRole {
            manner: Manner::Imported as i32,
            ..arbiter.clone()
        };
        world.check(
            "ada",
            Some("acme#lead"),
            Kind::AssignRole(arbiter),
            "rejected duty_conflict",
        );
        world.check(
            "ada",
            Some("acme#lead"),
            Kind::AssignRole(imported),
            "accepted",
        );
        let assignment = form::numbered(world.assignment("finn", "dev#arbiter").number);
        let renew = Kind::RenewAssignment(RenewAssignment {
            assignment,
            ..RenewAssignment::default()
        });
        world.check("ada", Some("acme#lead"), renew, "rejected duty_conflict");
    }
}
