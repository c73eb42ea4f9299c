//! What units lack.

use polity_ledger::health;
use polity_ledger::judge::power;
use polity_proto::v1::{HealthAnswer, HealthRequest};

use super::{QueryError, View};

/// Most units of an answer.
const UNITS_MAX: usize = 1_000;

/// Path /health.
pub(super) fn of(view: &View, request: &HealthRequest) -> Result<HealthAnswer, QueryError> {
    let now = super::authority::next_block(view)?.now.time;
    let units = match request.below {
        true => power::subtree(view, request.unit, UNITS_MAX + 1),
        false => vec![request.unit],
    };
    let looked_at = units.iter().take(UNITS_MAX);
    Ok(HealthAnswer {
        height: view.height,
        warnings: looked_at
            .flat_map(|unit| health::of_unit(view, now, request.within, *unit))
            .collect(),
        truncated: units.len() > UNITS_MAX,
    })
}
