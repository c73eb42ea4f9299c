//! Connects to an organisation and shows an account's balance, proven against headers that the departments signed.
//!
//! ```text
//! cargo run --release -p polity-client --example balance -- ~/.polity finn:main
//! ```

use std::path::Path;

use polity_client::ledger::Amount;
use polity_client::session::{AsOf, HomeConfig, Session};
use polity_client::v1::{Account, Asset};
use polity_client::{Error, ErrorKind, Result, amount};

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [home, account] = &arguments[..] else {
        return Err(Error::new(ErrorKind::Usage, "usage: balance HOME ACCOUNT"));
    };

    // The home holds genesis.json, where trust begins, and config.toml, which names nodes that need none.
    let session = Session::open(Path::new(home), HomeConfig::default(), None)?;
    let named = session.account(account).await?;
    // A view remembers whether everything that was read through it is proven.
    let view = session.view(AsOf::Newest);
    let found: Account = view.get(named.number).await?.unwrap_or_default();
    let asset: Asset = view.get(found.asset).await?.unwrap_or_default();
    let moment = view.moment();

    let counted = |bytes: &[u8]| Amount::from_bytes(bytes).unwrap_or_default();
    let credits = counted(&found.credits_posted);
    let debits = counted(&found.debits_posted);
    let sign = if debits > credits { "-" } else { "" };
    let balance = Amount(credits.0.abs_diff(debits.0));
    println!(
        "{} has {sign}{} {} at height {}, proven: {}",
        named.shown,
        amount::shown(balance, asset.scale),
        asset.code,
        moment.height,
        moment.is_proven
    );
    Ok(())
}
