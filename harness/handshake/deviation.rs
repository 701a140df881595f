//! Deliberate departures from a protocol: one enum for each protocol, one variant for each departure, each naming the clause
//! that it breaks. They are there to show that a client, or an expectation, notices.

/// A word that is no departure of that protocol.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown {protocol} deviation '{word}', allowed are {allowed}")]
pub struct UnknownDeviation {
    /// Whose.
    pub protocol: &'static str,
    /// What was written.
    pub word: String,
    /// What there is.
    pub allowed: String,
}

/// A text whose first octet is another one: the smallest change that a reader of it could notice.
pub(crate) fn misprinted(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some('#') => format!("*{}", characters.as_str()),
        Some(first) if first.is_ascii() => format!("#{}", characters.as_str()),
        _ => format!("#{text}"),
    }
}

/// Makes the enum `Deviation` of a protocol from lines `Variant = "word" breaks "clause",`, with the words both ways.
macro_rules! deviations {
    ($protocol:literal: $($(#[$doc:meta])* $variant:ident = $word:literal breaks $clause:literal,)+) => {
        /// One deliberate departure from the protocol.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Deviation { $($(#[$doc])* $variant,)+ }

        impl Deviation {
            /// All departures.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word in scenarios and reports.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// The clause that is broken.
            #[must_use]
            pub const fn clause(self) -> &'static str {
                match self { $(Self::$variant => $clause,)+ }
            }
        }

        impl std::fmt::Display for Deviation {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.word())
            }
        }

        impl std::str::FromStr for Deviation {
            type Err = $crate::handshake::UnknownDeviation;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                Self::ALL.iter().copied().find(|known| known.word() == word).ok_or_else(|| {
                    let allowed = [$($word,)+].join(", ");
                    $crate::handshake::UnknownDeviation { protocol: $protocol, word: word.to_owned(), allowed }
                })
            }
        }
    };
}

pub(crate) use deviations;
