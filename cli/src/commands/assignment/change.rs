//! Assignments as they are given, accepted, renewed and ended.

use clap::Args;
use polity_client::Result;
use polity_client::ledger::judge::power;
use polity_client::ledger::state::keys::List;
use polity_client::session::AsOf;
use polity_client::v1::{
    AcceptAssignment, AssignRole, Assignment as AssignmentState, Grant, Manner, Member, MemberKind,
    Ref, RenewAssignment, ResignRole, RevokeAssignment, action::Kind,
};

use crate::context::{Context, Purpose};
use crate::{time, word};

/// Gives a role to a member, effective at once.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity role assign acme/dev#guide finn\n  \
    polity role assign acme/dev#guide finn --until 180d --percentage 40 --focus onboarding")]
pub struct Assign {
    /// The role: `acme/dev#guide`, r9 or `new(1)`.
    role: String,
    /// Who shall hold it.
    holder: String,
    /// When it ends: a time, or a duration from now; without it, after the role's own term.
    #[arg(long, value_name = "TIME|DURATION")]
    until: Option<String>,
    /// `surrogate` for an elected role, `imported` for a record of another system.
    #[arg(long, value_parser = word::parser::<Manner>(), default_value = "assigned")]
    manner: Manner,
    /// On what the holder works inside the role.
    #[arg(long, default_value = "")]
    focus: String,
    /// Percent of the holder's time.
    #[arg(long, default_value_t = 0)]
    percentage: u32,
}

impl Assign {
    /// Assigns.
    pub async fn run(self, context: &Context) -> Result<()> {
        let assign = AssignRole {
            role: context.role_ref(&self.role).await?,
            member: context.member_ref(&self.holder).await?,
            until: time::optional_until(self.until.as_deref())?,
            manner: self.manner as i32,
            focus: self.focus,
            percentage: self.percentage,
        };
        if matches!(context.purpose, Purpose::Send) && context.options.cosigners.is_empty() {
            tell_what_is_held_back(context, &assign).await?;
        }
        context.act(vec![Kind::AssignRole(assign)]).await
    }
}

/// Whoever admitted somebody and alone gives them a role over value gives them nothing that they can use yet: the
/// ledger accepts the assignment and refuses its use.
async fn tell_what_is_held_back(context: &Context, assign: &AssignRole) -> Result<()> {
    let number = |reference: Option<Ref>| reference.map_or(0, |reference| reference.number);
    let (role, holder) = (number(assign.role), number(assign.member));
    let session = context.session().await?;
    let member: Member = session.get(holder).await?.unwrap_or_default();
    let distance = session.parameters().await?.admission_distance;
    let until = member.admitted_at.saturating_add(distance);
    let is_service = member.kind() == MemberKind::Service;
    let is_over = !is_service && until <= time::now()?;
    if member.admitted_by != context.member().await?.number || is_over {
        return Ok(());
    }
    let view = session.view(AsOf::Newest);
    let grants: Vec<Grant> = view.listed(List::Grants, &[role]).await?;
    let is_over_value = |grant: &Grant| power::is_over_value(grant.capability());
    if grants.iter().any(is_over_value) {
        let how_long = if is_service {
            "a service counts as whoever admitted it, so".to_owned()
        } else {
            format!("until {}", time::shown(until))
        };
        context.output.note(format!(
            "{} joined through you: {how_long} the ledger refuses their use of this role's money (grant_too_close). Let \
             somebody else assign the role, or the unit decide.",
            member.handle,
        ));
    }
    Ok(())
}

/// Records that you accept an assignment.
#[derive(Args, Debug)]
pub(super) struct Accept {
    /// The assignment.
    assignment: String,
}

impl Accept {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let assignment = context.assignment_ref(&self.assignment).await?;
        let accept = AcceptAssignment { assignment };
        context.act(vec![Kind::AcceptAssignment(accept)]).await
    }
}

/// Gives a role back that you hold.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    polity assignment resign n31")]
pub(super) struct Resign {
    /// The assignment.
    assignment: String,
}

impl Resign {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let assignment = context.assignment_ref(&self.assignment).await?;
        context
            .act(vec![Kind::ResignRole(ResignRole { assignment })])
            .await
    }
}

/// Takes a role away; the holder's delegations and open spending proposals from it are void.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    polity assignment revoke n31")]
pub(super) struct Revoke {
    /// The assignment.
    assignment: String,
}

impl Revoke {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let assignment = context.assignment_ref(&self.assignment).await?;
        let revoke = RevokeAssignment { assignment };
        context.act(vec![Kind::RevokeAssignment(revoke)]).await
    }
}

/// Renews term, focus and percentage of an assignment; what is not named stays as it is.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity assignment renew n31 --until 180d\n  \
    polity assignment renew n31 --percentage 60")]
pub(super) struct Renew {
    /// The assignment.
    assignment: String,
    /// When it ends: a time, or a duration from now; without it, after the role's own term.
    #[arg(long, value_name = "TIME|DURATION")]
    until: Option<String>,
    /// On what the holder works inside the role.
    #[arg(long)]
    focus: Option<String>,
    /// Percent of the holder's time.
    #[arg(long)]
    percentage: Option<u32>,
}

impl Renew {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let assignment = context.assignment_ref(&self.assignment).await?;
        let number = assignment.map_or(0, |one| one.number);
        let present = context
            .session()
            .await?
            .get::<AssignmentState>(number)
            .await?;
        let present = present.unwrap_or_default();
        let renew = RenewAssignment {
            assignment,
            until: time::optional_until(self.until.as_deref())?,
            focus: self.focus.unwrap_or(present.focus),
            percentage: self.percentage.unwrap_or(present.percentage),
        };
        context.act(vec![Kind::RenewAssignment(renew)]).await
    }
}
