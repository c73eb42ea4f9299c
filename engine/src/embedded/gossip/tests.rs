//! Nodes that gossip on this machine, and strangers and villains among them.

use std::sync::Arc;

use bytes::Bytes;
use libp2p::futures::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::frame::Frame;
use super::*;
use crate::application::{Application, CheckKind, Recheck};
use crate::embedded::pool::sentences::Sentences;
use crate::embedded::pool::{Limits, Status};

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(20);
const NETWORK: &str = "acme";

struct Node {
    key: Key,
    pool: Pool,
    application: Arc<Sentences>,
    address: SocketAddr,
    peers: watch::Sender<Vec<Peer>>,
    heights: Heights,
    view: GossipView,
    stop: oneshot::Sender<()>,
    running: JoinHandle<()>,
}

fn key(seed: u8) -> Key {
    Key::from_seed(&[seed; 32])
}

fn id(seed: u8) -> NodeId {
    NodeId::of(&key(seed).public_key())
}

impl Node {
    async fn start(seed: u8, listen: SocketAddr) -> Node {
        let application = Arc::new(Sentences::default());
        let (pool, admission) = Pool::new(
            Arc::clone(&application) as Arc<dyn Application>,
            Limits::default(),
        );
        tokio::spawn(admission.run());
        let heights = Heights::new(0);
        let (peers, told) = watch::channel(Vec::new());
        let gossip = Gossip::bind(
            listen,
            &key(seed),
            NETWORK,
            pool.clone(),
            heights.clone(),
            told,
        )
        .await
        .unwrap();
        let (address, view) = (gossip.address().unwrap(), gossip.view());
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(gossip.run(async {
            // A dropped sender stops it as well.
            let _ = stopped.await;
        }));
        Node {
            key: key(seed),
            pool,
            application,
            address,
            peers,
            heights,
            view,
            stop,
            running,
        }
    }

    fn peer(&self) -> Peer {
        Peer {
            id: NodeId::of(&self.key.public_key()),
            address: Some(self.address.to_string()),
        }
    }

    async fn stop(self) -> SocketAddr {
        let _ = self.stop.send(());
        self.running.await.unwrap();
        self.address
    }

    async fn submit(&self, sentences: &[String]) {
        let transactions = sentences.iter().cloned().map(Bytes::from).collect();
        for answer in self.pool.submit(transactions).await {
            assert_eq!(answer.unwrap().code, 0);
        }
    }

    async fn has(&self, transactions: usize) -> Status {
        let mut status = self.pool.watch();
        let there = status.wait_for(|status| status.transactions >= transactions);
        *timeout(PATIENCE, there)
            .await
            .expect("they come in time")
            .unwrap()
    }

    async fn is_connected_with(&self, peers: usize) {
        let mut changes = self.view.watch();
        let there = changes.wait_for(|_| self.view.connected() == peers);
        timeout(PATIENCE, there)
            .await
            .expect("they connect in time")
            .unwrap();
    }

    /// A connection of a peer that is no node.
    async fn meet(&self, seed: u8) -> Secured {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let villain = Identity::new(&key(seed), NETWORK).unwrap();
        villain.initiate(stream).await.unwrap()
    }
}

fn anywhere() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

fn sentences(lane: &str, count: usize) -> Vec<String> {
    (0..count)
        .map(|number| format!("{lane}:{number}"))
        .collect()
}

/// Nodes with the seeds 1, 2, … that all know each other.
async fn mesh(count: u8) -> Vec<Node> {
    let mut nodes = Vec::new();
    for seed in 1..=count {
        nodes.push(Node::start(seed, anywhere()).await);
    }
    let all: Vec<Peer> = nodes.iter().map(Node::peer).collect();
    for node in &nodes {
        node.peers.send_replace(all.clone());
    }
    for node in &nodes {
        node.is_connected_with(nodes.len() - 1).await;
    }
    nodes
}

/// The connection ends, whatever was still said on it.
async fn ends(villain: &mut Secured) {
    let mut heard = Vec::new();
    let end = villain.reader.read_to_end(&mut heard);
    // Cut off politely or not, it is cut off.
    let _ = timeout(PATIENCE, end).await.expect("it is cut off in time");
}

async fn say(villain: &mut Secured, bytes: &[u8]) {
    villain.writer.write_all(bytes).await.unwrap();
    villain.writer.flush().await.unwrap();
}

#[tokio::test]
async fn what_is_submitted_anywhere_reaches_everybody_and_is_checked_once_by_each() {
    let nodes = mesh(4).await;

    for (number, node) in nodes.iter().enumerate() {
        node.submit(&sentences(&format!("member{number}"), 500))
            .await;
    }

    for node in &nodes {
        assert_eq!(node.has(2_000).await.admitted, 2_000);
        let checked = node.application.batches();
        assert!(checked.iter().all(|(kind, _)| *kind == CheckKind::New));
        assert_eq!(checked.iter().map(|(_, count)| count).sum::<usize>(), 2_000);
    }
}

#[tokio::test]
async fn a_node_that_comes_back_learns_what_waits_and_tells_what_it_has() {
    let mut nodes = mesh(4).await;
    let address = nodes.pop().unwrap().stop().await;
    for node in &nodes {
        node.is_connected_with(2).await;
    }
    nodes[0].submit(&sentences("ann", 300)).await;
    nodes[1].submit(&sentences("ben", 300)).await;

    let back = Node::start(4, address).await;
    back.submit(&sentences("cas", 300)).await;
    let all = nodes.iter().chain([&back]).map(Node::peer).collect();
    back.peers.send_replace(all);

    for node in nodes.iter().chain([&back]) {
        node.has(900).await;
    }
}

#[tokio::test]
async fn transactions_find_a_way_around_a_missing_connection() {
    let mut chain = Vec::new();
    for seed in 1..=3 {
        chain.push(Node::start(seed, anywhere()).await);
    }
    let peers: Vec<Peer> = chain.iter().map(Node::peer).collect();
    chain[0].peers.send_replace(vec![peers[1].clone()]);
    chain[1].peers.send_replace(peers.clone());
    chain[2].peers.send_replace(vec![peers[1].clone()]);
    chain[1].is_connected_with(2).await;

    chain[0].submit(&sentences("ann", 50)).await;

    chain[2].has(50).await;
}

#[tokio::test]
async fn what_is_committed_is_passed_on_no_more() {
    let nodes = mesh(2).await;
    let transactions: Vec<Bytes> = sentences("ann", 3).into_iter().map(Bytes::from).collect();
    for node in &nodes {
        node.pool
            .committed(&transactions[..2], 0, &Recheck::Lanes(vec![]))
            .await
            .unwrap();
    }

    nodes[0].pool.submit(transactions).await;

    assert_eq!(nodes[1].has(1).await.admitted, 1);
}

#[tokio::test]
async fn peers_come_and_go_while_it_runs() {
    let nodes = mesh(3).await;

    let (first, second) = (nodes[0].peer(), nodes[1].peer());
    nodes[0]
        .peers
        .send_replace(vec![first.clone(), second.clone()]);
    nodes[0].is_connected_with(1).await;
    nodes[1].peers.send_replace(vec![first, second]);
    nodes[1].is_connected_with(1).await;
    nodes[2].is_connected_with(0).await;

    nodes[0].submit(&sentences("ann", 10)).await;
    nodes[1].has(10).await;
    assert_eq!(nodes[2].pool.status().transactions, 0);

    let all: Vec<Peer> = nodes.iter().map(Node::peer).collect();
    nodes[0].peers.send_replace(all);
    nodes[2].has(10).await;
}

#[tokio::test]
async fn a_stranger_is_refused() {
    let nodes = mesh(2).await;

    let mut stranger = nodes[0].meet(9).await;
    ends(&mut stranger).await;

    assert_eq!(nodes[0].view.traffic().refused, 1);
    nodes[0].submit(&sentences("ann", 10)).await;
    nodes[1].has(10).await;
}

#[tokio::test]
async fn whoever_dials_without_end_and_says_nothing_keeps_no_other_address_out() {
    let node = Node::start(1, anywhere()).await;
    let mut silent = Vec::new();
    for _ in 0..200 {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::from(([127, 0, 0, 9], 0))).unwrap();
        silent.push(socket.connect(node.address).await.unwrap());
    }

    let mut other = node.meet(2).await;
    ends(&mut other).await;
    assert_eq!(node.view.traffic().refused, 1, "it was told who it is");
}

#[tokio::test]
async fn whoever_sends_junk_is_cut_off_and_the_others_go_on() {
    let forged = Frame::Transactions(
        (0..20)
            .map(|number| format!("noise {number}").into())
            .collect(),
    );
    let again = Frame::Transactions(vec!["eve:again".into()])
        .encode()
        .repeat(102);
    let junk: [(&str, Vec<u8>); 5] = [
        ("a huge frame", vec![0xff; 8]),
        ("an empty frame", vec![0; 4]),
        ("an unknown kind", vec![0, 0, 0, 1, 77]),
        ("forged transactions", forged.encode()),
        ("one transaction over and over", again),
    ];
    for (what, bytes) in junk {
        let nodes = mesh(2).await;
        let villain = Peer {
            id: id(9),
            address: None,
        };
        let allowed = nodes.iter().map(Node::peer).chain([villain]).collect();
        nodes[0].peers.send_replace(allowed);
        let mut villain = nodes[0].meet(9).await;
        nodes[0].is_connected_with(2).await;

        say(&mut villain, &bytes).await;
        ends(&mut villain).await;

        assert_eq!(nodes[0].view.traffic().misbehaved, 1, "{what}");
        let mut again = nodes[0].meet(9).await;
        ends(&mut again).await;
        assert_eq!(nodes[0].view.traffic().refused, 1, "{what}");
        nodes[0].submit(&sentences("ann", 10)).await;
        nodes[1].has(10).await;
    }
}

#[tokio::test]
async fn a_peer_that_does_not_read_holds_nobody_up() {
    let nodes = mesh(3).await;
    let sleeper = Peer {
        id: id(9),
        address: None,
    };
    let allowed = nodes.iter().map(Node::peer).chain([sleeper]).collect();
    nodes[0].peers.send_replace(allowed);
    let sleeper = nodes[0].meet(9).await;
    nodes[0].is_connected_with(3).await;

    // Twelve megabytes: more than the system keeps for a reader who sleeps.
    let words = "x".repeat(100_000);
    let long: Vec<String> = (0..120)
        .map(|number| format!("ann:{number}{words}"))
        .collect();
    for sentence in long.chunks(20) {
        nodes[0].submit(sentence).await;
    }

    nodes[1].has(120).await;
    nodes[2].has(120).await;
    drop(sleeper);
}

#[tokio::test]
async fn nodes_tell_each_other_how_far_they_are() {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let (ann, ben) = (Node::start(1, any).await, Node::start(2, any).await);
    let mut ahead = ann.heights.ahead();
    assert!(ann.heights.is_behind(), "nobody has told anything");
    ann.peers.send_replace(vec![ben.peer()]);
    ben.peers.send_replace(vec![ann.peer()]);

    for height in [7, 8] {
        ben.heights.reach(height);
        let told = timeout(PATIENCE, ahead.wait_for(|told| *told == height)).await;
        assert!(told.is_ok(), "height {height}");
        assert!(ann.heights.is_behind());
        ann.heights.reach(height);
        assert!(!ann.heights.is_behind());
    }
    assert_eq!(
        *ben.heights.ahead().borrow(),
        0,
        "who is behind tells nothing new"
    );
}
