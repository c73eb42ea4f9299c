//! What one person may do alone.

use polity_proto::v1::{
    Basis, BasisSource, Grant, ObjectKind, PeriodKind, PeriodLimit, ScopeKind, Window,
};

use super::{Actor, Need, Now, Trace, ValueNeed, hands, power};
use crate::state::{Read, keys, objects};
use crate::{Amount, Rejection, time};

/// What was found among the grants that an actor can use.
pub(super) enum Found {
    /// The lowest-numbered grant that fits.
    Fits(Basis),
    /// Some would fit but for a limit, or for who gave it.
    Exceeded(Rejection),
    /// A scope reaches down from above to a unit that decides for itself.
    HeldAbove,
    /// None.
    Nothing,
}

impl Found {
    /// The first grant that would fit tells more than that a scope ends above.
    fn or(self, exceeded: Found) -> Found {
        match self {
            Found::Nothing | Found::HeldAbove => exceeded,
            Found::Fits(_) | Found::Exceeded(_) => self,
        }
    }
}

/// Looks for the lowest-numbered grant that fits.
pub(super) fn find(
    state: &dyn Read,
    now: Now,
    actor: Actor,
    need: &Need,
    spent_here: Amount,
    trace: &mut Trace,
) -> Found {
    let mut found = Found::Nothing;
    for grant in power::grants_in_role(state, actor.member, actor.role, now.time) {
        if grant.capability() != need.capability {
            continue;
        }
        let mut look = |outcome| trace.note(ObjectKind::Grant, grant.number, outcome);
        let is_above = is_above(state, &grant, need);
        if !is_above && !covers(state, &grant, need) {
            look("is for something else");
            continue;
        }
        let scope_unit = grant.scope.as_ref().map_or(0, |scope| scope.unit);
        if is_above || need.own_decision && scope_unit != need.unit {
            look("reaches down to a unit that decides for itself");
            if matches!(found, Found::Nothing) {
                found = Found::HeldAbove;
            }
            continue;
        }
        if hands::withholds(state, now.time, &grant, actor.member) {
            look("was given, or its role assigned, by the actor's own hand alone");
            found = found.or(Found::Exceeded(Rejection::GrantTooClose));
            continue;
        }
        let fits = need.value.as_ref().map_or(Ok(()), |value| {
            within(state, now, &grant, value, spent_here)
        });
        match fits {
            Ok(()) => {
                look("fits");
                return Found::Fits(actor.basis(state, now, BasisSource::Grant, grant.number));
            }
            Err(limit) => {
                look("has a limit that is exceeded");
                found = found.or(Found::Exceeded(limit));
            }
        }
    }
    found
}

/// Whether a grant says "and below" of a capability over value, and the need lies below: there each unit gives it itself.
fn is_above(state: &dyn Read, grant: &Grant, need: &Need) -> bool {
    let scope = grant.scope.unwrap_or_default();
    power::is_over_value(need.capability)
        && scope.kind() == ScopeKind::UnitAndBelow
        && scope.unit != need.unit
        && power::is_within(state, need.unit, scope.unit)
}

fn covers(state: &dyn Read, grant: &Grant, need: &Need) -> bool {
    let covers = |object| power::scope_covers(state, grant, need.unit, object);
    let line = (need.line != 0).then_some((ObjectKind::BudgetLine, need.line));
    let in_scope = covers(need.object) || (line.is_some() && covers(line));
    if !in_scope {
        return false;
    }
    match &need.value {
        Some(value) => {
            (grant.asset == 0 || grant.asset == value.asset)
                && (grant.counterparties.is_empty()
                    || grant.counterparties.contains(&value.counterparty))
        }
        // A grant that is limited in value never covers an act whose value is not counted.
        None => {
            grant.asset == 0
                && grant.counterparties.is_empty()
                && grant.per_transfer.is_empty()
                && grant.per_period.is_none()
        }
    }
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
pub(crate) fn used_in_period(
    state: &dyn Read,
    now: Now,
    grant: u64,
    period: &PeriodLimit,
) -> Amount {
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
