//! A question to a node, as anybody may ask it: the answer is proven, and it is the model's.

use polity_engine::application::{Application, Query};
use polity_ledger::state::keys;

use super::replica::Finding;
use super::run::Simulation;

impl Simulation {
    /// Asks a node for a value with proof, as anyone may: it is the model's.
    pub(super) fn ask(&mut self) -> Finding<()> {
        let running = self.running();
        let node = *self.dice.pick(&running).ok_or("no node is running")?;
        let leaves: Vec<&Vec<u8>> = self
            .model
            .state
            .keys()
            .filter(|key| keys::is_leaf(key))
            .collect();
        let mut key = self
            .dice
            .pick(&leaves)
            .map_or_else(Vec::new, |key| (*key).clone());
        if self.dice.chance(30) {
            key.push(7);
        }
        let query = Query {
            path: "/key".into(),
            data: key.clone().into(),
            height: 0,
            prove: true,
        };
        let answer = self.replicas[node]
            .app()?
            .query(query)
            .map_err(|fault| fault.to_string())?;
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
}
