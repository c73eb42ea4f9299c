//! Enumerations as words: `admit_members`, `product_owner`, `calendar_month`.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use polity_client::v1::{
    Answer, AssetKind, Capability, Claim, ElectionStep, HoldState, Manner, MemberState, ModeKind,
    ObjectionState, Profile, ProposalKind, ProposalState, RoleKind, UnitKind, WarningKind,
};

/// An enumeration of the protocol whose values people write.
pub trait Word: Copy + Sized + Send + Sync + 'static {
    /// What stands before each value's name in the protocol.
    const PREFIX: &'static str;
    /// The value's name in the protocol.
    fn protocol_name(self) -> &'static str;
    /// The value of a number on the wire.
    fn of_number(number: i32) -> Option<Self>;
    /// Whether people can write it: what is absent has no word.
    fn has_word(self) -> bool;
}

macro_rules! words {
    ($($kind:ident $prefix:literal $none:literal;)*) => {$(
        impl Word for $kind {
            const PREFIX: &'static str = $prefix;
            fn protocol_name(self) -> &'static str { self.as_str_name() }
            fn of_number(number: i32) -> Option<Self> { Self::try_from(number).ok() }
            fn has_word(self) -> bool { self.as_str_name() != concat!($prefix, $none) }
        }
    )*};
}

words! {
    Answer "ANSWER_" "NONE";
    AssetKind "ASSET_KIND_" "NONE";
    Capability "CAPABILITY_" "NONE";
    Claim "CLAIM_" "NONE";
    ElectionStep "ELECTION_STEP_" "NONE";
    HoldState "HOLD_STATE_" "NONE";
    // The zero of these has a meaning.
    Manner "MANNER_" "-";
    MemberState "MEMBER_STATE_" "NONE";
    ModeKind "MODE_KIND_" "NONE";
    ObjectionState "OBJECTION_STATE_" "NONE";
    Profile "PROFILE_" "NONE";
    ProposalKind "PROPOSAL_KIND_" "NONE";
    ProposalState "PROPOSAL_STATE_" "NONE";
    RoleKind "ROLE_KIND_" "-";
    UnitKind "UNIT_KIND_" "NONE";
    WarningKind "WARNING_KIND_" "NONE";
}

/// Numbers above this are not used by any enumeration here.
const NUMBER_MAX: i32 = 64;

/// The word of a value.
#[must_use]
pub fn word<T: Word>(value: T) -> String {
    let name = value.protocol_name();
    name.strip_prefix(T::PREFIX)
        .unwrap_or(name)
        .to_ascii_lowercase()
}

/// So many of something: `1 transaction`, `2 transactions`.
#[must_use]
pub fn counted(number: u64, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        number => format!("{number} {noun}s"),
    }
}

/// The value of a word; `-` reads like `_`.
#[must_use]
pub fn value<T: Word>(text: &str) -> Option<T> {
    let wanted = text.replace('-', "_");
    all::<T>().find(|value| word(*value) == wanted)
}

/// The words of capabilities in a row.
#[must_use]
pub fn capabilities(numbers: &[i32]) -> Vec<String> {
    numbers
        .iter()
        .filter_map(|number| Capability::of_number(*number))
        .map(word)
        .collect()
}

/// Reads a word on the command line; help and completions list all of them.
pub fn parser<T: Word>() -> impl TypedValueParser<Value = T> {
    let values = all::<T>().map(|value| {
        // The parser wants names that live as long as the program; it is built once.
        let word: &'static str = word(value).leak();
        if word.contains('_') {
            let hyphened: &'static str = word.replace('_', "-").leak();
            PossibleValue::new(word).alias(hyphened)
        } else {
            PossibleValue::new(word)
        }
    });
    PossibleValuesParser::new(values)
        .try_map(|text| value::<T>(&text).ok_or("not one of the words"))
}

fn all<T: Word>() -> impl Iterator<Item = T> {
    (0..=NUMBER_MAX)
        .filter_map(T::of_number)
        .filter(|value| value.has_word())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back() {
        fn check<T: Word + PartialEq + std::fmt::Debug>(count: usize) {
            assert_eq!(all::<T>().count(), count);
            for one in all::<T>() {
                assert_eq!(value(&word(one)), Some(one));
                assert_eq!(value(&word(one).replace('_', "-")), Some(one));
            }
        }
        check::<Capability>(22);
        check::<UnitKind>(9);
        check::<RoleKind>(6);
        check::<Manner>(4);
        check::<Answer>(6);
    }

    #[test]
    fn one_is_no_plural() {
        let told = [0, 1, 2].map(|number| counted(number, "row"));
        assert_eq!(told, ["0 rows", "1 row", "2 rows"]);
    }

    #[test]
    fn what_is_absent_has_no_word() {
        assert_eq!(value::<Capability>("none"), None);
        assert_eq!(value::<Capability>("SPEND"), None);
        assert_eq!(value::<Manner>("assigned"), Some(Manner::Assigned));
    }
}
