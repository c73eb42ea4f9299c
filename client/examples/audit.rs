//! Audits an account from the genesis file to the newest header, and lists what moved in it.
//!
//! ```text
//! cargo run --release -p polity-client --example audit -- ~/.polity finn:main
//! ```

use std::collections::BTreeSet;
use std::path::Path;

use polity_client::export::books::kind_word;
use polity_client::session::{AsOf, HomeConfig, Session};
use polity_client::{Error, ErrorKind, Result, amount, time};

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [home, account] = &arguments[..] else {
        return Err(Error::new(ErrorKind::Usage, "usage: audit HOME ACCOUNT"));
    };
    let session = Session::open(Path::new(home), HomeConfig::default(), None)?;
    let account = session.account(account).await?;

    // An error here means that something does not hold; there is no such value of what is not sound.
    let audited = session
        .audit_account(account.number, &mut |_, _| {})
        .await?;
    let books = session
        .books(
            &BTreeSet::from([account.number]),
            AsOf::Newest,
            &mut |_, _| {},
        )
        .await?;
    for entry in &books.entries {
        let asset = books.asset_of(entry);
        println!(
            "{} {:<12} {} {} from {} to {}",
            time::day(entry.time),
            kind_word(entry.kind),
            amount::shown(entry.amount, asset.scale),
            asset.code,
            books.name(entry.from),
            books.name(entry.to)
        );
    }
    println!(
        "{} is sound: {} entries, {} proven by transactions, {} by timers, {} by the genesis file, at height {}",
        account.shown,
        audited.entries,
        audited.by_transactions,
        audited.by_timers,
        audited.by_genesis,
        audited.height
    );
    Ok(())
}
