//! Units, roles and assignments.

use polity_ledger::form;
use polity_ledger::judge::power;
use polity_ledger::state::keys::List;
use polity_ledger::time::DAY;
use polity_proto::v1::action::Kind;
use polity_proto::v1::{
    AcceptAssignment, AmendRole, AmendUnit, ApplyProfile, AssignRole, Assignment, ChangeSquad,
    CreateRole, CreateUnit, DissolveUnit, JoinUnit, LeaveUnit, Manner, Member, MemberState,
    MoveRole, MoveUnit, Profile, RemoveRole, RenewAssignment, ResignRole, RevokeAssignment, Role,
    RoleKind, Unit, UnitKind,
};

use super::{By, Deed, Scene};
use crate::simulator::view::is_later;

const KINDS: [UnitKind; 9] = [
    UnitKind::Company,
    UnitKind::Department,
    UnitKind::Circle,
    UnitKind::Squad,
    UnitKind::Tribe,
    UnitKind::Chapter,
    UnitKind::Guild,
    UnitKind::Project,
    UnitKind::Team,
];

pub(crate) fn create_unit(scene: &mut Scene<'_>) -> Option<Deed> {
    let units = scene.view.units();
    let parent = scene.one(units)?;
    let kind = match parent.kind() {
        UnitKind::Tribe => scene.dice.one_of([UnitKind::Squad, UnitKind::Chapter]),
        _ => scene.dice.one_of(KINDS),
    };
    let create = CreateUnit {
        parent: form::numbered(parent.number),
        kind: kind as i32,
        handle: scene.handle(),
        external_id: scene.external_id(),
        confers: parent.confers,
        ceiling: scene.dice.one_of([0, 0, 0, 2]),
        ..CreateUnit::default()
    };
    Some(Kind::CreateUnit(create).into())
}

pub(crate) fn amend_unit(scene: &mut Scene<'_>) -> Option<Deed> {
    let unit = scene.small_unit()?;
    let mut confers = unit.confers;
    if scene.dice.chance(20) {
        let place = scene.dice.place(confers.len());
        confers = [
            &confers[..place],
            &confers[(place + 1).min(confers.len())..],
        ]
        .concat();
    }
    let kind = if scene.dice.chance(30) {
        scene.dice.one_of(KINDS) as i32
    } else {
        unit.kind
    };
    let handle = if scene.dice.chance(50) {
        scene.handle()
    } else {
        unit.handle
    };
    let amend = AmendUnit {
        unit: form::numbered(unit.number),
        handle,
        purpose: "what we are here for".into(),
        confers,
        kind,
        ceiling: unit.ceiling,
        ..AmendUnit::default()
    };
    Some(Kind::AmendUnit(amend).into())
}

pub(crate) fn move_unit(scene: &mut Scene<'_>) -> Option<Deed> {
    let unit = scene.small_unit()?;
    let mut parents = scene.view.units();
    if matches!(unit.kind(), UnitKind::Squad | UnitKind::Chapter) {
        parents.retain(|parent| parent.kind() == UnitKind::Tribe);
    }
    let moved = MoveUnit {
        unit: form::numbered(unit.number),
        parent: scene.reference(parents),
    };
    Some(Kind::MoveUnit(moved).into())
}

pub(crate) fn dissolve_unit(scene: &mut Scene<'_>) -> Option<Deed> {
    let mut units = scene.view.units();
    units.retain(|unit| is_later(unit.basis));
    let dissolve = DissolveUnit {
        unit: scene.reference(units),
    };
    Some(Kind::DissolveUnit(dissolve).into())
}

pub(crate) fn join_unit(scene: &mut Scene<'_>) -> Option<Deed> {
    let unit = scene.unit();
    let member = if scene.dice.chance(70) {
        scene.member()
    } else {
        let imported = scene.view.members(MemberState::Imported);
        scene.reference(imported)
    };
    Some(Kind::JoinUnit(JoinUnit { unit, member }).into())
}

pub(crate) fn leave_unit(scene: &mut Scene<'_>) -> Option<Deed> {
    let unit = scene.small_unit()?.number;
    let joined = scene.view.list(List::Joined, unit);
    let leave = LeaveUnit {
        unit: form::numbered(unit),
        member: form::numbered(*scene.dice.pick(&joined)?),
    };
    Some(Kind::LeaveUnit(leave).into())
}

pub(crate) fn change_squad(scene: &mut Scene<'_>) -> Option<Deed> {
    let mut members = scene.view.members(MemberState::Active);
    members.retain(|member| member.home_squad != 0);
    let member = scene.one(members)?;
    let (owner, role) = product_owner(scene, &member)?;
    let change = ChangeSquad {
        from: form::numbered(member.home_squad),
        to: form::numbered(role.unit),
        ..ChangeSquad::default()
    };
    Some(Deed {
        kinds: vec![Kind::ChangeSquad(change)],
        by: By::MemberWith(member.number, (owner, role.number)),
    })
}

/// A product owner of another squad than the member's, with the role.
fn product_owner(scene: &mut Scene<'_>, member: &Member) -> Option<(u64, Role)> {
    let mut roles = scene.view.roles();
    roles.retain(|role| role.kind() == RoleKind::ProductOwner && role.unit != member.home_squad);
    let role = scene.one(roles)?;
    let holders = power::holders_of(scene.view.state, role.number, scene.time());
    let owner = holders
        .into_iter()
        .find(|holder| *holder != member.number)?;
    Some((owner, role))
}

pub(crate) fn create_role(scene: &mut Scene<'_>) -> Option<Deed> {
    let unit = scene.one::<Unit>(scene.view.units())?;
    let kind = match unit.kind() {
        UnitKind::Squad => scene
            .dice
            .one_of([RoleKind::Ordinary, RoleKind::ProductOwner]),
        UnitKind::Circle => scene.dice.one_of([
            RoleKind::Ordinary,
            RoleKind::Lead,
            RoleKind::Facilitator,
            RoleKind::Secretary,
            RoleKind::Representative,
        ]),
        _ => scene
            .dice
            .one_of([RoleKind::Ordinary, RoleKind::Ordinary, RoleKind::Lead]),
    };
    let elected = matches!(
        kind,
        RoleKind::Facilitator | RoleKind::Secretary | RoleKind::Representative
    );
    let create = CreateRole {
        unit: form::numbered(unit.number),
        kind: kind as i32,
        handle: scene.handle(),
        domains: domains(scene),
        holders_max: match kind {
            RoleKind::ProductOwner => 1,
            _ => scene.dice.one_of([0, 0, 1, 2]),
        },
        term: scene.dice.one_of([0, 0, DAY, 30 * DAY]),
        elected: elected || scene.dice.chance(10),
        external_id: scene.external_id(),
        ..CreateRole::default()
    };
    Some(Kind::CreateRole(create).into())
}

pub(crate) fn amend_role(scene: &mut Scene<'_>) -> Option<Deed> {
    let role = later_role(scene)?;
    let amend = AmendRole {
        role: form::numbered(role.number),
        handle: scene.handle(),
        domains: domains(scene),
        holders_max: scene.dice.one_of([0, 1, 3]),
        term: role.term,
        ..AmendRole::default()
    };
    Some(Kind::AmendRole(amend).into())
}

pub(crate) fn remove_role(scene: &mut Scene<'_>) -> Option<Deed> {
    let role = later_role(scene)?.number;
    let remove = RemoveRole {
        role: form::numbered(role),
    };
    Some(Kind::RemoveRole(remove).into())
}

pub(crate) fn assign_role(scene: &mut Scene<'_>) -> Option<Deed> {
    let roles = scene.view.roles();
    let role = scene.one(roles)?;
    let manner = match (role.elected, scene.dice.chance(20)) {
        (true, _) => Manner::Surrogate,
        (false, true) => Manner::Imported,
        (false, false) => Manner::Assigned,
    };
    let assign = AssignRole {
        role: form::numbered(role.number),
        member: match manner {
            Manner::Imported => {
                let members = scene.view.all::<Member>();
                scene.reference(members)
            }
            Manner::Assigned | Manner::Elected | Manner::Surrogate => scene.member(),
        },
        until: scene.maybe_until(),
        manner: manner as i32,
        percentage: scene.dice.below(40) as u32,
        ..AssignRole::default()
    };
    Some(Kind::AssignRole(assign).into())
}

pub(crate) fn accept_assignment(scene: &mut Scene<'_>) -> Option<Deed> {
    let mut open = scene.view.assignments();
    open.retain(|assignment| assignment.accepted_at == 0);
    let assignment = scene.one(open)?;
    let accept = AcceptAssignment {
        assignment: form::numbered(assignment.number),
    };
    Some(Deed::of(assignment.member, Kind::AcceptAssignment(accept)))
}

pub(crate) fn resign_role(scene: &mut Scene<'_>) -> Option<Deed> {
    let assignment = later_assignment(scene)?;
    let resign = ResignRole {
        assignment: form::numbered(assignment.number),
    };
    Some(Deed::of(assignment.member, Kind::ResignRole(resign)))
}

pub(crate) fn revoke_assignment(scene: &mut Scene<'_>) -> Option<Deed> {
    let revoke = RevokeAssignment {
        assignment: form::numbered(later_assignment(scene)?.number),
    };
    Some(Kind::RevokeAssignment(revoke).into())
}

pub(crate) fn renew_assignment(scene: &mut Scene<'_>) -> Option<Deed> {
    let renew = RenewAssignment {
        assignment: form::numbered(later_assignment(scene)?.number),
        until: scene.maybe_until(),
        percentage: scene.dice.below(40) as u32,
        ..RenewAssignment::default()
    };
    Some(Kind::RenewAssignment(renew).into())
}

pub(crate) fn move_role(scene: &mut Scene<'_>) -> Option<Deed> {
    let role = later_role(scene)?;
    let mut units = scene.view.units();
    units.retain(|unit| {
        let within = |unit, above| power::is_within(scene.view.state, unit, above);
        unit.number != role.unit
            && (within(unit.number, role.unit) || within(role.unit, unit.number))
    });
    let moved = MoveRole {
        role: form::numbered(role.number),
        unit: scene.reference(units),
    };
    Some(Kind::MoveRole(moved).into())
}

pub(crate) fn apply_profile(scene: &mut Scene<'_>) -> Option<Deed> {
    let apply = ApplyProfile {
        unit: form::numbered(scene.small_unit()?.number),
        profile: scene
            .dice
            .one_of([Profile::Holacracy, Profile::Squads, Profile::Department])
            as i32,
    };
    Some(Kind::ApplyProfile(apply).into())
}

fn domains(scene: &mut Scene<'_>) -> Vec<String> {
    if scene.dice.chance(40) {
        vec![format!("domain {}", scene.dice.below(20))]
    } else {
        Vec::new()
    }
}

fn later_role(scene: &mut Scene<'_>) -> Option<Role> {
    let mut roles = scene.view.roles();
    roles.retain(|role| is_later(role.basis));
    scene.one(roles)
}

fn later_assignment(scene: &mut Scene<'_>) -> Option<Assignment> {
    let mut open = scene.view.assignments();
    open.retain(|assignment| is_later(assignment.basis));
    scene.one(open)
}
