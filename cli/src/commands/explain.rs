//! `explain`: what a refusal means, by number, family or name.

use clap::Args;
use polity_client::Result;
use polity_client::ledger::{Family, Rejection};
use serde_json::{Value, json};

use crate::context::Context;
use crate::failure::usage;
use crate::output::Table;
use crate::refusal;

/// Explains a refusal: a number, a family such as 3xx, or a name.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity explain 303\n  \
    polity explain 3xx\n  \
    polity explain insufficient_funds")]
pub struct Explain {
    /// 303, 3xx, limit_per_transfer, or nothing for all.
    what: Option<String>,
}

impl Explain {
    /// The explanation of one refusal.
    #[must_use]
    pub fn of(what: &str) -> Explain {
        Explain {
            what: Some(what.to_owned()),
        }
    }

    /// Explains.
    pub fn run(self, context: &Context) -> Result<()> {
        let found = matching(self.what.as_deref());
        let named = self.what.as_deref().and_then(family);
        if found.is_empty() && named.is_none() {
            return Err(usage(format!(
                "no refusal is called {}: polity explain lists all of them",
                self.what.unwrap_or_default()
            )));
        }
        let json: Vec<Value> = found
            .iter()
            .map(|one| {
                json!({
                    "code": one.code(),
                    "rejection": one.name(),
                    "sentence": one.to_string(),
                    "way": refusal::way(*one),
                })
            })
            .collect();
        context
            .output
            .show(&json!({ "refusals": json }), || match &found[..] {
                [] => format!(
                    "No refusal is of this family yet: {}.",
                    named.map_or("", Family::meaning)
                ),
                [one] => {
                    let (code, name, family) = (one.code(), one.name(), one.family());
                    let way = refusal::way(*one);
                    let way = way.map_or_else(String::new, |way| format!("\nWay: {way}."));
                    format!(
                        "{code} {name}: {one}.{way}\nFamily {}xx: {}.",
                        family as u32,
                        family.meaning()
                    )
                }
                several => {
                    let mut table = Table::new(["number", "name", "meaning"]);
                    for one in several {
                        table.row([
                            one.code().to_string(),
                            one.name().to_owned(),
                            one.to_string(),
                        ]);
                    }
                    table.to_string()
                }
            });
        Ok(())
    }
}

fn matching(what: Option<&str>) -> Vec<Rejection> {
    let all = Rejection::ALL.iter().copied();
    let Some(what) = what else {
        return all.collect();
    };
    if let Some(family) = family(what) {
        return all.filter(|one| one.family() == family).collect();
    }
    let number = what.parse().ok();
    all.filter(|one| Some(one.code()) == number || one.name() == what)
        .collect()
}

/// The family that a text such as `3xx` names.
fn family(what: &str) -> Option<Family> {
    Family::of_hundred(what.strip_suffix("xx")?.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_found_by_number_family_and_name() {
        let table = [
            (Some("303"), 1),
            (Some("limit_per_transfer"), 1),
            (Some("999"), 0),
            (Some("9xxx"), 0),
            (Some("nonsense"), 0),
        ];
        for (what, count) in table {
            assert_eq!(matching(what).len(), count, "{what:?}");
        }
        let of_authority = matching(Some("3xx"));
        assert!(
            of_authority
                .iter()
                .all(|one| one.family() == Family::Authority)
                && of_authority.len() > 10
        );
        assert_eq!(matching(None).len(), Rejection::ALL.len());
    }

    #[test]
    fn a_family_is_known_also_where_nothing_is_refused_so_yet() {
        assert!(matching(Some("7xx")).is_empty(), "none is refused so yet");
        assert_eq!(family("7xx"), Some(Family::Exchange));
        assert_eq!(family("0xx"), None);
    }
}
