use super::super::plan::BudgetPlan;
use super::*;

const HEADING: &str = "year,department,parent,budget";

fn mapping() -> Mapping {
    Mapping::parse(
        "asset = \"USD\"\ncategory = \"research\"\nfiscal_month = 10\n\
         [columns]\nunit = \"department\"\nparent = \"parent\"\nperiod = \"year\"\namount = \"budget\"\n",
    )
    .expect("a mapping")
}

fn plan(bytes: &[u8]) -> Result<BudgetPlan> {
    let mapping = mapping();
    BudgetPlan::of(parse(bytes, &mapping, 2)?, &mapping)
}

#[test]
fn a_table_reads_to_the_cent_with_parents_first() {
    let text = format!("{HEADING}\n2012,NIH,HHS,32.50\n2012,HHS,,34\n2012,DOD,,0.01\n");
    let plan = plan(text.as_bytes()).expect("reads");
    let told: Vec<(&str, u128, u64)> = plan
        .rows
        .iter()
        .map(|row| (row.unit.as_str(), row.amount.0, row.row))
        .collect();
    assert_eq!(told, [("HHS", 3_400, 3), ("DOD", 1, 4), ("NIH", 3_250, 2)]);
    assert_eq!(plan.units.len(), 3);
    assert_eq!(plan.units[2], ("NIH".into(), Some("HHS".into())));
    assert_eq!(plan.rows[0].account(&mapping()), "fy2012");
    assert_eq!(plan.rows[0].period.from, 1_317_427_200);
}

#[test]
fn what_spreadsheets_do_to_a_file_is_accepted() {
    let plain = format!("{HEADING}\n2012,HHS,,34.00\n2013,HHS,,35.00\n");
    let expected = plan(plain.as_bytes()).expect("reads");
    let windows = plain.replace('\n', "\r\n");
    let quoted = plain.replace("HHS", "\"HHS\"").replace("34.00", " 34.00 ");
    let moved = "budget,department,remark,parent,year\n34.00,HHS,\"a, b\",,2012\n35.00,HHS,,,2013";
    for text in [
        windows.as_str(),
        &format!("\u{feff}{windows}"),
        &quoted,
        moved,
        plain.trim_end(),
    ] {
        assert_eq!(plan(text.as_bytes()).expect(text), expected, "{text}");
    }
}

#[test]
fn a_column_can_say_the_category_and_another_separator_stand_between() {
    let mapping = Mapping::parse(
        "asset = \"EUR\"\nseparator = \";\"\n\
         [columns]\nunit = \"u\"\nperiod = \"p\"\namount = \"a\"\ncategory = \"c\"\n",
    )
    .expect("a mapping");
    let rows = parse(b"u;p;c;a\nDev;2026-q1;Travel;10.00\n", &mapping, 2).expect("reads");
    assert_eq!(rows[0].category, "travel");
    assert_eq!(rows[0].account(&mapping), "2026-q1-travel");
}

/// A bad table, and what is said about it.
const BAD: &[(&str, &str)] = &[
    ("", "row 1: column department is missing"),
    ("year,department,parent,budget\n", "the table has no rows"),
    (
        "year,department,parent\n2012,HHS,\n",
        "row 1: column budget is missing",
    ),
    (
        "year,year,department,parent,budget\n",
        "row 1: column year is there twice",
    ),
    (
        "{H}\n2012,HHS,34\n",
        "row 2: has 3 fields, the heading has 4",
    ),
    (
        "{H}\n2012,HHS,,1,000\n",
        "row 2: has 5 fields, the heading has 4",
    ),
    ("{H}\n2012,HHS,,\n", "row 2, column budget: an amount is"),
    (
        "{H}\n2012,HHS,,much\n",
        "row 2, column budget: an amount is",
    ),
    ("{H}\n2012,HHS,,-5\n", "row 2, column budget: an amount is"),
    ("{H}\n2012,HHS,,1e9\n", "row 2, column budget: an amount is"),
    ("{H}\n2012,HHS,,$5\n", "row 2, column budget: an amount is"),
    (
        "{H}\n2012,HHS,,\"1,000\"\n",
        "row 2, column budget: an amount is",
    ),
    (
        "{H}\n2012,HHS,,5\n2013,HHS,,5.001\n",
        "row 3, column budget: 5.001 has more decimals",
    ),
    (
        "{H}\n2012,HHS,,999999999999999999999999999999999999999\n",
        "row 2, column budget: 999999999999999999999999999999999999999 is too large",
    ),
    ("{H}\n2012,,,5\n", "row 2, column department: is empty"),
    (
        "{H}\n2012,Gesundheitsbehörde,,5\n",
        "row 2, column department: \"Gesundheitsbehörde\" is not a name",
    ),
    (
        "{H}\n12,HHS,,5\n",
        "row 2, column year: a period is written",
    ),
    (
        "{H}\n2012,HHS,,5\n\n,HHS,,5\n",
        "row 4, column year: a period",
    ),
    (
        "{H}\n2012,NIH,HHS,5\n",
        "row 2, column parent: the table has no unit HHS",
    ),
    (
        "{H}\n2013,HHS,,5\n2012,NIH,HHS,5\n",
        "row 3, column parent: HHS has no row for fy2012",
    ),
    (
        "{H}\n2012,HHS,,5\n2012,NIH,HHS,4\n2013,HHS,,5\n2013,NIH,,4\n",
        "row 5, column parent: NIH stands elsewhere in row 3",
    ),
    (
        "{H}\n2012,HHS,NIH,5\n2012,NIH,HHS,5\n",
        "row 2, column parent: HHS would stand below itself",
    ),
    (
        "{H}\n2012,HHS,HHS,5\n",
        "row 2, column parent: HHS would stand below itself",
    ),
    (
        "{H}\n2012,HHS,,5\n2012,NIH,HHS,3\n2012,CDC,HHS,3\n",
        "row 4, column budget: the units below HHS get more than it has",
    ),
    (
        "{H}\n2012,HHS,,5\n2013,HHS,,5\n2012,HHS,,6\n",
        "row 4, column department: HHS fy2012 research stands in row 2 already",
    ),
];

#[test]
fn a_bad_table_is_refused_by_row_and_column() {
    for (text, expected) in BAD {
        let text = text.replace("{H}", HEADING);
        let refused = plan(text.as_bytes()).expect_err(&text);
        assert_eq!(refused.kind(), crate::ErrorKind::Usage, "{text}");
        assert!(refused.to_string().contains(expected), "{text}: {refused}");
    }
}

#[test]
fn what_is_no_text_or_too_much_is_refused() {
    let mut latin = format!("{HEADING}\n2012,HHS,,5\n2012,").into_bytes();
    latin.extend([0xe4, b',', b',', b'5']);
    let refused = plan(&latin).expect_err("not UTF-8");
    assert_eq!(refused.to_string(), "row 3: is not UTF-8 text");

    let mut many = String::from(HEADING);
    for number in 0..=ROWS_MAX {
        many.push_str(&format!("\n2012,u{number},,1"));
    }
    let refused = plan(many.as_bytes()).expect_err("too many rows");
    assert!(refused.to_string().contains("at most 50000 rows"));

    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("huge.csv");
    let file = std::fs::File::create(&path).expect("a file");
    file.set_len(FILE_BYTES_MAX + 1).expect("a long file");
    let refused = read(&path, &mapping(), 2).expect_err("too large");
    let cause = std::error::Error::source(&refused).expect("a cause");
    assert_eq!(cause.to_string(), "larger than 16 MiB");
    let missing = read(&directory.path().join("none"), &mapping(), 2);
    assert!(missing.is_err());
}
