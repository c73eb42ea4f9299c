//! A policy's tiers in words: `up to 500.00 EUR: role holders: approve 1 by lead`.
//!
//! The words for people are those of the founding file: `joined members`, `role holders`, `role acme/dev#lead`, a kind
//! of role such as `lead`, `capability approve`.

use polity_client::session::who_words;
use polity_client::v1::{Asset, Capability, Mode, Ref, RoleKind, Tier, Who, WhoKind};
use polity_client::{Error, Result};
use serde_json::{Value, json};

use crate::amount::{self, counted};
use crate::context::Context;
use crate::failure::usage;
use crate::names::Names;
use crate::{mode, word};

/// What `--help` says about tiers.
pub const HELP: &str = "Tiers, smallest amount first, the last without one:\n  \
    [up to AMOUNT ASSET:] WHO: MODE\n  \
    else: WHO: MODE\n\
    WHO   joined members | role holders | role acme/dev#lead | lead (or another kind of role) |\n      \
          capability approve\n\
    MODE  alone | departments | approve COUNT by WHO [after DURATION] |\n      \
          announce DURATION else MODE | consent within DURATION [unless silent] |\n      \
          vote within DURATION quorum N% pass N%";

impl Context {
    /// Reads a policy's tiers, and the asset that their amounts speak of.
    pub async fn tiers(&self, texts: &[String]) -> Result<(Vec<Tier>, Option<Asset>)> {
        let mut tiers = Vec::new();
        let mut asset: Option<Asset> = None;
        for text in texts {
            let parts = split(text)?;
            let up_to = match parts.up_to {
                None => Vec::new(),
                Some(words) => {
                    let (up_to, spoken) = amount::read(self.session().await?, words).await?;
                    let other = asset.replace(spoken.clone());
                    if other.is_some_and(|other| other.number != spoken.number) {
                        return Err(usage("the amounts of a policy speak of one asset"));
                    }
                    amount::filled(up_to)?
                }
            };
            tiers.push(Tier {
                up_to,
                by: Some(self.who(parts.by).await?),
                mode: Some(self.mode(parts.mode).await?),
            });
        }
        Ok((tiers, asset))
    }

    async fn who(&self, text: &str) -> Result<Who> {
        let role = match text.strip_prefix("role ") {
            Some(role) if role != "holders" => self.role_ref(role.trim()).await?,
            Some(_) | None => None,
        };
        who(text, role)
    }

    async fn mode(&self, text: &str) -> Result<Mode> {
        let mut words = mode::read(text)?;
        // What an objection leads to stands inside; both may name people.
        let mut modes = vec![&mut words];
        while let Some(one) = modes.pop() {
            if let Some(approver) = one.approver {
                one.mode.approver = Some(self.who(approver).await?);
            }
            modes.extend(one.escalates_to.as_deref_mut());
        }
        Ok(words.into_mode())
    }
}

/// A tier in the words that would set it.
pub fn shown(tier: &Tier, asset: &Asset, names: &Names<'_>) -> Result<String> {
    let by = by(tier, names);
    let mode = tier
        .mode
        .as_ref()
        .map_or_else(String::new, |mode| mode::shown(mode, names));
    Ok(if tier.up_to.is_empty() {
        format!("else: {by}: {mode}")
    } else {
        let up_to = amount::shown(counted(&tier.up_to)?, asset);
        format!("up to {up_to}: {by}: {mode}")
    })
}

/// The stable JSON of a tier: its parts, and the words that would set it.
pub fn json(tier: &Tier, asset: &Asset, names: &Names<'_>) -> Result<Value> {
    let up_to = if tier.up_to.is_empty() {
        Value::Null
    } else {
        amount::json(counted(&tier.up_to)?, asset)
    };
    Ok(json!({
        "up_to": up_to,
        "by": by(tier, names),
        "mode": tier.mode.as_ref().map(|one| mode::json(one, names)),
        "words": shown(tier, asset, names)?,
    }))
}

fn by(tier: &Tier, names: &Names<'_>) -> String {
    tier.by
        .as_ref()
        .map_or_else(String::new, |who| who_shown(who, names))
}

/// People in the words that would name them.
pub(crate) fn who_shown(who: &Who, names: &Names<'_>) -> String {
    who_words(who, &|role| role_shown(role, names))
}

/// A role's name, or its number where it has none.
pub(crate) fn role_shown(role: Ref, names: &Names<'_>) -> String {
    match names.role(role.number).as_str() {
        "" => format!("r{}", role.number),
        name => name.to_owned(),
    }
}

#[derive(Debug, PartialEq, Eq)]
struct TierWords<'t> {
    up_to: Option<&'t str>,
    by: &'t str,
    mode: &'t str,
}

fn split(text: &str) -> Result<TierWords<'_>> {
    let parts: Vec<&str> = text.split(": ").map(str::trim).collect();
    let (bound, by, mode) = match parts[..] {
        [by, mode] => (None, by, mode),
        [bound, by, mode] => (Some(bound), by, mode),
        _ => return Err(wrong_tier(text)),
    };
    let up_to = match bound {
        None | Some("else") => None,
        Some(bound) => Some(
            bound
                .strip_prefix("up to ")
                .ok_or_else(|| wrong_tier(text))?
                .trim(),
        ),
    };
    if by.is_empty() || mode.is_empty() {
        return Err(wrong_tier(text));
    }
    Ok(TierWords { up_to, by, mode })
}

/// Who is meant; `role` is the role that the words name, where they name one.
fn who(text: &str, role: Option<Ref>) -> Result<Who> {
    let of = |kind: WhoKind| Who {
        kind: kind as i32,
        ..Who::default()
    };
    if role.is_some() {
        return Ok(Who {
            role,
            ..of(WhoKind::Role)
        });
    }
    let kind = word::value::<RoleKind>(text).filter(|kind| *kind != RoleKind::Ordinary);
    let capability = text
        .strip_prefix("capability ")
        .and_then(|word| word::value::<Capability>(word.trim()));
    match (text, kind, capability) {
        ("joined members", _, _) => Ok(of(WhoKind::JoinedMembers)),
        ("role holders", _, _) => Ok(of(WhoKind::RoleHolders)),
        (_, Some(kind), _) => Ok(Who {
            role_kind: kind as i32,
            ..of(WhoKind::RoleKind)
        }),
        (_, None, Some(capability)) => Ok(Who {
            capability: capability as i32,
            ..of(WhoKind::Capability)
        }),
        (_, None, None) => Err(usage(format!(
            "{text:?} is none of: joined members, role holders, role UNIT#ROLE, a kind of role such as lead, \
             capability WORD"
        ))),
    }
}

fn wrong_tier(text: &str) -> Error {
    usage(format!(
        "a tier is written \"up to 500.00 EUR: role holders: alone\" or \"else: lead: approve 1 by lead\", not {text:?}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tier_has_a_bound_or_none_then_people_and_a_mode() {
        let table = [
            (
                "up to 500.00 EUR: role holders: alone",
                Some("500.00 EUR"),
                "role holders",
                "alone",
            ),
            (
                "else: role acme/dev#lead: approve 1 by lead",
                None,
                "role acme/dev#lead",
                "approve 1 by lead",
            ),
            (
                "joined members: departments",
                None,
                "joined members",
                "departments",
            ),
        ];
        for (text, up_to, by, mode) in table {
            assert_eq!(split(text).expect(text), TierWords { up_to, by, mode });
        }
        for text in [
            "",
            "alone",
            "500.00 EUR: lead: alone",
            "else: : alone",
            "a: b: c: d",
        ] {
            assert!(split(text).is_err(), "{text}");
        }
    }

    #[test]
    fn people_are_named_as_in_the_founding_file() {
        let table = [
            ("joined members", WhoKind::JoinedMembers),
            ("role holders", WhoKind::RoleHolders),
            ("lead", WhoKind::RoleKind),
            ("product_owner", WhoKind::RoleKind),
            ("capability spend", WhoKind::Capability),
        ];
        for (text, kind) in table {
            assert_eq!(who(text, None).expect(text).kind(), kind, "{text}");
        }
        let role = Some(Ref { number: 9, new: 0 });
        assert_eq!(who("role acme/dev#lead", role).expect("a role").role, role);
        for text in ["", "ordinary", "everybody", "capability fly", "leads"] {
            assert!(who(text, None).is_err(), "{text}");
        }
    }
}
