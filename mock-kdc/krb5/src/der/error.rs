//! What can be wrong with an encoding, and where.

use std::fmt;

/// A message that does not decode.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}: {field} at offset {offset}: {problem}")]
pub struct Error {
    /// The message that was being decoded, by its name in the specification.
    pub message: &'static str,
    /// The innermost field that was being read.
    pub field: &'static str,
    /// Where the offending element or octet is, counted from the first octet of the message.
    pub offset: usize,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong at one place of an encoding.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// Another tag is due.
    Tag {
        /// The tag octet that is due.
        expected: u8,
        /// The tag octet that is there; `None` at the end of the enclosing element.
        found: Option<u8>,
    },
    /// The length goes beyond the end of the enclosing element.
    Truncated,
    /// Indefinite length, which DER does not have.
    IndefiniteLength,
    /// An encoded length of more than four octets.
    LengthOfLength,
    /// Octets are left within an element that is full.
    Excess,
    /// More than [`super::MAX_DEPTH`] levels.
    TooDeep,
    /// More than [`super::MAX_ELEMENTS`] elements.
    TooManyElements,
    /// More than [`super::MAX_MESSAGE`] octets.
    TooLarge,
    /// An integer that has no octets or more than its type can hold.
    IntegerRange,
    /// A BIT STRING without its first octet, or with more than 7 unused bits.
    BitString,
    /// A BOOLEAN of another length than 1.
    Boolean,
    /// Not `YYYYMMDDHHMMSSZ`, or a day or hour that does not exist.
    Time,
    /// The protocol version is not 5.
    Version(i64),
    /// The field msg-type does not fit the message.
    MessageType {
        /// The number of this message (RFC 4120 §7.5.7).
        expected: u8,
        /// What is written.
        found: i64,
    },
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag { expected, found: Some(found) } => write!(f, "expected tag {expected:02x}, found {found:02x}"),
            Self::Tag { expected, found: None } => write!(f, "expected tag {expected:02x}, found the end"),
            Self::Truncated => f.write_str("the length goes beyond the end"),
            Self::IndefiniteLength => f.write_str("indefinite length, expected a definite one"),
            Self::LengthOfLength => f.write_str("a length of more than 4 octets"),
            Self::Excess => f.write_str("octets after the value"),
            Self::TooDeep => write!(f, "nested deeper than {} levels", super::MAX_DEPTH),
            Self::TooManyElements => write!(f, "more than {} elements", super::MAX_ELEMENTS),
            Self::TooLarge => write!(f, "more than {} octets", super::MAX_MESSAGE),
            Self::IntegerRange => f.write_str("integer out of range"),
            Self::BitString => f.write_str("malformed bit string"),
            Self::Boolean => f.write_str("boolean that is not one octet"),
            Self::Time => f.write_str("expected a time as yyyymmddhhmmssZ"),
            Self::Version(found) => write!(f, "version {found}, expected 5"),
            Self::MessageType { expected, found } => write!(f, "message type {found}, expected {expected}"),
        }
    }
}
