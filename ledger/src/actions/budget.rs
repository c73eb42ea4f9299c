//! Budget lines: what a unit may spend in a period for a category.

use polity_proto::v1::{BudgetLine, OwnerKind, Ref};

use super::posting::{self, Move};
use crate::context::Context;
use crate::{Amount, Rejection, time};

/// What a line has left: approved + carried − carried out − committed − spent. `None`: a soft
/// line is exceeded.
pub fn line_available(line: &BudgetLine) -> Option<Amount> {
    let sum = |a: &[u8], b: &[u8]| {
        let (a, b) = (Amount::from_state(a), Amount::from_state(b));
        a.0.saturating_add(b.0)
    };
    let planned = sum(&line.approved, &line.carried);
    let used =
        sum(&line.committed, &line.spent).saturating_add(Amount::from_state(&line.carried_out).0);
    planned.checked_sub(used).map(Amount)
}

/// Refuses a line that does not exist.
pub(crate) fn find(context: &Context<'_, '_>, line: &Option<Ref>) -> Result<(), Rejection> {
    match context.optional::<BudgetLine>(line)? {
        0 => Ok(()),
        number => context.get::<BudgetLine>(number).map(|_| ()),
    }
}

/// The movement's line with what it spends, where it names one. The caller writes it.
pub(crate) fn spend(
    context: &Context<'_, '_>,
    movement: &Move,
) -> Result<Option<BudgetLine>, Rejection> {
    let Some(mut line) = line_of(context, movement)? else {
        return Ok(None);
    };
    posting::add(&mut line.spent, movement.amount)?;
    Ok(Some(line))
}

/// The movement's line with what a hold commits, where it names one. The caller writes it.
pub(crate) fn commit(
    context: &Context<'_, '_>,
    movement: &Move,
) -> Result<Option<BudgetLine>, Rejection> {
    let Some(mut line) = line_of(context, movement)? else {
        return Ok(None);
    };
    posting::add(&mut line.committed, movement.amount)?;
    Ok(Some(line))
}

/// Turns what a hold committed into what was spent; the rest is free again.
pub(crate) fn settle(
    context: &mut Context<'_, '_>,
    line: u64,
    committed: Amount,
    spent: Amount,
) -> Result<(), Rejection> {
    if line == 0 {
        return Ok(());
    }
    let mut line: BudgetLine = context.get(line)?;
    posting::subtract(&mut line.committed, committed);
    posting::add(&mut line.spent, spent)?;
    context.put(&line);
    Ok(())
}

/// Gives back to a line what came back; a closed line stays as it was closed.
pub(crate) fn give_back(context: &mut Context<'_, '_>, line: u64, amount: Amount) {
    let Ok(mut line) = context.get::<BudgetLine>(line) else {
        return;
    };
    if line.closed {
        return;
    }
    let spent = Amount::from_state(&line.spent);
    line.spent = Amount(spent.0.saturating_sub(amount.0)).to_bytes();
    context.put(&line);
}

/// The line that a movement names, if it fits: of the paying unit, asset and period, with enough
/// left where it is hard.
fn line_of(context: &Context<'_, '_>, movement: &Move) -> Result<Option<BudgetLine>, Rejection> {
    if movement.line == 0 {
        return Ok(None);
    }
    let line: BudgetLine = context.get(movement.line)?;
    let owner = posting::owner(&movement.from);
    let date = posting::value_date(context, movement.value_date);
    let fits = owner.kind() == OwnerKind::Unit
        && line.unit == owner.number
        && line.asset == movement.from.asset
        && (line.from..line.until).contains(&date);
    if !fits {
        return Err(Rejection::BudgetLineWrong);
    }
    // With a day to come, whoever pays could choose the period whose line is charged. All of today is allowed.
    if time::day(date) > time::day(context.now().time) {
        return Err(Rejection::TimeMalformed);
    }
    if line.closed {
        return Err(Rejection::BudgetLineClosed);
    }
    let left = line_available(&line);
    if line.hard && left.is_none_or(|left| left < movement.amount) {
        return Err(Rejection::BudgetExceeded);
    }
    Ok(Some(line))
}
