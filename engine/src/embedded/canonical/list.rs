//! Messages with a list, from whoever may send any bytes.

use bytes::{Buf, Bytes};
use prost::encoding::{DecodeContext, decode_key, skip_field};
use prost::{DecodeError, Message};

use super::Malformed;

/// Reads a message whose list at a field has no more entries than this. They are counted first: two bytes of an empty one
/// can become five hundred in memory.
pub(in crate::embedded) fn decode_short<M: Message + Default>(
    bytes: Bytes,
    field: u32,
    entries_max: usize,
) -> Result<M, Malformed> {
    let entries = count(&bytes, field).map_err(|_| Malformed)?;
    if entries > entries_max {
        return Err(Malformed);
    }
    M::decode(bytes).map_err(|_| Malformed)
}

fn count(mut message: &[u8], field: u32) -> Result<usize, DecodeError> {
    let mut entries = 0;
    while message.has_remaining() {
        let (number, wire_type) = decode_key(&mut message)?;
        skip_field(wire_type, number, &mut message, DecodeContext::default())?;
        entries += usize::from(number == field);
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use tendermint_proto::v0_38::types::{Evidence, EvidenceList};

    use super::*;

    #[test]
    fn a_list_is_counted_before_it_is_read() {
        let list = |entries: usize| {
            let evidence = vec![Evidence::default(); entries];
            Bytes::from(EvidenceList { evidence }.encode_to_vec())
        };
        let read = |bytes: Bytes| decode_short::<EvidenceList>(bytes, 1, 3);
        assert_eq!(read(list(3)).map(|list| list.evidence.len()), Ok(3));
        assert_eq!(read(list(4)), Err(Malformed));

        // The fields of others are not counted, and what breaks off is no list.
        let beside = [&list(3)[..], &[0x12, 0x00, 0x18, 0x01]].concat();
        assert!(read(beside.into()).is_ok());
        assert_eq!(read(list(3).slice(..5)), Err(Malformed));
    }
}
