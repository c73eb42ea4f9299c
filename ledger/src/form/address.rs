//! The address at which others dial a node.

// What an address is, from the library that knows no sockets.
use core::net::IpAddr;

use super::SHORT_BYTES_MAX;
use crate::Rejection;

/// An address that others can dial: `HOST:PORT` of at most [`SHORT_BYTES_MAX`] bytes.
///
/// The port is 1 to 65535 in digits; the host is an IPv4 address, an IPv6 address in brackets, or a name: labels of
/// letters, digits, `-` and `_` with dots between, the last not of digits alone. The address that means every address
/// of one's own machine is none.
///
/// # Errors
/// [`Rejection::AddressMalformed`].
pub fn address(text: &str) -> Result<(), Rejection> {
    let dialed = text.len() <= SHORT_BYTES_MAX
        && text
            .rsplit_once(':')
            .is_some_and(|(host, port)| is_host(host) && is_port(port));
    Rejection::AddressMalformed.unless(dialed)
}

/// An address that others can dial, or none.
///
/// # Errors
/// [`Rejection::AddressMalformed`].
pub fn optional_address(text: &str) -> Result<(), Rejection> {
    if text.is_empty() {
        Ok(())
    } else {
        address(text)
    }
}

fn is_host(host: &str) -> bool {
    let bracketed = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let ip = match bracketed {
        Some(bare) => bare.parse().ok().map(IpAddr::V6),
        None => host.parse().ok().map(IpAddr::V4),
    };
    match ip {
        Some(ip) => !ip.to_canonical().is_unspecified(),
        None => is_name(host),
    }
}

/// Labels between dots. One that ends in digits alone is none: resolvers read `127.1` and `0` as addresses.
fn is_name(host: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    let is_label = |label: &str| !label.is_empty() && label.bytes().all(allowed);
    let is_number = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
    host.split('.').all(is_label) && !host.rsplit('.').next().is_some_and(is_number)
}

fn is_port(port: &str) -> bool {
    // The parser would take a sign as well.
    port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_others_can_dial_is_an_address() {
        for text in [
            "node.health.example:26656",
            "node_1:65535",
            "localhost:1",
            "10.0.0.7:26656",
            "[2001:db8::7]:26656",
            "[::1]:26656",
        ] {
            assert_eq!(address(text), Ok(()), "{text}");
        }
        let long = format!("{}:26656", "a".repeat(SHORT_BYTES_MAX));
        for text in [
            "",
            "foo",
            "0:1",
            "00.0.0.0:1",
            "127.1:1",
            ".:1",
            "a..b:1",
            ":26656",
            "foo:",
            "foo:0",
            "foo:65536",
            "foo:+1",
            "foo:0x1",
            "a b:1",
            "a\0b:1",
            "tcp://foo:1",
            "a/tcp/1/p2p/b:1",
            "2001:db8::7:26656",
            "[foo]:1",
            "[10.0.0.7]:1",
            "[fe80::1%eth0]:1",
            "0.0.0.0:26656",
            "[::]:26656",
            "[::ffff:0.0.0.0]:26656",
            &long,
        ] {
            assert_eq!(address(text), Err(Rejection::AddressMalformed), "{text}");
        }
        assert_eq!(optional_address(""), Ok(()));
        assert_eq!(optional_address("foo"), Err(Rejection::AddressMalformed));
    }
}
