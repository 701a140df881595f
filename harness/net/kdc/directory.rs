//! What a client's krb5.conf says: where the KDCs of a realm are, and to which realm a host belongs.

use shakedown_krb5::Principal;
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// Realms, their KDCs and their hosts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KdcDirectory {
    /// The KDCs of each realm, in the order in which they are asked (`[realms] kdc`).
    pub kdcs: BTreeMap<String, Vec<SocketAddr>>,
    /// Hosts (`db.test`) and domains (`.corp.example.com`) and their realms (`[domain_realm]`).
    pub domain_realm: BTreeMap<String, String>,
    /// The realm of names without one (`default_realm`).
    pub default_realm: Option<String>,
}

impl KdcDirectory {
    /// One realm with one KDC, which is also the default realm.
    #[must_use]
    pub fn of(realm: &str, kdc: SocketAddr) -> Self {
        Self {
            kdcs: BTreeMap::from([(realm.to_owned(), vec![kdc])]),
            domain_realm: BTreeMap::new(),
            default_realm: Some(realm.to_owned()),
        }
    }

    /// The KDCs of `realm`; none if it is not known.
    #[must_use]
    pub fn kdcs_of(&self, realm: &[u8]) -> &[SocketAddr] {
        std::str::from_utf8(realm).ok().and_then(|realm| self.kdcs.get(realm)).map_or(&[], Vec::as_slice)
    }

    /// `client` with the default realm if it has none.
    #[must_use]
    pub fn complete_client(&self, client: &Principal) -> Principal {
        let realm = self.default_realm.as_ref().filter(|_| client.realm.is_empty());
        Principal {
            realm: realm.map_or_else(|| client.realm.clone(), |realm| realm.clone().into_bytes()),
            ..client.clone()
        }
    }

    /// `service` with the realm of its host if it has none and one is written down: the host itself first, then the closest
    /// domain, as libkrb5 looks. Otherwise it stays without, and the KDC may refer.
    #[must_use]
    pub fn complete_service(&self, service: &Principal) -> Principal {
        let mut service = service.clone();
        if service.realm.is_empty()
            && let [_, host] = service.components.as_slice()
            && let Ok(host) = std::str::from_utf8(host)
            && let Some(realm) = self.realm_of_host(&host.to_ascii_lowercase())
        {
            service.realm = realm.as_bytes().to_vec();
        }
        service
    }

    fn realm_of_host(&self, host: &str) -> Option<&String> {
        let domains = host.match_indices('.').map(|(dot, _)| &host[dot..]);
        std::iter::once(host).chain(domains).find_map(|name| self.domain_realm.get(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_itself_wins_over_its_domain_and_the_closer_domain_over_the_farther() {
        let entries = [("db.a.test", "HOST"), (".a.test", "NEAR"), (".test", "FAR")];
        let domain_realm = entries.map(|(name, realm)| (name.to_owned(), realm.to_owned())).into();
        let directory = KdcDirectory { domain_realm, ..KdcDirectory::default() };
        for (host, realm) in [("db.a.test", "HOST"), ("DB2.a.test", "NEAR"), ("x.b.test", "FAR"), ("elsewhere", "")] {
            let service = directory.complete_service(&Principal::new(&["postgres", host], ""));
            assert_eq!(String::from_utf8_lossy(&service.realm), realm, "{host}");
        }
        let given = Principal::new(&["postgres", "db.a.test"], "GIVEN");
        assert_eq!(directory.complete_service(&given).realm, b"GIVEN");
    }
}
