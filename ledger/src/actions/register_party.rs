//! `register_party`: an external counterparty, such as a customer, a supplier or a bank.

use polity_proto::v1::{Capability, ObjectKind, Party, RegisterParty, Unit};

use super::Act;
use crate::context::Context;
use crate::judge::Need;
use crate::state::keys::List;
use crate::state::{lists, names};
use crate::{Rejection, form};

impl Act for RegisterParty {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.unit)?;
        form::optional_hash(&self.commitment)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let unit: Unit = context.find(&self.unit)?;
        Ok(vec![Need::of(Capability::RegisterParties, unit.number)])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let unit: Unit = context.find(&self.unit)?;
        if unit.dissolved_at != 0 {
            return Err(Rejection::UnitDissolved);
        }
        names::check_handle(context, ObjectKind::Party, unit.number, &self.handle)?;
        names::check_external_id(context, ObjectKind::Party, &self.external_id)?;

        let number = context.next_number(ObjectKind::Party);
        context.put(&Party {
            number,
            unit: unit.number,
            handle: self.handle.clone(),
            external_id: self.external_id.clone(),
            commitment: self.commitment.clone(),
        });
        names::claim(
            context.state,
            ObjectKind::Party,
            unit.number,
            &self.handle,
            &self.external_id,
            number,
        );
        lists::append(context.state, List::Parties, unit.number, number);
        context.event(
            ObjectKind::Party,
            number,
            &[(ObjectKind::Unit, unit.number)],
        );
        Ok(())
    }
}
