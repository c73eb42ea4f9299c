//! `party list | register`.

use clap::{Args, Subcommand};
use polity_client::Result;
use polity_client::ledger::state::keys::{self, List as Lists};
use polity_client::session::lettered;
use polity_client::v1::{
    Account, ObjectKind, OwnerKind, Party as PartyState, RegisterParty, action::Kind,
};
use serde_json::json;

use crate::context::Context;
use crate::digits;
use crate::failure::usage;
use crate::names::{self, Names};
use crate::output::Table;

/// External counterparties of a unit: vendors, customers, banks.
///
/// The chain holds a handle and a salted commitment, never their data.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity party register acme/dev/@vendor-7 --external-id V-0007\n  \
    polity account open acme/dev/@vendor-7:main EUR\n  \
    polity party list acme/dev")]
pub struct Party {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    List(List),
    Register(Register),
}

impl Party {
    /// Runs the verb.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self.verb {
            Verb::List(verb) => verb.run(context).await,
            Verb::Register(verb) => verb.run(context).await,
        }
    }
}

/// Lists a unit's parties and their accounts.
#[derive(Args, Debug)]
struct List {
    /// The unit.
    unit: String,
}

impl List {
    async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let view = context.view().await?;
        let unit = session.unit(&self.unit).await?.number;
        let parties: Vec<PartyState> = view.listed(Lists::Parties, &[unit]).await?;
        let owners: Vec<u64> = parties
            .iter()
            .map(|party| keys::owner_number(OwnerKind::Party, party.number))
            .collect();
        let accounts = view.lists(Lists::Accounts, &owners).await?;
        let mut names = Names::new(&view);
        names
            .load_parties(parties.iter().map(|party| party.number))
            .await?;
        names.load_accounts(accounts.concat()).await?;

        let mut table = Table::new(["party", "name", "external id", "accounts"]);
        let mut rows = Vec::new();
        for (party, accounts) in parties.iter().zip(&accounts) {
            let shown: Vec<String> = accounts
                .iter()
                .filter_map(|number| names.known_account(*number))
                .map(|account| shown(account, &names))
                .collect();
            table.row([
                lettered(ObjectKind::Party, party.number),
                names.party(party.number),
                party.external_id.clone(),
                shown.join(", "),
            ]);
            rows.push(json!({
                "party": lettered(ObjectKind::Party, party.number),
                "name": names.party(party.number),
                "unit": lettered(ObjectKind::Unit, party.unit),
                "handle": party.handle,
                "external_id": party.external_id,
                "commitment": digits::json(&party.commitment),
                "accounts": accounts.iter().map(|one| names::json(ObjectKind::Account, *one)).collect::<Vec<_>>(),
            }));
        }
        context.answer(&view, json!({"parties": rows}), || table.to_string());
        Ok(())
    }
}

/// Registers a counterparty of a unit.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    polity party register acme/dev/@vendor")]
struct Register {
    /// The unit and the party's handle: `acme/dev/@vendor-7`.
    #[arg(value_name = "UNIT/@HANDLE")]
    party: String,
    /// Its name in another system.
    #[arg(long, default_value = "", value_name = "ID")]
    external_id: String,
    /// Salted commitment to its data: 64 hexadecimal digits.
    #[arg(long, value_name = "HEX")]
    commitment: Option<String>,
}

impl Register {
    async fn run(self, context: &Context) -> Result<()> {
        let (unit, handle) = place(&self.party)?;
        let register = RegisterParty {
            unit: context.unit_ref(unit).await?,
            handle: handle.to_owned(),
            external_id: self.external_id,
            commitment: match &self.commitment {
                Some(text) => digits::read::<32>("a commitment", text)?.to_vec(),
                None => Vec::new(),
            },
        };
        context.act(vec![Kind::RegisterParty(register)]).await
    }
}

fn shown(account: &Account, names: &Names<'_>) -> String {
    let letter = lettered(ObjectKind::Account, account.number);
    format!(
        "{letter} {} {}",
        account.handle,
        names.asset(account.asset).code
    )
}

fn place(text: &str) -> Result<(&str, &str)> {
    text.split_once("/@").ok_or_else(|| {
        let words =
            format!("a new party is written UNIT/@HANDLE, like acme/dev/@vendor-7, not {text}");
        usage(words)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_party_belongs_to_a_unit() {
        assert_eq!(
            place("acme/dev/@vendor").expect("a place"),
            ("acme/dev", "vendor")
        );
        assert!(place("acme/dev/vendor").is_err());
    }
}
