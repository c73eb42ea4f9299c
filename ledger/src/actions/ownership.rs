//! Accounts and their owners: who decides about an account or a member, and whose history tells of it.

use polity_proto::v1::{Account, Asset, Capability, Member, ObjectKind, OwnerKind, Party};

use super::posting;
use crate::Rejection;
use crate::context::Context;
use crate::judge::{Need, power};

/// The unit that answers for an account: the owner, the one that admitted the owning member, that
/// registered the party, or that defined the asset; where that is dissolved, the nearest above it that lives.
pub(crate) fn unit_of(context: &Context<'_, '_>, account: &Account) -> Result<u64, Rejection> {
    let owner = posting::owner(account);
    let unit = match owner.kind() {
        OwnerKind::Unit => owner.number,
        OwnerKind::Member => context.get::<Member>(owner.number)?.unit,
        OwnerKind::Party => context.get::<Party>(owner.number)?.unit,
        OwnerKind::Issuance => context.get::<Asset>(owner.number)?.unit,
        OwnerKind::Escrow | OwnerKind::None => return Err(Rejection::NotYours),
    };
    Ok(power::living(context, unit))
}

/// The unit that answers for an asset: the one that defined it; where that is dissolved, the nearest above it that lives.
pub(crate) fn issuer(context: &Context<'_, '_>, asset: &Asset) -> u64 {
    power::living(context, asset.unit)
}

/// A capability over a member, in the unit that admitted them; where it is dissolved, in the nearest above it that lives.
pub(crate) fn need_about(
    context: &Context<'_, '_>,
    capability: Capability,
    member: &Member,
) -> Need {
    Need::of(capability, power::living(context, member.unit))
}

/// A capability over an account, in the unit that answers for it.
pub(crate) fn need(
    context: &Context<'_, '_>,
    capability: Capability,
    account: &Account,
) -> Result<Need, Rejection> {
    Ok(Need {
        object: Some((ObjectKind::Account, account.number)),
        ..Need::of(capability, unit_of(context, account)?)
    })
}

/// Acts on an account without value enter its owner's history.
pub(crate) fn history(
    context: &Context<'_, '_>,
    account: &Account,
) -> Result<(ObjectKind, u64), Rejection> {
    let owner = posting::owner(account);
    match owner.kind() {
        OwnerKind::Member => Ok((ObjectKind::Member, owner.number)),
        OwnerKind::Unit
        | OwnerKind::Party
        | OwnerKind::Issuance
        | OwnerKind::Escrow
        | OwnerKind::None => Ok((ObjectKind::Unit, unit_of(context, account)?)),
    }
}
