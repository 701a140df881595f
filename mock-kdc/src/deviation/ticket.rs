//! Departures in EncTicketPart (RFC 4120 §5.3), which only the service reads: a client takes such a ticket, and the
//! service refuses it. Each says with which error (RFC 4120 §3.2.3).

use shakedown_krb5::Principal;
use shakedown_krb5::der::Element;
use shakedown_krb5::messages::flags::ticket;
use shakedown_krb5::messages::{EncryptionKey, HostAddress, PrincipalName};

use super::{Bend, Demand, HOUR, Line, at, change_flags};

// The fields.
const FLAGS: u8 = 0;
const KEY: u8 = 1;
const CREALM: u8 = 2;
const CNAME: u8 = 3;
const TRANSITED: u8 = 4;
const AUTHTIME: u8 = 5;
const STARTTIME: u8 = 6;
const ENDTIME: u8 = 7;
const CADDR: u8 = 9;

pub(super) const LINES: &[Line] = &[
    Line {
        name: "ticket-broken",
        clause: "RFC 4120 §3.2.3",
        demand: Demand::Tolerate,
        exchange: None,
        what: "an octet of the ticket's encrypted part is changed (the service answers 31)",
        bends: &[Bend::Reply(|reply, _| {
            let sealed = reply.field_mut(5).and_then(|ticket| ticket.field_mut(3));
            let cipher = sealed.and_then(|sealed| sealed.field_mut(2)).and_then(Element::octets_mut);
            if let Some(octet) = cipher.and_then(|octets| octets.last_mut()) {
                *octet ^= 1;
            }
        })],
    },
    Line {
        name: "ticket-expired",
        clause: "RFC 4120 §3.2.3",
        demand: Demand::Tolerate,
        exchange: None,
        what: "the ticket ended an hour ago, which the encrypted part does not say (the service answers 32)",
        bends: &[Bend::Ticket(|part, around| {
            part.set_field(STARTTIME, at(around.now, -2 * HOUR));
            part.set_field(ENDTIME, at(around.now, -HOUR));
        })],
    },
    Line {
        name: "ticket-not-yet-valid",
        clause: "RFC 4120 §3.2.3",
        demand: Demand::Tolerate,
        exchange: None,
        what: "the ticket begins an hour from now, which the encrypted part does not say (the service answers 33)",
        bends: &[Bend::Ticket(|part, around| part.set_field(STARTTIME, at(around.now, HOUR)))],
    },
    Line {
        name: "ticket-invalid",
        clause: "RFC 4120 §2.2",
        demand: Demand::Tolerate,
        exchange: None,
        what: "the ticket is flagged INVALID, which the encrypted part does not say (the service answers 33, MIT's 60)",
        bends: &[Bend::Ticket(|part, _| change_flags(part, FLAGS, ticket::INVALID, 0))],
    },
    Line {
        name: "ticket-of-another-client",
        clause: "RFC 4120 §3.2.3",
        demand: Demand::Tolerate,
        exchange: None,
        what: "the ticket is another client's (the service answers 36)",
        bends: &[Bend::Ticket(|part, _| {
            part.set_field(CNAME, Element::of(&PrincipalName::from(&Principal::new(&["mallory"], ""))));
        })],
    },
    Line {
        name: "ticket-of-another-client-realm",
        clause: "RFC 4120 §3.2.3",
        demand: Demand::Tolerate,
        exchange: None,
        what: "the ticket is that of a client of another realm (the service answers 36)",
        bends: &[Bend::Ticket(|part, _| part.set_field(CREALM, Element::string(b"ELSEWHERE.TEST")))],
    },
    Line {
        name: "ticket-with-another-key",
        clause: "RFC 4120 §3.2.3",
        demand: Demand::Tolerate,
        exchange: None,
        what: "the ticket holds another session key than the encrypted part (the service answers 31)",
        bends: &[Bend::Ticket(|part, _| part.set_field(KEY, Element::of(&EncryptionKey::new(18, &[7; 32]))))],
    },
    Line {
        name: "ticket-for-another-address",
        clause: "RFC 4120 §3.2.3",
        demand: Demand::Tolerate,
        exchange: None,
        what: "the ticket is bound to the address 192.0.2.1 (a service that checks addresses answers 38)",
        bends: &[Bend::Ticket(|part, _| {
            let address = HostAddress { addr_type: 2, address: vec![192, 0, 2, 1] };
            part.set_field(CADDR, Element::sequence(vec![Element::of(&address)]));
        })],
    },
    Line {
        name: "ticket-without-cname",
        clause: "RFC 4120 §5.3",
        demand: Demand::Tolerate,
        exchange: None,
        what: "the encrypted part of the ticket names no client (the service cannot decode it)",
        bends: &[Bend::Ticket(|part, _| part.remove_field(CNAME))],
    },
    Line {
        name: "ticket-of-another-logon",
        clause: "MS-PAC §2.7",
        demand: Demand::Tolerate,
        exchange: None,
        what: "the ticket says that its client logged on an hour ago, its PAC does not (a KDC of Active Directory answers 20)",
        bends: &[Bend::Ticket(|part, around| part.set_field(AUTHTIME, at(around.now, -HOUR)))],
    },
    Line {
        name: "ticket-through-unknown-realms",
        clause: "RFC 4120 §3.3.3.2",
        demand: Demand::Tolerate,
        exchange: None,
        what: "the realms that the client came through are written in a way that nobody knows (the next KDC answers 17)",
        bends: &[Bend::Ticket(|part, _| transited(part, 4711, b""))],
    },
    Line {
        name: "ticket-through-an-odd-realm",
        clause: "RFC 4120 §3.3.3.2",
        demand: Demand::Tolerate,
        exchange: None,
        what: "the client came through a realm that is on no path, and it says that this was found right (the next KDC answers 28)",
        bends: &[Bend::Ticket(|part, _| {
            transited(part, 1, b"ODD.TEST");
            change_flags(part, FLAGS, ticket::TRANSITED_POLICY_CHECKED, 0);
        })],
    },
    Line {
        name: "ticket-through-an-unchecked-realm",
        clause: "RFC 4120 §2.7",
        demand: Demand::Tolerate,
        exchange: None,
        what: "the client came through a realm that is on no path, and nobody has checked it (the service answers 43)",
        bends: &[Bend::Ticket(|part, _| {
            transited(part, 1, b"ODD.TEST");
            change_flags(part, FLAGS, 0, ticket::TRANSITED_POLICY_CHECKED);
        })],
    },
];

/// Sets TransitedEncoding.
fn transited(part: &mut Element, tr_type: i64, contents: &[u8]) {
    if let Some(transited) = part.field_mut(TRANSITED) {
        transited.set_field(0, Element::integer(tr_type));
        transited.set_field(1, Element::octet_string(contents));
    }
}
