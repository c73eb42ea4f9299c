//! `post_hold`: what was reserved is transferred, in whole or in part; the rest is released.
//!
//! Money is posted by the side that pays. Goods are posted by the side that receives them, and
//! never by the person who shipped: whoever delivers does not accept.

use polity_proto::v1::{Account, Hold, PostHold};

use super::{Act, holding, posting};
use crate::context::Context;
use crate::judge::Need;
use crate::{Amount, Rejection, form};

impl Act for PostHold {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.hold)?;
        form::amount(&self.amount)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let hold: Hold = context.find(&self.hold)?;
        let from: Account = context.get(hold.from)?;
        let to: Account = context.get(hold.to)?;
        let need = if posting::is_of_goods(context, &from)? {
            holding::need_to_receive(context, &from, &to)
        } else {
            holding::need_to_pay(context, &hold, &from, &to)
        };
        Ok(vec![need])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let hold: Hold = context.find(&self.hold)?;
        let from: Account = context.get(hold.from)?;
        if posting::is_of_goods(context, &from)? {
            check_receiver(context, &hold)?;
        }
        if hold.external {
            return Err(Rejection::ExternalOnly);
        }
        let amount = if self.amount.is_empty() {
            None
        } else {
            Some(Amount::from_bytes(&self.amount)?)
        };
        holding::post(context, hold, amount).map(|_| ())
    }
}

/// Goods are received by a person, and another one than shipped them.
fn check_receiver(context: &Context<'_, '_>, hold: &Hold) -> Result<(), Rejection> {
    Rejection::ServiceCannotApprove.when(context.is_of_service())?;
    Rejection::SamePerson.when(holding::is_placed_by_these(context, hold))
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::{
        Allocate, BudgetLine, Capability, ClosePeriod, GiveGrant, HoldState, Member, MemberKind,
        ObjectKind, PlaceHold, ScopeKind, ScopeRef, TransferKind, action::Kind,
    };

    use super::*;
    use crate::world::{DAY, World, created, euros, monthly, post, void};

    const LEAD: Option<&str> = Some("dev#lead");
    const ENGINEER: Option<&str> = Some("dev#engineer");

    #[track_caller]
    fn placed(world: &mut World, hold: PlaceHold) -> u64 {
        let receipt = world.run("finn", ENGINEER, Kind::PlaceHold(hold));
        created(&receipt.expect("it is held"))
    }

    #[test]
    fn a_part_is_posted_and_the_rest_is_free_again() {
        let mut world = World::with_treasury();
        let plan = Kind::PlanBudget(world.line("tools", 1_000));
        world.check("ben", LEAD, plan, "accepted");
        let mut hold = world.hold("dev:main", "ops:main", 400);
        if let Some(transfer) = &mut hold.transfer {
            transfer.line = form::numbered(1);
        }
        let number = placed(&mut world, hold);
        let entries = world.entries("ops:main");
        world.check("finn", ENGINEER, post(number, Some(150)), "accepted");

        assert_eq!(world.balance("dev:main"), 85_000);
        assert_eq!(world.balance("ops:main"), 15_000);
        assert_eq!(world.pending("dev:main"), (0, 0));
        assert_eq!(world.pending("ops:main"), (0, 0));
        let hold: Hold = world.get(number);
        assert_eq!(hold.state(), HoldState::Posted);
        assert_eq!(
            (hold.posted.clone(), hold.released.clone()),
            (euros(150), euros(250))
        );
        assert_eq!(world.grant_use(hold.grant), 15_000);
        let line: BudgetLine = world.get(1);
        assert_eq!((line.committed, line.spent), (Vec::new(), euros(150)));
        assert_eq!(world.entries("ops:main"), entries + 1);
        world.check("finn", ENGINEER, post(number, None), "rejected hold_closed");
    }

    #[test]
    fn whoever_spends_from_one_budget_line_ends_what_they_hold_from_it() {
        let mut world = World::with_treasury();
        let plan = Kind::PlanBudget(world.line("tools", 1_000));
        world.check("ben", LEAD, plan, "accepted");
        let role = Kind::CreateRole(world.create_role("dev", "buyer"));
        world.check("ben", LEAD, role, "accepted");
        let grant = GiveGrant {
            scope: Some(ScopeRef {
                kind: ScopeKind::Object as i32,
                unit: None,
                object_kind: ObjectKind::BudgetLine as i32,
                object: form::numbered(1),
            }),
            per_period: monthly(500),
            ..world.grant("dev#buyer", Capability::Spend, "dev")
        };
        world.check_decided("ben", Kind::GiveGrant(grant), "accepted");
        let gia = Kind::AssignRole(world.assign("gia", "dev#buyer"));
        world.check("ben", LEAD, gia, "accepted");
        let buyer = Some("dev#buyer");
        for end in [post(1, None), void(2)] {
            let mut hold = world.hold("dev:main", "ops:main", 100);
            if let Some(transfer) = &mut hold.transfer {
                transfer.line = form::numbered(1);
            }
            world.check("gia", buyer, Kind::PlaceHold(hold), "accepted");
            world.check("gia", buyer, end, "accepted");
        }
    }

    #[test]
    fn what_was_held_is_paid_also_when_its_period_is_closed() {
        let mut world = World::with_treasury();
        let dated = world.time - DAY;
        let mut hold = world.hold("dev:main", "ops:main", 60);
        if let Some(transfer) = &mut hold.transfer {
            transfer.value_date = dated;
        }
        let number = placed(&mut world, hold.clone());
        let close = Kind::ClosePeriod(ClosePeriod {
            unit: world.unit_ref("dev"),
            until: world.time / DAY * DAY,
        });
        world.check("ben", LEAD, close, "accepted");
        let late = Kind::PlaceHold(hold);
        world.check("finn", ENGINEER, late, "rejected period_closed");
        world.check("finn", ENGINEER, post(number, None), "accepted");
        assert_eq!(world.balance("ops:main"), 6_000);
    }

    #[test]
    fn goods_are_posted_by_another_person_of_the_receiving_side() {
        let mut world = World::with_treasury();
        let ship = world.hold("dev:shelf", "ops:shelf", 10);
        let number = placed(&mut world, ship);
        world.check("finn", ENGINEER, post(number, None), "rejected no_grant");
        world.check(
            "hal",
            Some("ops#engineer"),
            post(number, Some(9)),
            "accepted",
        );
        assert_eq!(world.balance("ops:shelf"), 900);
        assert_eq!(world.balance("dev:shelf"), 100);
    }

    #[test]
    fn goods_go_to_another_owner_by_no_other_way() {
        let mut world = World::with_treasury();
        let gift = world.transfer("dev:shelf", "ops:shelf", 1, TransferKind::Gift);
        let allocate = Allocate {
            from: gift.from,
            to: gift.to,
            amount: gift.amount.clone(),
            ..Allocate::default()
        };
        let rejected = "rejected goods_unaccepted";
        for act in [Kind::Transfer(gift), Kind::Allocate(allocate)] {
            world.check_decided("ben", act, rejected);
        }
        let deliver = world.payment("dev:shelf", "ops:shelf", 1);
        world.check("finn", ENGINEER, deliver, rejected);
        assert_eq!(world.balance("ops:shelf"), 0);
    }

    #[test]
    fn whoever_ships_does_not_receive() {
        let mut world = World::with_treasury();
        let ship = world.hold("dev:shelf", "ops:shelf", 10);
        let number = placed(&mut world, ship);
        let assign = Kind::AssignRole(polity_proto::v1::AssignRole {
            role: world.role_ref("ops#engineer"),
            member: world.member_ref("finn"),
            ..Default::default()
        });
        world.check("cleo", Some("ops#lead"), assign, "accepted");
        let receive = post(number, None);
        world.check(
            "finn",
            Some("ops#engineer"),
            receive,
            "rejected same_person",
        );
    }

    #[test]
    fn a_service_receives_no_goods() {
        let mut world = World::with_treasury();
        let ship = world.hold("dev:shelf", "ops:shelf", 10);
        let number = placed(&mut world, ship);
        let member = world.get::<Member>(world.member_number("hal"));
        world.put_for_test(&Member {
            kind: MemberKind::Service as i32,
            ..member
        });
        world.check(
            "hal",
            Some("ops#engineer"),
            post(number, None),
            "rejected service_cannot_approve",
        );
    }

    #[test]
    fn each_refusal_has_its_name() {
        let mut world = World::with_treasury();
        let hold = world.hold("dev:main", "ops:main", 400);
        let number = placed(&mut world, hold);
        let malformed = Kind::PostHold(PostHold {
            hold: form::numbered(number),
            amount: vec![0],
        });
        for (expected, act) in [
            (
                "rejected ref_malformed",
                Kind::PostHold(PostHold::default()),
            ),
            ("rejected amount_malformed", malformed),
            ("rejected object_unknown", post(99, None)),
            ("rejected hold_exceeded", post(number, Some(401))),
        ] {
            world.check("finn", ENGINEER, act, expected);
        }
        world.check(
            "hal",
            Some("ops#engineer"),
            post(number, None),
            "rejected no_grant",
        );
        let record = Kind::RecordExternal(world.record("bank:main", "acme:main", 5));
        let record = world.run("ada", Some("acme#lead"), record);
        let record = post(created(&record.expect("it is recorded")), None);
        world.check_decided("ben", record, "rejected external_only");
        world.freeze("ops:main");
        world.check(
            "finn",
            ENGINEER,
            post(number, None),
            "rejected account_frozen",
        );
    }
}
