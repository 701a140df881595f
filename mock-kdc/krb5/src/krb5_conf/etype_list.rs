//! Lists of encryption types, as `permitted_enctypes` has them.

use super::InvalidConfiguration;
use super::Relation;

/// What `DEFAULT` stands for, in MIT's order of preference: the four of AES, then DES3, RC4 and both of Camellia.
pub const DEFAULT_ETYPES: [i32; 8] = [18, 17, 20, 19, 16, 23, 25, 26];

/// Families, which stand for several types.
const FAMILIES: [(&str, &[i32]); 5] = [
    ("default", &DEFAULT_ETYPES),
    ("des3", &[16]),
    ("aes", &[18, 17, 20, 19]),
    ("rc4", &[23]),
    ("camellia", &[26, 25]),
];

/// Names and aliases of types. Those of DES are not among them: MIT took them out with 1.18.
const NAMES: [(&str, i32); 20] = [
    ("des3-cbc-sha1", 16),
    ("des3-hmac-sha1", 16),
    ("des3-cbc-sha1-kd", 16),
    ("aes128-cts-hmac-sha1-96", 17),
    ("aes128-cts", 17),
    ("aes128-sha1", 17),
    ("aes256-cts-hmac-sha1-96", 18),
    ("aes256-cts", 18),
    ("aes256-sha1", 18),
    ("aes128-cts-hmac-sha256-128", 19),
    ("aes128-sha2", 19),
    ("aes256-cts-hmac-sha384-192", 20),
    ("aes256-sha2", 20),
    ("arcfour-hmac", 23),
    ("rc4-hmac", 23),
    ("arcfour-hmac-md5", 23),
    ("camellia128-cts-cmac", 25),
    ("camellia128-cts", 25),
    ("camellia256-cts-cmac", 26),
    ("camellia256-cts", 26),
];

/// RC4's export variant, which counts as weak.
const WEAK: [(&str, i32); 3] = [("arcfour-hmac-exp", 24), ("rc4-hmac-exp", 24), ("arcfour-hmac-md5-exp", 24)];

/// The numbers of a list, preferred first: names and families between commas and blanks, with `-` before those to take out.
/// Words that are not known are passed over, as libkrb5 does, which reads files of newer and older releases; weak types are
/// too unless `allow_weak`.
///
/// # Errors
/// Nothing is left, for which libkrb5 refuses to go on (KRB5_CONFIG_ETYPE_NOSUPP).
pub(super) fn read(relation: &Relation, allow_weak: bool) -> Result<Vec<i32>, InvalidConfiguration> {
    let mut list = Vec::new();
    for word in relation.value.split([' ', '\t', '\r', '\n', ',']).filter(|word| !word.is_empty()) {
        let (adds, word) = match word.as_bytes()[0] {
            b'-' => (false, &word[1..]),
            b'+' => (true, &word[1..]),
            _ => (true, word),
        };
        for &etype in numbers(word, allow_weak) {
            list.retain(|known| adds || *known != etype);
            if adds && !list.contains(&etype) {
                list.push(etype);
            }
        }
    }
    if list.is_empty() {
        let names: Vec<&str> = NAMES.iter().map(|(name, _)| *name).collect();
        let families: Vec<&str> = FAMILIES.iter().map(|(name, _)| *name).collect();
        let allowed = format!("expected some of {}, {}", families.join(", "), names.join(", "));
        return Err(relation.fail(format!("'{}' names no encryption type, {allowed}", relation.value)));
    }
    Ok(list)
}

fn numbers(word: &str, allow_weak: bool) -> &'static [i32] {
    let family = FAMILIES.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, list)| *list);
    let of = |table: &'static [(&'static str, i32)]| {
        table.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, number)| std::slice::from_ref(number))
    };
    family.or_else(|| of(&NAMES)).or_else(|| of(&WEAK).filter(|_| allow_weak)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(value: &str, allow_weak: bool) -> Result<Vec<i32>, String> {
        let relation = Relation { value: value.into(), file: "k".into(), line: 3 };
        read(&relation, allow_weak).map_err(|error| error.to_string())
    }

    #[test]
    fn names_families_and_what_is_taken_out() {
        assert_eq!(list("aes256-cts, aes128-cts\trc4-hmac", false), Ok(vec![18, 17, 23]));
        assert_eq!(list("DEFAULT -camellia -DES3", false), Ok(vec![18, 17, 20, 19, 23]));
        assert_eq!(list("aes256-sha2 aes +rc4 rc4", false), Ok(vec![20, 18, 17, 19, 23]));
        assert_eq!(list("des-cbc-crc future-1 aes128-cts", false), Ok(vec![17]));
        assert_eq!(list("rc4-hmac-exp aes128-cts", false), Ok(vec![17]));
        assert_eq!(list("rc4-hmac-exp aes128-cts", true), Ok(vec![24, 17]));
        let failure = list("des-cbc-crc", false).unwrap_err();
        assert!(
            failure.starts_with("k:3: 'des-cbc-crc' names no encryption type, expected some of default, des3, aes, ")
        );
        assert!(list("aes -aes", true).is_err() && list("- + ,", true).is_err());
    }
}
