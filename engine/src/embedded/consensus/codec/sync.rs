//! Bytes of catching up: where a node stands, what it asks for, and the blocks that others give it.

use bytes::Bytes;
use malachitebft_app_channel::app::types::PeerId;
use malachitebft_app_channel::app::types::codec::{Codec, HasEncodedLen};
use malachitebft_app_channel::app::types::sync::{RawDecidedValue, Request, Response, Status};
use malachitebft_sync::{ValueRequest, ValueResponse};
use prost::Message;

use super::{CodecError, Encoded, Protobuf};
use crate::embedded::canonical::decode_short;
use crate::embedded::consensus::context::{EmbeddedContext, Height};
use crate::embedded::consensus::messages::{CertificateMessage, SIGNATURES_MAX};
use crate::embedded::consensus::network::SYNC_BATCH;

#[derive(Clone, PartialEq, Message)]
struct StatusMessage {
    #[prost(bytes = "vec", tag = "1")]
    peer_id: Vec<u8>,
    #[prost(uint64, tag = "2")]
    tip_height: u64,
    #[prost(uint64, tag = "3")]
    base_height: u64,
}

impl Codec<Status<EmbeddedContext>> for Protobuf {
    type Error = CodecError;

    fn encode(&self, status: &Status<EmbeddedContext>) -> Encoded {
        let message = StatusMessage {
            peer_id: status.peer_id.to_bytes(),
            tip_height: status.tip_height.0,
            base_height: status.history_min_height.0,
        };
        Ok(message.encode_to_vec().into())
    }

    fn decode(&self, bytes: Bytes) -> Result<Status<EmbeddedContext>, CodecError> {
        let message = StatusMessage::decode(bytes)?;
        Ok(Status {
            peer_id: PeerId::from_bytes(&message.peer_id).map_err(|_| CodecError::Malformed)?,
            tip_height: Height(message.tip_height),
            history_min_height: Height(message.base_height),
        })
    }
}

#[derive(Clone, PartialEq, Message)]
struct RequestMessage {
    #[prost(uint64, tag = "1")]
    from: u64,
    #[prost(uint64, tag = "2")]
    to: u64,
}

impl Codec<Request<EmbeddedContext>> for Protobuf {
    type Error = CodecError;

    fn encode(&self, request: &Request<EmbeddedContext>) -> Encoded {
        let Request::ValueRequest(request) = request;
        let message = RequestMessage {
            from: request.range.start().0,
            to: request.range.end().0,
        };
        Ok(message.encode_to_vec().into())
    }

    fn decode(&self, bytes: Bytes) -> Result<Request<EmbeddedContext>, CodecError> {
        let message = RequestMessage::decode(bytes)?;
        let range = Height(message.from)..=Height(message.to);
        Ok(Request::ValueRequest(ValueRequest::new(range)))
    }
}

#[derive(Clone, PartialEq, Message)]
struct ResponseMessage {
    #[prost(uint64, tag = "1")]
    start: u64,
    #[prost(message, repeated, tag = "2")]
    values: Vec<DecidedMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct DecidedMessage {
    #[prost(bytes = "bytes", tag = "1")]
    block: Bytes,
    /// A [`CertificateMessage`].
    #[prost(bytes = "bytes", tag = "2")]
    certificate: Bytes,
}

impl From<&Response<EmbeddedContext>> for ResponseMessage {
    fn from(response: &Response<EmbeddedContext>) -> Self {
        let Response::ValueResponse(response) = response;
        Self {
            start: response.start_height.0,
            values: response
                .values
                .iter()
                .map(|value| DecidedMessage {
                    block: value.value_bytes.clone(),
                    certificate: CertificateMessage::from(&value.certificate)
                        .encode_to_vec()
                        .into(),
                })
                .collect(),
        }
    }
}

impl Codec<Response<EmbeddedContext>> for Protobuf {
    type Error = CodecError;

    fn encode(&self, response: &Response<EmbeddedContext>) -> Encoded {
        Ok(ResponseMessage::from(response).encode_to_vec().into())
    }

    fn decode(&self, bytes: Bytes) -> Result<Response<EmbeddedContext>, CodecError> {
        let message: ResponseMessage = decode_short(bytes, 2, SYNC_BATCH)?;
        let values = message
            .values
            .into_iter()
            .map(|value| {
                let certificate: CertificateMessage =
                    decode_short(value.certificate, 4, SIGNATURES_MAX)?;
                Ok(RawDecidedValue::new(value.block, certificate.try_into()?))
            })
            .collect::<Result<Vec<_>, CodecError>>()?;
        if let Some(ahead) = &self.ahead {
            ahead.note(&values);
        }
        Ok(Response::ValueResponse(ValueResponse::new(
            Height(message.start),
            values,
        )))
    }
}

impl HasEncodedLen<Response<EmbeddedContext>> for Protobuf {
    fn encoded_len(&self, response: &Response<EmbeddedContext>) -> Result<usize, CodecError> {
        Ok(ResponseMessage::from(response).encoded_len())
    }
}
