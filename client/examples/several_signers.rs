//! A swap: two people sign one transaction, and both of its transfers happen, or neither. The first one writes a draft
//! into a file; whoever gets the file reads what it does, signs, and the one who signs last sends it.
//!
//! ```text
//! several_signers HOME swap.tx offer finn:main 10.00 gia:main 8.00
//! POLITY_PASSPHRASE=… several_signers HOME swap.tx sign finn
//! POLITY_PASSPHRASE=… several_signers HOME swap.tx sign gia
//! ```

use std::path::Path;

use polity_client::keys::{KeyStore, Passphrase};
use polity_client::ledger::form::numbered;
use polity_client::session::{
    Draft, HomeConfig, Session, VALIDITY_SEVERAL_SIGNERS, action, signed_by,
};
use polity_client::v1::{
    Account, Action, Asset, Member, Signer, Transfer, TransferKind, action::Kind,
};
use polity_client::{Error, ErrorKind, Result, amount};

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        [home, file, "offer", one, first, other, second] => {
            offer(Path::new(home), file, (one, first), (other, second)).await
        }
        [home, file, "sign", member] => sign(Path::new(home), file, member).await,
        _ => Err(usage(
            "usage: several_signers HOME FILE offer ACCOUNT AMOUNT ACCOUNT AMOUNT | HOME FILE sign MEMBER",
        )),
    }
}

async fn offer(home: &Path, file: &str, one: (&str, &str), other: (&str, &str)) -> Result<()> {
    let session = Session::open(home, HomeConfig::default(), None)?;
    let (first, give) = transfer(&session, 0, one, other.0).await?;
    let (second, take) = transfer(&session, 1, other, one.0).await?;
    let draft = Draft::new(
        session.organisation(),
        vec![first, second],
        vec![give, take],
        VALIDITY_SEVERAL_SIGNERS,
    )?;
    std::fs::write(file, draft.to_envelope())
        .map_err(|error| usage("the draft cannot be written").with_source(error))
}

/// A transfer out of a member's account, and the member as its signer.
async fn transfer(
    session: &Session,
    signer: u32,
    (from, number): (&str, &str),
    to: &str,
) -> Result<(Signer, Action)> {
    let from = session.account(from).await?.number;
    let account: Account = session.get(from).await?.unwrap_or_default();
    let asset: Asset = session.get(account.asset).await?.unwrap_or_default();
    let owner = account.owner.unwrap_or_default().number;
    let member: Member = session.get(owner).await?.unwrap_or_default();
    let key = member
        .keys
        .iter()
        .find(|key| key.revoked_at == 0)
        .and_then(|key| <&[u8; 32]>::try_from(&key.public[..]).ok())
        .ok_or_else(|| usage("the account's owner has no key to sign with"))?;
    let transfer = Transfer {
        from: numbered(from),
        to: numbered(session.account(to).await?.number),
        amount: amount::parse(number, asset.scale)?.to_bytes(),
        kind: TransferKind::Payment as i32,
        ..Transfer::default()
    };
    let action = Action {
        actor: signer,
        ..action(Kind::Transfer(transfer), 0)
    };
    Ok((signed_by(owner, key), action))
}

async fn sign(home: &Path, file: &str, member: &str) -> Result<()> {
    let session = Session::open(home, HomeConfig::default(), None)?;
    let bytes = std::fs::read(file)
        .map_err(|error| usage("the draft cannot be read").with_source(error))?;
    let mut draft = Draft::from_envelope(&bytes)?;
    let body = draft.body()?;
    let you = session.member(member).await?.number;
    for action in &body.actions {
        let sentence = session
            .words()
            .sentence(&body.signers, action, None, you)
            .await?;
        println!("{sentence}.");
    }

    let passphrase = Passphrase::new(std::env::var("POLITY_PASSPHRASE").unwrap_or_default());
    let signer = KeyStore::in_home(home).open(member, &passphrase)?;
    if !draft.sign(session.organisation(), &signer)? {
        return Err(usage("the draft does not wait for this member"));
    }
    std::fs::write(file, draft.to_envelope())
        .map_err(|error| usage("the draft cannot be written").with_source(error))?;
    if !draft.is_complete() {
        println!("signed; others are still to sign");
        return Ok(());
    }
    let outcome = session.submit(&draft).await?;
    println!("block {}, code {}, proven", outcome.height, outcome.code);
    Ok(())
}

fn usage(words: &str) -> Error {
    Error::new(ErrorKind::Usage, words)
}
