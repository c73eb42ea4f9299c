//! Questions to the judge: the same code as in the block.

use polity_ledger::judge::Now;
use polity_ledger::state::{keys, objects};
use polity_ledger::{Block, Rejection, actions, check, query};
use polity_proto::v1::{
    self, CanAnswer, CanRequest, Paused, SimulateAnswer, SimulateRequest, WhoCanAnswer,
    WhoCanRequest,
};

use super::{QueryError, View};
use crate::app::App;

/// Path /simulate: what a body would do on this state, signatures aside.
pub(super) fn simulate(
    app: &App,
    view: &View,
    request: &SimulateRequest,
) -> Result<SimulateAnswer, QueryError> {
    let answer = match check::parse_body(&request.body) {
        Ok(body) => query::simulate(view, next_block(app, view), &body),
        Err(rejection) => refused(rejection),
    };
    Ok(SimulateAnswer {
        height: view.height,
        ..answer
    })
}

/// Path /can.
pub(super) fn can(app: &App, view: &View, request: &CanRequest) -> Result<CanAnswer, QueryError> {
    let action = request
        .action
        .as_ref()
        .ok_or(QueryError::BadRequest("no action"))?;
    let verdict = match actions::check_form(action, check::SIGNERS_MAX) {
        Ok(()) => query::can(
            view,
            next_block(app, view),
            request.member,
            action,
            request.any_role,
        ),
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
    app: &App,
    view: &View,
    request: &WhoCanRequest,
) -> Result<WhoCanAnswer, QueryError> {
    let action = request
        .action
        .as_ref()
        .ok_or(QueryError::BadRequest("no action"))?;
    actions::check_form(action, check::SIGNERS_MAX)
        .map_err(|_| QueryError::BadRequest("the action is malformed"))?;
    let (members, truncated) = query::who_can(view, next_block(app, view), action);
    Ok(WhoCanAnswer {
        height: view.height,
        members,
        truncated,
    })
}

/// The block that would follow: judged at the time of the newest one.
pub(super) fn next_block(app: &App, view: &View) -> Block {
    let time = app
        .block_time(&view.snapshot, view.height)
        .unwrap_or_default();
    let paused: Paused = objects::value(view, &keys::key(keys::PAUSED, &[])).unwrap_or_default();
    Block {
        height: view.height + 1,
        now: Now {
            time,
            paused: paused.seconds,
        },
    }
}

fn refused(rejection: Rejection) -> SimulateAnswer {
    SimulateAnswer {
        receipt: Some(polity_proto::v1::Receipt {
            code: rejection.code(),
            ..polity_proto::v1::Receipt::default()
        }),
        rejection: rejection.name().into(),
        ..SimulateAnswer::default()
    }
}
