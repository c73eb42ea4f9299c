//! Who signs beside the actor, and in which role.

use polity_client::Result;
use polity_client::ledger::Rejection;
use polity_client::ledger::state::keys::List;
use polity_client::session::{AsOf, Session};
use polity_client::v1::{
    Action, Assignment, Role, RoleKind, Signer, Verdict, VerdictKind, action::Kind,
};

use crate::context::Actor;
use crate::failure::usage;

/// Another signer, and the role in which they stand behind the actions, where they named one.
pub(super) struct CoSigner {
    pub(super) signer: Signer,
    pub(super) role: Option<u64>,
    /// Who signs here as well, because their key lies in this home.
    pub(super) here: Option<Actor>,
    /// As the command line calls them.
    pub(super) name: String,
}

impl CoSigner {
    /// The role in which they stand behind an action: the one that they named, else the one in which they may do it or be
    /// one of those who do; 0: none.
    pub(super) async fn role(&self, session: &Session, action: &Action) -> Result<u64> {
        if let Some(role) = self.role {
            return Ok(role);
        }
        // It takes nobody's grant: what receives is the seat.
        if let Some(Kind::ChangeSquad(change)) = &action.kind {
            let squad = change.to.map_or(0, |squad| squad.number);
            return seat_of(session, self.signer.member, squad).await;
        }
        let verdict = session.can(self.signer.member, action, true, AsOf::Newest);
        Ok(role_beside(&verdict.await?))
    }

    /// Who signs here.
    pub(super) fn here(&self) -> Result<&Actor> {
        self.here.as_ref().ok_or_else(|| {
            usage(format!(
                "no key of {} lies here: write it to a file for them to sign, with --draft FILE",
                self.name
            ))
        })
    }
}

/// The role in which somebody receives a member into a squad; 0: they own no product there.
async fn seat_of(session: &Session, member: u64, squad: u64) -> Result<u64> {
    let roles = session.list(List::Roles, squad).await?;
    let roles = session.get_all::<Role>(&roles).await?;
    let mut roles = roles.into_iter().flatten();
    let Some(seat) = roles.find(|role| role.kind() == RoleKind::ProductOwner) else {
        return Ok(0);
    };
    let holders = session.list(List::Holders, seat.number).await?;
    let holders = session.get_all::<Assignment>(&holders).await?;
    let is_held = holders.iter().flatten().any(|held| held.member == member);
    Ok(if is_held { seat.number } else { 0 })
}

/// The role of somebody who signs beside others: that in which they may, or in which only others are missing.
fn role_beside(verdict: &Verdict) -> u64 {
    let has_authority =
        verdict.kind() == VerdictKind::Allowed || verdict.code == Rejection::PeopleMissing.code();
    if has_authority {
        verdict.acting_role
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_signs_beside_others_does_so_in_a_role_in_which_they_may() {
        let of = |kind: VerdictKind, code: u32| {
            role_beside(&Verdict {
                kind: kind as i32,
                code,
                acting_role: 7,
                ..Verdict::default()
            })
        };
        assert_eq!(of(VerdictKind::Allowed, 0), 7);
        let missing = Rejection::PeopleMissing.code();
        assert_eq!(of(VerdictKind::Refused, missing), 7);
        assert_eq!(of(VerdictKind::Refused, Rejection::NoGrant.code()), 0);
    }
}
