//! What a server's keytab holds once the keys of its service have been replaced.

use crate::scenario::plan::RotatedKeytab;
use crate::testbed::random::Generator;
use shakedown_krb5::crypto::{Etype, Key};
use shakedown_krb5::keytab::{Entry, Keyblock, Keytab};

/// The keytab after a rotation; `None` where the server keeps the one that it has. `after` is what the KDC has of the service by
/// then, and `other` what it has of another service.
pub(super) fn keytab(wanted: RotatedKeytab, after: &Keytab, other: &Keytab) -> Option<Keytab> {
    match wanted {
        RotatedKeytab::OldAndNew => Some(after.clone()),
        RotatedKeytab::NewOnly | RotatedKeytab::SameKvno => Some(newest(after)),
        RotatedKeytab::OldOnly => None,
        RotatedKeytab::Nothing => Some(Keytab::default()),
        RotatedKeytab::OtherService => Some(other.clone()),
    }
}

/// The same keys and, under the next number, ones that no KDC has: what somebody has who is ahead of it.
pub(super) fn ahead(before: &Keytab, same_kvno: bool) -> Keytab {
    let next = |entry: Entry| Entry {
        kvno: if same_kvno { entry.kvno } else { entry.kvno.saturating_add(1) },
        key: other_key(&entry.key),
        ..entry
    };
    let mut entries: Vec<_> = newest(before).entries.into_iter().map(next).collect();
    if !same_kvno {
        entries.extend(before.entries.iter().cloned());
    }
    Keytab { entries }
}

fn newest(keytab: &Keytab) -> Keytab {
    let newest = keytab.entries.iter().map(|entry| entry.kvno).max().unwrap_or_default();
    Keytab { entries: keytab.entries.iter().filter(|entry| entry.kvno == newest).cloned().collect() }
}

fn other_key(key: &Keyblock) -> Keyblock {
    match Etype::from_number(key.etype) {
        Some(etype) => Keyblock::from(&Key::random(etype, &mut Generator::from_system())),
        None => key.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, kvno: u32) -> Entry {
        let key = Keyblock::new(18, &[u8::try_from(kvno).unwrap(); 32]);
        Entry { principal: name.parse().unwrap(), timestamp: 0, kvno, key }
    }

    fn kvnos(keytab: &Keytab) -> Vec<u32> {
        keytab.entries.iter().map(|entry| entry.kvno).collect()
    }

    #[test]
    fn a_keytab_holds_what_the_word_says() {
        let after = Keytab { entries: vec![entry("db/h@R", 2), entry("db/h@R", 1)] };
        let other = Keytab { entries: vec![entry("host/h@R", 7)] };
        let held = |wanted| keytab(wanted, &after, &other).as_ref().map(kvnos);
        assert_eq!(held(RotatedKeytab::OldAndNew), Some(vec![2, 1]));
        assert_eq!(held(RotatedKeytab::NewOnly), Some(vec![2]));
        assert_eq!(held(RotatedKeytab::OldOnly), None);
        assert_eq!(held(RotatedKeytab::Nothing), Some(vec![]));
        assert_eq!(held(RotatedKeytab::OtherService), Some(vec![7]));
    }

    #[test]
    fn who_is_ahead_of_the_kdc_has_keys_that_it_does_not_have() {
        let before = Keytab { entries: vec![entry("db/h@R", 2), entry("db/h@R", 1)] };
        let after = ahead(&before, false);
        assert_eq!(kvnos(&after), [3, 2, 1]);
        assert_eq!(after.entries[1..], before.entries);
        let anew = ahead(&before, true);
        assert_eq!(kvnos(&anew), [2]);
        assert_ne!(anew.entries[0].key, before.entries[0].key);
    }
}
