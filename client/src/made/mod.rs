//! For tests: a chain that a test makes block by block, signed by one validator, and what a node that has it answers.

mod headers;
mod log;
mod state;

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use polity_ledger::merkle::receipts;
use polity_ledger::state::objects::{Object, object_key};
use polity_proto::v1::{
    Body, Envelope, Event, HistoryEntry, HistoryRequest, KeyAnswer, KeysAnswer, KeysRequest,
    Posting, Receipt, ReceiptAnswer, ReceiptAtRequest, Record,
};
use prost::Message;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tendermint::block::signed_header::SignedHeader;

pub(crate) use self::headers::FOUNDED;
pub(crate) use self::log::{Log, vectors};
pub(crate) use self::state::State;
use crate::proof::covered_result;
use crate::recorded::client;
use crate::session::{Founding, Session};
use crate::trust::{Checkpoint, LightClient, TrustOptions, TrustRoot};

/// Values by their keys.
type Values = BTreeMap<Vec<u8>, Vec<u8>>;

/// What a transfer of 1 tells: it moves from account 2 to account 1.
pub(crate) fn paid_by(transfer: u64) -> Event {
    Event {
        posting: Some(Posting {
            transfer,
            from: 2,
            to: 1,
            amount: vec![1],
            ..Posting::default()
        }),
        ..Event::default()
    }
}

/// A chain. Block 0 is its founding.
#[derive(Clone, Default)]
pub(crate) struct Made {
    blocks: Vec<Block>,
    /// The entries of each object's history, by its key.
    histories: BTreeMap<Vec<u8>, Vec<HistoryEntry>>,
}

/// What a block holds, and the state after it.
#[derive(Clone, Default)]
struct Block {
    values: Values,
    transactions: Vec<(Vec<u8>, Receipt)>,
}

impl Made {
    /// A chain that begins with this state.
    pub(crate) fn founded() -> Made {
        Made {
            blocks: vec![Block::default()],
            ..Made::default()
        }
    }

    /// One more block, in which nothing happened yet.
    pub(crate) fn block(&mut self) -> &mut Made {
        let values = self.last().values.clone();
        self.blocks.push(Block {
            values,
            transactions: Vec::new(),
        });
        self
    }

    /// The height of the last block.
    pub(crate) fn newest(&self) -> u64 {
        self.blocks.len() as u64 - 1
    }

    /// Sets an object, of which its history tells nothing.
    pub(crate) fn put<T: Object>(&mut self, object: &T) -> &mut Made {
        let key = object_key(T::PREFIX, object.number());
        let value = if T::HISTORY {
            self.record_of(&key, object.encode_to_vec()).encode_to_vec()
        } else {
            object.encode_to_vec()
        };
        self.set(key, value)
    }

    /// Sets an object, of which its history tells: by an event of a receipt of this block.
    pub(crate) fn tell<T: Object>(&mut self, object: &T, position: u32, event: u32) -> &mut Made {
        let key = object_key(T::PREFIX, object.number());
        let entry = HistoryEntry {
            height: self.newest(),
            position,
            event,
            object_hash: Sha256::digest(object.encode_to_vec()).to_vec(),
        };
        self.histories.entry(key).or_default().push(entry);
        self.put(object)
    }

    /// Adds a transaction, and what became of it.
    pub(crate) fn transaction(&mut self, body: &Body, receipt: Receipt) -> &mut Made {
        let envelope = Envelope {
            body: body.encode_to_vec(),
            signatures: vec![vec![1; 64]; body.signers.len()],
        };
        let block = self.blocks.last_mut().expect("the founding");
        block.transactions.push((envelope.encode_to_vec(), receipt));
        self
    }

    fn set(&mut self, key: Vec<u8>, value: Vec<u8>) -> &mut Made {
        let block = self.blocks.last_mut().expect("the founding");
        block.values.insert(key, value);
        self
    }

    fn last(&self) -> &Block {
        self.blocks.last().expect("the founding")
    }

    fn record_of(&self, key: &[u8], object: Vec<u8>) -> Record {
        let log = self.log(key, self.newest());
        let head = log.head(log.count());
        Record {
            object,
            history_count: head.count,
            history_root: head.root.to_vec(),
        }
    }

    /// The history of an object as it was after a block.
    fn log(&self, key: &[u8], height: u64) -> Log {
        let entries = self.histories.get(key).into_iter().flatten();
        let entries = entries.filter(|entry| entry.height <= height);
        Log::of(entries.map(Message::encode_to_vec).collect())
    }

    fn state(&self, height: u64) -> State {
        State::of(self.blocks[height as usize].values.clone())
    }

    /// The data hash of a block, and the hash of its results.
    fn roots(&self, height: u64) -> ([u8; 32], [u8; 32]) {
        let (hashes, results) = self.leaves(height);
        (receipts::root(&hashes), receipts::root(&results))
    }

    fn leaves(&self, height: u64) -> (Vec<[u8; 32]>, Vec<Vec<u8>>) {
        let transactions = self.blocks[height as usize].transactions.iter();
        transactions
            .map(|(envelope, receipt)| {
                let data = receipt.encode_to_vec();
                let hash: [u8; 32] = Sha256::digest(envelope).into();
                (hash, covered_result(receipt.code, &data))
            })
            .unzip()
    }

    /// The chain as a node has it, with the headers that its validator signed.
    pub(crate) fn signed(self) -> Signed {
        Signed {
            headers: headers::of(&self),
            chain: self,
        }
    }
}

/// A chain with its headers.
#[derive(Clone)]
pub(crate) struct Signed {
    chain: Made,
    headers: Vec<SignedHeader>,
}

impl Signed {
    /// A session that trusts this chain's founding, one minute after its last block.
    pub(crate) fn session<const N: usize>(&self, nodes: [String; N]) -> Session {
        self.session_after(Duration::from_secs(60), nodes)
    }

    /// The same, so long after its last block.
    pub(crate) fn session_after<const N: usize>(
        &self,
        pause: Duration,
        nodes: [String; N],
    ) -> Session {
        let root = TrustRoot::Genesis(headers::genesis());
        self.session_from(root, pause, nodes)
    }

    /// A session that trusts one of this chain's headers.
    pub(crate) fn session_from_checkpoint<const N: usize>(
        &self,
        height: u64,
        nodes: [String; N],
    ) -> Session {
        let hash = self.header(height).header.hash();
        let root = TrustRoot::Checkpoint(Checkpoint {
            chain_id: headers::CHAIN_ID.into(),
            height,
            header_hash: hash.as_bytes().try_into().expect("32 bytes"),
        });
        self.session_from(root, Duration::from_secs(60), nodes)
    }

    fn session_from<const N: usize>(
        &self,
        root: TrustRoot,
        pause: Duration,
        nodes: [String; N],
    ) -> Session {
        let rpc = client(nodes);
        let options = TrustOptions {
            at: Some(headers::time(self.chain.newest()) + pause),
            ..TrustOptions::default()
        };
        let light = LightClient::new(rpc.clone(), root, options, None).expect("opens");
        let founding = Founding {
            chain_id: headers::CHAIN_ID.into(),
            time: headers::FOUNDED,
            organisation: [1; 32],
            founded: [1; 32],
            receipt: Receipt::default(),
            trust: headers::genesis(),
        };
        let mut session = Session::new(rpc, light, founding);
        session.wait = Duration::from_millis(300);
        session
    }

    /// What an honest node answers.
    pub(crate) fn answer(&self, method: &str, params: &Value) -> Value {
        self.answer_as_of(self.chain.newest() - 1, method, params)
    }

    /// The same, with the state of a height as the newest one.
    pub(crate) fn answer_as_of(&self, state: u64, method: &str, params: &Value) -> Value {
        let asked = |name: &str| params[name].as_str().and_then(|text| text.parse().ok());
        let height = asked("height").unwrap_or(self.chain.newest());
        let result = match method {
            "status" => json!({
                "node_info": {"id": "00".repeat(20), "network": headers::CHAIN_ID},
                "sync_info": {
                    "latest_block_height": self.chain.newest().to_string(),
                    "earliest_block_height": "1",
                },
            }),
            "commit" => json!({"signed_header": self.header(height)}),
            "validators" => headers::validators(height),
            "block" => {
                let transactions = self.chain.blocks[height as usize].transactions.iter();
                let encoded = transactions.map(|(envelope, _)| STANDARD.encode(envelope));
                json!({"block": {
                    "header": self.header(height).header,
                    "data": {"txs": encoded.collect::<Vec<_>>()},
                }})
            }
            "blockchain" => {
                let heights = asked("minHeight").unwrap_or(1)..=asked("maxHeight").unwrap_or(0);
                let metas = heights
                    .rev()
                    .map(|height| json!({"header": self.header(height).header}));
                json!({"block_metas": metas.collect::<Vec<_>>()})
            }
            "abci_query" => match self.queried(state, params) {
                Some(value) => json!({"response": {"code": 0, "value": STANDARD.encode(value)}}),
                None => json!({"response": {"code": 12, "log": "not found"}}),
            },
            _ => return json!({"error": {"code": -32601, "message": "no such method"}}),
        };
        json!({"result": result})
    }

    fn header(&self, height: u64) -> &SignedHeader {
        &self.headers[height as usize - 1]
    }

    fn queried(&self, state: u64, params: &Value) -> Option<Vec<u8>> {
        let data = hex::decode(params["data"].as_str()?).ok()?;
        match params["path"].as_str()? {
            "/keys" => {
                let request = KeysRequest::decode(&data[..]).ok()?;
                let height = params["height"].as_str()?.parse().ok()?;
                Some(self.keys(state, height, request).encode_to_vec())
            }
            "/history" => {
                let request = HistoryRequest::decode(&data[..]).ok()?;
                let prefix = polity_ledger::state::objects::prefix_with_history(request.kind())?;
                let log = self.chain.log(&object_key(prefix, request.number), state);
                let page = log.page(request.from, request.limit as usize);
                Some(page.encode_to_vec())
            }
            "/receipt" => {
                let receipt = self.receipt_of(&data)?;
                Some(receipt.encode_to_vec())
            }
            "/receipt-at" => {
                let request = ReceiptAtRequest::decode(&data[..]).ok()?;
                let receipt = self.receipt(request.height, request.index)?;
                Some(receipt.encode_to_vec())
            }
            _ => None,
        }
    }

    /// The newest values with their proofs, or those of a height as a node remembers them.
    fn keys(&self, state: u64, height: u64, request: KeysRequest) -> KeysAnswer {
        let height = if height == 0 { state } else { height };
        let state = self.chain.state(height);
        let answers = request.keys.into_iter().map(|key| {
            let (value, proof) = state.answer(&key);
            let proof = prost13::Message::encode_to_vec(&proof);
            KeyAnswer { key, value, proof }
        });
        KeysAnswer {
            height,
            answers: answers.collect(),
        }
    }

    fn receipt_of(&self, id: &[u8]) -> Option<ReceiptAnswer> {
        let places = (1..=self.chain.newest()).flat_map(|height| {
            let transactions = self.chain.blocks[height as usize].transactions.len();
            (0..transactions as u32).map(move |index| (height, index))
        });
        let mut receipts = places.filter_map(|(height, index)| self.receipt(height, index));
        receipts.find(|receipt| {
            let envelope = Envelope::decode(&receipt.transaction[..]).expect("an envelope");
            Sha256::digest(envelope.body)[..] == *id
        })
    }

    pub(crate) fn receipt(&self, height: u64, index: u32) -> Option<ReceiptAnswer> {
        let transactions = &self.chain.blocks[height as usize].transactions;
        let (transaction, receipt) = transactions.get(index as usize)?;
        let (hashes, results) = self.chain.leaves(height);
        let vectors = |path: Vec<[u8; 32]>| path.iter().map(|hash| hash.to_vec()).collect();
        Some(ReceiptAnswer {
            height,
            index,
            transaction: transaction.clone(),
            receipt: receipt.encode_to_vec(),
            code: receipt.code,
            total: transactions.len() as u32,
            results_path: vectors(receipts::prove(&results, index as usize)?),
            transaction_path: vectors(receipts::prove(&hashes, index as usize)?),
        })
    }
}
