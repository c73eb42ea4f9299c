//! What roles may do alone, how units decide the rest, and which duties are kept apart.

use polity_ledger::judge::power;
use polity_proto::v1::{
    Capability, GiveGrant, Mode, ObjectKind, PeriodKind, PeriodLimit, RoleKind, ScopeKind,
    ScopeRef, SetPolicy, SetSodRule, Tier, Who, WhoKind, action::Kind,
};

use super::draft::{Draft, Entry, Sort};
use super::{CharterError, form, profile, words};

pub(super) fn add(draft: &mut Draft, charter: &form::Charter) -> Result<(), CharterError> {
    profile::add_rules(draft, charter)?;
    for role in &charter.roles {
        let entry = Entry {
            table: "roles",
            name: &role.role,
        };
        for grant in &role.grants {
            add_grant(draft, entry, grant)?;
        }
    }
    for policy in &charter.policies {
        add_policy(draft, policy)?;
    }
    for rule in &charter.duties_apart {
        add_duties_apart(draft, rule)?;
    }
    Ok(())
}

fn add_grant(draft: &mut Draft, entry: Entry<'_>, grant: &form::Grant) -> Result<(), CharterError> {
    let limits = limits(draft, entry, grant)?;
    let mut counterparties = Vec::new();
    for name in &grant.counterparties {
        counterparties.push(draft.owner(entry, name)?);
    }
    let give = GiveGrant {
        role: draft.find(entry, Sort::Role, entry.name)?,
        capability: 0,
        scope: Some(scope(draft, entry, grant)?),
        asset: match limits.asset {
            Some(code) => draft.find(entry, Sort::Asset, code)?,
            None => None,
        },
        per_transfer: limits.per_transfer,
        per_period: limits.per_period,
        counterparties,
        from: words::optional_time(&grant.from).map_err(|words| entry.error(words))?,
        until: words::optional_time(&grant.until).map_err(|words| entry.error(words))?,
    };
    for word in &grant.can {
        let capability = words::capability(word).map_err(|words| entry.error(words))?;
        if grant.below && power::is_over_value(capability) {
            return Err(entry.error(format!(
                "{word:?} is over value, which no grant reaches in the units below: leave `below` out for it"
            )));
        }
        let give = GiveGrant {
            capability: capability as i32,
            ..give.clone()
        };
        draft.push(entry, &format!("grant {word}"), Kind::GiveGrant(give));
    }
    Ok(())
}

fn scope(draft: &Draft, entry: Entry<'_>, grant: &form::Grant) -> Result<ScopeRef, CharterError> {
    if let Some(account) = &grant.account {
        if grant.unit.is_some() || grant.below {
            return Err(entry.error("a grant is over one account or over a unit, not both"));
        }
        return Ok(ScopeRef {
            kind: ScopeKind::Object as i32,
            object_kind: ObjectKind::Account as i32,
            object: draft.find(entry, Sort::Account, account)?,
            unit: None,
        });
    }
    let own = entry.name.split_once('#').map_or("", |(unit, _)| unit);
    let kind = if grant.below {
        ScopeKind::UnitAndBelow
    } else {
        ScopeKind::Unit
    };
    Ok(ScopeRef {
        kind: kind as i32,
        unit: draft.find(entry, Sort::Unit, grant.unit.as_deref().unwrap_or(own))?,
        ..ScopeRef::default()
    })
}

#[derive(Default)]
struct Limits<'g> {
    asset: Option<&'g str>,
    per_transfer: Vec<u8>,
    per_period: Option<PeriodLimit>,
}

/// The limits of a grant; all of its amounts speak of one asset.
fn limits<'g>(
    draft: &Draft,
    entry: Entry<'_>,
    grant: &'g form::Grant,
) -> Result<Limits<'g>, CharterError> {
    let mut asset = grant.asset.as_deref();
    let mut read = |text: &'g str| -> Result<Vec<u8>, CharterError> {
        let (amount, code) = draft.amount(entry, text)?;
        match asset.replace(code) {
            Some(other) if other != code => Err(entry.error(format!(
                "a grant speaks of one asset, not of {other} and {code}"
            ))),
            Some(_) | None => Ok(amount),
        }
    };
    let per_transfer = match &grant.per_transfer {
        Some(text) => read(text)?,
        None => Vec::new(),
    };
    let per_period = match (&grant.per_month, &grant.per_days) {
        (Some(text), None) => Some(PeriodLimit {
            kind: PeriodKind::CalendarMonth as i32,
            days: 0,
            amount: read(text)?,
        }),
        (None, Some(limit)) => Some(PeriodLimit {
            kind: PeriodKind::RollingDays as i32,
            days: limit.days,
            amount: read(&limit.amount)?,
        }),
        (None, None) => None,
        (Some(_), Some(_)) => {
            return Err(entry.error("a grant has per_month or per_days, not both"));
        }
    };
    Ok(Limits {
        asset,
        per_transfer,
        per_period,
    })
}

fn add_policy(draft: &mut Draft, policy: &form::Policy) -> Result<(), CharterError> {
    let name = format!("{} {}", policy.unit, policy.capability);
    let entry = Entry {
        table: "policies",
        name: &name,
    };
    let mut asset = policy.asset.as_deref();
    let mut tiers = Vec::new();
    for tier in &policy.tiers {
        let up_to = match &tier.up_to {
            Some(text) => {
                let (amount, code) = draft.amount(entry, text)?;
                if asset.replace(code).is_some_and(|other| other != code) {
                    return Err(entry.error("a policy speaks of one asset"));
                }
                amount
            }
            None => Vec::new(),
        };
        tiers.push(Tier {
            up_to,
            by: Some(who(draft, entry, &tier.by)?),
            mode: Some(mode(draft, entry, &tier.mode)?),
        });
    }
    let capability = words::capability(&policy.capability).map_err(|words| entry.error(words))?;
    let set = SetPolicy {
        unit: draft.find(entry, Sort::Unit, &policy.unit)?,
        capability: capability as i32,
        asset: match asset {
            Some(code) => draft.find(entry, Sort::Asset, code)?,
            None => None,
        },
        tiers,
        recursive: policy.recursive,
        words: policy.words.clone(),
        ..SetPolicy::default()
    };
    draft.push(entry, "", Kind::SetPolicy(set));
    Ok(())
}

/// `joined members`, `role holders`, `role acme/dev#lead`, `lead` or another kind of role, `capability approve`.
fn who(draft: &Draft, entry: Entry<'_>, text: &str) -> Result<Who, CharterError> {
    let wrong = |words: String| entry.error(words);
    let of = |kind: WhoKind| Who {
        kind: kind as i32,
        ..Who::default()
    };
    match text.split_once(' ') {
        Some(("joined", "members")) => Ok(of(WhoKind::JoinedMembers)),
        Some(("role", "holders")) => Ok(of(WhoKind::RoleHolders)),
        Some(("role", name)) => Ok(Who {
            role: draft.find(entry, Sort::Role, name)?,
            ..of(WhoKind::Role)
        }),
        Some(("capability", word)) => {
            let capability: Capability = words::capability(word).map_err(wrong)?;
            Ok(Who {
                capability: capability as i32,
                ..of(WhoKind::Capability)
            })
        }
        None if words::role_kind(text).is_ok_and(|kind| kind != RoleKind::Ordinary) => Ok(Who {
            role_kind: words::role_kind(text).map_err(wrong)? as i32,
            ..of(WhoKind::RoleKind)
        }),
        Some(_) | None => Err(entry.error(format!(
            "{text:?} is none of: joined members, role holders, role UNIT#HANDLE, a kind of role \
             such as lead, capability WORD"
        ))),
    }
}

fn mode(draft: &Draft, entry: Entry<'_>, mode: &form::Mode) -> Result<Mode, CharterError> {
    let wrong = |words: String| entry.error(words);
    Ok(Mode {
        kind: words::mode_kind(&mode.kind).map_err(wrong)? as i32,
        wait: words::optional_duration(&mode.wait).map_err(wrong)?,
        approver: match &mode.approver {
            Some(text) => Some(who(draft, entry, text)?),
            None => None,
        },
        count: mode.count,
        escalates_to: match &mode.escalates_to {
            Some(next) => Some(Box::new(self::mode(draft, entry, next)?)),
            None => None,
        },
        deadline: words::optional_duration(&mode.deadline).map_err(wrong)?,
        silence_is_consent: mode.silence_is_consent,
        quorum: mode.quorum,
        pass: mode.pass,
    })
}

fn add_duties_apart(draft: &mut Draft, rule: &form::DutiesApart) -> Result<(), CharterError> {
    let entry = Entry {
        table: "duties_apart",
        name: &rule.unit,
    };
    let wrong = |words: String| entry.error(words);
    let set = SetSodRule {
        unit: draft.find(entry, Sort::Unit, &rule.unit)?,
        first: words::capability(&rule.first).map_err(wrong)? as i32,
        second: words::capability(&rule.second).map_err(wrong)? as i32,
    };
    draft.push(entry, "", Kind::SetSodRule(set));
    Ok(())
}
