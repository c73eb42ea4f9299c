//! One action as a test writes it: who, as what, with whom, what.

use polity_proto::v1::{Action, Second, action::Kind};

use super::World;

/// An action with names instead of numbers.
#[derive(Clone, Debug)]
pub(crate) struct Deed {
    actor: Person,
    seconds: Vec<Person>,
    effective_at: u64,
    kind: Option<Kind>,
}

#[derive(Clone, Debug)]
struct Person {
    member: String,
    key: String,
    role: Option<String>,
}

/// A deed of a member, who signs with their first key.
pub(crate) fn by(member: &str) -> Deed {
    Deed {
        actor: Person::new(member),
        seconds: Vec::new(),
        effective_at: 0,
        kind: None,
    }
}

impl Person {
    fn new(member: &str) -> Person {
        Person {
            member: member.into(),
            key: member.into(),
            role: None,
        }
    }

    /// The person's place among the signers; they are added where they are new.
    fn place(&self, signers: &mut Vec<(String, String)>) -> u32 {
        let signer = (self.member.clone(), self.key.clone());
        let place = signers.iter().position(|other| *other == signer);
        let place = place.unwrap_or_else(|| {
            signers.push(signer);
            signers.len() - 1
        });
        place as u32
    }
}

impl Deed {
    /// The actor acts in a role.
    pub(crate) fn acting_as(mut self, role: &str) -> Deed {
        self.actor.role = Some(role.into());
        self
    }

    /// The actor signs with another key.
    pub(crate) fn with_key(mut self, key: &str) -> Deed {
        self.actor.key = key.into();
        self
    }

    /// Somebody stands behind it, in a role.
    pub(crate) fn seconded(mut self, member: &str, role: &str) -> Deed {
        let mut person = Person::new(member);
        person.role = Some(role.into());
        self.seconds.push(person);
        self
    }

    /// Somebody stands behind it, in no role.
    pub(crate) fn seconded_plainly(mut self, member: &str) -> Deed {
        self.seconds.push(Person::new(member));
        self
    }

    /// It really happened then.
    pub(crate) fn effective(mut self, at: u64) -> Deed {
        self.effective_at = at;
        self
    }

    /// What is done.
    pub(crate) fn does(mut self, kind: Kind) -> Deed {
        self.kind = Some(kind);
        self
    }

    pub(super) fn action(&self, world: &World, signers: &mut Vec<(String, String)>) -> Action {
        let role = |person: &Person| person.role.as_ref().and_then(|role| world.role_ref(role));
        Action {
            actor: self.actor.place(signers),
            acting_role: role(&self.actor),
            seconds: self
                .seconds
                .iter()
                .map(|second| Second {
                    signer: second.place(signers),
                    acting_role: role(second),
                })
                .collect(),
            effective_at: self.effective_at,
            kind: self.kind.clone(),
        }
    }
}
