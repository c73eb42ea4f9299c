//! Questions to the judge: the same code as in the block, so they cost as much as what they ask about.

use std::time::{SystemTime, UNIX_EPOCH};

use polity_engine::application::Query;
use polity_ledger::judge::Now;
use polity_ledger::query::{self, Waits};
use polity_ledger::{Block, Rejection, actions, check, parameters};
use polity_proto::v1::{
    self, Action, Body, CanAnswer, CanRequest, HealthRequest, OutlookRequest, Receipt,
    SimulateAnswer, SimulateRequest, WhoCanAnswer, WhoCanRequest,
};
use prost::Message;

use super::{QueryError, View};
use crate::app::App;
use crate::fault::Fault;

/// Path /simulate: what a body would do on this state, signatures aside.
pub(super) fn simulate(
    view: &View,
    request: &SimulateRequest,
    waits: Waits<'_>,
) -> Result<SimulateAnswer, QueryError> {
    let answer = match check::parse_body(&request.body) {
        Ok(body) => {
            query::simulate(view, next_block(view)?, &body, waits).ok_or(QueryError::Abandoned)?
        }
        Err(rejection) => refused(rejection),
    };
    Ok(SimulateAnswer {
        height: view.height,
        ..answer
    })
}

/// Path /can.
pub(super) fn can(
    view: &View,
    request: &CanRequest,
    waits: Waits<'_>,
) -> Result<CanAnswer, QueryError> {
    let action = request
        .action
        .as_ref()
        .ok_or(QueryError::BadRequest("no action"))?;
    let verdict = match actions::check_form(action, check::SIGNERS_MAX) {
        Ok(()) => query::can(
            view,
            next_block(view)?,
            request.member,
            action,
            request.any_role,
            waits,
        )
        .ok_or(QueryError::Abandoned)?,
        Err(rejection) => v1::Verdict {
            kind: v1::VerdictKind::Refused.into(),
            code: rejection.code(),
            rejection: rejection.name().into(),
            ..v1::Verdict::default()
        },
    };
    Ok(CanAnswer {
        height: view.height,
        verdict: Some(verdict),
    })
}

/// Path /who-can.
pub(super) fn who_can(
    view: &View,
    request: &WhoCanRequest,
    waits: Waits<'_>,
) -> Result<WhoCanAnswer, QueryError> {
    let action = request
        .action
        .as_ref()
        .ok_or(QueryError::BadRequest("no action"))?;
    actions::check_form(action, check::SIGNERS_MAX)
        .map_err(|_| QueryError::BadRequest("the action is malformed"))?;
    let (members, truncated) =
        query::who_can(view, next_block(view)?, action, waits).ok_or(QueryError::Abandoned)?;
    Ok(WhoCanAnswer {
        height: view.height,
        members,
        truncated,
    })
}

/// What a dear question costs, in actions that are judged; 0 of any other question. Who may do something is found by
/// judging it once for each member who might.
pub(crate) fn work(query: &Query) -> usize {
    let data = &query.data[..];
    let of_action = |action: Option<Action>| action.as_ref().map_or(1, actions::work);
    match query.path.as_str() {
        "/simulate" => SimulateRequest::decode(data)
            .and_then(|request| Body::decode(&request.body[..]))
            .map_or(1, |body| check::work(&body)),
        "/can" => CanRequest::decode(data).map_or(1, |request| of_action(request.action)),
        "/who-can" => {
            WhoCanRequest::decode(data).map_or(1, |request| CANDIDATES * of_action(request.action))
        }
        "/outlook" => OutlookRequest::decode(data).map_or(1, |request| 1 + request.actions.len()),
        // Every open proposal of every unit is looked at, for each role of the member.
        "/inbox" => UNITS,
        "/health" => match HealthRequest::decode(data) {
            Ok(HealthRequest { below: true, .. }) => UNITS,
            Ok(_) | Err(_) => 1,
        },
        _ => 0,
    }
}

/// For how many people an action is judged, where it is asked who may do it: more in a large organisation, and then
/// whoever asks is not charged for it.
const CANDIDATES: usize = 10;

/// What looking at many units counts as: less than judging an action for each.
const UNITS: usize = 10;

/// The block that would follow.
pub(super) fn next_block(view: &View) -> Result<Block, Fault> {
    let newest = App::block_time(&view.snapshot, view.height)?;
    let time = if view.is_dated_now {
        time_of_next(newest, parameters::get(view).outage_gap, clock())
    } else {
        newest
    };
    Ok(Block {
        height: view.height + 1,
        now: Now::at(view, time),
    })
}

/// When a block after the newest one would be: now. A network at rest makes none for a while, and what waits for a time
/// does not wait for that. A clock that is behind the chain tells nothing, nor does one after an outage.
fn time_of_next(newest: u64, outage_gap: u64, clock: u64) -> u64 {
    if (newest..=newest.saturating_add(outage_gap)).contains(&clock) {
        clock
    } else {
        newest
    }
}

fn clock() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

fn refused(rejection: Rejection) -> SimulateAnswer {
    SimulateAnswer {
        receipt: Some(Receipt {
            code: rejection.code(),
            ..Receipt::default()
        }),
        rejection: rejection.name().into(),
        ..SimulateAnswer::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_asks_about_many_units_pays_for_more_than_a_call() {
        let cost = |path: &str, data: Vec<u8>| {
            work(&Query {
                path: path.into(),
                data: data.into(),
                ..Query::default()
            })
        };
        let health = |below| HealthRequest {
            below,
            ..HealthRequest::default()
        };
        assert_eq!(cost("/inbox", Vec::new()), UNITS);
        assert_eq!(cost("/health", health(true).encode_to_vec()), UNITS);
        assert_eq!(cost("/health", health(false).encode_to_vec()), 1);
        assert_eq!(cost("/key", Vec::new()), 0);
    }

    #[test]
    fn a_question_is_judged_now_as_long_as_the_network_runs() {
        for (clock, judged) in [(999, 1_000), (1_000, 1_000), (1_600, 1_600), (1_601, 1_000)] {
            assert_eq!(time_of_next(1_000, 600, clock), judged, "{clock}");
        }
    }
}
