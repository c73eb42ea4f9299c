//! `confirm_external`: a second person saw the same bank statement: the record counts.

use polity_proto::v1::{Account, ConfirmExternal, Hold};

use super::{Act, holding, record_external};
use crate::context::Context;
use crate::judge::Need;
use crate::{Amount, Rejection, form};

impl Act for ConfirmExternal {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.hold)?;
        form::hash(&self.statement)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let hold: Hold = context.find(&self.hold)?;
        let from: Account = context.get(hold.from)?;
        let to: Account = context.get(hold.to)?;
        Ok(vec![record_external::need(&from, &to, Amount::ZERO)])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let hold: Hold = context.find(&self.hold)?;
        // A person saw the statement.
        Rejection::ServiceCannotApprove.when(context.is_of_service())?;
        // Whoever records does not confirm, nor does whoever made the service that records.
        if holding::is_placed_by_these(context, &hold) {
            return Err(Rejection::SamePerson);
        }
        if !hold.external {
            return Err(Rejection::NotExternal);
        }
        holding::check_open(context, &hold)?;
        if hold.statement != self.statement {
            return Err(Rejection::StatementDiffers);
        }
        holding::post(context, hold, None).map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::{
        Basis, Capability, Member, MemberKind, Receipt, RevokeAssignment, action::Kind,
    };

    use super::*;
    use crate::world::{DAY, World, able, alone, created, joined, tier};

    const LEAD: Option<&str> = Some("acme#lead");
    const BOOKKEEPER: Option<&str> = Some("finance#lead");

    #[test]
    fn another_person_makes_it_count() {
        let mut world = World::with_treasury();
        let before = world.balance("acme:main");
        let record = Kind::RecordExternal(world.record("bank:main", "acme:main", 70));
        let receipt = world.run("ada", LEAD, record);
        let good = ConfirmExternal {
            hold: form::numbered(created(&receipt.expect("it is recorded"))),
            statement: vec![9; 32],
        };
        for (expected, act) in [
            (
                "rejected ref_malformed",
                ConfirmExternal {
                    hold: None,
                    ..good.clone()
                },
            ),
            (
                "rejected hash_malformed",
                ConfirmExternal {
                    statement: vec![9],
                    ..good.clone()
                },
            ),
            (
                "rejected object_unknown",
                ConfirmExternal {
                    hold: form::numbered(99),
                    ..good.clone()
                },
            ),
            (
                "rejected statement_differs",
                ConfirmExternal {
                    statement: vec![8; 32],
                    ..good.clone()
                },
            ),
        ] {
            world.check("eve", BOOKKEEPER, Kind::ConfirmExternal(act), expected);
        }
        let confirm = Kind::ConfirmExternal(good);
        world.check("ada", LEAD, confirm.clone(), "rejected same_person");
        world.check(
            "ben",
            Some("dev#lead"),
            confirm.clone(),
            "rejected no_grant",
        );
        let eve = world.get::<Member>(world.member_number("eve"));
        let kind = MemberKind::Service as i32;
        world.put_for_test(&Member {
            kind,
            ..eve.clone()
        });
        world.check(
            "eve",
            BOOKKEEPER,
            confirm.clone(),
            "rejected service_cannot_approve",
        );
        world.put_for_test(&eve);
        world.check("eve", BOOKKEEPER, confirm.clone(), "accepted");
        assert_eq!(world.balance("acme:main"), before + 7_000);
        assert_eq!(world.balance("bank:main"), -7_000);
        world.check("eve", BOOKKEEPER, confirm, "rejected hold_closed");
    }

    #[test]
    fn whoever_delegated_the_recording_does_not_confirm() {
        let mut world = World::with_treasury();
        let (records, until) = (Capability::RecordExternal, world.time + DAY);
        let delegate = world.delegation("finance#lead", records, "hal", until);
        world.check("eve", BOOKKEEPER, delegate, "accepted");
        let record = Kind::RecordExternal(world.record("bank:main", "acme:main", 70));
        let receipt = world.run("hal", Some("ops#engineer"), record);
        let confirm = Kind::ConfirmExternal(ConfirmExternal {
            hold: form::numbered(created(&receipt.expect("it is recorded"))),
            statement: vec![9; 32],
        });
        world.check("eve", BOOKKEEPER, confirm.clone(), "rejected same_person");
        world.ada(confirm);
    }

    #[test]
    fn whom_the_recorder_let_a_policy_name_does_not_confirm_by_an_older_assignment() {
        let mut world = World::with_treasury();
        let records = Capability::RecordExternal;
        let tiers = vec![tier(0, able(Capability::Anchor), alone())];
        for act in [
            Kind::CreateRole(world.create_role("acme", "scribe")),
            Kind::SetPolicy(world.policy("acme", records, tiers)),
        ] {
            world.check_decided("ada", act, "accepted");
        }
        let anchors = world.grant("acme#scribe", Capability::Anchor, "acme");
        world.check_decided("ada", Kind::GiveGrant(anchors), "accepted");
        world.ada(Kind::AssignRole(world.assign("hal", "acme#scribe")));
        let record = Kind::RecordExternal(world.record("bank:main", "acme:main", 70));
        let confirm = |receipt: Receipt| {
            Kind::ConfirmExternal(ConfirmExternal {
                hold: form::numbered(created(&receipt)),
                statement: vec![9; 32],
            })
        };
        let of_ada = world.run("ada", LEAD, record.clone()).map(confirm);
        let of_eve = world.run("eve", BOOKKEEPER, record).map(confirm);
        for (act, expected) in [(of_ada, "rejected same_person"), (of_eve, "accepted")] {
            let act = act.expect("it is recorded");
            world.check("hal", Some("ops#engineer"), act, expected);
        }
    }

    #[test]
    fn whoever_took_the_recorder_in_does_not_confirm_though_they_have_left_since() {
        let mut world = World::with_treasury();
        let tiers = vec![tier(0, joined(), alone())];
        let policy = world.policy("acme", Capability::RecordExternal, tiers);
        world.check_decided("ada", Kind::SetPolicy(policy), "accepted");
        world.advance(31 * DAY);
        let (join, leave) = (
            world.join_unit("hal", "acme"),
            world.leave_unit("hal", "acme"),
        );
        world.ada(join);
        let record = Kind::RecordExternal(world.record("bank:main", "acme:main", 70));
        let receipt = world.run("hal", None, record);
        let confirm = Kind::ConfirmExternal(ConfirmExternal {
            hold: form::numbered(created(&receipt.expect("it is recorded"))),
            statement: vec![9; 32],
        });
        world.check("hal", None, leave, "accepted");
        world.check("ada", LEAD, confirm.clone(), "rejected same_person");
        world.check("eve", BOOKKEEPER, confirm, "accepted");
    }

    #[test]
    fn whoever_took_the_recorder_into_a_unit_that_the_policy_does_not_reach_confirms() {
        let mut world = World::with_treasury();
        let tiers = vec![tier(0, joined(), alone())];
        let policy = world.policy("acme", Capability::RecordExternal, tiers);
        world.check_decided("ada", Kind::SetPolicy(policy), "accepted");
        world.ada(world.join_unit("hal", "acme"));
        world.advance(31 * DAY);
        world.ada(world.join_unit("hal", "dev"));
        let record = Kind::RecordExternal(world.record("bank:main", "acme:main", 70));
        let receipt = world.run("hal", None, record);
        let confirm = Kind::ConfirmExternal(ConfirmExternal {
            hold: form::numbered(created(&receipt.expect("it is recorded"))),
            statement: vec![9; 32],
        });
        world.check("ada", LEAD, confirm, "accepted");
    }

    #[test]
    fn whoever_made_a_service_record_does_not_confirm_however_long_ago() {
        let mut world = World::with_treasury();
        let records = world.grant("ops#engineer", Capability::RecordExternal, "acme");
        world.check_decided("ada", Kind::GiveGrant(records), "accepted");
        world.ada(Kind::AssignRole(world.assign("gia", "ops#engineer")));
        let service = world.get::<Member>(world.member_number("gia"));
        world.put_for_test(&Member {
            kind: MemberKind::Service as i32,
            admission: Some(Basis {
                member: world.member_number("eve"),
                ..Basis::default()
            }),
            ..service
        });
        world.advance(31 * DAY);
        let record = Kind::RecordExternal(world.record("bank:main", "acme:main", 70));
        let receipt = world.run("gia", Some("ops#engineer"), record);
        let confirm = Kind::ConfirmExternal(ConfirmExternal {
            hold: form::numbered(created(&receipt.expect("it is recorded"))),
            statement: vec![9; 32],
        });
        for (member, role) in [("eve", BOOKKEEPER), ("ada", LEAD)] {
            world.check(member, role, confirm.clone(), "rejected same_person");
        }
        // Nor does whoever has ended its assignment since.
        world.ada(Kind::RevokeAssignment(RevokeAssignment {
            assignment: form::numbered(world.assignment("gia", "ops#engineer").number),
        }));
        world.check("ada", LEAD, confirm.clone(), "rejected same_person");
        let gia = world.get::<Member>(world.member_number("gia"));
        world.put_for_test(&Member {
            kind: MemberKind::Person as i32,
            ..gia
        });
        world.check("eve", BOOKKEEPER, confirm, "accepted");
    }

    #[test]
    fn what_is_no_bank_record_is_not_confirmed() {
        let mut world = World::with_treasury();
        let hold = Kind::PlaceHold(world.hold("acme:main", "ops:main", 1));
        let receipt = world.run("ada", LEAD, hold);
        let confirm = Kind::ConfirmExternal(ConfirmExternal {
            hold: form::numbered(created(&receipt.expect("it is held"))),
            statement: vec![9; 32],
        });
        world.check("eve", BOOKKEEPER, confirm, "rejected not_external");
    }
}
