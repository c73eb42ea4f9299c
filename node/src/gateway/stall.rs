//! A connection that breaks when its peer takes nothing, or next to nothing, of what is written to it.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// Bytes that a peer takes within the time, if as much is written to it. A byte now and then is no progress: what waits
/// for it is in memory meanwhile.
const TAKEN_BYTES_MIN: usize = 64 << 10;

/// Bytes that a peer brings before it is noticed.
const BROUGHT_BYTES_MIN: usize = 16 << 10;

/// What the peer does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Notice {
    /// There is more to take for it.
    TakesMore,
    /// Nothing is left to be taken.
    TookAll,
    /// A piece of a request came.
    Brought,
}

/// Bounds how long a write may wait. Reading is bounded elsewhere, request by request.
pub(super) struct WriteBound<S, F> {
    stream: S,
    /// Called whenever something is written, when nothing is left, and when enough was read.
    notice: F,
    /// Bytes that were read since the last notice of it.
    brought: usize,
    time: Duration,
    /// Runs from when a write waits until enough was taken, or all.
    waiting: Option<Pin<Box<Sleep>>>,
    /// Bytes that were taken since it runs.
    taken: usize,
}

impl<S, F: Fn(Notice)> WriteBound<S, F> {
    pub(super) fn new(stream: S, time: Duration, notice: F) -> WriteBound<S, F> {
        WriteBound {
            stream,
            notice,
            brought: 0,
            time,
            waiting: None,
            taken: 0,
        }
    }

    /// What a write did, watched.
    fn written(
        &mut self,
        progress: Poll<io::Result<usize>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        (self.notice)(Notice::TakesMore);
        match progress {
            Poll::Ready(Ok(bytes)) => {
                self.taken = self.taken.saturating_add(bytes);
                if self.taken >= TAKEN_BYTES_MIN {
                    self.begin_anew();
                }
                progress
            }
            Poll::Ready(Err(_)) => progress,
            Poll::Pending => self.wait(cx),
        }
    }

    /// What a flush did, watched: after it nothing is left to be taken.
    fn flushed(
        &mut self,
        progress: Poll<io::Result<()>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        if progress.is_pending() {
            return self.wait(cx);
        }
        self.begin_anew();
        (self.notice)(Notice::TookAll);
        progress
    }

    fn begin_anew(&mut self) {
        self.waiting = None;
        self.taken = 0;
    }

    fn wait<T>(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        let time = self.time;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(time)));
        if waiting.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Poll::Pending
    }
}

impl<S: AsyncRead + Unpin, F: Fn(Notice) + Unpin> AsyncRead for WriteBound<S, F> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let progress = Pin::new(&mut self.stream).poll_read(cx, buffer);
        self.brought += buffer.filled().len() - before;
        if self.brought >= BROUGHT_BYTES_MIN {
            self.brought = 0;
            (self.notice)(Notice::Brought);
        }
        progress
    }
}

impl<S: AsyncWrite + Unpin, F: Fn(Notice) + Unpin> AsyncWrite for WriteBound<S, F> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let progress = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.written(progress, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let progress = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.written(progress, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let progress = Pin::new(&mut self.stream).poll_flush(cx);
        self.flushed(progress, cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let progress = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.flushed(progress, cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use super::*;

    #[tokio::test]
    async fn a_peer_that_takes_nothing_breaks_the_connection() {
        let (ours, _theirs) = duplex(16);
        let mut ours = WriteBound::new(ours, Duration::from_millis(20), |_| {});
        let error = ours.write_all(&[0; 100]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn a_peer_that_takes_a_byte_now_and_then_breaks_it_too() {
        let (ours, mut theirs) = duplex(16);
        let mut ours = WriteBound::new(ours, Duration::from_millis(200), |_| {});
        let reading = tokio::spawn(async move {
            let mut pause = tokio::time::interval(Duration::from_millis(10));
            while theirs.read_u8().await.is_ok() {
                pause.tick().await;
            }
        });
        let error = ours.write_all(&[0; 100]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        reading.abort();
    }

    #[tokio::test]
    async fn a_peer_that_takes_a_little_at_a_time_in_time_does_not() {
        let (ours, mut theirs) = duplex(16);
        let mut ours = WriteBound::new(ours, Duration::from_secs(20), |_| {});
        let reading = tokio::spawn(async move {
            let mut bytes = [0; 100];
            theirs.read_exact(&mut bytes).await
        });
        ours.write_all(&[0; 100]).await.unwrap();
        assert_eq!(reading.await.unwrap().unwrap(), 100);
    }
}
