//! `confirm_external`: a second person saw the same bank statement: the record counts.

use polity_proto::v1::{Account, ConfirmExternal, Hold};

use super::{Act, holding, record_external};
use crate::context::Context;
use crate::judge::Need;
use crate::{Rejection, form};

impl Act for ConfirmExternal {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.hold)?;
        form::hash(&self.statement)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let hold: Hold = context.find(&self.hold)?;
        let from: Account = context.get(hold.from)?;
        let to: Account = context.get(hold.to)?;
        Ok(vec![record_external::need(&from, &to)])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let hold: Hold = context.find(&self.hold)?;
        // Who records does not confirm.
        if hold.placed_by == context.actor.member && !context.is_genesis() {
            return Err(Rejection::SamePerson);
        }
        if !hold.external {
            return Err(Rejection::NotExternal);
        }
        holding::check_open(context, &hold)?;
        if hold.statement != self.statement {
            return Err(Rejection::StatementDiffers);
        }
        holding::post(context, hold, None).map(|_| ())
    }
}
