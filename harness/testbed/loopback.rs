//! Where the mocks of a case listen: each case has a loopback address of its own.
//!
//! Cases play beside each other and after each other by the thousand. On one address they would share its ports: whoever asks a
//! KDC that has ended could be answered by the one of the next case, and connections in `TIME_WAIT` would use the ports up.

use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// `127.64.0.0/10`: out of the way of what people give to themselves by hand.
const FIRST: u32 = 0x7f40_0000;
const COUNT: u32 = 1 << 22;

/// A loopback address that this process has not given out for the last four million times; `127.0.0.1` where the system has
/// no other (all but Linux).
pub(super) fn own() -> IpAddr {
    static NEXT: OnceLock<Option<AtomicU32>> = OnceLock::new();
    // Processes that run beside each other begin at different places. Where they meet all the same, they share ports, as
    // everybody did who has one address.
    let start = || AtomicU32::new(std::process::id().wrapping_mul(0x9e37_79b9));
    let next = NEXT.get_or_init(|| UdpSocket::bind((numbered(0), 0)).is_ok().then(start));
    let address = next.as_ref().map_or(Ipv4Addr::LOCALHOST, |next| numbered(next.fetch_add(1, Ordering::Relaxed)));
    IpAddr::V4(address)
}

fn numbered(number: u32) -> Ipv4Addr {
    Ipv4Addr::from_bits(FIRST + number % COUNT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn nobody_gets_the_address_of_another() {
        let all: BTreeSet<_> = (0..1000).map(|_| own()).collect();
        assert_eq!(all.len(), if cfg!(target_os = "linux") { 1000 } else { 1 });
        assert!(all.iter().all(IpAddr::is_loopback));
    }

    #[test]
    fn all_numbers_are_addresses_of_the_loopback_interface() {
        assert_eq!(numbered(0), Ipv4Addr::new(127, 64, 0, 0));
        assert_eq!(numbered(COUNT - 1), Ipv4Addr::new(127, 127, 255, 255));
        assert_eq!(numbered(COUNT), numbered(0));
        assert!(numbered(u32::MAX).is_loopback());
    }
}
