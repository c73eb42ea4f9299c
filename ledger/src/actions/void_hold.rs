//! `void_hold`: what was reserved is free again. Each side may: the one that pays takes it back,
//! the other declines it.

use polity_proto::v1::{Account, Hold, OwnerKind, Role, VoidHold};

use super::{Act, holding, posting, record_external};
use crate::context::Context;
use crate::judge::Need;
use crate::{Amount, Rejection, form};

impl Act for VoidHold {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.hold)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let hold: Hold = context.find(&self.hold)?;
        let from: Account = context.get(hold.from)?;
        let to: Account = context.get(hold.to)?;
        if hold.external {
            return Ok(vec![record_external::need(&from, &to, Amount::ZERO)]);
        }
        let declines = !stands_with(context, &from) && stands_with(context, &to);
        let need = if declines {
            holding::need_to_receive(context, &from, &to)
        } else {
            holding::need_to_pay(context, &hold, &from, &to)
        };
        Ok(vec![need])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let hold: Hold = context.find(&self.hold)?;
        holding::void(context, hold)
    }
}

/// Whether the actor acts for the account's owner: as that member, or in a role of that unit.
fn stands_with(context: &Context<'_, '_>, account: &Account) -> bool {
    let owner = posting::owner(account);
    match owner.kind() {
        OwnerKind::Member => owner.number == context.actor.member,
        OwnerKind::Unit => context
            .get::<Role>(context.actor.role)
            .is_ok_and(|role| role.unit == owner.number),
        OwnerKind::None | OwnerKind::Party | OwnerKind::Issuance | OwnerKind::Escrow => false,
    }
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::{HoldState, Member, Owner, Window, action::Kind};

    use super::*;
    use crate::state::keys::{self, List};
    use crate::state::objects;
    use crate::world::{World, created, euros, void};

    const ENGINEER: Option<&str> = Some("dev#engineer");

    #[track_caller]
    fn placed(world: &mut World) -> u64 {
        let hold = Kind::PlaceHold(world.hold("dev:main", "ops:main", 400));
        let receipt = world.run("finn", ENGINEER, hold);
        created(&receipt.expect("it is held"))
    }

    #[test]
    fn the_paying_side_takes_it_back() {
        let mut world = World::with_treasury();
        let number = placed(&mut world);
        let entries = world.entries("ops:main");
        world.check("gia", ENGINEER, void(number), "accepted");

        let hold: Hold = world.get(number);
        assert_eq!(hold.state(), HoldState::Voided);
        assert_eq!(hold.released, euros(400));
        assert_eq!(world.pending("dev:main"), (0, 0));
        assert_eq!(world.grant_use(hold.grant), 0);
        assert_eq!(world.entries("ops:main"), entries + 1);
        assert!(world.list(List::Holds, hold.to).is_empty());
        let all = world.payment("dev:main", "ops:main", 1_000);
        world.check("ben", Some("dev#lead"), all, "accepted");
    }

    #[test]
    fn it_is_given_back_where_it_was_counted() {
        let mut world = World::with_treasury();
        let hal = world.member("hal");
        let ben = world.member_number("ben");
        // As long as Hal is new, he is paid as Ben.
        world.put_for_test(&Member {
            admitted_by: ben,
            admitted_at: world.time,
            ..hal.clone()
        });
        let hold = Kind::PlaceHold(world.hold("dev:main", "hal:main", 400));
        let receipt = world.run("finn", ENGINEER, hold);
        let number = created(&receipt.expect("it is held"));
        let payee = Owner {
            kind: OwnerKind::Member as i32,
            number: ben,
        };
        let key = keys::spent(world.account("dev:main").number, payee);
        let spent = |world: &World| objects::value::<Window>(&world.state, &key);
        assert!(spent(&world).is_some());

        // Hal counts as himself again, and what was counted as paid to Ben is taken back all the same.
        world.put_for_test(&hal);
        world.check("finn", ENGINEER, void(number), "accepted");
        assert_eq!(spent(&world), None);
    }

    #[test]
    fn the_other_side_declines() {
        let mut world = World::with_treasury();
        let number = placed(&mut world);
        world.check("hal", Some("ops#engineer"), void(number), "accepted");
    }

    #[test]
    fn each_refusal_has_its_name() {
        let mut world = World::with_treasury();
        let number = placed(&mut world);
        let nothing = Kind::VoidHold(VoidHold { hold: None });
        world.check("finn", ENGINEER, nothing, "rejected ref_malformed");
        world.check("finn", ENGINEER, void(99), "rejected object_unknown");
        world.check("dan", Some("sales#lead"), void(number), "rejected no_grant");
        world.check("finn", ENGINEER, void(number), "accepted");
        world.check("finn", ENGINEER, void(number), "rejected hold_closed");
    }
}
