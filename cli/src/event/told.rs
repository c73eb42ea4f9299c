//! An event as it is told: with what the transaction behind it says beside it.

use polity_client::Result;
use polity_client::ledger::actions;
use polity_client::session::{ProvenEvent, Session, action, proposed_action};
use polity_client::v1::{
    Action, Basis, BasisSource, Body, Event, FreezeAccount, ObjectKind, Proposal, Receipt, Ref,
    Signer, action::Kind,
};

use super::did;

/// An event, and what it does not say itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// What happened.
    pub event: Event,
    /// Who acted, with the role in which they did; 0: nobody, in none. The authority may be that of somebody beside them.
    pub actor: (u64, u64),
    /// Who signed beside whoever acted, each with the role in which they did; 0: in none.
    pub beside: Vec<(u64, u64)>,
    /// The transfer of which a correction gave something back.
    pub corrects: Option<u64>,
    /// A freeze and its lifting are one action.
    lifts_freeze: bool,
}

impl Told {
    /// An event that was proven.
    pub async fn of_proven(session: &Session, proven: &ProvenEvent) -> Result<Told> {
        let (event, action) = (&proven.event, proven.action.as_ref());
        Told::of(session, event, proven.alike_before, action, &proven.signers).await
    }

    /// An event of an action of a transaction; of none where timers or the genesis acted. `alike_before` events of its
    /// receipt say the same.
    pub async fn of(
        session: &Session,
        event: &Event,
        alike_before: usize,
        action: Option<&Action>,
        signers: &[Signer],
    ) -> Result<Told> {
        let event = as_told(event, alike_before > 0);
        let act = action.filter(|_| did::is_an_act(&event));
        let (actor, beside) = who_signed(event.basis.unwrap_or_default(), act, signers);
        Ok(Told {
            actor,
            beside,
            corrects: action
                .filter(|_| event.posting.is_some())
                .and_then(corrected),
            lifts_freeze: lifts_freeze(session, &event, alike_before, action).await?,
            event,
        })
    }

    /// What it did: the action's name as commands write it, or why something ended by itself.
    #[must_use]
    pub fn did(&self) -> String {
        if self.lifts_freeze {
            "unfreeze_account".to_owned()
        } else {
            did::did(&self.event)
        }
    }

    /// Who acted, and who signed beside them.
    #[must_use]
    pub fn people(&self) -> Vec<u64> {
        let people = self.signed().map(|(member, _)| member);
        people.filter(|member| *member != 0).collect()
    }

    /// The roles in which they did: of whoever acted, then of those who signed beside them.
    #[must_use]
    pub fn roles(&self) -> Vec<u64> {
        let roles = self.signed().map(|(_, role)| role);
        roles.filter(|role| *role != 0).collect()
    }

    /// Who acted, then who signed beside them, each with their role.
    pub(super) fn signed(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        std::iter::once(self.actor).chain(self.beside.iter().copied())
    }
}

#[cfg(test)]
impl Told {
    /// What several signed.
    pub(super) fn for_test(event: Event, beside: &[u64]) -> Told {
        let basis = event.basis.unwrap_or_default();
        Told {
            actor: (basis.member, basis.role),
            event,
            beside: beside.iter().map(|member| (*member, 0)).collect(),
            corrects: None,
            lifts_freeze: false,
        }
    }
}

/// The events of a receipt as they are told; `body` is that of its transaction.
pub async fn told(session: &Session, receipt: &Receipt, body: &Body) -> Result<Vec<Told>> {
    let mut told = Vec::new();
    for (index, event) in receipt.events.iter().enumerate() {
        let earlier = receipt.events[..index].iter();
        let alike_before = earlier.filter(|one| *one == event).count();
        let action = body.actions.get(event.action as usize);
        told.push(Told::of(session, event, alike_before, action, &body.signers).await?);
    }
    Ok(told)
}

/// An act that also brings its election a step further, as the last ballot does, changes it twice: what its receipt
/// repeats is the step, which is nobody's act.
fn as_told(event: &Event, is_repeated: bool) -> Event {
    let is_step = is_repeated && event.object() == ObjectKind::Election;
    Event {
        did: if is_step { 0 } else { event.did },
        ..event.clone()
    }
}

/// Who acted, and who signed beside them, each with their role. The basis names whose authority it was, which need not
/// be that of whoever acted.
fn who_signed(
    basis: Basis,
    act: Option<&Action>,
    signers: &[Signer],
) -> ((u64, u64), Vec<(u64, u64)>) {
    let signed = |signer: u32, role: Option<Ref>| {
        let member = signers.get(signer as usize)?.member;
        Some(if member == basis.member {
            (member, basis.role)
        } else {
            (member, role.map_or(0, |role| role.number))
        })
    };
    let actor = act.and_then(|act| signed(act.actor, act.acting_role));
    let seconds = act.map_or(&[][..], |act| &act.seconds).iter();
    let beside = seconds.filter_map(|second| signed(second.signer, second.acting_role));
    (
        actor.unwrap_or((basis.member, basis.role)),
        beside.collect(),
    )
}

/// The transfer that an action corrects.
fn corrected(action: &Action) -> Option<u64> {
    match &action.kind {
        Some(Kind::CorrectTransfer(act)) => Some(act.transfer),
        Some(_) | None => None,
    }
}

/// Whether an event is that a freeze was lifted: by its action, or by the proposal that was adopted.
async fn lifts_freeze(
    session: &Session,
    event: &Event,
    alike_before: usize,
    action: Option<&Action>,
) -> Result<bool> {
    if event.object() != ObjectKind::Account || event.did != freezing() {
        return Ok(false);
    }
    if let Some(Kind::FreezeAccount(act)) = action.and_then(|action| action.kind.as_ref()) {
        return Ok(!act.frozen);
    }
    let basis = event.basis.unwrap_or_default();
    if basis.source() != BasisSource::Proposal {
        return Ok(false);
    }
    let proposal: Proposal = session.get(basis.number).await?.unwrap_or_default();
    let acts = proposal.actions.iter();
    let acts: Vec<Action> = acts
        .map(|act| proposed_action(act))
        .collect::<Result<_>>()?;
    Ok(is_lifted_by(event.number, &acts, alike_before))
}

/// Whether the action about an account that comes after `earlier` others about it lifts its freeze: a proposal may do
/// both, and its events about one account differ in nothing but their order.
fn is_lifted_by(account: u64, acts: &[Action], earlier: usize) -> bool {
    let mut about_it = acts.iter().filter_map(|act| match &act.kind {
        Some(Kind::FreezeAccount(act)) => {
            let named = act.account.unwrap_or_default().number;
            (named == account).then_some(act)
        }
        Some(_) | None => None,
    });
    about_it.nth(earlier).is_some_and(|act| !act.frozen)
}

/// The number on the wire of the action that freezes an account or lifts that.
fn freezing() -> u32 {
    let freeze = Kind::FreezeAccount(FreezeAccount::default());
    actions::tag(&action(freeze, 0))
}

#[cfg(test)]
mod tests {
    use polity_client::ledger::form;
    use polity_client::v1::{CorrectTransfer, Second};

    use super::*;

    #[test]
    fn a_correction_names_its_transfer_and_whoever_signs_beside_others_their_role() {
        let act = CorrectTransfer {
            transfer: 22,
            ..CorrectTransfer::default()
        };
        assert_eq!(corrected(&action(Kind::CorrectTransfer(act), 0)), Some(22));
        let basis = Basis {
            member: 8,
            role: 4,
            ..Basis::default()
        };
        let event = Event {
            basis: Some(basis),
            ..Event::default()
        };
        let told = Told {
            beside: vec![(11, 7), (12, 0)],
            ..Told::for_test(event, &[])
        };
        assert_eq!(told.people(), [8, 11, 12]);
        assert_eq!(told.roles(), [4, 7]);
    }

    #[test]
    fn whoever_acted_is_told_also_where_the_authority_is_that_of_whoever_signed_beside_them() {
        let signers = [5, 4].map(|member| Signer {
            member,
            ..Signer::default()
        });
        let mut act = act(3, true);
        act.acting_role = form::numbered(6);
        act.seconds = vec![Second {
            signer: 1,
            acting_role: form::numbered(3),
        }];
        let of = |member, role| Basis {
            member,
            role,
            ..Basis::default()
        };
        let told = who_signed(of(4, 3), Some(&act), &signers);
        assert_eq!(told, ((5, 6), vec![(4, 3)]));
        let told = who_signed(of(5, 6), Some(&act), &signers);
        assert_eq!(told, ((5, 6), vec![(4, 3)]));
        assert_eq!(who_signed(of(5, 6), None, &signers), ((5, 6), Vec::new()));
    }

    #[test]
    fn the_step_that_follows_the_last_ballot_is_no_second_ballot() {
        let ballot = Event {
            did: 171,
            object: ObjectKind::Election as i32,
            number: 1,
            ..Event::default()
        };
        let told = [false, true].map(|is_repeated| as_told(&ballot, is_repeated));
        let did = told.map(|event| did::did(&event));
        assert_eq!(did, ["commit_ballot", "went_on"]);
    }

    fn act(account: u64, frozen: bool) -> Action {
        let account = form::numbered(account);
        action(Kind::FreezeAccount(FreezeAccount { account, frozen }), 0)
    }

    #[test]
    fn a_proposal_lifts_the_freezes_that_it_says() {
        let acts = [act(3, true), act(4, false)];
        assert!(!is_lifted_by(3, &acts, 0));
        assert!(is_lifted_by(4, &acts, 0));
        assert!(!is_lifted_by(5, &acts, 0));
    }

    #[test]
    fn a_proposal_that_freezes_an_account_and_lifts_that_is_told_as_both() {
        let acts = [act(3, true), act(4, false), act(3, false), act(3, true)];
        let lifts = [0, 1, 2, 3].map(|earlier| is_lifted_by(3, &acts, earlier));
        assert_eq!(lifts, [false, true, false, false]);
    }
}
