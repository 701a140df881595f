//! Departures in EncKDCRepPart (RFC 4120 §5.4.2), which only the client reads, and in how it is encrypted.

use shakedown_krb5::crypto::usage;
use shakedown_krb5::der::{Codec as _, Element};
use shakedown_krb5::messages::flags::ticket;
use shakedown_krb5::messages::{
    Checksum, EncryptionKey, Exchange, HostAddress, LastRequest, MethodData, PaData, PrincipalName, padata_type,
};
use shakedown_krb5::{Principal, Timestamp};

use super::{Bend, Circumstances, Demand, HOUR, Line, YEAR, at, change_flags, elsewhere};

// The fields.
const KEY: u8 = 0;
const LAST_REQ: u8 = 1;
const NONCE: u8 = 2;
const FLAGS: u8 = 4;
const AUTHTIME: u8 = 5;
const STARTTIME: u8 = 6;
const ENDTIME: u8 = 7;
const RENEW_TILL: u8 = 8;
const SREALM: u8 = 9;
const SNAME: u8 = 10;
const CADDR: u8 = 11;
const ENCRYPTED_PA_DATA: u8 = 12;

const AS: Option<Exchange> = Some(Exchange::As);
const TGS: Option<Exchange> = Some(Exchange::Tgs);

/// An encryption type that no client of a test offers: camellia128-cts-cmac (RFC 6803).
const NOT_OFFERED: i32 = 25;

pub(super) const LINES: &[Line] = &[
    Line {
        name: "wrong-nonce",
        clause: "RFC 4120 §3.1.5",
        demand: Demand::Refuse,
        exchange: None,
        what: "the nonce is not the request's",
        bends: &[Bend::Part(|part, _| {
            if let Some(octet) =
                part.field_mut(NONCE).and_then(Element::octets_mut).and_then(|octets| octets.last_mut())
            {
                *octet ^= 1;
            }
        })],
    },
    Line {
        name: "wrong-service",
        clause: "RFC 4120 §3.1.5",
        demand: Demand::Refuse,
        exchange: None,
        what: "the encrypted part names another service than the ticket and the request",
        bends: &[Bend::Part(|part, _| part.set_field(SNAME, Element::of(&PrincipalName::from(&elsewhere("")))))],
    },
    Line {
        name: "wrong-service-realm",
        clause: "RFC 4120 §3.1.5",
        demand: Demand::Refuse,
        exchange: None,
        what: "the encrypted part names another realm of the service",
        bends: &[Bend::Part(|part, _| part.set_field(SREALM, Element::string(b"ELSEWHERE.TEST")))],
    },
    Line {
        name: "end-time-in-the-past",
        clause: "RFC 4120 §3.1.3",
        demand: Demand::Free,
        exchange: None,
        what: "the ticket ended an hour before it was issued, says the encrypted part",
        bends: &[Bend::Part(|part, around| part.set_field(ENDTIME, at(around.now, -HOUR)))],
    },
    Line {
        name: "end-time-beyond-till",
        clause: "RFC 4120 §3.1.3",
        demand: Demand::Refuse,
        exchange: None,
        what: "the ticket ends a year after what was asked for",
        bends: &[Bend::Part(|part, around| part.set_field(ENDTIME, at(around.now, YEAR)))],
    },
    Line {
        name: "start-time-in-the-future",
        clause: "RFC 4120 §3.1.3",
        demand: Demand::Refuse,
        exchange: None,
        what: "the ticket begins an hour from now, which nobody asked for",
        bends: &[Bend::Part(|part, around| part.set_field(STARTTIME, at(around.now, HOUR)))],
    },
    Line {
        name: "renew-till-beyond-rtime",
        clause: "RFC 4120 §3.1.3",
        demand: Demand::Refuse,
        exchange: None,
        what: "the ticket can be renewed for a year longer than what was asked for",
        bends: &[Bend::Part(|part, around| {
            change_flags(part, FLAGS, ticket::RENEWABLE, 0);
            part.set_field(RENEW_TILL, at(around.now, YEAR));
        })],
    },
    Line {
        name: "auth-time-skewed",
        clause: "RFC 4120 §3.1.3",
        demand: Demand::Free,
        exchange: None,
        what: "the authentication happened an hour ago, with no other start time",
        bends: &[Bend::Part(|part, around| {
            part.set_field(AUTHTIME, at(around.now, -HOUR));
            part.remove_field(STARTTIME);
        })],
    },
    Line {
        name: "without-initial",
        clause: "RFC 4120 §2.1",
        demand: Demand::Free,
        exchange: AS,
        what: "the ticket of an AS exchange is not flagged INITIAL",
        bends: &[Bend::Part(|part, _| change_flags(part, FLAGS, 0, ticket::INITIAL))],
    },
    Line {
        name: "flags-not-asked-for",
        clause: "RFC 4120 §3.1.3",
        demand: Demand::Free,
        exchange: None,
        what: "the ticket is flagged FORWARDABLE and PROXIABLE, which nobody asked for",
        bends: &[Bend::Part(|part, _| change_flags(part, FLAGS, ticket::FORWARDABLE | ticket::PROXIABLE, 0))],
    },
    Line {
        name: "request-checksum-missing",
        clause: "RFC 6806 §11",
        demand: Demand::Refuse,
        exchange: AS,
        what: "the ticket is flagged ENC-PA-REP, and there is no checksum of the request",
        bends: &[Bend::Part(|part, _| {
            change_flags(part, FLAGS, ticket::ENC_PA_REP, 0);
            part.remove_field(ENCRYPTED_PA_DATA);
        })],
    },
    Line {
        name: "request-checksum-wrong",
        clause: "RFC 6806 §11",
        demand: Demand::Refuse,
        exchange: AS,
        what: "the checksum of the request is that of another one",
        bends: &[Bend::Part(wrong_request_checksum)],
    },
    Line {
        name: "session-key-etype-not-offered",
        clause: "RFC 4120 §3.1.3",
        demand: Demand::Refuse,
        exchange: None,
        what: "the session key is of an encryption type that the client did not offer",
        bends: &[Bend::Part(|part, _| part.set_field(KEY, Element::of(&EncryptionKey::new(NOT_OFFERED, &[7; 16]))))],
    },
    Line {
        name: "session-key-etype-unknown",
        clause: "RFC 4120 §3.1.3",
        demand: Demand::Refuse,
        exchange: None,
        what: "the session key is of an encryption type that does not exist",
        bends: &[Bend::Part(|part, _| part.set_field(KEY, Element::of(&EncryptionKey::new(4711, &[7; 16]))))],
    },
    Line {
        name: "session-key-empty",
        clause: "RFC 3961 §3",
        demand: Demand::Refuse,
        exchange: None,
        what: "the session key has no octets",
        bends: &[Bend::Part(|part, _| {
            if let Some(value) = part.field_mut(KEY).and_then(|key| key.field_mut(1)).and_then(Element::octets_mut) {
                value.clear();
            }
        })],
    },
    Line {
        name: "session-key-short",
        clause: "RFC 3961 §3",
        demand: Demand::Refuse,
        exchange: None,
        what: "the session key has an octet less than its encryption type's keys have",
        bends: &[Bend::Part(|part, _| {
            if let Some(value) = part.field_mut(KEY).and_then(|key| key.field_mut(1)).and_then(Element::octets_mut) {
                value.pop();
            }
        })],
    },
    Line {
        name: "addresses-of-somebody-else",
        clause: "RFC 4120 §3.1.5",
        demand: Demand::Refuse,
        exchange: None,
        what: "the ticket is bound to an address (192.0.2.1) that the client has not asked for",
        bends: &[Bend::Part(|part, _| {
            let address = HostAddress { addr_type: 2, address: vec![192, 0, 2, 1] };
            part.set_field(CADDR, Element::sequence(vec![Element::of(&address)]));
        })],
    },
    Line {
        name: "last-req-empty",
        clause: "RFC 4120 §5.4.2",
        demand: Demand::Tolerate,
        exchange: None,
        what: "the list of earlier requests has no element",
        bends: &[Bend::Part(|part, _| part.set_field(LAST_REQ, Element::sequence(Vec::new())))],
    },
    Line {
        name: "last-req-unknown",
        clause: "RFC 4120 §5.4.2",
        demand: Demand::Tolerate,
        exchange: None,
        what: "the list of earlier requests has an element of a type that does not exist",
        bends: &[Bend::Part(|part, around| {
            let last = LastRequest { lr_type: -4711, time: Timestamp::from_seconds(around.now.seconds()) };
            part.set_field(LAST_REQ, Element::sequence(vec![Element::of(&last)]));
        })],
    },
    Line {
        name: "part-tag-25",
        clause: "RFC 4120 §5.4.2",
        demand: Demand::Tolerate,
        exchange: None,
        what: "the encrypted part is tagged EncASRepPart, in both exchanges",
        bends: &[Bend::Part(|part, _| part.tag = 0x60 | 25)],
    },
    Line {
        name: "part-tag-26",
        clause: "RFC 4120 §5.4.2",
        demand: Demand::Tolerate,
        exchange: None,
        what: "the encrypted part is tagged EncTGSRepPart, in both exchanges, as MIT's KDC does",
        bends: &[Bend::Part(|part, _| part.tag = 0x60 | 26)],
    },
    Line {
        name: "part-tag-unknown",
        clause: "RFC 4120 §5.4.2",
        demand: Demand::Refuse,
        exchange: None,
        what: "the encrypted part is tagged EncAPRepPart (27)",
        bends: &[Bend::Part(|part, _| part.tag = 0x60 | 27)],
    },
    Line {
        name: "part-without-end-time",
        clause: "RFC 4120 §5.4.2",
        demand: Demand::Refuse,
        exchange: None,
        what: "the encrypted part has no end time",
        bends: &[Bend::Part(|part, _| part.remove_field(ENDTIME))],
    },
    Line {
        name: "part-without-nonce",
        clause: "RFC 4120 §5.4.2",
        demand: Demand::Refuse,
        exchange: None,
        what: "the encrypted part has no nonce",
        bends: &[Bend::Part(|part, _| part.remove_field(NONCE))],
    },
    Line {
        name: "time-with-fraction",
        clause: "RFC 4120 §5.2.3",
        demand: Demand::Refuse,
        exchange: None,
        what: "the end time has a fraction of a second",
        bends: &[Bend::Part(|part, _| {
            if let Some(time) = part.field_mut(ENDTIME).and_then(Element::octets_mut) {
                time.splice(14..14, *b".5");
            }
        })],
    },
    Line {
        name: "part-padded",
        clause: "RFC 3961 §4",
        demand: Demand::Tolerate,
        exchange: None,
        what: "zeros follow the encrypted part, as the padding of older encryption types left them",
        bends: &[Bend::PartOctets(|octets| octets.extend_from_slice(&[0; 5]))],
    },
    Line {
        name: "wrong-key-usage",
        clause: "RFC 4120 §7.5.1",
        demand: Demand::Refuse,
        exchange: None,
        what: "the encrypted part is for key usage 8 in place of 3 and 9",
        bends: &[Bend::Usage(|_| usage::TGS_REP_SESSION_KEY)],
    },
    Line {
        name: "key-usage-of-the-other-exchange",
        clause: "RFC 4120 §7.5.1",
        demand: Demand::Refuse,
        exchange: None,
        what: "the encrypted part of an AS-REP is for key usage 9, that of a TGS-REP for 3",
        bends: &[Bend::Usage(|good| if good == usage::AS_REP { usage::TGS_REP_SUBKEY } else { usage::AS_REP })],
    },
    Line {
        name: "referral-to-itself",
        clause: "RFC 6806 §8",
        demand: Demand::Refuse,
        exchange: TGS,
        what: "in place of the service's ticket there is one for the ticket-granting service of the same realm",
        bends: &[
            Bend::Part(|part, _| {
                let realm = super::realm_of(part, SREALM);
                part.set_field(SNAME, Element::of(&PrincipalName::from(&Principal::krbtgt(&realm))));
            }),
            Bend::Reply(|reply, _| {
                super::clear::rename_ticket(reply, Principal::krbtgt);
            }),
        ],
    },
    Line {
        name: "referral-to-nowhere",
        clause: "RFC 6806 §8",
        demand: Demand::Refuse,
        exchange: TGS,
        what: "in place of the service's ticket there is one for the ticket-granting service of a realm that nobody has",
        bends: &[
            Bend::Part(|part, _| {
                part.set_field(SNAME, Element::of(&PrincipalName::from(&Principal::krbtgt(NOWHERE))));
            }),
            Bend::Reply(|reply, _| {
                super::clear::rename_ticket(reply, |realm| Principal::cross_realm_krbtgt(NOWHERE, realm));
            }),
        ],
    },
];

const NOWHERE: &[u8] = b"NOWHERE.TEST";

fn wrong_request_checksum(part: &mut Element, around: &Circumstances<'_>) {
    let Some(seals) = around.seals else { return };
    let key = &seals.reply_key;
    let checksum = Checksum {
        cksumtype: key.etype().checksum_type(),
        checksum: key.checksum(usage::AS_REQ_CHECKSUM, b"another request"),
    };
    change_flags(part, FLAGS, ticket::ENC_PA_REP, 0);
    let list = MethodData(vec![PaData::new(padata_type::REQ_ENC_PA_REP, &checksum)]);
    part.set_field(ENCRYPTED_PA_DATA, Element::decode(&list.to_octets()).expect("a list of one element"));
}
