//! Names: `alice@CORP.EXAMPLE.COM`, `postgres/db.test@CORP.EXAMPLE.COM`.

use crate::messages::view::PrincipalView;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

/// A principal of a realm (RFC 4120 §6). Components and realm are octets, UTF-8 in practice.
///
/// The name type is a hint (RFC 4120 §6.2): it travels with the name, and two principals that differ in nothing else are
/// equal.
#[derive(Debug, Clone)]
pub struct Principal {
    /// `alice`, or `postgres` and `db.test`.
    pub components: Vec<Vec<u8>>,
    /// The realm; empty where a client's configuration decides.
    pub realm: Vec<u8>,
    /// What kind of name it is, one of [`name_type`].
    pub name_type: i32,
}

/// Name types (RFC 4120 §7.5.8, RFC 6111, RFC 6806).
pub mod name_type {
    /// Not known.
    pub const UNKNOWN: i32 = 0;
    /// A user, or a service given as a plain principal name.
    pub const PRINCIPAL: i32 = 1;
    /// A service with an instance, as krbtgt.
    pub const SRV_INST: i32 = 2;
    /// A service with its host as instance, as GSS-API host-based names.
    pub const SRV_HST: i32 = 3;
    /// `user@suffix` as one component.
    pub const ENTERPRISE: i32 = 10;
    /// Reserved names, as WELLKNOWN/ANONYMOUS.
    pub const WELLKNOWN: i32 = 11;
}

impl Principal {
    /// From text parts; the name type is that of a user, or of a ticket-granting service for `krbtgt` and a realm.
    #[must_use]
    pub fn new(components: &[&str], realm: &str) -> Self {
        Self::of_octets(components.iter().map(|c| c.as_bytes().to_vec()).collect(), realm.as_bytes().to_vec())
    }

    /// `krbtgt/REALM@REALM`, the ticket-granting service of a realm.
    #[must_use]
    pub fn krbtgt(realm: &[u8]) -> Self {
        Self::cross_realm_krbtgt(realm, realm)
    }

    /// `krbtgt/REALM@ISSUER`, the ticket-granting service of `realm` as `issuer` names it.
    #[must_use]
    pub fn cross_realm_krbtgt(realm: &[u8], issuer: &[u8]) -> Self {
        Self::of_octets(vec![b"krbtgt".to_vec(), realm.to_vec()], issuer.to_vec())
    }

    /// `WELLKNOWN/ANONYMOUS@WELLKNOWN:ANONYMOUS`, whoever it is (RFC 8062 §3).
    #[must_use]
    pub fn anonymous() -> Self {
        Self::new(&["WELLKNOWN", "ANONYMOUS"], "WELLKNOWN:ANONYMOUS").with_name_type(name_type::WELLKNOWN)
    }

    /// `user@suffix` as one component, of a realm that is a first guess (RFC 6806 §5): the KDC knows under which name and in which
    /// realm the user is.
    #[must_use]
    pub fn enterprise(name: &str, realm: &str) -> Self {
        Self::new(&[name], realm).with_name_type(name_type::ENTERPRISE)
    }

    /// Of which realm this is the ticket-granting service; `None` if it is none.
    #[must_use]
    pub fn krbtgt_realm(&self) -> Option<&[u8]> {
        match self.components.as_slice() {
            [krbtgt, realm] if krbtgt == b"krbtgt" => Some(realm),
            _ => None,
        }
    }

    /// The same name with another name type.
    #[must_use]
    pub fn with_name_type(self, name_type: i32) -> Self {
        Self { name_type, ..self }
    }

    fn of_octets(components: Vec<Vec<u8>>, realm: Vec<u8>) -> Self {
        let mut principal = Self { components, realm, name_type: name_type::PRINCIPAL };
        if principal.krbtgt_realm().is_some() {
            principal.name_type = name_type::SRV_INST;
        }
        principal
    }

    fn compared(&self) -> (&[Vec<u8>], &[u8]) {
        (&self.components, &self.realm)
    }
}

impl PartialEq for Principal {
    fn eq(&self, other: &Self) -> bool {
        self.compared() == other.compared()
    }
}

impl Eq for Principal {}

impl PartialOrd for Principal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Principal {
    fn cmp(&self, other: &Self) -> Ordering {
        self.compared().cmp(&other.compared())
    }
}

impl Hash for Principal {
    fn hash<H: Hasher>(&self, state: &mut H) {
        PrincipalView::from(self).hash(state);
    }
}

/// `name/instance@REALM` as MIT's krb5_unparse_name writes it: `/`, `@`, backslash, tab, newline, backspace and NUL that
/// belong to a part have a backslash. Without a realm there is no `@`. Octets that are not UTF-8 are replaced.
impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&PrincipalView::from(self), f)
    }
}

/// The text of a part in which nothing is escaped.
fn plain(part: &[u8]) -> Option<&str> {
    let is_plain = |octet: &u8| matches!(octet, b' '..=b'~') & !matches!(octet, b'/' | b'@' | b'\\');
    // Without an end before the end: many octets are looked at at a time.
    let all = part.iter().fold(true, |all, octet| all & is_plain(octet));
    std::str::from_utf8(part).ok().filter(|_| all)
}

/// Appends a part in which nothing is escaped; whether it is one.
pub(crate) fn append_plain(part: &[u8], text: &mut String) -> bool {
    plain(part).map(|part| text.push_str(part)).is_some()
}

pub(crate) fn write_escaped(f: &mut fmt::Formatter<'_>, part: &[u8]) -> fmt::Result {
    use fmt::Write;
    if let Some(text) = plain(part) {
        return f.write_str(text);
    }
    for character in String::from_utf8_lossy(part).chars() {
        match character {
            '/' | '@' | '\\' => write!(f, "\\{character}")?,
            '\t' => f.write_str("\\t")?,
            '\n' => f.write_str("\\n")?,
            '\u{8}' => f.write_str("\\b")?,
            '\0' => f.write_str("\\0")?,
            other => f.write_char(other)?,
        }
    }
    Ok(())
}

/// A text that is no principal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no principal, expected name[/instance][@REALM]")]
pub struct InvalidPrincipal(pub String);

impl FromStr for Principal {
    type Err = InvalidPrincipal;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).ok_or_else(|| InvalidPrincipal(text.to_owned()))
    }
}

/// `None` for an empty name, a second `@` or a backslash at the end. A `/` in the realm belongs to it.
fn parse(text: &str) -> Option<Principal> {
    let mut components = vec![Vec::new()];
    let mut realm: Option<Vec<u8>> = None;
    let mut octets = text.bytes();
    while let Some(octet) = octets.next() {
        match (octet, &mut realm) {
            (b'@', Some(_)) => return None,
            (b'@', None) => realm = Some(Vec::new()),
            (b'/', None) => components.push(Vec::new()),
            (octet, realm) => {
                let part = match realm {
                    Some(realm) => realm,
                    None => components.last_mut().expect("there is a first component"),
                };
                part.push(if octet == b'\\' { unescaped(octets.next()?) } else { octet });
            }
        }
    }
    let nameless = components.iter().all(Vec::is_empty);
    (!nameless).then(|| Principal::of_octets(components, realm.unwrap_or_default()))
}

const fn unescaped(octet: u8) -> u8 {
    match octet {
        b't' => b'\t',
        b'n' => b'\n',
        b'b' => 0x08,
        b'0' => 0,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn principal(text: &str) -> Principal {
        text.parse().unwrap()
    }

    #[test]
    fn names_are_taken_apart() {
        assert_eq!(principal("alice"), Principal::new(&["alice"], ""));
        assert_eq!(principal("postgres/db.test@CORP"), Principal::new(&["postgres", "db.test"], "CORP"));
        assert_eq!(principal("a\\@b\\/c\\\\@R"), Principal::new(&["a@b/c\\"], "R"));
        assert_eq!(principal("host/@R"), Principal::new(&["host", ""], "R"));
        assert_eq!(principal("a@/C=US/O=X"), Principal::new(&["a"], "/C=US/O=X"));
        assert_eq!(principal("\\n\\t\\b\\0"), Principal::new(&["\n\t\u{8}\0"], ""));
    }

    #[test]
    fn what_has_no_name_or_two_realms_is_refused() {
        for text in ["", "@R", "/@R", "a@b@c", "a\\"] {
            assert_eq!(text.parse::<Principal>(), Err(InvalidPrincipal(text.to_owned())));
        }
    }

    #[test]
    fn the_name_type_does_not_distinguish() {
        use std::collections::HashSet;
        let one = principal("krbtgt/R@R");
        let other = one.clone().with_name_type(name_type::UNKNOWN);
        assert_eq!(one.name_type, name_type::SRV_INST);
        assert_eq!(one, other);
        assert_eq!(one.cmp(&other), Ordering::Equal);
        assert_eq!(HashSet::from([one, other]).len(), 1);
        assert_ne!(principal("a@R"), principal("a@r"), "case distinguishes");
    }

    #[test]
    fn ticket_granting_services_are_recognised() {
        assert_eq!(Principal::krbtgt(b"R").to_string(), "krbtgt/R@R");
        assert_eq!(Principal::cross_realm_krbtgt(b"B", b"A").to_string(), "krbtgt/B@A");
        assert_eq!(principal("krbtgt/B@A").krbtgt_realm(), Some(&b"B"[..]));
        assert_eq!(principal("krbtgt@A").krbtgt_realm(), None);
        assert_eq!(principal("host/B@A").krbtgt_realm(), None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(components in proptest::collection::vec(".{0,6}", 1..4), realm in ".{0,6}") {
            prop_assume!(components.iter().any(|c| !c.is_empty()));
            let parts: Vec<_> = components.iter().map(String::as_str).collect();
            let written = Principal::new(&parts, &realm);
            prop_assert_eq!(principal(&written.to_string()), written);
        }
    }
}
