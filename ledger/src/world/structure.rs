//! What holds of people and structure, whatever was tried, beside the invariants that are checked after every block.

use std::collections::BTreeSet;

use polity_proto::v1::{
    Assignment, Counter, Member, MemberState, ObjectKind, Role, RoleKind, Unit, UnitKind,
};

use super::World;
use crate::judge::kinds;
use crate::state::keys::{self, List};

impl World {
    /// How many objects of a kind there ever were.
    pub(crate) fn count(&self, kind: ObjectKind) -> u64 {
        self.value::<Counter>(&keys::key(keys::COUNTER, &[kind as u64]))
            .unwrap_or_default()
            .last
    }

    /// Asserts every invariant of people and structure.
    #[track_caller]
    pub(crate) fn assert_structure(&self) {
        for number in 1..=self.count(ObjectKind::Unit) {
            self.assert_unit(&self.get(number));
        }
        for number in 1..=self.count(ObjectKind::Member) {
            self.assert_member(&self.get(number));
        }
        for number in 1..=self.count(ObjectKind::Role) {
            self.assert_role(&self.get(number));
        }
        for number in 1..=self.count(ObjectKind::Assignment) {
            self.assert_assignment(&self.get(number));
        }
    }

    fn assert_unit(&self, unit: &Unit) {
        let number = unit.number;
        let lives = unit.dissolved_at == 0;
        let named = self.named(ObjectKind::Unit, unit.parent, &unit.handle);
        assert_eq!(named == number, lives, "handle of {unit:?}");
        if !lives {
            for list in [List::Children, List::Joined, List::Roles, List::GrantsOver] {
                assert!(self.list(list, number).is_empty(), "{list:?} of {unit:?}");
            }
        }
    }

    fn assert_member(&self, member: &Member) {
        let number = member.number;
        let joined: Vec<Unit> = self
            .list(List::JoinedBy, number)
            .into_iter()
            .map(|unit| self.get(unit))
            .collect();
        let of_kind = |kind| -> Vec<u64> {
            let units = joined.iter().filter(|unit| unit.kind() == kind);
            units.map(|unit| unit.number).collect()
        };
        let home: Vec<u64> = Some(member.home_squad)
            .filter(|squad| *squad != 0)
            .into_iter()
            .collect();
        assert_eq!(of_kind(UnitKind::Squad), home);
        assert_eq!(of_kind(UnitKind::Chapter), member.chapters);
        let mut time = 0;
        for assignment in self.list(List::Assignments, number) {
            time += self.get::<Assignment>(assignment).percentage;
        }
        assert!(time <= 100, "time of {member:?}");
        let named = self.named(ObjectKind::Member, 0, &member.handle) == number;
        let departed = member.state() == MemberState::Departed;
        assert_eq!(named, !departed);
        if departed {
            assert!(joined.is_empty() && self.list(List::Assignments, number).is_empty());
        }
    }

    fn assert_role(&self, role: &Role) {
        let lives = role.removed_at == 0;
        let named = self.named(ObjectKind::Role, role.unit, &role.handle);
        assert_eq!(named == role.number, lives, "{role:?}");
        for domain in &role.domains {
            let key = keys::key_with(keys::DOMAIN, &[role.unit], domain.as_bytes());
            let holder = crate::state::names::find(&self.state, &key);
            assert_eq!(holder == Some(role.number), lives, "{role:?}");
        }
        let holders = self.list(List::Holders, role.number);
        if lives {
            let most = kinds::holders_max(role) as usize;
            assert!(most == 0 || holders.len() <= most);
            return;
        }
        assert!(holders.is_empty() && self.list(List::Grants, role.number).is_empty());
    }

    fn assert_assignment(&self, assignment: &Assignment) {
        if assignment.ended_at != 0 {
            return;
        }
        let role: Role = self.get(assignment.role);
        // The timers have run: nothing open is over.
        assert!(assignment.until == 0 || self.time < assignment.until);
        if role.kind() == RoleKind::Representative {
            let of_member = self.list(List::Assignments, assignment.member);
            let held: BTreeSet<u64> = of_member
                .into_iter()
                .map(|number| self.get::<Assignment>(number).role)
                .collect();
            let leads = held
                .into_iter()
                .map(|role| self.get::<Role>(role))
                .any(|other| other.unit == role.unit && other.kind() == RoleKind::Lead);
            assert!(!leads);
        }
    }
}
