//! Fair share of members: local, never consensus.

use std::time::Instant;

use crate::buckets::Buckets;

/// Most members of whom it is known at a time what they have left.
const MEMBERS_MAX: usize = 100_000;

/// A token bucket per member, counted in what transactions cost everybody: their actions and those that they propose.
/// Imports and benches raise it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quota {
    /// Actions that a member may send at once.
    pub burst: f64,
    /// Actions a second that flow back.
    pub per_second: f64,
    /// How many times its cost a transaction is charged that was refused in a block.
    pub refused_cost: f64,
}

impl Default for Quota {
    fn default() -> Quota {
        Quota {
            burst: 2_000.0,
            per_second: 50.0,
            refused_cost: 10.0,
        }
    }
}

/// The buckets of all members.
pub(crate) struct Quotas {
    refused_cost: f64,
    buckets: Buckets<u64>,
}

impl Quotas {
    pub(crate) fn new(quota: Quota) -> Quotas {
        Quotas {
            refused_cost: quota.refused_cost,
            buckets: Buckets::new(quota.per_second, quota.burst, MEMBERS_MAX),
        }
    }

    /// The first member who has nothing left. Nothing is charged: junk in somebody's name costs them nothing.
    pub(crate) fn exhausted(&self, mut members: impl Iterator<Item = u64>) -> Option<u64> {
        let now = Instant::now();
        members.find(|member| self.buckets.left(*member, now) < 1.0)
    }

    /// Charges a member, after the signature was verified. Whoever has something left may spend more than that once,
    /// and waits the longer.
    pub(crate) fn charge(&self, member: u64, cost: f64) {
        self.buckets.charge(member, cost, Instant::now());
    }

    /// Charges a member for a transaction that was refused in a block; its cost was paid once at the door.
    pub(crate) fn charge_refused(&self, member: u64, cost: f64) {
        self.charge(member, cost * (self.refused_cost - 1.0).max(0.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_who_used_the_burst_waits_and_others_do_not() {
        let quotas = Quotas::new(Quota {
            burst: 3.0,
            per_second: 0.000_001,
            refused_cost: 3.0,
        });
        for cost in [2.0, 1.0] {
            assert_eq!(quotas.exhausted([1, 2].into_iter()), None);
            quotas.charge(1, cost);
        }
        assert_eq!(quotas.exhausted([2, 1].into_iter()), Some(1));
        assert_eq!(quotas.exhausted([2].into_iter()), None);
    }

    #[test]
    fn what_is_refused_in_a_block_costs_as_much_as_is_configured() {
        for (refused_cost, left) in [(0.0, true), (1.0, true), (2.0, false)] {
            let quotas = Quotas::new(Quota {
                burst: 20.0,
                per_second: 0.000_001,
                refused_cost,
            });
            quotas.charge(1, 10.0);
            quotas.charge_refused(1, 10.0);
            let exhausted = quotas.exhausted([1].into_iter());
            assert_eq!(exhausted.is_none(), left, "{refused_cost}");
        }
    }
}
