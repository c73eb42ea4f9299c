//! Handles for what is imported: the source's name in lower case, other bytes `-`, and `-2` appended where taken.

use std::collections::BTreeSet;

use polity_ledger::form;

/// Most bytes of a handle.
const BYTES_MAX: usize = 64;

/// Handles that are taken in one place.
#[derive(Clone, Debug, Default)]
pub(super) struct Handles(BTreeSet<String>);

impl Handles {
    /// Takes a handle that is there already.
    pub(super) fn insert(&mut self, handle: &str) {
        self.0.insert(handle.to_owned());
    }

    /// Gives a handle back.
    pub(super) fn remove(&mut self, handle: &str) {
        self.0.remove(handle);
    }

    /// Takes a free handle for a name.
    pub(super) fn take(&mut self, name: &str) -> String {
        let plain = slug(name);
        let mut handle = plain.clone();
        for number in 2_u64.. {
            if self.0.insert(handle.clone()) {
                break;
            }
            let suffix = format!("-{number}");
            let kept = plain.len().min(BYTES_MAX - suffix.len());
            handle = format!("{}{suffix}", &plain[..kept]);
        }
        handle
    }
}

/// A name as a handle.
pub(super) fn slug(name: &str) -> String {
    let plain: String = name
        .bytes()
        .take(BYTES_MAX)
        .map(|byte| match byte.to_ascii_lowercase() {
            byte @ (b'a'..=b'z' | b'0'..=b'9') => char::from(byte),
            _ => '-',
        })
        .collect();
    debug_assert!(form::handle(&plain).is_ok(), "{name} gives {plain}");
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_is_the_name_in_lower_case_and_numbered_where_taken() {
        let mut handles = Handles::default();
        for (name, handle) in [
            ("wg-rls-2.0", "wg-rls-2-0"),
            ("Manishearth", "manishearth"),
            ("manishearth", "manishearth-2"),
            ("MANISHEARTH", "manishearth-3"),
            ("a b/c", "a-b-c"),
        ] {
            assert_eq!(handles.take(name), handle, "{name}");
        }
        handles.remove("manishearth-2");
        assert_eq!(handles.take("manishearth"), "manishearth-2");
    }

    #[test]
    fn a_numbered_handle_is_no_longer_than_a_handle_may_be() {
        let mut handles = Handles::default();
        let name = "x".repeat(64);
        assert_eq!(handles.take(&name), name);
        let second = handles.take(&name);
        assert_eq!(second.len(), 64);
        assert!(second.ends_with("x-2"));
    }
}
