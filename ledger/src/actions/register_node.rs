//! `register_node`: a department's node, which the others accept as a peer.

use polity_proto::v1::{Capability, Node, ObjectKind, RegisterNode, Unit};
use sha2::{Digest, Sha256};

use super::Act;
use crate::context::Context;
use crate::judge::{Need, power};
use crate::state::keys::{self, List};
use crate::state::{lists, names};
use crate::{Rejection, form};

/// Most nodes of a department.
const NODES_MAX: u64 = 64;
/// Bytes of a node's id.
const ID_BYTES: usize = 20;
/// Bytes of a node's key.
const KEY_BYTES: usize = 32;

impl Act for RegisterNode {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.unit)?;
        if self.id.len() != ID_BYTES || !key_fits(self) {
            return Err(Rejection::NodeIdMalformed);
        }
        form::optional_address(&self.address)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let unit: Unit = context.find(&self.unit)?;
        Ok(vec![need(unit.number)])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let unit: Unit = context.find(&self.unit)?;
        if unit.dissolved_at != 0 {
            return Err(Rejection::UnitDissolved);
        }
        let holds = power::unit_capabilities(context, unit.number);
        if !holds.contain(Capability::OperateValidator) {
            return Err(Rejection::NotConferred);
        }
        if names::find(context, &index(&self.id)).is_some() {
            return Err(Rejection::NodeKnown);
        }
        if lists::count(context, List::Nodes, unit.number) >= NODES_MAX {
            return Err(Rejection::TooManyNodes);
        }

        let number = context.next_number(ObjectKind::Node);
        context.put(&Node {
            number,
            unit: unit.number,
            id: self.id.clone(),
            address: self.address.clone(),
            key: self.key.clone(),
            removed_at: 0,
        });
        names::point(context.state, index(&self.id), number);
        lists::append(context.state, List::Nodes, unit.number, number);
        context.event(ObjectKind::Node, number, &[(ObjectKind::Unit, unit.number)]);
        Ok(())
    }
}

/// No key is given, or the one whose hash begins with the id.
fn key_fits(act: &RegisterNode) -> bool {
    act.key.is_empty()
        || (act.key.len() == KEY_BYTES && Sha256::digest(&act.key).starts_with(&act.id))
}

/// A department decides about its own nodes, whatever an ancestor's scope says.
pub(super) fn need(unit: u64) -> Need {
    Need {
        own_decision: true,
        ..Need::of(Capability::OperateValidator, unit)
    }
}

/// Key of the index from a node's id to its number.
pub(super) fn index(id: &[u8]) -> Vec<u8> {
    keys::key_with(keys::NODE_ID, &[], id)
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::action::Kind;

    use super::*;
    use crate::world::World;

    fn register(world: &World, id: u8) -> RegisterNode {
        RegisterNode {
            unit: world.unit_ref("dev"),
            id: vec![id; 20],
            address: "node.dev.example:26656".into(),
            key: Vec::new(),
        }
    }

    #[test]
    fn the_operator_registers_a_node_of_the_own_department() {
        let mut world = World::new();
        let unit = world.unit("dev").number;
        let entries = world.history_count(ObjectKind::Unit, unit);
        let act = Kind::RegisterNode(register(&world, 7));
        world.check("ben", Some("dev#lead"), act, "accepted");

        let node: Node = world.get(world.list(List::Nodes, unit)[0]);
        assert_eq!((node.unit, node.id.clone()), (unit, vec![7; 20]));
        assert_eq!(
            names::find(&world.state, &index(&node.id)),
            Some(node.number)
        );
        assert_eq!(world.history_count(ObjectKind::Unit, unit), entries + 1);
    }

    #[test]
    fn a_key_is_kept_where_it_hashes_to_the_id() {
        let mut world = World::new();
        let unit = world.unit("dev").number;
        let act = RegisterNode {
            id: Sha256::digest([9; 32])[..20].to_vec(),
            key: vec![9; 32],
            ..register(&world, 7)
        };
        world.check("ben", Some("dev#lead"), Kind::RegisterNode(act), "accepted");
        let node: Node = world.get(world.list(List::Nodes, unit)[0]);
        assert_eq!(node.key, vec![9; 32]);
    }

    #[test]
    fn each_refusal_has_its_name() {
        let mut world = World::new();
        let good = register(&world, 7);
        let lead = Some("dev#lead");
        world.check("ben", lead, Kind::RegisterNode(good.clone()), "accepted");
        for (expected, act) in [
            (
                "rejected ref_malformed",
                RegisterNode {
                    unit: None,
                    ..good.clone()
                },
            ),
            (
                "rejected node_id_malformed",
                RegisterNode {
                    id: vec![7; 19],
                    ..good.clone()
                },
            ),
            (
                "rejected node_id_malformed",
                RegisterNode {
                    key: vec![7; 32],
                    ..good.clone()
                },
            ),
            (
                "rejected address_malformed",
                RegisterNode {
                    address: "127.0.0.1:99999".into(),
                    ..good.clone()
                },
            ),
            (
                "rejected object_unknown",
                RegisterNode {
                    unit: form::numbered(99),
                    ..good.clone()
                },
            ),
            ("rejected node_known", good.clone()),
            (
                "rejected no_grant",
                RegisterNode {
                    unit: world.unit_ref("ops"),
                    ..register(&world, 8)
                },
            ),
        ] {
            world.check("ben", lead, Kind::RegisterNode(act), expected);
        }
        for id in 8..71 {
            let act = Kind::RegisterNode(register(&world, id));
            world.check("ben", lead, act, "accepted");
        }
        let act = Kind::RegisterNode(register(&world, 71));
        world.check("ben", lead, act, "rejected too_many_nodes");
    }

    #[test]
    fn a_unit_that_cannot_operate_a_validator_has_no_nodes() {
        let mut world = World::new();
        let dissolved = world.dissolved();
        let bare = world.bare();
        for (unit, expected) in [
            (dissolved, "rejected unit_dissolved"),
            (bare, "rejected not_conferred"),
        ] {
            let act = RegisterNode {
                unit,
                ..register(&world, 7)
            };
            world.check_decided("ben", Kind::RegisterNode(act), expected);
        }
    }
}
