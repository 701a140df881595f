//! A ClientHello of our own, for what no library would say.
//!
//! A library offers a suite only in versions that can carry it, so it never asks a server for `…-SHA256` on TLS 1.0. OpenSSL
//! then sends no ClientHello at all, only an alert of its own, and what a server answers to *that* says nothing about suites.
//! The question whether a server refuses such a suite is asked here by hand: one version, the suites as they were set, and the
//! ServerHello or the alert read back. Layout: RFC 5246 §7.4.1.2; extensions: RFC 6066 §3, RFC 8422 §5.1, RFC 5746 §3.2, RFC 7301.

use crate::handshake::{TlsOffer, TlsVersion};
use crate::tls::record::{RecordTap, Seen, Speaker};
use crate::tls::{FailureKind, Suite, TlsFailure, TlsSession, TlsState};
use std::net::IpAddr;

/// What a ClientHello says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question<'a> {
    /// The one version, up to TLS 1.2.
    pub version: TlsVersion,
    /// The suites, in this order.
    pub suites: &'a [&'static Suite],
    /// A name for server name indication. An address is left out, as RFC 6066 §3 demands.
    pub server_name: Option<&'a str>,
    /// An application protocol.
    pub alpn: Option<&'a [u8]>,
}

/// Curves that are offered: x25519, secp256r1, secp384r1 (RFC 8422 §5.1.1).
const GROUPS: [u16; 3] = [29, 23, 24];

/// Signatures that are offered, on TLS 1.2 alone: RSA-PSS and RSA PKCS #1 with SHA-256, 384, 512, ECDSA on P-256, and RSA with
/// SHA-1 for old servers (RFC 8446 §4.2.3).
const SIGNATURES: [u16; 8] = [0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0403, 0x0201];

/// Writes a ClientHello as one record.
#[must_use]
pub fn write(question: &Question<'_>, random: [u8; 32]) -> Vec<u8> {
    let mut body = Vec::with_capacity(256);
    body.extend_from_slice(&question.version.wire().to_be_bytes());
    body.extend_from_slice(&random);
    body.push(0); // session_id: none
    vector(&mut body, |list| numbers(list, question.suites.iter().map(|suite| suite.id)));
    body.extend_from_slice(&[1, 0]); // compression_methods: null alone
    vector(&mut body, |extensions| write_extensions(extensions, question));

    let mut record = Vec::with_capacity(body.len() + 9);
    // The version of the record is the oldest that servers know, whatever is offered inside (RFC 5246 appendix E.1).
    record.extend_from_slice(&[22, 3, 1]);
    vector(&mut record, |message| {
        message.extend_from_slice(&[1, 0]); // client_hello; the first octet of a length of three
        vector(message, |content| content.extend_from_slice(&body));
    });
    record
}

fn write_extensions(extensions: &mut Vec<u8>, question: &Question<'_>) {
    if let Some(name) = question.server_name.filter(|name| name.parse::<IpAddr>().is_err()) {
        extension(extensions, 0, |data| {
            vector(data, |names| {
                names.push(0); // host_name
                vector(names, |octets| octets.extend_from_slice(name.as_bytes()));
            });
        });
    }
    extension(extensions, 10, |data| vector(data, |list| numbers(list, GROUPS)));
    extension(extensions, 11, |data| data.extend_from_slice(&[1, 0])); // ec_point_formats: uncompressed alone
    if question.version == TlsVersion::Tls1_2 {
        extension(extensions, 13, |data| vector(data, |list| numbers(list, SIGNATURES)));
    }
    if let Some(protocol) = question.alpn {
        extension(extensions, 16, |data| {
            vector(data, |names| {
                names.push(
                    u8::try_from(protocol.len()).expect("a protocol's name is at most 255 octets (RFC 7301 §3.1)"),
                );
                names.extend_from_slice(protocol);
            });
        });
    }
    extension(extensions, 0xFF01, |data| data.push(0)); // renegotiation_info: a first handshake
}

fn extension(out: &mut Vec<u8>, kind: u16, data: impl FnOnce(&mut Vec<u8>)) {
    out.extend_from_slice(&kind.to_be_bytes());
    vector(out, data);
}

/// What `content` writes, behind its length in two octets.
fn vector(out: &mut Vec<u8>, content: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[0, 0]);
    content(out);
    let length = u16::try_from(out.len() - start - 2).expect("a hello of ours is shorter than 64 KiB");
    out[start..start + 2].copy_from_slice(&length.to_be_bytes());
}

fn numbers(out: &mut Vec<u8>, numbers: impl IntoIterator<Item = u16>) {
    for number in numbers {
        out.extend_from_slice(&number.to_be_bytes());
    }
}

/// A session that asks one question and never gets beyond the answer.
#[derive(Debug)]
pub(in crate::tls) struct Probe {
    outgoing: Vec<u8>,
    tap: RecordTap,
    failure: Option<TlsFailure>,
}

impl Probe {
    pub(in crate::tls) fn new(
        version: TlsVersion,
        suites: &[&'static Suite],
        server_name: Option<&str>,
        offer: &TlsOffer,
        random: [u8; 32],
    ) -> Self {
        let question = Question { version, suites, server_name, alpn: offer.alpn };
        Self { outgoing: write(&question, random), tap: RecordTap::default(), failure: None }
    }

    fn fail(&mut self, kind: FailureKind, text: impl Into<String>) {
        if self.failure.is_none() {
            self.failure = Some(TlsFailure { kind, text: text.into() });
        }
    }
}

impl TlsSession for Probe {
    fn receive(&mut self, wire: &[u8]) {
        let mut seen = Vec::new();
        self.tap.read(Speaker::Server, wire, &mut seen);
        for seen in seen {
            match seen {
                Seen::ServerHello(_) => {
                    self.fail(FailureKind::ProbeAccepted, "a hand-made client hello was answered by a server hello");
                }
                Seen::Alert(alert) if alert.fatal => {
                    self.fail(FailureKind::AlertReceived(alert.description), format!("alert {}", alert.name()));
                }
                Seen::Alert(_) | Seen::ClientHello(_) | Seen::EncryptedAlert(_) => {}
            }
        }
        if self.tap.is_lost(Speaker::Server) {
            self.fail(FailureKind::Library, "what the server sent is no TLS");
        }
    }

    fn receive_end(&mut self) {
        self.fail(FailureKind::Eof, "the server closed the connection");
    }

    fn take_wire(&mut self, wire: &mut Vec<u8>) {
        wire.append(&mut self.outgoing);
    }

    fn write(&mut self, _plaintext: &[u8]) {}

    fn take_plaintext(&mut self, _plaintext: &mut Vec<u8>) {}

    fn state(&self) -> TlsState<'_> {
        self.failure.as_ref().map_or(TlsState::Handshaking, TlsState::Failed)
    }

    fn peer_closed(&self) -> bool {
        false
    }

    fn close(&mut self) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::hello::ClientHello;

    #[test]
    fn a_question_is_written_as_the_rfc_lays_it_out() {
        let suites = [Suite::by_name("ECDHE-RSA-AES128-SHA256").unwrap()];
        let question = Question { version: TlsVersion::Tls1_0, suites: &suites, server_name: Some("a.b"), alpn: None };
        let mut expected = vec![
            0x16, 0x03, 0x01, 0x00, 0x52, // handshake record, version of the record, 82 octets
            0x01, 0x00, 0x00, 0x4E, // client_hello, 78 octets
            0x03, 0x01, // client_version: TLS 1.0
        ];
        expected.extend_from_slice(&[0xAB; 32]); // random
        expected.extend_from_slice(&[
            0x00, // session_id: empty
            0x00, 0x02, 0xC0, 0x27, // cipher_suites: one
            0x01, 0x00, // compression_methods: null
            0x00, 0x23, // extensions: 35 octets
            0x00, 0x00, 0x00, 0x08, 0x00, 0x06, 0x00, 0x00, 0x03, b'a', b'.', b'b', // server_name
            0x00, 0x0A, 0x00, 0x08, 0x00, 0x06, 0x00, 0x1D, 0x00, 0x17, 0x00, 0x18, // supported_groups
            0x00, 0x0B, 0x00, 0x02, 0x01, 0x00, // ec_point_formats
            0xFF, 0x01, 0x00, 0x01, 0x00, // renegotiation_info
        ]);
        assert_eq!(write(&question, [0xAB; 32]), expected);
    }

    #[test]
    fn signature_algorithms_are_said_on_tls_1_2_alone_and_addresses_are_no_names() {
        let suites = [Suite::by_name("ECDHE-RSA-AES128-SHA256").unwrap()];
        let of = |version| {
            write(&Question { version, suites: &suites, server_name: Some("::1"), alpn: Some(b"x") }, [0; 32])
        };
        let signatures = [0x00, 0x0D, 0x00, 0x12, 0x00, 0x10, 0x08, 0x04];
        let has = |hello: &[u8]| hello.windows(signatures.len()).any(|window| window == signatures);
        assert!(has(&of(TlsVersion::Tls1_2)) && !has(&of(TlsVersion::Tls1_1)));
        let hello = ClientHello::read(&of(TlsVersion::Tls1_1)[9..]).unwrap();
        assert_eq!((hello.version, hello.server_name, hello.protocols), (0x0302, None, vec![b"x".to_vec()]));
    }
}
