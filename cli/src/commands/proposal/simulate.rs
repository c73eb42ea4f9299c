//! `proposal simulate`: what a proposal would change, before anybody decides.

use clap::Args;
use polity_client::Result;
use polity_client::session::{AsOf, lettered, proposed, visible};
use polity_client::v1::{Action, ObjectKind, Outlook, OutlookAnswer, OutlookRequest, WarningKind};
use serde_json::{Value, json};

use super::open::Commands;
use crate::context::Context;
use crate::refusal::{fact, would_be_refused};
use crate::{failure, word};

/// Shows what a proposal would change: roles without holder, grants that end, duties that collide,
/// value that must go elsewhere, warnings that appear. Its hash can be bound with `--bind`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity proposal simulate acme/dev -- role create acme/dev#guide\n  \
    polity proposal simulate acme/player --file split.txt\n\n\
    split.txt:\n  \
    unit create acme/player/live --kind squad --confers spend,govern --succeeds acme/player/screen\n  \
    role create new(1)#product-owner --kind product_owner --holders-max 1")]
pub(super) struct Simulate {
    /// The unit that would decide.
    unit: String,
    #[command(flatten)]
    commands: Commands,
}

impl Simulate {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        context.only_now()?;
        let actions = self.commands.actions(context).await?;
        let unit = context.session().await?.unit(&self.unit).await?.number;
        let answer = ask(context, unit, &actions).await?;
        let value = as_json(&answer);
        context.hearsay(AsOf::Newest, value, || shown(&answer));
        Ok(())
    }
}

/// The outlook of actions as the node computes it.
///
/// # Errors
/// [`polity_client::ErrorKind::Refused`] where they have none, because no proposal can have them.
pub(super) async fn ask(context: &Context, unit: u64, actions: &[Action]) -> Result<OutlookAnswer> {
    let (encoded, _) = proposed(actions)?;
    let request = OutlookRequest {
        unit,
        member: context.member().await?.number,
        role: context.acting_role().await?,
        actions: encoded,
    };
    told(context.session().await?.outlook(&request).await?)
}

fn told(answer: OutlookAnswer) -> Result<OutlookAnswer> {
    if answer.outlook.is_some() {
        return Ok(answer);
    }
    let foreseen = fact("foreseen", "as a node says; not proven");
    Err(would_be_refused(answer.code, &[foreseen]))
}

fn shown(answer: &OutlookAnswer) -> String {
    let outlook = answer.outlook.clone().unwrap_or_default();
    let lettered = |kind: ObjectKind, numbers: &[u64]| -> Vec<String> {
        numbers.iter().map(|one| lettered(kind, *one)).collect()
    };
    let mut text = String::new();
    let mut part = |title: &str, entries: Vec<String>| {
        text.push_str(&format!("{title}: {}\n", entries.len()));
        for entry in entries {
            text.push_str(&format!("  {}\n", visible(&entry)));
        }
    };
    part("roles without holder", outlook.unfilled_roles.clone());
    part(
        "grants that end",
        lettered(ObjectKind::Grant, &outlook.ended_grants),
    );
    part(
        "assignments that end",
        lettered(ObjectKind::Assignment, &outlook.ended_assignments),
    );
    part("duty conflicts", conflicts(&outlook));
    part("accounts to move", outlook.accounts_to_move.clone());
    part(
        "holds to move",
        lettered(ObjectKind::Hold, &outlook.holds_to_move),
    );
    part("warnings", warnings(&outlook));
    if answer.code != 0 {
        text.push_str(&format!(
            "It stops at action {}, which would be refused: {} {}: {}\n",
            u64::from(answer.failed_action) + 1,
            answer.code,
            failure::rejection_name(answer.code),
            failure::rejection_sentence(answer.code)
        ));
    }
    text.push_str(&format!("outlook {}\n", hex::encode(&answer.hash)));
    text
}

fn conflicts(outlook: &Outlook) -> Vec<String> {
    let of = |one: &polity_client::v1::DutyConflict| {
        let member = lettered(ObjectKind::Member, one.member);
        format!(
            "{member} against {}",
            lettered(ObjectKind::SodRule, one.rule)
        )
    };
    outlook.duty_conflicts.iter().map(of).collect()
}

fn warnings(outlook: &Outlook) -> Vec<String> {
    let of = |one: &polity_client::v1::Appearing| {
        let (place, found, bound) = (&one.place, one.found, one.bound);
        match one.kind() {
            WarningKind::UnderStrength => format!("{place}: {found} of at least {bound} members"),
            WarningKind::ProductOwnerVacant => format!("{place}: no product owner"),
            WarningKind::RoleUnfilled => format!("{place}: {found} of at least {bound} holders"),
            WarningKind::CeilingNear => format!("{place}: nearly full, {found} of {bound}"),
            WarningKind::None | WarningKind::TermEnding => place.clone(),
        }
    };
    outlook.warnings.iter().map(of).collect()
}

fn as_json(answer: &OutlookAnswer) -> Value {
    let outlook = answer.outlook.clone().unwrap_or_default();
    let numbers = |kind: ObjectKind, numbers: &[u64]| -> Vec<String> {
        numbers.iter().map(|one| lettered(kind, *one)).collect()
    };
    json!({
        "height": answer.height,
        "hash": hex::encode(&answer.hash),
        "unfilled_roles": outlook.unfilled_roles,
        "ended_grants": numbers(ObjectKind::Grant, &outlook.ended_grants),
        "ended_assignments": numbers(ObjectKind::Assignment, &outlook.ended_assignments),
        "duty_conflicts": outlook.duty_conflicts.iter().map(|one| json!({
            "rule": lettered(ObjectKind::SodRule, one.rule),
            "member": lettered(ObjectKind::Member, one.member),
        })).collect::<Vec<_>>(),
        "accounts_to_move": outlook.accounts_to_move,
        "holds_to_move": numbers(ObjectKind::Hold, &outlook.holds_to_move),
        "warnings": outlook.warnings.iter().map(|one| json!({
            "warning": word::word(one.kind()),
            "place": one.place,
            "found": one.found,
            "bound": one.bound,
        })).collect::<Vec<_>>(),
        "rejection": answer.rejection,
        "code": answer.code,
        "failed_action": answer.failed_action,
    })
}

#[cfg(test)]
mod tests {
    use polity_client::ErrorKind;
    use polity_client::ledger::Rejection;

    use super::*;

    #[test]
    fn what_no_proposal_can_have_is_refused_and_has_no_empty_outlook() {
        let answer = |outlook: Option<Outlook>, rejection: Rejection| OutlookAnswer {
            outlook,
            code: rejection.code(),
            ..OutlookAnswer::default()
        };
        let refused = told(answer(None, Rejection::ProposalEmpty)).expect_err("no outlook");
        assert_eq!(refused.kind(), ErrorKind::Refused);
        let code = refused.refusal().map(|refusal| refusal.code);
        assert_eq!(code, Some(Rejection::ProposalEmpty.code()));
        // What stops on its way is told up to there.
        assert!(told(answer(Some(Outlook::default()), Rejection::NoGrant)).is_ok());
    }
}
