//! Phrases about value that moves: transfers, holds, corrections and bank records.

use polity_proto::v1::{
    ConfirmExternal, CorrectTransfer, Hold, ObjectKind, PlaceHold, PostHold, RecordExternal, Ref,
    Transfer, VoidHold,
};

use super::super::Words;
use super::super::names::{hash, named};
use super::Phrase;
use super::clauses::{quoted, until};
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
            match act.amount.is_empty() {
                true => format!("all of the hold {}", named(ObjectKind::Hold, &act.hold)),
                false => format!(
                    "{} of the hold {}",
                    self.held(&act.hold, &act.amount).await?,
                    named(ObjectKind::Hold, &act.hold)
                ),
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
                "back {} of the transfer t{} from {}",
                self.amount_in(&act.account, &act.amount).await?,
                act.transfer,
                self.account_of(&act.account).await?
            ),
        ))
    }

    pub(super) async fn record_external(&self, act: &RecordExternal) -> Result<Phrase> {
        Ok((
            "record",
            format!(
                "{} from {} to {} by the bank statement {}; it counts when another person confirms",
                self.amount_in(&act.from, &act.amount).await?,
                self.account_of(&act.from).await?,
                self.account_of(&act.to).await?,
                hash(&act.statement)
            ),
        ))
    }

    pub(super) async fn confirm_external(&self, act: &ConfirmExternal) -> Result<Phrase> {
        Ok((
            "confirm",
            format!("the bank record {}", named(ObjectKind::Hold, &act.hold)),
        ))
    }

    async fn payment(&self, act: &Transfer) -> Result<String> {
        let mut text = format!(
            "{} from {} to {}{}",
            self.amount_in(&act.from, &act.amount).await?,
            self.account_of(&act.from).await?,
            self.account_of(&act.to).await?,
            self.on_line(&act.line).await?
        );
        if !act.reference.is_empty() {
            text.push_str(&format!(", reference {}", quoted(&act.reference)));
        }
        if !act.document.is_empty() {
            text.push_str(&format!(", document {}", hash(&act.document)));
        }
        Ok(text)
    }

    async fn held(&self, hold: &Option<Ref>, amount: &[u8]) -> Result<String> {
        let number = hold
            .filter(|hold| hold.new == 0)
            .map_or(0, |hold| hold.number);
        let from = match self.session.get::<Hold>(number).await? {
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
