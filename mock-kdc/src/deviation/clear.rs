//! Departures in what everybody can read of a reply with a ticket (KDC-REP, RFC 4120 §5.4.2).

use shakedown_krb5::Principal;
use shakedown_krb5::der::{Codec as _, Element};
use shakedown_krb5::messages::{Exchange, MethodData, PaData, PrincipalName};

use super::{Bend, Demand, Line, elsewhere, realm_of};

// The fields of KDC-REP.
const PVNO: u8 = 0;
const MSG_TYPE: u8 = 1;
const PADATA: u8 = 2;
const CREALM: u8 = 3;
const CNAME: u8 = 4;
const TICKET: u8 = 5;
const ENC_PART: u8 = 6;
// The fields of Ticket.
const TKT_VNO: u8 = 0;
const REALM: u8 = 1;
const SNAME: u8 = 2;
const TICKET_ENC_PART: u8 = 3;
// The fields of EncryptedData.
const ETYPE: u8 = 0;
const KVNO: u8 = 1;
const CIPHER: u8 = 2;

pub(super) const LINES: &[Line] = &[
    Line {
        name: "wrong-client",
        clause: "RFC 4120 §3.1.5",
        demand: Demand::Refuse,
        exchange: None,
        what: "the reply is for another client",
        bends: &[Bend::Reply(|reply, _| {
            reply.set_field(CNAME, Element::of(&PrincipalName::from(&Principal::new(&["mallory"], ""))));
        })],
    },
    Line {
        name: "wrong-client-realm",
        clause: "RFC 4120 §3.1.5",
        demand: Demand::Refuse,
        exchange: None,
        what: "the reply is for a client of another realm",
        bends: &[Bend::Reply(|reply, _| reply.set_field(CREALM, Element::string(b"ELSEWHERE.TEST")))],
    },
    Line {
        name: "ticket-for-another-service",
        clause: "RFC 4120 §3.3.4",
        demand: Demand::Refuse,
        exchange: None,
        what: "the ticket names another service than the encrypted part and the request",
        bends: &[Bend::Reply(|reply, _| {
            rename_ticket(reply, |realm| elsewhere(&String::from_utf8_lossy(realm)));
        })],
    },
    Line {
        name: "ticket-for-another-realm",
        clause: "RFC 4120 §3.3.4",
        demand: Demand::Refuse,
        exchange: None,
        what: "the ticket names another realm than the encrypted part and the request",
        bends: &[Bend::Reply(|reply, _| {
            if let Some(ticket) = reply.field_mut(TICKET) {
                ticket.set_field(REALM, Element::string(b"ELSEWHERE.TEST"));
            }
        })],
    },
    Line {
        name: "wrong-etype",
        clause: "RFC 4120 §5.2.9",
        demand: Demand::Refuse,
        exchange: None,
        what: "the encrypted part says another encryption type than it has",
        bends: &[Bend::Reply(|reply, _| {
            if let Some(sealed) = reply.field_mut(ENC_PART) {
                let is_17 = sealed.field(ETYPE).and_then(Element::octets) == Some(&[17]);
                sealed.set_field(ETYPE, Element::integer(if is_17 { 18 } else { 17 }));
            }
        })],
    },
    Line {
        name: "etype-not-offered",
        clause: "RFC 4120 §3.1.3",
        demand: Demand::Refuse,
        exchange: None,
        what: "the encrypted part is said to be of an encryption type that the client did not offer",
        bends: &[Bend::Reply(|reply, _| {
            if let Some(sealed) = reply.field_mut(ENC_PART) {
                sealed.set_field(ETYPE, Element::integer(25));
            }
        })],
    },
    Line {
        name: "reply-kvno-wrong",
        clause: "RFC 4120 §5.2.9",
        demand: Demand::Tolerate,
        exchange: None,
        what: "the encrypted part is said to be under key version 4711",
        bends: &[Bend::Reply(|reply, _| {
            if let Some(sealed) = reply.field_mut(ENC_PART) {
                sealed.set_field(KVNO, Element::integer(4711));
            }
        })],
    },
    Line {
        name: "ticket-kvno-wrong",
        clause: "RFC 4120 §5.2.9",
        demand: Demand::Tolerate,
        exchange: None,
        what: "the ticket is said to be under key version 4711, which its service does not have",
        bends: &[Bend::Reply(|reply, _| {
            if let Some(sealed) = ticket_enc_part(reply) {
                sealed.set_field(KVNO, Element::integer(4711));
            }
        })],
    },
    Line {
        name: "ticket-kvno-absent",
        clause: "RFC 4120 §5.2.9",
        demand: Demand::Tolerate,
        exchange: None,
        what: "the ticket does not say which key version it is under",
        bends: &[Bend::Reply(|reply, _| {
            if let Some(sealed) = ticket_enc_part(reply) {
                sealed.remove_field(KVNO);
            }
        })],
    },
    Line {
        name: "ticket-version-4",
        clause: "RFC 4120 §5.3",
        demand: Demand::Refuse,
        exchange: None,
        what: "the ticket's version is 4",
        bends: &[Bend::Reply(|reply, _| {
            if let Some(ticket) = reply.field_mut(TICKET) {
                ticket.set_field(TKT_VNO, Element::integer(4));
            }
        })],
    },
    Line {
        name: "broken-ciphertext",
        clause: "RFC 3961 §3",
        demand: Demand::Refuse,
        exchange: None,
        what: "the encrypted part has an octet changed",
        bends: &[Bend::Reply(|reply, _| {
            let cipher = reply.field_mut(ENC_PART).and_then(|sealed| sealed.field_mut(CIPHER));
            if let Some(octet) = cipher.and_then(Element::octets_mut).and_then(|octets| octets.last_mut()) {
                *octet ^= 1;
            }
        })],
    },
    Line {
        name: "empty-ciphertext",
        clause: "RFC 3961 §3",
        demand: Demand::Refuse,
        exchange: None,
        what: "the encrypted part has no octets",
        bends: &[Bend::Reply(|reply, _| {
            if let Some(sealed) = reply.field_mut(ENC_PART) {
                sealed.set_field(CIPHER, Element::octet_string(b""));
            }
        })],
    },
    Line {
        name: "message-of-the-other-exchange",
        clause: "RFC 4120 §7.5.7",
        demand: Demand::Refuse,
        exchange: None,
        what: "a TGS-REP comes in place of an AS-REP, and the other way round",
        bends: &[Bend::Reply(|reply, around| {
            let other = if around.exchange == Some(Exchange::As) { Exchange::Tgs } else { Exchange::As };
            reply.tag = 0x60 | other.reply_type();
            reply.set_field(MSG_TYPE, Element::integer(other.reply_type().into()));
        })],
    },
    Line {
        name: "message-type-wrong",
        clause: "RFC 4120 §5.4.2",
        demand: Demand::Refuse,
        exchange: None,
        what: "the field msg-type says AP-REP (15), the tag is right",
        bends: &[Bend::Reply(|reply, _| reply.set_field(MSG_TYPE, Element::integer(15)))],
    },
    Line {
        name: "version-4",
        clause: "RFC 4120 §5.4.2",
        demand: Demand::Refuse,
        exchange: None,
        what: "the version of the protocol is 4",
        bends: &[Bend::Reply(|reply, _| reply.set_field(PVNO, Element::integer(4)))],
    },
    Line {
        name: "without-cname",
        clause: "RFC 4120 §5.4.2",
        demand: Demand::Refuse,
        exchange: None,
        what: "the reply names no client",
        bends: &[Bend::Reply(|reply, _| reply.remove_field(CNAME))],
    },
    Line {
        name: "without-ticket",
        clause: "RFC 4120 §5.4.2",
        demand: Demand::Refuse,
        exchange: None,
        what: "the reply has no ticket",
        bends: &[Bend::Reply(|reply, _| reply.remove_field(TICKET))],
    },
    Line {
        name: "unknown-padata-first",
        clause: "RFC 4120 §5.2.7",
        demand: Demand::Tolerate,
        exchange: None,
        what: "pre-authentication data of a type that does not exist comes before all other",
        bends: &[
            Bend::Reply(|reply, _| {
                let found = reply.field(PADATA).and_then(|list| MethodData::decode(&list.to_octets()).ok());
                reply.set_field(PADATA, Element::of(&with_unknown(found.unwrap_or_default())));
            }),
            Bend::Error(|error, _| super::error::change_padata(error, with_unknown)),
        ],
    },
    Line {
        name: "unknown-field",
        clause: "RFC 4120 §5.4.2",
        demand: Demand::Free,
        exchange: None,
        what: "a field [20] that does not exist ends the reply",
        bends: &[Bend::Reply(|reply, _| reply.set_field(20, Element::integer(4711)))],
    },
    Line {
        name: "non-minimal-lengths",
        clause: "X.690 §10.1",
        demand: Demand::Free,
        exchange: None,
        what: "all lengths are a zero octet longer than DER has them",
        bends: &[Bend::Reply(|reply, _| reply.lengthen(2)), Bend::Error(|error, _| error.lengthen(2))],
    },
];

fn with_unknown(mut list: MethodData) -> MethodData {
    list.0.insert(0, PaData { padata_type: 4711, padata_value: b"nothing".to_vec() });
    list
}

fn ticket_enc_part(reply: &mut Element) -> Option<&mut Element> {
    reply.field_mut(TICKET)?.field_mut(TICKET_ENC_PART)
}

/// Gives the ticket another service; the realm is the one that it had.
pub(super) fn rename_ticket(reply: &mut Element, name: fn(&[u8]) -> Principal) {
    if let Some(ticket) = reply.field_mut(TICKET) {
        let name = name(&realm_of(ticket, REALM));
        ticket.set_field(REALM, Element::string(&name.realm));
        ticket.set_field(SNAME, Element::of(&PrincipalName::from(&name)));
    }
}
