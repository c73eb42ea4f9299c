//! Lines between two halves of a network, which a test can cut and mend.

use std::net::{IpAddr, SocketAddr};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::network::Network;

/// Consensus listens here, gossip two ports above.
const PORTS: [u16; 2] = [26_656, 26_658];

/// All lines from one half to the other.
pub(super) struct Wires(watch::Sender<bool>);

impl Wires {
    /// Lays them in a network that does not run yet: whoever dials across dials a wire.
    pub(super) async fn between(network: &mut Network, left: &[usize], right: &[usize]) -> Wires {
        let (cut, is_cut) = watch::channel(false);
        let across = |from: &usize, to: &usize| left.contains(from) != left.contains(to);
        let everybody = [left, right].concat();
        let listens: Vec<SocketAddr> = network.nodes.iter().map(|node| node.listen).collect();
        for from in &everybody {
            for to in everybody.iter().filter(|to| across(from, to)) {
                let entry = entry(listens[*from], *from, *to);
                for port in PORTS {
                    let target = SocketAddr::new(listens[*to].ip(), port);
                    let listener = TcpListener::bind((entry, port)).await.unwrap();
                    tokio::spawn(lay(listener, target, is_cut.clone()));
                }
                let dialled = listens[*to].to_string();
                for peer in &mut network.nodes[*from].peers {
                    if peer.address.as_ref() == Some(&dialled) {
                        peer.address = Some(SocketAddr::new(entry, PORTS[0]).to_string());
                    }
                }
            }
        }
        Wires(cut)
    }

    /// Drops every connection, and lets none through.
    pub(super) fn cut(&self) {
        self.0.send_replace(true);
    }

    pub(super) fn mend(&self) {
        self.0.send_replace(false);
    }
}

/// The address at which one node finds another: of the network's own block, beyond its nodes.
fn entry(listen: SocketAddr, from: usize, to: usize) -> IpAddr {
    match listen.ip() {
        IpAddr::V4(ip) => {
            let [a, b, c, _] = ip.octets();
            IpAddr::from([a, b, c, (100 + 10 * from + to) as u8])
        }
        IpAddr::V6(_) => unreachable!("the suite's nodes listen to addresses of version 4"),
    }
}

async fn lay(listener: TcpListener, target: SocketAddr, is_cut: watch::Receiver<bool>) {
    while let Ok((mut one, _)) = listener.accept().await {
        let mut is_cut = is_cut.clone();
        if *is_cut.borrow() {
            continue;
        }
        tokio::spawn(async move {
            if let Ok(mut other) = TcpStream::connect(target).await {
                tokio::select! {
                    _ = copy_bidirectional(&mut one, &mut other) => {}
                    _ = is_cut.wait_for(|cut| *cut) => {}
                }
            }
        });
    }
}
