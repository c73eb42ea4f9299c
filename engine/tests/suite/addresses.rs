//! Loopback addresses of a test's own: its nodes use the same ports as real ones, and no port is looked for that
//! somebody else may take meanwhile.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU8, Ordering};

/// 254 addresses that no other test of this process has, and hardly one of another process.
#[derive(Clone, Copy)]
pub(crate) struct Addresses([u8; 2]);

impl Addresses {
    pub(crate) fn take() -> Self {
        static TAKEN: AtomicU8 = AtomicU8::new(1);
        // 127.0.x.y is where everybody else is.
        let process = (std::process::id() % 250) as u8 + 1;
        Self([process, TAKEN.fetch_add(1, Ordering::Relaxed)])
    }

    pub(crate) fn of_node(self, number: u8) -> Ipv4Addr {
        let Self([process, test]) = self;
        Ipv4Addr::new(127, process, test, number + 1)
    }
}
