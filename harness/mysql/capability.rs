//! Capability flags: what either side says that it can do.

use std::fmt;
use std::ops::{BitAnd, BitOr};

/// The 32 bits of MySQL's capability flags
/// (<https://dev.mysql.com/doc/dev/mysql-server/latest/group__group__cs__capabilities__flags.html>).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Capabilities(pub u32);

macro_rules! capabilities {
    ($($(#[$doc:meta])* $name:ident = $bit:literal,)+) => {
        impl Capabilities {
            $($(#[$doc])* pub const $name: Self = Self(1 << $bit);)+

            /// Every flag with its name, from bit 0 on.
            pub const NAMED: &'static [(&'static str, Self)] = &[$((stringify!($name), Self::$name),)+];
        }
    };
}

capabilities! {
    /// Passwords by the method of 4.1 and later; MariaDB clears it to say that it is MariaDB.
    LONG_PASSWORD = 0,
    /// Affected rows are found rows.
    FOUND_ROWS = 1,
    /// Column flags of two octets.
    LONG_FLAG = 2,
    /// The login names a database.
    CONNECT_WITH_DB = 3,
    /// `db.table.column` is not allowed.
    NO_SCHEMA = 4,
    /// zlib compression.
    COMPRESS = 5,
    /// ODBC.
    ODBC = 6,
    /// `LOAD DATA LOCAL`.
    LOCAL_FILES = 7,
    /// Spaces before `(`.
    IGNORE_SPACE = 8,
    /// The protocol of 4.1: SQLSTATE in errors, and more.
    PROTOCOL_41 = 9,
    /// `interactive_timeout` instead of `wait_timeout`.
    INTERACTIVE = 10,
    /// TLS.
    SSL = 11,
    /// SIGPIPE; means nothing on the wire.
    IGNORE_SIGPIPE = 12,
    /// Status flags in OK packets.
    TRANSACTIONS = 13,
    /// Was PROTOCOL_41 once.
    RESERVED = 14,
    /// The authentication response has a length.
    SECURE_CONNECTION = 15,
    /// Several statements in one query.
    MULTI_STATEMENTS = 16,
    /// Several results to one query.
    MULTI_RESULTS = 17,
    /// The same for prepared statements.
    PS_MULTI_RESULTS = 18,
    /// Authentication plugins.
    PLUGIN_AUTH = 19,
    /// Connect attributes.
    CONNECT_ATTRS = 20,
    /// The length of the authentication response is length-encoded.
    PLUGIN_AUTH_LENENC_CLIENT_DATA = 21,
    /// Expired passwords lead to a sandbox.
    CAN_HANDLE_EXPIRED_PASSWORDS = 22,
    /// Session state in OK packets.
    SESSION_TRACK = 23,
    /// OK packets instead of EOF packets.
    DEPRECATE_EOF = 24,
    /// Result sets without metadata.
    OPTIONAL_RESULTSET_METADATA = 25,
    /// Zstandard compression.
    ZSTD_COMPRESSION_ALGORITHM = 26,
    /// Attributes of queries.
    QUERY_ATTRIBUTES = 27,
    /// Several authentication factors.
    MULTI_FACTOR_AUTHENTICATION = 28,
    /// Reserved to widen the field.
    CAPABILITY_EXTENSION = 29,
    /// The client verifies the server's certificate; means nothing on the wire.
    SSL_VERIFY_SERVER_CERT = 30,
    /// Options survive a failed attempt; means nothing on the wire.
    REMEMBER_OPTIONS = 31,
}

impl Capabilities {
    /// No flag.
    pub const NONE: Self = Self(0);

    /// What mysqld 8.0 with TLS offers in its lower half (0xFFFF), without compression, which this crate does not speak.
    const LOW_HALF: u32 = 0xFFFF & !Self::COMPRESS.0;

    /// What a server of MySQL 5.7 offers (upper half 0xC1FF), less compression.
    pub const MYSQL_5_7: Self = Self(0xC1FF_0000 | Self::LOW_HALF);
    /// What a server of MySQL 8.0.18 to 8.0.22 offers (upper half 0xC7FF), less compression.
    pub const MYSQL_8_0_18: Self = Self((0xC7FF_0000 & !Self::ZSTD_COMPRESSION_ALGORITHM.0) | Self::LOW_HALF);
    /// What a server of MySQL 8.0.23 to 8.0.26 offers (upper half 0xCFFF), less compression.
    pub const MYSQL_8_0_23: Self = Self((0xCFFF_0000 & !Self::ZSTD_COMPRESSION_ALGORITHM.0) | Self::LOW_HALF);
    /// What a server of MySQL 8.0.27 and later offers (upper half 0xDFFF), less compression.
    pub const MYSQL_8_0_27: Self = Self((0xDFFF_0000 & !Self::ZSTD_COMPRESSION_ALGORITHM.0) | Self::LOW_HALF);

    /// What a server of this version offers, by its version text (`5.7.12`, `8.0.28-log`). Anything older than 8.0.18
    /// counts as 5.7, anything unreadable as the newest.
    #[must_use]
    pub fn of_server_version(version: &str) -> Self {
        let mut numbers = version.split(|c: char| !c.is_ascii_digit()).map_while(|part| part.parse::<u32>().ok());
        let (Some(major), Some(minor)) = (numbers.next(), numbers.next()) else { return Self::MYSQL_8_0_27 };
        match (major, minor, numbers.next().unwrap_or(0)) {
            (0..=7, ..) | (8, 0, 0..=17) => Self::MYSQL_5_7,
            (8, 0, 18..=22) => Self::MYSQL_8_0_18,
            (8, 0, 23..=26) => Self::MYSQL_8_0_23,
            _ => Self::MYSQL_8_0_27,
        }
    }

    /// Whether all of `flags` are set.
    #[must_use]
    pub const fn has(self, flags: Self) -> bool {
        self.0 & flags.0 == flags.0
    }

    /// Without `flags`.
    #[must_use]
    pub const fn without(self, flags: Self) -> Self {
        Self(self.0 & !flags.0)
    }
}

impl BitOr for Capabilities {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitAnd for Capabilities {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

/// The names of the flags that are set, separated by `|`.
impl fmt::Debug for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut first = true;
        for (name, _) in Self::NAMED.iter().filter(|(_, flag)| self.has(*flag)) {
            if !first {
                f.write_str("|")?;
            }
            first = false;
            f.write_str(name)?;
        }
        if first { f.write_str("NONE") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_offer_what_their_line_offers() {
        let check = |version, upper: u32| {
            let offered = Capabilities::of_server_version(version);
            assert_eq!(offered.0 >> 16, upper & !0x0400, "{version}: {offered:?}");
            assert!(!offered.has(Capabilities::COMPRESS));
        };
        check("5.7.12", 0xC1FF);
        check("8.0.17", 0xC1FF);
        check("8.0.18", 0xC7FF);
        check("8.0.22-log", 0xC7FF);
        check("8.0.23", 0xCFFF);
        check("8.0.26", 0xCFFF);
        check("8.0.27", 0xDFFF);
        check("8.4.0", 0xDFFF);
    }

    #[test]
    fn flags_are_printed_by_name() {
        assert_eq!(format!("{:?}", Capabilities::SSL | Capabilities::PLUGIN_AUTH), "SSL|PLUGIN_AUTH");
        assert_eq!(format!("{:?}", Capabilities::NONE), "NONE");
    }
}
