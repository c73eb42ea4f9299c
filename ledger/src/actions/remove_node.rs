//! `remove_node`: a department's node is no longer a peer.

use polity_proto::v1::{Node, ObjectKind, RemoveNode};

use super::{Act, register_node};
use crate::context::Context;
use crate::judge::Need;
use crate::state::keys::List;
use crate::state::lists;
use crate::{Rejection, form};

impl Act for RemoveNode {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.node)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let node: Node = context.find(&self.node)?;
        Ok(vec![register_node::need(node.unit)])
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
    use polity_proto::v1::{RegisterNode, action::Kind};

    use super::*;
    use crate::world::World;

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
