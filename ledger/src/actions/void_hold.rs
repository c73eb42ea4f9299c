//! `void_hold`: what was reserved is free again. Each side may: the one that pays takes it back,
//! the other declines it.

use polity_proto::v1::{Account, Capability, Hold, OwnerKind, Role, VoidHold};

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
            return Ok(vec![record_external::need(&from, &to)]);
        }
        let (side, other) = match !stands_with(context, &from) && stands_with(context, &to) {
            true => (to, from),
            false => (from, to),
        };
        let capability = Capability::Spend;
        let need = posting::need_to_take(context, capability, &side, &other, Amount::ZERO);
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
