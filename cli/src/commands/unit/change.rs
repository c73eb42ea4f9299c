//! Units as they are made, changed, moved and dissolved.

use clap::Args;
use polity_client::Result;
use polity_client::ledger::form;
use polity_client::v1::{
    AmendUnit, Capability, CreateUnit, DissolveUnit, MoveUnit, Profile, Unit as UnitState,
    UnitKind, action::Kind,
};

use super::optional;
use crate::context::Context;
use crate::failure::usage;
use crate::word;

/// Creates a unit below another one.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity unit create acme/dev/api --kind team --confers spend,approve\n  \
    polity unit create acme/player/live --kind squad --confers spend --succeeds acme/player/screen")]
pub(super) struct Create {
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
    pub(super) async fn run(self, context: &Context) -> Result<()> {
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
pub(super) struct Amend {
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
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let number = session.unit(&self.unit).await?.number;
        let unit: UnitState = session.get(number).await?.unwrap_or_default();
        let amend = AmendUnit {
            unit: form::numbered(number),
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
pub(super) struct Move {
    /// The unit.
    unit: String,
    /// Its new parent.
    parent: String,
}

impl Move {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let step = MoveUnit {
            unit: context.unit_ref(&self.unit).await?,
            parent: context.unit_ref(&self.parent).await?,
        };
        context.act(vec![Kind::MoveUnit(step)]).await
    }
}

/// Dissolves a unit that owns nothing and whose roles are empty.
#[derive(Args, Debug)]
pub(super) struct Dissolve {
    /// The unit.
    unit: String,
}

impl Dissolve {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let unit = context.unit_ref(&self.unit).await?;
        context
            .act(vec![Kind::DissolveUnit(DissolveUnit { unit })])
            .await
    }
}

/// Splits `acme/dev/api` into where it stands and how it is called.
fn place(path: &str) -> Result<(&str, &str)> {
    path.rsplit_once('/').ok_or_else(|| {
        usage(format!(
            "a new unit is written PARENT/HANDLE, like acme/dev/api, not {path}"
        ))
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
