//! Addresses of the loopback network, one for each node, that nobody else on the machine has.
//!
//! The whole of 127.0.0.0/8 is loopback. A test takes a block 127.x.y.0/24, so its nodes use the same
//! ports as real ones, and suites run beside each other.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};

/// The port whose taking reserves a block.
const RESERVATION_PORT: u16 = 26_000;

/// A block of addresses, reserved until it is dropped.
#[derive(Debug)]
pub struct Addresses {
    first: [u8; 2],
    _reservation: TcpListener,
}

impl Addresses {
    /// Reserves a block; begins to look at a place that depends on the process.
    pub fn reserve() -> Addresses {
        let begin = std::process::id();
        for attempt in 0..u32::from(u16::MAX) {
            let number = begin.wrapping_add(attempt) % (254 * 256);
            // 127.0.x.y is where everybody else is.
            let first = [(number / 256) as u8 + 1, (number % 256) as u8];
            let address = (
                Ipv4Addr::new(127, first[0], first[1], 255),
                RESERVATION_PORT,
            );
            if let Ok(reservation) = TcpListener::bind(address) {
                return Addresses {
                    first,
                    _reservation: reservation,
                };
            }
        }
        panic!("no block of loopback addresses is free");
    }

    /// The address of a node of the block, by its number from 0.
    pub fn of_node(&self, node: usize) -> IpAddr {
        let last = u8::try_from(node + 1).ok().filter(|last| *last < 255);
        let last = last.expect("a block has 254 nodes");
        IpAddr::V4(Ipv4Addr::new(127, self.first[0], self.first[1], last))
    }

    /// A port of a node of the block.
    pub fn socket(&self, node: usize, port: u16) -> SocketAddr {
        SocketAddr::new(self.of_node(node), port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_blocks_share_no_address() {
        let (one, other) = (Addresses::reserve(), Addresses::reserve());
        assert_ne!(one.of_node(0), other.of_node(0));
        assert_ne!(one.of_node(0), one.of_node(1));
        assert!(one.of_node(3).is_loopback());
        TcpListener::bind(one.socket(0, 26_656)).unwrap();
    }
}
