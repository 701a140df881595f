//! Keytabs: the keys of services (or users) by principal, key version number and encryption type.
//!
//! Octets in, octets out: the caller reads and replaces the file. The format is MIT's version 2
//! (`05 02`), which Heimdal and Java share; its fields are in `keytab/file.rs`.
//!
//! <https://web.mit.edu/kerberos/krb5-latest/doc/formats/keytab_file_format.html>

mod file;

pub use crate::file::{MalformedFile, Unwritable};
pub use crate::keyblock::Keyblock;

use crate::Principal;

/// One key of a keytab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Whose key.
    pub principal: Principal,
    /// When the entry was written, seconds since 1970.
    pub timestamp: u32,
    /// Key version number; 0 matches any that is asked for.
    pub kvno: u32,
    /// Encryption type and key.
    pub key: Keyblock,
}

/// Keys of services (or users) by principal, kvno and etype, in the order of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keytab {
    /// The keys, in the order of the file.
    pub entries: Vec<Entry>,
}

/// Why a keytab has no key for what was asked. Which Kerberos error that becomes is the acceptor's decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotFound {
    /// No entry for the principal at all.
    #[error("no key of the principal")]
    Principal,
    /// The principal has keys, but none of the etype.
    #[error("no key of the encryption type")]
    Etype,
    /// The principal has keys of the etype, but none of the kvno.
    #[error("no key of the key version number")]
    Kvno,
}

impl Keytab {
    /// The key that decrypts what names `principal`, `etype` and `kvno`.
    ///
    /// As MIT's reader has it: without a kvno (or with kvno 0) the newest key is taken, an entry of kvno 0 matches any
    /// kvno, and an entry also matches in the low 8 bits alone, as old writers kept no more of it. An exact match wins.
    ///
    /// # Errors
    /// [`NotFound`] says which part of the question no entry answers.
    pub fn find(&self, principal: &Principal, kvno: Option<u32>, etype: i32) -> Result<&Entry, NotFound> {
        let mut failure = NotFound::Principal;
        let mut found: Option<&Entry> = None;
        let wanted = kvno.unwrap_or(0);
        for entry in self.entries_of(principal) {
            if entry.key.etype != etype {
                failure = failure.max_with(NotFound::Etype);
            } else if wanted != 0 && entry.kvno == wanted {
                return Ok(entry);
            } else if wanted == 0 || entry.kvno == 0 {
                if found.is_none_or(|other| entry.is_newer_than(other)) {
                    found = Some(entry);
                }
            } else if entry.kvno == wanted & 0xff {
                found = Some(entry);
            } else {
                failure = NotFound::Kvno;
            }
        }
        found.ok_or(failure)
    }

    /// The newest key version number that the keytab has of `principal`, whatever the encryption type.
    #[must_use]
    pub fn newest_kvno(&self, principal: &Principal) -> Option<u32> {
        let newest = self.entries_of(principal).reduce(|a, b| if b.is_newer_than(a) { b } else { a });
        newest.map(|entry| entry.kvno)
    }

    /// All entries of a principal.
    pub fn entries_of<'a>(&'a self, principal: &Principal) -> impl Iterator<Item = &'a Entry> {
        self.entries.iter().filter(|entry| entry.principal == *principal)
    }

    /// All entries of an encryption type: what an acceptor without a name of its own tries one after the other.
    pub fn entries_with(&self, etype: i32) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.key.etype == etype)
    }
}

impl Entry {
    /// Whether this is the later key. Numbers wrap where only 8 (or 16) bits of them were stored: a small number that
    /// was written no earlier than a large one is the newer one.
    fn is_newer_than(&self, other: &Self) -> bool {
        if self.kvno < 128 && other.kvno > 240 && self.timestamp >= other.timestamp {
            true
        } else if self.kvno > 240 && other.kvno < 128 && self.timestamp <= other.timestamp {
            false
        } else {
            self.kvno > other.kvno
        }
    }
}

impl NotFound {
    /// The one that was nearer to a match.
    fn max_with(self, other: Self) -> Self {
        if self == Self::Kvno { self } else { other }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, kvno: u32, etype: i32, timestamp: u32) -> Entry {
        let key = Keyblock::new(etype, &[u8::try_from(kvno & 0xff).unwrap(); 16]);
        Entry { principal: name.parse().unwrap(), timestamp, kvno, key }
    }

    fn keytab(entries: &[(u32, i32)]) -> Keytab {
        Keytab { entries: entries.iter().map(|&(kvno, etype)| entry("db/h@R", kvno, etype, 1000)).collect() }
    }

    #[test]
    fn a_lookup_says_which_part_of_the_question_has_no_answer() {
        #[track_caller]
        fn check(entries: &[(u32, i32)], kvno: Option<u32>, etype: i32, expected: Result<u32, NotFound>) {
            let principal = "db/h@R".parse().unwrap();
            assert_eq!(keytab(entries).find(&principal, kvno, etype).map(|found| found.kvno), expected);
        }
        check(&[], Some(1), 18, Err(NotFound::Principal));
        check(&[(1, 17)], Some(1), 18, Err(NotFound::Etype));
        check(&[(2, 18), (1, 17)], Some(1), 18, Err(NotFound::Kvno));
        check(&[(1, 17), (2, 18)], Some(1), 18, Err(NotFound::Kvno));
        check(&[(1, 18), (2, 18)], Some(1), 18, Ok(1));
        check(&[(1, 18), (2, 18)], None, 18, Ok(2));
        check(&[(2, 18), (1, 18)], Some(0), 18, Ok(2));
        check(&[(0, 18)], Some(77), 18, Ok(0));
        check(&[(44, 18)], Some(300), 18, Ok(44));
        check(&[(300, 18), (44, 18)], Some(300), 18, Ok(300));
        check(&[(44, 18), (300, 18)], Some(300), 18, Ok(300));
        check(&[(300, 18)], Some(44), 18, Err(NotFound::Kvno));
    }

    #[test]
    fn a_name_of_another_realm_or_case_is_another_principal() {
        let keytab = keytab(&[(1, 18)]);
        for other in ["db/h@OTHER", "db/H@R", "db@R", "db/h/x@R"] {
            assert_eq!(keytab.find(&other.parse().unwrap(), None, 18), Err(NotFound::Principal), "{other}");
        }
    }

    #[test]
    fn the_newest_number_is_the_highest_unless_it_wrapped() {
        #[track_caller]
        fn check(entries: &[(u32, u32)], expected: Option<u32>) {
            let entries = entries.iter().map(|&(kvno, time)| entry("db/h@R", kvno, 18, time)).collect();
            assert_eq!(Keytab { entries }.newest_kvno(&"db/h@R".parse().unwrap()), expected);
        }
        check(&[], None);
        check(&[(3, 10), (5, 10), (4, 10)], Some(5));
        check(&[(241, 10), (127, 10)], Some(127));
        check(&[(127, 9), (241, 10)], Some(241));
        check(&[(240, 10), (127, 10)], Some(240));
        check(&[(241, 10), (128, 10)], Some(241));
    }

    #[test]
    fn debug_shows_no_key() {
        let mut secret = keytab(&[(1, 18)]);
        secret.entries[0].key = Keyblock::new(18, b"SECRETSECRET");
        let shown = format!("{secret:?}");
        assert!(!shown.contains("SECRET") && !shown.contains("83, 69"), "{shown}");
    }
}
