//! The text of a transcript, a line for each message, and the way back.

use super::{Field, Message, Transcript};
use crate::handshake::Direction;
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.messages.iter().try_for_each(|message| writeln!(f, "{message}"))
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", arrow(self.direction), self.name)?;
        self.fields.iter().try_for_each(|(name, field)| write!(f, " {name}={field}"))
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_word = |text: &str| {
            !text.is_empty()
                && !text.starts_with('(')
                && text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'))
        };
        match self {
            Self::Fixed(text) if is_word(text) => f.write_str(text),
            Self::Fixed(text) => write!(f, "{text:?}"),
            // A text of its own does not end it.
            Self::Varies(text) => write!(f, "({})", text.escape_debug().to_string().replace(')', "\\u{29}")),
            Self::Hidden(octets) => write!(f, "(hidden, {octets} octets)"),
        }
    }
}

const fn arrow(direction: Direction) -> char {
    match direction {
        Direction::FromClient => '>',
        Direction::ToClient => '<',
        Direction::Local => '-',
    }
}

/// A text that no transcript has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: no message of a transcript")]
pub struct NoTranscript {
    line: usize,
}

impl FromStr for Transcript {
    type Err = NoTranscript;

    /// Reads what [`Transcript`] prints.
    fn from_str(text: &str) -> Result<Self, NoTranscript> {
        let lines = text.lines().enumerate();
        let messages = lines.map(|(index, line)| message(line).ok_or(NoTranscript { line: index + 1 }));
        Ok(Self { messages: messages.collect::<Result<_, _>>()? })
    }
}

fn message(line: &str) -> Option<Message> {
    let (arrow, line) = line.split_once(' ')?;
    let direction = match arrow {
        ">" => Direction::FromClient,
        "<" => Direction::ToClient,
        "-" => Direction::Local,
        _ => return None,
    };
    let (name, mut rest) = line.split_once(' ').unwrap_or((line, ""));
    let mut message = Message::new(direction, name.to_owned());
    while !rest.is_empty() {
        let (name, behind) = rest.split_once('=')?;
        let (field, behind) = field(behind)?;
        message.fields.push((Cow::Owned(name.to_owned()), field));
        rest = match behind {
            "" => "",
            behind => behind.strip_prefix(' ')?,
        };
    }
    Some(message)
}

/// A field, and what is behind it.
fn field(text: &str) -> Option<(Field, &str)> {
    if let Some(text) = text.strip_prefix('(') {
        let (inside, behind) = text.split_once(')')?;
        let hidden = inside.strip_prefix("hidden, ").and_then(|inside| inside.strip_suffix(" octets"));
        let field = match hidden.and_then(|octets| octets.parse().ok()) {
            Some(octets) => Field::Hidden(octets),
            None => Field::Varies(unescaped(inside)?),
        };
        return Some((field, behind));
    }
    if let Some(text) = text.strip_prefix('"') {
        let mut escaped = false;
        let end = text.find(|c| {
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        })?;
        return Some((Field::Fixed(unescaped(&text[..end])?), &text[end + 1..]));
    }
    let end = text.find(' ').unwrap_or(text.len());
    Some((Field::Fixed(text[..end].to_owned()), &text[end..]))
}

/// What `escape_debug` has escaped.
fn unescaped(text: &str) -> Option<String> {
    let mut result = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            result.push(c);
            continue;
        }
        result.push(match rest.next()? {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            '0' => '\0',
            c @ ('"' | '\'' | '\\') => c,
            'u' => {
                let (digits, behind) = rest.as_str().strip_prefix('{')?.split_once('}')?;
                rest = behind.chars();
                char::from_u32(u32::from_str_radix(digits, 16).ok()?)?
            }
            _ => return None,
        });
    }
    Some(result)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fields() -> impl Strategy<Value = Vec<(String, Field)>> {
        let field = prop_oneof![
            any::<String>().prop_map(Field::Fixed),
            "[a-z()\"\\\\ ]{0,9}".prop_map(Field::Fixed),
            any::<String>().prop_map(Field::Varies),
            "[a-z()\"\\\\ ]{0,9}".prop_map(Field::Varies),
            any::<usize>().prop_map(Field::Hidden),
        ];
        proptest::collection::vec((any::<String>(), field), 0..6)
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(all in proptest::collection::vec(fields(), 0..4)) {
            let mut transcript = Transcript::default();
            for fields in all {
                let mut message = Message::new(Direction::ToClient, "Row");
                fields.into_iter().for_each(|(name, field)| message.push(name, field));
                transcript.push(message);
            }
            prop_assert_eq!(transcript.to_string().parse(), Ok(transcript));
        }

        #[test]
        fn any_text_is_a_transcript_or_is_none(text in "([><-] )?[A-Za-z =()\"\\\\\n{}u0-9]{0,40}") {
            let _ = text.parse::<Transcript>();
        }
    }

    #[test]
    fn what_is_no_transcript_is_named_by_its_line() {
        let check = |text: &str, line| assert_eq!(text.parse::<Transcript>(), Err(NoTranscript { line }), "{text}");
        check("< Greeting\n? Login\n", 2);
        check("< Greeting seq", 1);
        check("< Greeting seq=\"1", 1);
        check("< Greeting seq=(1", 1);
        check("< Greeting seq=\"\\x\"", 1);
        check("< Greeting seq=\"1\"2", 1);
    }
}
