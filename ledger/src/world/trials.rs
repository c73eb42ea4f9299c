//! Random acts of random people, mostly senseless: whatever the verdicts, the invariants hold and
//! nothing panics.

use polity_proto::v1::{action::Kind, *};

use super::{DAY, Deed, World, all_capabilities, by};
use crate::form;

/// A small generator: trials need no good randomness, but the same one each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn one_of<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.below(values.len() as u64) as usize]
    }

    /// Some object above the first few, or one that does not exist.
    fn object(&mut self, world: &World, kind: ObjectKind, above: u64) -> Option<Ref> {
        let last = world.count(kind) + 1;
        form::numbered(above + 1 + self.below(last - above))
    }

    fn unit(&mut self, world: &World) -> Option<Ref> {
        self.object(world, ObjectKind::Unit, 1)
    }

    /// Some living unit of one of the kinds; where there is none, any.
    fn of_kind(&mut self, world: &World, kinds: &[UnitKind]) -> Option<Ref> {
        let living: Vec<u64> = (1..=world.count(ObjectKind::Unit))
            .map(|number| world.get::<Unit>(number))
            .filter(|unit| unit.dissolved_at == 0 && kinds.contains(&unit.kind()))
            .map(|unit| unit.number)
            .collect();
        if living.is_empty() {
            self.unit(world)
        } else {
            form::numbered(self.one_of(&living))
        }
    }

    // The founders keep their roles: somebody has to act until the end.
    fn member(&mut self, world: &World) -> Option<Ref> {
        self.object(world, ObjectKind::Member, 8)
    }

    fn role(&mut self, world: &World) -> Option<Ref> {
        self.object(world, ObjectKind::Role, 7)
    }

    fn assignment(&mut self, world: &World) -> Option<Ref> {
        self.object(world, ObjectKind::Assignment, 8)
    }

    fn kind(&mut self) -> i32 {
        1 + self.below(9) as i32
    }

    fn handle(&mut self) -> String {
        format!("h{}", self.below(30))
    }

    fn confers(&mut self) -> Vec<i32> {
        match self.below(16) {
            0 => vec![Capability::Govern as i32],
            _ => all_capabilities(),
        }
    }

    fn until(&mut self, world: &World) -> u64 {
        match self.below(3) {
            0 => world.time + self.below(5 * DAY),
            _ => 0,
        }
    }
}

fn about_units(dice: &mut Dice, world: &World) -> Kind {
    match dice.below(7) {
        0 => Kind::CreateUnit(CreateUnit {
            parent: dice.of_kind(world, &[UnitKind::Tribe]),
            kind: dice.one_of(&[UnitKind::Squad, UnitKind::Squad, UnitKind::Chapter]) as i32,
            handle: dice.handle(),
            confers: all_capabilities(),
            ..CreateUnit::default()
        }),
        1 => Kind::CreateUnit(CreateUnit {
            parent: dice.unit(world),
            kind: dice.kind(),
            handle: dice.handle(),
            confers: dice.confers(),
            ..CreateUnit::default()
        }),
        2 => Kind::AmendUnit(AmendUnit {
            unit: dice.object(world, ObjectKind::Unit, 5),
            handle: dice.handle(),
            kind: dice.kind(),
            confers: dice.confers(),
            ceiling: dice.one_of(&[0, 0, 3, 100]),
            ..AmendUnit::default()
        }),
        3 => Kind::MoveUnit(MoveUnit {
            unit: dice.unit(world),
            parent: match dice.below(2) {
                0 => dice.unit(world),
                _ => dice.of_kind(world, &[UnitKind::Tribe]),
            },
        }),
        4 => Kind::DissolveUnit(DissolveUnit {
            unit: dice.unit(world),
        }),
        5 => Kind::JoinUnit(JoinUnit {
            unit: dice.of_kind(
                world,
                &[UnitKind::Squad, UnitKind::Chapter, UnitKind::Tribe],
            ),
            member: dice.member(world),
        }),
        _ => Kind::LeaveUnit(LeaveUnit {
            unit: dice.unit(world),
            member: dice.member(world),
        }),
    }
}

fn about_roles(dice: &mut Dice, world: &World) -> Kind {
    match dice.below(9) {
        0 | 1 => Kind::CreateRole(CreateRole {
            unit: dice.unit(world),
            kind: dice.below(6) as i32,
            handle: dice.handle(),
            domains: vec![dice.handle()],
            holders_max: dice.one_of(&[0, 1, 1, 3]),
            term: dice.one_of(&[0, DAY, u64::MAX]),
            elected: dice.below(2) == 0,
            ..CreateRole::default()
        }),
        2 => Kind::AmendRole(AmendRole {
            role: dice.role(world),
            handle: dice.handle(),
            domains: vec![dice.handle()],
            holders_max: dice.one_of(&[0, 1, 3]),
            ..AmendRole::default()
        }),
        3 => Kind::RemoveRole(RemoveRole {
            role: dice.role(world),
        }),
        4 => Kind::RevokeAssignment(RevokeAssignment {
            assignment: dice.assignment(world),
        }),
        5 => Kind::RenewAssignment(RenewAssignment {
            assignment: dice.assignment(world),
            until: dice.until(world),
            percentage: dice.below(60) as u32,
            ..RenewAssignment::default()
        }),
        6 => Kind::GiveGrant(GiveGrant {
            role: dice.role(world),
            capability: dice.one_of(&[Capability::Govern, Capability::AssignRoles]) as i32,
            scope: Some(ScopeRef {
                kind: 1 + dice.below(2) as i32,
                unit: dice.unit(world),
                ..ScopeRef::default()
            }),
            ..GiveGrant::default()
        }),
        _ => Kind::AssignRole(AssignRole {
            role: dice.role(world),
            member: dice.member(world),
            until: dice.until(world),
            manner: dice.one_of(&[0, 0, 2, 3]),
            percentage: dice.below(60) as u32,
            ..AssignRole::default()
        }),
    }
}

fn about_people(dice: &mut Dice, world: &World) -> Kind {
    let name = format!("p{}", dice.below(1_000));
    match dice.below(3) {
        0 => Kind::ImportMember(ImportMember {
            handle: name,
            unit: dice.unit(world),
            ..ImportMember::default()
        }),
        1 => Kind::SuspendMember(SuspendMember {
            member: dice.member(world),
        }),
        _ => Kind::ReinstateMember(ReinstateMember {
            member: dice.member(world),
        }),
    }
}

/// What one of the later members does for themselves: their name is their key's.
fn about_oneself(dice: &mut Dice, world: &World) -> Option<Deed> {
    let latest = world.count(ObjectKind::Member);
    let member: Member =
        world.get(9 + dice.below(latest.checked_sub(8).filter(|later| *later > 0)?));
    let own = world.list(crate::state::keys::List::Assignments, member.number);
    let kind = match dice.below(6) {
        0 => Kind::Leave(Leave {}),
        1 => Kind::ResignRole(ResignRole {
            assignment: form::numbered(*own.first()?),
        }),
        2 => Kind::ChangeSquad(ChangeSquad {
            from: form::numbered(member.home_squad),
            to: dice.unit(world),
            ..ChangeSquad::default()
        }),
        _ => Kind::JoinUnit(JoinUnit {
            unit: dice.of_kind(world, &[UnitKind::Guild]),
            member: None,
        }),
    };
    Some(by(&member.handle).does(kind))
}

fn trial(seed: u64, blocks: usize) {
    let mut world = World::new();
    let mut dice = Dice(seed);
    let mut accepted = 0;
    for block in 0..blocks {
        if block % 25 == 0 {
            world.hire(&format!("m{block}"));
        }
        let deed = match dice.below(10) {
            0 | 1 => about_oneself(&mut dice, &world),
            2 => Some(about_people(&mut dice, &world)).map(|kind| {
                let ada = by("ada").acting_as("acme#lead");
                ada.seconded("ben", "dev#lead").does(kind)
            }),
            3..=6 => Some(
                by("ada")
                    .acting_as("acme#lead")
                    .does(about_units(&mut dice, &world)),
            ),
            _ => Some(
                by("ada")
                    .acting_as("acme#lead")
                    .does(about_roles(&mut dice, &world)),
            ),
        };
        if let Some(deed) = deed {
            accepted += usize::from(world.submit(&[deed]).is_ok());
        }
        if block % 40 == 0 {
            world.advance(DAY);
        }
        if block % 20 == 0 {
            world.assert_structure();
        }
    }
    world.assert_structure();
    assert!(
        accepted > blocks / 20,
        "seed {seed}: {accepted} of {blocks}"
    );
}

#[test]
fn whatever_is_tried_the_structure_stays_sound() {
    for seed in 1..=3 {
        trial(seed, 600);
    }
}
