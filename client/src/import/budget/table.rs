//! Reads the table. A bad row refuses the whole file, by its row, as a spreadsheet counts, and its column.

use std::collections::BTreeMap;
use std::path::Path;

use csv::StringRecord;
use polity_ledger::{Amount, form};

use super::super::handles::slug;
use super::mapping::Mapping;
use crate::period::{self, Period};
use crate::{Error, Result, amount, files};

/// No table is larger, in bytes.
const FILE_BYTES_MAX: u64 = 16 << 20;
/// No table has more rows.
const ROWS_MAX: usize = 50_000;
const BYTE_ORDER_MARK: &[u8] = &[0xef, 0xbb, 0xbf];

/// What one row says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Where it stands, the heading being row 1.
    pub row: u64,
    /// The unit's name.
    pub unit: String,
    /// The name of the unit that funds it; none: it is funded from outside of the table.
    pub parent: Option<String>,
    /// The period.
    pub period: Period,
    /// How the period is called: `fy2012`.
    pub period_name: String,
    /// What the money is for.
    pub category: String,
    /// How much.
    pub amount: Amount,
}

/// Reads a file. `scale` is how many decimals the asset has.
pub fn read(path: &Path, mapping: &Mapping, scale: u32) -> Result<Vec<Row>> {
    let bytes = files::read(path, FILE_BYTES_MAX).map_err(|error| {
        Error::usage(format!("{} cannot be read", path.display())).with_source(error)
    })?;
    parse(&bytes, mapping, scale)
}

/// Reads a table from bytes.
pub fn parse(bytes: &[u8], mapping: &Mapping, scale: u32) -> Result<Vec<Row>> {
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = &bytes[..error.valid_up_to()];
        let row = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        Error::usage(format!("row {row}: is not UTF-8 text"))
    })?;
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(mapping.separator.map_or(b',', |one| one as u8))
        .flexible(true)
        .from_reader(text.as_bytes());
    let headings = reader.headers().map_err(malformed)?.clone();
    let places = Places::of(&headings, mapping)?;

    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(malformed)?;
        let row = row_of(text, &record);
        if record.len() != headings.len() {
            return Err(Error::usage(format!(
                "row {row}: has {} fields, the heading has {}",
                record.len(),
                headings.len()
            )));
        }
        if rows.len() == ROWS_MAX {
            return Err(Error::usage(format!(
                "row {row}: a table has at most {ROWS_MAX} rows"
            )));
        }
        rows.push(places.row(row, &record, mapping, scale)?);
    }
    if rows.is_empty() {
        return Err(Error::usage("the table has no rows below its heading"));
    }
    Ok(rows)
}

/// The line in which a record begins. `csv` says where it began to look: the rest of a line break, and empty lines, may
/// lie between.
fn row_of(text: &str, record: &StringRecord) -> u64 {
    let Some(position) = record.position() else {
        return 0;
    };
    let ahead = &text.as_bytes()[position.byte() as usize..];
    let breaks = ahead
        .iter()
        .take_while(|byte| matches!(byte, b'\r' | b'\n'));
    position.line() + breaks.filter(|byte| **byte == b'\n').count() as u64
}

/// What is wrong in a row and a column.
pub(super) fn wrong(row: u64, column: &str, words: impl std::fmt::Display) -> Error {
    Error::usage(format!("row {row}, column {column}: {words}"))
}

/// Where the columns stand.
struct Places {
    unit: usize,
    parent: Option<usize>,
    period: usize,
    amount: usize,
    category: Option<usize>,
}

impl Places {
    fn of(headings: &StringRecord, mapping: &Mapping) -> Result<Places> {
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        for (index, heading) in headings.iter().enumerate() {
            if places.insert(heading.trim(), index).is_some() {
                return Err(Error::usage(format!(
                    "row 1: column {heading} is there twice"
                )));
            }
        }
        let place = |heading: &String| {
            let place = places.get(heading.as_str()).copied();
            place.ok_or_else(|| Error::usage(format!("row 1: column {heading} is missing")))
        };
        let columns = &mapping.columns;
        Ok(Places {
            unit: place(&columns.unit)?,
            parent: columns.parent.as_ref().map(place).transpose()?,
            period: place(&columns.period)?,
            amount: place(&columns.amount)?,
            category: columns.category.as_ref().map(place).transpose()?,
        })
    }

    fn row(&self, row: u64, record: &StringRecord, mapping: &Mapping, scale: u32) -> Result<Row> {
        let field = |place: usize| record.get(place).unwrap_or_default().trim();
        let columns = &mapping.columns;
        let unit = name(field(self.unit)).map_err(|words| wrong(row, &columns.unit, words))?;
        let parent = match (self.parent.map(field), &columns.parent) {
            (None | Some(""), _) | (_, None) => None,
            (Some(text), Some(column)) => {
                Some(name(text).map_err(|words| wrong(row, column, words))?)
            }
        };
        let (period, period_name) = period_of(field(self.period), mapping)
            .map_err(|error| wrong(row, &columns.period, error))?;
        let category = match (self.category.map(field), &columns.category) {
            (Some(text), Some(column)) => {
                slug(&name(text).map_err(|words| wrong(row, column, words))?)
            }
            (None, _) | (_, None) => slug(mapping.category.as_deref().unwrap_or_default()),
        };
        Ok(Row {
            row,
            unit,
            parent,
            period,
            period_name,
            category,
            amount: amount::parse(field(self.amount), scale)
                .map_err(|error| wrong(row, &columns.amount, error))?,
        })
    }
}

impl Row {
    /// Handle of the account that is the row's own. Where the table has categories, it names them.
    #[must_use]
    pub fn account(&self, mapping: &Mapping) -> String {
        match &mapping.columns.category {
            None => slug(&self.period_name),
            Some(_) => slug(&format!("{}-{}", self.period_name, self.category)),
        }
    }
}

/// A bare year is a fiscal year, where the mapping says in which month that begins.
fn period_of(text: &str, mapping: &Mapping) -> Result<(Period, String)> {
    let is_year = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    let name = match mapping.fiscal_month {
        Some(_) if is_year => format!("fy{text}"),
        Some(_) | None => text.to_ascii_lowercase(),
    };
    let period = period::parse(&name, mapping.fiscal_month.unwrap_or(1))?;
    Ok((period, name))
}

fn name(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err("is empty".to_owned());
    }
    if form::external_id(text).is_err() {
        return Err(format!(
            "{text:?} is not a name of 1 to 64 printable ASCII characters"
        ));
    }
    Ok(text.to_owned())
}

fn malformed(error: csv::Error) -> Error {
    let row = error.position().map_or(1, csv::Position::line);
    Error::usage(format!("row {row}: is not as expected")).with_source(error)
}

#[cfg(test)]
mod tests;
