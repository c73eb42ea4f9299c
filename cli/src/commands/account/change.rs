//! Accounts as they are opened and closed, and what they may do.

use clap::Args;
use polity_client::Result;
use polity_client::ledger::form;
use polity_client::v1::{self, action::Kind};

use crate::amount::AmountWords;
use crate::context::Context;
use crate::failure::usage;

/// Opens an account of one asset.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity account open acme/dev:travel EUR\n  \
    polity account open acme/dev/@vendor:main EUR")]
pub(super) struct Open {
    /// Owner and name: `acme/dev:travel`, `finn:main`, `acme/dev/@vendor:main`; `new(1):main` of a unit that an
    /// earlier action creates.
    account: String,
    /// Code of the asset.
    asset: String,
    /// What another system calls it.
    #[arg(long, value_name = "ID")]
    external_id: Option<String>,
}

impl Open {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let (owner, handle) = self.account.rsplit_once(':').ok_or_else(|| {
            usage(format!(
                "an account is written OWNER:NAME, not {}",
                self.account
            ))
        })?;
        let act = v1::OpenAccount {
            owner: Some(context.owner_ref(owner).await?),
            asset: context.asset_ref(&self.asset).await?,
            handle: handle.to_owned(),
            external_id: self.external_id.unwrap_or_default(),
        };
        context.act(vec![Kind::OpenAccount(act)]).await
    }
}

/// Closes an account, which must be empty.
#[derive(Args, Debug)]
pub(super) struct Close {
    /// `acme/dev:travel` or a88.
    account: String,
}

impl Close {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let account = context
            .session()
            .await?
            .account(&self.account)
            .await?
            .number;
        let act = v1::CloseAccount {
            account: form::numbered(account),
        };
        context.act(vec![Kind::CloseAccount(act)]).await
    }
}

/// Freezes an account: nothing moves until it is lifted. A member's is frozen by two people of different units: use
/// `--with`, and `--draft` where the other key does not lie here.
#[derive(Args, Debug)]
pub(super) struct Freeze {
    /// `acme/dev:travel` or a88.
    account: String,
}

impl Freeze {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        freeze(context, &self.account, true).await
    }
}

/// Lifts the freeze of an account.
#[derive(Args, Debug)]
pub(super) struct Unfreeze {
    /// `acme/dev:travel` or a88.
    account: String,
}

impl Unfreeze {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        freeze(context, &self.account, false).await
    }
}

/// Says how far below zero an account may go.
#[derive(Args, Debug)]
pub(super) struct Credit {
    /// `acme/dev:main` or a88.
    account: String,
    #[command(flatten)]
    limit: AmountWords,
}

impl Credit {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let number = session.account(&self.account).await?.number;
        let account = form::numbered(number);
        let limit = self.limit.read_held(session, &[account]).await?;
        let act = v1::SetCreditLimit {
            account,
            limit: limit.to_bytes(),
        };
        context.act(vec![Kind::SetCreditLimit(act)]).await
    }
}

async fn freeze(context: &Context, account: &str, frozen: bool) -> Result<()> {
    let account = context.session().await?.account(account).await?.number;
    let act = v1::FreezeAccount {
        account: form::numbered(account),
        frozen,
    };
    context.act(vec![Kind::FreezeAccount(act)]).await
}
