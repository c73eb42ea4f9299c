//! Files of other systems: what a finance team or a registry of people exports.

use std::collections::BTreeMap;

use polity_client::import::budget::mapping::Mapping;
use polity_client::import::budget::plan::BudgetPlan;
use polity_client::import::budget::table::{self, Row};
use polity_client::import::events;
use polity_client::import::story::{Deed, Story, Thing, ThingIndex};
use polity_client::{Error, ErrorKind};
use polity_ledger::Amount;
use polity_tests::fuzz::{Form, Outcome};

/// Decimals of the asset in which the amounts are.
const SCALE: u32 = 2;

const MAPPING: &str = r#"
asset = "EUR"
fiscal_month = 10
[columns]
unit = "department"
parent = "above"
period = "year"
amount = "budget"
category = "purpose"
"#;

const TABLES: [&str; 2] = [
    "year,department,above,purpose,budget\n\
     2024,Health,,research,34.50\n\
     2024,Institutes,Health,research,32.25\n\
     2025,Health,,research,35.00\n\
     2025,Institutes,Health,research,35.00\n\
     2025,Energy,,travel,0\n",
    "\u{feff}purpose,department,budget,remark,above,year\r\n\
     \"tools, new\",Platform, 120.00 ,\"said \"\"soon\"\"\",,2026-q1\r\n\
     \"tools, new\",API,60.00,,Platform,2026-q1\r\n\
     \"tools, new\",Web,59.99,,Platform,2026-q1\r\n",
];

const EVENTS: &str = r#"{"n":1,"at":"2018-11-04T20:28:43Z","type":"unit_created","unit":"core","kind":"team","parent":null}
{"n":2,"at":"2018-11-04T20:28:43Z","type":"unit_created","unit":"wg","kind":"group","parent":"core"}
{"n":3,"at":"2018-11-04T20:28:43Z","type":"member_added","member":"ada"}
{"n":4,"at":"2018-11-05T00:00:00Z","type":"assigned","unit":"wg","role":"lead","member":"ada"}
{"n":5,"at":"2018-11-06T00:00:00Z","type":"unit_moved","unit":"wg","parent":null}
{"n":6,"at":"2018-11-07T00:00:00Z","type":"unassigned","unit":"wg","role":"lead","member":"ada"}
{"n":7,"at":"2018-11-08T00:00:00Z","type":"unit_dissolved","unit":"wg"}
{"n":8,"at":"2018-11-09T00:00:00Z","type":"unit_created","unit":"wg","kind":"group","parent":"core"}
{"n":9,"at":"2018-11-09T00:00:00Z","type":"assigned","unit":"wg","role":"lead","member":"ada"}
"#;

/// A table of budgets that is accepted says one thing: written plainly and read again, it is the same,
/// and no unit passes on more than it has.
#[test]
fn budget_tables() {
    let mapping = Mapping::parse(MAPPING).expect("the mapping is good");
    let read = |bytes: &[u8]| {
        let rows = table::parse(bytes, &mapping, SCALE)?;
        BudgetPlan::of(rows, &mapping)
    };
    let corpus = TABLES.map(|table| table.as_bytes().to_vec());
    crate::check("budget_tables", Form::Text, &corpus, 10_000, |bytes| {
        let plan = match read(bytes) {
            Ok(plan) => plan,
            Err(error) => return refused(&error),
        };
        let again = read(plainly(&plan.rows).as_bytes()).map_err(|error| error.to_string())?;
        if !again.rows.iter().map(said).eq(plan.rows.iter().map(said)) {
            return Err("what was read is not what it says when it is written plainly".into());
        }
        is_funded(&plan).map(|()| Outcome::Accepted)
    });
}

/// A mapping that is accepted names columns of a table, or the table is refused.
#[test]
fn mappings() {
    let corpus = [MAPPING.as_bytes().to_vec()];
    crate::check("mappings", Form::Text, &corpus, 5_000, |bytes| {
        let Ok(text) = std::str::from_utf8(bytes) else {
            return Ok(Outcome::Refused);
        };
        let mapping = match Mapping::parse(text) {
            Ok(mapping) => mapping,
            Err(error) => return refused(&error),
        };
        for table in TABLES {
            if let Err(error) = table::parse(table.as_bytes(), &mapping, SCALE) {
                refused(&error)?;
            }
        }
        Ok(Outcome::Accepted)
    });
}

/// A file of events that is accepted is a story in order: nothing is used before it came to be, or
/// after its end.
#[test]
fn event_files() {
    let corpus = [EVENTS.as_bytes().to_vec()];
    crate::check("event_files", Form::Text, &corpus, 10_000, |bytes| {
        let story = events::parse(bytes).and_then(|events| Story::of(&events));
        match story {
            Ok(story) => is_in_order(&story).map(|()| Outcome::Accepted),
            Err(error) => refused(&error),
        }
    });
}

/// A file is refused as what it is: a mistake of whoever gave it, in words.
fn refused(error: &Error) -> Result<Outcome, String> {
    if error.kind() == ErrorKind::Usage && !error.to_string().is_empty() {
        Ok(Outcome::Refused)
    } else {
        Err(format!("a bad file is told as {:?}: {error}", error.kind()))
    }
}

/// What a row says, wherever it stands.
fn said(row: &Row) -> (&str, Option<&str>, &str, &str, Amount) {
    (
        &row.unit,
        row.parent.as_deref(),
        &row.period_name,
        &row.category,
        row.amount,
    )
}

/// Rows as a table with every field in quotes.
fn plainly(rows: &[Row]) -> String {
    let mut text = String::from("year,department,above,purpose,budget\n");
    for row in rows {
        let (unit, parent, period, category, amount) = said(row);
        let cents = amount.0 % 100;
        let fields = [
            period.to_owned(),
            unit.to_owned(),
            parent.unwrap_or_default().to_owned(),
            category.to_owned(),
            format!("{}.{cents:02}", amount.0 / 100),
        ];
        let quoted = fields.map(|field| format!("\"{}\"", field.replace('"', "\"\"")));
        text.push_str(&quoted.join(","));
        text.push('\n');
    }
    text
}

/// Whether each row's money is there before it is passed on, and is passed on once.
fn is_funded(plan: &BudgetPlan) -> Result<(), String> {
    let mut left: BTreeMap<(&str, &str, &str), u128> = BTreeMap::new();
    for row in &plan.rows {
        let (unit, parent, period, category, amount) = said(row);
        if let Some(parent) = parent {
            let funds = left.get_mut(&(parent, period, category));
            let funds = funds.ok_or_else(|| format!("{unit} comes before {parent}"))?;
            *funds = funds
                .checked_sub(amount.0)
                .ok_or_else(|| format!("{parent} passes on more than it has"))?;
        }
        if left.insert((unit, period, category), amount.0).is_some() {
            return Err(format!("{unit} has one share twice"));
        }
    }
    Ok(())
}

/// Whether each step is about what is there then.
fn is_in_order(story: &Story) -> Result<(), String> {
    let mut lives = vec![false; story.things.len()];
    for step in &story.steps {
        let needed: Vec<ThingIndex> = match step.deed {
            Deed::CreateUnit { parent, .. } => parent.into_iter().collect(),
            Deed::MoveUnit { unit, parent } => parent.into_iter().chain([unit]).collect(),
            Deed::DissolveUnit { unit } => vec![unit],
            Deed::CreateRole { role } => of_what(&story.things[role]),
            Deed::ImportMember { .. } => Vec::new(),
            Deed::Assign { assignment } => of_what(&story.things[assignment]),
            Deed::Revoke { assignment } => vec![assignment],
        };
        if let Some(thing) = needed.iter().find(|thing| !lives[**thing]) {
            return Err(format!("{:?} is about {:?}", step, story.things[*thing]));
        }
        match step.deed {
            Deed::DissolveUnit { unit: ended } | Deed::Revoke { assignment: ended } => {
                lives[ended] = false;
            }
            created => {
                if let Some(created) = created.creates() {
                    lives[created] = true;
                }
            }
        }
    }
    Ok(())
}

/// What a thing hangs from.
fn of_what(thing: &Thing) -> Vec<ThingIndex> {
    match thing {
        Thing::Unit { .. } | Thing::Member { .. } => Vec::new(),
        Thing::Role { unit, .. } => vec![*unit],
        Thing::Assignment { role, member } => vec![*role, *member],
    }
}
