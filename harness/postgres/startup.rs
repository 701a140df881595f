//! The untyped packets that a client begins with.
//!
//! Source: PostgreSQL documentation, "Message Formats": SSLRequest, GSSENCRequest, CancelRequest, StartupMessage. What a
//! server does with odd ones is `ProcessStartupPacket` of PostgreSQL 15.

use crate::handshake::{Error, Reader};
use crate::postgres::error_fields::ErrorFields;
use crate::postgres::frame;

/// Code of an SSLRequest: 1234.5679.
pub const SSL_REQUEST: u32 = 80_877_103;
/// Code of a GSSENCRequest: 1234.5680.
pub const GSSENC_REQUEST: u32 = 80_877_104;
/// Code of a CancelRequest: 1234.5678.
pub const CANCEL_REQUEST: u32 = 80_877_102;

/// What is left of a name or database (`NAMEDATALEN` less one).
pub const NAME_LIMIT: usize = 63;

/// A first packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Packet {
    /// SSLRequest. Octets behind the code are ignored, as the real server does.
    SslRequest,
    /// GSSENCRequest.
    GssEncRequest,
    /// CancelRequest: a backend's process and its key. A wrong length makes it void, not wrong.
    Cancel,
    /// A StartupMessage, or whatever else asks for a protocol version.
    Startup {
        /// The version asked for.
        protocol: u32,
        /// What is behind it, for [`Startup::read`].
        body: Vec<u8>,
    },
}

impl Packet {
    /// Reads what is behind the length word.
    ///
    /// # Errors
    /// There is no code.
    pub fn decode(packet: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new("startup packet", packet);
        Ok(match reader.u32_be("code")? {
            SSL_REQUEST => Self::SslRequest,
            GSSENC_REQUEST => Self::GssEncRequest,
            CANCEL_REQUEST => Self::Cancel,
            protocol => Self::Startup { protocol, body: reader.rest().to_vec() },
        })
    }
}

/// Appends an SSLRequest, a GSSENCRequest.
pub fn request(out: &mut Vec<u8>, code: u32) {
    frame::packet(out, |writer| {
        writer.u32_be(code);
    });
}

/// Appends a CancelRequest.
pub fn cancel(out: &mut Vec<u8>, process: u32, key: &[u8]) {
    frame::packet(out, |writer| {
        writer.u32_be(CANCEL_REQUEST).u32_be(process).bytes(key);
    });
}

/// The parameters of a StartupMessage.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Startup {
    /// `user`, cut to 63 octets.
    pub user: String,
    /// `database`, cut to 63 octets; the user where none was named.
    pub database: String,
    /// `options`.
    pub options: Option<String>,
    /// Names that begin with `_pq_.`: options of the protocol, none of which is known.
    pub protocol_options: Vec<String>,
    /// `replication`: whether it wants to be a standby and not a session.
    pub replication: Replication,
    /// Everything else, in order: settings of the session.
    pub settings: Vec<(String, String)>,
}

/// The startup parameter `replication`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Replication {
    /// A session like any other.
    #[default]
    Off,
    /// Physical replication, of no database.
    Physical,
    /// Logical replication of the database.
    Database,
}

impl Replication {
    fn read(value: &str) -> Option<Self> {
        // `strcmp`: other than the Boolean values, this word has no other spelling.
        if value == "database" {
            return Some(Self::Database);
        }
        boolean(value).map(|on| if on { Self::Physical } else { Self::Off })
    }
}

/// `parse_bool`: a prefix that is not ambiguous will do.
pub(super) fn boolean(value: &str) -> Option<bool> {
    let value = value.to_ascii_lowercase();
    let is = |word: &str, least: usize| value.len() >= least && word.starts_with(&value);
    if is("on", 2) || is("true", 1) || is("yes", 1) || value == "1" {
        Some(true)
    } else if is("off", 2) || is("false", 1) || is("no", 1) || value == "0" {
        Some(false)
    } else {
        None
    }
}

impl Startup {
    /// Appends a StartupMessage.
    pub fn write<'p>(out: &mut Vec<u8>, protocol: u32, parameters: impl IntoIterator<Item = (&'p str, &'p str)>) {
        frame::packet(out, |writer| {
            writer.u32_be(protocol);
            for (name, value) in parameters {
                writer.nul_terminated(name.as_bytes()).nul_terminated(value.as_bytes());
            }
            writer.u8(0);
        });
    }

    /// Reads the parameters. The last of several of one name counts, an unknown name is a setting.
    ///
    /// # Errors
    /// What PostgreSQL would report: the layout, or `replication`. That the user may be empty is judged later, behind
    /// NegotiateProtocolVersion.
    pub fn read(body: &[u8]) -> Result<Self, ErrorFields> {
        const ROUTINE: &str = "ProcessStartupPacket";
        let layout = || {
            ErrorFields::fatal("08P01", "invalid startup packet layout: expected terminator as last byte").at(
                "postmaster.c",
                2332,
                ROUTINE,
            )
        };
        let mut startup = Self::default();
        let mut reader = Reader::new("StartupMessage", body);
        loop {
            let name = reader.until_nul("name").map_err(|_| layout())?;
            if name.is_empty() {
                break;
            }
            let value = String::from_utf8_lossy(reader.until_nul("value").map_err(|_| layout())?).into_owned();
            let name = String::from_utf8_lossy(name).into_owned();
            match name.as_str() {
                "user" => startup.user = value,
                "database" => startup.database = value,
                "options" => startup.options = Some(value),
                "replication" => {
                    startup.replication = Replication::read(&value).ok_or_else(|| {
                        let problem = format!("invalid value for parameter \"replication\": \"{value}\"");
                        ErrorFields::fatal("22023", problem)
                            .hint("Valid values are: \"false\", 0, \"true\", 1, \"database\".")
                            .at("postmaster.c", 2284, ROUTINE)
                    })?;
                }
                option if option.starts_with("_pq_.") => startup.protocol_options.push(name),
                _ => startup.settings.push((name, value)),
            }
        }
        if !reader.is_empty() {
            return Err(layout());
        }
        if startup.database.is_empty() {
            startup.database.clone_from(&startup.user);
        }
        cut(&mut startup.user);
        cut(&mut startup.database);
        Ok(startup)
    }
}

fn cut(name: &mut String) {
    let mut end = name.len().min(NAME_LIMIT);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    name.truncate(end);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn requests_have_the_octets_of_the_specification() {
        let mut out = Vec::new();
        request(&mut out, SSL_REQUEST);
        request(&mut out, GSSENC_REQUEST);
        cancel(&mut out, 1, &[0, 0, 0, 2]);
        assert_eq!(
            out,
            [
                0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f, // SSLRequest
                0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x30, // GSSENCRequest
                0, 0, 0, 16, 0x04, 0xd2, 0x16, 0x2e, 0, 0, 0, 1, 0, 0, 0, 2, // CancelRequest, process, key
            ]
        );
        assert_eq!(Packet::decode(&out[4..8]), Ok(Packet::SslRequest));
        assert_eq!(Packet::decode(&out[12..16]), Ok(Packet::GssEncRequest));
        assert_eq!(Packet::decode(&out[20..]), Ok(Packet::Cancel));
    }

    #[test]
    fn a_startup_message_is_the_one_of_postgres_protocol() {
        let parameters = [("user", "trusty"), ("database", "app")];
        let mut out = Vec::new();
        Startup::write(&mut out, 0x0003_0000, parameters);
        let mut expected = bytes_of(parameters);
        assert_eq!(out, expected);
        assert_eq!(expected.split_off(8), b"user\0trusty\0database\0app\0\0");
    }

    fn bytes_of(parameters: [(&str, &str); 2]) -> Vec<u8> {
        let mut buffer = bytes::BytesMut::new();
        postgres_protocol::message::frontend::startup_message(parameters, &mut buffer).unwrap();
        buffer.to_vec()
    }

    #[test]
    fn a_layout_that_postgresql_15_refuses_is_refused() {
        let check = |body: &[u8], code: Option<&str>| {
            let found = Startup::read(body).err().map(|fields| fields.code.into_owned());
            assert_eq!(found.as_deref(), code, "{}", body.escape_ascii());
        };
        check(b"user\0a\0\0", None);
        check(b"\0", None);
        check(b"", Some("08P01"));
        check(b"user\0a\0", Some("08P01"));
        check(b"user\0a\0\0\0", Some("08P01"));
        check(b"user\0a", Some("08P01"));
        check(b"user", Some("08P01"));
        check(b"user\0a\0replication\0maybe\0\0", Some("22023"));
        check(b"user\0a\0replication\0false\0\0", None);
        check(b"user\0a\0replication\0Database\0\0", Some("22023"));
    }

    #[test]
    fn the_last_user_counts_and_is_the_database_too() {
        let startup = Startup::read(b"user\0a\0user\0b\0TimeZone\0UTC\0_pq_.x\x001\0\0").unwrap();
        assert_eq!((startup.user.as_str(), startup.database.as_str()), ("b", "b"));
        assert_eq!(startup.settings, [("TimeZone".to_owned(), "UTC".to_owned())]);
        assert_eq!(startup.protocol_options, ["_pq_.x"]);
    }

    #[test]
    fn replication_is_asked_for_by_a_boolean_or_by_name() {
        let check = |value: &str, expected| {
            let startup = Startup::read(format!("user\0a\0replication\0{value}\0\0").as_bytes()).unwrap();
            assert_eq!(startup.replication, expected, "{value}");
        };
        check("database", Replication::Database);
        check("true", Replication::Physical);
        check("1", Replication::Physical);
        check("off", Replication::Off);
    }

    #[test]
    fn names_are_cut_to_63_octets() {
        let read = |length| {
            let mut body = b"user\0".to_vec();
            body.resize(body.len() + length, b'u');
            body.extend_from_slice(b"\0\0");
            Startup::read(&body).unwrap().user.len()
        };
        assert_eq!((read(62), read(63), read(64)), (62, 63, 63));
        let mut long = "\u{e9}".repeat(40);
        cut(&mut long);
        assert_eq!(long.len(), 62, "a character is not cut in two");
    }

    proptest! {
        #[test]
        fn arbitrary_octets_do_not_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Startup::read(&body);
            let _ = Packet::decode(&body);
        }

        #[test]
        fn what_is_written_is_read_back_and_no_part_of_it_is_enough(
            user in "[a-z]{1,63}", settings in proptest::collection::vec(("[A-Z][a-z]{0,8}", "[^\0]{0,12}"), 0..5)
        ) {
            let mut out = Vec::new();
            let pairs = settings.iter().map(|(name, value)| (name.as_str(), value.as_str()));
            Startup::write(&mut out, 0x0003_0000, [("user", user.as_str())].into_iter().chain(pairs));
            let body = &out[8..];
            let startup = Startup::read(body).unwrap();
            prop_assert_eq!(&startup.settings, &settings);
            prop_assert_eq!(startup.user, user);
            for end in 0..body.len() {
                prop_assert!(Startup::read(&body[..end]).is_err());
            }
        }
    }
}
