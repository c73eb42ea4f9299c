//! Reading the world by handles.

use polity_proto::v1::{
    Account, Asset, Assignment, Member, ObjectKind, OwnerKind, Record, Ref, Role, Unit,
};
use prost::Message;

use super::World;
use crate::judge::power;
use crate::state::keys::{self, List};
use crate::state::{Object, lists, names, objects};
use crate::{Amount, form};

impl World {
    /// An object by number.
    #[track_caller]
    pub(crate) fn get<T: Object>(&self, number: u64) -> T {
        objects::get(&self.state, number).expect("the object exists")
    }

    /// A value that is no object.
    pub(crate) fn value<T: Message + Default>(&self, key: &[u8]) -> Option<T> {
        objects::value(&self.state, key)
    }

    /// A list.
    pub(crate) fn list(&self, list: List, owner: u64) -> Vec<u64> {
        lists::all(&self.state, list, owner)
    }

    /// The number of a living thing by handle; 0: there is none.
    pub(crate) fn named(&self, kind: ObjectKind, container: u64, handle: &str) -> u64 {
        names::find(&self.state, &keys::handle(kind, container, handle)).unwrap_or(0)
    }

    /// The number of a living member; 0: there is none.
    pub(crate) fn member_number(&self, handle: &str) -> u64 {
        self.named(ObjectKind::Member, 0, handle)
    }

    /// A living member.
    #[track_caller]
    pub(crate) fn member(&self, handle: &str) -> Member {
        self.get(self.member_number(handle))
    }

    /// A reference to a living member.
    pub(crate) fn member_ref(&self, handle: &str) -> Option<Ref> {
        form::numbered(self.member_number(handle))
    }

    fn unit_number(&self, path: &str) -> u64 {
        let root = 1;
        path.split('/').fold(root, |parent, handle| {
            if parent == root && handle == "acme" {
                return root;
            }
            self.named(ObjectKind::Unit, parent, handle)
        })
    }

    /// A living unit.
    #[track_caller]
    pub(crate) fn unit(&self, path: &str) -> Unit {
        self.get(self.unit_number(path))
    }

    /// A reference to a living unit.
    pub(crate) fn unit_ref(&self, path: &str) -> Option<Ref> {
        form::numbered(self.unit_number(path))
    }

    fn role_number(&self, path: &str) -> u64 {
        let (unit, handle) = path.split_once('#').expect("a role is written unit#role");
        self.named(ObjectKind::Role, self.unit_number(unit), handle)
    }

    /// A living role.
    #[track_caller]
    pub(crate) fn role(&self, path: &str) -> Role {
        self.get(self.role_number(path))
    }

    /// A reference to a living role.
    pub(crate) fn role_ref(&self, path: &str) -> Option<Ref> {
        form::numbered(self.role_number(path))
    }

    fn account_number(&self, path: &str) -> u64 {
        let (owner, handle) = path.split_once(':').expect("an account is owner:account");
        let party = self.named(ObjectKind::Party, 1, owner);
        let owner = match self.member_number(owner) {
            0 if party != 0 => keys::owner_number(OwnerKind::Party, party),
            0 => keys::owner_number(OwnerKind::Unit, self.unit_number(owner)),
            member => keys::owner_number(OwnerKind::Member, member),
        };
        self.named(ObjectKind::Account, owner, handle)
    }

    /// An open account.
    #[track_caller]
    pub(crate) fn account(&self, path: &str) -> Account {
        self.get(self.account_number(path))
    }

    /// A reference to an open account.
    pub(crate) fn account_ref(&self, path: &str) -> Option<Ref> {
        form::numbered(self.account_number(path))
    }

    /// Credits less debits, in minor units.
    pub(crate) fn balance(&self, path: &str) -> i128 {
        let account = self.account(path);
        let of = |amount: &[u8]| Amount::from_state(amount).0 as i128;
        of(&account.credits_posted) - of(&account.debits_posted)
    }

    /// A reference to an asset.
    pub(crate) fn asset_ref(&self, code: &str) -> Option<Ref> {
        let key = keys::key_with(keys::ASSET_CODE, &[], code.as_bytes());
        let number = names::find(&self.state, &key).unwrap_or(0);
        let _: Asset = self.get(number);
        form::numbered(number)
    }

    /// Whether an active member holds a role now.
    pub(crate) fn holds(&self, member: &str, role: &str) -> bool {
        let (member, role) = (self.member_number(member), self.role_number(role));
        power::holding(&self.state, member, role, self.time).is_some()
    }

    /// The open assignment of a member to a role.
    #[track_caller]
    pub(crate) fn assignment(&self, member: &str, role: &str) -> Assignment {
        let (member, role) = (self.member_number(member), self.role_number(role));
        self.list(List::Assignments, member)
            .into_iter()
            .map(|number| self.get::<Assignment>(number))
            .find(|assignment| assignment.role == role)
            .expect("the member holds the role")
    }

    /// How many entries the history of an object has.
    pub(crate) fn history_count(&self, kind: ObjectKind, number: u64) -> u64 {
        let prefix = objects::prefix_with_history(kind).expect("the kind has histories");
        let record: Record = self
            .value(&objects::object_key(prefix, number))
            .expect("the object exists");
        record.history_count
    }
}
