//! `election show`.

use clap::Args;
use polity_client::Result;
use polity_client::ledger::elections::tally::{Tally, by_lot, tally};
use polity_client::session::lettered;
use polity_client::v1::{Ballot, Election, ElectionStep, ObjectKind};
use serde_json::{Value, json};

use crate::context::Context;
use crate::names::{self, Names};
use crate::output::facts;
use crate::{time, word};

/// Shows an election: who votes, what is sealed, who named whom, and what came of it.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity election show j3\n  \
    polity election show j3 --at 2026-03-01")]
pub(super) struct Show {
    /// The election: j3.
    election: String,
}

impl Show {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let view = context.view().await?;
        let number = super::super::parse_number(ObjectKind::Election, &self.election)?;
        let found = view.get::<Election>(number).await?;
        let election = found.ok_or_else(|| super::absent(number))?;
        let mut names = Names::new(&view);
        names.load_roles([election.role]).await?;
        let people = election.electorate.iter().copied();
        names.load_members(people.chain([election.caller])).await?;
        context.answer(&view, as_json(&election), || shown(&election, &names));
        Ok(())
    }
}

fn shown(election: &Election, names: &Names<'_>) -> String {
    let member = |number: u64| names.shown(ObjectKind::Member, number);
    let caller = match election.caller {
        0 => "the end of a term".to_owned(),
        caller => member(caller),
    };
    let people: Vec<String> = election.electorate.iter().map(|one| member(*one)).collect();
    let mut text = facts(&[
        ("election", lettered(ObjectKind::Election, election.number)),
        ("role", names.shown(ObjectKind::Role, election.role)),
        ("step", step_words(election.step()).to_owned()),
        ("until", time::shown(election.step_until)),
        ("round", election.round.to_string()),
        ("called by", caller),
        ("called", time::shown(election.called_at)),
        ("term", time::length(election.term)),
        ("electorate", people.join(", ")),
        ("candidate", member(election.candidate)),
        (
            "proposal",
            names::letter(ObjectKind::Proposal, election.proposal),
        ),
        (
            "assignment",
            names::letter(ObjectKind::Assignment, election.assignment),
        ),
        ("closed", time::shown(election.closed_at)),
    ]);
    for ballot in &election.ballots {
        text.push_str(&format!(
            "ballot of {}: {}\n",
            member(ballot.voter),
            words(ballot, names)
        ));
    }
    let tied = tied_again(election);
    if !tied.is_empty() {
        let tied: Vec<String> = tied.into_iter().map(member).collect();
        text.push_str(&format!(
            "the changed ballots tie again: {}. Unless some of the voters count as one person, the lot decided: {} has the \
             lowest SHA-256 over election and member (8 bytes each, big-endian)\n",
            tied.join(", "),
            member(election.candidate)
        ));
    }
    for discarded in &election.discarded {
        text.push_str(&format!(
            "not elected after an objection: {}\n",
            member(*discarded)
        ));
    }
    text
}

/// Those whose changed ballots tie, where the lot among them takes the candidate; none elsewhere. A lot is on no record: it
/// follows from the ballots. Of people who count as one each ballot counts here, and in the ledger one.
fn tied_again(election: &Election) -> Vec<u64> {
    let ballots = election.ballots.iter().map(|ballot| ballot.nominee);
    let standing = ballots.filter(|nominee| {
        let was_discarded = election.discarded.contains(nominee);
        *nominee != 0 && (!was_discarded || *nominee == election.candidate)
    });
    match tally(standing) {
        Tally::Tie(tied)
            if election.changed && by_lot(election.number, &tied) == Some(election.candidate) =>
        {
            tied
        }
        Tally::Tie(_) | Tally::One(_) | Tally::Nobody => Vec::new(),
    }
}

/// Where an election stands.
pub(in crate::commands) fn step_words(step: ElectionStep) -> &'static str {
    match step {
        ElectionStep::None => "none",
        ElectionStep::Ballots => "ballots are sealed",
        ElectionStep::Reveal => "ballots are revealed",
        ElectionStep::Change => "a tie: each voter may change once",
        ElectionStep::Objections => "the result is proposed and may be objected to",
        ElectionStep::Elected => "elected",
        ElectionStep::Ended => "ended without result",
    }
}

fn words(ballot: &Ballot, names: &Names<'_>) -> String {
    let member = |number: u64| names.shown(ObjectKind::Member, number);
    if ballot.nominee == 0 {
        return "sealed".to_owned();
    }
    let mut text = member(ballot.nominee);
    if ballot.changed_from != 0 {
        text.push_str(&format!(", first {}", member(ballot.changed_from)));
    }
    if ballot.replaced != 0 {
        let sealed = member(ballot.replaced);
        text.push_str(&format!(
            ", openly instead of {sealed}, who cannot be elected"
        ));
    }
    text
}

/// The stable JSON of an election.
pub(super) fn as_json(election: &Election) -> Value {
    let member = |number: u64| names::json(ObjectKind::Member, number);
    json!({
        "election": lettered(ObjectKind::Election, election.number),
        "role": lettered(ObjectKind::Role, election.role),
        "step": word::word(election.step()),
        "until": time::json(election.step_until),
        "round": election.round,
        "caller": member(election.caller),
        "term": election.term,
        "electorate": election.electorate.iter().map(|one| member(*one)).collect::<Vec<_>>(),
        "ballots": election.ballots.iter().map(|ballot| json!({
            "voter": member(ballot.voter),
            "nominee": member(ballot.nominee),
            "instead_of": member(ballot.replaced),
            "changed_from": member(ballot.changed_from),
        })).collect::<Vec<_>>(),
        "tied_again": tied_again(election).into_iter().map(member).collect::<Vec<_>>(),
        "candidate": member(election.candidate),
        "proposal": names::json(ObjectKind::Proposal, election.proposal),
        "assignment": names::json(ObjectKind::Assignment, election.assignment),
        "closed": time::json(election.closed_at),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lot_is_told_after_a_second_tie_alone_and_with_those_among_whom_it_was_drawn() {
        let ballot = |nominee| Ballot {
            nominee,
            ..Ballot::default()
        };
        let drawn = by_lot(2, &[4, 5, 6]).expect("one of them");
        let election = Election {
            number: 2,
            changed: true,
            ballots: vec![ballot(6), ballot(4), ballot(5), ballot(0)],
            candidate: drawn,
            ..Election::default()
        };
        assert_eq!(tied_again(&election), [4, 5, 6]);
        let objected = Election {
            discarded: vec![drawn],
            ..election.clone()
        };
        assert_eq!(tied_again(&objected), [4, 5, 6]);

        let first_tie = Election {
            changed: false,
            candidate: 0,
            ..election.clone()
        };
        let another = Election {
            candidate: 9,
            ..election.clone()
        };
        let clear = Election {
            ballots: vec![ballot(drawn), ballot(drawn), ballot(9)],
            ..election
        };
        for none in [first_tie, another, clear] {
            assert_eq!(tied_again(&none), [0; 0]);
        }
    }
}
