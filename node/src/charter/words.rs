//! Words of a charter: amounts, times, durations, names of enumerations.

use std::time::UNIX_EPOCH;

use polity_ledger::Amount;

/// An amount in an asset's minor units, from `480.00` and the asset's decimals.
pub(super) fn amount(text: &str, decimals: u32) -> Result<Amount, String> {
    let wrong = || format!("{text:?} is not an amount such as 480.00");
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || text.ends_with('.') {
        return Err(wrong());
    }
    let places = u32::try_from(fraction.len()).map_err(|_| wrong())?;
    let Some(missing) = decimals.checked_sub(places) else {
        return Err(format!(
            "{text:?} has more decimals than the asset, which has {decimals}"
        ));
    };

    let minor = format!("{whole}{fraction}").parse::<u128>().ok();
    let scale = 10u128.checked_pow(missing);
    minor
        .zip(scale)
        .and_then(|(minor, scale)| minor.checked_mul(scale))
        .map(Amount)
        .ok_or_else(wrong)
}

/// Unix seconds of an RFC 3339 time in UTC.
pub(super) fn time(text: &str) -> Result<u64, String> {
    humantime::parse_rfc3339(text)
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
        .map(|since| since.as_secs())
        .ok_or_else(|| format!("{text:?} is not a time such as 2026-11-23T09:00:00Z"))
}

/// Unix seconds of a time, or 0 for none: the first second of 1970 would be passed over.
pub(super) fn optional_time(text: &Option<String>) -> Result<u64, String> {
    match text.as_deref().map(time).transpose()? {
        Some(0) => Err("the first second of 1970 stands for no time at all".to_owned()),
        seconds => Ok(seconds.unwrap_or(0)),
    }
}

/// Seconds of a duration such as `72h` or `30d`, or 0 for none.
pub(super) fn optional_duration(text: &Option<String>) -> Result<u64, String> {
    text.as_deref().map_or(Ok(0), duration)
}

/// Seconds of a duration such as `72h` or `30d`.
pub(super) fn duration(text: &str) -> Result<u64, String> {
    humantime::parse_duration(text)
        .ok()
        .filter(|duration| duration.subsec_nanos() == 0)
        .map(|duration| duration.as_secs())
        .ok_or_else(|| format!("{text:?} is not a duration such as 72h or 30d, in whole seconds"))
}

/// Bytes in hexadecimal digits, of one length.
pub(super) fn hex_bytes(text: &str, length: usize) -> Result<Vec<u8>, String> {
    match hex::decode(text) {
        Ok(bytes) if bytes.len() == length => Ok(bytes),
        Ok(_) | Err(_) => Err(format!("{text:?} is not {} hexadecimal digits", 2 * length)),
    }
}

/// A value of an enumeration of the wire, by the word that people use: `govern` for
/// `CAPABILITY_GOVERN`, `product-owner` for `ROLE_KIND_PRODUCT_OWNER`.
macro_rules! word {
    ($name:ident, $type:ident, $prefix:literal, $what:literal) => {
        pub(super) fn $name(word: &str) -> Result<polity_proto::v1::$type, String> {
            let upper = word.to_ascii_uppercase().replace('-', "_");
            polity_proto::v1::$type::from_str_name(&format!(concat!($prefix, "_{}"), upper))
                .filter(|_| word != "none" && word == word.to_ascii_lowercase())
                .ok_or_else(|| format!(concat!("{:?} is not ", $what), word))
        }
    };
}

word!(capability, Capability, "CAPABILITY", "a capability");
word!(unit_kind, UnitKind, "UNIT_KIND", "a kind of unit");
word!(role_kind, RoleKind, "ROLE_KIND", "a kind of role");
word!(member_kind, MemberKind, "MEMBER_KIND", "a kind of member");
word!(asset_kind, AssetKind, "ASSET_KIND", "a kind of asset");
word!(profile, Profile, "PROFILE", "a profile");
word!(mode_kind, ModeKind, "MODE_KIND", "a mode of deciding");

#[cfg(test)]
mod tests {
    use polity_proto::v1::{Capability, RoleKind};

    use super::*;

    #[test]
    fn amounts_are_read_with_the_decimals_of_their_asset() {
        for (text, decimals, minor) in [("480.00", 2, 48_000), ("480", 2, 48_000), ("7", 0, 7)] {
            assert_eq!(amount(text, decimals), Ok(Amount(minor)), "{text}");
        }
        for (text, decimals) in [
            ("", 2),
            (".5", 2),
            ("5.", 2),
            ("1,000", 2),
            ("-1", 2),
            ("0.001", 2),
            ("999999999999999999999999999999999999999999", 2),
        ] {
            assert!(amount(text, decimals).is_err(), "{text}");
        }
    }

    #[test]
    fn enumerations_are_read_by_their_words_alone() {
        assert_eq!(capability("assign_roles"), Ok(Capability::AssignRoles));
        assert_eq!(role_kind("product-owner"), Ok(RoleKind::ProductOwner));
        for word in ["none", "Govern", "CAPABILITY_GOVERN", "fly", ""] {
            assert!(capability(word).is_err(), "{word}");
        }
    }

    #[test]
    fn times_and_durations_are_exact_words() {
        assert_eq!(time("1970-01-02T00:00:00Z"), Ok(86_400));
        assert!(time("yesterday").is_err());
        assert_eq!(optional_duration(&Some("72h".into())), Ok(259_200));
        assert_eq!(optional_duration(&None), Ok(0));
        for text in ["soon", "900ms", "1500ms"] {
            assert!(optional_duration(&Some(text.into())).is_err(), "{text}");
        }
        assert_eq!(optional_time(&None), Ok(0));
        assert!(optional_time(&Some("1970-01-01T00:00:00Z".into())).is_err());
    }
}
