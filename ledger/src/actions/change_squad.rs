//! `change_squad`: a member moves between squads, with the receiving squad's product owner; tribe
//! and chapter can change in the same act.

use polity_proto::v1::{ChangeSquad, EndReason, Ref, Role, RoleKind, Unit, UnitKind};

use super::{Act, membership};
use crate::context::{Authority, Context};
use crate::judge::Need;
use crate::state::objects;
use crate::{Rejection, form};

impl Act for ChangeSquad {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.from)?;
        form::reference(&self.to)?;
        form::optional_reference(&self.chapter_from)?;
        form::optional_reference(&self.chapter_to)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let _: Unit = context.find(&self.from)?;
        let to: Unit = context.find(&self.to)?;
        for chapter in [&self.chapter_from, &self.chapter_to] {
            if chapter.is_some() {
                let _: Unit = context.find(chapter)?;
            }
        }
        let received = context.seconds.iter().any(|second| {
            objects::get::<Role>(context, second.role)
                .is_some_and(|role| role.unit == to.number && role.kind() == RoleKind::ProductOwner)
        });
        if context.authority == Authority::Signed && !received {
            return Err(Rejection::PeopleMissing);
        }
        Ok(vec![Need::own()])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let member = context.actor.member;
        let from: Unit = context.find(&self.from)?;
        let to: Unit = context.find(&self.to)?;
        if from.kind() != UnitKind::Squad || to.kind() != UnitKind::Squad {
            return Err(Rejection::KindRule);
        }
        if !membership::has_joined(context, member, from.number) {
            return Err(Rejection::NotJoined);
        }

        membership::take_out(context, member, from.number, EndReason::None);
        membership::join(context, member, to.number)?;
        if self.chapter_from.is_some() {
            let chapter = chapter(context, &self.chapter_from)?;
            if !membership::has_joined(context, member, chapter) {
                return Err(Rejection::NotJoined);
            }
            membership::take_out(context, member, chapter, EndReason::None);
        }
        membership::leave_chapters(context, member);
        if self.chapter_to.is_some() {
            let chapter = chapter(context, &self.chapter_to)?;
            membership::join(context, member, chapter)?;
        }
        Ok(())
    }
}

fn chapter(context: &Context<'_, '_>, reference: &Option<Ref>) -> Result<u64, Rejection> {
    let unit: Unit = context.find(reference)?;
    match unit.kind() == UnitKind::Chapter {
        true => Ok(unit.number),
        false => Err(Rejection::KindRule),
    }
}
