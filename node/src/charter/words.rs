//! Words of a charter that mean a number of the wire: kinds, capabilities, times.

use std::time::UNIX_EPOCH;

use polity_proto::v1::{AssetKind, Capability, MemberKind, ModeKind, RoleKind, UnitKind};

use super::CharterError;

/// The kind of a unit: `department`.
pub(super) fn unit_kind(word: &str) -> Result<i32, CharterError> {
    found(
        UnitKind::from_str_name(&name("UNIT_KIND", word)).map(|kind| kind as i32),
        "kind of unit",
        word,
    )
}

/// The kind of a role: `lead`.
pub(super) fn role_kind(word: &str) -> Result<i32, CharterError> {
    let kind = RoleKind::from_str_name(&name("ROLE_KIND", word)).map(|kind| kind as i32);
    // Ordinary is 0 on the wire, and a kind like any other here.
    kind.ok_or_else(|| unknown("kind of role", word))
}

/// The kind of a member: `person` or `service`.
pub(super) fn member_kind(word: &str) -> Result<i32, CharterError> {
    let kind = MemberKind::from_str_name(&name("MEMBER_KIND", word)).map(|kind| kind as i32);
    kind.ok_or_else(|| unknown("kind of member", word))
}

/// The kind of an asset: `money`.
pub(super) fn asset_kind(word: &str) -> Result<i32, CharterError> {
    found(
        AssetKind::from_str_name(&name("ASSET_KIND", word)).map(|kind| kind as i32),
        "kind of asset",
        word,
    )
}

/// A capability: `assign_roles`.
pub(super) fn capability(word: &str) -> Result<i32, CharterError> {
    found(
        Capability::from_str_name(&name("CAPABILITY", word)).map(|value| value as i32),
        "capability",
        word,
    )
}

/// A mode of deciding: `approve`.
pub(super) fn mode_kind(word: &str) -> Result<i32, CharterError> {
    found(
        ModeKind::from_str_name(&name("MODE_KIND", word)).map(|kind| kind as i32),
        "mode",
        word,
    )
}

/// A duration such as `72h`, in seconds; absent: 0.
pub(super) fn seconds(word: &Option<String>) -> Result<u64, CharterError> {
    match word {
        None => Ok(0),
        Some(word) => humantime::parse_duration(word)
            .map(|duration| duration.as_secs())
            .map_err(|_| unknown("duration such as 72h", word)),
    }
}

/// A time in RFC 3339, in Unix seconds; absent: 0.
pub(super) fn time(word: &Option<String>) -> Result<u64, CharterError> {
    match word {
        None => Ok(0),
        Some(word) => {
            let time = humantime::parse_rfc3339(word).ok();
            let since = time.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
            since
                .map(|since| since.as_secs())
                .ok_or_else(|| unknown("time such as 2026-01-05T00:00:00Z", word))
        }
    }
}

/// Bytes in hexadecimal digits, of a length; nothing where nothing is written.
pub(super) fn bytes(word: &str, length: usize) -> Result<Vec<u8>, CharterError> {
    let bytes = hex::decode(word).map_err(|_| unknown("text of hexadecimal digits", word))?;
    if bytes.len() == length || bytes.is_empty() {
        Ok(bytes)
    } else {
        Err(CharterError(format!(
            "{word:?} is not {} hexadecimal digits",
            2 * length
        )))
    }
}

fn name(prefix: &str, word: &str) -> String {
    format!("{prefix}_{}", word.to_ascii_uppercase().replace('-', "_"))
}

/// 0 is `none`, which is no answer.
fn found(value: Option<i32>, what: &str, word: &str) -> Result<i32, CharterError> {
    value
        .filter(|value| *value != 0)
        .ok_or_else(|| unknown(what, word))
}

fn unknown(what: &str, word: &str) -> CharterError {
    CharterError(format!("{word:?} is not a {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_mean_what_the_wire_calls_them() {
        assert_eq!(
            capability("assign_roles"),
            Ok(Capability::AssignRoles as i32)
        );
        assert_eq!(unit_kind("department"), Ok(UnitKind::Department as i32));
        assert_eq!(
            role_kind("product-owner"),
            Ok(RoleKind::ProductOwner as i32)
        );
        assert_eq!(role_kind("ordinary"), Ok(0));
        assert_eq!(seconds(&Some("30d".into())), Ok(30 * 86_400));
        assert_eq!(time(&Some("1970-01-02T00:00:00Z".into())), Ok(86_400));
    }

    #[test]
    fn unknown_words_are_told() {
        for error in [
            capability("none"),
            capability("fly"),
            unit_kind(""),
            mode_kind("NONE"),
        ] {
            assert!(error.is_err());
        }
        assert!(bytes("abc", 32).is_err() && bytes("ab", 32).is_err() && bytes("", 32).is_ok());
        assert!(time(&Some("yesterday".into())).is_err() && seconds(&Some("soon".into())).is_err());
    }
}
