//! What of a message is compared, and how it is told.

use crate::engine::twins::wording::without_templates;
use crate::handshake::transcript::{Field, Message};

/// The field that counts the messages of an exchange in MySQL.
pub(super) const SEQUENCE: &str = "seq";

/// How well two messages go together: those with different names, or about different things, do not at all.
pub(super) fn likeness(left: &Message, right: &Message) -> u32 {
    let is_same = left.direction == right.direction && left.name == right.name && left.item() == right.item();
    u32::from(is_same) * (2 + u32::from(left.fields == right.fields))
}

/// How far a side has counted in MySQL's sequence numbers.
#[derive(Debug, Default)]
pub(super) struct Sequence(Option<u8>);

impl Sequence {
    /// How a message counts on: `+1`, or its number where a new exchange begins.
    pub(super) fn step(&mut self, message: &Message) -> Option<String> {
        let Some(Field::Fixed(number)) = message.field(SEQUENCE) else { return None };
        let Ok(number) = number.parse::<u8>() else { return Some(number.clone()) };
        let before = self.0.replace(number);
        Some(match before {
            Some(before) if number != 0 => format!("+{}", number.wrapping_sub(before)),
            _ => number.to_string(),
        })
    }
}

/// A message with what is compared of it.
pub(super) fn told(message: &Message) -> String {
    let is_compared = |name: &str, field: &Field| matches!(field, Field::Fixed(_)) && name != SEQUENCE;
    let fields = message.fields.iter().filter(|(name, field)| is_compared(name, field)).cloned().collect();
    Message { fields, ..message.clone() }.to_string()
}

/// Of two lists of flags, those that the other has not; other texts as they are.
pub(super) fn flags(left: String, right: String) -> (Option<String>, Option<String>) {
    if left == right || !(left.contains('|') || right.contains('|')) {
        return (Some(left), Some(right));
    }
    let only = |these: &str, those: &str| {
        let flags: Vec<_> =
            these.split('|').filter(|flag| !flag.is_empty() && !those.split('|').any(|other| other == *flag)).collect();
        (!flags.is_empty()).then(|| flags.join("|"))
    };
    match (only(&left, &right), only(&right, &left)) {
        // The same flags in another order.
        (None, None) => (Some(left), Some(right)),
        differ => differ,
    }
}

/// What of a field is compared.
pub(super) fn compared(field: &Field, is_prose: bool) -> String {
    match field {
        Field::Fixed(text) if is_prose => without_templates(text),
        Field::Fixed(text) => text.clone(),
        Field::Varies(_) => "(varies)".to_owned(),
        Field::Hidden(_) => "(hidden)".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_flags_those_are_told_that_one_side_has() {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        for (left, right, of_left, of_right) in [
            ("A|B|C", "A|C|D", "B", "D"),
            ("A|B", "A", "B", ""),
            ("A", "A|B", "", "B"),
            ("A|B", "B|A", "A|B", "B|A"),
            ("A", "B", "A", "B"),
            ("", "A|B", "", "A|B"),
        ] {
            assert_eq!(flags(left.to_owned(), right.to_owned()), (text(of_left), text(of_right)), "{left} {right}");
        }
    }
}
