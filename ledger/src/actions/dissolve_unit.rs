//! `dissolve_unit`: an empty unit ends, with its roles, policies and the grants over it.

use polity_proto::v1::{
    Account, BudgetLine, DissolveUnit, EndReason, ObjectKind, OwnerKind, SodRule, Unit,
};

use super::amend_unit::{departments, governed_by, validates};
use super::{Act, assign_role, ending, membership};
use crate::context::Context;
use crate::judge::Need;
use crate::state::keys::{self, List};
use crate::state::{lists, names};
use crate::{Rejection, form};

impl Act for DissolveUnit {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.unit)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let unit: Unit = context.find(&self.unit)?;
        if validates(context, unit.number) {
            return departments(context);
        }
        Ok(vec![Need::governing(
            context,
            governed_by(&unit),
            context.now().time,
        )])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let unit: Unit = context.find(&self.unit)?;
        let number = unit.number;
        if unit.parent == 0 {
            return Err(Rejection::RootFixed);
        }
        if unit.dissolved_at != 0 {
            return Err(Rejection::UnitDissolved);
        }
        if validates(context, number) {
            return Err(Rejection::UnitValidates);
        }
        check_empty(context, number)?;

        end_all_of(context, number)?;
        names::release(
            context.state,
            ObjectKind::Unit,
            unit.parent,
            &unit.handle,
            &unit.external_id,
        );
        lists::remove(context.state, List::Children, unit.parent, number);
        let histories = [number, unit.parent].map(|unit| (ObjectKind::Unit, unit));
        context.put(&Unit {
            dissolved_at: context.now().time,
            ..unit
        });
        context.event(ObjectKind::Unit, number, &histories);
        Ok(())
    }
}

/// Most joined members whom a dissolution takes out of the unit: each has an event.
const JOINED_MAX: u64 = 500;

/// Refuses a unit that still has units, value, holds, proposals, elections, nodes or filled roles.
fn check_empty(context: &Context<'_, '_>, unit: u64) -> Result<(), Rejection> {
    let now = context.now().time;
    for list in [
        List::Children,
        List::Proposals,
        List::Elections,
        List::Nodes,
    ] {
        if lists::count(context, list, unit) != 0 {
            return Err(Rejection::UnitNotEmpty);
        }
    }
    // More leave before, or are released: so that what one action writes is bounded.
    if lists::count(context, List::Joined, unit) > JOINED_MAX {
        return Err(Rejection::UnitNotEmpty);
    }
    for account in accounts(context, unit) {
        let account: Account = context.get(account)?;
        if !ending::is_empty(&account) {
            return Err(Rejection::UnitNotEmpty);
        }
    }
    for role in lists::all(context, List::Roles, unit) {
        if !assign_role::open_of_role(context, role, now).is_empty() {
            return Err(Rejection::UnitNotEmpty);
        }
    }
    Ok(())
}

fn accounts(context: &Context<'_, '_>, unit: u64) -> Vec<u64> {
    let owner = keys::owner_number(OwnerKind::Unit, unit);
    lists::all(context, List::Accounts, owner)
}

fn end_all_of(context: &mut Context<'_, '_>, unit: u64) -> Result<(), Rejection> {
    for member in lists::all(context, List::Joined, unit) {
        membership::leave(context, member, unit, EndReason::Unit);
    }
    for role in lists::all(context, List::Roles, unit) {
        ending::end_role(context, role, EndReason::Unit);
    }
    // Grants of other units' roles that reach here; those of its own roles have ended.
    for grant in lists::all(context, List::GrantsOver, unit) {
        ending::end_grant(context, grant, EndReason::Unit);
    }
    for policy in lists::all(context, List::Policies, unit) {
        ending::end_policy(context, policy, EndReason::Unit);
    }
    for number in lists::all(context, List::SodRules, 0) {
        let rule: SodRule = context.get(number)?;
        if rule.unit == unit {
            ending::end_sod_rule(context, number, EndReason::Unit);
        }
    }
    for account in accounts(context, unit) {
        ending::close_account(context, account, EndReason::Unit);
    }
    for number in lists::all(context, List::BudgetLines, unit) {
        let line: BudgetLine = context.get(number)?;
        if !line.closed {
            context.put(&BudgetLine {
                closed: true,
                ..line
            });
            let histories = [(ObjectKind::Unit, unit)];
            context.ended(ObjectKind::BudgetLine, number, EndReason::Unit, &histories);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::{action::Kind, *};

    use crate::form;
    use crate::state::keys::{self, List};
    use crate::world::{World, by, ended, euros};

    fn dissolve(world: &World, unit: &str) -> Kind {
        Kind::DissolveUnit(DissolveUnit {
            unit: world.unit_ref(unit),
        })
    }

    /// A world with the empty unit `dev/api`, in which Finn may open accounts.
    fn with_api() -> World {
        let mut charter = crate::world::Charter::acme();
        charter.unit(Some("dev"), "api", UnitKind::Team);
        let capability = Capability::OpenAccounts;
        charter.grant("dev#engineer", capability, ScopeKind::Unit, "api");
        World::founded(&charter)
    }

    #[test]
    fn an_empty_unit_is_dissolved_by_its_parent_once() {
        let mut world = with_api();
        let unit = world.unit_ref("dev/api");
        let api = Kind::DissolveUnit(DissolveUnit { unit });
        for (actor, role, kind, expected) in [
            (
                "ben",
                "dev#lead",
                Kind::DissolveUnit(DissolveUnit { unit: None }),
                "rejected ref_malformed",
            ),
            (
                "ben",
                "dev#lead",
                Kind::DissolveUnit(DissolveUnit {
                    unit: form::numbered(99),
                }),
                "rejected object_unknown",
            ),
            ("finn", "dev#engineer", api.clone(), "rejected no_grant"),
            (
                "ada",
                "acme#lead",
                dissolve(&world, "dev"),
                "rejected needs_decision",
            ),
            ("ben", "dev#lead", api.clone(), "accepted"),
            ("ben", "dev#lead", api, "rejected unit_dissolved"),
        ] {
            world.check(actor, Some(role), kind, expected);
        }
        assert!(world.list(List::Children, 2).is_empty());
        world.ada(Kind::CreateUnit(world.create_unit(
            "dev",
            "api",
            UnitKind::Team,
        )));
        assert_ne!(world.unit_ref("dev/api"), unit);
    }

    #[test]
    fn a_unit_that_still_has_something_is_not_dissolved() {
        let open = |world: &mut World| {
            let owner = OwnerRef {
                kind: OwnerKind::Unit as i32,
                number: world.unit_ref("dev/api"),
            };
            let open = OpenAccount {
                owner: Some(owner),
                asset: world.asset_ref("EUR"),
                handle: "main".into(),
                ..OpenAccount::default()
            };
            world.check(
                "finn",
                Some("dev#engineer"),
                Kind::OpenAccount(open),
                "accepted",
            );
        };
        let child = |world: &mut World| {
            world.ada(Kind::CreateUnit(world.create_unit(
                "dev/api",
                "core",
                UnitKind::Team,
            )));
        };
        let holder = |world: &mut World| {
            world.ada(Kind::CreateRole(world.create_role("dev/api", "lead")));
            world.ada(Kind::AssignRole(world.assign("finn", "dev/api#lead")));
        };
        let value = |world: &mut World| {
            open(world);
            world.ada(Kind::Transfer(Transfer {
                from: world.account_ref("acme:main"),
                to: world.account_ref("dev/api:main"),
                amount: euros(1),
                kind: TransferKind::Payment as i32,
                ..Transfer::default()
            }));
        };
        let keeps = |fill: &dyn Fn(&mut World)| {
            let mut world = with_api();
            fill(&mut world);
            let api = dissolve(&world, "dev/api");
            world.check("ada", Some("acme#lead"), api, "rejected unit_not_empty");
        };
        keeps(&child);
        keeps(&holder);
        keeps(&value);

        let mut world = with_api();
        open(&mut world);
        let unit = world.unit("dev/api").number;
        let account = world.account("dev/api:main").number;
        let grant = world.list(List::GrantsOver, unit)[0];
        let receipt = world.ada(dissolve(&world, "dev/api"));
        assert_eq!(
            ended(&receipt),
            [
                (ObjectKind::Grant, grant, EndReason::Unit),
                (ObjectKind::Account, account, EndReason::Unit),
            ]
        );
        assert!(world.list(List::GrantsOver, unit).is_empty());
        assert!(
            world
                .list(List::Accounts, keys::owner_number(OwnerKind::Unit, unit))
                .is_empty()
        );
    }

    #[test]
    fn members_and_empty_roles_go_with_the_unit() {
        let mut world = World::with_tribes();
        world.ada(world.join_unit("finn", "dev/web/red"));
        world.ada(world.join_unit("finn", "dev/web/quality"));
        let assignment = world.assignment("ben", "dev/web/red#owner").number;
        world.ada(Kind::RevokeAssignment(RevokeAssignment {
            assignment: form::numbered(assignment),
        }));
        let (red, role) = (
            world.unit("dev/web/red").number,
            world.role("dev/web/red#owner").number,
        );
        let quality = world.unit("dev/web/quality").number;
        let receipt = world.ada(dissolve(&world, "dev/web/red"));
        assert_eq!(
            ended(&receipt),
            [
                (ObjectKind::Unit, red, EndReason::Unit),
                (ObjectKind::Unit, quality, EndReason::Member),
                (ObjectKind::Role, role, EndReason::Unit),
            ]
        );
        let finn = world.member("finn");
        assert_eq!((finn.home_squad, finn.chapters), (0, vec![]));
    }

    #[test]
    fn children_and_their_parent_go_in_one_transaction() {
        let mut world = with_api();
        world.ada(Kind::CreateUnit(world.create_unit(
            "dev/api",
            "core",
            UnitKind::Team,
        )));
        let deed = |unit| {
            by("ada")
                .acting_as("acme#lead")
                .does(dissolve(&world, unit))
        };
        let (child, parent) = (deed("dev/api/core"), deed("dev/api"));
        assert!(world.submit(&[parent.clone(), child.clone()]).is_err());
        assert!(world.submit(&[child, parent]).is_ok());
    }

    #[test]
    fn neither_the_root_nor_a_validating_unit_is_dissolved_even_at_genesis() {
        for (unit, expected) in [
            ("acme", crate::Rejection::RootFixed),
            ("dev", crate::Rejection::UnitValidates),
        ] {
            let mut charter = crate::world::Charter::acme();
            let unit = charter.named(unit);
            charter.push("dissolved", Kind::DissolveUnit(DissolveUnit { unit }));
            let refused = World::try_founded(&charter).err();
            assert_eq!(refused.map(|error| error.rejection), Some(expected));
        }
    }

    #[test]
    fn policies_and_rules_of_duties_end_with_their_unit() {
        let mut world = with_api();
        let unit = world.unit("dev/api").number;
        let alone = crate::world::tier(0, crate::world::role_holders(), crate::world::alone());
        let policy = world.policy("dev/api", Capability::Approve, vec![alone]);
        world.ada(Kind::SetPolicy(policy));
        world.ada(Kind::SetSodRule(SetSodRule {
            unit: world.unit_ref("dev/api"),
            first: Capability::Spend as i32,
            second: Capability::Approve as i32,
        }));
        let receipt = world.ada(dissolve(&world, "dev/api"));

        let kinds: Vec<ObjectKind> = ended(&receipt).iter().map(|(kind, _, _)| *kind).collect();
        assert_eq!(
            kinds,
            [ObjectKind::Grant, ObjectKind::Policy, ObjectKind::SodRule]
        );
        assert!(world.list(List::Policies, unit).is_empty());
        assert!(world.list(List::SodRules, 0).is_empty());
        let named = keys::policy_of(unit, Capability::Approve);
        assert!(world.value::<Index>(&named).is_none());
    }
}
