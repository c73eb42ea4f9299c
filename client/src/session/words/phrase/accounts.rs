//! Phrases about assets, accounts and external parties.

use polity_proto::v1::{
    CloseAccount, DefineAsset, FreezeAccount, Issue, OpenAccount, RegisterParty, Retire,
    SetCreditLimit,
};

use super::super::Words;
use super::super::names::word;
use super::Phrase;
use super::clauses::{hashed, of_kind, stating};
use crate::Result;

impl Words<'_> {
    pub(super) async fn define_asset(&self, act: &DefineAsset) -> Result<Phrase> {
        Ok((
            "define",
            format!(
                "the asset {} with {} decimals in {}{}",
                act.code,
                act.scale,
                self.unit_of(&act.unit).await?,
                of_kind(&word(act.kind().as_str_name(), "ASSET_KIND_"))
            ),
        ))
    }

    pub(super) async fn issue(&self, act: &Issue) -> Result<Phrase> {
        Ok((
            "issue",
            format!(
                "{} into {}{}",
                self.amount_in(&act.account, &act.amount).await?,
                self.account_of(&act.account).await?,
                hashed("document", &act.document)
            ),
        ))
    }

    pub(super) async fn retire(&self, act: &Retire) -> Result<Phrase> {
        Ok((
            "retire",
            format!(
                "{} from {}{}",
                self.amount_in(&act.account, &act.amount).await?,
                self.account_of(&act.account).await?,
                hashed("document", &act.document)
            ),
        ))
    }

    pub(super) async fn open_account(&self, act: &OpenAccount) -> Result<Phrase> {
        Ok((
            "open",
            format!(
                "the {} account {} of {}{}",
                self.asset_of(&act.asset).await?,
                act.handle,
                self.owner_of(&act.owner).await?,
                stating("external id", &act.external_id)
            ),
        ))
    }

    pub(super) async fn close_account(&self, act: &CloseAccount) -> Result<Phrase> {
        Ok((
            "close",
            format!("the account {}", self.account_of(&act.account).await?),
        ))
    }

    pub(super) async fn freeze_account(&self, act: &FreezeAccount) -> Result<Phrase> {
        Ok(if act.frozen {
            (
                "freeze",
                format!("the account {}", self.account_of(&act.account).await?),
            )
        } else {
            (
                "lift",
                format!(
                    "the freeze of the account {}",
                    self.account_of(&act.account).await?
                ),
            )
        })
    }

    pub(super) async fn set_credit_limit(&self, act: &SetCreditLimit) -> Result<Phrase> {
        Ok((
            "set",
            format!(
                "the credit limit of {} to {}",
                self.account_of(&act.account).await?,
                self.amount_in(&act.account, &act.limit).await?
            ),
        ))
    }

    pub(super) async fn register_party(&self, act: &RegisterParty) -> Result<Phrase> {
        Ok((
            "register",
            format!(
                "the external party {} of {}{}{}",
                act.handle,
                self.unit_of(&act.unit).await?,
                stating("external id", &act.external_id),
                hashed("commitment", &act.commitment)
            ),
        ))
    }
}
