//! Names with `*` for any run of characters.

use std::fmt;

/// A pattern for names: `alice`, `postgres/*`, `*`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pattern(String);

impl Pattern {
    /// From its text, in which `*` stands for any run of characters, also none.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// Whether all of `name` fits. Takes no longer than the product of the two lengths.
    #[must_use]
    pub fn fits(&self, name: &str) -> bool {
        let (pattern, name) = (self.0.as_bytes(), name.as_bytes());
        let (mut at, mut rest) = (0, 0);
        // Where the last star is, and how much of the name it takes.
        let mut star: Option<(usize, usize)> = None;
        while rest < name.len() {
            if pattern.get(at) == Some(&b'*') {
                star = Some((at, rest));
                at += 1;
            } else if pattern.get(at) == Some(&name[rest]) {
                (at, rest) = (at + 1, rest + 1);
            } else if let Some((place, taken)) = star {
                star = Some((place, taken + 1));
                (at, rest) = (place + 1, taken + 1);
            } else {
                return false;
            }
        }
        pattern[at..].iter().all(|octet| *octet == b'*')
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_run_of_characters() {
        #[track_caller]
        fn check(pattern: &str, fitting: &[&str], others: &[&str]) {
            for name in fitting {
                assert!(Pattern::new(pattern).fits(name), "{pattern} fits {name}");
            }
            for name in others {
                assert!(!Pattern::new(pattern).fits(name), "{pattern} does not fit {name}");
            }
        }
        check("alice", &["alice"], &["alic", "alice2", "Alice", ""]);
        check("postgres/*", &["postgres/db.test", "postgres/"], &["postgres", "mysql/db.test"]);
        check("*", &["", "anything/at.all"], &[]);
        check("*.test", &["a.test", "a.test.test"], &["a.test.org", "test"]);
        check("a*b*c", &["abc", "aXbYbZc"], &["abcd", "acb"]);
        check("", &[""], &["a"]);
    }

    #[test]
    fn no_pattern_takes_long() {
        let name = "a".repeat(10_000);
        assert!(!Pattern::new(&"a*".repeat(1_000)).fits(""));
        assert!(!Pattern::new(&("*a".repeat(50) + "b")).fits(&name));
    }
}
