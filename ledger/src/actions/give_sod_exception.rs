//! `give_sod_exception`: a member may break a duty rule for a while, under a compensating control.

use polity_proto::v1::{
    Capability, GiveSodException, Member, MemberState, ObjectKind, SodException, SodRule,
};

use super::Act;
use crate::context::Context;
use crate::judge::Need;
use crate::state::keys::List;
use crate::state::{lists, objects};
use crate::{Rejection, form};

impl Act for GiveSodException {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.rule)?;
        form::reference(&self.member)?;
        form::filled_text(&self.control, form::TEXT_BYTES_MAX)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let rule: SodRule = context.find(&self.rule)?;
        let _: Member = context.find(&self.member)?;
        Ok(vec![Need::of(Capability::Govern, rule.unit)])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let now = context.now().time;
        let rule: SodRule = context.find(&self.rule)?;
        let member: Member = context.find(&self.member)?;
        let by_the_member = std::iter::once(&context.actor)
            .chain(&context.seconds)
            .any(|actor| actor.member == member.number);
        if by_the_member {
            return Err(Rejection::GrantToSelf);
        }
        if rule.removed_at != 0 {
            return Err(Rejection::RuleRemoved);
        }
        if member.state() == MemberState::Departed {
            return Err(Rejection::MemberStateWrong);
        }
        let last = now.saturating_add(context.parameters().exception_max);
        if self.until <= now || self.until > last {
            return Err(Rejection::TimeMalformed);
        }

        forget_ended(context, rule.number, now);
        let number = context.next_number(ObjectKind::SodException);
        context.put(&SodException {
            number,
            rule: rule.number,
            member: member.number,
            from: now,
            until: self.until,
            control: self.control.clone(),
            given_by: context.actor.member,
        });
        lists::append(context.state, List::SodExceptions, rule.number, number);
        context.event(
            ObjectKind::SodException,
            number,
            &[
                (ObjectKind::Unit, rule.unit),
                (ObjectKind::Member, member.number),
            ],
        );
        Ok(())
    }
}

/// The list names exceptions that may still be in force; the others stay as objects.
fn forget_ended(context: &mut Context<'_, '_>, rule: u64, now: u64) {
    for number in lists::all(context, List::SodExceptions, rule) {
        let ended = objects::get::<SodException>(context, number)
            .is_some_and(|exception| exception.until <= now);
        if ended {
            lists::remove(context.state, List::SodExceptions, rule, number);
        }
    }
}
