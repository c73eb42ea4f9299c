//! What a line does: a transaction of somebody, or what the story kept and sends again.

use polity_proto::v1::ObjectKind;

use super::Story;
use crate::scenario::clock;
use crate::scenario::draft::{Called, Draft, Place, Signatory};
use crate::scenario::phrases;
use crate::scenario::sending::Sending;
use crate::scenario::text::{Line, Words};
use crate::scenario::trouble::{Outcome, Trouble, trouble};

impl Story {
    /// Does what a line says; how many of the lines below belong to the act itself.
    pub(super) fn do_line(
        &mut self,
        head: &Line,
        below: &[Line],
    ) -> Result<usize, (usize, Trouble)> {
        let at = |number: usize| move |trouble| (number, trouble);
        let mut words = Words::of(&head.text);
        if self.memory.is_none() {
            return trouble("nothing is founded yet").map_err(at(head.number));
        }
        if self.time_passes(&mut words).map_err(at(head.number))? {
            return Ok(0);
        }
        if words.take("the same bytes again") {
            let bytes = self.last.clone();
            self.send(bytes, &[]).map_err(at(head.number))?;
            return Ok(0);
        }
        if words.take("sent") {
            let name = words.word("name").map_err(at(head.number))?;
            let Some((_, bytes, called)) = self.kept.remove(&name) else {
                let words = format!("nothing was kept as `{name}`");
                return trouble(words).map_err(at(head.number));
            };
            self.send(bytes, &called).map_err(at(head.number))?;
            return Ok(0);
        }
        self.act(head, below)
    }

    /// A transaction: the head line, and lines that begin with `and` or `also`.
    fn act(&mut self, head: &Line, below: &[Line]) -> Result<usize, (usize, Trouble)> {
        let at = |number: usize| move |trouble| (number, trouble);
        let Some(memory) = &self.memory else {
            return Ok(0);
        };
        let mut draft = Draft::new(Place::Ledger(memory), &mut self.names);
        let mut words = Words::of(&head.text);
        let sending = Sending::read(&mut words).map_err(at(head.number))?;
        read_act(&mut draft, &mut words).map_err(at(head.number))?;
        let mut more = 0;
        for line in below {
            let mut words = Words::of(&line.text);
            let read = if words.take("and") {
                read_act(&mut draft, &mut words)
            } else if words.take("also") {
                phrases::seal(&mut draft, &mut words)
            } else {
                break;
            };
            read.map_err(at(line.number))?;
            more += 1;
        }
        self.salt += 1;
        let bytes = sending
            .envelope(&mut draft, self.salt)
            .map_err(at(head.number))?;
        let called = draft.called;
        match sending.kept_as {
            Some(name) => {
                self.kept.insert(name, (head.number, bytes, called));
            }
            None => self.send(bytes, &called).map_err(at(head.number))?,
        }
        Ok(more)
    }

    /// Puts a transaction into a block of its own, a second later.
    fn send(&mut self, bytes: Vec<u8>, called: &[Called]) -> Outcome<()> {
        let receipts = self.block(1, 1, std::slice::from_ref(&bytes))?;
        let Some(receipt) = receipts.into_iter().next() else {
            return trouble("the block has no receipt for the transaction");
        };
        self.remember(&receipt, called);
        self.count(&receipt, &bytes);
        self.last = bytes;
        self.receipt = Some(receipt);
        Ok(())
    }
}

/// `MEMBER [as ROLE] [with key K] [with MEMBER [as ROLE]]… [recording TIME] PHRASE`.
fn read_act(draft: &mut Draft<'_>, words: &mut Words) -> Outcome<()> {
    draft.template = polity_proto::v1::Action::default();
    let (place, role) = read_person(draft, words, true)?;
    draft.template.actor = place;
    draft.template.acting_role = role;
    while words.take("with") {
        let (place, role) = read_person(draft, words, false)?;
        draft.template.seconds.push(polity_proto::v1::Second {
            signer: place,
            acting_role: role,
        });
    }
    if words.take("recording") {
        draft.template.effective_at = clock::time(words)?;
    }
    phrases::read(draft, words)
}

fn read_person(
    draft: &mut Draft<'_>,
    words: &mut Words,
    acts: bool,
) -> Outcome<(u32, Option<polity_proto::v1::Ref>)> {
    let member = words.word("member")?;
    let role = if words.take("as") {
        draft.refer(ObjectKind::Role, words)?
    } else {
        None
    };
    let key = if words.take("with key") {
        words.word("key")?
    } else {
        member.clone()
    };
    if acts {
        draft.actor.clone_from(&member);
    }
    Ok((draft.signer(Signatory { member, key }), role))
}
