//! Fair share of members: local, never consensus.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Most members of whom a bucket is kept; the fullest are forgotten first.
const BUCKETS_MAX: usize = 100_000;
/// A token bucket per member. Imports and benches raise it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quota {
    /// Transactions that a member may send at once.
    pub burst: f64,
    /// Transactions a second that flow back.
    pub per_second: f64,
    /// What a transaction that was refused in a block costs its signers, in transactions.
    pub refused_cost: f64,
}

impl Default for Quota {
    fn default() -> Quota {
        Quota {
            burst: 1_000.0,
            per_second: 50.0,
            refused_cost: 10.0,
        }
    }
}

/// The buckets of all members.
pub(crate) struct Buckets {
    quota: Quota,
    buckets: Mutex<HashMap<u64, (f64, Instant)>>,
}

impl Buckets {
    pub(crate) fn new(quota: Quota) -> Buckets {
        Buckets {
            quota,
            buckets: Mutex::default(),
        }
    }

    /// Whether the member has something left. Nothing is charged: junk in somebody's name costs them nothing.
    pub(crate) fn allows(&self, member: u64) -> bool {
        let buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        buckets
            .get(&member)
            .is_none_or(|bucket| self.level(bucket) >= 1.0)
    }

    /// Charges a member, after the signature was verified.
    pub(crate) fn charge(&self, member: u64, cost: f64) {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= BUCKETS_MAX {
            buckets.retain(|_, bucket| self.level(bucket) < self.quota.burst);
        }
        let now = Instant::now();
        let level = buckets
            .get(&member)
            .map_or(self.quota.burst, |bucket| self.level(bucket));
        buckets.insert(member, ((level - cost).max(-self.quota.burst), now));
    }

    /// Charges a member for a transaction that was refused in a block; one of its cost was paid at the door.
    pub(crate) fn charge_refused(&self, member: u64) {
        self.charge(member, (self.quota.refused_cost - 1.0).max(0.0));
    }

    fn level(&self, (level, since): &(f64, Instant)) -> f64 {
        (level + since.elapsed().as_secs_f64() * self.quota.per_second).min(self.quota.burst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_who_used_the_burst_waits_and_others_do_not() {
        let buckets = Buckets::new(Quota {
            burst: 3.0,
            per_second: 0.000_001,
            refused_cost: 3.0,
        });
        for _ in 0..3 {
            assert!(buckets.allows(1));
            buckets.charge(1, 1.0);
        }
        assert!(!buckets.allows(1));
        assert!(buckets.allows(2));
    }

    #[test]
    fn what_is_refused_in_a_block_costs_as_much_as_is_configured() {
        for (refused_cost, left) in [(0.0, true), (1.0, true), (2.0, false)] {
            let buckets = Buckets::new(Quota {
                burst: 2.0,
                per_second: 0.000_001,
                refused_cost,
            });
            buckets.charge(1, 1.0);
            buckets.charge_refused(1);
            assert_eq!(buckets.allows(1), left, "{refused_cost}");
        }
    }
}
