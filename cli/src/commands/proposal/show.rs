//! `proposal show`.

use clap::Args;
use polity_client::Result;
use polity_client::ledger::decisions;
use polity_client::session::{lettered, visible};
use polity_client::v1::{Answer, ModeKind, ObjectKind, Objection, Proposal, ProposalState};

use super::file;
use super::read::{absent, as_json, names_of, sentences};
use crate::commands::seconds_paused;
use crate::context::Context;
use crate::names::{self, Names};
use crate::output::facts;
use crate::{failure, mode, time, word};

/// Shows a proposal: what it would do and why, who decides, who answered what, and the objections that stand.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity proposal show p7\n  \
    polity proposal show p7 --full\n  \
    polity proposal show p7 --at 2026-03-01")]
pub(super) struct Show {
    /// The proposal: p7.
    proposal: String,
    /// The whole file of the decision, for somebody who was not there: why, who decides, every version with what was
    /// answered to it, every objection, what came of it, and every event with the transaction that proves it.
    #[arg(long)]
    full: bool,
}

impl Show {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let view = context.view().await?;
        let number = super::super::parse_number(ObjectKind::Proposal, &self.proposal)?;
        let found = view.get::<Proposal>(number).await?;
        let proposal = found.ok_or_else(|| absent(number))?;
        let paused = match proposal.closed_at {
            0 => seconds_paused(&view).await?,
            _ => 0,
        };
        let proposal = on_the_clock(proposal, paused);
        let mut names = names_of(&view, std::slice::from_ref(&proposal)).await?;
        let actions = sentences(session, proposal.proposer, &proposal.actions).await?;
        let mut value = as_json(&proposal, &names);
        value["sentences"] = actions.clone().into();
        if !self.full {
            let mut standing = Vec::new();
            for number in &proposal.open_objections {
                standing.extend(view.get::<Objection>(*number).await?);
            }
            names
                .load_members(
                    standing
                        .iter()
                        .flat_map(|one| [one.objector, one.tested_by]),
                )
                .await?;
            value["standing_objections"] = standing.iter().map(file::objection_json).collect();
            context.answer(&view, value, || {
                head(&proposal, &names, &actions)
                    + &file::reasons(&proposal)
                    + &answered(&proposal, &standing, &names)
            });
            return Ok(());
        }

        let file = file::read(&view, &proposal).await?;
        names.load_members(file.members()).await?;
        value["file"] = file.json();
        context.answer(&view, value, || {
            let head = head(&proposal, &names, &actions);
            head + &file.shown(&proposal, &names)
        });
        Ok(())
    }
}

/// Waits and deadlines as the clock will show them: the ledger counts them without outages. Of a closed proposal none
/// lies ahead, and what was paused since is not its outage.
pub(super) fn on_the_clock(proposal: Proposal, paused: u64) -> Proposal {
    if proposal.closed_at != 0 {
        return proposal;
    }
    let shift = |at: u64| {
        if at == 0 {
            0
        } else {
            at.saturating_add(paused)
        }
    };
    Proposal {
        deadline: shift(proposal.deadline),
        executable_at: shift(proposal.executable_at),
        lapses_at: shift(proposal.lapses_at),
        ..proposal
    }
}

/// What it is about, how it stands, and what it would do.
fn head(proposal: &Proposal, names: &Names<'_>, actions: &[String]) -> String {
    let mode = proposal.mode.clone().unwrap_or_default();
    let is_closed = proposal.closed_at != 0;
    // What would have happened later no longer will.
    let ahead = |time| {
        if is_closed {
            String::new()
        } else {
            time::shown(time)
        }
    };
    let number = lettered(ObjectKind::Proposal, proposal.number);
    let mut text = facts(&[
        ("proposal", format!("{number} {}", proposal.title)),
        ("state", word::word(proposal.state())),
        ("unit", names.shown(ObjectKind::Unit, proposal.unit)),
        ("by", names.shown(ObjectKind::Member, proposal.proposer)),
        ("as", names.shown(ObjectKind::Role, proposal.role)),
        ("version", proposal.version.to_string()),
        ("decided by", mode::shown(&mode, names)),
        ("policy", names::letter(ObjectKind::Policy, proposal.policy)),
        (
            "election",
            names::letter(ObjectKind::Election, proposal.election),
        ),
        ("opened", time::shown(proposal.opened_at)),
        ("deadline", ahead(proposal.deadline)),
        ("lapses", ahead(proposal.lapses_at)),
        ("decided", time::shown(proposal.decided_at)),
        ("executable", ahead(proposal.executable_at)),
        ("closed", time::shown(proposal.closed_at)),
        ("benefits", names.members(&proposal.beneficiaries)),
        ("bound to", bound(&proposal.outlook)),
        ("failed", why_failed(proposal)),
    ]);
    text.push_str(match (proposal.state(), is_closed) {
        (ProposalState::Adopted, _) => "It did:\n",
        (_, true) => "It would have done:\n",
        (_, false) => "It would do:\n",
    });
    for (index, action) in actions.iter().enumerate() {
        text.push_str(&format!("  {}. {action}.\n", index + 1));
    }
    text
}

/// What the proposal was bound to change, where it was.
fn bound(outlook: &[u8]) -> String {
    if outlook.is_empty() {
        String::new()
    } else {
        format!("outlook {}", hex::encode(outlook))
    }
}

fn why_failed(proposal: &Proposal) -> String {
    match proposal.failed_code {
        0 => String::new(),
        code => format!(
            "{code} {}: {}",
            failure::rejection_name(code),
            failure::rejection_sentence(code)
        ),
    }
}

/// The answers to the present version.
fn answered(proposal: &Proposal, standing: &[Objection], names: &Names<'_>) -> String {
    let mut text = String::new();
    if proposal.proposer != 0 && is_implied(proposal, proposal.proposer) {
        let proposer = names.shown(ObjectKind::Member, proposal.proposer);
        text.push_str(&format!(
            "{proposer} no_objection, by proposing this version\n"
        ));
    }
    for one in &proposal.responses {
        let why = match one.explanation.as_str() {
            "" => String::new(),
            words => format!(": {}", visible(words)),
        };
        text.push_str(&format!(
            "{} {} {}{why}\n",
            time::shown(one.at),
            names.shown(ObjectKind::Member, one.member),
            word::word(one.answer()),
        ));
    }
    text.push_str(&file::escalated(proposal, names));
    text.push_str(&approvals(proposal));
    text.push_str(&departments(proposal, &|unit| {
        names.shown(ObjectKind::Unit, unit)
    }));
    let objectors: Vec<u64> = standing.iter().map(|one| one.objector).collect();
    text.push_str(&unanswered(proposal, &objectors, names));
    for objection in standing {
        text.push_str(&file::objected(objection, names));
    }
    text
}

/// How many approvals were given of those that are asked for, while they are.
fn approvals(proposal: &Proposal) -> String {
    let mode = decisions::mode::standing(proposal);
    if proposal.closed_at != 0 || mode.kind() != ModeKind::Approve {
        return String::new();
    }
    let responses = proposal.responses.iter();
    let given = responses.filter(|one| one.answer() == Answer::Approve);
    let (given, needed) = (given.count(), mode.count);
    // The ledger would have decided it.
    let are_one = proposal.decided_at == 0 && given >= needed as usize;
    let why = if are_one {
        ", some from people who count as one: somebody else is still asked"
    } else {
        ""
    };
    format!("Approvals: {given} of {needed}{why}\n")
}

/// Which departments are asked, with their power, and how much of it is needed, while they are.
fn departments(proposal: &Proposal, unit: &dyn Fn(u64) -> String) -> String {
    let mode = decisions::mode::standing(proposal);
    if proposal.closed_at != 0 || mode.kind() != ModeKind::Departments {
        return String::new();
    }
    let seats = proposal.seats.iter();
    let whole: u128 = seats.clone().map(|seat| u128::from(seat.power)).sum();
    let seats = seats.map(|seat| format!("{} with {}", unit(seat.unit), seat.power));
    let seats = seats.collect::<Vec<_>>().join(", ");
    format!("Departments: {seats}; more than two thirds of {whole} must say yes\n")
}

/// Who of those that are asked has not answered the present version yet.
fn unanswered(proposal: &Proposal, objectors: &[u64], names: &Names<'_>) -> String {
    let silent = silent(proposal, objectors);
    if silent.is_empty() {
        String::new()
    } else {
        format!("No answer yet: {}\n", names.members(&silent))
    }
}

/// Whoever proposes what needs consent has no objection: they answer nothing more.
fn is_implied(proposal: &Proposal, member: u64) -> bool {
    let mode = decisions::mode::standing(proposal);
    mode.kind() == ModeKind::Consent && member == proposal.proposer
}

fn silent(proposal: &Proposal, objectors: &[u64]) -> Vec<u64> {
    let mode = decisions::mode::standing(proposal);
    let asks_everybody = matches!(mode.kind(), ModeKind::Consent | ModeKind::Vote);
    if proposal.closed_at != 0 || !asks_everybody {
        return Vec::new();
    }
    let has_answered = |member| {
        let mut responses = proposal.responses.iter();
        objectors.contains(&member) || responses.any(|one| one.member == member)
    };
    let mut silent = proposal.electorate.clone();
    silent.retain(|member| !is_implied(proposal, *member) && !has_answered(*member));
    silent
}

#[cfg(test)]
mod tests {
    use polity_client::v1::{Mode, Response, Seat};

    use super::*;

    #[test]
    fn an_open_proposal_says_how_many_approvals_it_has() {
        let approved = Response {
            answer: Answer::Approve as i32,
            ..Response::default()
        };
        let open = Proposal {
            mode: Some(Mode {
                kind: ModeKind::Approve as i32,
                count: 2,
                ..Mode::default()
            }),
            responses: vec![approved],
            ..Proposal::default()
        };
        assert_eq!(approvals(&open), "Approvals: 1 of 2\n");
        let stuck = Proposal {
            responses: vec![open.responses[0].clone(); 2],
            ..open.clone()
        };
        assert_eq!(
            approvals(&stuck),
            "Approvals: 2 of 2, some from people who count as one: somebody else is still asked\n"
        );
        let waiting = Proposal {
            decided_at: 1,
            ..stuck
        };
        assert_eq!(approvals(&waiting), "Approvals: 2 of 2\n");
        let closed = Proposal {
            closed_at: 1,
            ..open
        };
        assert_eq!(approvals(&closed), "");
    }

    #[test]
    fn what_the_departments_decide_says_whose_power_is_needed() {
        let seat = |unit| Seat { unit, power: 10 };
        let open = Proposal {
            mode: Some(Mode {
                kind: ModeKind::Departments as i32,
                ..Mode::default()
            }),
            seats: vec![seat(2), seat(3)],
            ..Proposal::default()
        };
        let unit = |number| format!("u{number}");
        assert_eq!(
            departments(&open, &unit),
            "Departments: u2 with 10, u3 with 10; more than two thirds of 20 must say yes\n"
        );
        let closed = Proposal {
            closed_at: 1,
            ..open
        };
        assert_eq!(departments(&closed, &unit), "");
    }

    #[test]
    fn an_open_consent_says_who_has_not_answered() {
        let open = Proposal {
            mode: Some(Mode {
                kind: ModeKind::Consent as i32,
                ..Mode::default()
            }),
            proposer: 2,
            electorate: vec![2, 3, 5, 7],
            responses: vec![Response {
                member: 5,
                ..Response::default()
            }],
            ..Proposal::default()
        };
        assert!(is_implied(&open, 2), "whoever proposes has no objection");
        assert!(!is_implied(&open, 3));
        assert_eq!(silent(&open, &[]), [3, 7]);
        assert_eq!(silent(&open, &[7]), [3], "an objection is an answer");
        let closed = Proposal {
            closed_at: 1,
            ..open
        };
        assert!(silent(&closed, &[]).is_empty());
    }

    #[test]
    fn an_outage_moves_the_waits_of_what_is_open_alone() {
        let open = Proposal {
            deadline: 100,
            executable_at: 200,
            ..Proposal::default()
        };
        let closed = Proposal {
            closed_at: 150,
            ..open.clone()
        };

        let shown = on_the_clock(open, 30);
        assert_eq!((shown.deadline, shown.executable_at), (130, 230));
        assert_eq!(shown.lapses_at, 0);
        assert_eq!(on_the_clock(closed.clone(), 30), closed);
    }
}
