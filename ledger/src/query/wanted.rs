//! What somebody asks about, and who of others could really bring it about: asked of the same
//! checks that judge a block, so that nobody is named whom the ledger would refuse.

use polity_proto::v1::{Action, Mode, Proposal};

use crate::actions;
use crate::context::Context;
use crate::decisions::{approve, benefit};
use crate::judge::{Actor, Need, Trace, Verdict, judge, judge_proposal};
use crate::{Amount, Rejection};

/// Most people of whom it is asked whether they could.
pub(super) const LOOKED_AT_MAX: usize = 50;

/// An action that the context's actor wants done.
pub(super) struct Wanted<'w> {
    pub(super) action: &'w Action,
    pub(super) needs: &'w [Need],
    /// Whom it would benefit if it were proposed.
    beneficiaries: Vec<u64>,
}

impl<'w> Wanted<'w> {
    pub(super) fn of(
        context: &mut Context<'_, '_>,
        action: &'w Action,
        needs: &'w [Need],
    ) -> Wanted<'w> {
        let mut beneficiaries: Vec<u64> = needs.iter().filter_map(benefit::of_need).collect();
        beneficiaries.extend(benefit::of_action(context, action));
        Wanted {
            action,
            needs,
            beneficiaries,
        }
    }

    /// Whose approval would count, if one of these proposed it and `unit` decided by `mode`.
    pub(super) fn approvers(
        &self,
        context: &Context<'_, '_>,
        unit: u64,
        mode: &Mode,
        proposers: &[Actor],
    ) -> Vec<Actor> {
        let mut approvers = Vec::new();
        for proposer in proposers {
            let proposal = Proposal {
                unit,
                proposer: proposer.member,
                role: proposer.role,
                mode: Some(mode.clone()),
                beneficiaries: self.beneficiaries.clone(),
                ..Proposal::default()
            };
            approvers.extend(approve::approvers(context, &proposal, LOOKED_AT_MAX));
        }
        approvers
    }

    /// Whether somebody else could do it now or, where they would not be enough alone, meet this
    /// need of it.
    pub(super) fn could(&self, context: &mut Context<'_, '_>, need: &Need, actor: Actor) -> bool {
        self.tried(context, need, actor) == Some(Ok(()))
    }

    /// What would come of it, where authority meets this need; nothing where it does not.
    pub(super) fn tried(
        &self,
        context: &mut Context<'_, '_>,
        need: &Need,
        actor: Actor,
    ) -> Option<Result<(), Rejection>> {
        let account = need.value.as_ref().map(|value| value.account);
        let taken = account.map_or(Amount::ZERO, |account| context.taken(account));
        let trace = &mut Trace::off();
        let verdict = judge(context, context.now(), actor, need, taken, trace);
        if !matches!(verdict, Verdict::Allowed(_)) {
            return None;
        }
        Some(context.tried_as(actor, |context| {
            let needs = actions::needs(context, self.action);
            match needs.and_then(|needs| context.authorise(&needs)) {
                Ok(()) => actions::apply(context, self.action),
                Err(_) => Ok(()),
            }
        }))
    }

    /// Whether somebody else may begin a decision about a need.
    pub(super) fn could_begin(context: &Context<'_, '_>, need: &Need, actor: Actor) -> bool {
        let verdict = judge_proposal(context, context.now(), actor, need, &mut Trace::off());
        !matches!(verdict, Verdict::Refused(_))
    }
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::{Capability, Member, action::Kind};

    use crate::query::tests::{ask, value};
    use crate::world::{DAY, World, able, alone, approve, role_holders, tier};

    /// In `dev`, spending up to 500 is free, above and for assignments somebody approves. Ben admitted Ivy.
    fn world() -> World {
        let mut world = World::new();
        world.fund("dev", 50_000);
        let invite = Kind::InviteMember(world.invite("ivy", "dev"));
        world.check("ben", Some("dev#lead"), invite, "accepted");
        let join = Kind::Join(world.join("ivy"));
        world.check("ivy", None, join, "accepted");
        let assign = world.assign("ivy", "dev#engineer");
        world.ada(Kind::AssignRole(assign));
        let approved = || tier(0, role_holders(), approve(able(Capability::Approve), 1));
        let tiers = vec![tier(500, role_holders(), alone()), approved()];
        let policy = world.policy("dev", Capability::Spend, tiers);
        world.check("ben", Some("dev#lead"), Kind::SetPolicy(policy), "accepted");
        let policy = world.policy("dev", Capability::AssignRoles, vec![approved()]);
        world.check("ben", Some("dev#lead"), Kind::SetPolicy(policy), "accepted");
        world
    }

    #[track_caller]
    fn check(world: &World, member: &str, act: Kind, name: &str, expected: &str) {
        let verdict = ask(world, member, act);
        assert_eq!(value(&verdict.facts, name), expected, "{verdict:?}");
    }

    #[test]
    fn only_those_are_named_whose_approval_would_count() {
        let mut world = world();
        let pay = |world: &World, to: &str| world.payment("dev:main", to, 800);
        let assign = |world: &World| Kind::AssignRole(world.assign("ben", "dev#engineer"));
        let (ops, bens) = (pay(&world, "ops:main"), pay(&world, "ben:main"));
        check(&world, "finn", ops.clone(), "approvers", "ben, ada");
        // Ben counts as Ivy, is paid, or receives the role.
        check(&world, "ivy", ops.clone(), "approvers", "ada");
        check(&world, "finn", bens, "approvers", "ada");
        let asked = assign(&world);
        check(&world, "finn", asked, "approvers", "ada");
        world.advance(30 * DAY);
        check(&world, "ivy", ops, "approvers", "ben, ada");
    }

    #[test]
    fn only_those_are_named_who_would_not_be_refused() {
        let mut world = world();
        let assign = Kind::AssignRole(world.assign("ben", "dev#engineer"));
        // Ben would give it to himself.
        check(&world, "hal", assign, "who_could", "ada");
        let large = world.payment("dev:main", "ops:main", 800);
        check(
            &world,
            "hal",
            large.clone(),
            "who_could",
            "ben up to 5000.00 EUR",
        );
        let ben = world.member("ben");
        world.put_for_test(&Member {
            sleeps_until: world.time + DAY,
            ..ben
        });
        check(&world, "hal", large, "who_could", "");
    }

    #[test]
    fn what_stands_in_everybodys_way_is_named() {
        let mut world = world();
        let assign = Kind::AssignRole(world.assign("gia", "dev#engineer"));
        check(
            &world,
            "hal",
            assign,
            "others",
            "refused as already_assigned",
        );
        // That Ben would give it to himself says nothing of others.
        let assign = Kind::AssignRole(world.assign("ben", "dev#engineer"));
        world.ada(assign.clone());
        check(
            &world,
            "hal",
            assign,
            "others",
            "refused as already_assigned",
        );
    }
}
