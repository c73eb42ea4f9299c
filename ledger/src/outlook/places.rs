//! Units, roles and accounts by the paths that people write.

use polity_proto::v1::{Account, Role};

use crate::judge::power;
use crate::state::Read;

/// `acme/dev`.
pub(super) fn unit(state: &dyn Read, unit: u64) -> String {
    let mut handles: Vec<String> = power::lineage(state, unit)
        .into_iter()
        .map(|unit| unit.handle.clone())
        .collect();
    handles.reverse();
    handles.join("/")
}

/// `acme/dev#lead`.
pub(super) fn role(state: &dyn Read, role: &Role) -> String {
    format!("{}#{}", unit(state, role.unit), role.handle)
}

/// `acme/dev:main`.
pub(super) fn account(state: &dyn Read, owner: u64, account: &Account) -> String {
    format!("{}:{}", unit(state, owner), account.handle)
}
