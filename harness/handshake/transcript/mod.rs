//! What was said on one connection, message by message, for people to read and for two servers to be held against each other.
//!
//! A passive reader of each protocol makes it from the plaintext of both directions. What is different each time (nonces,
//! connection numbers, times) is shown and not compared, what is secret is neither.
//!
//! ```text
//! < Greeting protocol=10 version="8.0.28" connection=(17) nonce=(20 octets) status=0x0002 plugin="mysql_native_password"
//! > Login user="alice" database="" answer=(hidden, 20 octets)
//! ```

mod overheard;
mod text;

pub(crate) use overheard::Overheard;
pub use text::NoTranscript;

use crate::handshake::Direction;
use std::borrow::Cow;
use std::fmt;

/// The messages of a connection, both directions, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Transcript {
    /// The messages.
    pub messages: Vec<Message>,
}

impl Transcript {
    /// Messages that one transcript keeps. What comes behind them is left out, and the last message says so.
    pub const MOST: usize = 4096;

    /// Adds a message, or says that there are too many of them.
    pub fn push(&mut self, message: Message) {
        match self.messages.len() {
            0..Self::MOST => self.messages.push(message),
            Self::MOST => self.messages.push(Message::truncated()),
            _ => {}
        }
    }
}

/// Somebody who hears both directions of a connection and says nothing: the passive reader of a protocol.
///
/// It has to take any octets, in pieces of any size, and what it makes of them does not depend on the pieces. It keeps no more
/// than the longest message that it reads.
pub trait Bystander {
    /// Takes what went one way, and adds the messages that are complete by it.
    fn hear(&mut self, direction: Direction, octets: &[u8], transcript: &mut Transcript);

    /// Learns that TLS or GSS-API encryption is up: what comes from here on was said underneath it.
    fn secured(&mut self);

    /// Takes the end: a message that is not complete is added as `Unreadable`.
    fn end(&mut self, transcript: &mut Transcript);
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

impl Transcript {
    /// What stands at a place, as `Greeting.version` or, for a message that is about something by its first field,
    /// `ParameterStatus[integer_datetimes].value`: in the first message that has the field.
    #[must_use]
    pub fn at(&self, place: &str) -> Option<&Field> {
        let (title, field) = place.rsplit_once('.')?;
        self.messages.iter().filter(|message| message.title() == title).find_map(|message| message.field(field))
    }
}

impl Message {
    /// What it is about, if its first field says so: a ParameterStatus is about one parameter.
    #[must_use]
    pub fn item(&self) -> Option<&str> {
        match self.fields.first() {
            Some((name, Field::Fixed(item))) if name == "name" => Some(item),
            _ => None,
        }
    }

    /// Its name, with what it is about: `ParameterStatus[integer_datetimes]`.
    #[must_use]
    pub fn title(&self) -> String {
        match self.item() {
            Some(item) => format!("{}[{item}]", self.name),
            None => self.name.to_string(),
        }
    }

    /// Fields that one message keeps. What comes behind them is counted in a last field, `more`.
    pub const MOST: usize = 256;

    /// A message without fields yet.
    #[must_use]
    pub fn new(direction: Direction, name: impl Into<Cow<'static, str>>) -> Self {
        Self { direction, name: name.into(), fields: Vec::new() }
    }

    /// One that cannot be read: so many octets, and why.
    #[must_use]
    pub fn unreadable(direction: Direction, octets: usize, problem: impl fmt::Display) -> Self {
        Self::new(direction, "Unreadable").with("problem", problem).with("octets", octets)
    }

    /// The same in DER, where the same message can be some octets longer: an integer takes as many as it needs.
    #[must_use]
    pub fn unreadable_der(direction: Direction, octets: usize, problem: impl fmt::Display) -> Self {
        Self::new(direction, "Unreadable").with("problem", problem).varying("octets", octets)
    }

    /// Says that something was left out behind it.
    #[must_use]
    pub fn truncated() -> Self {
        Self::new(Direction::Local, "truncated")
    }

    /// Adds what is compared.
    #[must_use]
    pub fn with(mut self, name: impl Into<Cow<'static, str>>, value: impl fmt::Display) -> Self {
        self.push(name, Field::Fixed(value.to_string()));
        self
    }

    /// Adds what is different each time.
    #[must_use]
    pub fn varying(mut self, name: impl Into<Cow<'static, str>>, value: impl fmt::Display) -> Self {
        self.push(name, Field::Varies(value.to_string()));
        self
    }

    /// Adds a secret of so many octets.
    #[must_use]
    pub fn hiding(mut self, name: impl Into<Cow<'static, str>>, octets: usize) -> Self {
        self.push(name, Field::Hidden(octets));
        self
    }

    /// Adds a field. A name that is there already gets a number behind it, and what is no word is escaped: names may come from
    /// the wire.
    pub fn push(&mut self, name: impl Into<Cow<'static, str>>, field: Field) {
        let name = word(name.into());
        match self.fields.len() {
            0..Self::MOST => {
                let name = self.unique(name);
                self.fields.push((name, field));
            }
            Self::MOST => self.fields.push((Cow::Borrowed(MORE), Field::Fixed("1".to_owned()))),
            _ => {
                if let Some((_, Field::Fixed(count))) = self.fields.last_mut() {
                    *count = (count.parse::<u64>().unwrap_or(0) + 1).to_string();
                }
            }
        }
    }

    /// What stands in the field of that name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|(of, _)| of == name).map(|(_, field)| field)
    }

    fn unique(&self, name: Cow<'static, str>) -> Cow<'static, str> {
        let is_free = |name: &str| name != MORE && self.field(name).is_none();
        if is_free(&name) {
            return name;
        }
        let numbered = (2..=Self::MOST + 2).map(|number| format!("{name}#{number}"));
        numbered.into_iter().find(|name| is_free(name)).map_or(name, Cow::Owned)
    }
}

/// The field that counts those that were left out.
const MORE: &str = "more";

/// A field's name as it can stand before `=`.
fn word(name: Cow<'static, str>) -> Cow<'static, str> {
    let is_plain = |c: char| c.is_ascii_graphic() && !matches!(c, '=' | '"' | '\\');
    if !name.is_empty() && name.chars().all(is_plain) {
        return name;
    }
    let escape = |c: char| if is_plain(c) { c.to_string() } else { c.escape_unicode().to_string() };
    Cow::Owned(if name.is_empty() { "?".to_owned() } else { name.chars().map(escape).collect() })
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
