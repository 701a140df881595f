//! DOMAIN-X500-COMPRESS (RFC 4120 §3.3.3.2).
//!
//! | element | is |
//! | --- | --- |
//! | `EDU` | the realm EDU |
//! | `MIT.` | MIT in front of the realm before it: `EDU,MIT.` is EDU and MIT.EDU |
//! | `/HP` | /HP after the realm before it: `/COM,/HP` is /COM and /COM/HP |
//! | ` /COM` | /COM, whatever is before it |
//! | nothing | all realms between its neighbours; the client's realm and the service's where there is none |
//! | `\,` | a comma that belongs to the name |

use super::{InvalidTransited, MAX_REALM, MAX_REALMS};

/// All realms that a transited field names, in the order of the path.
///
/// # Errors
/// It goes beyond its bounds, or leaves out realms where there is no telling which.
pub fn expand(contents: &[u8], client: &[u8], service: &[u8]) -> Result<Vec<Vec<u8>>, InvalidTransited> {
    let mut realms: Vec<Vec<u8>> = Vec::new();
    // What a shortened name is completed by. As libkrb5 has it, there is nothing before the first element unless it is
    // empty: then it is the client's realm.
    let mut before: Vec<u8> = Vec::new();
    let mut gap = false;
    let elements = elements(contents)?;
    for (index, element) in elements.iter().enumerate() {
        let Some(realm) = element.realm(&before)? else {
            gap = true;
            if index == 0 {
                before = client.to_vec();
            }
            continue;
        };
        if gap {
            realms.extend(between(&before, &realm)?);
            gap = false;
        }
        realms.push(realm.clone());
        before = realm;
        if realms.len() > MAX_REALMS {
            return Err(InvalidTransited::ManyRealms);
        }
    }
    if gap && !contents.is_empty() {
        realms.extend(between(&before, service)?);
    }
    if realms.len() > MAX_REALMS { Err(InvalidTransited::ManyRealms) } else { Ok(realms) }
}

/// A transited field with one realm more, which issued the ticket that was presented. The realms of client and service
/// belong to the path without being named. Where the name goes is what MIT's KDC does: beside a realm that it can
/// be shortened by, or that can be shortened by it; otherwise at the end.
///
/// # Errors
/// The field cannot be read, or would go beyond its bounds; the realm has no name, or one with a NUL in it.
pub fn add(contents: &[u8], realm: &[u8], client: &[u8], service: &[u8]) -> Result<Vec<u8>, InvalidTransited> {
    let mut path = Path::read(contents, client, realm)?;
    if realm != client && realm != service {
        path.add(realm)?;
    }
    Ok(path.0.iter().map(|named| named.written.as_slice()).collect::<Vec<_>>().join(&b','))
}

/// The named realms of a field, in its order.
struct Path(Vec<Named>);

struct Named {
    realm: Vec<u8>,
    /// Shortened and with its backslashes.
    written: Vec<u8>,
}

impl Path {
    /// Empty elements are written out, as what they leave out depends on their neighbours and these are about to change.
    fn read(contents: &[u8], client: &[u8], last: &[u8]) -> Result<Self, InvalidTransited> {
        let elements = elements(contents)?;
        if elements.iter().any(|element| element.name.is_empty()) {
            let mut path = Self(Vec::new());
            for realm in expand(contents, client, last)? {
                path.add(&realm)?;
            }
            return Ok(path);
        }
        let mut path = Vec::new();
        let mut before = Vec::new();
        for element in elements {
            let Some(realm) = element.realm(&before)? else { continue };
            before.clone_from(&realm);
            path.push(Named { realm, written: element.written.to_vec() });
        }
        Ok(Self(path))
    }

    fn add(&mut self, realm: &[u8]) -> Result<(), InvalidTransited> {
        if realm.is_empty() {
            return Err(InvalidTransited::EmptyRealm);
        }
        if realm.contains(&0) {
            return Err(InvalidTransited::Nul);
        }
        if realm.len() > MAX_REALM {
            return Err(InvalidTransited::LongRealm);
        }
        if self.0.len() >= MAX_REALMS {
            return Err(InvalidTransited::ManyRealms);
        }
        if self.0.iter().any(|named| named.realm == realm) {
            return Ok(());
        }
        for at in 0..self.0.len() {
            let follower_is_short = self.0.get(at + 1).is_some_and(|next| next.is_shortened());
            if !follower_is_short && let Some(short) = shortened(realm, &self.0[at].realm) {
                self.0.insert(at + 1, Named { realm: realm.to_vec(), written: short });
                return Ok(());
            }
            if let Some(short) = shortened(&self.0[at].realm, realm) {
                let above = at.checked_sub(1).map(|above| &*self.0[above].realm);
                let written = written_after(realm, above);
                self.0[at].written = short;
                self.0.insert(at, Named { realm: realm.to_vec(), written });
                return Ok(());
            }
        }
        let written = full(realm, !self.0.is_empty());
        self.0.push(Named { realm: realm.to_vec(), written });
        Ok(())
    }
}

impl Named {
    fn is_shortened(&self) -> bool {
        let read = element(&self.written);
        !read.stands_alone && (read.begins_with_slash || read.ends_with_dot)
    }
}

fn written_after(realm: &[u8], before: Option<&[u8]>) -> Vec<u8> {
    before.and_then(|before| shortened(realm, before)).unwrap_or_else(|| full(realm, before.is_some()))
}

/// Without being shortened. What begins with a slash would be taken for the end of the name before it, and what ends with a
/// dot for the beginning.
fn full(realm: &[u8], follows: bool) -> Vec<u8> {
    let mut written = Vec::with_capacity(realm.len() + 1);
    if follows && realm.starts_with(b"/") {
        written.push(b' ');
    }
    escape(realm, &mut written);
    if realm.ends_with(b".") {
        written.insert(written.len() - 1, b'\\');
    }
    written
}

/// `realm` after `before`, of which it is a part: `MIT.EDU` after `EDU` is `MIT.`, `/COM/HP` after `/COM` is `/HP`.
fn shortened(realm: &[u8], before: &[u8]) -> Option<Vec<u8>> {
    let x500 = before.starts_with(b"/");
    if before.is_empty() || realm.len() <= before.len() || realm.starts_with(b"/") != x500 {
        return None;
    }
    let rest = if x500 { realm.strip_prefix(before) } else { realm.strip_suffix(before) };
    // ANOTHEREDU is no part of EDU.
    let rest = rest.filter(|rest| if x500 { rest.starts_with(b"/") } else { rest.ends_with(b".") })?;
    let mut written = Vec::with_capacity(rest.len());
    escape(rest, &mut written);
    Some(written)
}

fn escape(name: &[u8], to: &mut Vec<u8>) {
    for (at, octet) in name.iter().enumerate() {
        if matches!(octet, b',' | b'\\') || (at == 0 && *octet == b' ') {
            to.push(b'\\');
        }
        to.push(*octet);
    }
}

/// What stands between two commas.
struct Element<'a> {
    /// As it is there.
    written: &'a [u8],
    /// Without backslashes and without the blank before it.
    name: Vec<u8>,
    stands_alone: bool,
    /// Whether its first or last octet is one that shortens.
    begins_with_slash: bool,
    ends_with_dot: bool,
}

impl Element<'_> {
    /// The whole name; none for an empty element.
    fn realm(&self, before: &[u8]) -> Result<Option<Vec<u8>>, InvalidTransited> {
        if self.name.is_empty() {
            return Ok(None);
        }
        let realm = if self.stands_alone {
            self.name.clone()
        } else if self.begins_with_slash {
            [before, &self.name].concat()
        } else if self.ends_with_dot {
            [&self.name, before].concat()
        } else {
            self.name.clone()
        };
        if realm.len() > MAX_REALM { Err(InvalidTransited::LongRealm) } else { Ok(Some(realm)) }
    }
}

fn elements(contents: &[u8]) -> Result<Vec<Element<'_>>, InvalidTransited> {
    // MIT's old KDCs counted the NUL at the end.
    let contents = contents.strip_suffix(b"\0").unwrap_or(contents);
    if contents.is_empty() {
        return Ok(Vec::new());
    }
    if contents.contains(&0) {
        return Err(InvalidTransited::Nul);
    }
    let backslashes = contents.iter().rev().take_while(|octet| **octet == b'\\').count();
    if backslashes % 2 == 1 {
        return Err(InvalidTransited::QuotesNothing);
    }
    let mut quoted = false;
    let is_comma = |octet: &u8| {
        let comma = *octet == b',' && !quoted;
        quoted = *octet == b'\\' && !quoted;
        comma
    };
    Ok(contents.split(is_comma).map(element).collect())
}

fn element(written: &[u8]) -> Element<'_> {
    let stands_alone = written.starts_with(b" ");
    let text = if stands_alone { &written[1..] } else { written };
    let mut name = Vec::with_capacity(text.len());
    let (mut quoted, mut ends_with_dot) = (false, false);
    for octet in text {
        if *octet == b'\\' && !quoted {
            quoted = true;
            continue;
        }
        ends_with_dot = *octet == b'.' && !quoted;
        quoted = false;
        name.push(*octet);
    }
    Element { written, stands_alone, begins_with_slash: text.starts_with(b"/"), ends_with_dot, name }
}

/// The realms between two of which one is above the other, in the order from `one` to `other`.
fn between(one: &[u8], other: &[u8]) -> Result<Vec<Vec<u8>>, InvalidTransited> {
    let (lower, upper) = if one.len() > other.len() { (one, other) } else { (other, one) };
    if upper.is_empty() || shortened(lower, upper).is_none() {
        return Err(InvalidTransited::NoHierarchy);
    }
    let marks = |octet: u8| lower.iter().enumerate().filter(move |(_, found)| **found == octet).map(|(at, _)| at);
    // The highest first.
    let mut realms: Vec<Vec<u8>> = if upper.starts_with(b"/") {
        marks(b'/').filter(|at| *at > upper.len()).map(|at| lower[..at].to_vec()).collect()
    } else {
        let start = lower.len() - upper.len();
        let dots = marks(b'.').filter(|at| at + 1 < start).map(|at| lower[at + 1..].to_vec());
        dots.collect::<Vec<_>>().into_iter().rev().collect()
    };
    if one == lower {
        realms.reverse();
    }
    Ok(realms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(realms: &[Vec<u8>]) -> String {
        realms.iter().map(|realm| String::from_utf8_lossy(realm)).collect::<Vec<_>>().join(" ")
    }

    fn expanded(client: &str, service: &str, contents: &str) -> Result<String, InvalidTransited> {
        expand(contents.as_bytes(), client.as_bytes(), service.as_bytes()).map(|realms| text(&realms))
    }

    /// Pairs and results of `src/lib/krb5/krb/transit-tests` of MIT krb5 (which sorts them), among them both examples of
    /// RFC 4120 §3.3.3.2.
    #[test]
    fn fields_are_expanded_as_libkrb5_does() {
        #[track_caller]
        fn check(client: &str, service: &str, contents: &str, expected: &str) {
            assert_eq!(expanded(client, service, contents).unwrap(), expected);
        }
        check("ATHENA.MIT.EDU", "HACK.FOOBAR.COM", ",EDU,BLORT.COM,COM,", "MIT.EDU EDU BLORT.COM COM FOOBAR.COM");
        check("ATHENA.MIT.EDU", "EDU", ",", "MIT.EDU");
        check("EDU", "ATHENA.MIT.EDU", ",", "MIT.EDU");
        check("x", "x", "/COM,/HP,/APOLLO, /COM/DEC", "/COM /COM/HP /COM/HP/APOLLO /COM/DEC");
        check(
            "x",
            "x",
            "EDU,MIT.,ATHENA.,WASHINGTON.EDU,CS.",
            "EDU MIT.EDU ATHENA.MIT.EDU WASHINGTON.EDU CS.WASHINGTON.EDU",
        );
        check("ATHENA.MIT.EDU", "/COM/HP/APOLLO", ",EDU, /COM,", "MIT.EDU EDU /COM /COM/HP");
        check("ATHENA.MIT.EDU", "CS.CMU.EDU", ",EDU,", "MIT.EDU EDU CMU.EDU");
        check("XYZZY.ATHENA.MIT.EDU", "XYZZY.CS.CMU.EDU", ",EDU,", "ATHENA.MIT.EDU MIT.EDU EDU CMU.EDU CS.CMU.EDU");
        let wrong = expanded("ATHENA.MIT.EDU", "/COM/HP/APOLLO", ",EDU,/COM,");
        assert_eq!(wrong, Err(InvalidTransited::NoHierarchy));
    }

    #[test]
    fn a_realm_without_a_name_cannot_be_added() {
        assert_eq!(add(b"C", b"", b"A.C", b"B.C"), Err(InvalidTransited::EmptyRealm));
        assert_eq!(add(b"C", b"", b"", b"B.C").unwrap(), b"C", "nor is it where it is the client's");
    }

    #[test]
    fn a_dot_at_the_end_is_written_so_that_it_shortens_nothing() {
        let written = add(b"X", b"D.", b"A", b"B").unwrap();
        assert_eq!(written, br"X,D\.");
        assert_eq!(text(&expand(&written, b"A", b"B").unwrap()), "X D.");
    }

    #[test]
    fn quoted_octets_belong_to_the_name() {
        assert_eq!(expanded("x", "x", r"A\,B,C\\,D\.").unwrap(), r"A,B C\ D.");
        assert_eq!(expanded("x", "x", r"A,\/B").unwrap(), "A /B", "a quoted slash shortens nothing");
        assert_eq!(expanded("x", "x", "").unwrap(), "");
        assert_eq!(expanded("x", "x", "A\0").unwrap(), "A");
        assert_eq!(expanded("x", "x", r"A,B\"), Err(InvalidTransited::QuotesNothing));
        assert_eq!(expanded("x", "x", r"A,B\\").unwrap(), r"A B\");
        assert_eq!(expanded("x", "x", "A\0\0"), Err(InvalidTransited::Nul));
        assert_eq!(add(b"A", b"B\0", b"x", b"x"), Err(InvalidTransited::Nul));
    }

    #[track_caller]
    fn check_add(contents: &str, realm: &str, expected: &str) {
        let added = add(contents.as_bytes(), realm.as_bytes(), b"CLIENT", b"SERVICE").unwrap();
        assert_eq!(String::from_utf8_lossy(&added), expected);
    }

    /// The examples of RFC 4120 §3.3.3.2, one realm at a time.
    #[test]
    fn a_realm_is_added_where_it_is_shortest() {
        check_add("", "MIT.EDU", "MIT.EDU");
        check_add("MIT.EDU", "EDU", "EDU,MIT.");
        check_add("EDU", "MIT.EDU", "EDU,MIT.");
        check_add("EDU,MIT.", "ATHENA.MIT.EDU", "EDU,MIT.,ATHENA.");
        check_add("EDU,MIT.,ATHENA.", "WASHINGTON.EDU", "EDU,MIT.,ATHENA.,WASHINGTON.EDU");
        check_add("EDU,MIT.,ATHENA.,WASHINGTON.EDU", "CS.WASHINGTON.EDU", "EDU,MIT.,ATHENA.,WASHINGTON.EDU,CS.");
        check_add("/COM,/HP", "/COM/HP/APOLLO", "/COM,/HP,/APOLLO");
        check_add("/COM,/HP,/APOLLO", "/COM/DEC", "/COM,/HP,/APOLLO, /COM/DEC");
        check_add("A", "/B", "A, /B");
        check_add("A", "B", "A,B");
        check_add("A", "A", "A");
        check_add("EDU", "ANOTHEREDU", "EDU,ANOTHEREDU");
        // The dot at the end shortens, though a backslash is before it: that one belongs to the name, quoted by another.
        check_add(r"B,\\.", "A.B", r"B,\\.,A.B");
    }

    #[test]
    fn the_ends_of_the_path_are_not_named() {
        check_add("A", "CLIENT", "A");
        check_add("A", "SERVICE", "A");
        check_add("", "SERVICE", "");
    }

    #[test]
    fn what_was_left_out_is_written_out_before_it_changes_its_meaning() {
        let added = add(b",EDU,", b"CMU.EDU", b"A.MIT.EDU", b"SERVICE").unwrap();
        assert_eq!(
            expanded("A.MIT.EDU", "SERVICE", &String::from_utf8(added).unwrap()).unwrap(),
            "EDU MIT.EDU CMU.EDU"
        );
    }

    #[test]
    fn what_is_too_long_is_refused() {
        let long = vec![b'A'; MAX_REALM];
        assert!(expand(&long, b"x", b"y").is_ok());
        assert_eq!(expand(&[&long[..], b"A"].concat(), b"x", b"y"), Err(InvalidTransited::LongRealm));
        assert_eq!(add(b"", &[&long[..], b"A"].concat(), b"x", b"y"), Err(InvalidTransited::LongRealm));
        let many = vec!["A"; MAX_REALMS].join(",");
        assert_eq!(expanded("x", "y", &many).unwrap().split(' ').count(), MAX_REALMS);
        assert_eq!(expanded("x", "y", &format!("{many},A")), Err(InvalidTransited::ManyRealms));
        // Each element makes the next longer.
        assert_eq!(expanded("x", "y", &vec!["aaaaaaaa."; MAX_REALMS].join(",")), Err(InvalidTransited::LongRealm));
    }

    proptest! {
        #[test]
        fn realms_that_are_added_are_all_there(
            realms in proptest::collection::vec("(/[A-C](/[A-C,\\\\]){0,2})|([A-C ,\\\\](\\.[A-C]){0,3})", 0..8),
        ) {
            let mut contents = Vec::new();
            for realm in &realms {
                contents = add(&contents, realm.as_bytes(), b"CLIENT", b"SERVICE").unwrap();
            }
            let mut found = expand(&contents, b"CLIENT", b"SERVICE").unwrap();
            let mut expected: Vec<_> = realms.into_iter().map(String::into_bytes).collect();
            expected.sort();
            expected.dedup();
            found.sort();
            prop_assert_eq!(found, expected, "{:?}", String::from_utf8_lossy(&contents));
        }

        #[test]
        fn any_octets_are_read_or_refused(contents in proptest::collection::vec(any::<u8>(), 0..600)) {
            let _ = expand(&contents, b"A.B", b"C.B");
            let _ = add(&contents, b"C.B", b"A.B", b"D.B");
        }

        #[test]
        fn marks_in_any_order_are_read_or_refused(contents in "[A,./ \\\\]{0,64}") {
            let _ = expand(contents.as_bytes(), b"A.B", b"C.B");
            let _ = add(contents.as_bytes(), b"C.B", b"A.B", b"D.B");
        }
    }
}
