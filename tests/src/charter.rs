//! A small organisation for suites with real nodes: one root, a department for each node, each with a
//! lead who operates its validator and pays from its account. Keys follow from names.

use std::fmt::Write;

use ed25519_dalek::{Signer as _, SigningKey};
use polity_ledger::check;
use sha2::{Digest, Sha256};

/// The chain's name.
pub const CHAIN_ID: &str = "cluster";
/// What each department's account holds at the beginning, in minor units.
pub const ISSUED: u64 = 100_000_000;

/// The handle of a department, by its number from 0; its lead has the same.
pub fn handle(department: usize) -> String {
    format!("department-{department}")
}

/// The unit's number: the root is the first.
pub fn unit(department: usize) -> u64 {
    department as u64 + 2
}

/// The number of the department's lead and of the lead's role alike.
pub fn number(department: usize) -> u64 {
    department as u64 + 1
}

/// The number of the department's account: the first is the one that the euro is issued from.
pub fn account(department: usize) -> u64 {
    department as u64 + 2
}

/// The lead's key.
pub fn key(department: usize) -> SigningKey {
    SigningKey::from_bytes(&Sha256::digest(handle(department)).into())
}

/// The charter without validators and nodes, which only the nodes themselves can name.
pub fn charter(departments: usize, constitution: &str) -> String {
    let mut text = format!(
        "chain_id = \"{CHAIN_ID}\"\nconstitution_sha256 = \"{}\"\n\
         [parameters]\nvalidators_min = 1\n\
         [[units]]\nunit = \"root\"\nkind = \"company\"\n\
         [[assets]]\ncode = \"EUR\"\ndecimals = 2\nkind = \"money\"\nunit = \"root\"\n",
        hex::encode(Sha256::digest(constitution)),
    );
    for department in 0..departments {
        add_department(&mut text, department);
    }
    text
}

/// The handle, and the name of the key, of a member who holds no role, by number from 0.
fn member(member: usize) -> String {
    format!("member-{member}")
}

/// A member's key.
pub fn member_key(number: usize) -> SigningKey {
    SigningKey::from_bytes(&Sha256::digest(member(number)).into())
}

/// A member's number in a charter of so many departments.
pub fn member_number(departments: usize, member: usize) -> u64 {
    number(departments + member)
}

/// The number of a member's account in a charter of so many departments.
pub fn member_account(departments: usize, member: usize) -> u64 {
    account(departments + member)
}

/// What a charter says of members who hold no role, each with an account: to be appended to it.
pub fn members(count: usize) -> String {
    let mut text = String::new();
    for number in 0..count {
        add_person(&mut text, &member(number), &member_key(number), "root", &[]);
        add_account(&mut text, &member(number));
    }
    text
}

/// What a charter says of the member after so many, who may register parties in the first department and open their
/// accounts: to be appended to it.
pub fn registrar(members: usize) -> String {
    let unit = format!("root/{}", handle(0));
    let role = format!("{unit}#registrar");
    let mut text = format!(
        "[[roles]]\nrole = \"{role}\"\n[[roles.grants]]\ncan = [\"register_parties\", \"open_accounts\"]\n"
    );
    let key = member_key(members);
    add_person(&mut text, &member(members), &key, &unit, &[&role]);
    text
}

/// What a charter says of somebody who holds a role in a department beside its lead: to be appended to it.
pub fn colleague(department: usize) -> String {
    let unit = format!("root/{}", handle(department));
    let name = format!("colleague-{department}");
    let key = SigningKey::from_bytes(&Sha256::digest(&name).into());
    let role = format!("{unit}#{name}");
    let mut text = format!("[[roles]]\nrole = \"{role}\"\n");
    add_person(&mut text, &name, &key, &unit, &[&role]);
    text
}

/// What a charter says of a department's validator, where no node makes its key: to be appended to it.
pub fn validator(department: usize) -> String {
    let handle = handle(department);
    let key = SigningKey::from_bytes(&Sha256::digest(format!("{handle} votes")).into());
    let public = key.verifying_key().to_bytes();
    format!(
        "[[validators]]\nunit = \"root/{handle}\"\nkey = \"{}\"\npossession = \"{}\"\npower = 10\n",
        hex::encode(public),
        hex::encode(possession(&key)),
    )
}

fn possession(key: &SigningKey) -> [u8; 64] {
    let public = key.verifying_key().to_bytes();
    key.sign(&check::founding_possession_bytes(CHAIN_ID, &public))
        .to_bytes()
}

fn add_department(text: &mut String, department: usize) {
    let handle = handle(department);
    // Writing into a text cannot fail.
    let _ = write!(
        text,
        "[[units]]\nunit = \"root/{handle}\"\nkind = \"department\"\n\
         [[roles]]\nrole = \"root/{handle}#lead\"\nkind = \"lead\"\n\
         [[roles.grants]]\ncan = [\"operate_validator\"]\n\
         [[roles.grants]]\ncan = [\"spend\"]\nper_transfer = \"100000.00 EUR\"\nper_month = \"900000.00 EUR\"\n"
    );
    let lead = format!("root/{handle}#lead");
    add_person(
        text,
        &handle,
        &key(department),
        &format!("root/{handle}"),
        &[&lead],
    );
    add_account(text, &format!("root/{handle}"));
}

fn add_person(text: &mut String, handle: &str, key: &SigningKey, unit: &str, roles: &[&str]) {
    let public = key.verifying_key().to_bytes();
    // Writing into a text cannot fail; texts and lists of them are written in Rust as in TOML.
    let _ = write!(
        text,
        "[[people]]\nhandle = \"{handle}\"\nkey = \"{}\"\npossession = \"{}\"\nunit = \"{unit}\"\nroles = {roles:?}\n",
        hex::encode(public),
        hex::encode(possession(key)),
    );
}

fn add_account(text: &mut String, owner: &str) {
    // Writing into a text cannot fail.
    let _ = write!(
        text,
        "[[accounts]]\naccount = \"{owner}:main\"\nasset = \"EUR\"\nissue = \"{}.00 EUR\"\n",
        ISSUED / 100,
    );
}
