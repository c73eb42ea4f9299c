//! Questions to nodes, as anybody may ask them: what is proven is the model's, and all nodes answer alike.

use polity_engine::application::{Application, Query, QueryResult};
use polity_ledger::check;
use polity_ledger::state::keys;
use polity_node::query::{self, QueryError};
use polity_proto::v1::{
    Body, CanRequest, ConsistencyRequest, Envelope, HealthRequest, HistoryRequest, InboxRequest,
    InclusionRequest, KeysRequest, ListRequest, ObjectKind, OutlookRequest, ReceiptAtRequest,
    RefusalsRequest, SimulateRequest, StatusAnswer, WhoCanRequest,
};
use prost::Message;

use super::configurations::FORGETFUL;
use super::replica::Finding;
use super::run::Simulation;
use crate::dice::Dice;

/// So many of the newest heights every node keeps, because they can be taken back.
const KEPT_BY_ALL: u64 = 16;
/// Numbers of objects that most simulations come to.
const NUMBERS: u64 = 12;

impl Simulation {
    /// Asks a node for a value with proof: it is the model's.
    pub(super) fn ask(&mut self) -> Finding<()> {
        let running = self.running();
        let node = *self.dice.pick(&running).ok_or("no node is running")?;
        let mut dice = self.dice.clone();
        let key = self.key(&mut dice, keys::is_leaf);
        self.dice = dice;
        let query = Query {
            path: "/key".into(),
            data: key.clone().into(),
            height: 0,
            prove: true,
        };
        let answer = self.answer(node, &query)?;
        let proof = answer
            .proof_ops
            .first()
            .ok_or_else(|| format!("no proof: {}", answer.log))?;
        let app_hash = self.chain.app_hash(answer.height);
        polity_client::proof::verify_key(&app_hash, &key, &answer.value, &proof.data)
            .map_err(|error| format!("node {node}: {error}"))?;
        let value = self.model.state.get(&key).map_or(&[][..], Vec::as_slice);
        if answer.height < self.chain.height() || answer.value == value {
            Ok(())
        } else {
            Err(format!(
                "node {node} has another value of {}",
                hex::encode(key)
            ))
        }
    }

    /// Asks all nodes the same, on each path, of the newest height or an earlier one: they answer alike, with the same
    /// proofs, unless a node says that it does not keep that height.
    pub(super) fn ask_everybody(&mut self) -> Finding<()> {
        // The simulation goes on as if nobody had asked.
        let mut dice = self.dice.clone();
        let newest = self.chain.height();
        for path in query::paths() {
            let question = Query {
                path: path.into(),
                data: self.data(path, &mut dice)?.into(),
                height: dice.below(2 * newest).saturating_sub(newest),
                prove: dice.chance(50),
            };
            let mut due: Option<QueryResult> = None;
            for node in self.running() {
                let answer = self.answer(node, &question)?;
                if says_forgotten(&answer) {
                    let is_kept = question.height + KEPT_BY_ALL >= newest;
                    if is_kept || node != FORGETFUL {
                        return Err(format!("node {node} keeps too little: {}", answer.log));
                    }
                    self.tally.forgotten += 1;
                    continue;
                }
                match &due {
                    None => due = Some(answer),
                    Some(due) if *due == answer => {}
                    Some(due) => {
                        return Err(format!(
                            "node {node} answers {question:?} by {answer:?}, and another by {due:?}"
                        ));
                    }
                }
            }
            if due.is_some_and(|due| due.code == 0) {
                *self.tally.answered.entry(path).or_default() += 1;
            }
        }
        Ok(())
    }

    /// What a node answers, but for how much of the past it keeps.
    fn answer(&self, node: usize, question: &Query) -> Finding<QueryResult> {
        let answer = self.replicas[node].app()?.query(question.clone());
        let mut answer = answer.map_err(|fault| fault.to_string())?;
        if question.path == "/status" && answer.code == 0 {
            let status = StatusAnswer::decode(&answer.value[..]);
            let status = StatusAnswer {
                history_base_height: 0,
                ..status.map_err(|error| error.to_string())?
            };
            answer.value = status.encode_to_vec().into();
        }
        Ok(answer)
    }

    /// The data of a question on a path, about what there is or could be.
    fn data(&self, path: &str, dice: &mut Dice) -> Finding<Vec<u8>> {
        let height = dice.below(self.chain.height()) + 1;
        let block = self.chain.block(height);
        let transactions = block.map_or(&[][..], |block| &block.request.transactions);
        let index = dice.place(transactions.len());
        let bytes = transactions.get(index).map_or(&[][..], |bytes| bytes);
        let body = Envelope::decode(bytes).unwrap_or_default().body;
        let actions = Body::decode(&body[..]).unwrap_or_default().actions;
        let kind = dice.below(ObjectKind::Election as u64 + 1) as i32;
        let number = dice.below(NUMBERS) + 1;
        Ok(match path {
            "/key" => self.key(dice, |_| true),
            "/keys" => KeysRequest {
                keys: (0..3).map(|_| self.key(dice, keys::is_leaf)).collect(),
            }
            .encode_to_vec(),
            "/list" => self.list(dice)?.encode_to_vec(),
            "/history" => HistoryRequest {
                kind,
                number,
                from: dice.below(3),
                limit: 10,
                newest: dice.chance(50),
            }
            .encode_to_vec(),
            "/consistency" => ConsistencyRequest {
                kind,
                number,
                old: dice.below(4),
            }
            .encode_to_vec(),
            "/inclusion" => InclusionRequest {
                kind,
                number,
                index: dice.below(3),
            }
            .encode_to_vec(),
            "/receipt" => check::check(bytes, &self.model.organisation)
                .map_or_else(|_| dice.bytes(32), |checked| checked.id().to_vec()),
            "/receipt-at" => ReceiptAtRequest {
                height,
                index: index as u32,
            }
            .encode_to_vec(),
            "/simulate" => SimulateRequest { body }.encode_to_vec(),
            "/can" => CanRequest {
                member: number,
                action: actions.into_iter().next(),
                any_role: dice.chance(50),
            }
            .encode_to_vec(),
            "/who-can" => WhoCanRequest {
                action: actions.into_iter().next(),
            }
            .encode_to_vec(),
            "/health" => HealthRequest {
                unit: number,
                below: dice.chance(50),
                within: 86_400,
            }
            .encode_to_vec(),
            "/outlook" => OutlookRequest {
                unit: number,
                member: dice.below(NUMBERS) + 1,
                role: 0,
                actions: actions.iter().map(Message::encode_to_vec).collect(),
            }
            .encode_to_vec(),
            "/inbox" => InboxRequest { member: number }.encode_to_vec(),
            "/refusals" => RefusalsRequest {
                kind: dice.one_of([ObjectKind::Member, ObjectKind::Unit]).into(),
                number,
                ..RefusalsRequest::default()
            }
            .encode_to_vec(),
            "/status" => Vec::new(),
            _ => return Err(format!("nobody here asks {path}")),
        })
    }

    /// One of the lists that there are.
    fn list(&self, dice: &mut Dice) -> Finding<ListRequest> {
        let is_head = |key: &[u8]| key.first() == Some(&keys::LIST_HEAD);
        let heads: Vec<&Vec<u8>> = self.keys(is_head);
        let head = dice.pick(&heads).ok_or("there is no list")?;
        let number = |at: usize| Some(u64::from_be_bytes(head.get(at..at + 8)?.try_into().ok()?));
        let (list, owner) = number(1).zip(number(9)).ok_or("a head has another key")?;
        Ok(ListRequest {
            list,
            owner,
            from_page: 0,
        })
    }

    /// A key of the state, or one that is not there.
    fn key(&self, dice: &mut Dice, of: impl Fn(&[u8]) -> bool) -> Vec<u8> {
        let keys = self.keys(of);
        let mut key = dice.pick(&keys).map_or_else(Vec::new, |key| (*key).clone());
        if dice.chance(30) {
            key.push(7);
        }
        key
    }

    fn keys(&self, of: impl Fn(&[u8]) -> bool) -> Vec<&Vec<u8>> {
        self.model.state.keys().filter(|key| of(key)).collect()
    }
}

fn says_forgotten(answer: &QueryResult) -> bool {
    let forgotten = QueryError::BelowHistoryBase {
        history_base_height: 0,
    };
    answer.code == forgotten.code()
}
