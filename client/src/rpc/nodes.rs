//! In which order nodes are asked: the one that answered last first, and those that keep silent last.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use reqwest::Url;

use crate::{Error, Result};

/// The nodes of one organisation that a client knows, by their places. There is one at least.
pub(super) struct Nodes {
    nodes: Vec<Node>,
    /// The place of the node that answered last.
    preferred: AtomicUsize,
}

struct Node {
    url: Url,
    /// Whether its last answer did not come in time: whoever asks it again waits as long again.
    is_silent: AtomicBool,
    /// Whether it kept silent as a witness, who has less time: this makes it no worse a node to call.
    is_silent_witness: AtomicBool,
}

impl Nodes {
    /// The nodes with these addresses; one that cannot be an address is a usage error, and so is none.
    pub(super) fn new(addresses: &[String]) -> Result<Nodes> {
        let nodes = addresses.iter().map(|address| {
            Ok(Node {
                url: parse(address)?,
                is_silent: AtomicBool::new(false),
                is_silent_witness: AtomicBool::new(false),
            })
        });
        let nodes: Vec<Node> = nodes.collect::<Result<_>>()?;
        if nodes.is_empty() {
            Err(Error::usage("no node is named"))
        } else {
            Ok(Nodes {
                nodes,
                preferred: AtomicUsize::new(0),
            })
        }
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.nodes.len()
    }

    /// The address of a node.
    pub(super) fn url(&self, place: usize) -> &Url {
        &self.nodes[place].url
    }

    /// The places of all nodes as they are asked.
    pub(super) fn in_order(&self) -> Vec<usize> {
        let first = self.preferred.load(Ordering::Relaxed);
        let mut order: Vec<usize> = (0..self.count())
            .map(|offset| (first + offset) % self.count())
            .collect();
        // Looked at once each: somebody may note a silence meanwhile.
        order.sort_by_cached_key(|place| self.is_silent(*place));
        order
    }

    /// The place of the node that is asked first, and those of the others as they are asked for a second answer.
    pub(super) fn witnesses(&self) -> (usize, Vec<usize>) {
        let order = self.in_order();
        let mut others = order[1..].to_vec();
        others.sort_by_cached_key(|place| {
            self.nodes[*place].is_silent_witness.load(Ordering::Relaxed)
        });
        (order[0], others)
    }

    /// Asks this node first from now on.
    pub(super) fn prefer(&self, place: usize) {
        self.preferred.store(place, Ordering::Relaxed);
    }

    /// Asks another node first from now on, where there is one: what the usual one says is of no use. One that kept silent
    /// is passed over once and has its chance the next time round, so that each is asked in two rounds.
    pub(super) fn prefer_another(&self) {
        let first = self.preferred.load(Ordering::Relaxed);
        let mut others = (1..self.count()).map(|offset| (first + offset) % self.count());
        let next =
            others.find(|place| !self.nodes[*place].is_silent.swap(false, Ordering::Relaxed));
        self.prefer(next.unwrap_or((first + 1) % self.count()));
    }

    /// Remembers whether a node kept silent.
    pub(super) fn note_silence(&self, place: usize, is_silent: bool) {
        let node = &self.nodes[place];
        node.is_silent.store(is_silent, Ordering::Relaxed);
    }

    /// Remembers whether a node kept silent as a witness.
    pub(super) fn note_silent_witness(&self, place: usize, is_silent: bool) {
        let node = &self.nodes[place];
        node.is_silent_witness.store(is_silent, Ordering::Relaxed);
    }

    fn is_silent(&self, place: usize) -> bool {
        self.nodes[place].is_silent.load(Ordering::Relaxed)
    }
}

fn parse(address: &str) -> Result<Url> {
    let unusable = || Error::usage(format!("`{address}` is not an address of a node"));
    let url = Url::parse(address).map_err(|error| unusable().with_source(error))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(unusable());
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes(count: u16) -> Nodes {
        let addresses: Vec<String> = (1..=count).map(|port| format!("http://a:{port}")).collect();
        Nodes::new(&addresses).expect("nodes")
    }

    #[test]
    fn nodes_that_keep_silent_are_asked_last_until_they_answer() {
        let nodes = nodes(4);
        nodes.note_silence(0, true);
        nodes.note_silence(2, true);
        assert_eq!(nodes.in_order(), [1, 3, 0, 2]);
        nodes.prefer(3);
        assert_eq!(nodes.in_order(), [3, 1, 0, 2]);
        nodes.note_silence(0, false);
        assert_eq!(nodes.in_order(), [3, 0, 1, 2]);
    }

    #[test]
    fn whoever_kept_silent_is_passed_over_once_and_then_asked_whatever_the_others_do() {
        let nodes = nodes(3);
        nodes.note_silence(2, true);
        let mut asked = Vec::new();
        for _ in 0..4 {
            nodes.prefer_another();
            asked.push(nodes.in_order()[0]);
        }
        assert_eq!(asked, [1, 0, 1, 2]);

        for place in 0..3 {
            nodes.note_silence(place, true);
        }
        nodes.prefer_another();
        assert_eq!(nodes.in_order(), [0, 1, 2]);
    }

    #[test]
    fn a_witness_that_keeps_silent_comes_last_among_witnesses_and_nowhere_else() {
        let nodes = nodes(4);
        nodes.note_silent_witness(1, true);
        assert_eq!(nodes.witnesses(), (0, vec![2, 3, 1]));
        assert_eq!(nodes.in_order(), [0, 1, 2, 3]);
        nodes.note_silent_witness(1, false);
        assert_eq!(nodes.witnesses(), (0, vec![1, 2, 3]));
    }

    #[test]
    fn an_address_that_is_none_is_a_usage_error() {
        for addresses in [
            &[][..],
            &["nonsense"],
            &["ftp://a"],
            &["http://a", "unix:/b"],
        ] {
            let addresses: Vec<String> = addresses.iter().map(|one| (*one).to_owned()).collect();
            let refused = Nodes::new(&addresses);
            let kind = refused.err().map(|error| error.kind());
            assert_eq!(kind, Some(crate::ErrorKind::Usage), "{addresses:?}");
        }
    }
}
