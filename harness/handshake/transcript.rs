//! What was said on one connection, message by message, for people to read and for two servers to be held against each other.
//!
//! A passive reader of each protocol makes it from the plaintext of both directions. What is different each time (nonces,
//! connection numbers, times) is shown and not compared, what is secret is neither.
//!
//! ```text
//! < Greeting protocol=10 version="8.0.28" connection=(17) nonce=(20 octets) status=0x0002 plugin="mysql_native_password"
//! > Login user="alice" database="" answer=(hidden, 20 octets)
//! ```

use crate::handshake::Direction;
use std::borrow::Cow;
use std::fmt;

/// The messages of a connection, both directions, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Transcript {
    /// The messages.
    pub messages: Vec<Message>,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Who said it.
    pub direction: Direction,
    /// Its name in the protocol's documents: `ErrorResponse`. One that cannot be read is named `Unreadable`.
    pub name: Cow<'static, str>,
    /// What is in it, in the order of the wire. A field's name is unique within its message.
    pub fields: Vec<(Cow<'static, str>, Field)>,
}

/// What stands in a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Field {
    /// Compared as it is.
    Fixed(String),
    /// Different each time, and shown in this form: never compared.
    Varies(String),
    /// A secret, or something made from one: so many octets.
    Hidden(usize),
}

impl Message {
    /// A message without fields yet.
    #[must_use]
    pub fn new(direction: Direction, name: impl Into<Cow<'static, str>>) -> Self {
        Self { direction, name: name.into(), fields: Vec::new() }
    }

    /// Adds what is compared.
    #[must_use]
    pub fn with(mut self, name: impl Into<Cow<'static, str>>, value: impl fmt::Display) -> Self {
        self.fields.push((name.into(), Field::Fixed(value.to_string())));
        self
    }

    /// Adds what is different each time.
    #[must_use]
    pub fn varying(mut self, name: impl Into<Cow<'static, str>>, value: impl fmt::Display) -> Self {
        self.fields.push((name.into(), Field::Varies(value.to_string())));
        self
    }

    /// Adds a secret of so many octets.
    #[must_use]
    pub fn hiding(mut self, name: impl Into<Cow<'static, str>>, octets: usize) -> Self {
        self.fields.push((name.into(), Field::Hidden(octets)));
        self
    }
}

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.messages.iter().try_for_each(|message| writeln!(f, "{message}"))
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arrow = match self.direction {
            Direction::FromClient => '>',
            Direction::ToClient => '<',
            Direction::Local => '-',
        };
        write!(f, "{arrow} {}", self.name)?;
        self.fields.iter().try_for_each(|(name, field)| write!(f, " {name}={field}"))
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_word = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"');
        match self {
            Self::Fixed(text) if is_word(text) => f.write_str(text),
            Self::Fixed(text) => write!(f, "{text:?}"),
            Self::Varies(text) => write!(f, "({})", text.escape_debug()),
            Self::Hidden(octets) => write!(f, "(hidden, {octets} octets)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_line_and_shows_no_secret() {
        let message = Message::new(Direction::FromClient, "Login")
            .with("user", "alice")
            .with("database", "")
            .with("program", "two words\n")
            .varying("connection", 17)
            .hiding("answer", 20);
        let text = r#"> Login user=alice database="" program="two words\n" connection=(17) answer=(hidden, 20 octets)"#;
        assert_eq!(message.to_string(), text);
        assert_eq!(Transcript { messages: vec![message] }.to_string(), format!("{text}\n"));
    }
}
