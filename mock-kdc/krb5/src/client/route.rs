//! Which ticket-granting ticket to ask for next on the way to a service of another realm (RFC 4120 §1.2, §3.3.1), as
//! libkrb5 goes about it:
//!
//! ```text
//!   path:   A ──── B ──── C ──── D          the client is in A, the service in D, the rest stands in [capaths]
//!   ask A for krbtgt/D; if A refuses, for krbtgt/C, then krbtgt/B; if it refuses that too, there is no way
//!   A answers with krbtgt/C: go on from there, ask C for krbtgt/D
//!   A answers with krbtgt/X, which is not on the path: ask X for krbtgt/D
//! ```
//!
//! Where no path is written, it is the direct one: KDCs know their hierarchy better than clients.

use crate::transited::Capaths;

/// The way from a realm to the service's, and how far along we are.
#[derive(Debug, Clone)]
pub(super) struct Route {
    /// From the realm that is asked to the service's, both included.
    ahead: Vec<Vec<u8>>,
    /// For which of them a ticket-granting ticket is wanted, by index. INVARIANT: within bounds; 0 only at the end.
    aim: usize,
}

impl Route {
    /// From `here`, aiming at the end at once. None where `here` is the end.
    pub(super) fn new(paths: &Capaths, here: &[u8], end: &[u8]) -> Option<Self> {
        let mut ahead = paths.written(here, end).unwrap_or_else(|| vec![here.to_vec(), end.to_vec()]);
        // A path that comes back to where it began is none.
        let start = ahead.iter().rposition(|realm| realm == here)?;
        ahead.drain(..start);
        (here != end && ahead.len() > 1).then(|| Self { aim: ahead.len() - 1, ahead })
    }

    /// The realm that is asked.
    pub(super) fn here(&self) -> &[u8] {
        &self.ahead[0]
    }

    /// The realm whose ticket-granting ticket is wanted.
    pub(super) fn aim(&self) -> &[u8] {
        &self.ahead[self.aim]
    }

    /// After a refusal: aims at the realm before. False where there is none between.
    pub(super) fn aim_closer(&mut self) -> bool {
        let closer = self.aim > 1;
        if closer {
            self.aim -= 1;
        }
        closer
    }

    /// After a ticket-granting ticket of `realm`: goes there and aims at the end again. False where that is not ahead.
    pub(super) fn go_to(&mut self, realm: &[u8]) -> bool {
        let Some(at) = self.ahead.iter().skip(1).position(|ahead| ahead == realm) else { return false };
        self.ahead.drain(..=at);
        self.aim = self.ahead.len() - 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(here: &str, end: &str) -> Option<Route> {
        let paths = Capaths::default().with(b"A.B.C", b"D.C", [&b"B.C"[..], b"C"]);
        Route::new(&paths, here.as_bytes(), end.as_bytes())
    }

    #[test]
    fn the_end_is_tried_first_and_then_what_is_closer() {
        let mut route = route("A.B.C", "D.C").unwrap();
        assert_eq!((route.here(), route.aim()), (&b"A.B.C"[..], &b"D.C"[..]));
        assert!(route.aim_closer());
        assert_eq!(route.aim(), b"C");
        assert!(route.aim_closer());
        assert_eq!(route.aim(), b"B.C");
        assert!(!route.aim_closer(), "only here is closer");
        assert_eq!(route.aim(), b"B.C");
    }

    #[test]
    fn after_each_stage_the_end_is_tried_again() {
        let mut route = route("A.B.C", "D.C").unwrap();
        assert!(route.aim_closer());
        assert!(!route.go_to(b"X"), "not on the path");
        assert!(!route.go_to(b"A.B.C"), "not ahead");
        assert!(route.go_to(b"C"));
        assert_eq!((route.here(), route.aim()), (&b"C"[..], &b"D.C"[..]));
        assert!(!route.go_to(b"B.C"), "passed already");
    }

    #[test]
    fn what_is_not_written_is_direct() {
        let mut route = route("D.C", "A.B.C").unwrap();
        assert_eq!((route.here(), route.aim()), (&b"D.C"[..], &b"A.B.C"[..]));
        assert!(!route.aim_closer());
    }

    #[test]
    fn who_is_there_needs_no_way() {
        assert!(route("A", "A").is_none());
    }
}
