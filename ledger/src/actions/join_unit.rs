//! `join_unit`: a member belongs to a unit. A guild is open to everyone; elsewhere the unit admits.

use polity_proto::v1::{Capability, JoinUnit, Member, Unit, UnitKind};

use super::{Act, membership};
use crate::context::Context;
use crate::judge::Need;
use crate::{Rejection, form};

impl Act for JoinUnit {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.unit)?;
        form::optional_reference(&self.member)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let unit: Unit = context.find(&self.unit)?;
        let member: Member = context.get(who(&self.member, context)?)?;
        let own = member.number == context.actor.member;
        let need = match unit.kind() {
            UnitKind::Guild if own => Need::own(),
            _ => Need::of(Capability::AdmitMembers, unit.number),
        };
        Ok(vec![need])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let unit = context.resolve(&self.unit)?;
        membership::join(context, who(&self.member, context)?, unit)
    }
}

/// The member that is named, or the actor.
pub(super) fn who(
    member: &Option<polity_proto::v1::Ref>,
    context: &Context<'_, '_>,
) -> Result<u64, Rejection> {
    match context.optional(member)? {
        0 => Ok(context.actor.member),
        number => Ok(number),
    }
}
