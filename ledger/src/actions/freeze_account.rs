//! `freeze_account`: nothing moves into or out of the account until the freeze is lifted.

use polity_proto::v1::{Account, Capability, FreezeAccount, ObjectKind, OwnerKind};

use super::{Act, ownership, posting};
use crate::context::Context;
use crate::judge::Need;
use crate::{Rejection, form};

impl Act for FreezeAccount {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.account)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let account: Account = context.find(&self.account)?;
        let need = ownership::need(context, Capability::Freeze, &account)?;
        let is_of_member = posting::owner(&account).kind() == OwnerKind::Member;
        // Nobody alone takes from somebody what is theirs, and one is enough to give it back.
        let people = if is_of_member && self.frozen { 2 } else { 1 };
        Ok(vec![Need { people, ..need }])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let mut account: Account = context.find(&self.account)?;
        // Whoever may freeze the accounts of others may be frozen too, and does not free themselves, not even by
        // signing beside somebody.
        let owner = posting::owner(&account);
        let is_of_member = owner.kind() == OwnerKind::Member;
        Rejection::SamePerson
            .when(is_of_member && !self.frozen && context.is_behind(owner.number))?;
        match (account.frozen, self.frozen) {
            (true, true) => return Err(Rejection::AccountFrozen),
            (false, false) => return Err(Rejection::AccountNotFrozen),
            (true, false) | (false, true) => {}
        }
        if account.closed_at != 0 {
            return Err(Rejection::AccountClosed);
        }
        let history = ownership::history(context, &account)?;

        account.frozen = self.frozen;
        context.put(&account);
        context.event(ObjectKind::Account, account.number, &[history]);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::action::Kind;

    use super::*;
    use crate::world::{DAY, World, by};

    const LEAD: Option<&str> = Some("dev#lead");

    #[test]
    fn a_freeze_holds_until_it_is_lifted() {
        let mut world = World::with_treasury();
        let act = |world: &World, path: &str, frozen| {
            Kind::FreezeAccount(FreezeAccount {
                account: world.account_ref(path),
                frozen,
            })
        };
        let (on, off) = (
            act(&world, "dev:main", true),
            act(&world, "dev:main", false),
        );
        let entries = world.entries("dev:main");
        world.check("ben", LEAD, off.clone(), "rejected account_not_frozen");
        world.check(
            "finn",
            Some("dev#engineer"),
            on.clone(),
            "rejected no_grant",
        );
        world.check("ben", LEAD, on.clone(), "accepted");
        world.check("ben", LEAD, on, "rejected account_frozen");
        let pay = world.payment("dev:main", "ops:main", 1);
        world.check("ben", LEAD, pay.clone(), "rejected account_frozen");
        world.check("ben", LEAD, off, "accepted");
        world.check("ben", LEAD, pay, "accepted");
        // A freeze moves no value: only the payment entered the account's history.
        assert_eq!(world.entries("dev:main"), entries + 1);
        let mut closed = world.account("dev:hours");
        closed.closed_at = 1;
        world.put_for_test(&closed);
        let of_closed = act(&world, "dev:hours", true);
        world.check("ben", LEAD, of_closed, "rejected account_closed");
    }

    #[test]
    fn what_is_a_members_is_frozen_by_two_people_of_different_units_and_freed_by_one() {
        let mut world = World::with_treasury();
        for role in ["ops#engineer", "dev#engineer"] {
            let grant = Kind::GiveGrant(world.grant(role, Capability::Freeze, "dev"));
            world.check("ben", LEAD, grant, "accepted");
        }
        let act = |world: &World, frozen| {
            Kind::FreezeAccount(FreezeAccount {
                account: world.account_ref("finn:main"),
                frozen,
            })
        };
        let ben = by("ben").acting_as("dev#lead");
        let deed = ben.clone().seconded("hal", "ops#engineer");
        let on = act(&world, true);
        // Hal may do it by a grant that Ben gave alone less than a month ago, so the two count as one person.
        world.check_deed(deed.clone().does(on), "rejected people_missing");
        world.advance(31 * DAY);
        let (on, off) = (act(&world, true), act(&world, false));
        let engineer = Some("dev#engineer");
        world.check("ben", LEAD, on.clone(), "rejected people_missing");
        let colleagues = ben.seconded("gia", "dev#engineer").does(on.clone());
        world.check_deed(colleagues, "rejected people_missing");
        world.check_deed(deed.does(on), "accepted");
        let pay = world.payment("finn:main", "gia:main", 1);
        world.check("finn", None, pay.clone(), "rejected account_frozen");
        world.check("finn", engineer, off.clone(), "rejected same_person");
        let beside = by("hal").seconded("finn", "dev#engineer");
        world.check_deed(beside.does(off.clone()), "rejected same_person");
        world.check("ben", LEAD, off, "accepted");
        world.check("finn", None, pay, "accepted");
    }

    #[test]
    fn what_a_dissolved_unit_answered_for_is_answered_for_above_it() {
        let mut world = World::with_treasury();
        let mut finn = world.account("finn:main");
        finn.frozen = true;
        world.put_for_test(&finn);
        let off = Kind::FreezeAccount(FreezeAccount {
            account: world.account_ref("finn:main"),
            frozen: false,
        });
        let above = Some("finance#lead");
        world.check("eve", above, off.clone(), "rejected no_grant");
        let mut dev = world.unit("dev");
        dev.dissolved_at = 1;
        world.put_for_test(&dev);
        world.check("eve", above, off, "accepted");
    }

    #[test]
    fn each_refusal_of_form_has_its_name() {
        let mut world = World::with_treasury();
        let of = |account| {
            Kind::FreezeAccount(FreezeAccount {
                account,
                frozen: true,
            })
        };
        world.check("ben", LEAD, of(None), "rejected ref_malformed");
        world.check(
            "ben",
            LEAD,
            of(form::numbered(99)),
            "rejected object_unknown",
        );
    }
}
