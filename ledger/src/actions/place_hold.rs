//! `place_hold`: a transfer that is reserved first.

use polity_proto::v1::{PlaceHold, Transfer};

use super::holding::{self, Terms};
use super::{Act, transfer};
use crate::Rejection;
use crate::context::Context;
use crate::judge::Need;

impl Act for PlaceHold {
    fn check(&self) -> Result<(), Rejection> {
        of(self)?.check()
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        of(self)?.needs(context)
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let transfer = of(self)?;
        let movement = transfer::movement(transfer, context)?;
        let terms = Terms {
            expires_at: self.expires_at,
            reference: transfer.reference.clone(),
            document: transfer.document.clone(),
            ..Terms::default()
        };
        holding::place(context, movement, terms).map(|_| ())
    }
}

fn of(act: &PlaceHold) -> Result<&Transfer, Rejection> {
    act.transfer.as_ref().ok_or(Rejection::FieldMissing)
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::{BudgetLine, Hold, HoldState, TimerKind, action::Kind};

    use super::*;
    use crate::form;
    use crate::state::keys::List;
    use crate::state::timers;
    use crate::world::{DAY, World, created, euros, post};

    const LEAD: Option<&str> = Some("dev#lead");
    const ENGINEER: Option<&str> = Some("dev#engineer");

    #[test]
    fn what_is_held_counts_at_once() {
        let mut world = World::with_treasury();
        let plan = world.line("tools", 1_000);
        world.check("ben", LEAD, Kind::PlanBudget(plan), "accepted");
        let mut hold = world.hold("dev:main", "ops:main", 400);
        if let Some(transfer) = &mut hold.transfer {
            transfer.line = form::numbered(1);
        }
        let entries = (world.entries("dev:main"), world.entries("ops:main"));
        let receipt = world.run("finn", ENGINEER, Kind::PlaceHold(hold.clone()));
        let number = created(&receipt.expect("it is held"));

        assert_eq!(world.pending("dev:main"), (40_000, 0));
        assert_eq!(world.pending("ops:main"), (0, 40_000));
        assert_eq!(world.balance("dev:main"), 100_000);
        assert_eq!(world.get::<BudgetLine>(1).committed, euros(400));
        let after = (world.entries("dev:main"), world.entries("ops:main"));
        assert_eq!(after, (entries.0 + 1, entries.1 + 1));
        let held: Hold = world.get(number);
        assert_eq!(held.state(), HoldState::Open);
        assert_eq!(world.grant_use(held.grant), 40_000);
        for account in ["dev:main", "ops:main"] {
            let listed = world.list(List::Holds, world.account(account).number);
            assert_eq!(listed, [number]);
        }

        // 600 are left in the account, whoever pays.
        let too_much = world.payment("dev:main", "ops:main", 601);
        world.check("ben", LEAD, too_much, "rejected insufficient_funds");
        let over = Kind::PlaceHold(world.hold("dev:main", "ops:main", 601));
        world.check("ben", LEAD, over, "rejected insufficient_funds");
    }

    #[test]
    fn a_hold_ends_by_itself_and_gives_everything_back() {
        let mut world = World::with_treasury();
        let hold = Kind::PlaceHold(world.hold("dev:main", "ops:main", 400));
        let receipt = world.run("finn", ENGINEER, hold);
        let number = created(&receipt.expect("it is held"));
        let entries = world.entries("dev:main");
        let receipts = world.advance(7 * DAY);

        let ended: Vec<_> = receipts
            .iter()
            .flat_map(|receipt| &receipt.events)
            .filter(|event| event.number == number)
            .collect();
        assert_eq!(ended.len(), 1);
        let hold: Hold = world.get(number);
        assert_eq!(hold.state(), HoldState::Expired);
        assert_eq!(
            (hold.posted.clone(), hold.released.clone()),
            (Vec::new(), euros(400))
        );
        assert_eq!(world.pending("dev:main"), (0, 0));
        assert_eq!(world.pending("ops:main"), (0, 0));
        assert_eq!(world.grant_use(hold.grant), 0);
        assert_eq!(world.entries("dev:main"), entries + 1);
        assert!(
            world
                .list(List::Holds, world.account("dev:main").number)
                .is_empty()
        );
        world.check("finn", ENGINEER, post(number, None), "rejected hold_closed");
    }

    #[test]
    fn no_more_holds_end_in_a_minute_for_which_enough_waits() {
        let mut world = World::with_treasury();
        let hold = world.hold("dev:main", "ops:main", 1);
        let ends = hold.expires_at;
        world.change_for_test(|state| {
            for number in (1_000..).take(timers::OF_A_MINUTE_MAX) {
                timers::set(state, ends, TimerKind::Hold, number);
            }
        });
        let later = PlaceHold {
            expires_at: ends + 60,
            ..hold.clone()
        };
        let refused = "rejected list_too_long";
        world.check("finn", ENGINEER, Kind::PlaceHold(hold), refused);
        world.check("finn", ENGINEER, Kind::PlaceHold(later), "accepted");
    }

    #[test]
    fn each_refusal_has_its_name() {
        let mut world = World::with_treasury();
        let good = world.hold("dev:main", "ops:main", 400);
        let with = |change: fn(&mut Transfer)| {
            let mut hold = good.clone();
            if let Some(transfer) = &mut hold.transfer {
                change(transfer);
            }
            hold
        };
        for (expected, act) in [
            (
                "rejected field_missing",
                PlaceHold {
                    transfer: None,
                    ..good.clone()
                },
            ),
            (
                "rejected ref_malformed",
                with(|transfer| transfer.to = None),
            ),
            (
                "rejected object_unknown",
                with(|transfer| transfer.to = form::numbered(99)),
            ),
            (
                "rejected hold_term",
                PlaceHold {
                    expires_at: 0,
                    ..good.clone()
                },
            ),
            (
                "rejected hold_term",
                PlaceHold {
                    expires_at: world.time + 367 * DAY,
                    ..good.clone()
                },
            ),
            (
                "rejected amount_zero",
                with(|transfer| transfer.amount.clear()),
            ),
            (
                "rejected object_unknown",
                with(|transfer| transfer.line = form::numbered(9)),
            ),
        ] {
            world.check("ben", LEAD, Kind::PlaceHold(act), expected);
        }
        let limited = Kind::PlaceHold(world.hold("dev:main", "ops:main", 501));
        world.check("finn", ENGINEER, limited, "rejected limit_per_transfer");
        world.check(
            "cleo",
            Some("ops#lead"),
            Kind::PlaceHold(good),
            "rejected no_grant",
        );
    }
}
