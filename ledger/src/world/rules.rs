//! Grants, policies and proposals as a test writes them.

use polity_proto::v1::{
    Action, Allocate, Answer, Capability, Delegate, GiveGrant, Grant, Member, MemberKind,
    MemberState, Mode, ModeKind, OpenProposal, PeriodKind, PeriodLimit, Proposal, ProposalKind,
    ProposalState, Receipt, Respond, ScopeKind, ScopeRef, SetPolicy, SodRule, Tier, Transfer,
    TransferKind, Who, WhoKind, action::Kind,
};
use prost::Message;

use super::{World, euros};
use crate::form;
use crate::state::keys::List;
use crate::state::{Object, Overlay, lists, objects};

/// Holders of any role of the unit judged.
pub(crate) fn role_holders() -> Who {
    Who {
        kind: WhoKind::RoleHolders as i32,
        ..Who::default()
    }
}

/// Who joined the unit judged.
pub(crate) fn joined() -> Who {
    Who {
        kind: WhoKind::JoinedMembers as i32,
        ..Who::default()
    }
}

/// Holders of a capability.
pub(crate) fn able(capability: Capability) -> Who {
    Who {
        kind: WhoKind::Capability as i32,
        capability: capability as i32,
        ..Who::default()
    }
}

/// The mode `alone`.
pub(crate) fn alone() -> Mode {
    Mode {
        kind: ModeKind::Alone as i32,
        ..Mode::default()
    }
}

/// The mode `departments`.
pub(crate) fn by_departments() -> Mode {
    Mode {
        kind: ModeKind::Departments as i32,
        ..Mode::default()
    }
}

/// The mode `approve`.
pub(crate) fn approve(approver: Who, count: u32) -> Mode {
    Mode {
        kind: ModeKind::Approve as i32,
        approver: Some(approver),
        count,
        ..Mode::default()
    }
}

/// The mode `announce`.
pub(crate) fn announce(wait: u64, escalates_to: Mode) -> Mode {
    Mode {
        kind: ModeKind::Announce as i32,
        wait,
        escalates_to: Some(Box::new(escalates_to)),
        ..Mode::default()
    }
}

/// The mode `consent`, in which silence is consent.
pub(crate) fn consent(deadline: u64) -> Mode {
    Mode {
        kind: ModeKind::Consent as i32,
        deadline,
        silence_is_consent: true,
        ..Mode::default()
    }
}

/// The mode `vote`: percent that answer, percent of yes.
pub(crate) fn vote(quorum: u32, pass: u32, deadline: u64) -> Mode {
    Mode {
        kind: ModeKind::Vote as i32,
        quorum,
        pass,
        deadline,
        ..Mode::default()
    }
}

/// A tier up to whole euros; 0: any amount.
pub(crate) fn tier(up_to: u128, by: Who, mode: Mode) -> Tier {
    Tier {
        up_to: euros(up_to),
        by: Some(by),
        mode: Some(mode),
    }
}

impl World {
    /// Holders of one role.
    pub(crate) fn holders(&self, role: &str) -> Who {
        Who {
            kind: WhoKind::Role as i32,
            role: self.role_ref(role),
            ..Who::default()
        }
    }

    /// A policy of a unit about euros.
    pub(crate) fn policy(&self, unit: &str, capability: Capability, tiers: Vec<Tier>) -> SetPolicy {
        SetPolicy {
            unit: self.unit_ref(unit),
            capability: capability as i32,
            asset: self.asset_ref("EUR"),
            tiers,
            ..SetPolicy::default()
        }
    }

    /// The scope of a unit.
    pub(crate) fn scope(&self, kind: ScopeKind, unit: &str) -> Option<ScopeRef> {
        Some(ScopeRef {
            kind: kind as i32,
            unit: self.unit_ref(unit),
            ..ScopeRef::default()
        })
    }

    /// A grant over one unit without limits.
    pub(crate) fn grant(&self, role: &str, capability: Capability, unit: &str) -> GiveGrant {
        GiveGrant {
            role: self.role_ref(role),
            capability: capability as i32,
            scope: self.scope(ScopeKind::Unit, unit),
            ..GiveGrant::default()
        }
    }

    /// Delegates the role's grant of a capability to a member, until a time.
    pub(crate) fn delegation(
        &self,
        role: &str,
        capability: Capability,
        member: &str,
        until: u64,
    ) -> Kind {
        let grants = self.list(List::Grants, self.role(role).number).into_iter();
        let mut fitting =
            grants.filter(|grant| self.get::<Grant>(*grant).capability() == capability);
        Kind::Delegate(Delegate {
            grant: form::numbered(fitting.next().expect("the role has the capability")),
            member: self.member_ref(member),
            until,
            ..Delegate::default()
        })
    }

    /// A payment in whole euros.
    pub(crate) fn payment(&self, from: &str, to: &str, amount: u128) -> Kind {
        Kind::Transfer(Transfer {
            from: self.account_ref(from),
            to: self.account_ref(to),
            amount: euros(amount),
            kind: TransferKind::Payment as i32,
            ..Transfer::default()
        })
    }

    /// The root gives a unit budget money.
    #[track_caller]
    pub(crate) fn fund(&mut self, unit: &str, amount: u128) {
        let allocate = Kind::Allocate(Allocate {
            from: self.account_ref("acme:main"),
            to: self.account_ref(&format!("{unit}:main")),
            amount: euros(amount),
            ..Allocate::default()
        });
        self.check("ada", Some("acme#lead"), allocate, "accepted");
    }

    /// A proposal about these acts.
    pub(crate) fn proposal(
        &self,
        unit: &str,
        kind: ProposalKind,
        expected: ModeKind,
        acts: Vec<Kind>,
    ) -> OpenProposal {
        let encode = |kind: Kind| {
            let action = Action {
                kind: Some(kind),
                ..Action::default()
            };
            action.encode_to_vec()
        };
        OpenProposal {
            unit: self.unit_ref(unit),
            kind: kind as i32,
            actions: acts.into_iter().map(encode).collect(),
            expected: expected as i32,
            title: "a proposal".into(),
            ..OpenProposal::default()
        }
    }

    /// Opens a proposal and returns its number.
    #[track_caller]
    pub(crate) fn open(&mut self, actor: &str, role: &str, proposal: OpenProposal) -> u64 {
        let receipt = self.run(actor, Some(role), Kind::OpenProposal(proposal));
        created(&receipt.expect("the proposal is opened"))
    }

    /// An answer to a proposal's present version.
    pub(crate) fn answer(&self, proposal: u64, answer: Answer) -> Kind {
        Kind::Respond(Respond {
            proposal: form::numbered(proposal),
            version: self.get::<Proposal>(proposal).version,
            answer: answer as i32,
            explanation: String::new(),
        })
    }

    /// Writes an object past the rules, where a test needs a state that other areas bring about.
    pub(crate) fn put_for_test<T: Object>(&mut self, object: &T) {
        self.change_for_test(|state| objects::put(state, object));
    }

    /// Adds a unit's duty rule that somebody breaks already, as where an exception has ended.
    pub(crate) fn keep_apart_for_test(
        &mut self,
        unit: &str,
        first: Capability,
        second: Capability,
    ) {
        let rule = SodRule {
            number: 1,
            unit: self.unit(unit).number,
            first: first as i32,
            second: second as i32,
            removed_at: 0,
        };
        self.change_for_test(|state| {
            objects::put(state, &rule);
            lists::append(state, List::SodRules, 0, rule.number);
        });
    }

    /// Changes state past the rules, where a test needs what would take thousands of acts.
    pub(crate) fn change_for_test(&mut self, change: impl FnOnce(&mut Overlay<'_>)) {
        self.is_past_the_rules = true;
        let base = std::mem::take(&mut self.state);
        let mut overlay = Overlay::new(&base);
        change(&mut overlay);
        let changes = overlay.into_changes();
        self.state = base;
        for (key, value) in changes {
            self.state.insert(key, value.unwrap_or_default());
        }
    }

    /// A thousand services have joined a unit before everybody else.
    pub(crate) fn put_services_first(&mut self, unit: &str) {
        let unit = self.unit(unit).number;
        self.change_for_test(|state| {
            let people = lists::all(state, List::Joined, unit);
            for member in &people {
                lists::remove(state, List::Joined, unit, *member);
            }
            for number in 10_000..11_000 {
                let service = Member {
                    number,
                    kind: MemberKind::Service as i32,
                    state: MemberState::Active as i32,
                    ..Member::default()
                };
                objects::put(state, &service);
                lists::append(state, List::Joined, unit, number);
            }
            for member in people {
                lists::append(state, List::Joined, unit, member);
            }
        });
    }

    /// The state of a proposal.
    pub(crate) fn proposal_state(&self, proposal: u64) -> ProposalState {
        self.get::<Proposal>(proposal).state()
    }
}

/// A limit of whole euros in a calendar month.
pub(crate) fn monthly(amount: u128) -> Option<PeriodLimit> {
    Some(PeriodLimit {
        kind: PeriodKind::CalendarMonth as i32,
        days: 0,
        amount: euros(amount),
    })
}

/// The number that the first event of a receipt speaks of.
pub(crate) fn created(receipt: &Receipt) -> u64 {
    receipt.events[0].number
}
