//! `move_unit`: a unit, with all below it, goes to another parent. Both parents agree.

use std::collections::BTreeSet;

use polity_proto::v1::{MoveUnit, ObjectKind, Unit};

use super::amend_unit::{departments, governed_by, validates};
use super::{Act, ending, membership};
use crate::context::Context;
use crate::decisions::passages;
use crate::judge::power::{self, UNIT_DEPTH_MAX};
use crate::judge::{Need, duties, kinds};
use crate::state::keys::List;
use crate::state::{Read, lists, names};
use crate::{Rejection, form};

impl Act for MoveUnit {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.unit)?;
        form::reference(&self.parent)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let unit: Unit = context.find(&self.unit)?;
        let parent: Unit = context.find(&self.parent)?;
        if validates(context, unit.number) {
            return departments(context);
        }
        Ok(vec![
            context.to_govern(governed_by(&unit)),
            context.to_govern(parent.number),
        ])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let unit: Unit = context.find(&self.unit)?;
        let parent: Unit = context.find(&self.parent)?;
        if unit.parent == 0 {
            return Err(Rejection::RootFixed);
        }
        if unit.dissolved_at != 0 || parent.dissolved_at != 0 {
            return Err(Rejection::UnitDissolved);
        }
        if power::is_within(context, parent.number, unit.number) {
            return Err(Rejection::UnitCycle);
        }
        let depth = power::lineage(context, parent.number).len();
        if depth + height(context, &unit) > UNIT_DEPTH_MAX {
            return Err(Rejection::UnitTooDeep);
        }
        kinds::check_place(context, unit.kind(), parent.number)?;
        kinds::check_moved(context, &unit, &parent)?;
        names::check_handle(context, ObjectKind::Unit, parent.number, &unit.handle)?;

        let (number, before, after) = (unit.number, unit.parent, parent.number);
        let duties = Duties::before(context, number, after);
        let brought_in = passages::note_moved(context, &unit, &parent);
        let state = &mut *context.state;
        names::release(state, ObjectKind::Unit, before, &unit.handle, "");
        names::claim(state, ObjectKind::Unit, after, &unit.handle, "", number);
        lists::remove(state, List::Children, before, number);
        lists::append(state, List::Children, after, number);
        context.put(&Unit {
            parent: after,
            ..unit
        });
        let units = [number, before, after].map(|unit| (ObjectKind::Unit, unit));
        let histories = [&units[..], &brought_in].concat();
        context.event(ObjectKind::Unit, number, &histories);
        // Whoever sits in a squad that left its tribe sits in that tribe's chapters no longer.
        for member in lists::all(context, List::Joined, number) {
            membership::leave_chapters(context, member);
        }
        duties.check(context)?;
        for member in duties.people {
            ending::end_colliding(context, member);
        }
        Ok(())
    }
}

/// Duty conflicts of those whom a move could bring into one: whoever holds something in what moves,
/// or over what it comes below. Only the moved tree can tell which are new.
struct Duties {
    people: BTreeSet<u64>,
    before: BTreeSet<(u64, u64)>,
}

impl Duties {
    fn before(context: &Context<'_, '_>, moved: u64, parent: u64) -> Duties {
        let now = context.now().time;
        let mut people = BTreeSet::new();
        if !context.is_genesis() && !duties::rules(context).is_empty() {
            let mut units = power::subtree(context, moved, usize::MAX);
            let above = power::lineage(context, parent);
            units.extend(above.into_iter().map(|unit| unit.number));
            people = duties::people_over(context, now, &units);
        }
        Duties {
            before: duties::conflicts(context, now, &people),
            people,
        }
    }

    fn check(&self, context: &Context<'_, '_>) -> Result<(), Rejection> {
        let after = duties::conflicts(context, context.now().time, &self.people);
        Rejection::DutyConflict.unless(after.is_subset(&self.before))
    }
}

/// How many levels a unit and those below it have, dissolved ones too: whom these admitted is still within all above.
fn height(state: &dyn Read, unit: &Unit) -> usize {
    let living = lists::objects::<Unit>(state, List::Children, unit.number);
    let below = living.map(|child| height(state, &child)).max();
    1 + below.unwrap_or(0).max(unit.dissolved_levels as usize)
}

#[cfg(test)]
mod tests;
