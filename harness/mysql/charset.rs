//! Character sets, as far as connections show them: a number in the login, a number and a width in columns.
//!
//! Numbers are those of collations (<https://dev.mysql.com/doc/refman/8.0/en/charset-mysql.html>).

/// A character set with the collation that is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charset {
    /// `utf8mb4`.
    pub name: &'static str,
    /// The number of the collation.
    pub number: u16,
    /// The most octets of a character.
    pub width: u32,
}

const LATIN1: &str = "latin1";
const UTF8MB3: &str = "utf8mb3";
const UTF8MB4: &str = "utf8mb4";

/// Collations of one octet a character and of three; all others that clients send are of utf8mb4.
const NARROW: &[(u16, &str, u32)] = &[
    (8, LATIN1, 1),
    (11, "ascii", 1),
    (33, UTF8MB3, 3),
    (47, LATIN1, 1),
    (48, LATIN1, 1),
    (63, "binary", 1),
    (65, "ascii", 1),
    (83, UTF8MB3, 3),
];

impl Charset {
    /// The one that a client asks for by the number in its login. Without one it is the server's.
    #[must_use]
    pub fn by_number(number: u8, of_server: u8) -> Self {
        let number = u16::from(if number == 0 { of_server } else { number });
        let (name, width) = match NARROW.iter().find(|(known, ..)| *known == number) {
            Some((_, name, width)) => (*name, *width),
            None if (192..=215).contains(&number) => (UTF8MB3, 3),
            None => (UTF8MB4, 4),
        };
        Self { name, number, width }
    }

    /// The one that `SET NAMES` asks for, with its default collation on a server of 8.0, or of 5.7 if that is `old`.
    #[must_use]
    pub fn by_name(name: &str, old: bool) -> Option<Self> {
        let number = match name.to_ascii_lowercase().as_str() {
            UTF8MB4 if old => 45,
            UTF8MB4 => 255,
            "utf8" | UTF8MB3 => 33,
            LATIN1 => 8,
            "ascii" => 11,
            "binary" => 63,
            _ => return None,
        };
        Some(Self::by_number(number, number))
    }
}
