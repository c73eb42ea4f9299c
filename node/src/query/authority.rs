//! Questions to the judge: the same code as in the block.

use polity_ledger::judge::Now;
use polity_ledger::state::{keys, objects};
use polity_ledger::{Block, Rejection, block, check};
use polity_proto::v1::{Paused, SimulateAnswer, SimulateRequest};

use super::{QueryError, View};
use crate::app::App;

/// Path /simulate: what a body would do on this state, signatures aside.
pub(super) fn simulate(
    app: &App,
    view: &View,
    request: &SimulateRequest,
) -> Result<SimulateAnswer, QueryError> {
    let body = match check::parse_body(&request.body) {
        Ok(body) => body,
        Err(rejection) => return Ok(refused(view.height, rejection)),
    };
    let block = next_block(app, view);
    let receipt = block::simulate(view, block, &body);
    let rejection = Rejection::from_code(receipt.code);
    Ok(SimulateAnswer {
        height: view.height,
        rejection: rejection.map_or_else(String::new, |rejection| rejection.name().into()),
        facts: Vec::new(),
        verdicts: Vec::new(),
        receipt: Some(receipt),
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

fn refused(height: u64, rejection: Rejection) -> SimulateAnswer {
    SimulateAnswer {
        height,
        receipt: Some(polity_proto::v1::Receipt {
            code: rejection.code(),
            ..polity_proto::v1::Receipt::default()
        }),
        rejection: rejection.name().into(),
        ..SimulateAnswer::default()
    }
}
