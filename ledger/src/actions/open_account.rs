//! `open_account`: an owner holds one asset in it.

use polity_proto::v1::{
    Account, Asset, Capability, Member, MemberState, ObjectKind, OpenAccount, OwnerKind, Party,
    Unit,
};

use super::Act;
use crate::context::Context;
use crate::judge::{Need, power};
use crate::state::keys::{self, List};
use crate::state::{lists, names};
use crate::{Rejection, form};

/// Most accounts of a member, who needs nobody's leave to open them; of a unit or party. Whoever leaves closes all at once.
const OF_A_MEMBER_MAX: u64 = 256;
const OF_ANOTHER_MAX: u64 = 4_096;

impl Act for OpenAccount {
    fn check(&self) -> Result<(), Rejection> {
        form::owner(&self.owner)?;
        form::reference(&self.asset)?;
        form::handle(&self.handle)?;
        form::external_id(&self.external_id)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let owner = context.resolve_owner(&self.owner)?;
        let _: Asset = context.find(&self.asset)?;
        let need = match owner.kind() {
            OwnerKind::Unit => {
                let unit: Unit = context.get(owner.number)?;
                Need::of(Capability::OpenAccounts, unit.number)
            }
            OwnerKind::Member => {
                let member: Member = context.get(owner.number)?;
                match member.state() {
                    _ if member.number == context.actor.member => Need::own(),
                    // Active members open their accounts themselves.
                    MemberState::Active => Need::not_yours(),
                    // For somebody who cannot act yet, the unit that admitted them opens it.
                    MemberState::None
                    | MemberState::Invited
                    | MemberState::Imported
                    | MemberState::Suspended
                    | MemberState::Departed => {
                        let unit = power::living(context, member.unit);
                        Need::of(Capability::OpenAccounts, unit)
                    }
                }
            }
            OwnerKind::Party => {
                let party: Party = context.get(owner.number)?;
                Need::of(Capability::OpenAccounts, power::living(context, party.unit))
            }
            OwnerKind::Issuance | OwnerKind::Escrow | OwnerKind::None => Need::not_yours(),
        };
        Ok(vec![need])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let owner = context.resolve_owner(&self.owner)?;
        let asset: Asset = context.find(&self.asset)?;
        let history = match owner.kind() {
            OwnerKind::Unit => {
                let unit: Unit = context.get(owner.number)?;
                if unit.dissolved_at != 0 {
                    return Err(Rejection::UnitDissolved);
                }
                (ObjectKind::Unit, unit.number)
            }
            OwnerKind::Member => {
                let member: Member = context.get(owner.number)?;
                if member.state() == MemberState::Departed {
                    return Err(Rejection::MemberStateWrong);
                }
                (ObjectKind::Member, member.number)
            }
            OwnerKind::Party => {
                let party: Party = context.get(owner.number)?;
                (ObjectKind::Unit, power::living(context, party.unit))
            }
            // Refused here too, because a genesis is not asked for authority.
            OwnerKind::Issuance | OwnerKind::Escrow | OwnerKind::None => {
                return Err(Rejection::IssuanceOnly);
            }
        };
        let listed_under = keys::owner_number(owner.kind(), owner.number);
        names::check_handle(context, ObjectKind::Account, listed_under, &self.handle)?;
        names::check_external_id(context, ObjectKind::Account, &self.external_id)?;
        let most = match owner.kind() {
            OwnerKind::Member => OF_A_MEMBER_MAX,
            OwnerKind::Unit
            | OwnerKind::Party
            | OwnerKind::Issuance
            | OwnerKind::Escrow
            | OwnerKind::None => OF_ANOTHER_MAX,
        };
        if lists::count(context, List::Accounts, listed_under) >= most {
            return Err(Rejection::ListTooLong);
        }

        let number = context.next_number(ObjectKind::Account);
        context.put(&Account {
            number,
            owner: Some(owner),
            asset: asset.number,
            handle: self.handle.clone(),
            external_id: self.external_id.clone(),
            // What an external party owes or is owed is its own affair.
            unlimited: owner.kind() == OwnerKind::Party,
            ..Account::default()
        });
        names::claim(
            context.state,
            ObjectKind::Account,
            listed_under,
            &self.handle,
            &self.external_id,
            number,
        );
        lists::append(context.state, List::Accounts, listed_under, number);
        context.event(ObjectKind::Account, number, &[history]);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::{OwnerRef, Ref, action::Kind};

    use super::*;
    use crate::world::World;

    fn open(kind: OwnerKind, number: Option<Ref>, asset: Option<Ref>) -> OpenAccount {
        OpenAccount {
            owner: Some(OwnerRef {
                kind: kind as i32,
                number,
            }),
            asset,
            handle: "savings".into(),
            ..OpenAccount::default()
        }
    }

    #[test]
    fn units_members_and_parties_hold_accounts() {
        let mut world = World::with_treasury();
        let (euro, lead) = (world.asset_ref("EUR"), Some("dev#lead"));
        let dev = open(OwnerKind::Unit, world.unit_ref("dev"), euro);
        let finn = open(OwnerKind::Member, world.member_ref("finn"), euro);
        let bank = open(OwnerKind::Party, form::numbered(1), euro);
        let unit = world.unit("dev").number;
        let entries = world.history_count(ObjectKind::Unit, unit);
        world.check("ben", lead, Kind::OpenAccount(dev), "accepted");
        assert_eq!(world.history_count(ObjectKind::Unit, unit), entries + 1);
        let account = world.account("dev:savings");
        let listed = world.list(List::Accounts, keys::owner_number(OwnerKind::Unit, unit));
        assert!(listed.contains(&account.number) && !account.unlimited);

        let act = Kind::OpenAccount(finn);
        world.check("finn", None, act, "accepted");
        let act = Kind::OpenAccount(bank);
        world.check("ben", lead, act.clone(), "rejected no_grant");
        world.check("eve", Some("finance#lead"), act, "accepted");
        assert!(world.account("bank:savings").unlimited);
    }

    #[test]
    fn whoever_can_open_accounts_is_given_none_unasked() {
        let mut world = World::new();
        let lead = Some("dev#lead");
        world.ada(Kind::ImportMember(world.import("old", "dev")));
        let open = |world: &World, member: &str| {
            let euro = world.asset_ref("EUR");
            Kind::OpenAccount(open(OwnerKind::Member, world.member_ref(member), euro))
        };
        let (finn, old) = (open(&world, "finn"), open(&world, "old"));
        world.check("ben", lead, finn.clone(), "rejected not_yours");
        let engineer = Some("dev#engineer");
        world.check("gia", engineer, old.clone(), "rejected no_grant");
        world.check("ben", lead, old, "accepted");
        world.check("finn", None, finn, "accepted");
    }

    #[test]
    fn a_member_has_256_accounts_at_most() {
        let mut world = World::new();
        let finn = world.member_number("finn");
        let another = |world: &World| {
            let euro = world.asset_ref("EUR");
            Kind::OpenAccount(open(OwnerKind::Member, world.member_ref("finn"), euro))
        };
        let listed_under = keys::owner_number(OwnerKind::Member, finn);
        let left = OF_A_MEMBER_MAX - lists::count(&world.state, List::Accounts, listed_under);
        world.change_for_test(|state| {
            for number in (1_000..).take(left as usize) {
                lists::append(state, List::Accounts, listed_under, number);
            }
        });
        let one_more = another(&world);
        world.check("finn", None, one_more, "rejected list_too_long");
        let last = 999 + left;
        world.change_for_test(|state| lists::remove(state, List::Accounts, listed_under, last));
        let instead = another(&world);
        world.check("finn", None, instead, "accepted");
    }

    #[test]
    fn each_refusal_has_its_name() {
        let mut world = World::with_treasury();
        let (euro, lead) = (world.asset_ref("EUR"), Some("dev#lead"));
        let dev = world.unit_ref("dev");
        let good = OpenAccount {
            external_id: "IBAN-1".into(),
            ..open(OwnerKind::Unit, dev, euro)
        };
        world.check("ben", lead, Kind::OpenAccount(good.clone()), "accepted");
        let handle = |handle: &str| OpenAccount {
            handle: handle.into(),
            ..good.clone()
        };
        for (expected, act) in [
            (
                "rejected field_missing",
                OpenAccount {
                    owner: None,
                    ..good.clone()
                },
            ),
            ("rejected field_missing", open(OwnerKind::None, dev, euro)),
            ("rejected ref_malformed", open(OwnerKind::Unit, None, euro)),
            ("rejected ref_malformed", open(OwnerKind::Unit, dev, None)),
            ("rejected handle_malformed", handle("Savings")),
            (
                "rejected external_id_malformed",
                OpenAccount {
                    external_id: "\n".into(),
                    ..good.clone()
                },
            ),
            (
                "rejected object_unknown",
                open(OwnerKind::Unit, form::numbered(99), euro),
            ),
            (
                "rejected object_unknown",
                open(OwnerKind::Unit, dev, form::numbered(99)),
            ),
            (
                "rejected not_yours",
                open(OwnerKind::Issuance, form::numbered(1), euro),
            ),
            ("rejected handle_taken", good.clone()),
            ("rejected external_id_taken", handle("other")),
        ] {
            world.check("ben", lead, Kind::OpenAccount(act), expected);
        }
        let issuance = open(OwnerKind::Issuance, form::numbered(1), euro);
        world.check_decided("ben", Kind::OpenAccount(issuance), "rejected issuance_only");
        let mut gia = world.member("gia");
        gia.state = MemberState::Departed as i32;
        world.put_for_test(&gia);
        let departed = open(OwnerKind::Member, form::numbered(gia.number), euro);
        world.check(
            "ben",
            lead,
            Kind::OpenAccount(departed),
            "rejected member_state_wrong",
        );
        let mut unit = world.unit("dev");
        unit.dissolved_at = 1;
        world.put_for_test(&unit);
        let dissolved = Kind::OpenAccount(handle("third"));
        world.check_decided("ben", dissolved, "rejected unit_dissolved");
    }
}
