//! What an action sees and does while a transaction is judged.

use std::collections::BTreeMap;

use polity_proto::v1::{
    Action, Basis, BasisSource, Counter, EndReason, Event, Grant, ObjectKind, Owner, OwnerRef,
    Parameters, Posting, Ref, Role,
};
use prost::Message;

use crate::judge::{Actor, Need, Now, Trace, Verdict, judge};
use crate::state::history::{self, Place};
use crate::state::{Object, Overlay, Read, keys, objects};
use crate::{Amount, Rejection, parameters};

/// The block that is being executed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// Height.
    pub height: u64,
    /// Block time and outages.
    pub now: Now,
}

/// By what authority the actions of a run are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authority {
    /// The signers': each action is judged.
    Signed,
    /// The genesis: authority and duties are skipped, nothing else.
    Genesis,
    /// A decided proposal: authority was judged at its opening.
    Proposal(u64),
    /// A timer: only time acted.
    Timer,
}

/// A run of actions: a transaction, a genesis, an adopted proposal, or timers.
pub struct Context<'s, 'b> {
    /// The state, with what earlier actions of this run did.
    pub state: &'s mut Overlay<'b>,
    /// The block.
    pub block: Block,
    /// Position of the receipt in the block.
    pub position: u32,
    /// By what authority.
    pub authority: Authority,
    /// What the run did so far.
    pub events: Vec<Event>,
    /// Signers of the transaction: members.
    pub signers: Vec<u64>,
    /// Keys of the signers.
    pub signer_keys: Vec<Vec<u8>>,
    /// Who acts now.
    pub actor: Actor,
    /// Who stands behind the present action beside the actor.
    pub seconds: Vec<Actor>,
    /// Index of the present action.
    pub action: u32,
    /// Tag of the present action; 0 for a timer.
    pub did: u32,
    /// When the present action really happened; 0: now.
    pub effective_at: u64,
    /// The authority of the present action.
    pub basis: Basis,
    /// What each action created.
    created: Vec<Option<(ObjectKind, u64)>>,
    /// What this run took from each source account: limits per transfer count together.
    taken: BTreeMap<u64, Amount>,
    /// Index of the outer action, while a proposal's actions run inside it.
    outer: Option<u32>,
}

/// What a run was about before a proposal's actions ran inside it.
struct Before {
    authority: Authority,
    signers: Vec<u64>,
    signer_keys: Vec<Vec<u8>>,
    actor: Actor,
    seconds: Vec<Actor>,
    action: u32,
    did: u32,
    effective_at: u64,
    basis: Basis,
    created: Vec<Option<(ObjectKind, u64)>>,
    taken: BTreeMap<u64, Amount>,
    outer: Option<u32>,
}

impl<'s, 'b> Context<'s, 'b> {
    /// A run that has done nothing yet.
    pub fn new(
        state: &'s mut Overlay<'b>,
        block: Block,
        position: u32,
        authority: Authority,
    ) -> Self {
        Context {
            state,
            block,
            position,
            authority,
            events: Vec::new(),
            signers: Vec::new(),
            signer_keys: Vec::new(),
            actor: Actor { member: 0, role: 0 },
            seconds: Vec::new(),
            action: 0,
            did: 0,
            effective_at: 0,
            basis: Basis::default(),
            created: Vec::new(),
            taken: BTreeMap::new(),
            outer: None,
        }
    }

    /// Runs a proposal's actions inside the present action, as `actor`: what they did stays only
    /// if all of them succeed. References by `new` count over the inner actions.
    pub(crate) fn nested<T>(
        &mut self,
        authority: Authority,
        actor: Actor,
        run: impl FnOnce(&mut Self) -> Result<T, Rejection>,
    ) -> Result<T, Rejection> {
        self.inside(authority, actor, run, |done| done.is_ok())
    }

    /// As [`Context::nested`], but nothing stays: it tells what would happen.
    pub(crate) fn dry<T>(
        &mut self,
        authority: Authority,
        actor: Actor,
        run: impl FnOnce(&mut Self) -> Result<T, Rejection>,
    ) -> Result<T, Rejection> {
        self.inside(authority, actor, run, |_| false)
    }

    fn inside<T>(
        &mut self,
        authority: Authority,
        actor: Actor,
        run: impl FnOnce(&mut Self) -> Result<T, Rejection>,
        stays: impl FnOnce(&Result<T, Rejection>) -> bool,
    ) -> Result<T, Rejection> {
        let point = self.state.savepoint();
        let events = self.events.len();
        let before = Before {
            authority: std::mem::replace(&mut self.authority, authority),
            signers: std::mem::take(&mut self.signers),
            signer_keys: std::mem::take(&mut self.signer_keys),
            actor: std::mem::replace(&mut self.actor, actor),
            seconds: std::mem::take(&mut self.seconds),
            action: self.action,
            did: self.did,
            effective_at: self.effective_at,
            basis: self.basis,
            created: std::mem::take(&mut self.created),
            taken: std::mem::take(&mut self.taken),
            outer: self.outer.replace(self.action),
        };
        let done = run(self);
        self.authority = before.authority;
        self.signers = before.signers;
        self.signer_keys = before.signer_keys;
        self.actor = before.actor;
        self.seconds = before.seconds;
        self.action = before.action;
        self.did = before.did;
        self.effective_at = before.effective_at;
        self.basis = before.basis;
        self.created = before.created;
        self.taken = before.taken;
        self.outer = before.outer;
        if !stays(&done) {
            self.state.roll_back(point);
            self.events.truncate(events);
        }
        done
    }

    /// Begins an action: who acts in which role, who seconds, since when it counts.
    pub fn begin(&mut self, index: u32, action: &Action) -> Result<(), Rejection> {
        self.action = index;
        self.did = crate::actions::tag(action);
        self.effective_at = action.effective_at;
        self.created.resize(index as usize, None);
        self.seconds.clear();
        // What is recorded as past has happened, by whatever authority it is recorded.
        if action.effective_at > self.now().time {
            return Err(Rejection::TimeMalformed);
        }
        if self.authority != Authority::Signed {
            return Ok(());
        }
        let role = self.optional(&action.acting_role)?;
        self.actor = Actor {
            member: self.signer(action.actor)?,
            role,
        };
        for second in &action.seconds {
            let actor = Actor {
                member: self.signer(second.signer)?,
                role: self.optional(&second.acting_role)?,
            };
            if actor.member == self.actor.member {
                return Err(Rejection::SignerTwice);
            }
            self.seconds.push(actor);
        }
        Ok(())
    }

    fn signer(&self, index: u32) -> Result<u64, Rejection> {
        self.signers
            .get(index as usize)
            .copied()
            .ok_or(Rejection::SignerIndex)
    }

    /// Block time and outages.
    pub fn now(&self) -> Now {
        self.block.now
    }

    /// When the present action counts from: its own date for a record of the past, else block time.
    pub fn effective(&self) -> u64 {
        if self.effective_at == 0 {
            self.now().time
        } else {
            self.effective_at
        }
    }

    /// The parameters that hold.
    pub fn parameters(&self) -> Parameters {
        parameters::get(self.state)
    }

    /// Whether this is the genesis.
    pub fn is_genesis(&self) -> bool {
        self.authority == Authority::Genesis
    }

    /// The number that a reference means.
    pub fn resolve(&self, reference: &Option<Ref>) -> Result<u64, Rejection> {
        match reference {
            Some(Ref { number, new: 0 }) if *number != 0 => Ok(*number),
            Some(Ref { number: 0, new }) => self
                .created
                .get((*new as usize).wrapping_sub(1))
                .copied()
                .flatten()
                .map(|(_, number)| number)
                .ok_or(Rejection::ObjectUnknown),
            _ => Err(Rejection::RefMalformed),
        }
    }

    /// The number that a reference means; 0 where there is none.
    pub fn optional(&self, reference: &Option<Ref>) -> Result<u64, Rejection> {
        if reference.is_none() {
            Ok(0)
        } else {
            self.resolve(reference)
        }
    }

    /// The owner that a reference means.
    pub fn resolve_owner(&self, owner: &Option<OwnerRef>) -> Result<Owner, Rejection> {
        let owner = owner.as_ref().ok_or(Rejection::FieldMissing)?;
        Ok(Owner {
            kind: owner.kind,
            number: self.resolve(&owner.number)?,
        })
    }

    /// The object that a reference means, or `object_unknown`.
    pub fn find<T: Object>(&self, reference: &Option<Ref>) -> Result<T, Rejection> {
        self.get(self.resolve(reference)?)
    }

    /// The object with a number, or `object_unknown`.
    pub fn get<T: Object>(&self, number: u64) -> Result<T, Rejection> {
        objects::get(self.state, number).ok_or(Rejection::ObjectUnknown)
    }

    /// Writes an object.
    pub fn put<T: Object>(&mut self, object: &T) {
        objects::put(self.state, object);
    }

    /// A value that is no object, or its default.
    pub fn value<T: Message + Default>(&self, key: &[u8]) -> T {
        objects::value(self.state, key).unwrap_or_default()
    }

    /// Writes a value that is no object.
    pub fn put_value<T: Message>(&mut self, key: Vec<u8>, value: &T) {
        self.state.put(key, value.encode_to_vec());
    }

    /// Takes the next number of a kind for the present action's object.
    pub fn next_number(&mut self, kind: ObjectKind) -> u64 {
        let number = self.next_unnamed(kind);
        self.created.resize(self.action as usize, None);
        self.created.push(Some((kind, number)));
        number
    }

    /// Takes the next number of a kind for something that `new` does not name.
    pub fn next_unnamed(&mut self, kind: ObjectKind) -> u64 {
        let key = keys::key(keys::COUNTER, &[kind as u64]);
        let last = self.value::<Counter>(&key).last + 1;
        self.put_value(key, &Counter { last });
        last
    }

    /// What the action at `index` created.
    pub fn created(&self, index: usize) -> Option<(ObjectKind, u64)> {
        self.created.get(index).copied().flatten()
    }

    /// Whether an action of this run created the object.
    pub fn has_created(&self, kind: ObjectKind, number: u64) -> bool {
        self.created.contains(&Some((kind, number)))
    }

    /// Records what the present action did to an object; each of `histories` gets an entry.
    pub fn event(&mut self, object: ObjectKind, number: u64, histories: &[(ObjectKind, u64)]) {
        let event = self.new_event(object, number);
        self.push(event, histories);
    }

    /// Records that something ended by itself.
    pub fn ended(
        &mut self,
        object: ObjectKind,
        number: u64,
        reason: EndReason,
        histories: &[(ObjectKind, u64)],
    ) {
        let event = Event {
            reason: reason as i32,
            ..self.new_event(object, number)
        };
        self.push(event, histories);
    }

    /// Records value that moved.
    pub fn posted(&mut self, object: ObjectKind, number: u64, posting: Posting) {
        let histories = [
            (ObjectKind::Account, posting.from),
            (ObjectKind::Account, posting.to),
        ];
        let event = Event {
            posting: Some(posting),
            ..self.new_event(object, number)
        };
        self.push(event, &histories);
    }

    /// The event of the present action about an object.
    pub fn new_event(&self, object: ObjectKind, number: u64) -> Event {
        Event {
            action: self.outer.unwrap_or(self.action),
            did: self.did,
            object: object as i32,
            number,
            basis: Some(self.basis),
            effective_at: self.effective_at,
            ..Event::default()
        }
    }

    /// Records an event; each of `histories` gets an entry that points to it.
    pub fn push(&mut self, event: Event, histories: &[(ObjectKind, u64)]) {
        let place = Place {
            height: self.block.height,
            position: self.position,
            event: self.events.len() as u32,
        };
        self.events.push(event);
        for (index, (kind, number)) in histories.iter().enumerate() {
            if !histories[..index].contains(&(*kind, *number)) {
                history::append(self.state, *kind, *number, place);
            }
        }
    }

    /// Judges the present action's needs and keeps the basis of the first.
    pub fn authorise(&mut self, needs: &[Need]) -> Result<(), Rejection> {
        let basis = match self.authority {
            Authority::Signed => self.judge_all(needs)?,
            Authority::Genesis => Basis {
                source: BasisSource::Genesis as i32,
                ..Basis::default()
            },
            Authority::Proposal(number) => Basis {
                source: BasisSource::Proposal as i32,
                member: self.actor.member,
                role: self.actor.role,
                number,
            },
            Authority::Timer => Basis {
                source: BasisSource::Timer as i32,
                ..Basis::default()
            },
        };
        self.basis = basis;
        Ok(())
    }

    fn judge_all(&self, needs: &[Need]) -> Result<Basis, Rejection> {
        // An acting role is the signer's now, whatever the action needs.
        for actor in std::iter::once(&self.actor).chain(&self.seconds) {
            let held = actor.role == 0
                || crate::judge::power::holding(
                    self.state,
                    actor.member,
                    actor.role,
                    self.now().time,
                )
                .is_some();
            if !held {
                return Err(Rejection::RoleNotHeld);
            }
        }
        let mut basis = None;
        for need in needs {
            let allowed = self.judge_one(need)?;
            basis.get_or_insert(allowed);
        }
        basis.ok_or(Rejection::NoGrant)
    }

    fn judge_one(&self, need: &Need) -> Result<Basis, Rejection> {
        let spent = need
            .value
            .as_ref()
            .map_or(Amount::ZERO, |value| self.taken(value.account));
        let verdict = |actor: &Actor| {
            judge(
                self.state,
                self.now(),
                *actor,
                need,
                spent,
                &mut Trace::off(),
            )
        };
        if need.people > 1 {
            return self.judge_people(need, verdict);
        }
        let refusal = match verdict(&self.actor) {
            Verdict::Allowed(basis) => return Ok(basis),
            Verdict::NeedsDecision(_) => Rejection::NeedsDecision,
            Verdict::Refused(rejection) => rejection,
        };
        // Where the actor may not, one who signed beside them may: a move has two sides.
        let second = self
            .seconds
            .iter()
            .find_map(|second| match verdict(second) {
                Verdict::Allowed(basis) => Some(basis),
                Verdict::NeedsDecision(_) | Verdict::Refused(_) => None,
            });
        second.ok_or(refusal)
    }

    fn judge_people(
        &self,
        need: &Need,
        verdict: impl Fn(&Actor) -> Verdict,
    ) -> Result<Basis, Rejection> {
        let mut first = None;
        let mut units = Vec::new();
        for actor in std::iter::once(&self.actor).chain(&self.seconds) {
            match verdict(actor) {
                Verdict::Allowed(basis) => {
                    first.get_or_insert(basis);
                    let unit = self.unit_behind(actor, &basis);
                    if !units.contains(&unit) {
                        units.push(unit);
                    }
                }
                Verdict::NeedsDecision(_) if first.is_none() => {
                    return Err(Rejection::NeedsDecision);
                }
                Verdict::Refused(rejection) if first.is_none() => return Err(rejection),
                Verdict::NeedsDecision(_) | Verdict::Refused(_) => {}
            }
        }
        match first {
            Some(basis) if units.len() >= need.people => Ok(basis),
            _ => Err(Rejection::PeopleMissing),
        }
    }

    /// The unit in whose name somebody counts: the acting role's; without one, that of the role
    /// whose grant was delegated.
    fn unit_behind(&self, actor: &Actor, basis: &Basis) -> u64 {
        let mut role = actor.role;
        if role == 0 && basis.source() == BasisSource::Grant {
            let delegation: Grant = objects::get(self.state, basis.number).unwrap_or_default();
            let source: Grant = objects::get(self.state, delegation.source).unwrap_or_default();
            role = source.role;
        }
        let role: Option<Role> = objects::get(self.state, role);
        role.map_or(0, |role| role.unit)
    }

    /// What this run took from an account so far.
    pub fn taken(&self, account: u64) -> Amount {
        self.taken.get(&account).copied().unwrap_or_default()
    }

    /// Counts what is taken from an account, for limits per transfer.
    pub fn take(&mut self, account: u64, amount: Amount) -> Result<(), Rejection> {
        let sum = self.taken(account).plus(amount)?;
        self.taken.insert(account, sum);
        Ok(())
    }
}

impl Read for Context<'_, '_> {
    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.state.get(key)
    }
}
