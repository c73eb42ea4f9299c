//! Phrases about value that moves: transfers, holds, corrections and bank records.

use polity_proto::v1::{
    ConfirmExternal, CorrectTransfer, Hold, ObjectKind, PlaceHold, PostHold, RecordExternal, Ref,
    Transfer, TransferKind, VoidHold,
};

use super::super::Words;
use super::super::names::{hash, named, word};
use super::Phrase;
use super::clauses::{hashed, of_kind, until, voucher};
use crate::Result;

impl Words<'_> {
    pub(super) async fn transfer(&self, act: &Transfer) -> Result<Phrase> {
        Ok(("pay", self.payment(act).await?))
    }

    pub(super) async fn place_hold(&self, act: &PlaceHold) -> Result<Phrase> {
        Ok(("reserve", {
            let payment = act.transfer.clone().unwrap_or_default();
            format!("{}{}", self.payment(&payment).await?, until(act.expires_at))
        }))
    }

    pub(super) async fn post_hold(&self, act: &PostHold) -> Result<Phrase> {
        Ok((
            "post",
            if act.amount.is_empty() {
                format!("all of the hold {}", named(ObjectKind::Hold, &act.hold))
            } else {
                format!(
                    "{} of the hold {}",
                    self.held(&act.hold, &act.amount).await?,
                    named(ObjectKind::Hold, &act.hold)
                )
            },
        ))
    }

    pub(super) async fn void_hold(&self, act: &VoidHold) -> Result<Phrase> {
        Ok((
            "void",
            format!("the hold {}", named(ObjectKind::Hold, &act.hold)),
        ))
    }

    pub(super) async fn correct_transfer(&self, act: &CorrectTransfer) -> Result<Phrase> {
        Ok((
            "give",
            format!(
                "back {} of the transfer t{} from {}{}",
                self.amount_in(&act.account, &act.amount).await?,
                act.transfer,
                self.account_of(&act.account).await?,
                hashed("document", &act.document)
            ),
        ))
    }

    pub(super) async fn record_external(&self, act: &RecordExternal) -> Result<Phrase> {
        Ok((
            "record",
            format!(
                "{} from {} to {} by the bank statement {}{}; it counts when another person confirms",
                self.amount_in(&act.from, &act.amount).await?,
                self.account_of(&act.from).await?,
                self.account_of(&act.to).await?,
                hash(&act.statement),
                voucher(&act.reference, &[], act.value_date)
            ),
        ))
    }

    pub(super) async fn confirm_external(&self, act: &ConfirmExternal) -> Result<Phrase> {
        Ok((
            "confirm",
            format!(
                "the bank record {} by the bank statement {}",
                named(ObjectKind::Hold, &act.hold),
                hash(&act.statement)
            ),
        ))
    }

    async fn payment(&self, act: &Transfer) -> Result<String> {
        Ok(format!(
            "{} from {} to {}{}{}{}",
            self.amount_in(&act.from, &act.amount).await?,
            self.account_of(&act.from).await?,
            self.account_of(&act.to).await?,
            self.on_line(&act.line).await?,
            match act.kind() {
                // "Pay" says it.
                TransferKind::Payment => String::new(),
                kind => of_kind(&word(kind.as_str_name(), "TRANSFER_KIND_")),
            },
            voucher(&act.reference, &act.document, act.value_date)
        ))
    }

    async fn held(&self, hold: &Option<Ref>, amount: &[u8]) -> Result<String> {
        let number = hold
            .filter(|hold| hold.new == 0)
            .map_or(0, |hold| hold.number);
        let from = match self.object::<Hold>(number).await? {
            Some(hold) => hold.from,
            None => 0,
        };
        let account = Ref {
            number: from,
            new: 0,
        };
        self.amount_in(&Some(account), amount).await
    }
}
