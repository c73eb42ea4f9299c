//! The address at which others dial a node.

use std::net::IpAddr;

/// Refuses what nobody could dial: no `HOST:PORT`, or the address that means every address of one's own machine.
pub fn check_dialed(text: &str) -> Result<(), String> {
    let wrong = || format!("{text:?} is not HOST:PORT, as others dial it");
    let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
    if !port.parse::<u16>().is_ok_and(|port| port > 0) {
        return Err(wrong());
    }
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let is_ip_v6 = bare.is_some();
    match bare.unwrap_or(host).parse::<IpAddr>() {
        Ok(ip) if ip.is_ipv6() != is_ip_v6 => Err(wrong()),
        Ok(ip) if ip.is_unspecified() => Err(format!(
            "{text:?} is where a node listens, and nothing that others can dial: they need its name or its address"
        )),
        Ok(_) => Ok(()),
        Err(_) if is_ip_v6 || !is_name(host) => Err(wrong()),
        Err(_) => Ok(()),
    }
}

fn is_name(host: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    !host.is_empty() && host.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_others_can_dial_is_an_address() {
        for text in [
            "node.health.example:26656",
            "localhost:1",
            "10.0.0.7:26656",
            "[2001:db8::7]:26656",
        ] {
            assert_eq!(check_dialed(text), Ok(()), "{text}");
        }
        for text in [
            "",
            "foo",
            ":26656",
            "foo:",
            "foo:0",
            "foo:65536",
            "foo:+x",
            "a b:1",
            "tcp://foo:1",
            "2001:db8::7:26656",
            "[foo]:1",
            "[10.0.0.7]:1",
            "0.0.0.0:26656",
            "[::]:26656",
        ] {
            assert!(check_dialed(text).is_err(), "{text}");
        }
    }
}
