//! Engine versions, compared number by number: `2.09.3` is older than `2.10.2`, and `3.01` is `3.1`.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// A version as it is written, with its numbers.
#[derive(Debug, Clone)]
pub struct Version {
    text: String,
    numbers: Vec<u32>,
}

impl Version {
    /// The numbers, most significant first.
    #[must_use]
    pub fn numbers(&self) -> &[u32] {
        &self.numbers
    }

    /// Whether this is `floor` or later in the same line: all numbers but the last agree, the last is not smaller.
    /// `2.10.3` is in the line of `2.10.2`, `2.11.0` is not.
    #[must_use]
    pub fn is_later_in_line_of(&self, floor: &Self) -> bool {
        let Some((patch, line)) = floor.numbers.split_last() else { return false };
        let own_line = self.numbers.get(..line.len()) == Some(line);
        own_line && self.numbers.get(line.len()).copied().unwrap_or(0) >= *patch
    }
}

/// Missing numbers at the end are zero: `3` is `3.0.0`.
impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        let length = self.numbers.len().max(other.numbers.len());
        let number = |version: &Self, index: usize| version.numbers.get(index).copied().unwrap_or(0);
        (0..length)
            .map(|index| number(self, index).cmp(&number(other, index)))
            .find(|o| o.is_ne())
            .unwrap_or(Ordering::Equal)
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Version {}

impl std::hash::Hash for Version {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        let significant = self.numbers.iter().rposition(|&number| number != 0).map_or(0, |last| last + 1);
        self.numbers[..significant].hash(state);
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A text that is no version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no version, expected numbers separated by dots")]
pub struct InvalidVersion(pub String);

impl FromStr for Version {
    type Err = InvalidVersion;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let number = |part: &str| {
            let digits = !part.is_empty() && part.bytes().all(|octet| octet.is_ascii_digit());
            if digits { part.parse().ok() } else { None }
        };
        match text.split('.').map(number).collect() {
            Some(numbers) => Ok(Self { text: text.to_owned(), numbers }),
            None => Err(InvalidVersion(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        text.parse().unwrap()
    }

    #[test]
    fn numbers_are_compared_not_texts() {
        assert!(version("2.9.3") < version("2.10.2"));
        assert!(version("2.09.3") < version("2.10.2"));
        assert!(version("2.11.0") < version("3.01.0"));
        assert_eq!(version("3.01"), version("3.1.0"));
        assert!(version("15") < version("15.1"));
    }

    #[test]
    fn a_later_version_of_the_same_line_is_not_one_of_the_next_line() {
        let later = |v: &str, floor: &str| version(v).is_later_in_line_of(&version(floor));
        assert!(later("2.10.2", "2.10.2"));
        assert!(later("2.10.3", "2.10.2"));
        assert!(!later("2.10.1", "2.10.2"));
        assert!(!later("2.11.0", "2.10.2"));
        assert!(!later("3.10.2", "2.10.2"));
        assert!(later("2.10.2.1", "2.10.2"));
    }

    #[test]
    fn what_is_no_version_is_refused() {
        for text in ["", ".", "1.", "1.x", "v1", "+1", "99999999999"] {
            assert!(text.parse::<Version>().is_err(), "{text}");
        }
    }
}
