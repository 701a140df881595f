//! Through which realms one gets from one to another (RFC 4120 §1.2).

use std::collections::BTreeMap;

/// Paths that are written down, as in `[capaths]` of krb5.conf; all others follow the hierarchy of names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Capaths {
    /// The realms between the client's realm and the service's; none for a direct trust (`.` in krb5.conf).
    between: BTreeMap<Ends, Vec<Vec<u8>>>,
}

/// The client's realm and the service's.
type Ends = (Vec<u8>, Vec<u8>);

impl Capaths {
    /// These paths and one more: from `client`'s realm to `service`'s through `between`, in this order.
    #[must_use]
    pub fn with<'r>(mut self, client: &[u8], service: &[u8], between: impl IntoIterator<Item = &'r [u8]>) -> Self {
        let between = between.into_iter().map(<[u8]>::to_vec).collect();
        self.between.insert((client.to_vec(), service.to_vec()), between);
        self
    }

    /// The realms from `client`'s to `service`'s, both included: what is written, or else the hierarchy.
    #[must_use]
    pub fn path(&self, client: &[u8], service: &[u8]) -> Vec<Vec<u8>> {
        self.written(client, service).unwrap_or_else(|| hierarchical_path(client, service))
    }

    /// The same, if it is written.
    #[must_use]
    pub fn written(&self, client: &[u8], service: &[u8]) -> Option<Vec<Vec<u8>>> {
        let between = self.between.get(&(client.to_vec(), service.to_vec()))?;
        Some([client.to_vec()].into_iter().chain(between.iter().cloned()).chain([service.to_vec()]).collect())
    }

    /// All that is written: from, to, and the realms between.
    pub fn entries(&self) -> impl Iterator<Item = (&[u8], &[u8], &[Vec<u8>])> {
        self.between.iter().map(|((client, service), between)| (&**client, &**service, &**between))
    }

    /// Whether nothing is written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.between.is_empty()
    }
}

/// The realms from `client`'s to `service`'s, both included, as their names have it: up to what both have in common, and
/// down again. Two without anything in common are taken to trust each other at their tops, as libkrb5 does. Between
/// names of different kinds (`EXAMPLE.COM` and `/O=EXAMPLE`) there is the direct way only.
#[must_use]
pub fn hierarchical_path(client: &[u8], service: &[u8]) -> Vec<Vec<u8>> {
    if client == service {
        return vec![client.to_vec()];
    }
    if client.starts_with(b"/") || service.starts_with(b"/") {
        return vec![client.to_vec(), service.to_vec()];
    }
    let (up, down) = (with_parents(client), with_parents(service));
    let common = up.iter().find(|realm| down.contains(realm)).copied();
    let until_common = |realms: Vec<&[u8]>| -> Vec<Vec<u8>> {
        realms.into_iter().take_while(|realm| Some(*realm) != common).map(<[u8]>::to_vec).collect()
    };
    let mut path = until_common(up);
    path.extend(common.map(<[u8]>::to_vec));
    path.extend(until_common(down).into_iter().rev());
    path
}

/// `A.B.C`, `B.C`, `C`.
fn with_parents(realm: &[u8]) -> Vec<&[u8]> {
    let dots = realm.iter().enumerate().filter(|(_, octet)| **octet == b'.').map(|(at, _)| &realm[at + 1..]);
    std::iter::once(realm).chain(dots).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(client: &str, service: &str, expected: &str) {
        let path = hierarchical_path(client.as_bytes(), service.as_bytes());
        let path: Vec<_> = path.iter().map(|realm| String::from_utf8_lossy(realm)).collect();
        assert_eq!(path.join(" "), expected);
    }

    /// RFC 4120 §1.2; `mock-kdc/tests/exchanges/trust` walks some of them with MIT's programs.
    #[test]
    fn the_hierarchy_is_walked_up_and_down() {
        check("FOO.BAR.ORG", "BAZ.BAR.ORG", "FOO.BAR.ORG BAR.ORG BAZ.BAR.ORG");
        check("ATHENA.MIT.EDU", "HACK.EDU", "ATHENA.MIT.EDU MIT.EDU EDU HACK.EDU");
        check("ATHENA.MIT.EDU", "CSAIL.MIT.EDU", "ATHENA.MIT.EDU MIT.EDU CSAIL.MIT.EDU");
        check("ATHENA.MIT.EDU", "HACK.COM", "ATHENA.MIT.EDU MIT.EDU EDU COM HACK.COM");
        check("EDU", "ATHENA.MIT.EDU", "EDU MIT.EDU ATHENA.MIT.EDU");
        check("ATHENA.MIT.EDU", "MIT.EDU", "ATHENA.MIT.EDU MIT.EDU");
        check("R", "R", "R");
        check("/O=A", "B.C", "/O=A B.C");
    }

    #[test]
    fn what_is_written_wins() {
        let capaths = Capaths::default().with(b"A.X", b"B.X", [&b"HUB"[..], b"SPOKE"]).with(b"A.X", b"X", []);
        let path = |client: &str, service: &str| {
            let path = capaths.path(client.as_bytes(), service.as_bytes());
            path.iter().map(|realm| String::from_utf8_lossy(realm).into_owned()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(path("A.X", "B.X"), "A.X HUB SPOKE B.X");
        assert_eq!(path("A.X", "X"), "A.X X");
        assert_eq!(path("B.X", "A.X"), "B.X X A.X", "a path has a direction");
    }
}
