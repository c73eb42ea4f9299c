//! A transfer by its number alone: it is looked for where the member who asks can have seen it.

use polity_client::Result;
use polity_client::ledger::state::keys;
use polity_client::session::{AsOf, FoundTransfer};
use polity_client::v1::{self, Assignment, OwnerKind, Role};

use crate::commands::parse_number;
use crate::context::Context;
use crate::failure::usage;

/// Finds a transfer in the account that was named, or in those that are near the member who asks.
pub(super) async fn find(
    context: &Context,
    transfer: &str,
    account: Option<&str>,
) -> Result<FoundTransfer> {
    let session = context.session().await?;
    let number = parse_number(v1::ObjectKind::Transfer, transfer)?;
    let accounts = match account {
        Some(account) => vec![session.account(account).await?.number],
        None => near(context).await?,
    };
    for account in &accounts {
        if let Some(found) = session.transfer_in(*account, number).await? {
            return Ok(found);
        }
    }
    Err(usage(match account {
        Some(account) => format!("the history of {account} has no transfer {transfer}"),
        None => format!(
            "{transfer} is not in your accounts nor in those of your roles' units: give --account"
        ),
    }))
}

/// Accounts of the member who asks, and of the units in which they hold roles.
async fn near(context: &Context) -> Result<Vec<u64>> {
    let session = context.session().await?;
    let member = context.member().await?.number;
    let assignments = session.list(keys::List::Assignments, member).await?;
    let assignments = session.get_all::<Assignment>(&assignments).await?;
    let roles: Vec<u64> = assignments.iter().flatten().map(|one| one.role).collect();
    let roles = session.get_all::<Role>(&roles).await?;
    let mut owners: Vec<u64> = roles
        .iter()
        .flatten()
        .map(|role| keys::owner_number(OwnerKind::Unit, role.unit))
        .collect();
    owners.push(keys::owner_number(OwnerKind::Member, member));
    owners.sort_unstable();
    owners.dedup();
    let view = session.view(AsOf::Newest);
    Ok(view.lists(keys::List::Accounts, &owners).await?.concat())
}
