//! `unit tree`: units with their roles and holders, drawn in the terminal.

use std::collections::{BTreeMap, BTreeSet};

use clap::Args;
use polity_client::ledger::judge::power::UNIT_DEPTH_MAX;
use polity_client::ledger::state::keys::List;
use polity_client::session::{View, lettered, visible};
use polity_client::v1::{Assignment, ObjectKind, Organisation, Role, Unit};
use polity_client::{Error, Result};
use serde_json::{Value, json};

use super::health;
use crate::context::Context;
use crate::failure::usage;
use crate::names::Names;
use crate::word;

/// Draws the tree of units, with their roles and who holds them.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity unit tree\n  \
    polity unit tree acme/dev --depth 1\n  \
    polity unit tree --at 2026-03-01")]
pub(super) struct Tree {
    /// Where to begin; without it, the root.
    unit: Option<String>,
    /// How many levels below it.
    #[arg(long, default_value_t = u32::MAX, hide_default_value = true)]
    depth: u32,
    /// Leave out roles and holders.
    #[arg(long)]
    units_only: bool,
}

impl Tree {
    /// Draws.
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let view = context.view().await?;
        let top = match &self.unit {
            Some(unit) => session.unit(unit).await?.number,
            None => root(&view).await?,
        };
        let mut forest = Forest::read(&view, top, self.depth).await?;
        if !self.units_only {
            forest.read_roles().await?;
            forest.read_health(top).await?;
        }
        context.answer(&view, json!({"tree": forest.json(top)}), || {
            forest.drawn(top)
        });
        // Also where it says nothing.
        if !self.units_only {
            context
                .output
                .note("what units lack is as the node says; not proven");
        }
        Ok(())
    }
}

/// The root unit's number.
pub(super) async fn root(view: &View<'_>) -> Result<u64> {
    let organisation = view.get::<Organisation>(0).await?;
    organisation
        .map(|one| one.root_unit)
        .ok_or_else(|| Error::trouble("the organisation has no state"))
}

/// Leaves each unit where it was told first: one that moved in between stands in two lists, and of the past a node can tell
/// a unit below itself.
fn keep_first(lists: &mut [Vec<u64>], placed: &mut BTreeSet<u64>) {
    for list in lists {
        list.retain(|unit| placed.insert(*unit));
    }
}

/// A unit and all below it, read level by level.
pub(super) struct Forest<'s> {
    view: &'s View<'s>,
    pub(super) units: BTreeMap<u64, Unit>,
    pub(super) children: BTreeMap<u64, Vec<u64>>,
    roles: BTreeMap<u64, Vec<Role>>,
    holders: BTreeMap<u64, Vec<Assignment>>,
    names: Names<'s>,
    /// What units and roles lack, beside their line.
    warnings: BTreeMap<(u64, u64), Vec<String>>,
}

impl<'s> Forest<'s> {
    /// Reads so many levels below a unit; one that was not there then is a usage error.
    pub(super) async fn read(view: &'s View<'s>, top: u64, depth: u32) -> Result<Forest<'s>> {
        let mut forest = Forest {
            view,
            units: BTreeMap::new(),
            children: BTreeMap::new(),
            roles: BTreeMap::new(),
            holders: BTreeMap::new(),
            names: Names::new(view),
            warnings: BTreeMap::new(),
        };
        let mut level = vec![top];
        let mut placed = BTreeSet::from([top]);
        for below in 0..=UNIT_DEPTH_MAX {
            let units = view.get_all::<Unit>(&level).await?;
            forest
                .units
                .extend(units.into_iter().flatten().map(|unit| (unit.number, unit)));
            if level.is_empty() || below == depth as usize {
                break;
            }
            let mut children = view.lists(List::Children, &level).await?;
            keep_first(&mut children, &mut placed);
            let next = children.concat();
            forest.children.extend(std::iter::zip(level, children));
            level = next;
        }
        if forest.units.contains_key(&top) {
            Ok(forest)
        } else {
            Err(usage(format!("u{top} was not there then")))
        }
    }

    async fn read_roles(&mut self) -> Result<()> {
        let units: Vec<u64> = self.units.keys().copied().collect();
        let lists = self.view.lists(List::Roles, &units).await?;
        let numbers = lists.concat();
        for role in self.view.existing::<Role>(&numbers).await? {
            self.roles.entry(role.unit).or_default().push(role);
        }
        let held: Vec<Assignment> = self.view.listed(List::Holders, &numbers).await?;
        self.names
            .load_members(held.iter().map(|one| one.member))
            .await?;
        for one in held {
            self.holders.entry(one.role).or_default().push(one);
        }
        Ok(())
    }

    async fn read_health(&mut self, top: u64) -> Result<()> {
        let (session, at) = (self.view.session(), self.view.at());
        let answer = session.health(top, true, health::WITHIN, at).await?;
        let names = health::names_of(self.view, &answer.warnings).await?;
        for warning in &answer.warnings {
            let about = (warning.unit, warning.role);
            let words = health::words(warning, &names);
            self.warnings.entry(about).or_default().push(words);
        }
        Ok(())
    }

    /// The warnings about a unit (role 0) or a role, as they stand behind its line.
    fn warned(&self, unit: u64, role: u64) -> String {
        let yellow = anstyle::AnsiColor::Yellow.on_default();
        match self.warnings.get(&(unit, role)) {
            Some(words) => format!("  {yellow}! {}{yellow:#}", visible(&words.join("; "))),
            None => String::new(),
        }
    }

    fn drawn(&self, top: u64) -> String {
        let mut text = self.heading(top);
        text.push('\n');
        self.draw_below(top, "", &mut text);
        text
    }

    fn draw_below(&self, unit: u64, margin: &str, text: &mut String) {
        let children = self.children.get(&unit).map_or(&[][..], Vec::as_slice);
        let roles = self.roles.get(&unit).map_or(&[][..], Vec::as_slice);
        let count = roles.len() + children.len();
        for (index, role) in roles.iter().enumerate() {
            let branch = if index + 1 == count {
                "└─ "
            } else {
                "├─ "
            };
            text.push_str(&format!("{margin}{branch}{}\n", self.role(role)));
        }
        for (index, child) in children.iter().enumerate() {
            let is_last = roles.len() + index + 1 == count;
            let (branch, deeper) = if is_last {
                ("└─ ", "   ")
            } else {
                ("├─ ", "│  ")
            };
            text.push_str(&format!("{margin}{branch}{}\n", self.heading(*child)));
            self.draw_below(*child, &format!("{margin}{deeper}"), text);
        }
    }

    fn heading(&self, number: u64) -> String {
        let bold = anstyle::Style::new().bold();
        let letter = lettered(ObjectKind::Unit, number);
        let Some(unit) = self.units.get(&number) else {
            return letter;
        };
        let kind = word::word(unit.kind());
        let label = match unit.label.as_str() {
            "" => String::new(),
            label => format!(" ({label})"),
        };
        let warned = self.warned(number, 0);
        format!(
            "{bold}{}{bold:#} {letter} {kind}{}{warned}",
            visible(&unit.handle),
            visible(&label)
        )
    }

    fn role(&self, role: &Role) -> String {
        let letter = lettered(ObjectKind::Role, role.number);
        let holders = self
            .holders
            .get(&role.number)
            .map_or(&[][..], Vec::as_slice);
        let names: Vec<String> = holders
            .iter()
            .map(|one| self.names.shown(ObjectKind::Member, one.member))
            .collect();
        let (handle, warned) = (visible(&role.handle), self.warned(role.unit, role.number));
        if names.is_empty() {
            let dim = anstyle::Style::new().dimmed();
            format!("#{handle} {letter}: {dim}vacant{dim:#}{warned}")
        } else {
            format!("#{handle} {letter}: {}{warned}", names.join(", "))
        }
    }

    fn json(&self, number: u64) -> Value {
        let Some(unit) = self.units.get(&number) else {
            return Value::Null;
        };
        let roles = self.roles.get(&number).map_or(&[][..], Vec::as_slice);
        let children = self.children.get(&number).map_or(&[][..], Vec::as_slice);
        let roles: Vec<Value> = roles
            .iter()
            .map(|role| {
                let holders = self
                    .holders
                    .get(&role.number)
                    .map_or(&[][..], Vec::as_slice);
                json!({
                    "role": lettered(ObjectKind::Role, role.number),
                    "handle": role.handle,
                    "external_id": role.external_id,
                    "holders": holders.iter().map(|one| json!({
                        "assignment": lettered(ObjectKind::Assignment, one.number),
                        "member": lettered(ObjectKind::Member, one.member),
                        "handle": self.names.member(one.member),
                        "external_id": self.names.external_id(one.member),
                    })).collect::<Vec<_>>(),
                })
            })
            .collect();
        json!({
            "unit": lettered(ObjectKind::Unit, number),
            "handle": unit.handle,
            "kind": word::word(unit.kind()),
            "label": unit.label,
            "external_id": unit.external_id,
            "roles": roles,
            "units": children.iter().map(|child| self.json(*child)).collect::<Vec<_>>(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_that_is_told_below_itself_stands_in_one_place() {
        let mut placed = BTreeSet::from([1]);
        let mut children = [vec![2, 1, 3, 2], vec![3, 4]];
        keep_first(&mut children, &mut placed);
        assert_eq!(children, [vec![2, 3], vec![4]]);
    }
}
