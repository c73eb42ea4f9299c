//! `sod list | rule | unrule | exception`.

use clap::{Args, Subcommand};
use polity_client::Result;
use polity_client::ledger::state::keys::List as Lists;
use polity_client::session::lettered;
use polity_client::v1::{
    Capability, GiveSodException, ObjectKind, RemoveSodRule, SetSodRule, SodException, SodRule,
    action::Kind,
};
use serde_json::{Value, json};

use crate::context::Context;
use crate::names::Names;
use crate::output::Table;
use crate::{time, word};

/// Separation of duties: capabilities that no member may hold together.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity sod rule acme issue audit\n  \
    polity sod exception s1 finn --until 14d --control 'gia reads every issue'")]
pub struct Sod {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    List(List),
    Rule(Rule),
    Unrule(Unrule),
    Exception(Exception),
}

impl Sod {
    /// Runs the verb.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self.verb {
            Verb::List(verb) => verb.run(context).await,
            Verb::Rule(verb) => verb.run(context).await,
            Verb::Unrule(verb) => verb.run(context).await,
            Verb::Exception(verb) => verb.run(context).await,
        }
    }
}

/// Lists the rules that hold, with their exceptions.
#[derive(Args, Debug)]
struct List {}

impl List {
    async fn run(self, context: &Context) -> Result<()> {
        let view = context.view().await?;
        let numbers = view.list(Lists::SodRules, 0).await?;
        let rules: Vec<SodRule> = view.existing(&numbers).await?;
        let exceptions: Vec<SodException> = view.listed(Lists::SodExceptions, &numbers).await?;
        let mut names = Names::new(&view);
        names.load_units(rules.iter().map(|rule| rule.unit)).await?;
        names
            .load_members(exceptions.iter().map(|one| one.member))
            .await?;

        let mut table = Table::new(["rule", "unit and below", "never together", "exceptions"]);
        let mut rows = Vec::new();
        for rule in &rules {
            let of_rule: Vec<&SodException> = exceptions
                .iter()
                .filter(|one| one.rule == rule.number)
                .collect();
            let words: Vec<String> = of_rule
                .iter()
                .map(|one| {
                    let member = names.shown(ObjectKind::Member, one.member);
                    format!("{member} until {}: {}", time::shown(one.until), one.control)
                })
                .collect();
            table.row([
                lettered(ObjectKind::SodRule, rule.number),
                names.shown(ObjectKind::Unit, rule.unit),
                format!(
                    "{} and {}",
                    word::word(rule.first()),
                    word::word(rule.second())
                ),
                words.join("\n"),
            ]);
            let of_rule: Vec<Value> = of_rule.iter().map(|one| exception_json(one)).collect();
            rows.push(json!({
                "rule": lettered(ObjectKind::SodRule, rule.number),
                "unit": lettered(ObjectKind::Unit, rule.unit),
                "first": word::word(rule.first()),
                "second": word::word(rule.second()),
                "exceptions": of_rule,
            }));
        }
        context.answer(&view, json!({"rules": rows}), || table.to_string());
        Ok(())
    }
}

/// Sets that no member holds both capabilities in a unit and below.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    polity sod rule acme/finance spend record_external")]
struct Rule {
    /// The unit.
    unit: String,
    /// One capability.
    #[arg(value_parser = word::parser::<Capability>())]
    first: Capability,
    /// The other.
    #[arg(value_parser = word::parser::<Capability>())]
    second: Capability,
}

impl Rule {
    async fn run(self, context: &Context) -> Result<()> {
        let set = SetSodRule {
            unit: context.unit_ref(&self.unit).await?,
            first: self.first as i32,
            second: self.second as i32,
        };
        context.act(vec![Kind::SetSodRule(set)]).await
    }
}

/// Removes a rule.
#[derive(Args, Debug)]
struct Unrule {
    /// The rule: s1.
    rule: String,
}

impl Unrule {
    async fn run(self, context: &Context) -> Result<()> {
        let rule = context.numbered_ref::<SodRule>(&self.rule).await?;
        context
            .act(vec![Kind::RemoveSodRule(RemoveSodRule { rule })])
            .await
    }
}

/// Excepts a member from a rule for a time: at most the parameter `exception_max`, 30 days unless your organisation set
/// another.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    polity sod exception s1 fiona --until 14d --control 'felix reads every entry'")]
struct Exception {
    /// The rule: s1.
    rule: String,
    /// Who is excepted.
    excepted: String,
    /// Until when.
    #[arg(long, value_name = "TIME|DURATION")]
    until: String,
    /// What is watched instead. Stands on the chain for good.
    #[arg(long)]
    control: String,
}

impl Exception {
    async fn run(self, context: &Context) -> Result<()> {
        let give = GiveSodException {
            rule: context.numbered_ref::<SodRule>(&self.rule).await?,
            member: context.member_ref(&self.excepted).await?,
            until: time::parse_until(&self.until)?,
            control: self.control,
        };
        context.act(vec![Kind::GiveSodException(give)]).await
    }
}

fn exception_json(one: &SodException) -> Value {
    json!({
        "exception": lettered(ObjectKind::SodException, one.number),
        "member": lettered(ObjectKind::Member, one.member),
        "from": time::json(one.from),
        "until": time::json(one.until),
        "control": one.control,
    })
}
