//! Phrases about units and who sits in them.

use polity_proto::v1::{
    AmendUnit, ApplyProfile, ChangeSquad, CreateUnit, DissolveUnit, JoinUnit, LeaveUnit, MoveUnit,
    Profile, Ref, UnitKind,
};

use super::super::Words;
use super::super::names::word;
use super::Phrase;
use super::clauses::{conferring, counting, of_kind, stating};
use crate::Result;

impl Words<'_> {
    pub(super) async fn create_unit(&self, act: &CreateUnit) -> Result<Phrase> {
        Ok((
            "create",
            format!(
                "the {} {} in {}{}{}{}{}{}{}",
                unit_kind(act.kind()),
                act.handle,
                self.unit_of(&act.parent).await?,
                match act.profile() {
                    Profile::None => String::new(),
                    profile => format!(", profile {}", profile_name(profile)),
                },
                match act.succeeds {
                    Some(_) => format!(", succeeding {}", self.unit_of(&act.succeeds).await?),
                    None => String::new(),
                },
                about(&act.label, &act.purpose, act.ceiling),
                stating("external id", &act.external_id),
                conferring(&act.confers),
                if act.confers.is_empty() {
                    ", conferring nothing, so that no role in it can do anything"
                } else {
                    ""
                }
            ),
        ))
    }

    pub(super) async fn amend_unit(&self, act: &AmendUnit) -> Result<Phrase> {
        Ok((
            "amend",
            format!(
                "{}: it is then called {}{}{}{}",
                self.unit_of(&act.unit).await?,
                act.handle,
                of_kind(&unit_kind(act.kind())),
                about(&act.label, &act.purpose, act.ceiling),
                conferring(&act.confers)
            ),
        ))
    }

    pub(super) async fn move_unit(&self, act: &MoveUnit) -> Result<Phrase> {
        Ok((
            "move",
            format!(
                "{} into {}",
                self.unit_of(&act.unit).await?,
                self.unit_of(&act.parent).await?
            ),
        ))
    }

    pub(super) async fn dissolve_unit(&self, act: &DissolveUnit) -> Result<Phrase> {
        Ok(("dissolve", self.unit_of(&act.unit).await?))
    }

    pub(super) async fn join_unit(&self, act: &JoinUnit, actor: u64) -> Result<Phrase> {
        self.belong("join", &act.unit, &act.member, actor).await
    }

    pub(super) async fn leave_unit(&self, act: &LeaveUnit, actor: u64) -> Result<Phrase> {
        self.belong("leave", &act.unit, &act.member, actor).await
    }

    /// Who acts for themselves is named once, before the verb.
    async fn belong(
        &self,
        verb: &'static str,
        unit: &Option<Ref>,
        member: &Option<Ref>,
        actor: u64,
    ) -> Result<Phrase> {
        let unit = self.unit_of(unit).await?;
        if member.is_none_or(|member| member.new == 0 && member.number == actor) {
            return Ok((verb, unit));
        }
        let member = self.member_of(member).await?;
        Ok(("let", format!("{member} {verb} {unit}")))
    }

    pub(super) async fn change_squad(&self, act: &ChangeSquad) -> Result<Phrase> {
        Ok(("change", {
            let mut text = format!(
                "from {} to {}",
                self.unit_of(&act.from).await?,
                self.unit_of(&act.to).await?
            );
            if act.chapter_from.is_some() {
                let chapter = self.unit_of(&act.chapter_from).await?;
                text.push_str(&format!(", from the chapter {chapter}"));
            }
            if act.chapter_to.is_some() {
                let chapter = self.unit_of(&act.chapter_to).await?;
                text.push_str(&format!(" and to the chapter {chapter}"));
            }
            text
        }))
    }

    pub(super) async fn apply_profile(&self, act: &ApplyProfile) -> Result<Phrase> {
        Ok((
            "apply",
            format!(
                "the profile {} to {}",
                profile_name(act.profile()),
                self.unit_of(&act.unit).await?
            ),
        ))
    }
}

/// What a unit calls itself, is for, and how many it takes.
fn about(label: &str, purpose: &str, ceiling: u32) -> String {
    let words = stating("label", label) + &stating("purpose", purpose);
    words + &counting("ceiling", ceiling)
}

fn unit_kind(kind: UnitKind) -> String {
    word(kind.as_str_name(), "UNIT_KIND_")
}

fn profile_name(profile: Profile) -> String {
    word(profile.as_str_name(), "PROFILE_")
}
