//! `transfer show`.

use clap::Args;
use polity_client::Result;
use polity_client::ledger::state::keys;
use polity_client::session::{AsOf, Source, kind_name, lettered};
use polity_client::v1::{self, Correction, TransferKind};

use super::find::find;
use super::remarks;
use crate::amount::{self, counted};
use crate::context::Context;
use crate::event::Told;
use crate::failure::usage;
use crate::names::Names;
use crate::output::facts;
use crate::{event, time};

/// Shows a transfer, proven by the history of an account that it moved, and what of it was corrected.
#[derive(Args, Debug)]
pub(super) struct Show {
    /// Number of the transfer, t501.
    transfer: String,
    /// An account that paid or was paid; without it, your own and those of your roles' units are searched.
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
}

impl Show {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let found = find(context, &self.transfer, self.account.as_deref()).await?;
        let told = Told::of_proven(session, &found.proven).await?;
        let event = &told.event;
        let posting = event.posting.clone().unwrap_or_default();
        let view = context.view().await?;
        check_happened(view.at(), &self.transfer, found.item.entry.height)?;
        let mut names = Names::new(&view);
        event::load_names(&mut names, std::slice::from_ref(&told)).await?;
        let key = keys::key(keys::CORRECTION, &[posting.transfer]);
        let corrected: Option<Correction> = view.value(key).await?;
        let corrected = counted(&corrected.unwrap_or_default().amount)?;
        let moved = counted(&posting.amount)?;
        let behind = session.behind(std::slice::from_ref(&found.proven)).await?;
        let stated = behind.remarks(&found.proven);
        let id = match &found.proven.source {
            Source::Transaction(id) => hex::encode(id),
            Source::Genesis | Source::Timer => String::new(),
        };

        let corrects = told.corrects.map_or_else(String::new, |transfer| {
            lettered(v1::ObjectKind::Transfer, transfer)
        });
        let mut json = event::json(&names, &told);
        json["height"] = found.item.entry.height.into();
        json["time"] = time::json(found.proven.time);
        json["id"] = id.clone().into();
        json["kind"] = transfer_kind_name(posting.kind()).into();
        // What nobody can tell is no statement that there was none.
        if let Some(stated) = &stated {
            remarks::tell(stated, &mut json);
        }
        json["corrected"] = amount::json(corrected, &found.asset);
        let moment = view.moment();
        json["as_of"] = moment.height.into();
        json["proven"] = moment.is_proven.into();
        // The transfer is shown from the history of its account, proven whatever else is not.
        let mut kinds = view.kinds();
        kinds.proven.push(kind_name(v1::ObjectKind::Transfer));
        if !moment.is_proven {
            json["proven_kinds"] = kinds.proven.clone().into();
        }
        context.output.show(&json, || {
            let [line, reference, document, value_date] =
                remarks::lines(&stated.unwrap_or_default());
            facts(&[
                ("transfer", self.transfer.clone()),
                ("amount", amount::shown(moved, &found.asset)),
                ("from", names.shown(v1::ObjectKind::Account, posting.from)),
                ("to", names.shown(v1::ObjectKind::Account, posting.to)),
                ("corrects", corrects),
                ("kind", transfer_kind_name(posting.kind()).to_owned()),
                line,
                reference,
                document,
                value_date,
                ("by", names.members(&told.people())),
                ("as", names.roles(&told.roles())),
                ("basis", event::basis_words(event.basis)),
                ("time", time::shown(found.proven.time)),
                ("happened", time::shown(event.effective_at)),
                ("block", found.item.entry.height.to_string()),
                ("transaction", id),
                (
                    "corrected",
                    if corrected.is_zero() {
                        String::new()
                    } else {
                        amount::shown(corrected, &found.asset)
                    },
                ),
            ])
        });
        context.tell(moment, &kinds);
        Ok(())
    }
}

/// At a height before its own a transfer was not there.
fn check_happened(at: AsOf, transfer: &str, height: u64) -> Result<()> {
    match at {
        AsOf::Height(asked) if asked < height => Err(usage(format!(
            "{transfer} moved in block {height}, after height {asked}"
        ))),
        AsOf::Height(_) | AsOf::Newest => Ok(()),
    }
}

/// A kind of transfer as commands and JSON write it.
pub(crate) fn transfer_kind_name(kind: TransferKind) -> &'static str {
    match kind {
        TransferKind::None => "none",
        TransferKind::Payment => "payment",
        TransferKind::Reimbursement => "reimbursement",
        TransferKind::Compensation => "compensation",
        TransferKind::Refund => "refund",
        TransferKind::Gift => "gift",
        TransferKind::Internal => "internal",
        TransferKind::Allocation => "allocation",
        TransferKind::ReturnAllocation => "return_allocation",
        TransferKind::Issue => "issue",
        TransferKind::Retire => "retire",
        TransferKind::External => "external",
        TransferKind::Correction => "correction",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transfer_was_not_there_before_its_block() {
        for (at, is_there) in [
            (AsOf::Newest, true),
            (AsOf::Height(9), true),
            (AsOf::Height(8), false),
        ] {
            assert_eq!(check_happened(at, "t5", 9).is_ok(), is_there, "{at:?}");
        }
    }
}
