//! What the pool promises.

use std::io;
use std::sync::Mutex;

use proptest::prelude::*;

use super::sentences::{Sentences, refusal};
use super::*;

fn start(limits: Limits) -> (Pool, Arc<Sentences>) {
    let application = Arc::new(Sentences::default());
    let (pool, admission) = Pool::new(Arc::clone(&application) as Arc<dyn Application>, limits);
    tokio::spawn(admission.run());
    (pool, application)
}

fn bytes(sentences: &[&str]) -> Vec<Bytes> {
    let copy = |sentence: &&str| Bytes::copy_from_slice(sentence.as_bytes());
    sentences.iter().map(copy).collect()
}

fn told(pool: &Pool) -> Vec<String> {
    let text = |(_, transaction): &(TxId, Bytes)| String::from_utf8_lossy(transaction).into_owned();
    pool.reap(u64::MAX).iter().map(text).collect()
}

async fn codes(pool: &Pool, sentences: &[&str]) -> Vec<Result<u32, NotTaken>> {
    let answers = pool.submit(bytes(sentences)).await;
    let code = |answer: Result<TxResult, NotTaken>| answer.map(|result| result.code);
    answers.into_iter().map(code).collect()
}

fn few(transactions_max: usize) -> Limits {
    Limits {
        transactions_max,
        ..Limits::default()
    }
}

/// What is said on this thread while it lives.
struct Said {
    paper: Arc<Mutex<Vec<u8>>>,
    _listening: tracing::subscriber::DefaultGuard,
}

struct Pen(Arc<Mutex<Vec<u8>>>);

impl io::Write for Pen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Said {
    fn from_now_on() -> Self {
        let paper = Arc::new(Mutex::new(Vec::new()));
        let writer = Arc::clone(&paper);
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::DEBUG)
            .with_writer(move || Pen(Arc::clone(&writer)))
            .with_ansi(false)
            .without_time()
            .with_target(false)
            .finish();
        Self {
            paper,
            _listening: tracing::subscriber::set_default(subscriber),
        }
    }

    /// The lines of a level.
    fn lines(&self, level: &str) -> Vec<String> {
        let text = String::from_utf8(self.paper.lock().unwrap().clone()).unwrap();
        let lines = text.lines().filter_map(|line| {
            let (said_at, words) = line.trim_start().split_once(' ')?;
            (said_at == level).then(|| words.to_owned())
        });
        lines.collect()
    }
}

/// The line of a transaction that is dropped.
fn dropped(sentence: &str, reason: &str) -> String {
    let id = TxId::of(sentence.as_bytes());
    format!("dropped from the pool transaction={id} reason={reason}")
}

#[tokio::test]
async fn a_submitter_learns_what_became_of_each_transaction() {
    let (pool, application) = start(Limits {
        transaction_bytes_max: 10,
        ..Limits::default()
    });
    application.ban("ann:no");

    let answers = codes(
        &pool,
        &["ann:1", "ann:no", "noise", "ann:1", "ann:so many words"],
    )
    .await;

    let too_large = NotTaken::TooLarge {
        bytes: 17,
        bytes_max: 10,
    };
    let expected = [
        Ok(0),
        Ok(303),
        Ok(102),
        Err(NotTaken::AlreadyKnown),
        Err(too_large),
    ];
    assert_eq!(answers, expected);
    assert_eq!(told(&pool), ["ann:1"]);
}

#[tokio::test]
async fn a_copy_costs_no_check_and_a_refused_one_may_come_again() {
    let (pool, application) = start(Limits::default());
    application.ban("ann:2");
    codes(&pool, &["ann:1", "ann:2"]).await;
    application.batches();

    assert_eq!(
        codes(&pool, &["ann:1"]).await,
        [Err(NotTaken::AlreadyKnown)]
    );
    pool.committed(&bytes(&["ann:1"]), 0, &Recheck::Lanes(vec![]))
        .await
        .unwrap();
    assert_eq!(
        codes(&pool, &["ann:1"]).await,
        [Err(NotTaken::AlreadyKnown)]
    );
    assert_eq!(application.batches(), []);

    application.allow("ann:2");
    assert_eq!(codes(&pool, &["ann:2"]).await, [Ok(0)]);
}

#[tokio::test]
async fn what_arrives_during_a_check_is_the_next_batch() {
    let (pool, application) = start(Limits::default());
    let (has_entered, let_go) = application.hold_next_check();
    let first = tokio::spawn({
        let pool = pool.clone();
        async move { codes(&pool, &["ann:1"]).await }
    });
    tokio::task::spawn_blocking(move || has_entered.recv().unwrap())
        .await
        .unwrap();

    let later = (2..=5).map(|number| {
        let pool = pool.clone();
        tokio::spawn(async move { codes(&pool, &[&format!("ann:{number}")]).await })
    });
    let later: Vec<_> = later.collect();
    // One thread runs all tasks: now each has come to its wait.
    tokio::task::yield_now().await;
    let_go.send(()).unwrap();

    for later in later {
        assert_eq!(later.await.unwrap(), [Ok(0)]);
    }
    assert_eq!(first.await.unwrap(), [Ok(0)]);
    assert_eq!(
        application.batches(),
        [(CheckKind::New, 1), (CheckKind::New, 4)]
    );
}

#[tokio::test]
async fn lanes_take_turns_and_a_lane_keeps_its_order() {
    let (pool, _) = start(Limits::default());
    codes(
        &pool,
        &["ann:1", "ann:2", "ann:3", "ben:1", "cas:1", "ben:2"],
    )
    .await;

    assert_eq!(
        told(&pool),
        ["ann:1", "ben:1", "cas:1", "ann:2", "ben:2", "ann:3"]
    );

    // Each of 5 bytes, a tag and a length.
    assert_eq!(pool.reap(21).len(), 3);
    assert_eq!(pool.reap(20).len(), 2);
    assert_eq!(pool.reap(6).len(), 0);
}

#[tokio::test]
async fn a_newcomer_waits_for_one_of_each_lane_and_not_for_a_backlog() {
    let (pool, _) = start(Limits::default());
    let backlog: Vec<String> = (0..9).map(|number| format!("ann:{number}")).collect();
    for sentence in &backlog {
        codes(&pool, &[sentence]).await;
    }
    pool.committed(
        &bytes(&["ann:0", "ann:1", "ann:2"]),
        0,
        &Recheck::Lanes(vec![]),
    )
    .await
    .unwrap();

    codes(&pool, &["ben:1"]).await;

    assert_eq!(told(&pool)[..3], ["ann:3", "ben:1", "ann:4"]);
}

#[tokio::test]
async fn a_block_takes_what_it_held_what_expired_and_what_it_spoiled() {
    let (pool, application) = start(Limits::default());
    let said = Said::from_now_on();
    codes(&pool, &["ann:1", "ann:2", "ann:3@99", "ben:1", "ben:2"]).await;
    application.ban("ann:2");
    application.ban("ben:2");
    application.batches();

    let lanes = Recheck::Lanes(vec![Bytes::from_static(b"ann")]);
    pool.committed(&bytes(&["ben:1", "eve:1"]), 100, &lanes)
        .await
        .unwrap();

    assert_eq!(told(&pool), ["ann:1", "ben:2"]);
    assert_eq!(application.batches(), [(CheckKind::Recheck, 2)]);
    let refused = DropReason::Refused(refusal(303, "banned").result).to_string();
    let expected = [dropped("ann:3@99", "expired"), dropped("ann:2", &refused)];
    assert_eq!(said.lines("DEBUG"), expected);
    let expected = [(1, 0), (0, 1)].map(|(expired, refused)| {
        format!("transactions left the pool without a block expired={expired} refused={refused}")
    });
    assert_eq!(said.lines("INFO"), expected);
    let status = pool.status();
    assert_eq!(
        (
            status.included,
            status.dropped_expired,
            status.dropped_refused
        ),
        (1, 1, 1)
    );

    // Another node's transaction that was in the block needs no look when it comes late.
    assert_eq!(
        codes(&pool, &["eve:1"]).await,
        [Err(NotTaken::AlreadyKnown)]
    );
}

#[tokio::test]
async fn an_application_that_tells_nothing_has_everything_checked_again() {
    let (pool, application) = start(Limits::default());
    codes(&pool, &["ann:1", "ben:1", "cas:1"]).await;
    application.batches();

    pool.committed(&[], 0, &Recheck::All).await.unwrap();

    assert_eq!(application.batches(), [(CheckKind::Recheck, 3)]);
    assert_eq!(told(&pool).len(), 3);
}

#[tokio::test]
async fn what_no_block_can_hold_is_not_offered_for_ever() {
    let (pool, application) = start(Limits::default());
    codes(&pool, &["ann:1", "ben:1"]).await;
    application.ban("ann:1");

    let request = PrepareProposal {
        max_transaction_bytes: 1_000,
        ..PrepareProposal::default()
    };
    let chosen = pool.propose(request).await.unwrap();

    assert_eq!(chosen, bytes(&["ben:1"]));
    assert_eq!(told(&pool), ["ben:1"]);
    assert_eq!(pool.status().dropped_refused, 1);
}

#[tokio::test]
async fn what_waits_for_room_alone_is_not_checked_again() {
    let (pool, application) = start(Limits::default());
    codes(&pool, &["ann:1", "ben:1", "cas:1", "dan:1", "eve:1"]).await;
    application.ban("ben:1");
    application.limit_block(2);
    application.batches();

    let request = PrepareProposal {
        max_transaction_bytes: 1_000,
        ..PrepareProposal::default()
    };
    let chosen = pool.propose(request).await.unwrap();

    assert_eq!(chosen, bytes(&["ann:1", "cas:1"]));
    assert_eq!(application.batches(), [(CheckKind::Recheck, 1)]);
    assert_eq!(told(&pool), ["ann:1", "cas:1", "dan:1", "eve:1"]);
}

#[tokio::test]
async fn a_transaction_that_is_committed_during_its_check_does_not_wait() {
    let (pool, application) = start(Limits::default());
    let (has_entered, let_go) = application.hold_next_check();
    let submitting = tokio::spawn({
        let pool = pool.clone();
        async move { codes(&pool, &["ann:1"]).await }
    });
    tokio::task::spawn_blocking(move || has_entered.recv().unwrap())
        .await
        .unwrap();

    pool.committed(&bytes(&["ann:1"]), 0, &Recheck::Lanes(vec![]))
        .await
        .unwrap();
    let_go.send(()).unwrap();

    assert_eq!(submitting.await.unwrap(), [Err(NotTaken::AlreadyKnown)]);
    assert_eq!(pool.status().transactions, 0);
}

#[tokio::test]
async fn a_full_pool_drops_the_last_turn_and_says_so() {
    let (pool, _) = start(few(3));
    let said = Said::from_now_on();
    codes(&pool, &["ann:1", "ann:2", "ann:3"]).await;

    assert_eq!(codes(&pool, &["ben:1"]).await, [Ok(0)]);
    assert_eq!(told(&pool), ["ann:1", "ben:1", "ann:2"]);
    assert_eq!(said.lines("DEBUG"), [dropped("ann:3", "pool_full")]);
    assert_eq!(
        said.lines("WARN"),
        ["the pool is full: transactions leave it for others since_start=1"]
    );

    // Whose own turn would be the last finds no room, and may come again.
    let full = NotTaken::PoolFull {
        transactions: 3,
        bytes: 21,
    };
    for _ in 0..2 {
        assert_eq!(codes(&pool, &["ann:4"]).await, [Err(full.clone())]);
    }
    pool.committed(&bytes(&["ann:1"]), 0, &Recheck::Lanes(vec![]))
        .await
        .unwrap();
    assert_eq!(codes(&pool, &["ann:3"]).await, [Ok(0)]);
}

#[tokio::test]
async fn one_sender_cannot_fill_the_pool() {
    let (pool, _) = start(Limits {
        lane_transactions_max: 2,
        lane_bytes_max: 20,
        ..Limits::default()
    });

    let answers = codes(
        &pool,
        &["ann:1", "ann:2", "ann:3", "ben:long words", "ben:5"],
    )
    .await;

    let ann = NotTaken::LaneFull {
        transactions: 2,
        bytes: 14,
    };
    let ben = NotTaken::LaneFull {
        transactions: 1,
        bytes: 16,
    };
    assert_eq!(answers, [Ok(0), Ok(0), Err(ann), Ok(0), Err(ben)]);
}

#[tokio::test]
async fn waiting_is_seen_by_those_who_watch() {
    let (pool, _) = start(Limits::default());
    let mut status = pool.watch();

    codes(&pool, &["ann:1"]).await;
    let something = status
        .wait_for(|status| status.transactions > 0)
        .await
        .unwrap()
        .bytes;
    assert_eq!(something, 7);
    pool.committed(&bytes(&["ann:1"]), 0, &Recheck::Lanes(vec![]))
        .await
        .unwrap();

    assert_eq!(
        status
            .wait_for(|status| status.transactions == 0)
            .await
            .unwrap()
            .included,
        1
    );
}

#[tokio::test]
async fn a_fault_closes_the_door_and_reaches_its_owner() {
    let (pool, admission) = Pool::new(Arc::new(Sentences::default()), Limits::default());
    let running = tokio::spawn(admission.run());

    assert_eq!(codes(&pool, &["fault"]).await, [Err(NotTaken::Stopping)]);
    assert_eq!(
        running.await.unwrap(),
        Err(Fault("the disk is gone".to_owned()))
    );
    assert_eq!(codes(&pool, &["ann:1"]).await, [Err(NotTaken::Stopping)]);
}

fn entry(lane: u8, number: u64, size: usize) -> Entry {
    let mut transaction = vec![lane];
    transaction.extend(number.to_be_bytes());
    transaction.resize(size.max(9), 0);
    Entry {
        id: TxId::of(&transaction),
        transaction: transaction.into(),
        lane: Bytes::copy_from_slice(&[lane]),
        valid_until: number.is_multiple_of(3).then_some(number.cast_signed()),
        origin: Origin::Here,
        since: std::time::Instant::now(),
    }
}

proptest! {
    /// While two lanes have something waiting, the bytes that they were served never differ by more than one
    /// transaction of each, whatever their numbers, sizes and order.
    #[test]
    fn lanes_are_served_evenly(arrivals in proptest::collection::vec((0u8..4, 9usize..400), 1..200)) {
        let mut waiting = Waiting::new(Limits::default());
        for (number, (lane, size)) in arrivals.iter().enumerate() {
            waiting.insert(entry(*lane, number as u64, *size)).unwrap();
        }
        let order: Vec<Entry> = waiting.in_order().cloned().collect();
        let mut served = [0u64; 4];
        for (place, next) in order.iter().enumerate() {
            let left = |lane: u8| order[place..].iter().any(|entry| entry.lane[0] == lane);
            let busy: Vec<u64> = (0..4).filter(|lane| left(*lane)).map(|lane| served[usize::from(lane)]).collect();
            let spread = busy.iter().max().unwrap_or(&0) - busy.iter().min().unwrap_or(&0);
            prop_assert!(spread <= 2 * 403, "{spread} bytes apart");
            served[usize::from(next.lane[0])] += next.bytes();
        }
        for lane in 0u8..4 {
            let numbers: Vec<&[u8]> = order.iter().filter(|entry| entry.lane[0] == lane).map(|entry| &entry.transaction[1..9]).collect();
            prop_assert!(numbers.is_sorted(), "a lane lost its order");
        }
    }

    /// The sums are those of the content and the bounds hold, after whatever happened.
    #[test]
    fn bounds_hold_and_sums_agree(steps in proptest::collection::vec((0u8..6, 0u8..5, 9usize..300), 1..300)) {
        let limits = Limits {
            transactions_max: 20,
            bytes_max: 3_000,
            lane_transactions_max: 8,
            lane_bytes_max: 1_000,
            transaction_bytes_max: 400,
        };
        let mut waiting = Waiting::new(limits);
        for (number, (step, lane, size)) in steps.iter().enumerate() {
            let number = number as u64;
            match step {
                0 => {
                    let first = waiting.in_order().next().map(|entry| entry.id);
                    if let Some(id) = first {
                        prop_assert!(waiting.remove(&id).is_some());
                    }
                }
                1 => {
                    waiting.expire((number / 2).cast_signed());
                }
                _ => {
                    let before = waiting.len();
                    match waiting.insert(entry(*lane, number, *size)) {
                        Ok(dropped) => prop_assert_eq!(waiting.len() + dropped.len(), before + 1),
                        Err(_) => prop_assert_eq!(waiting.len(), before),
                    }
                }
            }
            let all: Vec<&Entry> = waiting.in_order().collect();
            prop_assert_eq!(all.len(), waiting.len());
            prop_assert_eq!(all.iter().map(|entry| entry.bytes()).sum::<u64>(), waiting.bytes());
            prop_assert!(all.len() <= 20 && waiting.bytes() <= 3_000);
            for lane in 0u8..5 {
                let own: Vec<_> = all.iter().filter(|entry| entry.lane[0] == lane).collect();
                prop_assert!(own.len() <= 8 && own.iter().map(|entry| entry.bytes()).sum::<u64>() <= 1_000);
            }
            let arrivals: Vec<u64> = waiting.after(0).map(|(arrival, _)| arrival).collect();
            prop_assert!(arrivals.is_sorted() && arrivals.len() == waiting.len());
            let reaped: u64 = waiting.reap(700).iter().map(|entry| entry.bytes()).sum();
            prop_assert!(reaped <= 700);
        }
    }
}
