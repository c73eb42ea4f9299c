//! Pays from one's own account, and waits until the receipt is proven.
//!
//! ```text
//! POLITY_PASSPHRASE=… cargo run --release -p polity-client --example pay -- ~/.polity finn gia:main 12.50
//! ```

use std::path::Path;

use polity_client::keys::{KeyStore, Passphrase};
use polity_client::ledger::form::numbered;
use polity_client::session::{Draft, HomeConfig, Session, VALIDITY_ONE_SIGNER, action, signed_by};
use polity_client::v1::{Account, Asset, Transfer, TransferKind, action::Kind};
use polity_client::{Error, ErrorKind, Result, amount};

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [home, member, to, number] = &arguments[..] else {
        let words = "usage: pay HOME MEMBER TO AMOUNT, with POLITY_PASSPHRASE set";
        return Err(Error::new(ErrorKind::Usage, words));
    };
    let home = Path::new(home);
    let session = Session::open(home, HomeConfig::default(), None)?;

    // What is signed are numbers, so names are looked up first, and proven.
    let payer = session.member(member).await?;
    let from = session.account(&format!("{member}:main")).await?;
    let to = session.account(to).await?;
    let account: Account = session.get(from.number).await?.unwrap_or_default();
    let asset: Asset = session.get(account.asset).await?.unwrap_or_default();
    let transfer = Transfer {
        from: numbered(from.number),
        to: numbered(to.number),
        amount: amount::parse(number, asset.scale)?.to_bytes(),
        kind: TransferKind::Gift as i32,
        ..Transfer::default()
    };

    let passphrase = Passphrase::new(std::env::var("POLITY_PASSPHRASE").unwrap_or_default());
    let signer = KeyStore::in_home(home).open(member, &passphrase)?;
    let mut draft = Draft::new(
        session.organisation(),
        vec![signed_by(payer.number, &signer.public_key())],
        // Nobody acts in a role who spends what is their own.
        vec![action(Kind::Transfer(transfer), 0)],
        VALIDITY_ONE_SIGNER,
    )?;
    draft.sign(session.organisation(), &signer)?;
    println!("transaction {}", hex::encode(draft.id()));

    let outcome = session.submit(&draft).await?;
    match outcome.code {
        0 => println!("accepted in block {}, proven", outcome.height),
        code => println!(
            "refused in block {} with code {code}, proven",
            outcome.height
        ),
    }
    Ok(())
}
