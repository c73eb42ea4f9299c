//! What a thief, a fool or a broken program sends: a good body or envelope with something wrong in it.

use polity_ledger::check;
use polity_ledger::form;
use polity_proto::v1::{Action, Body, Envelope, MemberState};
use prost::Message;

use super::keyring::Keyring;
use super::workload::Scene;
use crate::dice::Dice;
use crate::fuzz::wire;

/// Signs a body with all its signers' keys.
pub(super) fn sign(keyring: &Keyring, organisation: &[u8; 32], body: &Body) -> Vec<u8> {
    let bytes = body.encode_to_vec();
    let message = check::signing_bytes(organisation, &bytes);
    let sign = |key: &[u8]| keyring.sign(key, &message);
    let signatures = body
        .signers
        .iter()
        .map(|signer| sign(&signer.key))
        .collect();
    Envelope {
        body: bytes,
        signatures,
    }
    .encode_to_vec()
}

/// A body with something wrong in it, which is signed well all the same.
pub(super) fn spoil_body(scene: &mut Scene<'_>, body: &Body) -> Body {
    let mut body = body.clone();
    let place = scene.dice.place(body.actions.len());
    match scene.dice.below(10) {
        // Somebody else signs: no authority, or not theirs.
        0 | 1 => {
            let members = scene.view.members(MemberState::Active);
            if let Some(other) = scene.dice.pick(&members)
                && body
                    .signers
                    .iter()
                    .all(|signer| signer.member != other.number)
                && let Some(key) = scene.view.keys_of(other.number).pop()
            {
                body.signers[0].member = other.number;
                body.signers[0].key = key;
            }
        }
        // Nobody's role, or somebody else's.
        2 => body.actions[place].acting_role = None,
        3 => {
            let roles = scene.view.roles();
            body.actions[place].acting_role = scene.reference(roles);
        }
        4 => body.actions[place].seconds.clear(),
        // The same thing twice in one transaction.
        5 => {
            let again = body.actions[place].clone();
            body.actions.push(again);
        }
        6 => body.actions[place].effective_at = scene.dice.one_of([1, scene.time(), u64::MAX]),
        7 => {
            body.valid_until = scene
                .dice
                .one_of([0, 1, u64::MAX, scene.time() + (8 << 20)])
        }
        _ => body.actions[place] = spoil_action(&body.actions[place], scene.dice),
    }
    body
}

/// An action with another value somewhere in it; still an action of a kind that there is.
fn spoil_action(action: &Action, dice: &mut Dice) -> Action {
    let bytes = wire::mutate(&action.encode_to_vec(), dice);
    match Action::decode(bytes.as_slice()) {
        Ok(spoilt) if spoilt.kind.is_some() => spoilt,
        Ok(_) | Err(_) => Action {
            acting_role: form::numbered(1 + dice.below(30)),
            ..action.clone()
        },
    }
}

/// An envelope of which no correct node accepts anything.
pub(super) fn spoil_envelope(envelope: &[u8], dice: &mut Dice) -> Vec<u8> {
    let Ok(mut parts) = Envelope::decode(envelope) else {
        return dice.bytes(40);
    };
    match dice.below(6) {
        0 => wire::mutate_bytes(envelope, dice),
        1 => wire::mutate(envelope, dice),
        2 => {
            for signature in &mut parts.signatures {
                *signature = wire::mutate_bytes(signature, dice);
            }
            parts.encode_to_vec()
        }
        3 => {
            parts.signatures.push(vec![0; 64]);
            parts.encode_to_vec()
        }
        4 => {
            parts.body = wire::mutate(&parts.body, dice);
            parts.encode_to_vec()
        }
        _ => {
            // A field that nobody knows: the bytes would be others than what was signed.
            let mut bytes = envelope.to_vec();
            bytes.extend([0xfa, 0x01, 0x01, 0x00]);
            bytes
        }
    }
}
