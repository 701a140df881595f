//! What a client makes of a krb5.conf.

use super::etype_list::{self, DEFAULT_ETYPES};
use super::{InvalidConfiguration, KdcAddress, Profile, Relation};
use crate::crypto::Etype;
use std::time::Duration;

/// The settings of a client, each with libkrb5's default. A value that libkrb5 would silently replace by its default
/// (`clockskew = 5m`) is refused here.
#[derive(Debug, Clone)]
pub struct ClientConfiguration {
    /// `default_realm`.
    pub default_realm: Option<String>,
    /// Encryption types of AS-REQ, preferred first: `default_tkt_enctypes`, or else `permitted_enctypes`. Numbers, as there may
    /// be some that are not implemented here.
    pub tkt_etypes: Vec<i32>,
    /// Encryption types of TGS-REQ: `default_tgs_enctypes`, or else `permitted_enctypes`.
    pub tgs_etypes: Vec<i32>,
    /// `permitted_enctypes`: what a session key may be.
    pub permitted_etypes: Vec<i32>,
    /// `allow_weak_crypto`.
    pub allow_weak_crypto: bool,
    /// `allow_rc4` (since 1.21): whether RC4 may be used for what it is listed for.
    pub allow_rc4: bool,
    /// `udp_preference_limit` in octets, 32,700 at most; 0 or 1 for TCP always.
    pub udp_preference_limit: usize,
    /// `clockskew`.
    pub clock_skew: Duration,
    /// `kdc_timesync`: whether the KDC's time is believed.
    pub kdc_timesync: bool,
    profile: Profile,
}

/// What is asked of a realm for a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TicketDefaults {
    /// `ticket_lifetime`, a day by default.
    pub ticket_lifetime: Duration,
    /// `renew_lifetime`; none by default.
    pub renew_lifetime: Option<Duration>,
    /// `forwardable`.
    pub forwardable: bool,
    /// `proxiable`.
    pub proxiable: bool,
    /// `noaddresses`: whether tickets are for any address, true by default.
    pub no_addresses: bool,
    /// `canonicalize`.
    pub canonicalize: bool,
}

impl ClientConfiguration {
    /// The settings that `profile` gives.
    ///
    /// # Errors
    /// A value that is not allowed, by line.
    pub fn new(profile: Profile) -> Result<Self, InvalidConfiguration> {
        let setting = |name: &str| profile.value(&["libdefaults", name]);
        let boolean = |name: &str, default| setting(name).map_or(Ok(default), Relation::boolean);
        let integer = |name: &str| setting(name).map(Relation::integer).transpose();
        let allow_weak_crypto = boolean("allow_weak_crypto", false)?;
        let etypes = |names: [&str; 2]| match names.into_iter().find_map(setting) {
            Some(relation) => etype_list::read(relation, allow_weak_crypto),
            None => Ok(DEFAULT_ETYPES.to_vec()),
        };
        let permitted = "permitted_enctypes";
        let skew = setting("clockskew").map(|relation| {
            let seconds = relation.integer()?;
            u64::try_from(seconds).map_err(|_| relation.fail(format!("'{seconds}', expected seconds from 0 on")))
        });
        Ok(Self {
            default_realm: setting("default_realm").map(|relation| relation.value.clone()),
            tkt_etypes: etypes(["default_tkt_enctypes", permitted])?,
            tgs_etypes: etypes(["default_tgs_enctypes", permitted])?,
            permitted_etypes: etypes([permitted, permitted])?,
            allow_weak_crypto,
            allow_rc4: boolean("allow_rc4", false)?,
            udp_preference_limit: match integer("udp_preference_limit")? {
                None | Some(..0) => 1465,
                Some(limit) => usize::try_from(limit.min(32_700)).expect("it is not negative"),
            },
            clock_skew: Duration::from_secs(skew.transpose()?.unwrap_or(300)),
            kdc_timesync: integer("kdc_timesync")? != Some(0),
            profile,
        })
    }

    /// The file's text as a tree, for settings that have no field here.
    #[must_use]
    pub const fn profile(&self) -> &Profile {
        &self.profile
    }

    /// What to ask of `realm`: `[libdefaults] REALM = { … }` comes before `[libdefaults]`.
    ///
    /// # Errors
    /// A value that is not allowed, by line.
    pub fn ticket_defaults(&self, realm: &str) -> Result<TicketDefaults, InvalidConfiguration> {
        let setting = |name: &str| {
            let own = self.profile.value(&["libdefaults", realm, name]);
            own.or_else(|| self.profile.value(&["libdefaults", name]))
        };
        let boolean = |name: &str, default| setting(name).map_or(Ok(default), Relation::boolean);
        let duration = |name: &str| setting(name).map(Relation::duration).transpose();
        Ok(TicketDefaults {
            ticket_lifetime: duration("ticket_lifetime")?.unwrap_or(Duration::from_secs(24 * 3600)),
            renew_lifetime: duration("renew_lifetime")?.filter(|life| !life.is_zero()),
            forwardable: boolean("forwardable", false)?,
            proxiable: boolean("proxiable", false)?,
            no_addresses: boolean("noaddresses", true)?,
            canonicalize: boolean("canonicalize", false)?,
        })
    }

    /// The realms that have a subsection in `[realms]`.
    #[must_use]
    pub fn realms(&self) -> Vec<&str> {
        self.profile.subsections(&["realms"])
    }

    /// The KDCs of a realm in the order in which they are asked (`kdc`).
    ///
    /// # Errors
    /// A value that names no KDC, by line.
    pub fn kdcs(&self, realm: &str) -> Result<Vec<KdcAddress>, InvalidConfiguration> {
        self.profile.values(&["realms", realm, "kdc"]).into_iter().map(KdcAddress::read).collect()
    }

    /// The KDCs that know a new password first (`primary_kdc`, formerly `master_kdc`); a login that another KDC refuses is tried
    /// again there.
    ///
    /// # Errors
    /// A value that names no KDC, by line.
    pub fn primary_kdcs(&self, realm: &str) -> Result<Vec<KdcAddress>, InvalidConfiguration> {
        let named = |name| self.profile.values(&["realms", realm, name]);
        let primary = Some(named("primary_kdc")).filter(|found| !found.is_empty());
        primary.unwrap_or_else(|| named("master_kdc")).into_iter().map(KdcAddress::read).collect()
    }

    /// The realm of a host (`[domain_realm]`): that of `db.corp.test`, or else of `.corp.test`, `corp.test`, `.test`, `test`.
    /// Addresses have none.
    #[must_use]
    pub fn realm_of_host(&self, host: &str) -> Option<&str> {
        if host.parse::<std::net::IpAddr>().is_ok() {
            return None;
        }
        let host = host.to_ascii_lowercase();
        let mut suffixes = host_suffixes(&host);
        suffixes.find_map(|name| self.profile.value(&["domain_realm", name])).map(|relation| relation.value.as_str())
    }

    /// All of `[domain_realm]`: hosts, and domains with a dot before them, with their realms.
    pub fn domain_realm(&self) -> impl Iterator<Item = (&str, &str)> {
        let names = self.profile.relations(&["domain_realm"]);
        names.into_iter().filter_map(|name| Some((name, self.profile.value(&["domain_realm", name])?.value.as_str())))
    }

    /// The realms between two (`[capaths] CLIENT = { SERVER = … }`); none where there is no such relation, and `.` for none
    /// in between.
    #[must_use]
    pub fn path(&self, client_realm: &str, server_realm: &str) -> Vec<&str> {
        let found = self.profile.values(&["capaths", client_realm, server_realm]);
        found.into_iter().map(|relation| relation.value.as_str()).collect()
    }

    /// What a library would ask DNS for and is not done here: each with the line that says so, or the realm that lacks a
    /// KDC. Nothing is looked up behind the caller's back.
    #[must_use]
    pub fn needs_dns(&self) -> Vec<InvalidConfiguration> {
        let asks = ["dns_lookup_kdc", "dns_lookup_realm", "dns_uri_lookup", "dns_canonicalize_hostname", "rdns"];
        let mut found: Vec<_> = asks
            .into_iter()
            .filter_map(|name| Some((name, self.profile.value(&["libdefaults", name])?)))
            .filter(|(_, relation)| relation.boolean() != Ok(false))
            .map(|(name, relation)| relation.fail(format!("{name} = {} needs DNS, which is not asked", relation.value)))
            .collect();
        for realm in self.realms() {
            for relation in self.profile.values(&["realms", realm, "kdc"]) {
                if KdcAddress::read(relation).is_ok_and(|kdc| kdc.socket_address().is_none()) {
                    let problem =
                        format!("the name '{}' needs DNS, which is not asked, expected an address", relation.value);
                    found.push(relation.fail(problem));
                }
            }
        }
        found
    }
}

/// `a.b.c`, `.b.c`, `b.c`, `.c`, `c`: what stands for a host in `[domain_realm]`, the closest first.
#[must_use = "it is lazy"]
pub fn host_suffixes(host: &str) -> impl Iterator<Item = &str> {
    let domains = host.match_indices('.').flat_map(move |(dot, _)| [&host[dot..], &host[dot + 1..]]);
    std::iter::once(host).chain(domains).filter(|name| !name.is_empty())
}

/// Of a list of numbers those that are implemented here, in their order.
#[must_use]
pub fn implemented_etypes(etypes: &[i32]) -> Vec<Etype> {
    etypes.iter().filter_map(|number| Etype::from_number(*number)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Transport;

    fn read(text: &str) -> Result<ClientConfiguration, InvalidConfiguration> {
        ClientConfiguration::new(Profile::parse("k", text)?)
    }

    #[test]
    fn an_empty_file_gives_libkrb5s_defaults() {
        let configuration = read("").unwrap();
        assert_eq!((configuration.default_realm.as_ref(), configuration.realms().len()), (None, 0));
        assert_eq!(implemented_etypes(&configuration.tkt_etypes)[..2], [Etype::Aes256Sha1, Etype::Aes128Sha1]);
        assert_eq!((configuration.udp_preference_limit, configuration.clock_skew.as_secs()), (1465, 300));
        assert!(configuration.kdc_timesync && !configuration.allow_weak_crypto && !configuration.allow_rc4);
        let defaults = TicketDefaults {
            ticket_lifetime: Duration::from_secs(86_400),
            renew_lifetime: None,
            forwardable: false,
            proxiable: false,
            no_addresses: true,
            canonicalize: false,
        };
        assert_eq!(configuration.ticket_defaults("R"), Ok(defaults));
        assert_eq!(configuration.needs_dns(), []);
    }

    #[test]
    fn each_setting_is_read() {
        let text = "[libdefaults]\ndefault_realm = R\npermitted_enctypes = aes\ndefault_tkt_enctypes = aes256-sha2\n\
                    allow_weak_crypto = yes\nallow_rc4 = on\nudp_preference_limit = 1\nclockskew = 60\nkdc_timesync = 0\n\
                    ticket_lifetime = 10h\nforwardable = true\nnoaddresses = false\n\
                    R = {\nrenew_lifetime = 7d\nforwardable = false\nproxiable = t\ncanonicalize = 1\n}\n\
                    [realms]\nR = {\nkdc = 127.0.0.1:1088\nkdc = tcp/[::1]\nmaster_kdc = localhost\n}\n\
                    [capaths]\nA = {\nB = X\nB = Y\n}\n";
        let configuration = read(text).unwrap();
        assert_eq!(
            (configuration.tkt_etypes.clone(), configuration.tgs_etypes.clone()),
            (vec![20], vec![18, 17, 20, 19])
        );
        assert_eq!((configuration.udp_preference_limit, configuration.clock_skew.as_secs()), (1, 60));
        assert!(!configuration.kdc_timesync && configuration.allow_weak_crypto && configuration.allow_rc4);
        let own = configuration.ticket_defaults("R").unwrap();
        assert_eq!((own.ticket_lifetime.as_secs(), own.renew_lifetime), (36_000, Some(Duration::from_secs(604_800))));
        assert_eq!((own.forwardable, own.proxiable, own.no_addresses, own.canonicalize), (false, true, false, true));
        let other = configuration.ticket_defaults("Q").unwrap();
        assert_eq!((other.forwardable, other.renew_lifetime), (true, None));
        let kdcs = configuration.kdcs("R").unwrap();
        assert_eq!(
            kdcs.iter().map(|kdc| (kdc.port, kdc.transport)).collect::<Vec<_>>(),
            [(1088, None), (88, Some(Transport::Tcp))]
        );
        assert_eq!(configuration.primary_kdcs("R").unwrap()[0].host, "localhost");
        assert_eq!((configuration.path("A", "B"), configuration.path("B", "A")), (vec!["X", "Y"], Vec::new()));
        let limit =
            |text: &str| read(&format!("[libdefaults]\nudp_preference_limit = {text}\n")).unwrap().udp_preference_limit;
        assert_eq!((limit("-1"), limit("0"), limit("32700"), limit("99999")), (1465, 0, 32_700, 32_700));
    }

    #[test]
    fn what_is_not_allowed_is_told_by_line() {
        let told = |setting: &str| read(&format!("[libdefaults]\n{setting}\n")).unwrap_err().to_string();
        assert_eq!(told("clockskew = 5m"), "k:2: '5m', expected a whole number of 32 bits");
        assert_eq!(told("clockskew = -5"), "k:2: '-5', expected seconds from 0 on");
        assert_eq!(
            told("allow_weak_crypto = 2"),
            "k:2: '2', expected one of y, yes, true, t, 1, on, n, no, false, nil, 0, off"
        );
        assert!(told("permitted_enctypes = des").starts_with("k:2: 'des' names no encryption type"));
        let configuration = read("[libdefaults]\nticket_lifetime = soon\n[realms]\nR = {\nkdc = :88\n}\n").unwrap();
        let told = configuration.ticket_defaults("R").unwrap_err().to_string();
        assert_eq!(told, "k:2: 'soon', expected a time: seconds, 1d2h3m4s, h:m, h:m:s or d-h:m:s");
        assert!(
            configuration
                .kdcs("R")
                .unwrap_err()
                .to_string()
                .starts_with("k:5: ':88': a KDC is expected, expected host")
        );
    }

    #[test]
    fn the_closest_name_of_a_host_decides_its_realm() {
        let text = "[domain_realm]\ndb.a.test = HOST\n.a.test = NEAR\ntest = BARE\nb.test = DOMAIN\n1.2.3.4 = NEVER\n";
        let configuration = read(text).unwrap();
        let hosts = [
            ("db.a.test", Some("HOST")),
            ("DB2.a.test", Some("NEAR")),
            ("a.test", Some("BARE")),
            ("x.b.test", Some("DOMAIN")),
            ("test", Some("BARE")),
            ("elsewhere", None),
            ("1.2.3.4", None),
            ("", None),
        ];
        for (host, realm) in hosts {
            assert_eq!(configuration.realm_of_host(host), realm, "{host}");
        }
        assert_eq!(host_suffixes("a.b.c").collect::<Vec<_>>(), ["a.b.c", ".b.c", "b.c", ".c", "c"]);
        assert_eq!(configuration.domain_realm().count(), 5);
    }

    #[test]
    fn what_needs_dns_is_told_and_not_done() {
        let text = "[libdefaults]\ndns_lookup_kdc = true\nrdns = false\ndns_canonicalize_hostname = fallback\n\
                    [realms]\nR = {\nkdc = kdc.test\nkdc = 127.0.0.1\n}\n";
        let told: Vec<_> = read(text).unwrap().needs_dns().iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "k:2: dns_lookup_kdc = true needs DNS, which is not asked",
                "k:4: dns_canonicalize_hostname = fallback needs DNS, which is not asked",
                "k:7: the name 'kdc.test' needs DNS, which is not asked, expected an address",
            ]
        );
    }
}
