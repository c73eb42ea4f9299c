//! An engine that has stopped holds its guard and its address for a moment longer: whoever starts after it waits.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::time::{Duration, Instant};

use super::guard::{Guard, GuardError};
use super::stop::STOP_TIME;

/// How often to look whether the guard, or the address, is free.
const GLANCE: Duration = Duration::from_millis(5);

/// Opens the guard, and waits while another holds it.
pub(super) async fn open_guard(file: &Path) -> Result<Guard, GuardError> {
    let until = Instant::now() + STOP_TIME;
    loop {
        match Guard::open(file) {
            Err(GuardError::InUse(_)) if Instant::now() < until => {
                tokio::time::sleep(GLANCE).await;
            }
            opened => return opened,
        }
    }
}

/// Waits for an address to be free.
pub(super) async fn free(address: SocketAddr) -> io::Result<()> {
    let until = Instant::now() + STOP_TIME;
    loop {
        match TcpListener::bind(address) {
            Ok(_) => return Ok(()),
            Err(error) if error.kind() != ErrorKind::AddrInUse || until < Instant::now() => {
                return Err(error);
            }
            Err(_) => tokio::time::sleep(GLANCE).await,
        }
    }
}
