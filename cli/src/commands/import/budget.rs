//! `import budget`: a finance team's own table.

use std::path::PathBuf;

use clap::Args;
use polity_client::import::budget::CONFERRED;
use polity_client::import::budget::mapping::Mapping;
use polity_client::import::budget::plan::BudgetPlan;
use polity_client::import::budget::run::{BudgetImport, BudgetImported, Place};
use polity_client::import::budget::table;
use polity_client::import::budget::verify::{Sum, sums};
use polity_client::ledger::Amount;
use polity_client::ledger::form;
use polity_client::session::{AsOf, Session};
use polity_client::v1::{Asset, CreateUnit, UnitKind, action::Kind};
use polity_client::{Error, Result};
use serde_json::{Value, json};

use super::{acting_as, confirm, role_for, tell_tried};
use crate::amount;
use crate::context::{Actor, Context};
use crate::failure::usage;
use crate::names::Names;
use crate::output::Table;
use crate::progress::Progress;
use crate::word::{counted, word};

/// Imports a table of budgets in CSV: a unit, a period and an amount a row.
///
/// Units that do not exist are created. For each row the unit gets an account named after the period, a budget line, and
/// the amount as an allocation: from the account of the unit above it, or from ACCOUNT. A file with a bad row is refused
/// whole, naming row and column, before anything is sent, and so is one that the ledger would refuse. Afterwards the sums
/// by unit and period are read with proofs and compared with the file.
///
/// A new unit may govern, assign_roles, open_accounts, plan_budget, allocate and spend; more by `unit amend --confers`.
///
/// Nobody gives themselves a say over money: where units are created, a second person signs by --with MEMBER=ROLE. Their
/// role comes to govern the new units, and gives yours their accounts, budgets and allocations.
#[derive(Args, Debug)]
pub(super) struct Budget {
    /// The table.
    file: PathBuf,
    /// A TOML file that says which column means what.
    #[arg(long, value_name = "FILE")]
    mapping: PathBuf,
    /// The unit below which the table's units stand.
    #[arg(long, value_name = "UNIT")]
    into: String,
    /// The account that funds units without a parent.
    #[arg(long, value_name = "ACCOUNT", required_unless_present = "verify")]
    from: Option<String>,
    /// Send nothing: compare the table with what the chain proves. Needs no key.
    #[arg(long)]
    verify: bool,
}

impl Budget {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let mapping = Mapping::read(&self.mapping)?;
        let session = context.session().await?;
        let asset: Asset = session
            .get(session.asset(&mapping.asset).await?)
            .await?
            .unwrap_or_default();
        let rows = table::read(&self.file, &mapping, asset.scale)?;
        let plan = BudgetPlan::of(rows, &mapping)?;
        let into = session.unit(&self.into).await?;
        let shown = Shown {
            mapping: &mapping,
            plan: &plan,
            top: into.number,
            asset: &asset,
        };
        if self.verify {
            return shown.tell(context, None).await;
        }
        let source = self.from.as_deref().unwrap_or_default();
        let place = Place {
            top: into.number,
            source: session.account(source).await?.number,
            asset: asset.number,
        };
        let who = context.actor().await?;
        let role = role_for(context, who.member.number, probe(&place)).await?;
        let beside = second(context, session).await?;
        let second = beside.as_ref().map(|(who, role)| acting_as(who, *role));
        let registrar = acting_as(&who, role);
        let mut import = BudgetImport::new(session, &mapping, place, registrar, second);
        let missing = import.prepare(&plan).await?;
        let (rows, units) = (missing.rows(), missing.units());
        if rows > 0 {
            context.output.note(format!(
                "You import {} of {} from {} below {}.",
                counted(rows as u64, "row"),
                counted(plan.units.len() as u64, "unit"),
                self.file.display(),
                into.shown
            ));
        }
        if let (Some(second), 1..) = (&second, units) {
            let roles = [registrar.role, second.role];
            context.output.note(founded(context, units, roles).await?);
        }
        if context.options.dry_run {
            let confers: Vec<String> = CONFERRED.into_iter().map(word).collect();
            let value = json!({
                "rows": rows,
                "rows_before": plan.rows.len() - rows,
                "units": plan.units.len(),
                "units_to_create": units,
                "confers": confers,
            });
            let left = (rows > 0).then(|| {
                let (rows, units) = (counted(rows as u64, "row"), counted(units as u64, "unit"));
                format!("{rows} can be imported, and {units} created")
            });
            tell_tried(context, value, left);
            return Ok(());
        }
        if rows > 0 {
            confirm(context).await?;
        }
        let mut signers = Vec::new();
        if rows + units > 0 {
            for who in std::iter::once(&who).chain(beside.iter().map(|(who, _)| who)) {
                signers.push(context.open_key(who)?);
            }
        }
        let progress = Progress::new("importing");
        let done = import
            .run(&signers, missing, &mut |done, of| progress.at(done, of))
            .await?;
        drop(progress);
        shown.tell(context, Some(done)).await
    }
}

/// What is done with the units that are created: what they may do, who governs them, and who gets a say over their money.
async fn founded(context: &Context, units: usize, [yours, second]: [u64; 2]) -> Result<String> {
    let view = context.session().await?.view(AsOf::Newest);
    let mut names = Names::new(&view);
    names.load_roles([yours, second]).await?;
    let confers: Vec<String> = CONFERRED.into_iter().map(word).collect();
    Ok(format!(
        "{} to create. Each may {}. {} governs them, and gives {} their accounts, budgets and allocations.",
        counted(units as u64, "unit"),
        confers.join(", "),
        names.role(second),
        names.role(yours)
    ))
}

/// An action by which the importer's role is found.
fn probe(place: &Place) -> Kind {
    Kind::CreateUnit(CreateUnit {
        parent: form::numbered(place.top),
        kind: UnitKind::Team as i32,
        handle: "imported".into(),
        ..CreateUnit::default()
    })
}

/// The second person of `--with`, and their role.
async fn second(context: &Context, session: &Session) -> Result<Option<(Actor, u64)>> {
    let text = match &context.options.cosigners[..] {
        [] => return Ok(None),
        [text] => text,
        [_, _, ..] => return Err(usage("one second person signs an import")),
    };
    let (member, role) = text
        .split_once('=')
        .ok_or_else(|| usage("the second person acts in a role: --with MEMBER=ROLE"))?;
    let member = session.member(member).await?;
    let role = session.role(role).await?.number;
    let key = context.enrolled_key(session, member.number).await?;
    Ok(Some((Actor { member, key }, role)))
}

/// A table, to be shown beside what the chain has below a unit.
struct Shown<'s> {
    mapping: &'s Mapping,
    plan: &'s BudgetPlan,
    top: u64,
    asset: &'s Asset,
}

impl Shown<'_> {
    /// Shows the sums; a difference is trouble.
    async fn tell(&self, context: &Context, done: Option<BudgetImported>) -> Result<()> {
        let session = context.session().await?;
        let sums = sums(session, self.mapping, self.plan, self.top).await?;
        let different = sums.iter().filter(|sum| !sum.is_equal()).count();
        let mut value = json!({
            "equal": different == 0,
            "proven": true,
            "sums": sums.iter().map(|sum| as_json(sum, self.asset)).collect::<Vec<Value>>(),
        });
        if let Some(done) = done {
            value["units_created"] = done.units.into();
            value["rows"] = done.rows.into();
            value["rows_before"] = done.rows_before.into();
            value["transactions"] = done.transactions.into();
        }
        context
            .output
            .show(&value, || as_text(&sums, self.asset, done));
        match different {
            0 => Ok(()),
            count => Err(Error::trouble(format!(
                "the chain and the table differ in {}",
                counted(count as u64, "sum")
            ))),
        }
    }
}

fn as_json(sum: &Sum, asset: &Asset) -> Value {
    let money = |minor: Amount| amount::json(minor, asset);
    json!({
        "unit": sum.unit,
        "period": sum.period,
        "table": money(sum.expected),
        "allocated": money(sum.allocated),
        "planned": money(sum.planned),
        "equal": sum.is_equal(),
    })
}

fn as_text(sums: &[Sum], asset: &Asset, done: Option<BudgetImported>) -> String {
    let mut table = Table::new(["unit", "period", "table", "allocated", "planned", ""]);
    for sum in sums {
        table.row([
            sum.unit.clone(),
            sum.period.clone(),
            amount::shown(sum.expected, asset),
            amount::shown(sum.allocated, asset),
            amount::shown(sum.planned, asset),
            if sum.is_equal() { "" } else { "differs" }.to_owned(),
        ]);
    }
    let mut text = table.to_string();
    match done {
        Some(done) if done.rows == 0 => text.push_str("nothing is left to import\n"),
        Some(done) => text.push_str(&format!(
            "{} imported and {} created in {}, all accepted and proven; there before: {}\n",
            counted(done.rows, "row"),
            counted(done.units, "unit"),
            counted(done.transactions, "transaction"),
            counted(done.rows_before, "row"),
        )),
        None => {}
    }
    let equal = sums.iter().filter(|sum| sum.is_equal()).count();
    text.push_str(&format!(
        "{equal} of {} sums by unit and period are equal, read with proofs\n",
        sums.len()
    ));
    text
}
