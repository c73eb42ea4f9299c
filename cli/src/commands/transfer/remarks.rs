//! How what the payer stated beside a transfer is told.

use polity_client::session::Remarks;
use polity_client::v1::ObjectKind;
use serde_json::Value;

use crate::{digits, names, time};

/// Puts it into the JSON of a transfer.
pub(super) fn tell(remarks: &Remarks, json: &mut Value) {
    json["line"] = names::json(ObjectKind::BudgetLine, remarks.line);
    json["reference"] = remarks.reference.clone().into();
    json["document"] = digits::json(&remarks.document);
    json["value_date"] = time::json(remarks.value_date);
}

/// The lines that tell it; what was not stated is empty.
pub(super) fn lines(remarks: &Remarks) -> [(&'static str, String); 4] {
    [
        ("line", names::letter(ObjectKind::BudgetLine, remarks.line)),
        ("reference", remarks.reference.clone()),
        ("document", hex::encode(&remarks.document)),
        ("value date", time::shown(remarks.value_date)),
    ]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_payer_stated_is_told_whole() {
        let remarks = Remarks {
            line: 2,
            reference: "INV-9".into(),
            document: vec![7; 32],
            value_date: 86_400,
        };
        let mut json = json!({});
        tell(&remarks, &mut json);
        let expected = json!({
            "line": "b2",
            "reference": "INV-9",
            "document": "07".repeat(32),
            "value_date": "1970-01-02T00:00:00Z",
        });
        assert_eq!(json, expected);
        let lines = lines(&remarks).map(|(_, value)| value);
        assert!(lines.contains(&"07".repeat(32)), "{lines:?}");
    }
}
