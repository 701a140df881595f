//! Departures in KRB-ERROR (RFC 4120 §5.9.1), and in what it tells about the client's keys.

use shakedown_krb5::der::{Codec as _, Element};
use shakedown_krb5::messages::{EtypeInfo2Entry, Exchange, MethodData, padata_type};

use super::{Bend, Demand, HOUR, Line, at};

// The fields.
const PVNO: u8 = 0;
const MSG_TYPE: u8 = 1;
const STIME: u8 = 4;
const REALM: u8 = 9;
const SNAME: u8 = 10;
const E_TEXT: u8 = 11;
const E_DATA: u8 = 12;

const AS: Option<Exchange> = Some(Exchange::As);

pub(super) const LINES: &[Line] = &[
    Line {
        name: "error-without-e-data",
        clause: "RFC 4120 §5.9.1",
        demand: Demand::Free,
        exchange: AS,
        what: "error 25 does not say how to pre-authenticate",
        bends: &[Bend::Error(|error, _| error.remove_field(E_DATA))],
    },
    Line {
        name: "error-with-broken-e-data",
        clause: "RFC 4120 §5.9.1",
        demand: Demand::Free,
        exchange: AS,
        what: "the e-data of an error is no METHOD-DATA",
        bends: &[Bend::Error(|error, _| error.set_field(E_DATA, Element::octet_string(b"nothing")))],
    },
    Line {
        name: "error-with-unknown-methods",
        clause: "RFC 4120 §5.2.7",
        demand: Demand::Refuse,
        exchange: AS,
        what: "error 25 offers no method of pre-authentication but one that does not exist",
        bends: &[Bend::Error(|error, _| {
            change_padata(error, |mut list| {
                for data in list.0.iter_mut().filter(|data| data.padata_type == padata_type::ENC_TIMESTAMP) {
                    data.padata_type = 4711;
                }
                list
            });
        })],
    },
    Line {
        name: "error-without-server-time",
        clause: "RFC 4120 §5.9.1",
        demand: Demand::Refuse,
        exchange: AS,
        what: "the error has no server's time",
        bends: &[Bend::Error(|error, _| error.remove_field(STIME))],
    },
    Line {
        name: "error-without-service",
        clause: "RFC 4120 §5.9.1",
        demand: Demand::Refuse,
        exchange: AS,
        what: "the error names no service",
        bends: &[Bend::Error(|error, _| error.remove_field(SNAME))],
    },
    Line {
        name: "error-time-skewed",
        clause: "RFC 4120 §5.9.1",
        demand: Demand::Free,
        exchange: AS,
        what: "the server's time in the error is an hour ahead of the one that the KDC goes by",
        bends: &[Bend::Error(|error, around| error.set_field(STIME, at(around.now, HOUR)))],
    },
    Line {
        name: "error-of-another-realm",
        clause: "RFC 4120 §5.9.1",
        demand: Demand::Free,
        exchange: AS,
        what: "the error is one of another realm",
        bends: &[Bend::Error(|error, _| error.set_field(REALM, Element::string(b"ELSEWHERE.TEST")))],
    },
    Line {
        name: "error-version-4",
        clause: "RFC 4120 §5.9.1",
        demand: Demand::Refuse,
        exchange: AS,
        what: "the version of the protocol in the error is 4",
        bends: &[Bend::Error(|error, _| error.set_field(PVNO, Element::integer(4)))],
    },
    Line {
        name: "error-message-type-wrong",
        clause: "RFC 4120 §5.9.1",
        demand: Demand::Refuse,
        exchange: AS,
        what: "the field msg-type of the error says AS-REP (11), the tag is right",
        bends: &[Bend::Error(|error, _| error.set_field(MSG_TYPE, Element::integer(11)))],
    },
    Line {
        name: "error-text-that-is-no-text",
        clause: "RFC 4120 §5.2.1",
        demand: Demand::Tolerate,
        exchange: AS,
        what: "the text of the error is not UTF-8 and has control characters",
        bends: &[Bend::Error(|error, _| error.set_field(E_TEXT, Element::string(b"\xff\x00\x1b[31m")))],
    },
    Line {
        name: "empty-etype-info",
        clause: "RFC 4120 §5.2.7.5",
        demand: Demand::Refuse,
        exchange: AS,
        what: "ETYPE-INFO2 has no entry",
        bends: &[Bend::Hints(Vec::clear)],
    },
    Line {
        name: "etype-info-not-offered",
        clause: "RFC 4120 §5.2.7.5",
        demand: Demand::Refuse,
        exchange: AS,
        what: "ETYPE-INFO2 has only an encryption type that the client did not offer",
        bends: &[Bend::Hints(|entries| each(entries, |entry| entry.etype = 25))],
    },
    Line {
        name: "wrong-salt",
        clause: "RFC 4120 §5.2.7.5",
        demand: Demand::Refuse,
        exchange: AS,
        what: "ETYPE-INFO2 has another salt than that of the key",
        bends: &[Bend::Hints(|entries| each(entries, |entry| entry.salt = Some(b"another salt".to_vec())))],
    },
    Line {
        name: "huge-iteration-count",
        clause: "RFC 3962 §4",
        demand: Demand::Refuse,
        exchange: AS,
        what: "the key is to be made with 4294967295 iterations",
        bends: &[Bend::Hints(|entries| each(entries, |entry| entry.s2kparams = Some(vec![0xff; 4])))],
    },
    Line {
        name: "iteration-count-zero",
        clause: "RFC 3962 §4",
        demand: Demand::Refuse,
        exchange: AS,
        what: "the key is to be made with 2^32 iterations, which are written as 0",
        bends: &[Bend::Hints(|entries| each(entries, |entry| entry.s2kparams = Some(vec![0; 4])))],
    },
    Line {
        name: "iteration-count-one",
        clause: "RFC 3962 §8",
        demand: Demand::Refuse,
        exchange: AS,
        what: "the key is to be made with a single iteration, so that whoever listens can try passwords quickly",
        bends: &[Bend::Hints(|entries| each(entries, |entry| entry.s2kparams = Some(vec![0, 0, 0, 1])))],
    },
    Line {
        name: "malformed-s2kparams",
        clause: "RFC 3962 §4",
        demand: Demand::Refuse,
        exchange: AS,
        what: "the parameters of the key have three octets",
        bends: &[Bend::Hints(|entries| each(entries, |entry| entry.s2kparams = Some(vec![0, 0x10, 0])))],
    },
];

fn each(entries: &mut [EtypeInfo2Entry], change: fn(&mut EtypeInfo2Entry)) {
    entries.iter_mut().for_each(change);
}

/// Changes the METHOD-DATA in an error's e-data, if it is there.
pub(super) fn change_padata(error: &mut Element, change: fn(MethodData) -> MethodData) {
    let found = error.field(E_DATA).and_then(Element::octets).and_then(|octets| MethodData::decode(octets).ok());
    if let Some(list) = found {
        error.set_field(E_DATA, Element::octet_string(&change(list).to_octets()));
    }
}
