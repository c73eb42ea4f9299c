//! `close_account`: an account that holds nothing takes no part any more.

use polity_proto::v1::{Account, Capability, CloseAccount, ObjectKind, OwnerKind};

use super::{Act, ownership, posting};
use crate::context::Context;
use crate::judge::Need;
use crate::state::keys::{self, List};
use crate::state::{lists, names};
use crate::{Rejection, form};

impl Act for CloseAccount {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.account)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let account: Account = context.find(&self.account)?;
        let owner = posting::owner(&account);
        if owner.kind() == OwnerKind::Member && owner.number == context.actor.member {
            return Ok(vec![Need::own()]);
        }
        Ok(vec![ownership::need(
            context,
            Capability::OpenAccounts,
            &account,
        )?])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let mut account: Account = context.find(&self.account)?;
        let owner = posting::owner(&account);
        if owner.kind() == OwnerKind::Issuance {
            return Err(Rejection::IssuanceOnly);
        }
        if account.frozen {
            return Err(Rejection::AccountFrozen);
        }
        if account.closed_at != 0 {
            return Err(Rejection::AccountClosed);
        }
        if account.debits_posted != account.credits_posted
            || !account.debits_pending.is_empty()
            || !account.credits_pending.is_empty()
        {
            return Err(Rejection::AccountNotEmpty);
        }
        let history = ownership::history(context, &account)?;

        account.closed_at = context.now().time;
        context.put(&account);
        let listed_under = keys::owner_number(owner.kind(), owner.number);
        names::release(
            context.state,
            ObjectKind::Account,
            listed_under,
            &account.handle,
            &account.external_id,
        );
        lists::remove(context.state, List::Accounts, listed_under, account.number);
        context.event(ObjectKind::Account, account.number, &[history]);
        Ok(())
    }
}
