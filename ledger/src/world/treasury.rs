//! Money matters for tests: a bank, hours, a second account, and people who keep the books.

use polity_proto::v1::{
    Account, AssetKind, Capability, DefineAsset, FreezeAccount, Issue, ObjectKind, OpenAccount,
    OwnerKind, OwnerRef, PlaceHold, PlanBudget, PostHold, RecordExternal, RegisterParty, ScopeKind,
    Transfer, TransferKind, VoidHold, action::Kind,
};

use super::{Charter, DAY, START, World, euros};
use crate::form;
use crate::state::keys;

/// What the books are kept with: a grant of each to the lead of `finance`, over the root.
const OF_A_BOOKKEEPER: [Capability; 4] = [
    Capability::RecordExternal,
    Capability::OpenAccounts,
    Capability::PlanBudget,
    Capability::Freeze,
];

impl World {
    /// The organisation of [`Charter::acme`] with a bank as `bank:main`, 1,000 EUR in `dev:main` and
    /// 100 EUR in `finn:main`, a second account `acme:reserve`, hours in `dev:hours`, and goods in
    /// `dev:shelf` and `ops:shelf`.
    pub(crate) fn with_treasury() -> World {
        let mut charter = Charter::acme();
        for capability in OF_A_BOOKKEEPER {
            charter.grant("finance#lead", capability, ScopeKind::Unit, "acme");
        }
        for (capability, unit) in [(Capability::Allocate, "dev"), (Capability::Freeze, "dev")] {
            charter.grant("dev#lead", capability, ScopeKind::Unit, unit);
        }
        let register = Kind::RegisterParty(RegisterParty {
            unit: charter.named("acme"),
            handle: "bank".into(),
            ..RegisterParty::default()
        });
        charter.push("bank", register);
        charter.asset("HOURS", AssetKind::Hours);
        charter.asset("CHAIRS", AssetKind::Goods);
        charter.open("bank", OwnerKind::Party, "main", "EUR");
        charter.open("acme", OwnerKind::Unit, "reserve", "EUR");
        charter.open("dev", OwnerKind::Unit, "hours", "HOURS");
        charter.open("dev", OwnerKind::Unit, "shelf", "CHAIRS");
        charter.open("ops", OwnerKind::Unit, "shelf", "CHAIRS");
        charter.issue("dev:main", 1_000);
        charter.issue("finn:main", 100);
        charter.issue("dev:shelf", 10);
        World::founded(&charter)
    }

    /// A hold in whole euros that ends in a week.
    pub(crate) fn hold(&self, from: &str, to: &str, amount: u128) -> PlaceHold {
        let Kind::Transfer(transfer) = self.payment(from, to, amount) else {
            unreachable!("a payment is a transfer");
        };
        PlaceHold {
            transfer: Some(transfer),
            expires_at: self.time + 7 * DAY,
        }
    }

    /// A transfer of another kind.
    pub(crate) fn transfer(
        &self,
        from: &str,
        to: &str,
        amount: u128,
        kind: TransferKind,
    ) -> Transfer {
        Transfer {
            from: self.account_ref(from),
            to: self.account_ref(to),
            amount: euros(amount),
            kind: kind as i32,
            ..Transfer::default()
        }
    }

    /// A hard line of `dev` for thirty days from the start.
    pub(crate) fn line(&self, category: &str, approved: u128) -> PlanBudget {
        PlanBudget {
            unit: self.unit_ref("dev"),
            category: category.into(),
            from: START,
            until: START + 30 * DAY,
            asset: self.asset_ref("EUR"),
            approved: euros(approved),
            hard: true,
            carry_forward: true,
        }
    }

    /// A bank record with the statement `[9; 32]`.
    pub(crate) fn record(&self, from: &str, to: &str, amount: u128) -> RecordExternal {
        RecordExternal {
            from: self.account_ref(from),
            to: self.account_ref(to),
            amount: euros(amount),
            statement: vec![9; 32],
            ..RecordExternal::default()
        }
    }

    /// A frozen account.
    #[track_caller]
    pub(crate) fn freeze(&mut self, path: &str) {
        let freeze = Kind::FreezeAccount(FreezeAccount {
            account: self.account_ref(path),
            frozen: true,
        });
        self.check_decided("ada", freeze, "accepted");
    }

    /// What an account has pending, debits and credits, in minor units.
    pub(crate) fn pending(&self, path: &str) -> (u128, u128) {
        let account: Account = self.account(path);
        let of = |amount: &[u8]| crate::Amount::from_state(amount).0;
        (of(&account.debits_pending), of(&account.credits_pending))
    }

    /// How many entries the history of an account has.
    pub(crate) fn entries(&self, path: &str) -> u64 {
        self.history_count(ObjectKind::Account, self.account(path).number)
    }

    /// What a grant was used for in all days that are kept, in minor units.
    pub(crate) fn grant_use(&self, grant: u64) -> u128 {
        let window = self
            .value::<polity_proto::v1::Window>(&keys::key(keys::GRANT_USE, &[grant]))
            .unwrap_or_default();
        crate::window::sum(&window, 0, u32::MAX).0
    }
}

/// Posting of a hold; `None`: all of it.
pub(crate) fn post(hold: u64, amount: Option<u128>) -> Kind {
    Kind::PostHold(PostHold {
        hold: form::numbered(hold),
        amount: amount.map_or_else(Vec::new, euros),
    })
}

/// Voiding of a hold.
pub(crate) fn void(hold: u64) -> Kind {
    Kind::VoidHold(VoidHold {
        hold: form::numbered(hold),
    })
}

impl Charter {
    fn asset(&mut self, code: &str, kind: AssetKind) {
        let define = Kind::DefineAsset(DefineAsset {
            unit: self.named("acme"),
            code: code.into(),
            scale: 2,
            kind: kind as i32,
        });
        self.push(code, define);
    }

    fn open(&mut self, owner: &str, kind: OwnerKind, handle: &str, asset: &str) {
        let open = Kind::OpenAccount(OpenAccount {
            owner: Some(OwnerRef {
                kind: kind as i32,
                number: self.named(owner),
            }),
            asset: self.named(asset),
            handle: handle.into(),
            ..OpenAccount::default()
        });
        self.push(&format!("{owner}:{handle}"), open);
    }

    fn issue(&mut self, account: &str, amount: u128) {
        let issue = Kind::Issue(Issue {
            account: self.named(account),
            amount: euros(amount),
            ..Issue::default()
        });
        self.push(&format!("{account} issued"), issue);
    }
}
