//! What a server sends: written by the server machine, read by the client machine.
//!
//! Source: PostgreSQL documentation, "Message Formats".

use crate::handshake::{Error, Reader};
use crate::postgres::error_fields::ErrorFields;
use crate::postgres::frame::{self, Message};
use std::borrow::Cow;

/// A message of the server, as far as setting a connection up needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply<'a> {
    /// `R`.
    Authentication(Authentication<'a>),
    /// `v`.
    NegotiateProtocolVersion {
        /// The newest version that the server has, in full: `0x0003_0000`.
        version: u32,
        /// The `_pq_.` options that it does not know.
        options: Vec<Cow<'a, str>>,
    },
    /// `S`.
    ParameterStatus {
        /// The parameter.
        name: Cow<'a, str>,
        /// Its value.
        value: Cow<'a, str>,
    },
    /// `K`.
    BackendKeyData {
        /// The backend's process.
        process: u32,
        /// The key to cancel with: 4 octets under protocol 3.0, 4 to 256 under 3.2.
        key: &'a [u8],
    },
    /// `Z`, with the state of the transaction.
    ReadyForQuery(Transaction),
    /// `E`.
    Error(ErrorFields),
    /// `N`.
    Notice(ErrorFields),
    /// `C`, with its tag.
    CommandComplete(Cow<'a, str>),
    /// Part of an answer to a statement: `T`, `D`, `I`, `n`, `t`, `1`, `2`, `3`, `s`, or a notification, `A`.
    Data(u8),
}

/// What an `R` asks for or says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authentication<'a> {
    /// 0.
    Ok,
    /// 3.
    CleartextPassword,
    /// 5, with the salt.
    Md5Password([u8; 4]),
    /// 7.
    Gss,
    /// 8, with a token.
    GssContinue(&'a [u8]),
    /// 9.
    Sspi,
    /// 10, with the mechanisms.
    Sasl(Vec<Cow<'a, str>>),
    /// 11.
    SaslContinue(&'a [u8]),
    /// 12.
    SaslFinal(&'a [u8]),
    /// Any other: KerberosV5, SCM credentials, or one of the future.
    Other(u32),
}

/// The state of a transaction in ReadyForQuery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transaction {
    /// `I`.
    Idle,
    /// `T`.
    Open,
    /// `E`: open and failed, until it is rolled back.
    Failed,
}

impl Transaction {
    /// The octet in ReadyForQuery.
    #[must_use]
    pub const fn octet(self) -> u8 {
        match self {
            Self::Idle => b'I',
            Self::Open => b'T',
            Self::Failed => b'E',
        }
    }
}

impl<'a> Reply<'a> {
    /// How long the message of a type may be, its length word included. `None` is a type that no server sends here.
    #[must_use]
    pub const fn limit(kind: u8) -> Option<u32> {
        match kind {
            b'R' => Some(frame::AUTHENTICATION_LIMIT),
            b'v' | b'S' | b'K' | b'Z' | b'C' | b'I' | b'n' | b't' | b'1' | b'2' | b'3' | b's' => {
                Some(frame::SMALL_LIMIT)
            }
            b'E' | b'N' | b'A' | b'T' => Some(frame::AUTHENTICATION_LIMIT),
            b'D' => Some(frame::LARGE_LIMIT),
            _ => None,
        }
    }

    /// Reads a message whose type is one of those of [`Reply::limit`].
    ///
    /// # Errors
    /// The body is not what the type says.
    pub fn decode(message: Message<'a>) -> Result<Self, Error> {
        let body = message.body;
        Ok(match message.kind {
            b'R' => Self::Authentication(Authentication::decode(body)?),
            b'v' => {
                let mut reader = Reader::new("NegotiateProtocolVersion", body);
                let version = reader.u32_be("version")?;
                let count = reader.u32_be("option count")?;
                let mut options = Vec::new();
                for _ in 0..count {
                    options.push(String::from_utf8_lossy(reader.until_nul("option")?));
                }
                reader.finish()?;
                Self::NegotiateProtocolVersion { version, options }
            }
            b'S' => {
                let mut reader = Reader::new("ParameterStatus", body);
                let name = String::from_utf8_lossy(reader.until_nul("name")?);
                let value = String::from_utf8_lossy(reader.until_nul("value")?);
                reader.finish()?;
                Self::ParameterStatus { name, value }
            }
            b'K' => {
                let mut reader = Reader::new("BackendKeyData", body);
                let process = reader.u32_be("process")?;
                Self::BackendKeyData { process, key: reader.rest() }
            }
            b'Z' => {
                let mut reader = Reader::new("ReadyForQuery", body);
                let transaction = match reader.u8("transaction")? {
                    b'I' => Transaction::Idle,
                    b'T' => Transaction::Open,
                    b'E' => Transaction::Failed,
                    other => {
                        return Err(reader.malformed("transaction", format!("{other:#04x}, allowed are I, T, E")));
                    }
                };
                reader.finish()?;
                Self::ReadyForQuery(transaction)
            }
            b'E' => Self::Error(ErrorFields::decode(body)?),
            b'N' => Self::Notice(ErrorFields::decode(body)?),
            b'C' => {
                let mut reader = Reader::new("CommandComplete", body);
                let tag = String::from_utf8_lossy(reader.until_nul("tag")?);
                reader.finish()?;
                Self::CommandComplete(tag)
            }
            kind if Self::limit(kind).is_some() => Self::Data(kind),
            kind => return Err(Error::peer(format!("message type '{}' from a server", kind.escape_ascii()))),
        })
    }
}

impl<'a> Authentication<'a> {
    fn decode(body: &'a [u8]) -> Result<Self, Error> {
        let mut reader = Reader::new("Authentication", body);
        let authentication = match reader.u32_be("type")? {
            0 => Self::Ok,
            3 => Self::CleartextPassword,
            5 => Self::Md5Password(reader.array("salt")?),
            7 => Self::Gss,
            8 => Self::GssContinue(reader.rest()),
            9 => Self::Sspi,
            10 => {
                let mut mechanisms = Vec::new();
                loop {
                    let mechanism = reader.until_nul("mechanism")?;
                    if mechanism.is_empty() {
                        break;
                    }
                    mechanisms.push(String::from_utf8_lossy(mechanism));
                }
                Self::Sasl(mechanisms)
            }
            11 => Self::SaslContinue(reader.rest()),
            12 => Self::SaslFinal(reader.rest()),
            other => {
                reader.rest();
                Self::Other(other)
            }
        };
        reader.finish()?;
        Ok(authentication)
    }

    /// Appends the message.
    pub fn encode(&self, out: &mut Vec<u8>) {
        frame::message(out, b'R', |writer| {
            match self {
                Self::Ok => writer.u32_be(0),
                Self::CleartextPassword => writer.u32_be(3),
                Self::Md5Password(salt) => writer.u32_be(5).bytes(salt),
                Self::Gss => writer.u32_be(7),
                Self::GssContinue(token) => writer.u32_be(8).bytes(token),
                Self::Sspi => writer.u32_be(9),
                Self::Sasl(mechanisms) => {
                    writer.u32_be(10);
                    for mechanism in mechanisms {
                        writer.nul_terminated(mechanism.as_bytes());
                    }
                    writer.u8(0)
                }
                Self::SaslContinue(data) => writer.u32_be(11).bytes(data),
                Self::SaslFinal(data) => writer.u32_be(12).bytes(data),
                Self::Other(kind) => writer.u32_be(*kind),
            };
        });
    }
}

/// Appends an ErrorResponse.
pub fn error(out: &mut Vec<u8>, fields: &ErrorFields) {
    frame::message(out, b'E', |writer| fields.encode(writer));
}

/// Appends a NoticeResponse.
pub fn notice(out: &mut Vec<u8>, fields: &ErrorFields) {
    frame::message(out, b'N', |writer| fields.encode(writer));
}

/// Appends a NegotiateProtocolVersion; `version` as it is to stand on the wire.
pub fn negotiate_protocol_version(out: &mut Vec<u8>, version: u32, options: &[String]) {
    frame::message(out, b'v', |writer| {
        writer.u32_be(version).u32_be(u32::try_from(options.len()).expect("a packet of 10 kB holds few options"));
        for option in options {
            writer.nul_terminated(option.as_bytes());
        }
    });
}

/// Appends a ParameterStatus.
pub fn parameter_status(out: &mut Vec<u8>, name: &str, value: &str) {
    frame::message(out, b'S', |writer| {
        writer.nul_terminated(name.as_bytes()).nul_terminated(value.as_bytes());
    });
}

/// Appends a BackendKeyData.
pub fn backend_key_data(out: &mut Vec<u8>, process: u32, key: &[u8]) {
    frame::message(out, b'K', |writer| {
        writer.u32_be(process).bytes(key);
    });
}

/// Appends a ReadyForQuery.
pub fn ready_for_query(out: &mut Vec<u8>, transaction: Transaction) {
    frame::message(out, b'Z', |writer| {
        writer.u8(transaction.octet());
    });
}

/// Appends a CommandComplete.
pub fn command_complete(out: &mut Vec<u8>, tag: &str) {
    frame::message(out, b'C', |writer| {
        writer.nul_terminated(tag.as_bytes());
    });
}

/// Appends a message without a body: `I` EmptyQueryResponse, `n` NoData, `1` ParseComplete, `2` BindComplete,
/// `3` CloseComplete.
pub fn bare(out: &mut Vec<u8>, kind: u8) {
    frame::message(out, kind, |_| {});
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::postgres::frame::Inbox;
    use proptest::prelude::*;

    fn decode(octets: &[u8]) -> Result<String, Error> {
        let mut inbox = Inbox::new();
        inbox.push(octets);
        let message = inbox.message(frame::LARGE_LIMIT)?.ok_or(Error::Misuse("incomplete"))?;
        Reply::decode(message).map(|reply| format!("{reply:?}"))
    }

    #[test]
    fn authentication_requests_have_the_octets_of_postgresql_15() {
        // Each captured from PostgreSQL 15.20.
        let check = |authentication: Authentication<'_>, captured: &[u8]| {
            let mut out = Vec::new();
            authentication.encode(&mut out);
            assert_eq!(out, captured);
            assert_eq!(decode(captured), Ok(format!("{:?}", Reply::Authentication(authentication))));
        };
        check(Authentication::Ok, b"R\0\0\0\x08\0\0\0\0");
        check(Authentication::CleartextPassword, b"R\0\0\0\x08\0\0\0\x03");
        check(Authentication::Md5Password([0xa3, 0x15, 0x99, 0x3c]), b"R\0\0\0\x0c\0\0\0\x05\xa3\x15\x99<");
        check(Authentication::Gss, b"R\0\0\0\x08\0\0\0\x07");
        check(Authentication::Sasl(vec!["SCRAM-SHA-256".into()]), b"R\0\0\0\x17\0\0\0\nSCRAM-SHA-256\0\0");
        check(
            Authentication::Sasl(vec!["SCRAM-SHA-256-PLUS".into(), "SCRAM-SHA-256".into()]),
            b"R\0\0\0*\0\0\0\nSCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0",
        );
        check(Authentication::SaslContinue(b""), b"R\0\0\0\x08\0\0\0\x0b");
    }

    #[test]
    fn version_negotiation_carries_the_full_version() {
        let mut out = Vec::new();
        negotiate_protocol_version(&mut out, 0x0003_0000, &["_pq_.foo".to_owned()]);
        // Captured from PostgreSQL 15.20, asked for 3.2 with _pq_.foo.
        assert_eq!(out, b"v\0\0\0\x15\0\x03\0\0\0\0\0\x01_pq_.foo\0");
        assert!(decode(&out).unwrap().contains("_pq_.foo"));
    }

    #[test]
    fn what_postgres_protocol_reads_is_what_was_written() {
        use postgres_protocol::message::backend::Message as Theirs;
        let mut out = Vec::new();
        parameter_status(&mut out, "TimeZone", "UTC");
        backend_key_data(&mut out, 7, &[0, 0, 0, 9]);
        ready_for_query(&mut out, Transaction::Failed);
        error(&mut out, &ErrorFields::fatal("28000", "no"));
        let mut buffer = bytes::BytesMut::from(&out[..]);
        let mut next = || Theirs::parse(&mut buffer).unwrap().unwrap();
        let Theirs::ParameterStatus(body) = next() else { panic!("no ParameterStatus") };
        assert_eq!((body.name().unwrap(), body.value().unwrap()), ("TimeZone", "UTC"));
        let Theirs::BackendKeyData(body) = next() else { panic!("no BackendKeyData") };
        assert_eq!((body.process_id(), body.secret_key()), (7, 9));
        let Theirs::ReadyForQuery(body) = next() else { panic!("no ReadyForQuery") };
        assert_eq!(body.status(), b'E');
        assert!(matches!(next(), Theirs::ErrorResponse(_)));
    }

    #[test]
    fn a_body_that_is_too_long_or_odd_is_refused() {
        assert!(decode(b"R\0\0\0\x09\0\0\0\0x").unwrap_err().to_string().contains("1 octets too many"));
        assert!(decode(b"Z\0\0\0\x05x").unwrap_err().to_string().contains("allowed are I, T, E"));
        assert!(decode(b"v\0\0\0\x0c\0\x03\0\0\xff\xff\xff\xff").is_err());
        assert!(decode(b"R\0\0\0\x17\0\0\0\nSCRAM-SHA-256\0x").is_err());
    }

    proptest! {
        #[test]
        fn arbitrary_bodies_do_not_panic(kind in any::<u8>(), body in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = Reply::decode(Message { kind, body: &body });
        }
    }
}
