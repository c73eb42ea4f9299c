//! One connection: reads requests as they come, answers them in order, ends in a way that others notice.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use bytes::BytesMut;
use prost::Message;
use tendermint_proto::v0_38::abci::{
    Request, RequestCheckTx, Response, ResponseException, request, response,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{Mutex, OwnedMutexGuard, watch};
use tokio::time::{sleep_until, timeout};

use super::dispatch::{self, Trouble};
use super::endpoint::Stream;
use super::frame::{FrameError, Frames};
use super::server::{Limits, Observer, ServerError};
use super::{convert, frame};
use crate::application::{Application, Fault};

/// Answers are written when this much has gathered, even if more requests wait.
const ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// What all connections of a server share.
pub(super) struct Shared<A: ?Sized> {
    pub(super) application: Arc<A>,
    pub(super) observer: Observer,
    pub(super) limits: Limits,
    /// Held by the connection that makes blocks, from its first consensus request until it ends.
    pub(super) consensus: Arc<Mutex<()>>,
}

/// Why a connection ends.
#[derive(Debug, thiserror::Error)]
enum End {
    #[error("closed by the peer")]
    Closed,
    #[error("the server stops")]
    Stopping,
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("the peer does not read its answers")]
    Unread,
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error("another connection makes the blocks")]
    SecondConsensus,
    #[error("unknown request")]
    UnknownRequest,
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Requests that arrived together, and why none can follow them.
struct Batch {
    requests: VecDeque<request::Value>,
    end: Option<End>,
}

/// Serves a connection until it ends. An error means that the whole server must stop.
pub(super) async fn serve<A: Application + ?Sized>(
    stream: Box<dyn Stream>,
    shared: Arc<Shared<A>>,
    stopping: watch::Receiver<bool>,
) -> Result<(), ServerError> {
    let frames = Frames::new(shared.limits.frame_bytes_max);
    let mut connection = Connection {
        stream,
        shared,
        stopping,
        frames,
        seat: None,
    };
    let end = connection.answer_all().await;

    let makes_blocks = connection.seat.is_some();
    match end {
        End::Closed | End::Stopping => {
            tracing::debug!(reason = %end, "abci connection ended");
            Ok(())
        }
        // A connection that broke off says nothing about who was at its other end.
        End::Frame(FrameError::Truncated) | End::Io(_) | End::Unread | End::SecondConsensus => {
            tracing::warn!(reason = %end, "abci connection ended");
            Ok(())
        }
        // Whoever makes the blocks is our own engine: what it says must make sense. Anybody else
        // loses their connection and nothing more.
        End::Frame(_) | End::UnknownRequest if makes_blocks => {
            Err(ServerError::Senseless(end.to_string()))
        }
        End::Frame(_) | End::UnknownRequest => {
            tracing::warn!(reason = %end, "abci connection ended");
            Ok(())
        }
        End::Fault(fault) => Err(ServerError::Fault(fault)),
    }
}

struct Connection<A: ?Sized> {
    stream: Box<dyn Stream>,
    shared: Arc<Shared<A>>,
    stopping: watch::Receiver<bool>,
    frames: Frames,
    seat: Option<OwnedMutexGuard<()>>,
}

impl<A: Application + ?Sized> Connection<A> {
    async fn answer_all(&mut self) -> End {
        loop {
            let batch = match self.read_batch().await {
                Ok(batch) => batch,
                Err(end) => return self.complain(BytesMut::new(), end).await,
            };
            if let Err(end) = self.answer_batch(batch.requests).await {
                return end;
            }
            if let Some(end) = batch.end {
                return self.complain(BytesMut::new(), end).await;
            }
        }
    }

    /// Waits until at least one whole request is there and takes all that are.
    async fn read_batch(&mut self) -> Result<Batch, End> {
        let mut frame_began = None;
        loop {
            let batch = self.take_batch().await;
            if !batch.requests.is_empty() || batch.end.is_some() {
                return Ok(batch);
            }
            if self.frames.is_within_frame() {
                frame_began.get_or_insert_with(tokio::time::Instant::now);
            }
            let late_at = frame_began.map(|began| began + self.shared.limits.frame_timeout);
            self.read(late_at.filter(|_| !self.is_waited_for())).await?;
        }
    }

    async fn read(&mut self, deadline: Option<tokio::time::Instant>) -> Result<(), End> {
        let too_late = async {
            match deadline {
                Some(deadline) => sleep_until(deadline).await,
                // Between two requests a connection may rest as long as it likes.
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            _ = self.stopping.wait_for(|stopping| *stopping) => Err(End::Stopping),
            read = self.stream.read_buf(self.frames.room()) => match read? {
                0 if self.frames.is_within_frame() => Err(FrameError::Truncated.into()),
                0 => Err(End::Closed),
                _ => Ok(()),
            },
            () = too_late => Err(FrameError::Slow.into()),
        }
    }

    async fn take_batch(&mut self) -> Batch {
        let mut requests = VecDeque::new();
        let end = loop {
            match self.take_request().await {
                Ok(Some(request)) => requests.push_back(request),
                Ok(None) => break None,
                Err(end) => break Some(end),
            }
        };
        Batch { requests, end }
    }

    async fn take_request(&mut self) -> Result<Option<request::Value>, End> {
        let Some(frame) = self.frames.take()? else {
            return Ok(None);
        };
        let request =
            Request::decode(frame).map_err(|error| FrameError::NotARequest(error.to_string()))?;
        let request = request.value.ok_or(End::UnknownRequest)?;
        if dispatch::is_consensus(&request) && self.seat.is_none() {
            self.seat = Some(self.take_seat().await?);
        }
        Ok(Some(request))
    }

    /// Waits a moment for an earlier connection to end: an engine that was killed and started again can be back
    /// before the call that its former self asked for has returned.
    async fn take_seat(&self) -> Result<OwnedMutexGuard<()>, End> {
        let seat = Arc::clone(&self.shared.consensus).lock_owned();
        timeout(self.shared.limits.handover_timeout, seat)
            .await
            .map_err(|_| End::SecondConsensus)
    }

    async fn answer_batch(&mut self, mut requests: VecDeque<request::Value>) -> Result<(), End> {
        while !requests.is_empty() {
            let shared = Arc::clone(&self.shared);
            let work = tokio::task::spawn_blocking(move || {
                let (answers, trouble) =
                    work(&*shared.application, &shared.observer, &mut requests);
                (answers, trouble, requests)
            });
            let (answers, trouble, rest) = match work.await {
                Ok(done) => done,
                Err(error) => {
                    let fault = Fault(format!("the application panicked: {error}"));
                    return Err(self.complain(BytesMut::new(), End::Fault(fault)).await);
                }
            };
            match trouble {
                None => self.write(&answers).await?,
                Some(Trouble::Request(error)) => {
                    return Err(self.complain(answers, End::Frame(error)).await);
                }
                Some(Trouble::Fault(fault)) => {
                    return Err(self.complain(answers, End::Fault(fault)).await);
                }
            }
            requests = rest;
        }
        Ok(())
    }

    /// Tells the peer, as far as it still listens, why nothing more will come.
    async fn complain(&mut self, mut answers: BytesMut, end: End) -> End {
        match end {
            End::Closed | End::Stopping | End::Io(_) | End::Unread => return end,
            End::Frame(_) | End::SecondConsensus | End::UnknownRequest | End::Fault(_) => {}
        }
        let exception = ResponseException {
            error: end.to_string(),
        };
        append(&mut answers, response::Value::Exception(exception));
        let patience = self.shared.limits.frame_timeout;
        match timeout(patience, self.write(&answers)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "abci exception not delivered"),
            Err(_) => tracing::debug!("abci exception not read"),
        }
        let _ = self.stream.shutdown().await;
        end
    }

    async fn write(&mut self, answers: &[u8]) -> Result<(), End> {
        let is_waited_for = self.is_waited_for();
        let written = self.stream.write_all(answers);
        if is_waited_for {
            return Ok(written.await?);
        }
        let written = timeout(self.shared.limits.frame_timeout, written).await;
        Ok(written.map_err(|_| End::Unread)??)
    }

    /// Whoever makes the blocks may be stopped for a while in the middle of a request, with the machine or by a person:
    /// nobody else waits for the place, and cut off it would end.
    fn is_waited_for(&self) -> bool {
        self.seat.is_some()
    }
}

/// Answers requests in order, until none is left, the answers fill a write, or there is trouble.
fn work<A: Application + ?Sized>(
    application: &A,
    observer: &Observer,
    requests: &mut VecDeque<request::Value>,
) -> (BytesMut, Option<Trouble>) {
    let mut answers = BytesMut::new();
    while answers.len() < ANSWER_BYTES
        && let Some(request) = requests.pop_front()
    {
        let started = Instant::now();
        let method = dispatch::method(&request);
        let answered = match request {
            request::Value::CheckTx(first) => work_checks(application, first, requests),
            other => dispatch::answer(application, other).map(|answer| vec![answer]),
        };
        match answered {
            Ok(batch) => {
                let each =
                    started.elapsed() / u32::try_from(batch.len().max(1)).unwrap_or(u32::MAX);
                for answer in batch {
                    observer(method, each);
                    append(&mut answers, answer);
                }
            }
            Err(trouble) => return (answers, Some(trouble)),
        }
    }
    (answers, None)
}

/// Hands the application all checks that stand in a row, because verified together they cost less.
fn work_checks<A: Application + ?Sized>(
    application: &A,
    first: RequestCheckTx,
    requests: &mut VecDeque<request::Value>,
) -> Result<Vec<response::Value>, Trouble> {
    let mut checks = vec![convert::check(first)];
    while matches!(requests.front(), Some(request::Value::CheckTx(_)))
        && let Some(request::Value::CheckTx(next)) = requests.pop_front()
    {
        checks.push(convert::check(next));
    }
    Ok(dispatch::answer_checks(application, checks)?)
}

fn append(answers: &mut BytesMut, value: response::Value) {
    frame::append(answers, &Response { value: Some(value) });
}
