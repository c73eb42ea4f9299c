//! Members and their keys.

use polity_ledger::state::objects;
use polity_proto::v1::{
    AddKey, AssignRole, ImportMember, InviteMember, Join, JoinUnit, Leave, MemberKind, ObjectKind,
    RecoverMember, Recovery, ReinstateMember, RevokeKey, StopRecovery, SuspendMember, action::Kind,
};

use super::super::draft::Draft;
use super::super::text::Words;
use super::super::trouble::{Outcome, Trouble};
use super::document;
use crate::keys::public;

/// The text that every organisation of a story agrees to.
pub(super) const CONSTITUTION: &str = "constitution";

pub(super) fn read(draft: &mut Draft<'_>, verb: &str, words: &mut Words) -> Outcome<bool> {
    match verb {
        "enrol" => enrol(draft, words)?,
        "invite" => invite(draft, words)?,
        "join" if words.is_done() => join(draft, CONSTITUTION)?,
        "join" if words.take("under another constitution") => join(draft, "another")?,
        "add" if words.take("key") => add_key(draft, words)?,
        "revoke" if words.take("key") => {
            let key = public(&words.word("key")?);
            draft.push(Kind::RevokeKey(RevokeKey { key }));
        }
        "recover" => recover(draft, words)?,
        "stop" => stop(draft, words)?,
        "suspend" => {
            let member = draft.refer(ObjectKind::Member, words)?;
            draft.push(Kind::SuspendMember(SuspendMember { member }));
        }
        "reinstate" => {
            let member = draft.refer(ObjectKind::Member, words)?;
            draft.push(Kind::ReinstateMember(ReinstateMember { member }));
        }
        "leave" if words.is_done() => draft.push(Kind::Leave(Leave {})),
        "import" => import(draft, words)?,
        _ => return Ok(false),
    }
    Ok(true)
}

/// `enrol finn in acme/dev as acme/dev#engineer`: invited, joined, placed; for foundings.
fn enrol(draft: &mut Draft<'_>, words: &mut Words) -> Outcome<()> {
    let name = words.word("member")?;
    let kind = kind(words);
    words.need("in")?;
    let unit = draft.refer(ObjectKind::Unit, words)?;
    let invite = InviteMember {
        handle: name.clone(),
        key: public(&name),
        kind: kind as i32,
        unit,
        ..InviteMember::default()
    };
    draft.create(ObjectKind::Member, &name, Kind::InviteMember(invite));
    let member = draft.lookup.find(ObjectKind::Member, &name)?;
    draft.push(Kind::Join(Join {
        member,
        constitution: document(CONSTITUTION),
        possession: draft.possession(0, &name, false),
    }));
    draft.push(Kind::JoinUnit(JoinUnit { unit, member }));
    while words.take("as") {
        let role = draft.refer(ObjectKind::Role, words)?;
        draft.push(Kind::AssignRole(AssignRole {
            role,
            member,
            ..AssignRole::default()
        }));
    }
    Ok(())
}

/// `invites lea to acme/dev [a service] [with key K] [known as ID]`.
fn invite(draft: &mut Draft<'_>, words: &mut Words) -> Outcome<()> {
    let handle = words.word("member")?;
    words.need("to")?;
    let unit = draft.refer(ObjectKind::Unit, words)?;
    let kind = kind(words);
    let key = words.after("with key")?.unwrap_or_else(|| handle.clone());
    let external_id = words.after("known as")?.unwrap_or_default();
    let invite = InviteMember {
        handle: handle.clone(),
        key: public(&key),
        kind: kind as i32,
        unit,
        external_id,
        ..InviteMember::default()
    };
    draft.create(ObjectKind::Member, &handle, Kind::InviteMember(invite));
    Ok(())
}

fn kind(words: &mut Words) -> MemberKind {
    if words.take("a service") {
        MemberKind::Service
    } else {
        MemberKind::Person
    }
}

fn join(draft: &mut Draft<'_>, constitution: &str) -> Outcome<()> {
    let actor = draft.actor.clone();
    let member = draft.lookup.find(ObjectKind::Member, &actor)?;
    draft.push(Kind::Join(Join {
        member,
        constitution: document(constitution),
        possession: Vec::new(),
    }));
    Ok(())
}

/// `adds key K [for MEMBER] [proven by OTHER]`.
fn add_key(draft: &mut Draft<'_>, words: &mut Words) -> Outcome<()> {
    let key = words.word("key")?;
    let name = words.after("for")?.unwrap_or_else(|| draft.actor.clone());
    let signing = words.after("proven by")?;
    let number = draft.lookup.number(ObjectKind::Member, &name)?;
    let possession = match signing {
        Some(other) => draft.possession(number, &other, false),
        None => draft.possession(number, &key, false),
    };
    let member = draft.lookup.find(ObjectKind::Member, &name)?;
    draft.push(Kind::AddKey(AddKey {
        member,
        key: public(&key),
        possession,
    }));
    Ok(())
}

/// `recovers finn with key K`.
fn recover(draft: &mut Draft<'_>, words: &mut Words) -> Outcome<()> {
    let name = words.word("member")?;
    words.need("with key")?;
    let key = words.word("key")?;
    let number = draft.lookup.number(ObjectKind::Member, &name)?;
    let member = draft.lookup.find(ObjectKind::Member, &name)?;
    draft.push(Kind::RecoverMember(RecoverMember {
        member,
        key: public(&key),
        possession: draft.possession(number, &key, false),
    }));
    Ok(())
}

/// `stops the recovery [of finn]`: the newest one.
fn stop(draft: &mut Draft<'_>, words: &mut Words) -> Outcome<()> {
    words.need("the recovery")?;
    let name = words.after("of")?.unwrap_or_else(|| draft.actor.clone());
    let number = draft.lookup.number(ObjectKind::Member, &name)?;
    let recoveries = (1..)
        .map_while(|number| objects::get::<Recovery>(draft.lookup.state, number))
        .filter(|recovery| recovery.member == number);
    let newest = recoveries
        .last()
        .ok_or_else(|| Trouble(format!("nobody ever recovered {name}")))?;
    draft.push(Kind::StopRecovery(StopRecovery {
        recovery: polity_ledger::form::numbered(newest.number),
    }));
    Ok(())
}

/// `imports mia to acme/dev [known as ID]`.
fn import(draft: &mut Draft<'_>, words: &mut Words) -> Outcome<()> {
    let handle = words.word("member")?;
    words.need("to")?;
    let unit = draft.refer(ObjectKind::Unit, words)?;
    let external_id = words.after("known as")?.unwrap_or_default();
    let act = ImportMember {
        handle: handle.clone(),
        external_id,
        kind: MemberKind::Person as i32,
        unit,
    };
    draft.create(ObjectKind::Member, &handle, Kind::ImportMember(act));
    Ok(())
}
