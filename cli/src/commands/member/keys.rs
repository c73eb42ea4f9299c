//! `member add-key | revoke-key | recover | stop-recovery`.

use clap::Args;
use polity_client::Result;
use polity_client::ledger::form;
use polity_client::session::lettered;
use polity_client::v1::{self, Member as MemberObject, ObjectKind, action::Kind};

use crate::context::Context;
use crate::digits;
use crate::failure::usage;

/// Adds a further key: of your own, or the first one of an imported member, which two people sign.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity member add-key finn-laptop\n  \
    polity member add-key 3b6a… --possession 07c1… --for otto --with ivy")]
pub(super) struct AddKey {
    #[command(flatten)]
    key: NewKey,
    /// Whose key it is; without it, yours.
    #[arg(long = "for", value_name = "MEMBER")]
    holder: Option<String>,
}

impl AddKey {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let member = match &self.holder {
            Some(text) => context.session().await?.member(text).await?.number,
            None => context.member().await?.number,
        };
        let (key, possession) = self.key.read(context, member).await?;
        let act = v1::AddKey {
            member: form::numbered(member),
            key,
            possession,
        };
        context.act(vec![Kind::AddKey(act)]).await
    }
}

/// Takes a key of yours out of use, for good. A young key cannot revoke an older one.
#[derive(Args, Debug)]
pub(super) struct RevokeKey {
    /// The public key, or the name of a key in this home directory.
    which: String,
}

impl RevokeKey {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let key = match digits::read::<32>("a public key", &self.which) {
            Ok(key) => key,
            Err(_) => context.keys().public(&self.which)?.public_key,
        };
        let act = v1::RevokeKey { key: key.to_vec() };
        context.act(vec![Kind::RevokeKey(act)]).await
    }
}

/// Starts the recovery of a member who lost every key. Two people of different units sign; the owner can stop it
/// while it waits. The member's new key and its proof come from `polity key show NAME --for MEMBER`.
#[derive(Args, Debug)]
pub(super) struct Recover {
    /// Number or handle.
    who: String,
    #[command(flatten)]
    key: NewKey,
}

impl Recover {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let member = context.session().await?.member(&self.who).await?.number;
        let (key, possession) = self.key.read(context, member).await?;
        let act = v1::RecoverMember {
            member: form::numbered(member),
            key,
            possession,
        };
        context.act(vec![Kind::RecoverMember(act)]).await
    }
}

/// Stops the recovery of your own keys, which you did not ask for.
#[derive(Args, Debug)]
pub(super) struct StopRecovery {
    /// Number of the recovery, v3; without it, the one that is open for you.
    recovery: Option<String>,
}

impl StopRecovery {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let number = match &self.recovery {
            Some(text) => context.numbered::<v1::Recovery>(text).await?.number,
            None => {
                let member = context.member().await?.number;
                let member: MemberObject = session.get(member).await?.unwrap_or_default();
                member.recovery
            }
        };
        if number == 0 {
            return Err(usage("no recovery is open"));
        }
        let act = v1::StopRecovery {
            recovery: form::numbered(number),
        };
        context.act(vec![Kind::StopRecovery(act)]).await
    }
}

/// A key that is to be enrolled.
#[derive(Args, Debug)]
struct NewKey {
    /// Name of a key in this home directory, or a public key with --possession.
    #[arg(value_name = "KEY")]
    new_key: String,
    /// Proof that the key's holder has its secret, from `polity key show NAME --for MEMBER`.
    #[arg(long, value_name = "HEX")]
    possession: Option<String>,
}

impl NewKey {
    async fn read(&self, context: &Context, member: u64) -> Result<(Vec<u8>, Vec<u8>)> {
        if let Some(possession) = &self.possession {
            let key = digits::read::<32>("a public key", &self.new_key)?.to_vec();
            return Ok((
                key,
                digits::read::<64>("a proof of possession", possession)?.to_vec(),
            ));
        }
        // No key of a home is called like that: somebody else's key comes with its proof.
        if digits::read::<32>("a public key", &self.new_key).is_ok() {
            let member = lettered(ObjectKind::Member, member);
            return Err(usage(format!(
                "a public key comes with the proof that its holder has the secret: --possession HEX, which \
                 polity key show NAME --for {member} prints where the key lies"
            )));
        }
        let key = context.keys().public(&self.new_key)?;
        let passphrase = context.passphrases.of_existing(&key.name)?;
        let signer = context.keys().open(&key.name, &passphrase)?;
        let organisation = context.session().await?.founded();
        let possession = signer.prove_possession(organisation, member);
        Ok((key.public_key.to_vec(), possession.to_vec()))
    }
}
