//! `join`: the invited key accepts the constitution, and the member becomes active.

use polity_proto::v1::{Join, Member, MemberState, ObjectKind, Organisation};

use super::{Act, enrolment};
use crate::context::Context;
use crate::judge::Need;
use crate::{Rejection, form};

impl Act for Join {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.member)?;
        form::hash(&self.constitution)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let member: Member = context.find(&self.member)?;
        let need = match member.number == context.actor.member {
            true => Need::own(),
            false => Need::not_yours(),
        };
        Ok(vec![need])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let member: Member = context.find(&self.member)?;
        let organisation: Organisation = context.get(0)?;
        if member.state() != MemberState::Invited {
            return Err(Rejection::MemberStateWrong);
        }
        if self.constitution != organisation.constitution {
            return Err(Rejection::ConstitutionWrong);
        }
        // Elsewhere the transaction's own signature is the proof.
        if context.is_genesis() {
            let key = member.keys.first().ok_or(Rejection::KeyUnknown)?;
            enrolment::check_possession(context, member.number, &key.public, &self.possession)?;
        }

        let number = member.number;
        context.put(&Member {
            state: MemberState::Active as i32,
            joined_at: context.effective(),
            constitution: self.constitution.clone(),
            ..member
        });
        context.event(ObjectKind::Member, number, &[(ObjectKind::Member, number)]);
        Ok(())
    }
}
