//! Departures that concern the message as a whole, whichever it is.

use super::{Bend, Demand, Line};

pub(super) const LINES: &[Line] = &[
    Line {
        name: "truncated",
        clause: "X.690 §8.1.3",
        demand: Demand::Refuse,
        exchange: None,
        what: "the last octet of the message is missing",
        bends: &[Bend::Octets(|octets| {
            octets.pop();
        })],
    },
    Line {
        name: "trailing-octets",
        clause: "RFC 4120 §7.2.1",
        demand: Demand::Free,
        exchange: None,
        what: "octets follow the message",
        bends: &[Bend::Octets(|octets| octets.extend_from_slice(b"more"))],
    },
    Line {
        name: "silent",
        clause: "RFC 4120 §7.2.1",
        demand: Demand::Refuse,
        exchange: None,
        what: "there is no answer: the client tries again, then gives up",
        bends: &[Bend::Silence],
    },
];
