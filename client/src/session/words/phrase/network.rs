//! Phrases about validators, nodes and parameters.

use polity_proto::v1::{
    AddValidator, ObjectKind, RegisterNode, RemoveNode, RemoveValidator, RotateValidatorKey,
    SetParameters,
};

use super::super::Words;
use super::super::names::{hash, named};
use super::Phrase;
use super::clauses::{hashed, stating};
use crate::Result;

impl Words<'_> {
    pub(super) async fn add_validator(&self, act: &AddValidator) -> Result<Phrase> {
        Ok((
            "add",
            format!(
                "the validator of {} with power {} and the key {}",
                self.unit_of(&act.unit).await?,
                act.power,
                hash(&act.key)
            ),
        ))
    }

    pub(super) async fn remove_validator(&self, act: &RemoveValidator) -> Result<Phrase> {
        Ok((
            "remove",
            format!("the validator of {}", self.unit_of(&act.unit).await?),
        ))
    }

    pub(super) async fn rotate_validator_key(&self, act: &RotateValidatorKey) -> Result<Phrase> {
        Ok((
            "change",
            format!(
                "the consensus key of {} to {}",
                self.unit_of(&act.unit).await?,
                hash(&act.key)
            ),
        ))
    }

    pub(super) async fn register_node(&self, act: &RegisterNode) -> Result<Phrase> {
        Ok((
            "register",
            format!(
                "the node {} of {}{}{}",
                hex::encode(&act.id),
                self.unit_of(&act.unit).await?,
                stating("address", &act.address),
                hashed("key", &act.key)
            ),
        ))
    }

    pub(super) async fn remove_node(&self, act: &RemoveNode) -> Result<Phrase> {
        Ok((
            "remove",
            format!("the node {}", named(ObjectKind::Node, &act.node)),
        ))
    }

    pub(super) async fn set_parameters(&self, act: &SetParameters) -> Result<Phrase> {
        Ok((
            "set",
            format!("the parameters: {:?}", act.parameters.unwrap_or_default()),
        ))
    }
}
