//! What accounts, lines and sums are expected to have.

use polity_ledger::Amount;
use polity_ledger::state::objects;
use polity_proto::v1::{Account, ObjectKind};

use super::Scene;
use crate::scenario::text::Words;
use crate::scenario::trouble::{Outcome, trouble};

impl Scene<'_> {
    /// `= [-]AMOUNT CODE`.
    pub(super) fn amount(&self, found: i128, words: &mut Words) -> Outcome<()> {
        words.need("=")?;
        let word = words.word("amount")?;
        let code = words.word("asset")?;
        let plain = word.strip_prefix('-').unwrap_or(&word);
        let units = self.lookup.minor_units(plain, &code)? as i128;
        let expected = if plain == word { units } else { -units };
        if found == expected {
            Ok(())
        } else {
            let shown = self.shown(found, &code);
            trouble(format!("it is {shown} {code}"))
        }
    }

    fn shown(&self, units: i128, code: &str) -> String {
        let scale = self.lookup.names.scales.get(code).copied().unwrap_or(0);
        let unit = 10_u128.pow(scale);
        let sign = if units < 0 { "-" } else { "" };
        let whole = units.unsigned_abs() / unit;
        let rest = units.unsigned_abs() % unit;
        match scale {
            0 => format!("{sign}{whole}"),
            _ => format!("{sign}{whole}.{rest:0width$}", width = scale as usize),
        }
    }

    /// `sum of all EUR = 0.00 EUR`: over every account, issuance included.
    pub(super) fn sum(&mut self, words: &mut Words) -> Outcome<()> {
        let asset = self.number(ObjectKind::Asset, words)?;
        let accounts =
            (1..).map_while(|number| objects::get::<Account>(&self.told.memory.state, number));
        let of = |bytes: &[u8]| Amount::from_state(bytes).0 as i128;
        let sum = accounts
            .filter(|account| account.asset == asset)
            .map(|account| of(&account.credits_posted) - of(&account.debits_posted))
            .sum();
        self.amount(sum, words)
    }
}
