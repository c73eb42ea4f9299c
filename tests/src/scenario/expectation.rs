//! What a story expects: lines below an act.

mod decisions;
mod value;

use polity_ledger::Amount;
use polity_ledger::actions::available;
use polity_ledger::health;
use polity_ledger::judge::{departments, power};
use polity_ledger::state::objects;
use polity_ledger::time::DAY;
use polity_proto::v1::{
    Account, BasisSource, BudgetLine, EndReason, Hold, Member, ObjectKind, Objection, Receipt,
    Record, Unit,
};

use super::names::{Lookup, Names, kind_name};
use super::run::rejection_name;
use super::text::Words;
use super::trouble::{Outcome, Trouble, trouble};
use crate::memory::Memory;

/// What can be looked at after an act.
pub(super) struct Told<'a> {
    pub(super) memory: &'a Memory,
    /// The receipt of the act, if it was one.
    pub(super) receipt: Option<&'a Receipt>,
    /// What timers did in its block.
    pub(super) timers: &'a [Receipt],
}

/// Whether a line holds.
pub(super) fn check(told: &Told<'_>, names: &mut Names, words: &mut Words) -> Outcome<()> {
    let mut scene = Scene {
        told,
        lookup: Lookup {
            state: &told.memory.state,
            names,
            created: Default::default(),
        },
    };
    scene.check(words)?;
    words.done()
}

struct Scene<'a> {
    told: &'a Told<'a>,
    lookup: Lookup<'a>,
}

impl Scene<'_> {
    fn check(&mut self, words: &mut Words) -> Outcome<()> {
        if words.take("accepted") {
            return self.outcome(0, None);
        }
        if words.take("refused") {
            return self.refused(words);
        }
        if words.peek_at(1) == Some("ended") {
            return self.ended(words);
        }
        if words.take("balance") {
            let account: Account = self.object(ObjectKind::Account, words)?;
            let of = |bytes: &[u8]| Amount::from_state(bytes).0 as i128;
            let balance = of(&account.credits_posted) - of(&account.debits_posted);
            return self.amount(balance, words);
        }
        if words.take("available in") {
            let account: Account = self.object(ObjectKind::Account, words)?;
            let found = available(&account).map_or(i128::MAX, |amount| amount.0 as i128);
            return self.amount(found, words);
        }
        if words.take("sum of all") {
            return self.sum(words);
        }
        if words.take("left on line") {
            let line: BudgetLine = self.object(ObjectKind::BudgetLine, words)?;
            let of = |bytes: &[u8]| Amount::from_state(bytes).0 as i128;
            let left = of(&line.approved) + of(&line.carried)
                - of(&line.carried_out)
                - of(&line.committed)
                - of(&line.spent);
            return self.amount(left, words);
        }
        if words.take("proposal") {
            return self.proposal(words);
        }
        if words.take("objection") {
            let objection: Objection = self.object(ObjectKind::Objection, words)?;
            return state_is(words, objection.state().as_str_name(), "OBJECTION_STATE_");
        }
        if words.take("election") {
            return self.election(words);
        }
        if words.take("unit") {
            return self.unit(words);
        }
        if words.take("hold") {
            let hold: Hold = self.object(ObjectKind::Hold, words)?;
            return state_is(words, hold.state().as_str_name(), "HOLD_STATE_");
        }
        if words.take("member") {
            let member: Member = self.object(ObjectKind::Member, words)?;
            return state_is(words, member.state().as_str_name(), "MEMBER_STATE_");
        }
        if words.take("history of") {
            return self.history(words);
        }
        if words.take("basis") {
            return self.basis(words);
        }
        if words.take("validators =") {
            let validators = departments::validators(&self.told.memory.state).len();
            return number_is(words, validators as u64);
        }
        if words.take("power of") {
            let number = self.number(ObjectKind::Unit, words)?;
            words.need("=")?;
            let found = departments::validators(&self.told.memory.state)
                .into_iter()
                .find(|validator| validator.unit == number);
            return number_is(words, found.map_or(0, |validator| validator.power));
        }
        if words.take("there is") {
            return self.there_is(words);
        }
        if matches!(words.peek_at(1), Some("holds" | "does")) {
            return self.holds(words);
        }
        trouble("nobody knows how to look at this")
    }

    fn outcome(&self, code: u32, action: Option<u32>) -> Outcome<()> {
        let Some(receipt) = self.told.receipt else {
            return trouble("nothing was sent");
        };
        let found = match receipt.code {
            0 => "it was accepted".to_owned(),
            code => format!(
                "it was refused {} in action {}",
                rejection_name(code),
                receipt.failed_action + 1
            ),
        };
        let fits =
            receipt.code == code && action.is_none_or(|action| receipt.failed_action + 1 == action);
        if fits { Ok(()) } else { Err(Trouble(found)) }
    }

    /// `refused NAME [in action N]`.
    fn refused(&self, words: &mut Words) -> Outcome<()> {
        let name = words.word("rejection")?;
        let code = polity_ledger::Rejection::ALL
            .iter()
            .find(|rejection| rejection.name() == name)
            .map(|rejection| rejection.code());
        let Some(code) = code else {
            return trouble(format!("`{name}` is no rejection"));
        };
        let action = if words.take("in action") {
            Some(words.number("action")?)
        } else {
            None
        };
        self.outcome(code, action)
    }

    /// `U is KIND`, `U is [not] warned of WARNING`.
    fn unit(&mut self, words: &mut Words) -> Outcome<()> {
        let unit: Unit = self.object(ObjectKind::Unit, words)?;
        let unwarned = words.take("is not warned of");
        let warned = !unwarned && words.take("is warned of");
        if !warned && !unwarned {
            return state_is(words, unit.kind().as_str_name(), "UNIT_KIND_");
        }
        let memory = self.told.memory;
        let found: Vec<String> = health::of_unit(&memory.state, memory.time, 14 * DAY, unit.number)
            .iter()
            .map(|warning| {
                let name = warning.kind().as_str_name();
                name.trim_start_matches("WARNING_KIND_").to_lowercase()
            })
            .collect();
        if found.contains(&words.word("warning")?) == warned {
            Ok(())
        } else {
            trouble(format!("it is warned of {found:?}"))
        }
    }

    /// `KIND NAME has N entries`.
    fn history(&mut self, words: &mut Words) -> Outcome<()> {
        let kind = kind(words)?;
        let number = self.number(kind, words)?;
        words.need("has")?;
        let expected: u64 = words.number("number of entries")?;
        if !words.take("entry") {
            words.need("entries")?;
        }
        let record: Option<Record> = objects::prefix_with_history(kind).and_then(|prefix| {
            objects::value(
                &self.told.memory.state,
                &objects::object_key(prefix, number),
            )
        });
        match record {
            None => trouble("it has no history"),
            Some(record) if record.history_count == expected => Ok(()),
            Some(record) => trouble(format!("it has {} entries", record.history_count)),
        }
    }

    /// `own`, `grant`, `policy`, `proposal`: by what authority the act happened.
    fn basis(&self, words: &mut Words) -> Outcome<()> {
        let event = self.told.receipt.and_then(|receipt| receipt.events.first());
        let source = event
            .and_then(|event| event.basis)
            .map_or(BasisSource::None, |basis| basis.source());
        let found = source
            .as_str_name()
            .trim_start_matches("BASIS_SOURCE_")
            .to_lowercase();
        if words.word("basis")? == found {
            Ok(())
        } else {
            trouble(format!("the basis is {found}"))
        }
    }

    /// `[no] KIND NAME`, among the living.
    fn there_is(&mut self, words: &mut Words) -> Outcome<()> {
        let absent = words.take("no");
        let kind = kind(words)?;
        let name = words.word("name")?;
        let lives = self.lookup.lives(kind, &name);
        if lives != absent {
            Ok(())
        } else if absent {
            trouble("there is one")
        } else {
            trouble("there is none")
        }
    }

    /// `KIND ended by REASON`, in this block or by its timers.
    fn ended(&self, words: &mut Words) -> Outcome<()> {
        let kind = kind(words)?;
        words.need("ended by")?;
        let name = words.word("reason")?.to_uppercase();
        let reason = EndReason::from_str_name(&format!("END_REASON_{name}"));
        let Some(reason) = reason else {
            return trouble(format!("`{name}` is no reason"));
        };
        let found: Vec<String> = self
            .told
            .timers
            .iter()
            .chain(self.told.receipt)
            .flat_map(|receipt| &receipt.events)
            .filter(|event| event.reason() != EndReason::None)
            .map(|event| {
                format!(
                    "{} {}",
                    kind_name(event.object()),
                    event.reason().as_str_name()
                )
            })
            .collect();
        let expected = format!("{} {}", kind_name(kind), reason.as_str_name());
        if found.contains(&expected) {
            Ok(())
        } else {
            trouble(format!("what ended: {found:?}"))
        }
    }

    /// `MEMBER holds ROLE`, `MEMBER does not hold ROLE`.
    fn holds(&mut self, words: &mut Words) -> Outcome<()> {
        let member = self.number(ObjectKind::Member, words)?;
        let expected = words.take("holds");
        if !expected {
            words.need("does not hold")?;
        }
        let role = self.number(ObjectKind::Role, words)?;
        let memory = self.told.memory;
        let holds = power::holding(&memory.state, member, role, memory.time).is_some();
        if holds == expected {
            Ok(())
        } else if expected {
            trouble("they do not hold it")
        } else {
            trouble("they hold it")
        }
    }

    fn number(&mut self, kind: ObjectKind, words: &mut Words) -> Outcome<u64> {
        let name = words.word(&kind_name(kind))?;
        self.lookup.number(kind, &name)
    }

    fn object<T: objects::Object>(&mut self, kind: ObjectKind, words: &mut Words) -> Outcome<T> {
        let number = self.number(kind, words)?;
        objects::get(&self.told.memory.state, number)
            .ok_or_else(|| Trouble(format!("there is no such {}", kind_name(kind))))
    }
}

fn kind(words: &mut Words) -> Outcome<ObjectKind> {
    let name = words.word("kind of object")?;
    ObjectKind::from_str_name(&format!(
        "OBJECT_KIND_{}",
        name.to_uppercase().replace('-', "_")
    ))
    .ok_or_else(|| Trouble(format!("`{name}` is no kind of object")))
}

/// `is STATE`.
fn state_is(words: &mut Words, found: &str, prefix: &str) -> Outcome<()> {
    words.need("is")?;
    let found = found.trim_start_matches(prefix).to_lowercase();
    if words.word("state")? == found {
        Ok(())
    } else {
        trouble(format!("it is {found}"))
    }
}

fn number_is(words: &mut Words, found: u64) -> Outcome<()> {
    if words.number::<u64>("number")? == found {
        Ok(())
    } else {
        trouble(format!("it is {found}"))
    }
}
