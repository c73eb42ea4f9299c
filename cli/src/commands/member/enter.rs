//! `member invite | withdraw | join | import | leave`.

use clap::Args;
use polity_client::Result;
use polity_client::ledger::form;
use polity_client::v1::{self, MemberKind, Organisation, action::Kind};

use crate::commands::document_hash;
use crate::context::Context;
use crate::digits;
use crate::failure::usage;

/// Invites somebody by the public key that they made with `polity key new`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    polity member invite finn --unit acme/dev --public-key 5f0c…")]
pub(super) struct Invite {
    /// Handle of the new member: a-z, 0-9 and -.
    handle: String,
    /// Unit that admits them.
    #[arg(long)]
    unit: String,
    /// The invited public key, 64 hexadecimal digits.
    #[arg(long, value_name = "HEX")]
    public_key: String,
    /// A service, not a person: it does not approve and is in no count.
    #[arg(long)]
    service: bool,
    /// Salted commitment to personal data, 64 hexadecimal digits: never the data.
    #[arg(long, value_name = "HEX")]
    commitment: Option<String>,
    /// What another system calls them.
    #[arg(long, value_name = "ID")]
    external_id: Option<String>,
}

impl Invite {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let act = v1::InviteMember {
            handle: self.handle,
            key: digits::read::<32>("a public key", &self.public_key)?.to_vec(),
            commitment: match &self.commitment {
                Some(text) => digits::read::<32>("a commitment", text)?.to_vec(),
                None => Vec::new(),
            },
            kind: member_kind(self.service) as i32,
            unit: form::numbered(session.unit(&self.unit).await?.number),
            external_id: self.external_id.unwrap_or_default(),
        };
        context.act(vec![Kind::InviteMember(act)]).await
    }
}

/// Takes back the invitation of somebody who has not joined: their handle and key may be invited again.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    polity member withdraw finn")]
pub(super) struct Withdraw {
    /// Who was invited: number or handle.
    who: String,
}

impl Withdraw {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let act = v1::WithdrawInvitation {
            member: context.member_ref(&self.who).await?,
        };
        context.act(vec![Kind::WithdrawInvitation(act)]).await
    }
}

/// Joins, with the key that was invited: you agree to the constitution.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    polity member join --constitution constitution.md")]
pub(super) struct Join {
    /// The constitution that you read: its file, or its SHA-256. Without it, the organisation's own hash.
    #[arg(long, value_name = "HASH|FILE")]
    constitution: Option<String>,
}

impl Join {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let member = context.actor().await?.member;
        let organisation: Organisation = session.get(0).await?.unwrap_or_default();
        let constitution = match &self.constitution {
            Some(text) => document_hash(text)?,
            None => organisation.constitution.clone(),
        };
        if constitution != organisation.constitution {
            return Err(usage(format!(
                "this is not the organisation's constitution, whose SHA-256 is {}",
                hex::encode(organisation.constitution)
            )));
        }
        let act = v1::Join {
            member: form::numbered(member.number),
            constitution,
            possession: Vec::new(),
        };
        context.act(vec![Kind::Join(act)]).await
    }
}

/// Takes a member over from another system: no keys, no power, in no electorate.
#[derive(Args, Debug)]
pub(super) struct Import {
    /// Handle: a-z, 0-9 and -.
    handle: String,
    /// What the other system calls them.
    #[arg(long, value_name = "ID")]
    external_id: String,
    /// Unit that takes them over.
    #[arg(long)]
    unit: String,
    /// A service, not a person.
    #[arg(long)]
    service: bool,
}

impl Import {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let act = v1::ImportMember {
            handle: self.handle,
            external_id: self.external_id,
            kind: member_kind(self.service) as i32,
            unit: form::numbered(session.unit(&self.unit).await?.number),
        };
        context.act(vec![Kind::ImportMember(act)]).await
    }
}

/// Leaves the organisation, for good: your keys lose their power.
#[derive(Args, Debug)]
pub(super) struct Leave {}

impl Leave {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        context.act(vec![Kind::Leave(v1::Leave {})]).await
    }
}

fn member_kind(service: bool) -> MemberKind {
    if service {
        MemberKind::Service
    } else {
        MemberKind::Person
    }
}
