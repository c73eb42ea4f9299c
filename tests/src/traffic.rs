//! Leads who pay without a pause while a test breaks things around them.
//!
//! Each pays, waits until some node shows the payment in a block, and pays again. A payment without an
//! outcome is sent again, through the next node: that is safe, and part of the trial.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::cluster::Cluster;
use crate::leads::{Leads, TransactionHash, hash};
use crate::{http, wait};

/// So long a payment may take before it is sent again, through another node.
const SEND_AGAIN: Duration = Duration::from_secs(3);

/// Payments that go on until they are stopped.
#[derive(Debug)]
pub struct Traffic {
    stop: Arc<AtomicBool>,
    acknowledged: Arc<AtomicU64>,
    payers: Vec<JoinHandle<Vec<TransactionHash>>>,
}

impl Traffic {
    /// Starts so many payers, one for each of the first departments; they use the nodes that validate.
    pub fn start(cluster: &Cluster, payers: usize) -> Traffic {
        let stop = Arc::<AtomicBool>::default();
        let acknowledged = Arc::<AtomicU64>::default();
        let payers = (0..payers)
            .map(|department| {
                let payer = Payer {
                    department,
                    leads: cluster.leads().clone(),
                    gateways: cluster.gateways(),
                    stop: Arc::clone(&stop),
                    acknowledged: Arc::clone(&acknowledged),
                };
                std::thread::spawn(move || payer.pay_until_stopped())
            })
            .collect();
        Traffic {
            stop,
            acknowledged,
            payers,
        }
    }

    /// Waits until so many more payments are in blocks, not counting those that may have been there before: each payer has
    /// one under way.
    #[track_caller]
    pub fn wait_for(&self, payments: u64, within: Duration) {
        let under_way = self.payers.len() as u64;
        let goal = self.acknowledged.load(Ordering::Relaxed) + under_way + payments;
        wait::until("payments go on", within, || {
            (self.acknowledged.load(Ordering::Relaxed) >= goal).then_some(())
        });
    }

    /// Stops, and answers what some node had in a block.
    pub fn stop(mut self) -> Vec<TransactionHash> {
        self.stop.store(true, Ordering::Relaxed);
        let mut acknowledged = Vec::new();
        for payer in self.payers.drain(..) {
            acknowledged.extend(payer.join().expect("a payer does not panic"));
        }
        acknowledged
    }
}

impl Drop for Traffic {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

struct Payer {
    department: usize,
    leads: Leads,
    gateways: Vec<SocketAddr>,
    stop: Arc<AtomicBool>,
    acknowledged: Arc<AtomicU64>,
}

impl Payer {
    fn pay_until_stopped(&self) -> Vec<TransactionHash> {
        let mut paid = Vec::new();
        let mut through = self.department;
        while !self.stop.load(Ordering::Relaxed) {
            let payment = self.leads.payment(self.department);
            while !self.stop.load(Ordering::Relaxed) {
                if self.is_paid(&payment, through) {
                    self.acknowledged.fetch_add(1, Ordering::Relaxed);
                    paid.push(hash(&payment));
                    break;
                }
                through += 1;
            }
        }
        paid
    }

    /// Sends a payment through a node and looks for it in that node's blocks.
    fn is_paid(&self, payment: &[u8], through: usize) -> bool {
        let gateway = self.gateways[through % self.gateways.len()];
        let path = format!("broadcast_tx_sync?tx=0x{}", hex::encode(payment));
        // A node that is down, or that knows the payment already, says so; the blocks decide.
        if http::ask(gateway, &path).is_err_and(|error| error.contains("refused")) {
            return false;
        }
        let path = format!("tx?hash=0x{}", hex::encode(hash(payment)));
        let found = wait::poll(SEND_AGAIN, || {
            if self.stop.load(Ordering::Relaxed) {
                return Some(false);
            }
            let found = http::ask(gateway, &path).ok()?;
            Some(found["tx_result"]["code"].as_u64()? == 0)
        });
        found.unwrap_or(false)
    }
}
