//! `close_account`: an account that holds nothing takes no part any more.

use polity_proto::v1::{
    Account, Capability, CloseAccount, EndReason, Member, MemberState, OwnerKind,
};

use super::{Act, ending, ownership, posting};
use crate::context::Context;
use crate::judge::Need;
use crate::{Rejection, form};

impl Act for CloseAccount {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.account)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let account: Account = context.find(&self.account)?;
        let owner = posting::owner(&account);
        if owner.kind() == OwnerKind::Member {
            if owner.number == context.actor.member {
                return Ok(vec![Need::own()]);
            }
            // An active member closes their accounts themselves.
            if context.get::<Member>(owner.number)?.state() == MemberState::Active {
                return Ok(vec![Need::not_yours()]);
            }
        }
        Ok(vec![ownership::need(
            context,
            Capability::OpenAccounts,
            &account,
        )?])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let account: Account = context.find(&self.account)?;
        if posting::owner(&account).kind() == OwnerKind::Issuance {
            return Err(Rejection::IssuanceOnly);
        }
        if account.frozen {
            return Err(Rejection::AccountFrozen);
        }
        if account.closed_at != 0 {
            return Err(Rejection::AccountClosed);
        }
        if !ending::is_empty(&account) {
            return Err(Rejection::AccountNotEmpty);
        }

        ending::close_account(context, account.number, EndReason::None);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::{ObjectKind, action::Kind};

    use super::*;
    use crate::state::keys::{self, List};
    use crate::world::World;

    const LEAD: Option<&str> = Some("acme#lead");

    fn close(world: &World, path: &str) -> Kind {
        Kind::CloseAccount(CloseAccount {
            account: world.account_ref(path),
        })
    }

    #[test]
    fn an_empty_account_closes_and_frees_its_handle() {
        let mut world = World::with_treasury();
        let account = world.account("acme:reserve");
        let unit = world.unit("acme").number;
        let entries = world.history_count(ObjectKind::Unit, unit);
        let act = close(&world, "acme:reserve");
        world.ada(act);

        let after: Account = world.get(account.number);
        assert_eq!(after.closed_at, world.time);
        let listed = world.list(List::Accounts, keys::owner_number(OwnerKind::Unit, unit));
        assert!(!listed.contains(&account.number));
        assert_eq!(world.history_count(ObjectKind::Unit, unit), entries + 1);
        let again = Kind::CloseAccount(CloseAccount {
            account: form::numbered(account.number),
        });
        world.check("ada", LEAD, again, "rejected account_closed");
        assert_eq!(world.account_ref("acme:reserve"), form::numbered(0));
    }

    #[test]
    fn each_refusal_has_its_name() {
        let mut world = World::with_treasury();
        let nothing = Kind::CloseAccount(CloseAccount { account: None });
        let unknown = Kind::CloseAccount(CloseAccount {
            account: form::numbered(99),
        });
        let issuance = Kind::CloseAccount(CloseAccount {
            account: form::numbered(1),
        });
        let (full, reserve) = (close(&world, "acme:main"), close(&world, "acme:reserve"));
        let gia = close(&world, "gia:main");
        world.check("ada", LEAD, nothing, "rejected ref_malformed");
        world.check("ada", LEAD, unknown, "rejected object_unknown");
        world.check("ada", LEAD, issuance, "rejected issuance_only");
        world.check("ada", LEAD, full, "rejected account_not_empty");
        world.check(
            "ben",
            Some("dev#lead"),
            reserve.clone(),
            "rejected no_grant",
        );
        world.check("finn", None, gia.clone(), "rejected not_yours");
        world.check("gia", None, gia, "accepted");
        let hold = Kind::PlaceHold(world.hold("dev:main", "cleo:main", 1));
        world.check("ben", Some("dev#lead"), hold, "accepted");
        let pending = close(&world, "cleo:main");
        world.check("cleo", None, pending, "rejected account_not_empty");
        world.freeze("acme:reserve");
        world.check("ada", LEAD, reserve, "rejected account_frozen");
    }
}
