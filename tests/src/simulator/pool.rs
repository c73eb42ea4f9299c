//! What arrives for the next block: good acts, attempts, junk, and what was sent before.

use std::collections::BTreeMap;

use polity_ledger::Block;
use polity_ledger::actions;
use polity_proto::v1::action::Kind;
use polity_proto::v1::{Action, OpenProposal, ProposalState, Respond, Transfer};

use super::author::{self, Written};
use super::workload::{Scene, think, waiting};
use super::{hostile, kinds};

/// Envelopes that are remembered, to be sent again.
const REMEMBERED_MAX: usize = 80;
/// Acts that are thought of for each transaction that is wanted.
const THOUGHTS: usize = 3;
/// Kinds that are tried for one act of a new kind.
const FRESH: usize = 6;

/// The pool of the simulation.
#[derive(Clone, Debug, Default)]
pub(super) struct Pool {
    sent: Vec<Vec<u8>>,
    /// Acts by the action's number on the wire: how many were good, and how many were not.
    written: BTreeMap<u32, (u64, u64)>,
}

impl Pool {
    /// Envelopes for the block, about as many as wanted.
    pub(super) fn fill(
        &mut self,
        scene: &mut Scene<'_>,
        block: Block,
        wanted: usize,
    ) -> Vec<Vec<u8>> {
        let mut envelopes = Vec::new();
        for _ in 0..wanted * THOUGHTS {
            if envelopes.len() >= wanted {
                break;
            }
            if scene.dice.chance(4) {
                envelopes.extend(scene.dice.pick(&self.sent).cloned());
                continue;
            }
            let Some(written) = self.thought(scene, block) else {
                continue;
            };
            // What would be refused is worth sending too: once of each kind, and then seldom.
            let (_, refused) = self.count(&written);
            if written.code != 0 && refused > 1 && !scene.dice.chance(20) {
                continue;
            }
            envelopes.extend(self.envelopes(scene, block, written));
        }
        envelopes
    }

    /// The written body in an envelope, perhaps with another, perhaps spoilt, perhaps twice.
    fn envelopes(&mut self, scene: &mut Scene<'_>, block: Block, written: Written) -> Vec<Vec<u8>> {
        let mut body = written.body;
        match scene.dice.below(20) {
            0 => {
                if let Some(other) = self.thought(scene, block) {
                    body = author::joined(body, other.body);
                }
            }
            1..4 => body = hostile::spoil_body(scene, &body),
            4 => {
                let past = scene.time() - scene.dice.below(40 * 86_400);
                body.actions[0].effective_at = past;
            }
            _ => {}
        }
        let envelope = hostile::sign(scene.keyring, &scene.organisation, &body);
        self.sent.push(envelope.clone());
        if self.sent.len() > REMEMBERED_MAX {
            self.sent.remove(0);
        }
        match scene.dice.below(20) {
            0 => vec![hostile::spoil_envelope(&envelope, scene.dice)],
            // Junk in somebody's name arrives before the real thing.
            1 => vec![hostile::spoil_envelope(&envelope, scene.dice), envelope],
            2 => vec![envelope.clone(), envelope],
            _ => vec![envelope],
        }
    }

    /// An act of any kind, most often of one that is needed for others to happen.
    fn thought(&self, scene: &mut Scene<'_>, block: Block) -> Option<Written> {
        let kinds = kinds::all();
        let kind = match scene.dice.below(20) {
            0 | 1 => Kind::Transfer(Transfer::default()),
            2..4 => Kind::OpenProposal(OpenProposal::default()),
            4..7 if !scene.view.proposals(ProposalState::Open).is_empty() => {
                Kind::Respond(Respond::default())
            }
            7..10 => match scene.dice.pick(&waiting(scene)) {
                Some(kind) => kind.clone(),
                None => scene.dice.pick(&kinds)?.clone(),
            },
            // What somebody does for themselves follows on what others did.
            10..12 => {
                let is_own = |kind: &&Kind| !actions::topic(kind).is_proposable();
                let own: Vec<Kind> = kinds.iter().filter(is_own).cloned().collect();
                scene.dice.pick(&own)?.clone()
            }
            // What never went well so far is tried wherever the state has something for it.
            12..16 => return self.fresh(scene, block, kinds),
            _ => scene.dice.pick(&kinds)?.clone(),
        };
        let deed = think(&kind, scene)?;
        author::write(scene, block, &deed)
    }

    /// An act of a kind that never went well so far: the first that would, of some.
    fn fresh(&self, scene: &mut Scene<'_>, block: Block, mut kinds: Vec<Kind>) -> Option<Written> {
        kinds.retain(|kind| self.is_new(kind));
        scene.dice.shuffle(&mut kinds);
        let mut last = None;
        for kind in kinds.iter().take(FRESH) {
            let Some(deed) = think(kind, scene) else {
                continue;
            };
            last = author::write(scene, block, &deed).or(last);
            if last.as_ref().is_some_and(|written| written.code == 0) {
                break;
            }
        }
        last
    }

    fn is_new(&self, kind: &Kind) -> bool {
        let tag = actions::tag(&of_kind(kind.clone()));
        self.written.get(&tag).is_none_or(|(good, _)| *good == 0)
    }

    /// Counts an act; gives how many of its kind there were, good ones and others.
    fn count(&mut self, written: &Written) -> (u64, u64) {
        let tag = written.body.actions.first().map_or(0, actions::tag);
        let counts = self.written.entry(tag).or_default();
        match written.code {
            0 => counts.0 += 1,
            _ => counts.1 += 1,
        }
        *counts
    }
}

fn of_kind(kind: Kind) -> Action {
    Action {
        kind: Some(kind),
        ..Action::default()
    }
}
