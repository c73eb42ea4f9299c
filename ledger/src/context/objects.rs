//! Objects: what references mean, values, and the numbers of what is created.

use std::rc::Rc;

use polity_proto::v1::{Asset, Member, ObjectKind, Owner, OwnerKind, OwnerRef, Party, Ref, Unit};
use prost::Message;

use super::Context;
use crate::Rejection;
use crate::state::{Object, objects};

impl Context<'_, '_> {
    /// The number of the object that a reference means.
    pub fn resolve<T: Object>(&self, reference: &Option<Ref>) -> Result<u64, Rejection> {
        self.resolve_kind(T::KIND, reference)
    }

    /// The number that a reference means, of an object of that kind: an earlier action created one of no other.
    pub(crate) fn resolve_kind(
        &self,
        kind: ObjectKind,
        reference: &Option<Ref>,
    ) -> Result<u64, Rejection> {
        match reference {
            Some(Ref { number, new: 0 }) if *number != 0 => Ok(*number),
            Some(Ref { number: 0, new }) => self
                .created
                .get((*new as usize).wrapping_sub(1))
                .copied()
                .flatten()
                .filter(|(created, _)| *created == kind)
                .map(|(_, number)| number)
                .ok_or(Rejection::ObjectUnknown),
            _ => Err(Rejection::RefMalformed),
        }
    }

    /// The number that a reference means; 0 where there is none.
    pub fn optional<T: Object>(&self, reference: &Option<Ref>) -> Result<u64, Rejection> {
        if reference.is_none() {
            Ok(0)
        } else {
            self.resolve::<T>(reference)
        }
    }

    /// The owner that a reference means, or `object_unknown`.
    pub fn resolve_owner(&self, owner: &Option<OwnerRef>) -> Result<Owner, Rejection> {
        let owner = owner.as_ref().ok_or(Rejection::FieldMissing)?;
        let number = match owner.kind() {
            OwnerKind::Unit => self.look::<Unit>(&owner.number)?.number,
            OwnerKind::Member => self.look::<Member>(&owner.number)?.number,
            OwnerKind::Party => self.look::<Party>(&owner.number)?.number,
            OwnerKind::Issuance => self.look::<Asset>(&owner.number)?.number,
            OwnerKind::Escrow | OwnerKind::None => {
                self.resolve_kind(ObjectKind::None, &owner.number)?
            }
        };
        Ok(Owner {
            kind: owner.kind,
            number,
        })
    }

    /// A look at the object that a reference means, or `object_unknown`.
    pub fn look<T: Object>(&self, reference: &Option<Ref>) -> Result<Rc<T>, Rejection> {
        objects::look(self.state, self.resolve::<T>(reference)?).ok_or(Rejection::ObjectUnknown)
    }

    /// The object that a reference means, to change it, or `object_unknown`.
    pub fn find<T: Object>(&self, reference: &Option<Ref>) -> Result<T, Rejection> {
        self.get(self.resolve::<T>(reference)?)
    }

    /// The object with a number, or `object_unknown`.
    pub fn get<T: Object>(&self, number: u64) -> Result<T, Rejection> {
        objects::get(self.state, number).ok_or(Rejection::ObjectUnknown)
    }

    /// Writes an object.
    pub fn put<T: Object>(&mut self, object: &T) {
        objects::put(self.state, object);
    }

    /// Takes the object that a reference means, to change it and put it back, or `object_unknown`.
    pub fn take_object<T: Object>(&self, reference: &Option<Ref>) -> Result<T, Rejection> {
        objects::take(self.state, self.resolve::<T>(reference)?).ok_or(Rejection::ObjectUnknown)
    }

    /// Writes an object that was taken: whoever looks at it next need not decode it.
    pub fn put_back<T: Object>(&mut self, object: T) {
        objects::put_back(self.state, object);
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
        objects::next_number(self.state, kind)
    }

    /// What the action at `index` created.
    pub fn created(&self, index: usize) -> Option<(ObjectKind, u64)> {
        self.created.get(index).copied().flatten()
    }

    /// Whether an action of this run created the object.
    pub fn has_created(&self, kind: ObjectKind, number: u64) -> bool {
        self.created.contains(&Some((kind, number)))
    }
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::{
        Capability, CreateRole, OpenAccount, OwnerKind, OwnerRef, action::Kind,
    };

    use crate::Rejection;
    use crate::form;
    use crate::world::{World, alone, by, role_holders, tier};

    #[test]
    fn what_an_earlier_action_created_is_nothing_of_another_kind() {
        let mut world = World::new();
        let ada = by("ada").acting_as("acme#lead");
        // The first policy has the number of the root.
        let tiers = vec![tier(0, role_holders(), alone())];
        let policy = world.policy("acme", Capability::Anchor, tiers);
        let first = ada.clone().does(Kind::SetPolicy(policy));
        let of_unit = Kind::CreateRole(CreateRole {
            unit: form::created_by(0),
            ..world.create_role("acme", "guide")
        });
        let of_owner = Kind::OpenAccount(OpenAccount {
            owner: Some(OwnerRef {
                kind: OwnerKind::Unit as i32,
                number: form::created_by(0),
            }),
            asset: world.asset_ref("EUR"),
            handle: "other".into(),
            ..OpenAccount::default()
        });
        for second in [of_unit, of_owner] {
            let second = ada.clone().does(second);
            let both = world.submit(&[first.clone(), second]);
            assert_eq!(both.err(), Some(Rejection::ObjectUnknown));
        }
    }
}
