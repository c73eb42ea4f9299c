//! `set_credit_limit`: how far below zero an account may go.

use polity_proto::v1::{Account, Capability, ObjectKind, SetCreditLimit};

use super::{Act, ownership};
use crate::context::Context;
use crate::judge::Need;
use crate::{Amount, Rejection, form};

impl Act for SetCreditLimit {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.account)?;
        form::amount(&self.limit)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let account: Account = context.find(&self.account)?;
        Ok(vec![ownership::need(
            context,
            Capability::SetCredit,
            &account,
        )?])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let mut account: Account = context.find(&self.account)?;
        if account.unlimited {
            return Err(Rejection::AccountUnlimited);
        }
        if account.closed_at != 0 {
            return Err(Rejection::AccountClosed);
        }
        let limit = Amount::from_bytes(&self.limit)?;
        let of = |counter: &[u8]| Amount::from_state(counter);
        let owed = of(&account.debits_posted).plus(of(&account.debits_pending))?;
        if of(&account.credits_posted).plus(limit)? < owed {
            return Err(Rejection::CreditTooLow);
        }
        let history = ownership::history(context, &account)?;

        account.credit_limit = self.limit.clone();
        context.put(&account);
        context.event(ObjectKind::Account, account.number, &[history]);
        Ok(())
    }
}
