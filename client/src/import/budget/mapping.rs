//! How the columns of a table are to be read.

use std::path::Path;

use polity_proto::v1::UnitKind;
use serde::Deserialize;

use crate::{Error, Result, files};

/// No mapping is longer.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// A mapping, as a TOML file says it. Unknown keys are errors.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// Code of the asset in which the amounts are.
    pub asset: String,
    /// What the money is for, where no column says.
    pub category: Option<String>,
    /// The month in which a fiscal year begins: a bare year is then a fiscal one.
    pub fiscal_month: Option<u32>,
    /// Kind of the units that are created: `department` where nothing is said.
    pub kind: Option<String>,
    /// Whether lines refuse what exceeds them.
    #[serde(default)]
    pub hard: bool,
    /// What stands between two fields: a comma where nothing is said.
    pub separator: Option<char>,
    /// The columns' headings.
    pub columns: Columns,
}

/// The headings of the columns.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Columns {
    /// The unit's name.
    pub unit: String,
    /// The name of the unit that it stands below and is funded from; an empty field is the top.
    pub parent: Option<String>,
    /// The period: `2026`, `2026-q3`, `fy2026`.
    pub period: String,
    /// The amount, without grouping.
    pub amount: String,
    /// What the money is for.
    pub category: Option<String>,
}

impl Mapping {
    /// Reads a mapping from a file.
    pub fn read(path: &Path) -> Result<Mapping> {
        let text = files::read_text(path, FILE_BYTES_MAX).map_err(|error| {
            Error::usage(format!("{} cannot be read", path.display())).with_source(error)
        })?;
        Mapping::parse(&text).map_err(|error| {
            Error::usage(format!("{} is no mapping", path.display())).with_source(error)
        })
    }

    /// Reads a mapping.
    pub fn parse(text: &str) -> Result<Mapping> {
        let mapping: Mapping =
            toml::from_str(text).map_err(|error| Error::usage(error.to_string().trim_end()))?;
        if mapping.category.is_some() == mapping.columns.category.is_some() {
            return Err(Error::usage(
                "give a category, or the column that holds it: one of the two",
            ));
        }
        if mapping
            .fiscal_month
            .is_some_and(|month| !(1..=12).contains(&month))
        {
            return Err(Error::usage("fiscal_month is a month from 1 to 12"));
        }
        if mapping.separator.is_some_and(|one| !one.is_ascii()) {
            return Err(Error::usage("separator is one ASCII character"));
        }
        mapping.unit_kind()?;
        Ok(mapping)
    }

    /// The kind of the units that are created.
    pub fn unit_kind(&self) -> Result<UnitKind> {
        let word = self.kind.as_deref().unwrap_or("department");
        let name = format!("UNIT_KIND_{}", word.to_ascii_uppercase());
        UnitKind::from_str_name(&name)
            .filter(|kind| *kind != UnitKind::None)
            .ok_or_else(|| Error::usage(format!("{word} is no kind of unit")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &str = "[columns]\nunit = \"a\"\nperiod = \"b\"\namount = \"c\"\n";

    #[test]
    fn a_mapping_says_what_it_must_and_no_more() {
        let good = format!("asset = \"EUR\"\ncategory = \"all\"\n{COLUMNS}");
        let mapping = Mapping::parse(&good).expect("a mapping");
        assert_eq!(mapping.unit_kind().expect("a kind"), UnitKind::Department);
        assert!(!mapping.hard);

        let table = [
            (String::new(), "missing field"),
            (format!("asset = \"EUR\"\n{COLUMNS}"), "one of the two"),
            (format!("{good}category = \"d\"\n"), "one of the two"),
            (format!("colour = 1\n{good}"), "unknown field"),
            (format!("{good}colour = 1\n"), "unknown field"),
            (format!("fiscal_month = 13\n{good}"), "from 1 to 12"),
            (format!("kind = \"gang\"\n{good}"), "gang is no kind"),
            (format!("kind = \"none\"\n{good}"), "none is no kind"),
            (format!("separator = \"é\"\n{good}"), "one ASCII character"),
            (format!("separator = \";;\"\n{good}"), "character"),
        ];
        for (text, expected) in table {
            let error = Mapping::parse(&text).expect_err(&text);
            let words = error.to_string();
            assert!(words.contains(expected), "{text}: {words}");
            // Whoever tells the causes too says it once.
            assert!(std::error::Error::source(&error).is_none(), "{words}");
        }
    }
}
