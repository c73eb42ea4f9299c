//! `call_election`: a role that is filled by election gets one.

use polity_proto::v1::{CallElection, Role};

use super::{Act, assign_role};
use crate::context::Context;
use crate::decisions::electorate;
use crate::judge::Need;
use crate::{Rejection, elections, form, time};

/// Longest term of an elected member, in seconds.
const TERM_MAX: u64 = 10 * 366 * time::DAY;

impl Act for CallElection {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.role)?;
        Rejection::TimeMalformed.unless(self.term <= TERM_MAX)
    }

    /// Whoever takes part in the unit's governance may call
    /// (Holacracy Constitution 5.0, 5.1.2 and 5.3.5); `apply` knows who that is.
    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let _: Role = context.find(&self.role)?;
        Ok(vec![Need::own()])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let role: Role = context.find(&self.role)?;
        let caller = context.actor.member;
        let electorate = electorate::of(context, context.now().time, role.unit);
        if !electorate.contains(&caller) {
            return Err(Rejection::NotInElectorate);
        }
        assign_role::check_lives(context, &role)?;

        elections::call(context, &role, caller, self.term)?;
        Ok(())
    }
}
