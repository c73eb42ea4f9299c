//! What one person may do alone.

use polity_proto::v1::{Basis, BasisSource, Grant, ObjectKind, PeriodKind, PeriodLimit, Window};

use super::{Actor, Need, Now, Trace, ValueNeed, power};
use crate::state::{Read, keys, objects};
use crate::{Amount, Rejection, time};

/// The lowest-numbered grant that fits; where some would fit but for a limit, that limit.
pub(super) fn find(
    state: &dyn Read,
    now: Now,
    actor: Actor,
    need: &Need,
    spent_here: Amount,
    trace: &mut Trace,
) -> Result<Option<Basis>, Rejection> {
    let mut exceeded = None;
    for grant in power::grants_in_role(state, actor.member, actor.role, now.time) {
        if grant.capability() != need.capability {
            continue;
        }
        if !covers(state, &grant, need) {
            trace.look(ObjectKind::Grant, grant.number, "is for something else");
            continue;
        }
        match need.value.as_ref().map_or(Ok(()), |value| {
            within(state, now, &grant, value, spent_here)
        }) {
            Ok(()) => {
                trace.look(ObjectKind::Grant, grant.number, "fits");
                return Ok(Some(Basis {
                    source: BasisSource::Grant as i32,
                    member: actor.member,
                    role: actor.role,
                    number: grant.number,
                }));
            }
            Err(limit) => {
                trace.look(
                    ObjectKind::Grant,
                    grant.number,
                    "has a limit that is exceeded",
                );
                exceeded.get_or_insert(limit);
            }
        }
    }
    exceeded.map_or(Ok(None), Err)
}

fn covers(state: &dyn Read, grant: &Grant, need: &Need) -> bool {
    if !power::scope_covers(state, grant, need.unit, need.object) {
        return false;
    }
    // Only the unit itself decides: a scope that reaches down from above does not count.
    let scope_unit = grant.scope.as_ref().map_or(0, |scope| scope.unit);
    if need.own_decision && scope_unit != need.unit {
        return false;
    }
    need.value.as_ref().is_none_or(|value| {
        (grant.asset == 0 || grant.asset == value.asset)
            && (grant.counterparties.is_empty()
                || grant.counterparties.contains(&value.counterparty))
    })
}

fn within(
    state: &dyn Read,
    now: Now,
    grant: &Grant,
    value: &ValueNeed,
    spent_here: Amount,
) -> Result<(), Rejection> {
    let limits = [
        Some(grant.clone()),
        objects::get::<Grant>(state, grant.source),
    ];
    for limit in limits.iter().flatten() {
        let together = spent_here.plus(value.amount)?;
        if !limit.per_transfer.is_empty() && together > Amount::from_state(&limit.per_transfer) {
            return Err(Rejection::LimitPerTransfer);
        }
        if let Some(period) = &limit.per_period {
            let used = used_in_period(state, now, limit.number, period);
            if used.plus(value.amount)? > Amount::from_state(&period.amount) {
                return Err(Rejection::LimitPerPeriod);
            }
        }
    }
    Ok(())
}

/// What a grant was used for in the period that `now` lies in.
pub fn used_in_period(state: &dyn Read, now: Now, grant: u64, period: &PeriodLimit) -> Amount {
    let window: Window =
        objects::value(state, &keys::key(keys::GRANT_USE, &[grant])).unwrap_or_default();
    let today = time::day(now.time);
    let first = match period.kind() {
        PeriodKind::None => today,
        PeriodKind::CalendarMonth => time::month_start(today),
        PeriodKind::RollingDays => (today + 1).saturating_sub(period.days),
    };
    crate::window::sum(&window, first, today)
}
