//! `unit tree | list | show | health | create | amend | work | move | dissolve | join | leave | change-squad`.

mod health;
mod profile;
mod read;
mod tree;

use clap::{Args, Subcommand};
use polity_client::v1::{
    AmendUnit, Capability, ChangeSquad, CreateUnit, DissolveUnit, JoinUnit, LeaveUnit, MoveUnit,
    Profile, Ref, Unit as UnitState, UnitKind, action::Kind,
};
use polity_client::{Error, ErrorKind, Result};

use crate::context::Context;
use crate::word;

/// Units: the organisation's tree of departments, circles, squads, teams.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity unit tree\n  \
    polity unit show acme/dev\n  \
    polity unit create acme/dev/api --kind team --purpose 'keeps the interface' --confers spend,approve\n  \
    polity unit move acme/dev/api acme/ops")]
pub struct Unit {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    Tree(tree::Tree),
    List(read::List),
    Show(read::Show),
    Health(health::Health),
    Create(Create),
    Amend(Amend),
    Work(profile::Work),
    Move(Move),
    Dissolve(Dissolve),
    Join(Join),
    Leave(Leave),
    ChangeSquad(Change),
}

impl Unit {
    /// Runs the verb.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self.verb {
            Verb::Tree(verb) => verb.run(context).await,
            Verb::List(verb) => verb.run(context).await,
            Verb::Show(verb) => verb.run(context).await,
            Verb::Health(verb) => verb.run(context).await,
            Verb::Create(verb) => verb.run(context).await,
            Verb::Amend(verb) => verb.run(context).await,
            Verb::Work(verb) => verb.run(context).await,
            Verb::Move(verb) => verb.run(context).await,
            Verb::Dissolve(verb) => verb.run(context).await,
            Verb::Join(verb) => verb.run(context).await,
            Verb::Leave(verb) => verb.run(context).await,
            Verb::ChangeSquad(verb) => verb.run(context).await,
        }
    }
}

/// Creates a unit below another one.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity unit create acme/dev/api --kind team --confers spend,approve\n  \
    polity unit create acme/player/live --kind squad --confers spend --succeeds acme/player/screen")]
struct Create {
    /// Where it stands and how it is called: `acme/dev/api`, `u4/api`, `new(1)/api`.
    #[arg(value_name = "PARENT/HANDLE")]
    path: String,
    /// What sort of unit.
    #[arg(long, value_parser = word::parser::<UnitKind>())]
    kind: UnitKind,
    /// A free word for the kind, such as `working-group`.
    #[arg(long, default_value = "")]
    label: String,
    /// What the unit is for. Stands on the chain for good.
    #[arg(long, default_value = "")]
    purpose: String,
    /// Its name in another system.
    #[arg(long, default_value = "", value_name = "ID")]
    external_id: String,
    /// Capabilities that the parent confers, with commas.
    #[arg(long, value_delimiter = ',', value_parser = word::parser::<Capability>(), value_name = "CAPABILITY")]
    confers: Vec<Capability>,
    /// Most members of a tribe; 0: the kind's own.
    #[arg(long, default_value_t = 0)]
    ceiling: u32,
    /// The unit whose work this one continues.
    #[arg(long, value_name = "UNIT")]
    succeeds: Option<String>,
    /// The way of working that it begins with.
    #[arg(long, value_parser = word::parser::<Profile>())]
    profile: Option<Profile>,
}

impl Create {
    async fn run(self, context: &Context) -> Result<()> {
        let (parent, handle) = place(&self.path)?;
        let create = CreateUnit {
            parent: context.unit_ref(parent).await?,
            kind: self.kind as i32,
            handle: handle.to_owned(),
            label: self.label,
            purpose: self.purpose,
            external_id: self.external_id,
            confers: self.confers.into_iter().map(|one| one as i32).collect(),
            ceiling: self.ceiling,
            succeeds: optional(context, self.succeeds.as_deref()).await?,
            profile: self.profile.unwrap_or(Profile::None) as i32,
        };
        context.act(vec![Kind::CreateUnit(create)]).await
    }
}

/// Changes a unit; what is not named stays as it is.
#[derive(Args, Debug)]
struct Amend {
    /// The unit.
    unit: String,
    /// New handle.
    #[arg(long)]
    handle: Option<String>,
    /// New kind.
    #[arg(long, value_parser = word::parser::<UnitKind>())]
    kind: Option<UnitKind>,
    /// New label.
    #[arg(long)]
    label: Option<String>,
    /// New purpose.
    #[arg(long)]
    purpose: Option<String>,
    /// All capabilities that the parent shall confer, with commas.
    #[arg(long, value_delimiter = ',', value_parser = word::parser::<Capability>(), value_name = "CAPABILITY")]
    confers: Option<Vec<Capability>>,
    /// Capabilities to confer beside those there.
    #[arg(long, value_delimiter = ',', value_parser = word::parser::<Capability>(), value_name = "CAPABILITY", conflicts_with = "confers")]
    add: Vec<Capability>,
    /// Capabilities to take back.
    #[arg(long, value_delimiter = ',', value_parser = word::parser::<Capability>(), value_name = "CAPABILITY", conflicts_with = "confers")]
    take: Vec<Capability>,
    /// Most members of a tribe; 0: the kind's own.
    #[arg(long)]
    ceiling: Option<u32>,
}

impl Amend {
    async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let number = session.unit(&self.unit).await?.number;
        let unit: UnitState = session.get(number).await?.unwrap_or_default();
        let amend = AmendUnit {
            unit: super::reference(number),
            confers: self.conferred(&unit.confers),
            kind: self.kind.map_or(unit.kind, |kind| kind as i32),
            handle: self.handle.unwrap_or(unit.handle),
            label: self.label.unwrap_or(unit.label),
            purpose: self.purpose.unwrap_or(unit.purpose),
            ceiling: self.ceiling.unwrap_or(unit.ceiling),
        };
        context.act(vec![Kind::AmendUnit(amend)]).await
    }

    fn conferred(&self, present: &[i32]) -> Vec<i32> {
        if let Some(confers) = &self.confers {
            return confers.iter().map(|one| *one as i32).collect();
        }
        let taken: Vec<i32> = self.take.iter().map(|one| *one as i32).collect();
        let mut conferred = present.to_vec();
        for one in &self.add {
            if !conferred.contains(&(*one as i32)) {
                conferred.push(*one as i32);
            }
        }
        conferred.retain(|one| !taken.contains(one));
        conferred
    }
}

/// Moves a unit, with all below it, to another parent.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    polity unit move acme/dev/api acme/ops")]
struct Move {
    /// The unit.
    unit: String,
    /// Its new parent.
    parent: String,
}

impl Move {
    async fn run(self, context: &Context) -> Result<()> {
        let step = MoveUnit {
            unit: context.unit_ref(&self.unit).await?,
            parent: context.unit_ref(&self.parent).await?,
        };
        context.act(vec![Kind::MoveUnit(step)]).await
    }
}

/// Dissolves a unit that owns nothing and whose roles are empty.
#[derive(Args, Debug)]
struct Dissolve {
    /// The unit.
    unit: String,
}

impl Dissolve {
    async fn run(self, context: &Context) -> Result<()> {
        let unit = context.unit_ref(&self.unit).await?;
        context
            .act(vec![Kind::DissolveUnit(DissolveUnit { unit })])
            .await
    }
}

/// Joins a unit, or lets somebody join.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity unit join acme/security\n  \
    polity unit join acme/dev finn")]
struct Join {
    /// The unit.
    unit: String,
    /// Who joins; without it, you.
    who: Option<String>,
}

impl Join {
    async fn run(self, context: &Context) -> Result<()> {
        let join = JoinUnit {
            unit: context.unit_ref(&self.unit).await?,
            member: optional_member(context, self.who.as_deref()).await?,
        };
        context.act(vec![Kind::JoinUnit(join)]).await
    }
}

/// Leaves a unit, or takes somebody out.
#[derive(Args, Debug)]
struct Leave {
    /// The unit.
    unit: String,
    /// Who leaves; without it, you.
    who: Option<String>,
}

impl Leave {
    async fn run(self, context: &Context) -> Result<()> {
        let leave = LeaveUnit {
            unit: context.unit_ref(&self.unit).await?,
            member: optional_member(context, self.who.as_deref()).await?,
        };
        context.act(vec![Kind::LeaveUnit(leave)]).await
    }
}

/// Moves you to another squad. The receiving product owner signs too: `--with gia=acme/search#product-owner`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    polity unit change-squad acme/t1/search acme/t1/pay --with gia=acme/t1/pay#po --draft move.tx")]
struct Change {
    /// The squad that you leave.
    from: String,
    /// The squad that receives you.
    to: String,
    /// The chapter that you leave in the same act.
    #[arg(long, value_name = "UNIT")]
    chapter_from: Option<String>,
    /// The chapter that you join in the same act.
    #[arg(long, value_name = "UNIT")]
    chapter_to: Option<String>,
}

impl Change {
    async fn run(self, context: &Context) -> Result<()> {
        let change = ChangeSquad {
            from: context.unit_ref(&self.from).await?,
            to: context.unit_ref(&self.to).await?,
            chapter_from: optional(context, self.chapter_from.as_deref()).await?,
            chapter_to: optional(context, self.chapter_to.as_deref()).await?,
        };
        context.act(vec![Kind::ChangeSquad(change)]).await
    }
}

async fn optional(context: &Context, unit: Option<&str>) -> Result<Option<Ref>> {
    match unit {
        Some(unit) => context.unit_ref(unit).await,
        None => Ok(None),
    }
}

async fn optional_member(context: &Context, member: Option<&str>) -> Result<Option<Ref>> {
    match member {
        Some(member) => context.member_ref(member).await,
        None => Ok(None),
    }
}

/// Splits `acme/dev/api` into where it stands and how it is called.
fn place(path: &str) -> Result<(&str, &str)> {
    path.rsplit_once('/').ok_or_else(|| {
        let words = format!("a new unit is written PARENT/HANDLE, like acme/dev/api, not {path}");
        Error::new(ErrorKind::Usage, words)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_unit_stands_below_its_parent() {
        assert_eq!(place("acme/dev/api").expect("a place"), ("acme/dev", "api"));
        assert_eq!(place("new(1)/api").expect("a place"), ("new(1)", "api"));
        assert!(place("api").is_err());
    }
}
