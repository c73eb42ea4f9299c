//! `renew_assignment`: a new term, focus or share of time. An imported assignment carries its role's
//! grants from here on.

use polity_proto::v1::{
    Assignment, Manner, Member, MemberState, ObjectKind, RenewAssignment, Role, TimerKind,
};

use super::{Act, assign_role, ending, giving, resign_role};
use crate::context::Context;
use crate::decisions::passages;
use crate::judge::{Need, duties};
use crate::state::timers;
use crate::{Rejection, form};

impl Act for RenewAssignment {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.assignment)?;
        assign_role::check_details(&self.focus, self.percentage)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let assignment: Assignment = context.find(&self.assignment)?;
        let role: Role = context.get(assignment.role)?;
        Ok(assign_role::needs_to_assign(context, &role))
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let now = context.now().time;
        let assignment: Assignment = context.find(&self.assignment)?;
        let role: Role = context.get(assignment.role)?;
        let member: Member = context.get(assignment.member)?;
        let imported = assignment.manner() == Manner::Imported;
        if !context.is_genesis() {
            if imported {
                duties::check_assignment(context, now, member.number, role.number)?;
            }
            // Holding a role for longer is as good as being assigned to it.
            giving::check_assignment(context, member.number, role.number)?;
        }
        resign_role::check_open(context, &assignment)?;
        // A suspended member's roles wait; a departed one has none.
        if member.state() == MemberState::Suspended {
            return Err(Rejection::MemberStateWrong);
        }
        if role.elected && assignment.manner() != Manner::Surrogate {
            return Err(Rejection::ElectedOnly);
        }
        let mut others = assign_role::open_of_member(context, member.number, now);
        others.retain(|other| other.number != assignment.number);
        assign_role::check_percentage(&others, self.percentage)?;
        let until = assign_role::until(&role, self.until, now)?;

        let number = assignment.number;
        let mut histories = assign_role::histories(role.number, member.number).to_vec();
        if is_shorter(until, assignment.until) {
            histories.extend(passages::note_unassigned(context, &assignment));
        }
        if assignment.until != 0 {
            let before = assignment.until;
            timers::clear_about(context.state, before, TimerKind::Assignment, number);
        }
        if until != 0 {
            timers::set_about(context.state, until, TimerKind::Assignment, number);
        }
        let mut renewed = Assignment {
            until,
            focus: self.focus.clone(),
            percentage: self.percentage,
            ..assignment
        };
        // A holder who renews it alone gives themselves nothing: it stays the gift of whoever assigned it.
        let is_own = context.is_of_one() && context.basis.member == member.number;
        if imported || !is_own {
            renewed.basis = Some(context.basis);
        }
        // From here on it carries grants: whoever renews it is the one who assigned it.
        if imported {
            renewed.manner = Manner::Assigned as i32;
            renewed.assigned_by = context.basis.member;
            renewed.assigned_at = now;
        }
        context.put(&renewed);
        context.event(ObjectKind::Assignment, number, &histories);
        ending::end_colliding(context, member.number);
        Ok(())
    }
}

/// Whether a term ends before another one; 0: it has no end.
fn is_shorter(until: u64, before: u64) -> bool {
    until != 0 && (before == 0 || until < before)
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::{action::Kind, *};

    use crate::form;
    use crate::judge::power;
    use crate::world::{DAY, World};

    #[test]
    fn a_renewal_gives_a_new_term_focus_and_share() {
        let mut world = World::new();
        world.ada(Kind::CreateRole(CreateRole {
            term: 10 * DAY,
            ..world.create_role("dev", "guide")
        }));
        world.ada(Kind::AssignRole(AssignRole {
            percentage: 50,
            ..world.assign("finn", "dev#guide")
        }));
        world.ada(Kind::CreateRole(world.create_role("dev", "other")));
        world.ada(Kind::AssignRole(AssignRole {
            percentage: 30,
            ..world.assign("finn", "dev#other")
        }));
        let number = world.assignment("finn", "dev#guide").number;
        let renew = RenewAssignment {
            assignment: form::numbered(number),
            percentage: 70,
            focus: "search".into(),
            ..RenewAssignment::default()
        };
        for (renew, expected) in [
            (
                RenewAssignment {
                    assignment: None,
                    ..renew.clone()
                },
                "rejected ref_malformed",
            ),
            (
                RenewAssignment {
                    focus: "\u{2}".into(),
                    ..renew.clone()
                },
                "rejected text_malformed",
            ),
            (
                RenewAssignment {
                    percentage: 101,
                    ..renew.clone()
                },
                "rejected percentage_exceeded",
            ),
            (
                RenewAssignment {
                    assignment: form::numbered(99),
                    ..renew.clone()
                },
                "rejected object_unknown",
            ),
            (
                RenewAssignment {
                    percentage: 71,
                    ..renew.clone()
                },
                "rejected percentage_exceeded",
            ),
            (
                RenewAssignment {
                    until: 5,
                    ..renew.clone()
                },
                "rejected time_malformed",
            ),
        ] {
            world.check(
                "ben",
                Some("dev#lead"),
                Kind::RenewAssignment(renew),
                expected,
            );
        }
        world.check(
            "gia",
            Some("dev#engineer"),
            Kind::RenewAssignment(renew.clone()),
            "rejected no_grant",
        );
        world.advance(9 * DAY);
        world.check(
            "ben",
            Some("dev#lead"),
            Kind::RenewAssignment(renew.clone()),
            "accepted",
        );
        assert!(world.advance(9 * DAY).is_empty());
        assert!(world.holds("finn", "dev#guide"));
        assert_eq!(world.advance(2 * DAY).len(), 1);
        world.check(
            "ben",
            Some("dev#lead"),
            Kind::RenewAssignment(renew),
            "rejected assignment_ended",
        );
    }

    #[test]
    fn an_imported_assignment_carries_grants_from_its_renewal_on() {
        let mut world = World::new();
        let assign = AssignRole {
            manner: Manner::Imported as i32,
            ..world.assign("hal", "dev#engineer")
        };
        world.ada(Kind::AssignRole(assign));
        let assignment = world.assignment("hal", "dev#engineer");
        let grants = |world: &World| {
            power::grants_in_role(&world.state, assignment.member, assignment.role, world.time)
                .len()
        };
        assert!(world.holds("hal", "dev#engineer"));
        assert_eq!(grants(&world), 0);
        world.ada(Kind::RenewAssignment(RenewAssignment {
            assignment: form::numbered(assignment.number),
            ..RenewAssignment::default()
        }));
        assert_eq!(grants(&world), 1);
        assert_eq!(
            world.assignment("hal", "dev#engineer").manner(),
            Manner::Assigned
        );
    }

    #[test]
    fn an_election_is_not_prolonged_and_a_suspended_member_waits() {
        let mut world = World::with_circle();
        let surrogate = AssignRole {
            manner: Manner::Surrogate as i32,
            ..world.assign("finn", "dev/circle#secretary")
        };
        world.ada(Kind::AssignRole(surrogate));
        let mut assignment = world.assignment("finn", "dev/circle#secretary");
        let renew = Kind::RenewAssignment(RenewAssignment {
            assignment: form::numbered(assignment.number),
            ..RenewAssignment::default()
        });
        world.ada(renew.clone());
        assignment.manner = Manner::Elected as i32;
        world.put_for_test(&assignment);
        world.check(
            "ada",
            Some("acme#lead"),
            renew.clone(),
            "rejected elected_only",
        );
        world.suspend("finn");
        world.check(
            "ada",
            Some("acme#lead"),
            renew,
            "rejected member_state_wrong",
        );
    }
}
