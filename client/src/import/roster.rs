//! Who holds what: as a file says, as the chain proves, and where the two differ.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use polity_proto::v1::{ObjectKind, Unit};
use serde::Deserialize;

use super::story::role_id;
use super::structure::Structure;
use crate::session::lettered;
use crate::{Error, Result, files};

/// No roster is larger, in bytes.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// Units by the names of their source, with parents and holders.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Roster {
    /// The event after which it holds.
    #[serde(default)]
    pub after_event: Option<u64>,
    /// The units.
    pub units: BTreeMap<String, RosterUnit>,
}

/// A unit of a roster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct RosterUnit {
    /// The unit above; none at the top.
    pub parent: Option<String>,
    /// Members by the role that they hold.
    #[serde(default)]
    pub roles: BTreeMap<String, BTreeSet<String>>,
}

/// Where the chain and a file differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// The file has a unit that the chain lacks.
    UnitMissing(String),
    /// The chain has a unit that the file lacks.
    UnitNotExpected(String),
    /// A unit stands elsewhere.
    Parent {
        /// The unit.
        unit: String,
        /// Its parent by the file.
        expected: Option<String>,
        /// Its parent by the chain.
        found: Option<String>,
    },
    /// Somebody holds a role by the file alone.
    HolderMissing {
        /// The role, `unit#role`.
        role: String,
        /// The member.
        member: String,
    },
    /// Somebody holds a role by the chain alone.
    HolderNotExpected {
        /// The role, `unit#role`.
        role: String,
        /// The member.
        member: String,
    },
}

impl Roster {
    /// Reads a file.
    pub fn read(path: &Path) -> Result<Roster> {
        let wrong = |words: &str| Error::usage(format!("{} {words}", path.display()));
        let bytes = files::read(path, FILE_BYTES_MAX)
            .map_err(|error| wrong("cannot be read").with_source(error))?;
        serde_json::from_slice(&bytes).map_err(|error| wrong("is no roster").with_source(error))
    }

    /// What the chain says below a unit, by external ids: units that live, and assignments that hold at `now`.
    #[must_use]
    pub fn of_chain(structure: &Structure, top: u64, now: u64) -> Roster {
        let below = structure.below(top);
        let living: BTreeMap<u64, &Unit> = structure
            .units
            .iter()
            .filter(|unit| below.contains(&unit.number) && unit.dissolved_at == 0)
            .map(|unit| (unit.number, unit))
            .collect();
        let named_unit = |unit: &Unit| named(ObjectKind::Unit, unit.number, &unit.external_id);
        let name = |number: &u64| living.get(number).map(|unit| named_unit(unit));
        let members: BTreeMap<u64, String> = structure
            .members
            .iter()
            .map(|member| {
                let known = named(ObjectKind::Member, member.number, &member.external_id);
                (member.number, known)
            })
            .collect();

        let mut units = BTreeMap::new();
        for unit in living.values() {
            let parent = name(&unit.parent);
            let roles = BTreeMap::new();
            units.insert(named_unit(unit), RosterUnit { parent, roles });
        }
        let roles: BTreeMap<u64, (String, String)> = structure
            .roles
            .iter()
            .filter(|role| role.removed_at == 0)
            .filter_map(|role| {
                let unit = name(&role.unit)?;
                let own = role.external_id.strip_prefix(&role_id(&unit, ""))?;
                let own = own.to_owned();
                Some((role.number, (unit, own)))
            })
            .collect();
        for held in &structure.assignments {
            let holds = held.ended_at == 0 && (held.until == 0 || now < held.until);
            let (Some((unit, role)), true) = (roles.get(&held.role), holds) else {
                continue;
            };
            let member = members.get(&held.member).cloned().unwrap_or_default();
            if let Some(unit) = units.get_mut(unit) {
                unit.roles.entry(role.clone()).or_default().insert(member);
            }
        }
        Roster {
            after_event: None,
            units,
        }
    }

    /// Where the chain differs from this roster.
    #[must_use]
    pub fn differences(&self, chain: &Roster) -> Vec<Difference> {
        let mut differences = Vec::new();
        for name in chain.units.keys() {
            if !self.units.contains_key(name) {
                differences.push(Difference::UnitNotExpected(name.clone()));
            }
        }
        for (name, expected) in &self.units {
            let Some(found) = chain.units.get(name) else {
                differences.push(Difference::UnitMissing(name.clone()));
                continue;
            };
            if expected.parent != found.parent {
                differences.push(Difference::Parent {
                    unit: name.clone(),
                    expected: expected.parent.clone(),
                    found: found.parent.clone(),
                });
            }
            let (expected, found) = (holders(name, expected), holders(name, found));
            for (role, member) in expected.difference(&found).cloned() {
                differences.push(Difference::HolderMissing { role, member });
            }
            for (role, member) in found.difference(&expected).cloned() {
                differences.push(Difference::HolderNotExpected { role, member });
            }
        }
        differences
    }

    /// How many holders there are.
    #[must_use]
    pub fn holders(&self) -> usize {
        let units = self.units.values();
        units
            .flat_map(|unit| unit.roles.values())
            .map(BTreeSet::len)
            .sum()
    }
}

/// What the source calls an object; what it does not know is told by its number.
fn named(kind: ObjectKind, number: u64, external_id: &str) -> String {
    match external_id {
        "" => format!("{} without an external id", lettered(kind, number)),
        known => known.to_owned(),
    }
}

fn holders(name: &str, unit: &RosterUnit) -> BTreeSet<(String, String)> {
    let mut holders = BTreeSet::new();
    for (role, members) in &unit.roles {
        let role = role_id(name, role);
        holders.extend(members.iter().map(|member| (role.clone(), member.clone())));
    }
    holders
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = |parent: &Option<String>| match parent {
            Some(parent) => format!("below {parent}"),
            None => "at the top".to_owned(),
        };
        match self {
            Self::UnitMissing(unit) => write!(f, "unit {unit} is missing"),
            Self::UnitNotExpected(unit) => write!(f, "unit {unit} is not expected"),
            Self::Parent {
                unit,
                expected,
                found,
            } => write!(
                f,
                "unit {unit} stands {}, expected {}",
                place(found),
                place(expected)
            ),
            Self::HolderMissing { role, member } => write!(f, "{member} does not hold {role}"),
            Self::HolderNotExpected { role, member } => {
                write!(f, "{member} holds {role}, which is not expected")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::{Assignment, Member, Role};

    use super::*;

    fn roster(text: &str) -> Roster {
        serde_json::from_str(text).expect("a roster")
    }

    #[test]
    fn every_difference_is_told() {
        let file = roster(
            r#"{"units": {"a": {"parent": null, "roles": {"lead": ["m", "n"]}}, "b": {"parent": "a"}, "c": {"parent": null}}}"#,
        );
        let chain = roster(
            r#"{"units": {"a": {"parent": null, "roles": {"lead": ["m"], "guide": ["o"]}}, "b": {"parent": null}, "d": {"parent": "b"}}}"#,
        );
        let told: Vec<String> = file
            .differences(&chain)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            told,
            [
                "unit d is not expected",
                "n does not hold a#lead",
                "o holds a#guide, which is not expected",
                "unit b stands at the top, expected below a",
                "unit c is missing",
            ]
        );
        assert!(file.differences(&file).is_empty());
    }

    #[test]
    fn what_the_source_does_not_know_is_told_by_its_number() {
        let unit = |number, parent, external_id: &str| Unit {
            number,
            parent,
            external_id: external_id.into(),
            ..Unit::default()
        };
        let structure = Structure {
            units: vec![
                unit(1, 0, ""),
                unit(2, 1, "a"),
                unit(3, 1, ""),
                unit(4, 3, ""),
            ],
            roles: vec![Role {
                number: 5,
                unit: 2,
                external_id: role_id("a", "lead"),
                ..Role::default()
            }],
            members: vec![Member {
                number: 6,
                ..Member::default()
            }],
            assignments: vec![Assignment {
                role: 5,
                member: 6,
                ..Assignment::default()
            }],
            height: None,
        };
        let file = roster(r#"{"units": {"a": {"parent": null}}}"#);
        let differences = file.differences(&Roster::of_chain(&structure, 1, 0));
        let told: Vec<String> = differences.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "unit u3 without an external id is not expected",
                "unit u4 without an external id is not expected",
                "m6 without an external id holds a#lead, which is not expected",
            ]
        );
    }

    #[test]
    fn roles_that_nobody_holds_make_no_difference() {
        let file =
            roster(r#"{"units": {"a": {"parent": null, "kind": "team", "roles": {"lead": []}}}}"#);
        let chain = roster(r#"{"units": {"a": {"parent": null, "roles": {}}}}"#);
        assert!(file.differences(&chain).is_empty());
    }
}
