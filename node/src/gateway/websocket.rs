//! One websocket: calls in, answers and events out.
//!
//! Three futures run side by side in one task: reading, telling news, writing. Whoever ends first ends the session.
//! What waits to be written is bounded in messages and in bytes: a reader that does not take its answers is read
//! from no more, and a subscriber that does not take its events is dropped.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc};
use tokio::time::{Instant, MissedTickBehavior, timeout};

use super::announce::{News, canceled};
use super::answer::params_detail;
use super::listen::Peer;
use super::means::Gateway;
use super::methods::{Method, Signature, WebsocketMethod};
use super::metrics::TurnedAway;
use super::outbox::{Outbox, Text, Waiting};
use super::params::Args;
use super::rpc::{Body, Call, Id, Json, Reply, RpcError};
use super::subscription::{Counted, Topic};

/// How long a dropped client is given to take the reason.
const FAREWELL: Duration = Duration::from_secs(1);

/// Serves one websocket until it ends.
pub(super) async fn session(socket: WebSocket, gateway: Gateway, peer: Peer) {
    peer.watches();
    let limits = gateway.limits();
    let (mut sink, stream) = socket.split();
    let news = gateway.news().subscribe();
    let (outbox, written) = Outbox::new(
        limits.websocket_queue_messages,
        limits.websocket_queue_bytes,
        gateway.outboxes(),
    );
    let session = Session {
        outbox,
        subscriptions: Mutex::new(Vec::new()),
        last_seen: Mutex::new(Instant::now()),
        gateway: gateway.clone(),
        peer: peer.clone(),
    };

    let end = tokio::select! {
        end = session.read(stream) => end,
        end = session.tell(news) => end,
        end = session.write(&mut sink, written) => end,
        () = peer.stopping() => End::Canceled("node is stopping"),
        () = peer.makes_room(&gateway) => End::Canceled("others need the place"),
    };
    if let End::Canceled(reason) = end {
        farewell(&mut sink, &session, reason).await;
    }
}

struct Session {
    gateway: Gateway,
    peer: Peer,
    outbox: Outbox,
    subscriptions: Mutex<Vec<Subscription>>,
    last_seen: Mutex<Instant>,
}

struct Subscription {
    id: Id,
    query: String,
    topic: Topic,
    _counted: Counted,
}

/// Why a session ends.
enum End {
    /// The client left, or cannot be reached.
    Gone,
    /// We end it, and say why to its subscriptions.
    Canceled(&'static str),
}

impl Session {
    /// Answers calls one after the other, as CometBFT does.
    async fn read(&self, mut stream: SplitStream<WebSocket>) -> End {
        while let Some(Ok(message)) = stream.next().await {
            *lock(&self.last_seen) = Instant::now();
            let reply = match message {
                Message::Text(text) => self.call(text.as_bytes()).await,
                Message::Binary(bytes) => self.call(&bytes).await,
                // The library answers pings itself.
                Message::Ping(_) | Message::Pong(_) => None,
                Message::Close(_) => return End::Gone,
            };
            if let Some(reply) = reply
                && self
                    .outbox
                    .wait_and_push(reply.text().into())
                    .await
                    .is_err()
            {
                return End::Gone;
            }
        }
        End::Gone
    }

    async fn call(&self, bytes: &[u8]) -> Option<Reply> {
        if !self.gateway.may_call(self.peer.address, 1) {
            self.gateway
                .turned_away(self.peer.address, TurnedAway::TooManyCalls);
            return Some(Reply::unaddressed(RpcError::server(
                "too many calls from this address",
            )));
        }
        // On a websocket CometBFT knows no batches.
        if bytes.trim_ascii_start().first() == Some(&b'[') {
            return Some(Reply::unaddressed(RpcError::parse(
                "a websocket message holds one call",
            )));
        }

        let values_max = self.gateway.limits().batch_transactions_max;
        match Body::parse(bytes, 1, values_max) {
            Ok(Body::Calls(calls)) => {
                let call = calls.into_iter().flatten().next()?;
                Some(self.reply(call).await)
            }
            Ok(Body::Empty) => Some(Reply::unaddressed(RpcError::parse("empty message"))),
            Err(error) => Some(Reply::unaddressed(error)),
        }
    }

    async fn reply(&self, call: Call) -> Reply {
        if let Some(signature) = Signature::find(&call.method)
            && let Method::Websocket(method) = signature.method
        {
            let id = call.id.clone();
            return Reply::new(id, self.subscription_call(method, signature, call));
        }
        self.gateway
            .reply(call, self.peer.address, self.gateway.deadline())
            .await
    }

    fn subscription_call(
        &self,
        method: WebsocketMethod,
        signature: &Signature,
        call: Call,
    ) -> Result<Json, RpcError> {
        let mut args = Args::from_json(signature.parameters, call.params)
            .map_err(|detail| RpcError::invalid_params(&params_detail(&detail)))?;
        match method {
            WebsocketMethod::Subscribe => self.subscribe(call.id, args.text("query"))?,
            WebsocketMethod::Unsubscribe => self.unsubscribe(&args.text("query"))?,
            WebsocketMethod::UnsubscribeAll => self.unsubscribe_all()?,
        }
        Ok("{}".to_owned())
    }

    fn subscribe(&self, id: Id, query: String) -> Result<(), RpcError> {
        let topic = Topic::parse(&query).map_err(|detail| RpcError::internal(&detail))?;
        let limits = self.gateway.limits();
        let mut subscriptions = lock(&self.subscriptions);
        if subscriptions
            .iter()
            .any(|subscription| subscription.topic == topic)
        {
            return Err(RpcError::internal("already subscribed"));
        }
        let most = limits.subscriptions_per_connection_max;
        if subscriptions.len() >= most {
            return Err(RpcError::internal(&format!(
                "max_subscriptions_per_client {most} reached"
            )));
        }
        let counted = self
            .gateway
            .census()
            .enter(&topic, limits.subscriptions_max)
            .ok_or_else(|| {
                RpcError::internal(&format!(
                    "subscriptions_max {} reached",
                    limits.subscriptions_max
                ))
            })?;

        subscriptions.push(Subscription {
            id,
            query,
            topic,
            _counted: counted,
        });
        Ok(())
    }

    fn unsubscribe(&self, query: &str) -> Result<(), RpcError> {
        let topic = Topic::parse(query).map_err(|detail| RpcError::internal(&detail))?;
        self.drop_subscriptions(|subscription| subscription.topic == topic)
    }

    fn unsubscribe_all(&self) -> Result<(), RpcError> {
        self.drop_subscriptions(|_| true)
    }

    fn drop_subscriptions(
        &self,
        mut which: impl FnMut(&Subscription) -> bool,
    ) -> Result<(), RpcError> {
        let mut subscriptions = lock(&self.subscriptions);
        let before = subscriptions.len();
        subscriptions.retain(|subscription| !which(subscription));
        if subscriptions.len() == before {
            return Err(RpcError::internal("subscription not found"));
        }
        Ok(())
    }

    /// Passes news on to this client's subscriptions.
    async fn tell(&self, mut news: broadcast::Receiver<Arc<News>>) -> End {
        loop {
            let messages = match news.recv().await {
                Ok(news) => match news.as_ref() {
                    News::Block(announcement) => self.events(|subscription| {
                        announcement.messages(
                            &subscription.id,
                            &subscription.query,
                            &subscription.topic,
                        )
                    }),
                    News::Gap => self.events(|_| Err(canceled("blocks were missed"))),
                },
                Err(RecvError::Lagged(_)) => self.events(|_| Err(canceled("slow client"))),
                Err(RecvError::Closed) => return End::Canceled("node is stopping"),
            };
            if messages
                .into_iter()
                .any(|message| self.outbox.try_push(message).is_err())
            {
                self.gateway
                    .turned_away(self.peer.address, TurnedAway::SlowConsumer);
                return End::Canceled("slow client");
            }
        }
    }

    /// What each subscription gets to hear. One that fails ends, and hears why.
    fn events(&self, tell: impl Fn(&Subscription) -> Result<Vec<Text>, RpcError>) -> Vec<Text> {
        let mut messages = Vec::new();
        let mut subscriptions = lock(&self.subscriptions);
        subscriptions.retain(|subscription| match tell(subscription) {
            Ok(events) => {
                messages.extend(events);
                true
            }
            Err(error) => {
                messages.push(
                    Reply::new(subscription.id.clone(), Err(error))
                        .text()
                        .into(),
                );
                false
            }
        });
        messages
    }

    /// Writes what waits, and pings; ends when the client takes nothing, or shows no life.
    async fn write(
        &self,
        sink: &mut SplitSink<WebSocket, Message>,
        mut written: mpsc::Receiver<Waiting>,
    ) -> End {
        let limits = self.gateway.limits();
        let mut ping = tokio::time::interval(limits.websocket_ping());
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ping.reset();
        loop {
            // What is being written holds its share: its client may be the slowest.
            let (message, _held) = tokio::select! {
                waiting = written.recv() => match waiting {
                    Some(waiting) => (Message::Text(waiting.text.whole()), Some(waiting)),
                    None => return End::Gone,
                },
                _ = ping.tick() => {
                    let last_seen = *lock(&self.last_seen);
                    if last_seen.elapsed() > 2 * limits.websocket_ping() {
                        return End::Gone;
                    }
                    (Message::Ping(bytes::Bytes::new()), None)
                }
            };
            match timeout(limits.write_stall(), sink.send(message)).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) | Err(_) => return End::Gone,
            }
        }
    }
}

/// Tells each subscription why it ended, if the client still listens.
async fn farewell(sink: &mut SplitSink<WebSocket, Message>, session: &Session, reason: &str) {
    let messages = session.events(|_| Err(canceled(reason)));
    let say = async {
        for message in messages {
            sink.send(Message::Text(message.whole())).await?;
        }
        sink.send(Message::Close(None)).await
    };
    // A client that takes nothing learns it from the closed connection.
    let _ = timeout(FAREWELL, say).await;
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
