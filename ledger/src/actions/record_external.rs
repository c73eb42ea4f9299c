//! `record_external`: what a bank statement says came from, or went to, an external party. It is
//! held until another person confirms it.

use polity_proto::v1::{
    Account, Asset, AssetKind, Capability, ObjectKind, OwnerKind, RecordExternal, TransferKind,
};

use super::Act;
use super::holding::{self, Terms};
use super::posting::{self, Move};
use crate::context::Context;
use crate::judge::{Need, ValueNeed};
use crate::{Amount, Rejection, form};

/// Minutes that are tried for a record's end, from the longest wait down, where enough ends in the later ones already.
const MINUTES_TRIED: u64 = 8;

impl Act for RecordExternal {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.from)?;
        form::reference(&self.to)?;
        form::amount(&self.amount)?;
        form::hash(&self.statement)?;
        form::line(&self.reference, form::REFERENCE_BYTES_MAX)?;
        form::date(self.value_date)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let from: Account = context.find(&self.from)?;
        let to: Account = context.find(&self.to)?;
        let amount = Amount::from_bytes(&self.amount)?;
        Ok(vec![need(&from, &to, amount)])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let from: Account = context.find(&self.from)?;
        let to: Account = context.find(&self.to)?;
        let kinds = [&from, &to].map(|account| posting::owner(account).kind());
        if !matches!(
            kinds,
            [OwnerKind::Party, OwnerKind::Unit] | [OwnerKind::Unit, OwnerKind::Party]
        ) {
            return Err(Rejection::NotExternal);
        }
        let asset: Asset = context.get(from.asset)?;
        match asset.kind() {
            AssetKind::Money | AssetKind::Goods => {}
            // Hours and points come only from the unit that defined them.
            AssetKind::Hours | AssetKind::Points | AssetKind::None => {
                return Err(Rejection::NotExternal);
            }
        }
        let movement = Move {
            from,
            to,
            amount: Amount::from_bytes(&self.amount)?,
            kind: TransferKind::External,
            line: 0,
            value_date: self.value_date,
        };
        // A record that nobody confirms goes away like every hold.
        let now = context.now().time;
        let longest = now.saturating_add(context.parameters().hold_max);
        let minutes = (0..MINUTES_TRIED).map(|minute| longest.saturating_sub(60 * minute));
        let mut free = minutes.filter(|time| !holding::is_minute_full(context, *time));
        let terms = Terms {
            expires_at: free.next().unwrap_or(longest),
            reference: self.reference.clone(),
            statement: Some(self.statement.clone()),
            ..Terms::default()
        };
        holding::place(context, movement, terms).map(|_| ())
    }
}

/// Bank records are made, confirmed and voided in the name of the unit whose account it is. What came in counts against
/// limits like what went out, so that whoever may record little alone makes no money up. It counts once, when it is
/// recorded, and for that unit alone: others that deal with the same party count their own.
pub(super) fn need(from: &Account, to: &Account, amount: Amount) -> Need {
    let of_unit = [from, to]
        .into_iter()
        .find(|account| posting::owner(account).kind() == OwnerKind::Unit);
    let [payer, payee] = [from, to].map(posting::owner);
    let counterparty = if payer.kind() == OwnerKind::Party {
        payer
    } else {
        payee
    };
    match of_unit {
        Some(account) => Need {
            object: Some((ObjectKind::Account, account.number)),
            value: Some(ValueNeed {
                asset: from.asset,
                amount,
                account: from.number,
                counterparty,
                payee,
            }),
            ..Need::of(Capability::RecordExternal, posting::owner(account).number)
        },
        None => Need::not_yours(),
    }
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::{ConfirmExternal, GiveGrant, Hold, OwnerRef, action::Kind};

    use super::*;
    use crate::world::{World, alone, approve, created, euros, monthly, role_holders, tier, void};

    const LEAD: Option<&str> = Some("acme#lead");

    #[test]
    fn a_record_is_held_until_somebody_confirms() {
        let mut world = World::with_treasury();
        let before = world.balance("acme:main");
        let record = Kind::RecordExternal(world.record("bank:main", "acme:main", 70));
        let receipt = world.run("ada", LEAD, record);
        let number = created(&receipt.expect("it is recorded"));

        let hold: Hold = world.get(number);
        assert!(hold.external);
        assert_eq!(hold.statement, vec![9; 32]);
        assert_eq!(world.balance("acme:main"), before);
        assert_eq!(world.pending("acme:main"), (0, 7_000));
        world.check("ben", Some("dev#lead"), void(number), "rejected no_grant");
        world.check("eve", Some("finance#lead"), void(number), "accepted");
    }

    #[test]
    fn a_limit_binds_what_came_in_as_it_binds_what_went_out() {
        for (from, to) in [("bank:main", "acme:main"), ("acme:main", "bank:main")] {
            let mut world = World::with_treasury();
            let bank = OwnerRef {
                kind: OwnerKind::Party as i32,
                number: form::numbered(1),
            };
            let limited = GiveGrant {
                per_transfer: euros(100),
                per_period: monthly(150),
                counterparties: vec![bank],
                ..world.grant("ops#engineer", Capability::RecordExternal, "acme")
            };
            world.check_decided("ada", Kind::GiveGrant(limited), "accepted");
            let engineer = Some("ops#engineer");
            let record =
                |world: &World, amount| Kind::RecordExternal(world.record(from, to, amount));
            let too_much = record(&world, 101);
            world.check("hal", engineer, too_much, "rejected limit_per_transfer");
            let enough = record(&world, 100);
            let number = created(&world.run("hal", engineer, enough).expect("recorded"));
            let more = record(&world, 51);
            world.check("hal", engineer, more.clone(), "rejected limit_per_period");
            // What is voided was not recorded.
            world.check("hal", engineer, void(number), "accepted");
            world.check("hal", engineer, more, "accepted");
        }
    }

    #[test]
    fn what_came_in_from_a_party_counts_for_the_unit_that_records_it_and_for_no_other() {
        let mut world = World::with_treasury();
        for unit in ["dev", "sales"] {
            let tiers = vec![
                tier(500, role_holders(), alone()),
                tier(0, role_holders(), approve(role_holders(), 1)),
            ];
            let policy = world.policy(unit, Capability::RecordExternal, tiers);
            world.check_decided("ada", Kind::SetPolicy(policy), "accepted");
        }
        let record = |world: &World, to: &str| {
            Kind::RecordExternal(world.record("bank:main", &format!("{to}:main"), 300))
        };
        for (member, unit, role, expected) in [
            ("ben", "dev", "dev#lead", "accepted"),
            ("dan", "sales", "sales#lead", "accepted"),
            ("ben", "dev", "dev#lead", "rejected needs_decision"),
        ] {
            let record = record(&world, unit);
            world.check(member, Some(role), record, expected);
        }
    }

    #[test]
    fn whoever_records_what_one_party_does_neither_records_nor_confirms_what_another_does() {
        let mut world = World::with_treasury();
        let only_sales = GiveGrant {
            counterparties: vec![OwnerRef {
                kind: OwnerKind::Unit as i32,
                number: world.unit_ref("sales"),
            }],
            ..world.grant("ops#engineer", Capability::RecordExternal, "acme")
        };
        world.check_decided("ada", Kind::GiveGrant(only_sales), "accepted");
        let engineer = Some("ops#engineer");
        let record = Kind::RecordExternal(world.record("bank:main", "acme:main", 70));
        world.check("hal", engineer, record.clone(), "rejected no_grant");
        let number = created(&world.run("ada", LEAD, record).expect("recorded"));
        let confirm = Kind::ConfirmExternal(ConfirmExternal {
            hold: form::numbered(number),
            statement: vec![9; 32],
        });
        world.check("hal", engineer, confirm, "rejected no_grant");
        world.check("hal", engineer, void(number), "rejected no_grant");
    }

    #[test]
    fn hours_come_from_nobody_outside() {
        let mut world = World::with_treasury();
        let mut bank = world.account("bank:main");
        bank.asset = world.account("dev:hours").asset;
        world.put_for_test(&bank);
        let record = Kind::RecordExternal(world.record("bank:main", "dev:hours", 70));
        world.check_decided("ben", record, "rejected not_external");
    }

    #[test]
    fn each_refusal_has_its_name() {
        let mut world = World::with_treasury();
        let good = world.record("bank:main", "acme:main", 70);
        let both_units = world.record("acme:main", "ops:main", 70);
        for (expected, act) in [
            (
                "rejected ref_malformed",
                RecordExternal {
                    to: None,
                    ..good.clone()
                },
            ),
            (
                "rejected amount_malformed",
                RecordExternal {
                    amount: vec![0],
                    ..good.clone()
                },
            ),
            (
                "rejected hash_malformed",
                RecordExternal {
                    statement: vec![],
                    ..good.clone()
                },
            ),
            (
                "rejected text_malformed",
                RecordExternal {
                    reference: "\0".into(),
                    ..good.clone()
                },
            ),
            (
                "rejected object_unknown",
                RecordExternal {
                    to: form::numbered(99),
                    ..good.clone()
                },
            ),
            ("rejected not_external", both_units),
            (
                "rejected amount_zero",
                RecordExternal {
                    amount: vec![],
                    ..good.clone()
                },
            ),
            (
                "rejected insufficient_funds",
                world.record("acme:reserve", "bank:main", 1),
            ),
        ] {
            world.check("ada", LEAD, Kind::RecordExternal(act), expected);
        }
        let nobodys = world.record("bank:main", "finn:main", 70);
        world.check(
            "ada",
            LEAD,
            Kind::RecordExternal(nobodys),
            "rejected not_yours",
        );
        world.check(
            "ben",
            Some("dev#lead"),
            Kind::RecordExternal(good),
            "rejected no_grant",
        );
    }
}
