//! Which KDC is imitated, and the settings with a few words to choose from.

use shakedown_krb5::crypto::Etype;

/// The KDC that a realm imitates. It sets the defaults of all settings of [`super::Realm`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Flavor {
    /// MIT krb5's krb5kdc, 1.20.
    #[default]
    Mit,
    /// The KDC of Active Directory (MS-KILE).
    ActiveDirectory,
}

/// Whether a password is to be proven before there is a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Preauth {
    /// Error 25 for who does not.
    #[default]
    Required,
    /// A ticket for everybody, which only the owner of the password can use.
    NotRequired,
}

/// Whether requests are armoured (RFC 6113).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Fast {
    /// Not known to the KDC, and read over where a client uses it all the same.
    #[default]
    No,
    /// For who wants it.
    Offered,
    /// Users with a password get no ticket by a request without armor (error 12), as in Active Directory where unarmored
    /// requests are to fail. Computers and services still do: the armor has to come from somewhere.
    Required,
}

/// When an account's state is told: to anybody, or to who has proven the password only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum AccountChecks {
    /// All of it before the proof, as MIT's KDC does: an expired password is told to who does not know it.
    #[default]
    BeforeProof,
    /// Disabled, locked and expired accounts before the proof, expired passwords after it, as Active Directory does:
    /// error 23 says that the password was right.
    PasswordAgeAfterProof,
    /// All of it after the proof.
    AfterProof,
}

/// A word that a setting does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown {what} '{word}', expected one of {allowed}")]
pub struct UnknownWord {
    /// Of what.
    pub what: &'static str,
    /// As it was written.
    pub word: String,
    /// All that there are.
    pub allowed: String,
}

impl UnknownWord {
    pub(crate) fn new(what: &'static str, word: &str, allowed: &[&str]) -> Self {
        Self { what, word: word.to_owned(), allowed: allowed.join(", ") }
    }
}

/// The words of a setting, in files of realms and scenarios alike.
macro_rules! words {
    ($type:ident, $what:literal, $($variant:ident => $word:literal),+) => {
        impl $type {
            /// All that there are.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word for it in files.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::str::FromStr for $type {
            type Err = $crate::realm::UnknownWord;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err($crate::realm::UnknownWord::new($what, word, &[$($word),+])),
                }
            }
        }
    };
}
pub(super) use words;

words!(Flavor, "flavor", Mit => "mit", ActiveDirectory => "active-directory");
words!(Preauth, "pre-authentication", Required => "required", NotRequired => "not-required");
words!(Fast, "use of FAST", No => "no", Offered => "offered", Required => "required");
words!(AccountChecks, "order of account checks",
    BeforeProof => "before-proof", PasswordAgeAfterProof => "password-age-after-proof", AfterProof => "after-proof");

impl Flavor {
    /// What its KDC makes keys of, best first. Active Directory has none of RFC 8009, and still has
    /// RC4; MIT's clients take that before 1.21, and later with `allow_rc4`.
    #[must_use]
    pub fn etypes(self) -> Vec<Etype> {
        match self {
            Self::Mit => vec![Etype::Aes256Sha1, Etype::Aes128Sha1, Etype::Aes256Sha384, Etype::Aes128Sha256],
            Self::ActiveDirectory => vec![Etype::Aes256Sha1, Etype::Aes128Sha1, Etype::Rc4Hmac],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_is_read_as_what_it_was_written_for() {
        assert!(Flavor::ALL.iter().all(|flavor| flavor.word().parse() == Ok(*flavor)));
        assert!(Preauth::ALL.iter().all(|preauth| preauth.word().parse() == Ok(*preauth)));
        assert!(Fast::ALL.iter().all(|fast| fast.word().parse() == Ok(*fast)));
        assert!(AccountChecks::ALL.iter().all(|order| order.word().parse() == Ok(*order)));
        let unknown = "ad".parse::<Flavor>().unwrap_err().to_string();
        assert_eq!(unknown, "unknown flavor 'ad', expected one of mit, active-directory");
    }
}
