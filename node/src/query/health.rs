//! What units lack.

use polity_ledger::health;
use polity_ledger::judge::power;
use polity_ledger::query::Waits;
use polity_proto::v1::{HealthAnswer, HealthRequest};

use super::{QueryError, View};

/// Most units of an answer.
const UNITS_MAX: usize = 1_000;

/// Path /health.
pub(super) fn of(
    view: &View,
    request: &HealthRequest,
    waits: Waits<'_>,
) -> Result<HealthAnswer, QueryError> {
    let now = super::authority::next_block(view)?.now.time;
    let units = if request.below {
        power::subtree(view, request.unit, UNITS_MAX + 1)
    } else {
        vec![request.unit]
    };
    let mut warnings = Vec::new();
    for unit in units.iter().take(UNITS_MAX) {
        if !waits() {
            return Err(QueryError::Abandoned);
        }
        warnings.extend(health::of_unit(view, now, request.within, *unit));
    }
    Ok(HealthAnswer {
        height: view.height,
        warnings,
        truncated: units.len() > UNITS_MAX,
    })
}
