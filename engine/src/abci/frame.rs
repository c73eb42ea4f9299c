//! Splits a byte stream into messages, each preceded by its length as a varint.

use bytes::{Buf, Bytes, BytesMut};
use prost::Message;

/// A length below 2^35 needs five bytes at most; more is no length that any limit admits.
const LENGTH_BYTES_MAX: usize = 5;

/// Room that is kept free for one read, so that many small requests arrive as one batch.
const READ_BYTES: usize = 256 * 1024;

/// What arrived and was not yet taken.
#[derive(Debug)]
pub(super) struct Frames {
    buffer: BytesMut,
    frame_bytes_max: usize,
}

/// Why a stream cannot be read on. The connection is over then, because nothing says where the next frame begins.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum FrameError {
    #[error("frame of {claimed} bytes exceeds the limit of {limit}")]
    TooLarge { claimed: u64, limit: usize },
    #[error("frame length has more than {LENGTH_BYTES_MAX} bytes")]
    OverlongLength,
    #[error("frame is empty")]
    Empty,
    #[error("frame is not a request: {0}")]
    NotARequest(String),
    #[error("request is malformed: {0}")]
    Malformed(&'static str),
    #[error("frame did not arrive in time")]
    Slow,
    #[error("connection ended within a frame")]
    Truncated,
}

impl Frames {
    pub(super) fn new(frame_bytes_max: usize) -> Self {
        Self {
            buffer: BytesMut::new(),
            frame_bytes_max,
        }
    }

    /// The buffer to read into, with room for a large read. The room never follows a claimed length, so a header
    /// that announces much costs nothing until the bytes are there.
    pub(super) fn room(&mut self) -> &mut BytesMut {
        if self.buffer.capacity() - self.buffer.len() < READ_BYTES / 4 {
            self.buffer.reserve(READ_BYTES);
        }
        &mut self.buffer
    }

    /// The next whole frame, sharing the buffer's memory; `None` when more bytes are needed.
    pub(super) fn take(&mut self) -> Result<Option<Bytes>, FrameError> {
        let Some((length, header_bytes)) = self.header()? else {
            return Ok(None);
        };
        if self.buffer.len() - header_bytes < length {
            return Ok(None);
        }

        self.buffer.advance(header_bytes);
        Ok(Some(self.buffer.split_to(length).freeze()))
    }

    /// Whether a frame has begun and not ended.
    pub(super) fn is_within_frame(&self) -> bool {
        !self.buffer.is_empty()
    }

    /// The length of the next frame and the bytes of its header, refused here when it exceeds the limit.
    fn header(&self) -> Result<Option<(usize, usize)>, FrameError> {
        let mut length = 0u64;
        for (index, byte) in self.buffer.iter().take(LENGTH_BYTES_MAX).enumerate() {
            length |= u64::from(byte & 0x7f) << (7 * index);
            if byte & 0x80 == 0 {
                return self.admit(length).map(|length| Some((length, index + 1)));
            }
        }
        if self.buffer.len() >= LENGTH_BYTES_MAX {
            Err(FrameError::OverlongLength)
        } else {
            Ok(None)
        }
    }

    fn admit(&self, length: u64) -> Result<usize, FrameError> {
        match usize::try_from(length) {
            Ok(0) => Err(FrameError::Empty),
            Ok(length) if length <= self.frame_bytes_max => Ok(length),
            Ok(_) | Err(_) => Err(FrameError::TooLarge {
                claimed: length,
                limit: self.frame_bytes_max,
            }),
        }
    }
}

/// Appends a message as a frame.
pub(super) fn append(frames: &mut BytesMut, message: &impl Message) {
    message
        .encode_length_delimited(frames)
        .expect("a buffer that grows has room");
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn check(bytes: &[u8], expected: Result<Option<&[u8]>, FrameError>) {
        let mut frames = Frames::new(1000);
        frames.room().extend_from_slice(bytes);
        assert_eq!(
            frames.take().map(|frame| frame.map(|frame| frame.to_vec())),
            expected.map(|frame| frame.map(<[u8]>::to_vec)),
            "{bytes:?}"
        );
    }

    #[test]
    fn a_frame_is_taken_only_when_whole() {
        check(b"", Ok(None));
        check(b"\x03", Ok(None));
        check(b"\x03ab", Ok(None));
        check(b"\x03abc", Ok(Some(b"abc")));
        check(b"\x03abcrest", Ok(Some(b"abc")));
        check(b"\x81\x00a", Ok(Some(b"a")));
        check(b"\x80\x80", Ok(None));
        check(b"\x00", Err(FrameError::Empty));
        check(
            b"\xe9\x07",
            Err(FrameError::TooLarge {
                claimed: 1001,
                limit: 1000,
            }),
        );
        check(b"\xff\xff\xff\xff\xff", Err(FrameError::OverlongLength));
    }

    proptest! {
        #[test]
        fn frames_are_the_same_however_the_stream_is_cut(bytes: Vec<u8>, cuts in vec(1usize..9, 1..50)) {
            let mut whole = Frames::new(64);
            whole.room().extend_from_slice(&bytes);
            let expected = taken(&mut whole);

            let mut pieces = Frames::new(64);
            let mut found = Ok(Vec::new());
            let (mut rest, mut cuts) = (&bytes[..], cuts.into_iter().cycle());
            while let (false, Ok(frames)) = (rest.is_empty(), &mut found) {
                let (piece, after) = rest.split_at(cuts.next().unwrap_or(1).min(rest.len()));
                pieces.room().extend_from_slice(piece);
                rest = after;
                match taken(&mut pieces) {
                    Ok(more) => frames.extend(more),
                    Err(error) => found = Err(error),
                }
            }
            prop_assert_eq!(found, expected);
        }
    }

    fn taken(frames: &mut Frames) -> Result<Vec<Bytes>, FrameError> {
        std::iter::from_fn(|| frames.take().transpose()).collect()
    }

    #[test]
    fn the_rest_of_the_buffer_remains() {
        let mut frames = Frames::new(10);
        frames.room().extend_from_slice(b"\x01a\x02bc\x03d");
        assert_eq!(frames.take().unwrap().unwrap(), "a");
        assert_eq!(frames.take().unwrap().unwrap(), "bc");
        assert_eq!(frames.take(), Ok(None));
        assert!(frames.is_within_frame());
    }

    #[test]
    fn a_frame_shares_the_memory_of_the_buffer() {
        let mut frames = Frames::new(10);
        frames.room().extend_from_slice(b"\x03abc");
        let start = frames.buffer.as_ptr();
        assert_eq!(
            frames.take().unwrap().unwrap().as_ptr(),
            start.wrapping_add(1)
        );
    }
}
