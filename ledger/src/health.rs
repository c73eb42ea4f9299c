//! The health of units: what falls short of what their kind and their roles ask for.
//!
//! Maxima are rules and refuse; minima are warnings that readers see. Nothing here is stored.

use polity_proto::v1::{Assignment, Role, RoleKind, Unit, UnitKind, Warning, WarningKind};

use crate::judge::{kinds, power};
use crate::state::keys::List;
use crate::state::{Read, lists, objects};

/// Fewer members than these make a squad weak.
pub const SQUAD_MEMBERS_MIN: u64 = 3;
/// Percent of its ceiling from which on a unit is nearly full.
const NEARLY_FULL_PERCENT: u64 = 90;

/// What a living unit lacks at `now`; terms are warned of that end within `within` seconds.
pub fn of_unit(state: &dyn Read, now: u64, within: u64, number: u64) -> Vec<Warning> {
    let Some(unit) = objects::get::<Unit>(state, number).filter(|unit| unit.dissolved_at == 0)
    else {
        return Vec::new();
    };
    let mut warnings = of_members(state, &unit);
    for role in lists::objects::<Role>(state, List::Roles, number) {
        warnings.extend(of_holders(state, now, &unit, &role));
        warnings.extend(of_terms(state, now, within, &role));
    }
    warnings
}

fn of_members(state: &dyn Read, unit: &Unit) -> Vec<Warning> {
    let about = |kind: WarningKind, found: u64, bound: u64| Warning {
        kind: kind as i32,
        unit: unit.number,
        found: found as u32,
        bound: bound as u32,
        ..Warning::default()
    };
    let joined = lists::count(state, List::Joined, unit.number);
    let (members, ceiling) = match unit.kind() {
        UnitKind::Squad => (joined, kinds::SQUAD_MEMBERS_MAX),
        UnitKind::Tribe => {
            let members = kinds::tribe_members(state, unit.number).len() as u64;
            (members, u64::from(kinds::ceiling(unit)))
        }
        UnitKind::None
        | UnitKind::Company
        | UnitKind::Department
        | UnitKind::Circle
        | UnitKind::Chapter
        | UnitKind::Guild
        | UnitKind::Project
        | UnitKind::Team => return Vec::new(),
    };
    let mut warnings = Vec::new();
    if unit.kind() == UnitKind::Squad {
        if joined < SQUAD_MEMBERS_MIN {
            warnings.push(about(WarningKind::UnderStrength, joined, SQUAD_MEMBERS_MIN));
        }
        if !has_product_owner(state, unit.number) {
            warnings.push(about(WarningKind::ProductOwnerVacant, 0, 1));
        }
    }
    if members * 100 >= ceiling * NEARLY_FULL_PERCENT {
        warnings.push(about(WarningKind::CeilingNear, members, ceiling));
    }
    warnings
}

/// Whether the squad has the role at all; that nobody holds it is told of the role.
fn has_product_owner(state: &dyn Read, squad: u64) -> bool {
    lists::objects::<Role>(state, List::Roles, squad)
        .any(|role| role.kind() == RoleKind::ProductOwner)
}

fn of_holders(state: &dyn Read, now: u64, unit: &Unit, role: &Role) -> Option<Warning> {
    let found = power::holders_of(state, role.number, now).len() as u32;
    let bound = role.holders_min.max(1);
    if found >= bound {
        return None;
    }
    let kind = match role.kind() {
        RoleKind::ProductOwner => WarningKind::ProductOwnerVacant,
        RoleKind::Ordinary
        | RoleKind::Lead
        | RoleKind::Facilitator
        | RoleKind::Secretary
        | RoleKind::Representative => WarningKind::RoleUnfilled,
    };
    let falls_to = if found == 0 {
        lead_behind(state, unit, role)
    } else {
        0
    };
    Some(Warning {
        kind: kind as i32,
        unit: unit.number,
        role: role.number,
        found,
        bound,
        falls_to,
        falls_to_members: match falls_to {
            0 => Vec::new(),
            lead => power::holders_of(state, lead, now),
        },
        ..Warning::default()
    })
}

/// The role of the lead to whom the accountabilities of an unfilled role fall: the lead of the unit
/// that contains it; of a lead's own role, the lead above. Its grants fall to nobody. 0: none.
fn lead_behind(state: &dyn Read, unit: &Unit, role: &Role) -> u64 {
    let containing = match role.kind() {
        RoleKind::Lead => unit.parent,
        RoleKind::Ordinary
        | RoleKind::Facilitator
        | RoleKind::Secretary
        | RoleKind::Representative
        | RoleKind::ProductOwner => unit.number,
    };
    lists::objects::<Role>(state, List::Roles, containing)
        .find(|role| role.kind() == RoleKind::Lead)
        .map_or(0, |role| role.number)
}

fn of_terms(state: &dyn Read, now: u64, within: u64, role: &Role) -> Vec<Warning> {
    lists::objects::<Assignment>(state, List::Holders, role.number)
        .filter(|assignment| {
            let ends = assignment.until != 0 && assignment.until <= now.saturating_add(within);
            ends && power::assignment_holds(state, assignment, now)
        })
        .map(|assignment| Warning {
            kind: WarningKind::TermEnding as i32,
            unit: role.unit,
            role: role.number,
            assignment: assignment.number,
            until: assignment.until,
            ..Warning::default()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::{AssignRole, CreateRole, action::Kind};

    use super::*;
    use crate::world::{DAY, World};

    fn told(world: &World, unit: &str) -> Vec<(WarningKind, u32, u32)> {
        let number = world.unit(unit).number;
        of_unit(&world.state, world.time, 14 * DAY, number)
            .iter()
            .map(|warning| (warning.kind(), warning.found, warning.bound))
            .collect()
    }

    #[test]
    fn a_squad_below_three_and_without_product_owner_is_warned_of() {
        let mut world = World::with_tribes();
        let weak = (WarningKind::UnderStrength, 0, 3);
        assert_eq!(told(&world, "dev/web/red"), [weak]);
        let bare = world.create_unit("dev/web", "bare", UnitKind::Squad);
        world.ada(Kind::CreateUnit(bare));
        let vacant = (WarningKind::ProductOwnerVacant, 0, 1);
        assert_eq!(told(&world, "dev/web/bare"), [weak, vacant]);
        for member in ["finn", "hal", "eve"] {
            world.ada(world.join_unit(member, "dev/web/red"));
        }
        assert_eq!(told(&world, "dev/web/red"), []);
        let ben = world.assignment("ben", "dev/web/red#owner").number;
        let resign = Kind::ResignRole(polity_proto::v1::ResignRole {
            assignment: crate::form::numbered(ben),
        });
        world.check("ben", None, resign, "accepted");
        assert_eq!(told(&world, "dev/web/red"), [vacant]);
    }

    #[test]
    fn an_unfilled_role_falls_to_the_lead_of_its_unit() {
        let mut world = World::new();
        world.ada(Kind::CreateRole(CreateRole {
            holders_min: 2,
            ..world.create_role("dev", "scribe")
        }));
        let dev = world.unit("dev").number;
        let found = of_unit(&world.state, world.time, 0, dev);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].falls_to, world.role("dev#lead").number);
        assert_eq!(found[0].falls_to_members, [world.member_number("ben")]);
        world.ada(Kind::AssignRole(world.assign("finn", "dev#scribe")));
        assert_eq!(told(&world, "dev"), [(WarningKind::RoleUnfilled, 1, 2)]);
        let short = of_unit(&world.state, world.time, 0, dev);
        assert_eq!(short[0].falls_to, 0);
    }

    #[test]
    fn a_term_that_ends_soon_is_warned_of() {
        let mut world = World::new();
        world.ada(Kind::AssignRole(AssignRole {
            until: world.time + 20 * DAY,
            ..world.assign("hal", "dev#engineer")
        }));
        assert_eq!(told(&world, "dev"), []);
        world.advance(7 * DAY);
        assert_eq!(told(&world, "dev"), [(WarningKind::TermEnding, 0, 0)]);
        world.advance(14 * DAY);
        assert_eq!(told(&world, "dev"), []);
    }

    #[test]
    fn a_tribe_that_is_nearly_full_is_warned_of() {
        let mut world = World::with_tribes();
        world.set_ceiling("dev/web", 2);
        assert_eq!(told(&world, "dev/web"), []);
        world.ada(world.join_unit("finn", "dev/web/red"));
        world.ada(world.join_unit("hal", "dev/web"));
        assert_eq!(told(&world, "dev/web"), [(WarningKind::CeilingNear, 2, 2)]);
    }
}
