//! `election show`.

use std::collections::BTreeMap;

use clap::Args;
use polity_client::Result;
use polity_client::ledger::elections::tally::{Tally, by_lot, of_each_hand, tally};
use polity_client::session::{View, lettered};
use polity_client::v1::{Ballot, Election, ElectionStep, ObjectKind, Proposal};
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
        let hands = hands(&view, &election).await?;
        let people = people.chain([election.caller]);
        names
            .load_members(people.chain(hands.values().copied()))
            .await?;
        context.answer(&view, as_json(&election, &hands), || {
            shown(&election, &hands, &names)
        });
        Ok(())
    }
}

/// As whom each voter counted when the ballots were counted last, or counts when their step ends.
pub(super) async fn hands(view: &View<'_>, election: &Election) -> Result<BTreeMap<u64, u64>> {
    let proposal = match election.proposal {
        0 => None,
        number => view.get::<Proposal>(number).await?,
    };
    let counted_at = match proposal {
        Some(proposal) => proposal.opened_at,
        None => election.step_until.max(election.closed_at),
    };
    let voters: Vec<u64> = election.ballots.iter().map(|ballot| ballot.voter).collect();
    view.hands(&voters, counted_at).await
}

/// The ballots that the ledger counts: people who count as one have one between them.
fn of_people<'e>(election: &'e Election, hands: &BTreeMap<u64, u64>) -> Vec<&'e Ballot> {
    of_each_hand(&election.ballots, |voter| hands.get(&voter).copied())
}

fn shown(election: &Election, hands: &BTreeMap<u64, u64>, names: &Names<'_>) -> String {
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
    let of_people = of_people(election, hands);
    for ballot in &election.ballots {
        let counts = of_people.iter().any(|one| one.voter == ballot.voter);
        let uncounted = match hands.get(&ballot.voter) {
            _ if counts => String::new(),
            Some(hand) => format!(" (not counted: one person with {})", member(*hand)),
            None => " (not counted: who admitted them is too far back)".to_owned(),
        };
        text.push_str(&format!(
            "ballot of {}: {}{uncounted}\n",
            member(ballot.voter),
            words(ballot, names)
        ));
    }
    let tied = tied_again(election, hands);
    if !tied.is_empty() {
        let tied: Vec<String> = tied.into_iter().map(member).collect();
        text.push_str(&format!(
            "the changed ballots tie again: {}. Unless a voter had left or was suspended then, or a nominee could not be \
             elected, the lot decided: {} has the lowest SHA-256 over election and member (8 bytes each, big-endian)\n",
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

/// Those whose changed ballots tie, where the lot among them takes the candidate; none elsewhere. A lot is on no
/// record: it follows from the ballots. The ballot of a voter who had left or was suspended counts here, but not in the
/// ledger.
fn tied_again(election: &Election, hands: &BTreeMap<u64, u64>) -> Vec<u64> {
    let ballots = of_people(election, hands).into_iter();
    let standing = ballots.map(|ballot| ballot.nominee).filter(|nominee| {
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

/// The stable JSON of an election; of each ballot also as whom its voter counts.
pub(super) fn as_json(election: &Election, hands: &BTreeMap<u64, u64>) -> Value {
    let member = |number: u64| names::json(ObjectKind::Member, number);
    let hand = |voter| member(hands.get(&voter).copied().unwrap_or_default());
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
            "hand": hand(ballot.voter),
            "nominee": member(ballot.nominee),
            "instead_of": member(ballot.replaced),
            "changed_from": member(ballot.changed_from),
        })).collect::<Vec<_>>(),
        "tied_again": tied_again(election, hands).into_iter().map(member).collect::<Vec<_>>(),
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
        let ballots = |nominees: &[u64]| {
            let voted = |(voter, nominee)| Ballot {
                voter,
                nominee,
                ..Ballot::default()
            };
            std::iter::zip(11.., nominees.iter().copied())
                .map(voted)
                .collect()
        };
        let mut hands: BTreeMap<u64, u64> = (11..=14).map(|voter| (voter, voter)).collect();
        let drawn = by_lot(2, &[4, 5, 6]).expect("one of them");
        let election = Election {
            number: 2,
            changed: true,
            ballots: ballots(&[6, 4, 5, 0]),
            candidate: drawn,
            ..Election::default()
        };
        assert_eq!(tied_again(&election, &hands), [4, 5, 6]);
        let objected = Election {
            discarded: vec![drawn],
            ..election.clone()
        };
        assert_eq!(tied_again(&objected, &hands), [4, 5, 6]);

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
            ballots: ballots(&[drawn, drawn, 9]),
            ..election.clone()
        };
        for none in [first_tie, another, clear] {
            assert_eq!(tied_again(&none, &hands), [0; 0]);
        }

        // Of two who count as one, the ballot of the one who leads the hand is counted.
        let tie_of_people = Election {
            ballots: ballots(&[6, 4, 6]),
            candidate: by_lot(2, &[4, 6]).expect("one of them"),
            ..election
        };
        assert_eq!(tied_again(&tie_of_people, &hands), [0; 0], "6 has two");
        hands.insert(11, 13);
        assert_eq!(tied_again(&tie_of_people, &hands), [4, 6]);
    }
}
