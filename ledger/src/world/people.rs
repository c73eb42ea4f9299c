//! Messages about people and structure, filled in as a test mostly wants them.

use polity_proto::v1::{
    AddKey, AmendUnit, AssignRole, Capability, CreateRole, CreateUnit, DissolveUnit, EndReason,
    ImportMember, InviteMember, Join, JoinUnit, LeaveUnit, ObjectKind, Receipt, RecoverMember, Ref,
    RevokeKey, RoleKind, SuspendMember, UnitKind, action::Kind,
};

use super::{World, by, constitution, public};

/// Every capability: what a unit holds that its parent keeps nothing from.
pub(crate) fn all_capabilities() -> Vec<i32> {
    (1..=22)
        .filter(|value| Capability::try_from(*value).is_ok())
        .collect()
}

/// What a receipt says ended by itself: kind, number, reason; in order.
pub(crate) fn ended(receipt: &Receipt) -> Vec<(ObjectKind, u64, EndReason)> {
    receipt
        .events
        .iter()
        .filter(|event| event.reason() != EndReason::None)
        .map(|event| (event.object(), event.number, event.reason()))
        .collect()
}

impl World {
    /// A tribe `dev/web` with the squads `red` and `blue` (a product owner each, Ben's and Gia's), a
    /// tribe `dev/app` with the squad `green` (Ada's), and a chapter in each.
    pub(crate) fn with_tribes() -> World {
        let mut world = World::new();
        for (parent, handle, kind) in [
            ("dev", "web", UnitKind::Tribe),
            ("dev/web", "red", UnitKind::Squad),
            ("dev/web", "blue", UnitKind::Squad),
            ("dev/web", "quality", UnitKind::Chapter),
            ("dev", "app", UnitKind::Tribe),
            ("dev/app", "green", UnitKind::Squad),
            ("dev/app", "craft", UnitKind::Chapter),
        ] {
            world.ada(Kind::CreateUnit(world.create_unit(parent, handle, kind)));
        }
        for (squad, owner) in [
            ("dev/web/red", "ben"),
            ("dev/web/blue", "gia"),
            ("dev/app/green", "ada"),
        ] {
            world.ada(Kind::CreateRole(CreateRole {
                kind: RoleKind::ProductOwner as i32,
                holders_max: 1,
                ..world.create_role(squad, "owner")
            }));
            world.ada(Kind::AssignRole(
                world.assign(owner, &format!("{squad}#owner")),
            ));
        }
        world
    }

    /// A circle `dev/circle` with its roles of the constitution.
    pub(crate) fn with_circle() -> World {
        let mut world = World::new();
        let circle = world.create_unit("dev", "circle", UnitKind::Circle);
        world.ada(Kind::CreateUnit(circle));
        for (handle, kind) in [
            ("lead", RoleKind::Lead),
            ("facilitator", RoleKind::Facilitator),
            ("secretary", RoleKind::Secretary),
            ("representative", RoleKind::Representative),
        ] {
            world.ada(Kind::CreateRole(CreateRole {
                kind: kind as i32,
                elected: kind != RoleKind::Lead,
                ..world.create_role("dev/circle", handle)
            }));
        }
        world
    }

    /// Adds and admits `name`, active at once.
    pub(crate) fn hire(&mut self, name: &str) {
        self.ada(Kind::InviteMember(self.invite(name, "dev")));
        self.check(name, None, Kind::Join(self.join(name)), "accepted");
    }

    /// Invites `name`, whose key has the same name.
    pub(crate) fn invite(&self, name: &str, unit: &str) -> InviteMember {
        InviteMember {
            handle: name.into(),
            key: public(name),
            unit: self.unit_ref(unit),
            ..InviteMember::default()
        }
    }

    /// Imports `name`.
    pub(crate) fn import(&self, name: &str, unit: &str) -> ImportMember {
        ImportMember {
            handle: name.into(),
            unit: self.unit_ref(unit),
            ..ImportMember::default()
        }
    }

    /// Joins the organisation.
    pub(crate) fn join(&self, name: &str) -> Join {
        Join {
            member: self.member_ref(name),
            constitution: constitution(),
            possession: Vec::new(),
        }
    }

    /// Adds the key called `key`.
    pub(crate) fn add_key(&self, member: &str, key: &str) -> AddKey {
        AddKey {
            member: self.member_ref(member),
            key: public(key),
            possession: self.possession(member, key),
        }
    }

    /// Revokes the key called `key`.
    pub(crate) fn revoke_key(&self, key: &str) -> Kind {
        Kind::RevokeKey(RevokeKey { key: public(key) })
    }

    /// Recovers a member with the key called `key`.
    pub(crate) fn recover(&self, member: &str, key: &str) -> RecoverMember {
        RecoverMember {
            member: self.member_ref(member),
            key: public(key),
            possession: self.possession(member, key),
        }
    }

    /// Suspends a member of dev, with all that it takes.
    #[track_caller]
    pub(crate) fn suspend(&mut self, member: &str) {
        let suspend = Kind::SuspendMember(SuspendMember {
            member: self.member_ref(member),
        });
        let deed = by("ada")
            .acting_as("acme#lead")
            .seconded("ben", "dev#lead")
            .does(suspend);
        self.check_deed(deed, "accepted");
    }

    /// Assigns a role.
    pub(crate) fn assign(&self, member: &str, role: &str) -> AssignRole {
        AssignRole {
            role: self.role_ref(role),
            member: self.member_ref(member),
            ..AssignRole::default()
        }
    }

    /// Creates a unit that holds all that its parent does.
    pub(crate) fn create_unit(&self, parent: &str, handle: &str, kind: UnitKind) -> CreateUnit {
        CreateUnit {
            parent: self.unit_ref(parent),
            kind: kind as i32,
            handle: handle.into(),
            confers: all_capabilities(),
            ..CreateUnit::default()
        }
    }

    /// Creates an ordinary role.
    pub(crate) fn create_role(&self, unit: &str, handle: &str) -> CreateRole {
        CreateRole {
            unit: self.unit_ref(unit),
            handle: handle.into(),
            ..CreateRole::default()
        }
    }

    /// A member joins a unit.
    pub(crate) fn join_unit(&self, member: &str, unit: &str) -> Kind {
        Kind::JoinUnit(JoinUnit {
            unit: self.unit_ref(unit),
            member: self.member_ref(member),
        })
    }

    /// A member leaves a unit.
    pub(crate) fn leave_unit(&self, member: &str, unit: &str) -> Kind {
        Kind::LeaveUnit(LeaveUnit {
            unit: self.unit_ref(unit),
            member: self.member_ref(member),
        })
    }

    /// Ada, who leads the whole, does something that succeeds.
    #[track_caller]
    pub(crate) fn ada(&mut self, kind: Kind) -> Receipt {
        let told = format!("{kind:?}");
        self.run("ada", Some("acme#lead"), kind)
            .unwrap_or_else(|rejection| panic!("{}: {told}", rejection.name()))
    }

    /// Gives a tribe another ceiling.
    #[track_caller]
    pub(crate) fn set_ceiling(&mut self, tribe: &str, ceiling: u32) {
        let before = self.unit(tribe);
        self.ada(Kind::AmendUnit(AmendUnit {
            unit: self.unit_ref(tribe),
            handle: before.handle,
            kind: before.kind,
            confers: before.confers,
            ceiling,
            ..AmendUnit::default()
        }));
    }

    /// A unit of dev on which nothing was conferred.
    #[track_caller]
    pub(crate) fn bare(&mut self) -> Option<Ref> {
        let mut bare = self.create_unit("dev", "bare", UnitKind::Team);
        bare.confers.clear();
        self.ada(Kind::CreateUnit(bare));
        self.unit_ref("dev/bare")
    }

    /// A unit of dev that is dissolved already.
    #[track_caller]
    pub(crate) fn dissolved(&mut self) -> Option<Ref> {
        self.ada(Kind::CreateUnit(self.create_unit(
            "dev",
            "past",
            UnitKind::Team,
        )));
        let unit = self.unit_ref("dev/past");
        self.ada(Kind::DissolveUnit(DissolveUnit { unit }));
        unit
    }
}
