//! What a client's krb5.conf says: where the KDCs of a realm are, and to which realm a host belongs.

use super::transport::Server;
use shakedown_krb5::Principal;
use shakedown_krb5::client::Transport;
use shakedown_krb5::krb5_conf::{ClientConfiguration, InvalidConfiguration, KdcAddress, host_suffixes};
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// Realms, their KDCs and their hosts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KdcDirectory {
    /// The KDCs of each realm, in the order in which they are asked (`[realms] kdc`).
    pub kdcs: BTreeMap<String, Vec<SocketAddr>>,
    /// The KDCs of each realm where a login is tried once more that another KDC refused (`primary_kdc`).
    pub primary: BTreeMap<String, Vec<SocketAddr>>,
    /// KDCs that are asked over one transport only (`kdc = tcp/…`).
    pub only: BTreeMap<SocketAddr, Transport>,
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
            default_realm: Some(realm.to_owned()),
            ..Self::default()
        }
    }

    /// What a krb5.conf says.
    ///
    /// # Errors
    /// A value of `kdc` or `primary_kdc` that names no KDC, or one that only DNS could find: DNS is not asked.
    pub fn from_configuration(configuration: &ClientConfiguration) -> Result<Self, InvalidConfiguration> {
        let mut directory = Self { default_realm: configuration.default_realm.clone(), ..Self::default() };
        for realm in configuration.realms() {
            let kdcs = directory.addresses(configuration, realm, configuration.kdcs(realm)?)?;
            directory.kdcs.insert(realm.to_owned(), kdcs);
            let primary = directory.addresses(configuration, realm, configuration.primary_kdcs(realm)?)?;
            if !primary.is_empty() {
                directory.primary.insert(realm.to_owned(), primary);
            }
        }
        let hosts = configuration.domain_realm();
        directory.domain_realm = hosts.map(|(name, realm)| (name.to_owned(), realm.to_owned())).collect();
        Ok(directory)
    }

    /// The addresses of KDCs; those of one transport are noted as such.
    fn addresses(
        &mut self,
        configuration: &ClientConfiguration,
        realm: &str,
        kdcs: Vec<KdcAddress>,
    ) -> Result<Vec<SocketAddr>, InvalidConfiguration> {
        let mut addresses = Vec::new();
        for kdc in kdcs {
            let address = kdc.socket_address().ok_or_else(|| {
                let problem =
                    format!("kdc '{}' of {realm} needs DNS, which is not asked, expected an address", kdc.host);
                let unresolved = configuration.needs_dns().into_iter().find(|told| told.problem.contains(&kdc.host));
                let (file, line) = unresolved.map_or_else(Default::default, |told| (told.file, told.line));
                InvalidConfiguration { file, line, problem }
            })?;
            self.only.extend(kdc.transport.map(|transport| (address, transport)));
            addresses.push(address);
        }
        Ok(addresses)
    }

    /// The KDCs of `realm`; none if it is not known.
    #[must_use]
    pub fn kdcs_of(&self, realm: &[u8]) -> &[SocketAddr] {
        std::str::from_utf8(realm).ok().and_then(|realm| self.kdcs.get(realm)).map_or(&[], Vec::as_slice)
    }

    /// The same with their transports; those that know new passwords first if `primary`.
    pub(super) fn servers_of(&self, realm: &[u8], primary: bool) -> Vec<Server> {
        let known = if primary { &self.primary } else { &self.kdcs };
        let addresses =
            std::str::from_utf8(realm).ok().and_then(|realm| known.get(realm)).map_or(&[][..], Vec::as_slice);
        addresses.iter().map(|&address| Server { address, only: self.only.get(&address).copied() }).collect()
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

    /// `service` with the realm of its host if it has none and one is written down: that of `db.corp.test`, or else of
    /// `.corp.test`, `corp.test`, `.test`, `test`, as libkrb5 looks. Otherwise it stays without, and the KDC may refer.
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
        host_suffixes(host).find_map(|name| self.domain_realm.get(name))
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
        let bare = KdcDirectory { domain_realm: [("a.test".into(), "BARE".into())].into(), ..KdcDirectory::default() };
        assert_eq!(bare.complete_service(&Principal::new(&["postgres", "db.a.test"], "")).realm, b"BARE");
        let given = Principal::new(&["postgres", "db.a.test"], "GIVEN");
        assert_eq!(directory.complete_service(&given).realm, b"GIVEN");
    }

    #[test]
    fn a_krb5_conf_names_kdcs_by_address_and_nothing_asks_dns() {
        let read = |text: &str| {
            let profile = shakedown_krb5::krb5_conf::Profile::parse("krb5.conf", text).unwrap();
            KdcDirectory::from_configuration(&ClientConfiguration::new(profile).unwrap())
        };
        let directory = read(
            "[libdefaults]\ndefault_realm = R\n[realms]\nR = {\nkdc = 127.0.0.1:1\nkdc = tcp/localhost:2\n\
             primary_kdc = 127.0.0.1:3\n}\n[domain_realm]\n.test = R\n",
        )
        .unwrap();
        let [first, second, third] = [1, 2, 3].map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
        assert_eq!((directory.kdcs_of(b"R"), directory.default_realm.as_deref()), (&[first, second][..], Some("R")));
        assert_eq!(directory.servers_of(b"R", true), [Server { address: third, only: None }]);
        assert_eq!(directory.servers_of(b"R", false)[1], Server { address: second, only: Some(Transport::Tcp) });
        assert_eq!(directory.complete_service(&Principal::new(&["postgres", "db.test"], "")).realm, b"R");
        let refused = read("[realms]\nR = {\nkdc = kdc.corp.test\n}\n").unwrap_err();
        let expected = "krb5.conf:3: kdc 'kdc.corp.test' of R needs DNS, which is not asked, expected an address";
        assert_eq!(refused.to_string(), expected);
    }
}
