//! What a refusal is told with: what the node says of it, what the state tells beside that, and what to do next.

use std::collections::BTreeMap;

use polity_client::ledger::Rejection;
use polity_client::ledger::state::keys::{self, List};
use polity_client::session::{AsOf, Session, lettered, number_of};
use polity_client::v1::{
    Account, Action, Assignment, Fact, Index, ObjectKind, Ref, Signer, action::Kind,
};
use polity_client::{Error, Refusal, Result};
use serde_json::Value;

use crate::time;

/// What to do next, where neither the refusal's sentence nor a fact of the node says it.
const WAYS: [(Rejection, &str); 18] = [
    (
        Rejection::Expired,
        "make a new one, unless a block has this one: polity why ID, or tx show FILE, says what became of it",
    ),
    (
        Rejection::TimeMalformed,
        "a term ends after it begins and ahead of now, and what is recorded of the past lies behind it",
    ),
    (
        Rejection::KeyUnfit,
        "a key is enrolled once, for good: make another one by polity key new NAME",
    ),
    (
        Rejection::NotConferred,
        "whoever governs the unit above confers it: polity unit amend UNIT --add CAPABILITY",
    ),
    (
        Rejection::ObjectUnknown,
        "nothing has this number: polity unit tree, and list of each noun, say what there is",
    ),
    (
        Rejection::KindRule,
        "squads and chapters stand in a tribe, a tribe alone has a ceiling, and each kind has roles of its own: \
         polity unit show UNIT says the kind",
    ),
    (
        Rejection::NotJoined,
        "polity unit show UNIT says who has joined",
    ),
    (
        Rejection::PeopleMissing,
        "who signs beside you does so in a role of another unit that may do it too: --with NAME or NAME=ROLE",
    ),
    (
        Rejection::NoDecisionNeeded,
        "do it without a proposal; of several actions, what is within your grant's limits is paid by an act of its own: \
         polity can … says what you may do alone",
    ),
    (
        Rejection::PercentageExceeded,
        "state less, or first less elsewhere: polity assignment renew ASSIGNMENT --percentage N",
    ),
    (
        Rejection::HoldTerm,
        "a hold ends after now and no later than hold_max from now: --expires 14d",
    ),
    (
        Rejection::PolicyLaxer,
        "be as strict at every amount, or stricter: polity policy list UNIT shows the policies above",
    ),
    (
        Rejection::PolicyMalformed,
        "tiers ascend, only the last is without an amount, none is laxer than the one before it, and each mode has a count, \
         a wait or a deadline that makes sense: polity policy set --help",
    ),
    (
        Rejection::DutyConflict,
        "give it to somebody else, or except them for a time: polity sod list, polity sod exception",
    ),
    (
        Rejection::UnitNotEmpty,
        "end or move what is left first: polity unit show UNIT",
    ),
    (
        Rejection::LeadRepresents,
        "name somebody else, or another lead first: polity role list UNIT says who leads",
    ),
    (
        Rejection::PeriodClosed,
        "name a day that is still open: --value-date DAY; polity unit show UNIT says until when books are closed",
    ),
    (
        Rejection::KindReserved,
        "a correction is not corrected: what was given back in error is paid again, by polity transfer send",
    ),
];

/// Whoever receives a member into a squad signs, whichever unit they belong to.
const RECEIVED: &str = "the product owner of the squad that receives you signs too: --with NAME";

/// What to do next about a refusal, where that is not said by its sentence.
#[must_use]
pub fn way(rejection: Rejection) -> Option<&'static str> {
    let (_, way) = WAYS.iter().find(|(one, _)| *one == rejection)?;
    Some(way)
}

/// Facts as scripts read them. Of two units, for instance, the same is said of each: what is told several times is told
/// in a row, once.
pub fn as_json<'f>(facts: impl Iterator<Item = (&'f str, &'f str)>) -> Value {
    let mut told: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, fact) in facts {
        let of_name = told.entry(name).or_default();
        if !of_name.contains(&fact) {
            of_name.push(fact);
        }
    }
    let told = told.into_iter();
    told.map(|(name, of_name)| (name.to_owned(), of_name.join(", ")))
        .collect()
}

/// A refusal of an act that a node foresees; nothing was sent.
pub fn refused(code: u32, facts: &[Fact]) -> Error {
    foreseen(code, facts, ", and --send-anyway sends it all the same")
}

/// The same of an import, of which nothing is sent anyway.
pub fn import_refused(code: u32, facts: &[Fact]) -> Error {
    foreseen(code, facts, "")
}

fn foreseen(code: u32, facts: &[Fact], way: &str) -> Error {
    let words = format!("nothing; a node foresees the refusal, which is not proven{way}");
    would_be_refused(code, &[facts, &[fact("sent", words)]].concat())
}

/// A refusal of what nobody meant to send.
pub fn would_be_refused(code: u32, facts: &[Fact]) -> Error {
    let conferring = conferring(code, facts);
    let facts = facts.iter().chain(&conferring);
    Error::refused(Refusal {
        code,
        log: String::new(),
        facts: facts
            .map(|fact| (fact.name.clone(), fact.value.clone()))
            .collect(),
    })
}

/// The command by which a unit is conferred what it lacks. People type it as they read it, so a node's words stand in it
/// only where they are a unit's number and a word.
fn conferring(code: u32, facts: &[Fact]) -> Option<Fact> {
    if code != Rejection::NotConferred.code() {
        return None;
    }
    let told = |name: &str| facts.iter().find(|fact| fact.name == name);
    let (unit, capability) = (&told("unit")?.value, &told("capability")?.value);
    number_of(ObjectKind::Unit, unit)?;
    let is_word = |text: &str| text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'_'));
    if !is_word(capability) {
        return None;
    }
    let words = "whoever governs the unit above confers it";
    let command = format!("polity unit amend {unit} --add {capability}");
    Some(fact("way", format!("{words}: {command}")))
}

/// What is to be known of an action's refusal: the action in words as `you` read it, so that it is told whom and what it is
/// about; what the node told; and what the state says. What cannot be read is left out: the refusal stands without it.
pub async fn facts(
    session: &Session,
    code: u32,
    told: &[Fact],
    (signers, action): (&[Signer], &Action),
    you: u64,
) -> Vec<Fact> {
    let mut facts = Vec::from_iter(of_action(session, signers, action, you).await);
    facts.extend_from_slice(told);
    facts.extend(
        of_signers(session, code, signers, action)
            .await
            .unwrap_or_default(),
    );
    facts.extend(of_state(session, code, action).await);
    facts
}

/// The action in words, as `you` read it.
pub async fn of_action(
    session: &Session,
    signers: &[Signer],
    action: &Action,
    you: u64,
) -> Option<Fact> {
    let sentence = session.words().sentence(signers, action, None, you).await;
    sentence.ok().map(|sentence| fact("action", sentence))
}

/// Which of several signers is refused, and in which role, by a rule that looks at each of them.
async fn of_signers(
    session: &Session,
    code: u32,
    signers: &[Signer],
    action: &Action,
) -> Result<Vec<Fact>> {
    let looks_at_each = [Rejection::RoleNotHeld.code(), Rejection::NoGrant.code()];
    if action.seconds.is_empty() || !looks_at_each.contains(&code) {
        return Ok(Vec::new());
    }
    let beside = action.seconds.iter();
    let beside = beside.map(|second| (second.signer, second.acting_role));
    let mut refused = Vec::new();
    for (signer, role) in std::iter::once((action.actor, action.acting_role)).chain(beside) {
        let Some(signer) = signers.get(signer as usize) else {
            continue;
        };
        let alone = Action {
            actor: 0,
            acting_role: role,
            seconds: Vec::new(),
            ..action.clone()
        };
        let verdict = session.can(signer.member, &alone, false, AsOf::Newest);
        if verdict.await?.code != code {
            continue;
        }
        let member = lettered(ObjectKind::Member, signer.member);
        let member = session.member(&member).await?.shown;
        refused.push(match role.map_or(0, |role| role.number) {
            0 => member,
            role => {
                let role = lettered(ObjectKind::Role, role);
                format!("{member} as {}", session.role(&role).await?.shown)
            }
        });
    }
    Ok(if refused.is_empty() {
        Vec::new()
    } else {
        vec![fact("refused_to", refused.join(", "))]
    })
}

/// What the state says about a refused action: how much is left, how long it may last, whose the key is.
pub async fn of_state(session: &Session, code: u32, action: &Action) -> Vec<Fact> {
    let (Some(rejection), Some(kind)) = (Rejection::from_code(code), &action.kind) else {
        return Vec::new();
    };
    let found = match (rejection, kind) {
        (Rejection::PercentageExceeded, _) => of_time(session, kind).await,
        (Rejection::HoldTerm, _) => of_holds(session).await,
        (Rejection::KeyUnfit, _) => of_key(session, kind).await,
        (Rejection::AccountFrozen | Rejection::AccountClosed, _) => {
            of_accounts(session, kind).await
        }
        (Rejection::PeopleMissing, Kind::ChangeSquad(_)) => Ok(vec![fact("way", RECEIVED)]),
        _ => Ok(Vec::new()),
    };
    found.unwrap_or_default()
}

/// How much of a member's time their other roles take.
async fn of_time(session: &Session, kind: &Kind) -> Result<Vec<Fact>> {
    let number = |reference: &Option<Ref>| reference.map_or(0, |reference| reference.number);
    let (member, but) = match kind {
        Kind::AssignRole(act) => (number(&act.member), 0),
        Kind::RenewAssignment(act) => {
            let renewed = number(&act.assignment);
            let assignment = session.get::<Assignment>(renewed).await?;
            (assignment.map_or(0, |one| one.member), renewed)
        }
        _ => return Ok(Vec::new()),
    };
    let view = session.view(AsOf::Newest);
    let held: Vec<Assignment> = view.listed(List::Assignments, &[member]).await?;
    let now = time::now()?;
    let others = held
        .into_iter()
        .filter(|one| one.number != but && (one.until == 0 || one.until > now));
    let taken = others.fold(0, |sum: u32, one| sum.saturating_add(one.percentage));
    Ok(vec![
        fact("taken", format!("{taken}% of their time, by other roles")),
        fact("left", format!("{}%", 100_u32.saturating_sub(taken))),
    ])
}

/// How long a hold may last.
async fn of_holds(session: &Session) -> Result<Vec<Fact>> {
    let longest = session.parameters().await?.hold_max;
    Ok(vec![fact("hold_max", time::length(longest))])
}

/// Whose a key is.
async fn of_key(session: &Session, kind: &Kind) -> Result<Vec<Fact>> {
    let key = match kind {
        Kind::InviteMember(act) => &act.key,
        Kind::AddKey(act) => &act.key,
        Kind::RecoverMember(act) => &act.key,
        _ => return Ok(Vec::new()),
    };
    let index: Option<Index> = session.value(keys::key_with(keys::KEY, &[], key)).await?;
    let Some(index) = index else {
        return Ok(Vec::new());
    };
    let owner = lettered(ObjectKind::Member, index.number);
    Ok(vec![fact(
        "enrolled_for",
        session.member(&owner).await?.shown,
    )])
}

/// Which of the accounts between which value would move stands still.
async fn of_accounts(session: &Session, kind: &Kind) -> Result<Vec<Fact>> {
    let (from, to) = match kind {
        Kind::Transfer(act) => (act.from, act.to),
        Kind::PlaceHold(act) => {
            let reserved = act.transfer.clone().unwrap_or_default();
            (reserved.from, reserved.to)
        }
        Kind::Allocate(act) => (act.from, act.to),
        _ => return Ok(Vec::new()),
    };
    let mut facts = Vec::new();
    for reference in [from, to].into_iter().flatten() {
        let Some(account) = session.get::<Account>(reference.number).await? else {
            continue;
        };
        let state = match (account.closed_at, account.frozen) {
            (0, false) => continue,
            (0, true) => "frozen",
            (_, _) => "closed",
        };
        let named = lettered(ObjectKind::Account, account.number);
        facts.push(fact(state, session.account(&named).await?.shown));
    }
    Ok(facts)
}

/// A fact by its name.
pub fn fact(name: &str, value: impl Into<String>) -> Fact {
    Fact {
        name: name.into(),
        value: value.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_lacks_a_capability_is_told_the_command_that_confers_it() {
        let facts = [fact("capability", "govern"), fact("unit", "u16")];
        let error = would_be_refused(Rejection::NotConferred.code(), &facts);
        let told = &error.refusal().expect("a refusal").facts;
        let (name, value) = told.last().expect("a fact");
        assert_eq!(name, "way");
        assert!(
            value.ends_with(": polity unit amend u16 --add govern"),
            "{value}"
        );
        assert_eq!(conferring(Rejection::NoGrant.code(), &facts), None);

        for (capability, unit) in [("govern; rm -r .", "u16"), ("govern", "u16 --yes")] {
            let said = [fact("capability", capability), fact("unit", unit)];
            assert_eq!(conferring(Rejection::NotConferred.code(), &said), None);
        }
    }

    #[test]
    fn what_a_node_foresees_is_told_as_not_proven_and_sent_anyway_where_it_can_be() {
        for (refuse, is_sent_anyway) in [
            (refused as fn(u32, &[Fact]) -> Error, true),
            (import_refused, false),
        ] {
            let error = refuse(Rejection::NoGrant.code(), &[]);
            let told = &error.refusal().expect("a refusal").facts;
            let sent = told.iter().find(|(name, _)| name == "sent");
            let (_, words) = sent.expect("whether it was sent");
            assert!(words.contains("not proven"), "{words}");
            assert_eq!(words.contains("--send-anyway"), is_sent_anyway, "{words}");
        }
    }

    #[test]
    fn what_to_do_next_is_said_once_for_a_refusal() {
        for (index, (rejection, _)) in WAYS.iter().enumerate() {
            assert!(!WAYS[..index].iter().any(|(one, _)| one == rejection));
            assert!(way(*rejection).is_some());
        }
        assert_eq!(way(Rejection::LimitPerTransfer), None);
    }
}
