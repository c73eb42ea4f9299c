//! `remove_node`: a department's node is no longer a peer.

use polity_proto::v1::{Capability, Node, ObjectKind, RemoveNode, Unit};

use super::{Act, amend_unit, register_node};
use crate::context::Context;
use crate::judge::{Need, power};
use crate::state::keys::List;
use crate::state::lists;
use crate::{Rejection, form};

impl Act for RemoveNode {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.node)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let node: Node = context.find(&self.node)?;
        let unit: Unit = context.get(node.unit)?;
        let holds = power::unit_capabilities(context, unit.number);
        // From a unit that may run none any more, those above it remove them: nobody in it could.
        let need = if holds.contain(Capability::OperateValidator) {
            register_node::need(unit.number)
        } else {
            context.to_govern(amend_unit::governed_by(&unit))
        };
        Ok(vec![need])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let mut node: Node = context.find(&self.node)?;
        if node.removed_at != 0 {
            return Err(Rejection::NodeRemoved);
        }

        node.removed_at = context.now().time;
        context.put(&node);
        context.state.delete(register_node::index(&node.id));
        lists::remove(context.state, List::Nodes, node.unit, node.number);
        context.event(
            ObjectKind::Node,
            node.number,
            &[(ObjectKind::Unit, node.unit)],
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::{AmendUnit, DissolveUnit, RegisterNode, UnitKind, action::Kind};

    use super::*;
    use crate::world::World;

    #[test]
    fn those_above_remove_the_nodes_of_a_unit_that_may_run_none_any_more() {
        let mut world = World::new();
        let ada = Some("acme#lead");
        world.ada(Kind::CreateUnit(world.create_unit(
            "acme",
            "lab",
            UnitKind::Department,
        )));
        world.ada(Kind::CreateRole(world.create_role("lab", "operator")));
        let operate = world.grant("lab#operator", Capability::OperateValidator, "lab");
        world.check_decided("ada", Kind::GiveGrant(operate), "accepted");
        world.check_decided(
            "ada",
            Kind::AssignRole(world.assign("hal", "lab#operator")),
            "accepted",
        );
        let register = Kind::RegisterNode(RegisterNode {
            unit: world.unit_ref("lab"),
            id: vec![7; 20],
            ..RegisterNode::default()
        });
        let hal = Some("lab#operator");
        world.check("hal", hal, register, "accepted");
        let remove = Kind::RemoveNode(RemoveNode {
            node: form::numbered(1),
        });
        world.check("ada", ada, remove.clone(), "rejected no_grant");

        let lab = world.unit("lab");
        world.ada(Kind::AmendUnit(AmendUnit {
            unit: form::numbered(lab.number),
            handle: lab.handle,
            kind: lab.kind,
            ..AmendUnit::default()
        }));
        world.check("hal", hal, remove.clone(), "rejected no_grant");
        world.ada(remove);
        let left = world.assignment("hal", "lab#operator").number;
        let resign = Kind::ResignRole(polity_proto::v1::ResignRole {
            assignment: form::numbered(left),
        });
        world.check("hal", None, resign, "accepted");
        let unit = form::numbered(lab.number);
        world.ada(Kind::DissolveUnit(DissolveUnit { unit }));
    }

    #[test]
    fn a_removed_node_is_gone_once_and_can_come_back() {
        let mut world = World::new();
        let lead = Some("dev#lead");
        let unit = world.unit("dev").number;
        let register = Kind::RegisterNode(RegisterNode {
            unit: world.unit_ref("dev"),
            id: vec![7; 20],
            ..RegisterNode::default()
        });
        world.check("ben", lead, register.clone(), "accepted");
        let remove = |node| Kind::RemoveNode(RemoveNode { node });
        let first = form::numbered(1);

        world.check("ben", lead, remove(None), "rejected ref_malformed");
        world.check(
            "ben",
            lead,
            remove(form::numbered(9)),
            "rejected object_unknown",
        );
        world.check("cleo", Some("ops#lead"), remove(first), "rejected no_grant");
        world.check("ben", lead, remove(first), "accepted");
        assert!(world.list(List::Nodes, unit).is_empty());
        world.check("ben", lead, remove(first), "rejected node_removed");
        world.check("ben", lead, register, "accepted");
        assert_eq!(world.list(List::Nodes, unit), [2]);
    }
}
