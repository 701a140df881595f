//! Where a KDC is, as `kdc =` says.

use super::{InvalidConfiguration, Relation};
use crate::client::Transport;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The port of Kerberos.
const DEFAULT_PORT: u16 = 88;

/// The value of a `kdc` relation: `[tcp/|udp/]host[:port]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KdcAddress {
    /// A name, or an address without brackets.
    pub host: String,
    /// The port; 88 where none is given.
    pub port: u16,
    /// The one transport that it is asked over; `None` for both.
    pub transport: Option<Transport>,
}

impl KdcAddress {
    /// The address, unless it takes DNS to find it: numbers, and `localhost`, which is 127.0.0.1 (RFC 6761 §6.3).
    #[must_use]
    pub fn socket_address(&self) -> Option<SocketAddr> {
        let address = match self.host.parse::<IpAddr>() {
            Ok(address) => address,
            Err(_) if self.host.eq_ignore_ascii_case("localhost") => Ipv4Addr::LOCALHOST.into(),
            Err(_) => return None,
        };
        Some(SocketAddr::new(address, self.port))
    }

    pub(super) fn read(relation: &Relation) -> Result<Self, InvalidConfiguration> {
        parse(&relation.value).ok_or_else(|| {
            let why = match &*relation.value {
                value if value.starts_with("https://") => "proxies are not spoken to here",
                value if value.starts_with('/') => "local sockets are not spoken to here",
                _ => "a KDC is expected",
            };
            relation
                .fail(format!("'{}': {why}, expected host, host:port, [address]:port, tcp/… or udp/…", relation.value))
        })
    }
}

fn parse(value: &str) -> Option<KdcAddress> {
    let (transport, place) = match value.split_once('/') {
        Some(("tcp", place)) => (Some(Transport::Tcp), place),
        Some(("udp", place)) => (Some(Transport::Udp), place),
        Some(_) => return None,
        None => (None, value),
    };
    let (host, port) = match place.strip_prefix('[') {
        Some(bracketed) => {
            let (host, rest) = bracketed.split_once(']')?;
            (host, rest.strip_prefix(':'))
        }
        None => {
            let end = place.find([' ', '\t', ':']).unwrap_or(place.len());
            (&place[..end], place[end..].strip_prefix(':'))
        }
    };
    // Digits alone are a port of nowhere.
    if host.is_empty() || (port.is_none() && host.bytes().all(|octet| octet.is_ascii_digit())) {
        return None;
    }
    let port = port.map_or(Some(DEFAULT_PORT), |port| port.parse().ok())?;
    Some(KdcAddress { host: host.to_owned(), port, transport })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_ports_brackets_and_transports() {
        let kdc = |host: &str, port, transport| Some(KdcAddress { host: host.into(), port, transport });
        assert_eq!(parse("kdc.test"), kdc("kdc.test", 88, None));
        assert_eq!(parse("127.0.0.1:1088"), kdc("127.0.0.1", 1088, None));
        assert_eq!(parse("[::1]:1088"), kdc("::1", 1088, None));
        assert_eq!(parse("[::1]"), kdc("::1", 88, None));
        assert_eq!(parse("tcp/kdc.test:90"), kdc("kdc.test", 90, Some(Transport::Tcp)));
        assert_eq!(parse("udp/kdc.test"), kdc("kdc.test", 88, Some(Transport::Udp)));
        for no in ["", ":88", "88", "kdc:", "kdc:x", "kdc:65536", "https://kdc/x", "/run/kdc", "sctp/kdc", "[::1"] {
            assert_eq!(parse(no), None, "{no}");
        }
        let refused = |value: &str| KdcAddress::read(&Relation { value: value.into(), file: "k".into(), line: 2 });
        assert_eq!(
            refused("https://kdc/x").unwrap_err().to_string(),
            "k:2: 'https://kdc/x': proxies are not spoken to here, expected host, host:port, [address]:port, tcp/… or udp/…"
        );
    }

    #[test]
    fn only_numbers_and_localhost_need_no_dns() {
        let address = |text: &str| parse(text).unwrap().socket_address().map(|address| address.to_string());
        assert_eq!(address("127.0.0.2:99").as_deref(), Some("127.0.0.2:99"));
        assert_eq!(address("[::1]:99").as_deref(), Some("[::1]:99"));
        assert_eq!(address("LocalHost").as_deref(), Some("127.0.0.1:88"));
        assert_eq!(address("kdc.test"), None);
    }
}
