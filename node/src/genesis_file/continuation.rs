//! The genesis of a chain that goes on from another: made where a node stands, signed by its departments.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::SigningKey;
use polity_ledger::check;
use polity_ledger::continuation;
use polity_ledger::genesis::{Founding, handle_of, handles_of};
use polity_ledger::judge::departments;
use polity_proto::v1::Continuation;
use prost::Message;

use super::validators::validators_of;
use super::{CHAIN_ID_FORM, GenesisFile, GenesisFileError, is_chain_id};
use crate::continuation::Stand;

impl GenesisFile {
    /// The genesis of a chain that goes on from where a node stands, not signed by anybody yet. `ended` is the file
    /// of the chain that ends there, `time` is in Unix seconds.
    pub fn going_on(
        ended: GenesisFile,
        chain_id: &str,
        time: u64,
        stand: &Stand,
    ) -> Result<GenesisFile, GenesisFileError> {
        if !is_chain_id(chain_id) {
            return Err(GenesisFileError::Form(CHAIN_ID_FORM.into()));
        }
        let mut earlier = Some(&ended);
        while let Some(file) = earlier {
            if file.chain_id == chain_id {
                let words = format!("a chain of this organisation was called {chain_id} before");
                return Err(GenesisFileError::Form(words));
            }
            earlier = file.continues.as_deref();
        }

        let continuation = Continuation {
            chain_id: chain_id.to_owned(),
            ended: ended.digest()?.to_vec(),
            height: stand.height,
            header_hash: stand.header_hash.clone(),
            app_hash: stand.app_hash.clone(),
            validators: continuation::validators(&stand.state),
        };
        let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(time);
        let file = GenesisFile {
            chain_id: chain_id.to_owned(),
            genesis_time: humantime::format_rfc3339_seconds(time).to_string(),
            initial_height: (stand.height + 1).to_string(),
            validators: validators_of(&stand.state),
            app_state: STANDARD.encode(continuation.encode_to_vec()),
            signatures: Vec::new(),
            continues: Some(Box::new(ended)),
        };
        file.check_stand(stand)?;
        Ok(file)
    }

    /// What the chain goes on from, checked as far as the file alone can tell.
    pub fn continuation(&self) -> Result<Continuation, GenesisFileError> {
        let Some(ended) = &self.continues else {
            let words = "the file founds an organisation: it goes on from no chain";
            return Err(GenesisFileError::Form(words.into()));
        };
        let app_state = self.app_state()?;
        let founding = Founding {
            chain_id: &self.chain_id,
            time: self.time()?,
            initial_height: self.initial_height()?,
            app_state: &app_state,
        };
        let continuation = continuation::parse(&founding, &ended.digest()?)?;
        let named = continuation.validators.iter().map(|validator| {
            let power = validator.power.to_string();
            (STANDARD.encode(&validator.key), power)
        });
        let shown = self
            .validators
            .iter()
            .map(|validator| (validator.pub_key.value.clone(), validator.power.clone()));
        if named.eq(shown) {
            Ok(continuation)
        } else {
            Err(GenesisFileError::OtherValidators)
        }
    }

    /// Signs a continuation for the departments whose validator the key's holder operates in the state that is taken
    /// over. Answers their handles.
    ///
    /// # Errors
    /// `OtherStand` where the node stands elsewhere than the file says; `NotAnOperator` where the signature would
    /// count for no department.
    pub fn sign_continuation(
        &mut self,
        key: &SigningKey,
        stand: &Stand,
    ) -> Result<String, GenesisFileError> {
        self.check_stand(stand)?;
        let public = key.verifying_key().to_bytes();
        let Some((member, units)) = continuation::signer(&stand.state, &public, stand.time) else {
            return Err(GenesisFileError::NotAnOperator(format!(
                "the key {} is nobody's now",
                hex::encode(public)
            )));
        };
        if units.is_empty() {
            return Err(GenesisFileError::NotAnOperator(format!(
                "{} operates no department's validator",
                member.handle
            )));
        }
        let department = handles_of(&stand.state, &units);
        let message = check::continuation_bytes(&self.digest()?);
        self.add_signature(&department, member.number, key, &message);
        Ok(department)
    }

    /// Checks that a chain goes on from where a node stands, and that every department that validates there signed.
    pub fn verify_continuation(&self, stand: &Stand) -> Result<(), GenesisFileError> {
        self.check_stand(stand)?;
        let message = check::continuation_bytes(&self.digest()?);
        let mut signed = Vec::new();
        for signature in &self.signatures {
            let bad = |why| GenesisFileError::BadSignature(signature.department.clone(), why);
            let decoded = signature.decode()?;
            let (member, units) = continuation::signer(&stand.state, &decoded.key, stand.time)
                .ok_or(bad("the key is nobody's now"))?;
            if member.number != signature.member {
                return Err(bad("the key is not this member's"));
            }
            let is_valid = <[u8; 64]>::try_from(decoded.signature.as_slice())
                .is_ok_and(|bytes| check::signature_is_valid(&decoded.key, &bytes, &message));
            if !is_valid {
                return Err(bad("it does not verify"));
            }
            signature.check_department(&stand.state, &units)?;
            signed.extend(units);
        }
        for validator in departments::validators(&stand.state) {
            if !signed.contains(&validator.unit) {
                let department = handle_of(&stand.state, validator.unit);
                return Err(GenesisFileError::Unsigned(department));
            }
        }
        Ok(())
    }

    /// Whether the file goes on from exactly here.
    fn check_stand(&self, stand: &Stand) -> Result<(), GenesisFileError> {
        let other = |words: String| Err(GenesisFileError::OtherStand(words));
        let continuation = self.continuation()?;
        let ended = self.continues.as_deref().map(GenesisFile::digest);
        if ended.transpose()? != Some(stand.chain) {
            return other("this node's chain is another one than the file goes on from".into());
        }
        if continuation.height != stand.height {
            return other(format!(
                "the chain goes on from height {}, and this node stands at {}",
                continuation.height, stand.height
            ));
        }
        if continuation.header_hash != stand.header_hash
            || continuation.app_hash != stand.app_hash
            || continuation.validators != continuation::validators(&stand.state)
            || self.validators != validators_of(&stand.state)
        {
            return other(format!(
                "height {} is another one here than the file goes on from",
                stand.height
            ));
        }
        if self.time()? <= stand.time {
            return other("the genesis is older than the block that it goes on from".into());
        }
        Ok(())
    }
}
