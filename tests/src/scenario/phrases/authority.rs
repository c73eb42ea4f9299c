//! Grants, policies and separation of duties.

use polity_ledger::Amount;
use polity_ledger::state::{keys, names};
use polity_proto::v1::{
    Delegate, GiveGrant, GiveSodException, Mode, ModeKind, ObjectKind, PeriodKind, PeriodLimit,
    RemovePolicy, RemoveSodRule, RevokeGrant, RoleKind, ScopeKind, ScopeRef, SetPolicy, SetSodRule,
    Tier, Who, WhoKind, action::Kind,
};

use super::super::clock;
use super::super::draft::Draft;
use super::super::text::Words;
use super::super::trouble::{Outcome, Trouble, trouble};
use super::{capabilities, capability, need_capability};

pub(super) fn read(draft: &mut Draft<'_>, verb: &str, words: &mut Words) -> Outcome<bool> {
    match verb {
        "give" => give(draft, words)?,
        "revoke" if words.take("grant") => {
            let grant = draft.refer(ObjectKind::Grant, words)?;
            draft.push(Kind::RevokeGrant(RevokeGrant { grant }));
        }
        "delegate" => delegate(draft, words)?,
        "set" if words.take("the policy of") => set_policy(draft, words)?,
        "set" if words.take("in words for") => in_words(draft, words)?,
        "remove" if words.take("the policy of") => {
            let policy = policy_of(draft, words)?;
            draft.push(Kind::RemovePolicy(RemovePolicy { policy }));
        }
        "keep" => keep_apart(draft, words)?,
        "remove" if words.take("rule") => {
            let rule = draft.refer(ObjectKind::SodRule, words)?;
            draft.push(Kind::RemoveSodRule(RemoveSodRule { rule }));
        }
        "except" => except(draft, words)?,
        _ => return Ok(false),
    }
    Ok(true)
}

/// What a grant allows at most.
#[derive(Clone, Default)]
struct Limits {
    per_transfer: Vec<u8>,
    per_period: Option<PeriodLimit>,
    asset: Option<String>,
}

/// `at most 500.00 EUR a transfer and 2000.00 EUR a month`, or `… in 30 days`.
fn limits(draft: &Draft<'_>, words: &mut Words) -> Outcome<Limits> {
    let mut limits = Limits::default();
    if !words.take("at most") {
        return Ok(limits);
    }
    loop {
        let (amount, code) = draft.amount(words)?;
        limits.asset = Some(code);
        if words.take("a transfer") {
            limits.per_transfer = amount;
        } else if words.take("a month") {
            limits.per_period = Some(PeriodLimit {
                kind: PeriodKind::CalendarMonth as i32,
                days: 0,
                amount,
            });
        } else {
            words.need("in")?;
            let days = clock::duration(words)? / polity_ledger::time::DAY;
            limits.per_period = Some(PeriodLimit {
                kind: PeriodKind::RollingDays as i32,
                days: days as u32,
                amount,
            });
        }
        if !words.take("and") {
            return Ok(limits);
        }
    }
}

/// `gives R govern, approve in U`, `below U`, `over ACCOUNT`; limits; `towards OWNER`; `from TIME`;
/// `until TIME`; `called NAME`. Each capability is a grant.
fn give(draft: &mut Draft<'_>, words: &mut Words) -> Outcome<()> {
    let role = draft.refer(ObjectKind::Role, words)?;
    let capabilities = capabilities(words)?;
    if capabilities.is_empty() {
        return trouble("no capability is given");
    }
    let scope = scope(draft, words)?;
    let limits = limits(draft, words)?;
    let mut counterparties = Vec::new();
    while words.take("towards") {
        counterparties.extend(draft.owner(words)?);
    }
    let (from, until) = term(words)?;
    let asset = match &limits.asset {
        Some(code) => draft.lookup.find(ObjectKind::Asset, code)?,
        None => None,
    };
    let name = words.after("called")?;
    for capability in capabilities {
        let act = Kind::GiveGrant(GiveGrant {
            role,
            capability: capability as i32,
            scope,
            asset,
            per_transfer: limits.per_transfer.clone(),
            per_period: limits.per_period.clone(),
            counterparties: counterparties.clone(),
            from,
            until,
        });
        match &name {
            Some(name) => draft.call(ObjectKind::Grant, name, act),
            None => draft.push(act),
        }
    }
    Ok(())
}

fn scope(draft: &mut Draft<'_>, words: &mut Words) -> Outcome<Option<ScopeRef>> {
    let kind = if words.take("in") {
        ScopeKind::Unit
    } else if words.take("below") {
        ScopeKind::UnitAndBelow
    } else {
        words.need("over")?;
        ScopeKind::Object
    };
    if kind != ScopeKind::Object {
        return Ok(Some(ScopeRef {
            kind: kind as i32,
            unit: draft.refer(ObjectKind::Unit, words)?,
            ..ScopeRef::default()
        }));
    }
    let object_kind = if words.take("line") {
        ObjectKind::BudgetLine
    } else {
        ObjectKind::Account
    };
    Ok(Some(ScopeRef {
        kind: kind as i32,
        unit: None,
        object_kind: object_kind as i32,
        object: draft.refer(object_kind, words)?,
    }))
}

fn term(words: &mut Words) -> Outcome<(u64, u64)> {
    let from = if words.take("from") {
        clock::time(words)?
    } else {
        0
    };
    let until = if words.take("until") {
        clock::time(words)?
    } else {
        0
    };
    Ok((from, until))
}

/// `delegates GRANT to gia [at most …] [from TIME] [until TIME] [called NAME]`.
fn delegate(draft: &mut Draft<'_>, words: &mut Words) -> Outcome<()> {
    let grant = draft.refer(ObjectKind::Grant, words)?;
    words.need("to")?;
    let member = draft.refer(ObjectKind::Member, words)?;
    let limits = limits(draft, words)?;
    let (from, until) = term(words)?;
    let act = Kind::Delegate(Delegate {
        grant,
        member,
        per_transfer: limits.per_transfer,
        per_period: limits.per_period,
        from,
        until,
    });
    draft.maybe_call(ObjectKind::Grant, words, act)
}

/// `sets the policy of U for CAPABILITY [in EUR] [and below]: TIER; TIER`, each tier
/// `[up to AMOUNT] WHO MODE`.
fn set_policy(draft: &mut Draft<'_>, words: &mut Words) -> Outcome<()> {
    let unit = draft.refer(ObjectKind::Unit, words)?;
    words.need("for")?;
    let capability = need_capability(words)?;
    let asset = if words.take("in") {
        draft.refer(ObjectKind::Asset, words)?
    } else {
        None
    };
    let recursive = words.take("and below");
    words.need(":")?;
    let mut tiers = vec![tier(draft, words)?];
    while words.take(";") {
        tiers.push(tier(draft, words)?);
    }
    draft.push(Kind::SetPolicy(SetPolicy {
        unit,
        capability: capability as i32,
        asset,
        tiers,
        recursive,
        ..SetPolicy::default()
    }));
    Ok(())
}

/// `sets in words for U: "WORDS" [in place of NAME] [called NAME]`: a policy that people interpret.
fn in_words(draft: &mut Draft<'_>, words: &mut Words) -> Outcome<()> {
    let unit = draft.refer(ObjectKind::Unit, words)?;
    words.need(":")?;
    let text = words.word("words")?;
    let replaces = if words.take("in place of") {
        draft.refer(ObjectKind::Policy, words)?
    } else {
        None
    };
    let act = Kind::SetPolicy(SetPolicy {
        unit,
        words: text,
        replaces,
        ..SetPolicy::default()
    });
    draft.maybe_call(ObjectKind::Policy, words, act)
}

fn tier(draft: &mut Draft<'_>, words: &mut Words) -> Outcome<Tier> {
    let up_to = if words.take("up to") {
        draft.amount(words)?.0
    } else {
        Amount::ZERO.to_bytes()
    };
    let by = who(draft, words)?;
    let mode = mode(draft, words)?;
    Ok(Tier {
        up_to,
        by: Some(by),
        mode: Some(mode),
    })
}

/// `role-holders`, `joined-members`, a role, `any-lead` or another kind of role, or
/// `able-to-approve` or another capability.
fn who(draft: &mut Draft<'_>, words: &mut Words) -> Outcome<Who> {
    let word = words.word("who")?;
    let mut who = Who::default();
    if word == "role-holders" {
        who.kind = WhoKind::RoleHolders as i32;
    } else if word == "joined-members" {
        who.kind = WhoKind::JoinedMembers as i32;
    } else if word.contains('#') {
        who.kind = WhoKind::Role as i32;
        who.role = draft.lookup.find(ObjectKind::Role, &word)?;
    } else if let Some(kind) = word.strip_prefix("any-") {
        let name = format!("ROLE_KIND_{}", kind.to_uppercase().replace('-', "_"));
        let kind = RoleKind::from_str_name(&name);
        who.kind = WhoKind::RoleKind as i32;
        who.role_kind = kind.ok_or_else(|| Trouble(format!("`{word}` is nobody")))? as i32;
    } else if let Some(able) = word.strip_prefix("able-to-").and_then(capability) {
        who.kind = WhoKind::Capability as i32;
        who.capability = able as i32;
    } else {
        return trouble(format!("`{word}` is nobody"));
    }
    Ok(who)
}

/// `alone`, `with 2 approvals of WHO [after 72 hours]`, `announcing 72 hours else MODE`,
/// `by consent within 72 hours [unless silent]`, `by vote within 72 hours [with quorum 50 and pass
/// 60]`, `by departments`.
fn mode(draft: &mut Draft<'_>, words: &mut Words) -> Outcome<Mode> {
    let mut mode = Mode::default();
    let kind = if words.take("alone") {
        ModeKind::Alone
    } else if words.take("by departments") {
        ModeKind::Departments
    } else if words.take("announcing") {
        mode.wait = clock::duration(words)?;
        words.need("else")?;
        mode.escalates_to = Some(Box::new(self::mode(draft, words)?));
        ModeKind::Announce
    } else if words.take("by consent within") {
        mode.deadline = clock::duration(words)?;
        mode.silence_is_consent = !words.take("unless silent");
        ModeKind::Consent
    } else if words.take("by vote within") {
        mode.deadline = clock::duration(words)?;
        (mode.quorum, mode.pass) = (50, 50);
        if words.take("with quorum") {
            mode.quorum = words.number("percent")?;
            words.need("and pass")?;
            mode.pass = words.number("percent")?;
        }
        ModeKind::Vote
    } else {
        words.need("with")?;
        mode.count = words.number("number of approvals")?;
        if !words.take("approval of") {
            words.need("approvals of")?;
        }
        mode.approver = Some(who(draft, words)?);
        if words.take("after") {
            mode.wait = clock::duration(words)?;
        }
        ModeKind::Approve
    };
    mode.kind = kind as i32;
    Ok(mode)
}

/// `U for CAPABILITY`: the policy that holds.
fn policy_of(draft: &mut Draft<'_>, words: &mut Words) -> Outcome<Option<polity_proto::v1::Ref>> {
    let unit = words.word("unit")?;
    words.need("for")?;
    let capability = need_capability(words)?;
    let number = draft.lookup.number(ObjectKind::Unit, &unit)?;
    let name = format!("{unit} for {}", capability.as_str_name());
    let entry = (ObjectKind::Policy as i32, name);
    let found = names::find(draft.lookup.state, &keys::policy_of(number, capability));
    if let Some(found) = found {
        draft.lookup.names.called.insert(entry.clone(), found);
    }
    let known = draft.lookup.names.called.get(&entry).copied();
    known
        .map(polity_ledger::form::numbered)
        .ok_or_else(|| Trouble(format!("{unit} has no such policy")))
}

/// `keeps CAPABILITY and CAPABILITY apart in U [called NAME]`.
fn keep_apart(draft: &mut Draft<'_>, words: &mut Words) -> Outcome<()> {
    let first = need_capability(words)?;
    words.need("and")?;
    let second = need_capability(words)?;
    words.need("apart in")?;
    let unit = draft.refer(ObjectKind::Unit, words)?;
    let act = Kind::SetSodRule(SetSodRule {
        unit,
        first: first as i32,
        second: second as i32,
    });
    draft.maybe_call(ObjectKind::SodRule, words, act)
}

/// `excepts finn from rule NAME until TIME [watched by "WORDS"]`.
fn except(draft: &mut Draft<'_>, words: &mut Words) -> Outcome<()> {
    let member = draft.refer(ObjectKind::Member, words)?;
    words.need("from rule")?;
    let rule = draft.refer(ObjectKind::SodRule, words)?;
    words.need("until")?;
    let until = clock::time(words)?;
    let control = words.after("watched by")?.unwrap_or_default();
    draft.push(Kind::GiveSodException(GiveSodException {
        rule,
        member,
        until,
        control,
    }));
    Ok(())
}
