//! The questions by which CometBFT, told to filter peers, asks the application about each of them.

/// A question about a peer. Code 0 lets it stay, any other code disconnects it.
///
/// CometBFT asks twice on each connection, first by address and then by id. Only the id is proven, by the handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeerQuestion<'a> {
    /// May a peer at this `host:port` connect?
    Address(&'a str),
    /// May the peer with this node id stay connected?
    NodeId(&'a str),
}

impl<'a> PeerQuestion<'a> {
    /// Reads the path of a query; `None` when it asks something else.
    #[must_use]
    pub fn from_path(path: &'a str) -> Option<Self> {
        match path.strip_prefix("/p2p/filter/")?.split_once('/')? {
            ("addr", address) => Some(Self::Address(address)),
            ("id", id) => Some(Self::NodeId(id)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_about_peers_are_told_from_others() {
        let cases = [
            (
                "/p2p/filter/addr/10.0.0.1:26656",
                Some(PeerQuestion::Address("10.0.0.1:26656")),
            ),
            (
                "/p2p/filter/id/15fa1c0d",
                Some(PeerQuestion::NodeId("15fa1c0d")),
            ),
            ("/p2p/filter/name/a", None),
            ("/p2p/filter/id", None),
            ("/key", None),
            ("", None),
        ];
        for (path, expected) in cases {
            assert_eq!(PeerQuestion::from_path(path), expected, "{path}");
        }
    }
}
