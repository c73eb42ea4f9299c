//! One plain sentence of what an action will do, and by which authority: what a person reads before signing.

mod names;
mod phrase;
mod terms;

use polity_ledger::query::{PEOPLE_MAX, length, mode_name};
use polity_ledger::state::objects::Object;
use polity_proto::v1::{
    Action, BasisSource, Grant, Mode, ModeKind, ObjectKind, Role, Signer, Verdict, VerdictKind,
};

use super::{Session, lettered};
use crate::Result;
use crate::time::rfc3339;
use crate::visible::visible;

pub use terms::{mode_words, period_words, roles_named, who_words};

/// Puts actions into words, with names read from the proven state.
pub struct Words<'s> {
    session: &'s Session,
}

impl Session {
    /// Words for actions.
    pub fn words(&self) -> Words<'_> {
        Words { session: self }
    }
}

impl Words<'_> {
    /// Who does what, and by which authority where a verdict says it, which is a node's word.
    pub async fn sentence(
        &self,
        signers: &[Signer],
        action: &Action,
        verdict: Option<&Verdict>,
        you: u64,
    ) -> Result<String> {
        let actor = signers
            .get(action.actor as usize)
            .map_or(0, |signer| signer.member);
        let mut text = match &action.acting_role {
            Some(role) => format!("As {} ", self.role_of(role).await?),
            None => String::new(),
        };
        let is_you = actor != 0 && actor == you;
        let who = match actor {
            // What ballots or evidence bring about, nobody proposed.
            0 => "the ledger".to_owned(),
            _ if is_you => "you".to_owned(),
            number => self.member_number(number).await?,
        };
        text.push_str(&who);
        text.push(' ');
        text.push_str(&self.phrase(action, actor, is_you).await?);
        for second in &action.seconds {
            let member = signers
                .get(second.signer as usize)
                .map_or(0, |signer| signer.member);
            text.push_str(&format!(
                ", together with {}",
                self.member_number(member).await?
            ));
            if let Some(role) = &second.acting_role {
                text.push_str(&format!(" as {}", self.role_of(role).await?));
            }
        }
        if action.effective_at != 0 {
            text.push_str(&format!(", a record of {}", rfc3339(action.effective_at)));
        }
        if let Some(verdict) = verdict {
            let authority = self.authority_of(verdict, is_you).await?;
            if !authority.is_empty() {
                text.push_str(&format!(", {authority}, as the node says"));
            }
        }
        Ok(first_upper(&visible(&text)))
    }

    /// By which authority: "allowed by grant g41 up to 500.00 EUR".
    pub async fn authority(&self, verdict: &Verdict) -> Result<String> {
        let authority = self.authority_of(verdict, true).await?;
        Ok(visible(&authority).into_owned())
    }

    /// The same of somebody else, unless the reader acts.
    async fn authority_of(&self, verdict: &Verdict, is_you: bool) -> Result<String> {
        match verdict.kind() {
            VerdictKind::None => Ok(String::new()),
            VerdictKind::Refused => Ok(format!("refused: {}", verdict.rejection)),
            VerdictKind::NeedsDecision => {
                let unit = self.unit_number(verdict.unit).await?;
                let (verb, terms) = decision(verdict);
                let who = if is_you { "you" } else { "they" };
                Ok(format!("which {who} may {verb} in {unit}; {terms}"))
            }
            VerdictKind::Allowed => {
                let basis = verdict.basis.unwrap_or_default();
                Ok(match basis.source() {
                    BasisSource::None => String::new(),
                    BasisSource::Genesis => "by the founding".to_owned(),
                    BasisSource::Own if is_you => "which is yours to do".to_owned(),
                    BasisSource::Own => "which is theirs to do".to_owned(),
                    BasisSource::Grant => format!(
                        "{} {}",
                        self.allowed(verdict).await?,
                        self.grant(basis.number).await?
                    ),
                    BasisSource::Policy => format!(
                        "{} policy {}",
                        self.allowed(verdict).await?,
                        lettered(ObjectKind::Policy, basis.number)
                    ),
                    BasisSource::Proposal => format!(
                        "decided by proposal {}",
                        lettered(ObjectKind::Proposal, basis.number)
                    ),
                    BasisSource::Timer => "because its time came".to_owned(),
                })
            }
        }
    }

    /// What somebody may begin, where a decision is needed or a limit exceeded: "announce this in
    /// acme/dev; 72h; …". Nothing where there is nothing to begin.
    pub async fn beginning(&self, verdict: &Verdict) -> Result<Option<String>> {
        if verdict.mode.is_none() {
            return Ok(None);
        }
        let unit = self.unit_number(verdict.unit).await?;
        let (verb, terms) = decision(verdict);
        let beginning = format!("{verb} this in {unit}; {terms}");
        Ok(Some(visible(&beginning).into_owned()))
    }

    /// That something is allowed by what follows; to whom, where that is somebody who signs beside the actor.
    async fn allowed(&self, verdict: &Verdict) -> Result<String> {
        let basis = verdict.basis.unwrap_or_default();
        if basis.role == verdict.acting_role {
            return Ok("allowed by".to_owned());
        }
        let member = self.member_number(basis.member).await?;
        Ok(match basis.role {
            0 => format!("allowed to {member} by"),
            role => format!("allowed to {member} as {} by", self.role_words(role).await?),
        })
    }

    /// A grant and its limits.
    async fn grant(&self, number: u64) -> Result<String> {
        let mut text = format!("grant {}", lettered(ObjectKind::Grant, number));
        let Some(grant) = self.object::<Grant>(number).await? else {
            return Ok(text);
        };
        if !grant.per_transfer.is_empty() {
            let amount = self.amount(grant.asset, &grant.per_transfer).await?;
            text.push_str(&format!(" up to {amount}"));
        }
        if let Some(limit) = &grant.per_period {
            let amount = self.amount(grant.asset, &limit.amount).await?;
            let joint = if grant.per_transfer.is_empty() {
                " up to"
            } else {
                " and"
            };
            text.push_str(&format!("{joint} {amount}{}", period_words(limit)));
        }
        Ok(text)
    }

    /// An object that has a number already. What an earlier step creates has none, and so there is nothing to read.
    async fn object<T: Object>(&self, number: u64) -> Result<Option<T>> {
        match number {
            0 => Ok(None),
            number => self.session.get(number).await,
        }
    }

    /// A role as "Storefront API (r9) of acme/dev".
    async fn role_words(&self, number: u64) -> Result<String> {
        let letter = lettered(ObjectKind::Role, number);
        let Some(role) = self.object::<Role>(number).await? else {
            return Ok(letter);
        };
        let unit = self.session.unit_path(role.unit).await?;
        Ok(format!("{} ({letter}) of {unit}", role.handle))
    }
}

/// What beginning a decision is called, and on which terms it is decided: "announce" and
/// "72h; an objection escalates to approve; by policy y3".
fn decision(verdict: &Verdict) -> (&'static str, String) {
    let mode = verdict.mode.clone().unwrap_or_default();
    let verb = match mode.kind() {
        ModeKind::Announce => "announce",
        ModeKind::None
        | ModeKind::Alone
        | ModeKind::Approve
        | ModeKind::Consent
        | ModeKind::Vote
        | ModeKind::Departments => "propose",
    };
    let terms = match mode.kind() {
        ModeKind::Announce => {
            let stricter = mode.escalates_to.clone().unwrap_or_default();
            format!(
                "{}; an objection escalates to {}, {}",
                length(mode.wait),
                mode_name(stricter.kind()),
                asked(&stricter, verdict)
            )
        }
        ModeKind::None
        | ModeKind::Alone
        | ModeKind::Approve
        | ModeKind::Consent
        | ModeKind::Vote
        | ModeKind::Departments => asked(&mode, verdict),
    };
    let by_policy = match verdict.policy {
        0 => String::new(),
        policy => format!("; by policy {}", lettered(ObjectKind::Policy, policy)),
    };
    // Why an amount meets a stricter tier than it would alone.
    let counted = match fact(verdict, "aggregated") {
        "" => String::new(),
        together => format!("; counted: {together}"),
    };
    (verb, terms + &by_policy + &counted)
}

/// Whether those who could approve what may be begun are enough for it, as things are.
pub fn can_be_approved(verdict: &Verdict) -> bool {
    let mode = verdict.mode.clone().unwrap_or_default();
    mode.kind() != ModeKind::Approve || approvers_known(verdict) >= mode.count
}

/// How many approvers a verdict names. Of many it names the first alone, and then there are enough.
fn approvers_known(verdict: &Verdict) -> u32 {
    match fact(verdict, "approvers") {
        "" | "nobody" => 0,
        names => match names.split(", ").count() {
            PEOPLE_MAX.. => u32::MAX,
            few => u32::try_from(few).unwrap_or(u32::MAX),
        },
    }
}

fn fact<'v>(verdict: &'v Verdict, name: &str) -> &'v str {
    let fact = verdict.facts.iter().find(|fact| fact.name == name);
    fact.map_or("", |fact| fact.value.as_str())
}

/// Whom a mode asks, and how long.
fn asked(mode: &Mode, verdict: &Verdict) -> String {
    match mode.kind() {
        ModeKind::Approve => {
            let then = match mode.wait {
                0 => String::new(),
                wait => format!(", then {}", length(wait)),
            };
            let approvers = fact(verdict, "approvers");
            match approvers_known(verdict) {
                0 => format!(
                    "{} approvals, which nobody can give as things are",
                    mode.count
                ),
                few if few < mode.count => format!(
                    "approvers: {} of {approvers}, who are too few as things are{then}",
                    mode.count
                ),
                _ => format!("approvers: {} of {approvers}{then}", mode.count),
            }
        }
        ModeKind::Consent => format!("consent within {}", length(mode.deadline)),
        ModeKind::Vote => format!(
            "a vote within {}: {} % must answer, {} % say yes",
            length(mode.deadline),
            mode.quorum,
            mode.pass
        ),
        ModeKind::Departments => "two thirds of the departments decide".to_owned(),
        ModeKind::None | ModeKind::Alone | ModeKind::Announce => mode_name(mode.kind()).to_owned(),
    }
}

/// The text as a sentence begins. A number keeps its letter: `m5` is written so everywhere.
fn first_upper(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next();
    match (first, characters.clone().next()) {
        (Some(first), Some(second)) if !second.is_ascii_digit() => {
            first.to_uppercase().chain(characters).collect()
        }
        (_, _) => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::Fact;

    use super::*;

    #[test]
    fn what_nobody_can_approve_is_told_so() {
        let of = |approvers: &str| Verdict {
            mode: Some(Mode {
                kind: ModeKind::Approve as i32,
                count: 2,
                ..Mode::default()
            }),
            facts: vec![Fact {
                name: "approvers".into(),
                value: approvers.into(),
            }],
            ..Verdict::default()
        };
        let told = |approvers: &str| {
            let verdict = of(approvers);
            let mode = verdict.mode.clone().unwrap_or_default();
            (asked(&mode, &verdict), can_be_approved(&verdict))
        };
        let nobody = "2 approvals, which nobody can give as things are";
        assert_eq!(told("nobody"), (nobody.to_owned(), false));
        let few = "approvers: 2 of ben, who are too few as things are";
        assert_eq!(told("ben"), (few.to_owned(), false));
        assert_eq!(
            told("ben, eve"),
            ("approvers: 2 of ben, eve".to_owned(), true)
        );
    }

    #[test]
    fn a_sentence_begins_with_a_capital_letter_but_for_a_number() {
        assert_eq!(first_upper("you pay"), "You pay");
        assert_eq!(first_upper("m5 finn pays"), "m5 finn pays");
        assert_eq!(first_upper(""), "");
    }
}
