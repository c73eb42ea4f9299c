//! `member list | show | invite | join | leave | suspend | reinstate | recover | stop-recovery | import | add-key |
//! revoke-key`.

use clap::{Args, Subcommand};
use polity_client::ledger::state::keys::List as Lists;
use polity_client::session::lettered;
use polity_client::v1::{
    self, Assignment, Member as MemberObject, MemberKind, MemberState, ObjectKind, Organisation,
    action::Kind,
};
use polity_client::{Error, ErrorKind, Result};
use serde_json::{Value, json};

use super::{numbered, reference};
use crate::context::Context;
use crate::names::{self, Names};
use crate::output::{Table, facts};
use crate::{passphrase, time};

/// People and services of the organisation, and their keys.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity member list\n  \
    polity member show finn\n  \
    polity member invite finn --unit acme/dev --public-key 5f0c…\n  \
    polity member join --member finn\n  \
    polity member suspend finn --with ada=acme/ops#lead --draft suspend.draft")]
pub struct Member {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    List(List),
    Show(Show),
    Invite(Invite),
    Join(Join),
    Leave(Leave),
    Suspend(Suspend),
    Reinstate(Reinstate),
    Recover(Recover),
    StopRecovery(StopRecovery),
    Import(Import),
    AddKey(AddKey),
    RevokeKey(RevokeKey),
}

impl Member {
    /// Runs the verb.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self.verb {
            Verb::List(verb) => verb.run(context).await,
            Verb::Show(verb) => verb.run(context).await,
            Verb::Invite(verb) => verb.run(context).await,
            Verb::Join(verb) => verb.run(context).await,
            Verb::Leave(verb) => verb.run(context).await,
            Verb::Suspend(verb) => verb.run(context).await,
            Verb::Reinstate(verb) => verb.run(context).await,
            Verb::Recover(verb) => verb.run(context).await,
            Verb::StopRecovery(verb) => verb.run(context).await,
            Verb::Import(verb) => verb.run(context).await,
            Verb::AddKey(verb) => verb.run(context).await,
            Verb::RevokeKey(verb) => verb.run(context).await,
        }
    }
}

/// Lists members: all of the organisation, or those who joined a unit.
#[derive(Args, Debug)]
struct List {
    /// Only members who joined this unit.
    #[arg(long)]
    unit: Option<String>,
}

impl List {
    async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let at = context.as_of().await?;
        let (list, owner) = match &self.unit {
            Some(unit) => (Lists::Joined, session.unit(unit).await?.number),
            None => (Lists::Members, 0),
        };
        let (lists, _) = session.lists(list, &[owner], at).await?;
        let numbers = lists.into_iter().next().unwrap_or_default();
        let (members, moment) = session.get_all_at::<MemberObject>(&numbers, at).await?;
        let members: Vec<MemberObject> = members.into_iter().flatten().collect();
        let mut names = Names::new(session, at);
        names.load_units(members.iter().map(|one| one.unit)).await?;

        let mut table = Table::new(["member", "handle", "state", "admitted by unit", "keys"]);
        for member in &members {
            table.row([
                lettered(ObjectKind::Member, member.number),
                member.handle.clone(),
                state(member).to_owned(),
                names.unit(member.unit),
                active_keys(member).to_string(),
            ]);
        }
        let json: Vec<Value> = members.iter().map(|one| member_json(&names, one)).collect();
        context.answer(moment, json!({ "members": json }), || table.to_string());
        Ok(())
    }
}

/// Shows a member: state, keys, roles and units.
#[derive(Args, Debug)]
struct Show {
    /// Number or handle; without it, yourself.
    who: Option<String>,
}

impl Show {
    async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let at = context.as_of().await?;
        let number = match &self.who {
            Some(text) => session.member(text).await?.number,
            None => context.member().await?.number,
        };
        let (member, moment) = session.get_at::<MemberObject>(number, at).await?;
        let member = member.ok_or_else(|| usage(format!("m{number} did not exist then")))?;
        let (lists, _) = session.lists(Lists::Assignments, &[number], at).await?;
        let (assignments, _) = session
            .get_all_at::<Assignment>(&lists.concat(), at)
            .await?;
        let assignments: Vec<Assignment> = assignments.into_iter().flatten().collect();
        let (units, _) = session.lists(Lists::JoinedBy, &[number], at).await?;
        let units = units.concat();
        let mut names = Names::new(session, at);
        names
            .load_units(units.iter().copied().chain([member.unit]))
            .await?;
        names
            .load_roles(assignments.iter().map(|one| one.role))
            .await?;
        names.load_members([member.admitted_by]).await?;

        let mut json = member_json(&names, &member);
        json["roles"] = assignments
            .iter()
            .map(|one| {
                json!({
                    "assignment": lettered(ObjectKind::Assignment, one.number),
                    "role": names::json(ObjectKind::Role, one.role),
                    "name": names.role(one.role),
                    "from": time::json(one.from),
                    "until": time::json(one.until),
                })
            })
            .collect();
        json["units"] = units
            .iter()
            .map(|unit| json!({"unit": lettered(ObjectKind::Unit, *unit), "name": names.unit(*unit)}))
            .collect();
        context.answer(moment, json, || {
            let mut text = facts(&[
                ("member", names_of(&member)),
                ("state", state(&member).to_owned()),
                ("kind", kind(&member).to_owned()),
                (
                    "admitted by unit",
                    names.shown(ObjectKind::Unit, member.unit),
                ),
                (
                    "admitted by",
                    names.shown(ObjectKind::Member, member.admitted_by),
                ),
                ("joined", time::shown(member.joined_at)),
                ("sleeps until", time::shown(member.sleeps_until)),
                ("open recovery", recovery(&member)),
                ("external id", member.external_id.clone()),
            ]);
            for key in &member.keys {
                let revoked = match key.revoked_at {
                    0 => String::new(),
                    at => format!(", revoked {}", time::shown(at)),
                };
                text.push_str(&format!(
                    "key   {} since {}{revoked}\n",
                    hex::encode(&key.public),
                    time::shown(key.added_at)
                ));
            }
            for one in &assignments {
                let until = match one.until {
                    0 => String::new(),
                    until => format!(" until {}", time::shown(until)),
                };
                text.push_str(&format!(
                    "role  {} ({}){until}\n",
                    names.shown(ObjectKind::Role, one.role),
                    lettered(ObjectKind::Assignment, one.number)
                ));
            }
            for unit in &units {
                text.push_str(&format!("unit  {}\n", names.shown(ObjectKind::Unit, *unit)));
            }
            text
        });
        Ok(())
    }
}

/// Invites somebody by the public key that they made with `polity key new`.
#[derive(Args, Debug)]
struct Invite {
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
    async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let act = v1::InviteMember {
            handle: self.handle,
            key: bytes::<32>(&self.public_key, "a public key")?,
            commitment: match &self.commitment {
                Some(text) => bytes::<32>(text, "a commitment")?,
                None => Vec::new(),
            },
            kind: member_kind(self.service) as i32,
            unit: reference(session.unit(&self.unit).await?.number),
            external_id: self.external_id.unwrap_or_default(),
        };
        context.act(vec![Kind::InviteMember(act)]).await
    }
}

/// Joins, with the key that was invited: you agree to the constitution.
#[derive(Args, Debug)]
struct Join {
    /// The constitution that you read: its file, or its SHA-256. Without it, the organisation's own hash.
    #[arg(long, value_name = "HASH|FILE")]
    constitution: Option<String>,
}

impl Join {
    async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let member = context.actor().await?.member;
        let organisation: Organisation = session.get(0).await?.unwrap_or_default();
        let constitution = match &self.constitution {
            Some(text) => super::document_hash(text)?,
            None => organisation.constitution.clone(),
        };
        if constitution != organisation.constitution {
            return Err(usage(format!(
                "this is not the organisation's constitution, whose SHA-256 is {}",
                hex::encode(organisation.constitution)
            )));
        }
        let act = v1::Join {
            member: reference(member.number),
            constitution,
            possession: Vec::new(),
        };
        context.act(vec![Kind::Join(act)]).await
    }
}

/// Leaves the organisation, for good: your keys lose their power.
#[derive(Args, Debug)]
struct Leave {}

impl Leave {
    async fn run(self, context: &Context) -> Result<()> {
        context.act(vec![Kind::Leave(v1::Leave {})]).await
    }
}

/// Takes a member's power for the time being. Two people of different units sign: use `--with` and `--draft`.
#[derive(Args, Debug)]
struct Suspend {
    /// Number or handle.
    who: String,
}

impl Suspend {
    async fn run(self, context: &Context) -> Result<()> {
        let member = context.session().await?.member(&self.who).await?.number;
        let act = v1::SuspendMember {
            member: reference(member),
        };
        context.act(vec![Kind::SuspendMember(act)]).await
    }
}

/// Gives a suspended member their power back.
#[derive(Args, Debug)]
struct Reinstate {
    /// Number or handle.
    who: String,
}

impl Reinstate {
    async fn run(self, context: &Context) -> Result<()> {
        let member = context.session().await?.member(&self.who).await?.number;
        let act = v1::ReinstateMember {
            member: reference(member),
        };
        context.act(vec![Kind::ReinstateMember(act)]).await
    }
}

/// Starts the recovery of a member who lost every key. Two people of different units sign; the owner can stop it
/// while it waits. The member's new key and its proof come from `polity key show NAME --for MEMBER`.
#[derive(Args, Debug)]
struct Recover {
    /// Number or handle.
    who: String,
    #[command(flatten)]
    key: NewKey,
}

impl Recover {
    async fn run(self, context: &Context) -> Result<()> {
        let member = context.session().await?.member(&self.who).await?.number;
        let (key, possession) = self.key.read(context, member).await?;
        let act = v1::RecoverMember {
            member: reference(member),
            key,
            possession,
        };
        context.act(vec![Kind::RecoverMember(act)]).await
    }
}

/// Stops the recovery of your own keys, which you did not ask for.
#[derive(Args, Debug)]
struct StopRecovery {
    /// Number of the recovery, v3; without it, the one that is open for you.
    recovery: Option<String>,
}

impl StopRecovery {
    async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let number = match &self.recovery {
            Some(text) => numbered(ObjectKind::Recovery, text)?,
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
            recovery: reference(number),
        };
        context.act(vec![Kind::StopRecovery(act)]).await
    }
}

/// Takes a member over from another system: no keys, no power, in no electorate.
#[derive(Args, Debug)]
struct Import {
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
    async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let act = v1::ImportMember {
            handle: self.handle,
            external_id: self.external_id,
            kind: member_kind(self.service) as i32,
            unit: reference(session.unit(&self.unit).await?.number),
        };
        context.act(vec![Kind::ImportMember(act)]).await
    }
}

/// Adds a further key: of your own, or the first one of an imported member, which two people sign.
#[derive(Args, Debug)]
struct AddKey {
    #[command(flatten)]
    key: NewKey,
    /// Whose key it is; without it, yours.
    #[arg(long = "for", value_name = "MEMBER")]
    member: Option<String>,
}

impl AddKey {
    async fn run(self, context: &Context) -> Result<()> {
        let member = match &self.member {
            Some(text) => context.session().await?.member(text).await?.number,
            None => context.member().await?.number,
        };
        let (key, possession) = self.key.read(context, member).await?;
        let act = v1::AddKey {
            member: reference(member),
            key,
            possession,
        };
        context.act(vec![Kind::AddKey(act)]).await
    }
}

/// Takes a key of yours out of use, for good. A young key cannot revoke an older one.
#[derive(Args, Debug)]
struct RevokeKey {
    /// The public key, or the name of a key in this home directory.
    which: String,
}

impl RevokeKey {
    async fn run(self, context: &Context) -> Result<()> {
        let key = match hex::decode(&self.which) {
            Ok(key) if key.len() == 32 => key,
            _ => context.keys().public(&self.which)?.public_key.to_vec(),
        };
        context
            .act(vec![Kind::RevokeKey(v1::RevokeKey { key })])
            .await
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
            let key = bytes::<32>(&self.new_key, "a public key")?;
            return Ok((key, bytes::<64>(possession, "a proof of possession")?));
        }
        let key = context.keys().public(&self.new_key)?;
        let passphrase = passphrase::existing(&key.name, context.options.passphrase_fd)?;
        let signer = context.keys().open(&key.name, &passphrase)?;
        let organisation = context.session().await?.organisation();
        let possession = signer.prove_possession(organisation, member);
        Ok((key.public_key.to_vec(), possession.to_vec()))
    }
}

fn member_json(names: &Names<'_>, member: &MemberObject) -> Value {
    json!({
        "member": lettered(ObjectKind::Member, member.number),
        "handle": member.handle,
        "external_id": member.external_id,
        "kind": kind(member),
        "state": state(member),
        "unit": names::json(ObjectKind::Unit, member.unit),
        "unit_name": names.unit(member.unit),
        "admitted_by": names::json(ObjectKind::Member, member.admitted_by),
        "joined": time::json(member.joined_at),
        "sleeps_until": time::json(member.sleeps_until),
        "recovery": names::json(ObjectKind::Recovery, member.recovery),
        "home_squad": names::json(ObjectKind::Unit, member.home_squad),
        "keys": member.keys.iter().map(|key| json!({
            "public_key": hex::encode(&key.public),
            "added": time::json(key.added_at),
            "revoked": time::json(key.revoked_at),
        })).collect::<Vec<_>>(),
    })
}

fn names_of(member: &MemberObject) -> String {
    format!(
        "{} {}",
        lettered(ObjectKind::Member, member.number),
        member.handle
    )
}

fn active_keys(member: &MemberObject) -> usize {
    member.keys.iter().filter(|key| key.revoked_at == 0).count()
}

fn state(member: &MemberObject) -> &'static str {
    match member.state() {
        MemberState::None => "none",
        MemberState::Invited => "invited",
        MemberState::Active => "active",
        MemberState::Suspended => "suspended",
        MemberState::Departed => "departed",
        MemberState::Imported => "imported",
    }
}

fn kind(member: &MemberObject) -> &'static str {
    match member.kind() {
        MemberKind::Person => "person",
        MemberKind::Service => "service",
    }
}

fn member_kind(service: bool) -> MemberKind {
    match service {
        true => MemberKind::Service,
        false => MemberKind::Person,
    }
}

fn bytes<const N: usize>(text: &str, what: &str) -> Result<Vec<u8>> {
    match hex::decode(text) {
        Ok(bytes) if bytes.len() == N => Ok(bytes),
        _ => Err(usage(format!("{what} has {} hexadecimal digits", 2 * N))),
    }
}

fn usage(words: impl Into<String>) -> Error {
    Error::new(ErrorKind::Usage, words)
}

fn recovery(member: &MemberObject) -> String {
    match member.recovery {
        0 => String::new(),
        number => lettered(ObjectKind::Recovery, number),
    }
}
