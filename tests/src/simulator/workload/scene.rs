//! What an act is thought of in: the state, chance, and the keys to sign with.

use polity_ledger::state::Object;
use polity_ledger::time::DAY;
use polity_ledger::{Amount, Block, form};
use polity_proto::v1::{Capability, Member, MemberState, Ref, Unit};

use crate::dice::Dice;
use crate::memory::Memory;
use crate::simulator::founding;
use crate::simulator::keyring::Keyring;
use crate::simulator::view::View;

/// A moment of the simulation.
pub(crate) struct Scene<'a> {
    /// The state before the block.
    pub(crate) view: View<'a>,
    /// Chance.
    pub(crate) dice: &'a mut Dice,
    /// Keys that exist, and new ones.
    pub(crate) keyring: &'a mut Keyring,
    /// The organisation's digest.
    pub(crate) organisation: [u8; 32],
}

impl<'a> Scene<'a> {
    /// The moment before a block of this ledger.
    pub(crate) fn before(
        block: Block,
        model: &'a Memory,
        dice: &'a mut Dice,
        keyring: &'a mut Keyring,
    ) -> Scene<'a> {
        let view = View {
            state: &model.state,
            now: block.now,
        };
        Scene {
            view,
            dice,
            keyring,
            organisation: model.organisation,
        }
    }
}

impl Scene<'_> {
    /// Time of the block.
    pub(crate) fn time(&self) -> u64 {
        self.view.now.time
    }

    /// One of these, mostly; sometimes any object of the kind, ended or not.
    pub(crate) fn one<T: Object>(&mut self, sensible: Vec<T>) -> Option<T> {
        if self.dice.chance(5) {
            let any = self.view.all::<T>();
            return any.into_iter().nth(self.dice.place(sensible.len().max(1)));
        }
        let place = self.dice.place(sensible.len());
        sensible.into_iter().nth(place)
    }

    /// A reference to one of these.
    pub(crate) fn reference<T: Object>(&mut self, sensible: Vec<T>) -> Option<Ref> {
        self.one(sensible)
            .and_then(|found| form::numbered(found.number()))
    }

    /// A living unit.
    pub(crate) fn unit(&mut self) -> Option<Ref> {
        let units = self.view.units();
        self.reference(units)
    }

    /// An active member whom the others can do without: the leads act until the end.
    pub(crate) fn follower(&mut self) -> Option<Member> {
        let mut members = self.view.members(MemberState::Active);
        members.retain(|member| member.number > founding::LEADS);
        self.one(members)
    }

    /// An active member.
    pub(crate) fn member(&mut self) -> Option<Ref> {
        let members = self.view.members(MemberState::Active);
        self.reference(members)
    }

    /// A unit that came after the founding, or one of the founding's smaller ones.
    pub(crate) fn small_unit(&mut self) -> Option<Unit> {
        let mut units = self.view.units();
        units.retain(|unit| unit.number > 6);
        self.one(units)
    }

    /// A handle: one of so many that some are taken.
    pub(crate) fn handle(&mut self) -> String {
        format!("h{}", self.dice.below(200))
    }

    /// An external id, mostly none.
    pub(crate) fn external_id(&mut self) -> String {
        if self.dice.chance(20) {
            format!("X {}", self.dice.below(60))
        } else {
            String::new()
        }
    }

    /// An amount below `bound`, and not zero.
    pub(crate) fn amount(&mut self, bound: u64) -> Vec<u8> {
        Amount(u128::from(1 + self.dice.below(bound))).to_bytes()
    }

    /// A hash of nothing in particular.
    pub(crate) fn hash(&mut self) -> Vec<u8> {
        self.dice.bytes(32)
    }

    /// A time within some days from now.
    pub(crate) fn soon(&mut self, days: u64) -> u64 {
        self.time() + 1 + self.dice.below(days * DAY)
    }

    /// The end of a term, mostly none.
    pub(crate) fn maybe_until(&mut self) -> u64 {
        if self.dice.chance(30) {
            self.soon(20)
        } else {
            0
        }
    }

    /// Any capability.
    pub(crate) fn capability(&mut self) -> Capability {
        let number = 1 + self.dice.below(22) as i32;
        Capability::try_from(number).unwrap_or(Capability::Anchor)
    }
}
