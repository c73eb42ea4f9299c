//! Which members count as one person: a newcomer counts as whoever admitted them, and a service always does.

use std::collections::{BTreeMap, BTreeSet};

use polity_ledger::judge::{ADMISSIONS_MAX, hand, leader};
use polity_proto::v1::Member;

use super::View;
use crate::Result;

impl View<'_> {
    /// As whom each of these members counted at a time, by the admission distance that holds now. Whoever is missing
    /// counts as nobody.
    pub async fn hands(&self, members: &[u64], time: u64) -> Result<BTreeMap<u64, u64>> {
        let distance = self.session().parameters().await?.admission_distance;
        let mut leaders = BTreeMap::<u64, Option<u64>>::new();
        let mut wanted: BTreeSet<u64> = members.iter().copied().collect();
        for _ in 0..ADMISSIONS_MAX {
            let numbers: Vec<u64> = wanted.iter().copied().collect();
            let found = self.get_all::<Member>(&numbers).await?;
            for (number, member) in std::iter::zip(numbers, found) {
                let leader = member.and_then(|member| leader(&member, time, || distance));
                leaders.insert(number, leader);
            }
            let led = leaders.values().flatten().copied();
            wanted = led.filter(|one| !leaders.contains_key(one)).collect();
            if wanted.is_empty() {
                break;
            }
        }
        let hand_of = |member: u64| hand(member, |one| leaders.get(&one).copied().flatten());
        let hands = members
            .iter()
            .map(|member| Some((*member, hand_of(*member)?)));
        Ok(hands.flatten().collect())
    }
}
