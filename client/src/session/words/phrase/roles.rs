//! Phrases about roles and who holds them.

use polity_proto::v1::{
    AcceptAssignment, AmendRole, AssignRole, Assignment, CreateRole, Manner, MoveRole, ObjectKind,
    RemoveRole, RenewAssignment, ResignRole, RevokeAssignment, RoleKind,
};

use super::super::Words;
use super::super::names::{named, word};
use super::Phrase;
use super::clauses::{counting, lasting, quoted, stating, until};
use crate::Result;

impl Words<'_> {
    pub(super) async fn create_role(&self, act: &CreateRole) -> Result<Phrase> {
        Ok((
            "create",
            format!(
                "{} {} in {}{}{}{}{}",
                match act.kind() {
                    RoleKind::Ordinary => "the role".to_owned(),
                    kind => format!("the {} role", role_kind(kind)),
                },
                act.handle,
                self.unit_of(&act.unit).await?,
                if act.elected { ", elected" } else { "" },
                seats(act.holders_min, act.holders_max, act.term),
                stating("external id", &act.external_id),
                about(&act.purpose, &act.domains, &act.accountabilities)
            ),
        ))
    }

    pub(super) async fn amend_role(&self, act: &AmendRole) -> Result<Phrase> {
        Ok((
            "amend",
            format!(
                "{}: it is then called {}{}{}",
                self.the_role(&act.role).await?,
                act.handle,
                seats(act.holders_min, act.holders_max, act.term),
                about(&act.purpose, &act.domains, &act.accountabilities)
            ),
        ))
    }

    pub(super) async fn remove_role(&self, act: &RemoveRole) -> Result<Phrase> {
        Ok(("remove", self.the_role(&act.role).await?))
    }

    pub(super) async fn move_role(&self, act: &MoveRole) -> Result<Phrase> {
        Ok((
            "move",
            format!(
                "{} into {}",
                self.the_role(&act.role).await?,
                self.unit_of(&act.unit).await?
            ),
        ))
    }

    pub(super) async fn assign_role(&self, act: &AssignRole) -> Result<Phrase> {
        Ok((
            "assign",
            format!(
                "{} to {}{}{}{}",
                self.the_role(&act.role).await?,
                self.member_of(&act.member).await?,
                until(act.until),
                manner(act.manner()),
                work(&act.focus, act.percentage)
            ),
        ))
    }

    pub(super) async fn accept_assignment(&self, act: &AcceptAssignment) -> Result<Phrase> {
        Ok((
            "accept",
            format!(
                "the assignment {}",
                named(ObjectKind::Assignment, &act.assignment)
            ),
        ))
    }

    pub(super) async fn resign_role(&self, act: &ResignRole) -> Result<Phrase> {
        Ok((
            "resign",
            format!(
                "from the assignment {}",
                named(ObjectKind::Assignment, &act.assignment)
            ),
        ))
    }

    pub(super) async fn revoke_assignment(&self, act: &RevokeAssignment) -> Result<Phrase> {
        Ok((
            "revoke",
            format!(
                "the assignment {}",
                named(ObjectKind::Assignment, &act.assignment)
            ),
        ))
    }

    pub(super) async fn renew_assignment(&self, act: &RenewAssignment) -> Result<Phrase> {
        let number = act.assignment.filter(|one| one.new == 0);
        let before = self.object(number.map_or(0, |one| one.number)).await?;
        Ok((
            "renew",
            format!(
                "the assignment {}{}{}{}",
                named(ObjectKind::Assignment, &act.assignment),
                until(act.until),
                work(&act.focus, act.percentage),
                taken_back(&before.unwrap_or_default(), act)
            ),
        ))
    }
}

/// What an assignment says and its renewal does not.
fn taken_back(before: &Assignment, act: &RenewAssignment) -> String {
    let mut text = String::new();
    if act.focus.is_empty() && !before.focus.is_empty() {
        text.push_str(&format!(", no focus instead of {}", quoted(&before.focus)));
    }
    if act.percentage == 0 && before.percentage != 0 {
        text.push_str(&format!(", percentage 0 instead of {}", before.percentage));
    }
    text
}

/// What a role is for, controls and answers for: whoever signs has to see it.
fn about(purpose: &str, domains: &[String], accountabilities: &[String]) -> String {
    let mut text = stating("purpose", purpose);
    for (name, all) in [("domain", domains), ("accountability", accountabilities)] {
        for one in all {
            text.push_str(&stating(name, one));
        }
    }
    text
}

/// How many hold a role, and for how long.
fn seats(least: u32, most: u32, term: u64) -> String {
    let holders = counting("holders at least", least) + &counting("holders at most", most);
    holders + &lasting("term", term)
}

/// On what a holder works in the role, and with how much of their time.
fn work(focus: &str, percentage: u32) -> String {
    stating("focus", focus) + &counting("percentage", percentage)
}

fn manner(manner: Manner) -> String {
    match manner {
        Manner::Assigned => String::new(),
        manner => format!(", {}", word(manner.as_str_name(), "MANNER_")),
    }
}

fn role_kind(kind: RoleKind) -> String {
    word(kind.as_str_name(), "ROLE_KIND_").replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_renewal_takes_back_is_said() {
        let before = Assignment {
            focus: "search".into(),
            percentage: 40,
            ..Assignment::default()
        };
        let stays = RenewAssignment {
            focus: "search".into(),
            percentage: 40,
            ..RenewAssignment::default()
        };
        assert_eq!(taken_back(&before, &stays), "");
        assert_eq!(
            taken_back(&before, &RenewAssignment::default()),
            ", no focus instead of \"search\", percentage 0 instead of 40"
        );
        let nothing = taken_back(&Assignment::default(), &RenewAssignment::default());
        assert_eq!(nothing, "");
    }

    #[test]
    fn all_that_a_role_is_about_is_said() {
        let domains = ["/api".to_owned()];
        let answers_for = ["two versions".to_owned(), "answers in a day".to_owned()];
        assert_eq!(
            about("serves shops", &domains, &answers_for),
            ", purpose \"serves shops\", domain \"/api\", accountability \"two versions\", \
             accountability \"answers in a day\""
        );
        assert_eq!(about("", &[], &[]), "");
        assert_eq!(role_kind(RoleKind::ProductOwner), "product owner");
    }
}
