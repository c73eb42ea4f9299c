//! What a unit's kind demands. Maxima are rules; minima are warnings that queries show.

use std::collections::BTreeSet;

use polity_proto::v1::{Member, Role, RoleKind, Unit, UnitKind};

use crate::Rejection;
use crate::state::keys::List;
use crate::state::{Read, lists, objects};

/// Most members of a squad.
pub const SQUAD_MEMBERS_MAX: u64 = 12;
/// Most members of a tribe, its squads' counted.
pub const TRIBE_MEMBERS_MAX: u32 = 150;

/// Squads and chapters sit in a tribe. `parent` 0: the root.
pub fn check_place(state: &dyn Read, kind: UnitKind, parent: u64) -> Result<(), Rejection> {
    let above = objects::get::<Unit>(state, parent).map(|unit| unit.kind());
    let fits = match kind {
        UnitKind::Squad | UnitKind::Chapter => above == Some(UnitKind::Tribe),
        UnitKind::None
        | UnitKind::Company
        | UnitKind::Department
        | UnitKind::Circle
        | UnitKind::Tribe
        | UnitKind::Guild
        | UnitKind::Project
        | UnitKind::Team => true,
    };
    ensure(fits)
}

/// Only a tribe has a ceiling of its own, and never above the kind's.
pub fn check_ceiling(kind: UnitKind, ceiling: u32) -> Result<(), Rejection> {
    ensure(ceiling == 0 || kind == UnitKind::Tribe && ceiling <= TRIBE_MEMBERS_MAX)
}

/// The most members that a tribe may have.
pub fn ceiling(tribe: &Unit) -> u32 {
    match tribe.ceiling {
        0 => TRIBE_MEMBERS_MAX,
        ceiling => ceiling,
    }
}

/// Everybody who sits in a tribe: its own joined members and those of its squads.
pub fn tribe_members(state: &dyn Read, tribe: u64) -> BTreeSet<u64> {
    let mut members: BTreeSet<u64> = lists::all(state, List::Joined, tribe).into_iter().collect();
    for squad in units_of_kind(state, tribe, UnitKind::Squad) {
        members.extend(lists::all(state, List::Joined, squad));
    }
    members
}

/// Children of a unit that are of a kind.
pub fn units_of_kind(state: &dyn Read, parent: u64, kind: UnitKind) -> Vec<u64> {
    lists::objects::<Unit>(state, List::Children, parent)
        .filter(|unit| unit.kind() == kind)
        .map(|unit| unit.number)
        .collect()
}

/// The tribe in which the member's home squad sits; 0: none.
pub fn home_tribe(state: &dyn Read, member: &Member) -> u64 {
    objects::look::<Unit>(state, member.home_squad).map_or(0, |squad| squad.parent)
}

/// Whether the unit's kind lets this member join.
pub fn check_join(state: &dyn Read, unit: &Unit, member: &Member) -> Result<(), Rejection> {
    match unit.kind() {
        UnitKind::Squad => {
            if member.home_squad != 0 {
                return Err(Rejection::HomeSquad);
            }
            if lists::count(state, List::Joined, unit.number) >= SQUAD_MEMBERS_MAX {
                return Err(Rejection::CeilingReached);
            }
            match objects::get::<Unit>(state, unit.parent) {
                Some(tribe) => check_room(state, &tribe, member),
                None => Ok(()),
            }
        }
        UnitKind::Chapter => ensure(home_tribe(state, member) == unit.parent),
        UnitKind::Tribe => check_room(state, unit, member),
        UnitKind::None
        | UnitKind::Company
        | UnitKind::Department
        | UnitKind::Circle
        | UnitKind::Guild
        | UnitKind::Project
        | UnitKind::Team => Ok(()),
    }
}

fn check_room(state: &dyn Read, tribe: &Unit, member: &Member) -> Result<(), Rejection> {
    let members = tribe_members(state, tribe.number);
    Rejection::CeilingReached
        .unless(members.contains(&member.number) || members.len() < ceiling(tribe) as usize)
}

/// Whether a unit can become what it is amended to, with what is in it and around it.
pub fn check_amended(state: &dyn Read, before: &Unit, after: &Unit) -> Result<(), Rejection> {
    if after.kind() == UnitKind::Tribe {
        let members = tribe_members(state, after.number);
        if members.len() > ceiling(after) as usize {
            return Err(Rejection::CeilingReached);
        }
    }
    if before.kind() == after.kind() {
        return Ok(());
    }
    check_place(state, after.kind(), after.parent)?;
    // Members of these stand in each other's books: they leave first.
    let bound = |kind| matches!(kind, UnitKind::Squad | UnitKind::Chapter);
    if bound(before.kind()) || bound(after.kind()) {
        ensure(lists::count(state, List::Joined, after.number) == 0)?;
    }
    if before.kind() == UnitKind::Tribe {
        let squads = units_of_kind(state, after.number, UnitKind::Squad);
        let chapters = units_of_kind(state, after.number, UnitKind::Chapter);
        ensure(squads.is_empty() && chapters.is_empty())?;
    }
    for role in lists::objects::<Role>(state, List::Roles, after.number) {
        match role.kind() {
            // These end where a circle becomes something else.
            RoleKind::Facilitator | RoleKind::Secretary | RoleKind::Representative => {}
            RoleKind::Ordinary | RoleKind::Lead | RoleKind::ProductOwner => {
                check_role(state, after, &role)?;
            }
        }
    }
    Ok(())
}

/// Whether the members of a squad or chapter may go with it to another tribe.
pub fn check_moved(state: &dyn Read, unit: &Unit, parent: &Unit) -> Result<(), Rejection> {
    let joined = lists::all(state, List::Joined, unit.number);
    if unit.kind() == UnitKind::Chapter {
        return ensure(joined.is_empty() || unit.parent == parent.number);
    }
    if unit.kind() != UnitKind::Squad {
        return Ok(());
    }
    let mut members = tribe_members(state, parent.number);
    members.extend(joined);
    Rejection::CeilingReached.unless(members.len() <= ceiling(parent) as usize)
}

/// Whether the unit's kind lets it have this role beside those that it has.
pub fn check_role(state: &dyn Read, unit: &Unit, role: &Role) -> Result<(), Rejection> {
    let form = match role.kind() {
        RoleKind::Ordinary => return Ok(()),
        // A circle's lead is assigned, never elected.
        RoleKind::Lead => unit.kind() != UnitKind::Circle || !role.elected,
        RoleKind::Facilitator | RoleKind::Secretary | RoleKind::Representative => {
            // As many as are asked for may hold it.
            unit.kind() == UnitKind::Circle && role.elected && role.holders_min <= holders_max(role)
        }
        RoleKind::ProductOwner => unit.kind() == UnitKind::Squad && role.holders_max == 1,
    };
    let once = lists::objects::<Role>(state, List::Roles, unit.number)
        .all(|other| other.number == role.number || other.kind() != role.kind());
    ensure(form && once)
}

/// Most people who hold a role; 0: any number. Each office that circles elect is one person's, whatever the role says.
pub fn holders_max(role: &Role) -> u32 {
    match role.kind() {
        RoleKind::Facilitator | RoleKind::Secretary | RoleKind::Representative => 1,
        RoleKind::Ordinary | RoleKind::Lead | RoleKind::ProductOwner => role.holders_max,
    }
}

/// Whether the constitution gives the role to every circle: it cannot be altered.
pub fn is_constitution_role(unit: &Unit, role: &Role) -> bool {
    let named = match role.kind() {
        RoleKind::Lead | RoleKind::Facilitator | RoleKind::Secretary | RoleKind::Representative => {
            true
        }
        RoleKind::Ordinary | RoleKind::ProductOwner => false,
    };
    named && unit.kind() == UnitKind::Circle
}

fn ensure(fits: bool) -> Result<(), Rejection> {
    Rejection::KindRule.unless(fits)
}

#[cfg(test)]
mod tests {
    use crate::world::World;

    #[test]
    fn a_squad_has_at_most_12_members_and_a_member_one_squad() {
        let mut world = World::with_tribes();
        for number in 1..=13 {
            let name = format!("m{number}");
            world.hire(&name);
            let expected = if number <= 12 {
                "accepted"
            } else {
                "rejected ceiling_reached"
            };
            let join = world.join_unit(&name, "dev/web/red");
            world.check("ada", Some("acme#lead"), join, expected);
        }
        let second = world.join_unit("m1", "dev/web/blue");
        world.check("ada", Some("acme#lead"), second, "rejected home_squad");
    }

    #[test]
    fn a_chapter_takes_members_of_its_tribes_squads() {
        let mut world = World::with_tribes();
        let quality = world.join_unit("finn", "dev/web/quality");
        world.check(
            "ada",
            Some("acme#lead"),
            quality.clone(),
            "rejected kind_rule",
        );
        world.ada(world.join_unit("finn", "dev/web/red"));
        let foreign = world.join_unit("finn", "dev/app/craft");
        world.check("ada", Some("acme#lead"), foreign, "rejected kind_rule");
        world.ada(quality);
        // Whoever leaves the squad no longer sits in the chapter.
        world.check(
            "finn",
            None,
            world.leave_unit("finn", "dev/web/red"),
            "accepted",
        );
        assert!(world.member("finn").chapters.is_empty());
    }

    #[test]
    fn a_tribe_has_a_ceiling_over_all_its_squads() {
        let mut world = World::with_tribes();
        world.set_ceiling("dev/web", 2);
        for (member, unit, expected) in [
            ("finn", "dev/web/red", "accepted"),
            ("gia", "dev/web", "accepted"),
            ("hal", "dev/web/blue", "rejected ceiling_reached"),
            ("hal", "dev/web", "rejected ceiling_reached"),
            ("gia", "dev/web/blue", "accepted"),
        ] {
            let join = world.join_unit(member, unit);
            world.check("ada", Some("acme#lead"), join, expected);
        }
    }
}
