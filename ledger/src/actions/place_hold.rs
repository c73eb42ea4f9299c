//! `place_hold`: a transfer that is reserved first.

use polity_proto::v1::{PlaceHold, Transfer};

use super::holding::{self, Terms};
use super::{Act, transfer};
use crate::Rejection;
use crate::context::Context;
use crate::judge::Need;

impl Act for PlaceHold {
    fn check(&self) -> Result<(), Rejection> {
        of(self)?.check()
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        of(self)?.needs(context)
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let transfer = of(self)?;
        let movement = transfer::movement(transfer, context)?;
        let terms = Terms {
            expires_at: self.expires_at,
            reference: transfer.reference.clone(),
            document: transfer.document.clone(),
            ..Terms::default()
        };
        holding::place(context, movement, terms).map(|_| ())
    }
}

fn of(act: &PlaceHold) -> Result<&Transfer, Rejection> {
    act.transfer.as_ref().ok_or(Rejection::FieldMissing)
}
