//! Limits of a grant in words: `500.00 EUR` a transfer, `5000.00 EUR per month`, `2000.00 EUR per 30 days`.

use polity_client::Result;
use polity_client::session::period_words;
use polity_client::v1::{Asset, PeriodKind, PeriodLimit};

use crate::amount;
use crate::context::Context;
use crate::failure::usage;

/// Limits as an action carries them, and the asset that they speak of.
#[derive(Default)]
pub struct Limits {
    /// At most so much a transfer; empty: any.
    pub per_transfer: Vec<u8>,
    /// At most so much a period.
    pub per_period: Option<PeriodLimit>,
    /// The asset of the amounts.
    pub asset: Option<Asset>,
}

impl Context {
    /// Reads limits; all amounts speak of one asset.
    pub async fn limits(
        &self,
        per_transfer: Option<&str>,
        per_period: Option<&str>,
    ) -> Result<Limits> {
        let session = self.session().await?;
        let mut limits = Limits::default();
        if let Some(text) = per_transfer {
            let (amount, asset) = amount::read(session, text).await?;
            limits.per_transfer = amount::filled(amount)?;
            limits.asset = Some(asset);
        }
        if let Some(text) = per_period {
            let (words, kind, days) = split(text)?;
            let (amount, asset) = amount::read(session, words).await?;
            let other = limits.asset.replace(asset.clone());
            if other.is_some_and(|other| other.number != asset.number) {
                return Err(usage("a grant's limits speak of one asset"));
            }
            limits.per_period = Some(PeriodLimit {
                kind: kind as i32,
                days,
                amount: amount::filled(amount)?,
            });
        }
        Ok(limits)
    }
}

/// A limit per period in words.
pub fn shown(limit: &PeriodLimit, asset: &Asset) -> Result<String> {
    let amount = amount::shown(amount::counted(&limit.amount)?, asset);
    Ok(amount + &period_words(limit))
}

fn split(text: &str) -> Result<(&str, PeriodKind, u32)> {
    let wrong = || {
        usage(format!(
            "a limit per period is written '5000.00 EUR per month' or '2000.00 EUR per 30 days', in quotes, not '{text}'"
        ))
    };
    let (amount, period) = text.split_once(" per ").ok_or_else(wrong)?;
    if period.trim() == "month" {
        return Ok((amount, PeriodKind::CalendarMonth, 0));
    }
    let days = period.trim().strip_suffix("days").ok_or_else(wrong)?.trim();
    let days = days.parse().map_err(|_| wrong())?;
    Ok((amount, PeriodKind::RollingDays, days))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_a_month_or_so_many_days() {
        let month = split("5000.00 EUR per month").expect("a month");
        assert_eq!(month, ("5000.00 EUR", PeriodKind::CalendarMonth, 0));
        let days = split("2000 EUR per 30 days").expect("days");
        assert_eq!(days, ("2000 EUR", PeriodKind::RollingDays, 30));
        for text in [
            "",
            "5000 EUR",
            "5000 EUR per year",
            "5000 EUR per days",
            "5000 EUR per -3 days",
        ] {
            assert!(split(text).is_err(), "{text}");
        }
    }
}
