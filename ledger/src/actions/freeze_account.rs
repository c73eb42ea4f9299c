//! `freeze_account`: nothing moves into or out of the account until the freeze is lifted.

use polity_proto::v1::{Account, Capability, FreezeAccount, ObjectKind};

use super::{Act, ownership};
use crate::context::Context;
use crate::judge::Need;
use crate::{Rejection, form};

impl Act for FreezeAccount {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.account)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let account: Account = context.find(&self.account)?;
        Ok(vec![ownership::need(
            context,
            Capability::Freeze,
            &account,
        )?])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let mut account: Account = context.find(&self.account)?;
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
