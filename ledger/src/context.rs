//! What an action sees and does while a transaction is judged.

mod judging;
mod nesting;
mod objects;
mod recording;

use std::any::Any;
use std::collections::BTreeMap;
use std::rc::Rc;

use polity_proto::v1::{
    Action, Basis, Event, Member, ObjectKind, Parameters, Role, Signer, action::Kind,
};
use prost::bytes::Bytes;

use crate::judge::{Actor, Now};
use crate::state::{self, Decode, Overlay, Read};
use crate::{Amount, Rejection, block, parameters};

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

    /// The run of a transaction that has done nothing yet.
    pub fn signed(
        state: &'s mut Overlay<'b>,
        block: Block,
        position: u32,
        signers: &[Signer],
    ) -> Self {
        Context {
            signers: signers.iter().map(|signer| signer.member).collect(),
            signer_keys: signers.iter().map(|signer| signer.key.clone()).collect(),
            ..Context::new(state, block, position, Authority::Signed)
        }
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
        let role = self.optional::<Role>(&action.acting_role)?;
        self.actor = Actor {
            member: self.signer(action.actor)?,
            role,
        };
        self.check_acts(self.actor.member, action.kind.as_ref())?;
        for second in &action.seconds {
            let actor = Actor {
                member: self.signer(second.signer)?,
                role: self.optional::<Role>(&second.acting_role)?,
            };
            if actor.member == self.actor.member {
                return Err(Rejection::SignerTwice);
            }
            self.check_acts(actor.member, None)?;
            self.seconds.push(actor);
        }
        Ok(())
    }

    /// An earlier action of the transaction may have suspended a signer, or let them go: from there on they are without
    /// power.
    fn check_acts(&self, member: u64, kind: Option<&Kind>) -> Result<(), Rejection> {
        // Where somebody only asks what an action needs, no member acts.
        state::objects::look::<Member>(self.state, member)
            .map_or(Ok(()), |member| block::check_act(member.state(), kind))
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
    fn get(&self, key: &[u8]) -> Option<Bytes> {
        self.state.get(key)
    }

    fn decoded(&self, key: &[u8], decode: Decode) -> Option<Rc<dyn Any>> {
        self.state.decoded(key, decode)
    }
}
