//! Questions to the judge: the same code as in the block, so they cost as much as what they ask about.

use polity_engine::application::Query;
use polity_ledger::judge::Now;
use polity_ledger::query::{self, Waits};
use polity_ledger::{Block, Rejection, actions, check};
use polity_proto::v1::{
    self, Action, Body, CanAnswer, CanRequest, OutlookRequest, Receipt, SimulateAnswer,
    SimulateRequest, WhoCanAnswer, WhoCanRequest,
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

/// What a question to the judge costs, in actions that are judged; 0 of any other question. Whoever may do something is
/// found by judging it once for each who comes into question.
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
        _ => 0,
    }
}

/// For how many people an action is judged, where it is asked who may do it: more in a large organisation, and then
/// whoever asks is not charged for it.
const CANDIDATES: usize = 10;

/// The block that would follow: judged at the time of the newest one.
pub(super) fn next_block(view: &View) -> Result<Block, Fault> {
    let time = App::block_time(&view.snapshot, view.height)?;
    Ok(Block {
        height: view.height + 1,
        now: Now::at(view, time),
    })
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
