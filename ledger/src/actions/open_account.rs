//! `open_account`: an owner holds one asset in it.

use polity_proto::v1::{
    Account, Asset, Capability, Member, MemberState, ObjectKind, OpenAccount, OwnerKind, Party,
    Unit,
};

use super::Act;
use crate::context::Context;
use crate::judge::Need;
use crate::state::keys::{self, List};
use crate::state::{lists, names};
use crate::{Rejection, form};

impl Act for OpenAccount {
    fn check(&self) -> Result<(), Rejection> {
        form::owner(&self.owner)?;
        form::reference(&self.asset)
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
                match member.number == context.actor.member {
                    true => Need::own(),
                    // For somebody who cannot act yet, the unit that admitted them opens it.
                    false => Need::of(Capability::OpenAccounts, member.unit),
                }
            }
            OwnerKind::Party => {
                let party: Party = context.get(owner.number)?;
                Need::of(Capability::OpenAccounts, party.unit)
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
                (ObjectKind::Unit, party.unit)
            }
            // The genesis skips authority, not sense.
            OwnerKind::Issuance | OwnerKind::Escrow | OwnerKind::None => {
                return Err(Rejection::IssuanceOnly);
            }
        };
        let listed_under = keys::owner_number(owner.kind(), owner.number);
        names::check_handle(context, ObjectKind::Account, listed_under, &self.handle)?;
        names::check_external_id(context, ObjectKind::Account, &self.external_id)?;

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
