//! The cipher suites that peers negotiate, by number and by name.
//!
//! Numbers and IANA names: the registry "TLS Cipher Suites" (RFC 8446 §11 and predecessors). The short names are OpenSSL's,
//! which are also MySQL's and PostgreSQL's. Which of these a server *should* accept is written down elsewhere, by hand.

use crate::handshake::TlsVersion;

/// One cipher suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Suite {
    /// The two octets on the wire.
    pub id: u16,
    /// OpenSSL's name: `ECDHE-RSA-AES128-SHA`.
    pub name: &'static str,
    /// The registered name: `TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA`.
    pub iana: &'static str,
    /// The oldest version that can carry it.
    pub since: TlsVersion,
    /// The newest version that can carry it.
    pub until: TlsVersion,
}

/// A suite of TLS 1.0 and later, up to 1.2.
const fn any(id: u16, name: &'static str, iana: &'static str) -> Suite {
    Suite { id, name, iana, since: TlsVersion::Tls1_0, until: TlsVersion::Tls1_2 }
}

/// A suite of TLS 1.2 alone: its PRF or its AEAD exists only there (RFC 5246 §1.2, RFC 5288 §3).
const fn only_1_2(id: u16, name: &'static str, iana: &'static str) -> Suite {
    Suite { id, name, iana, since: TlsVersion::Tls1_2, until: TlsVersion::Tls1_2 }
}

/// A suite of TLS 1.3 alone (RFC 8446 §B.4).
const fn only_1_3(id: u16, name: &'static str) -> Suite {
    Suite { id, name, iana: name, since: TlsVersion::Tls1_3, until: TlsVersion::Tls1_3 }
}

/// All known suites, by number.
pub const ALL: &[Suite] = &[
    any(0x000A, "DES-CBC3-SHA", "TLS_RSA_WITH_3DES_EDE_CBC_SHA"),
    any(0x002F, "AES128-SHA", "TLS_RSA_WITH_AES_128_CBC_SHA"),
    any(0x0033, "DHE-RSA-AES128-SHA", "TLS_DHE_RSA_WITH_AES_128_CBC_SHA"),
    any(0x0035, "AES256-SHA", "TLS_RSA_WITH_AES_256_CBC_SHA"),
    any(0x0039, "DHE-RSA-AES256-SHA", "TLS_DHE_RSA_WITH_AES_256_CBC_SHA"),
    only_1_2(0x003C, "AES128-SHA256", "TLS_RSA_WITH_AES_128_CBC_SHA256"),
    only_1_2(0x003D, "AES256-SHA256", "TLS_RSA_WITH_AES_256_CBC_SHA256"),
    any(0x0041, "CAMELLIA128-SHA", "TLS_RSA_WITH_CAMELLIA_128_CBC_SHA"),
    any(0x0045, "DHE-RSA-CAMELLIA128-SHA", "TLS_DHE_RSA_WITH_CAMELLIA_128_CBC_SHA"),
    only_1_2(0x0067, "DHE-RSA-AES128-SHA256", "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256"),
    only_1_2(0x006B, "DHE-RSA-AES256-SHA256", "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256"),
    any(0x0084, "CAMELLIA256-SHA", "TLS_RSA_WITH_CAMELLIA_256_CBC_SHA"),
    any(0x0088, "DHE-RSA-CAMELLIA256-SHA", "TLS_DHE_RSA_WITH_CAMELLIA_256_CBC_SHA"),
    only_1_2(0x009C, "AES128-GCM-SHA256", "TLS_RSA_WITH_AES_128_GCM_SHA256"),
    only_1_2(0x009D, "AES256-GCM-SHA384", "TLS_RSA_WITH_AES_256_GCM_SHA384"),
    only_1_2(0x009E, "DHE-RSA-AES128-GCM-SHA256", "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"),
    only_1_2(0x009F, "DHE-RSA-AES256-GCM-SHA384", "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384"),
    only_1_3(0x1301, "TLS_AES_128_GCM_SHA256"),
    only_1_3(0x1302, "TLS_AES_256_GCM_SHA384"),
    only_1_3(0x1303, "TLS_CHACHA20_POLY1305_SHA256"),
    any(0xC009, "ECDHE-ECDSA-AES128-SHA", "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"),
    any(0xC00A, "ECDHE-ECDSA-AES256-SHA", "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA"),
    any(0xC013, "ECDHE-RSA-AES128-SHA", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"),
    any(0xC014, "ECDHE-RSA-AES256-SHA", "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"),
    only_1_2(0xC023, "ECDHE-ECDSA-AES128-SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"),
    only_1_2(0xC024, "ECDHE-ECDSA-AES256-SHA384", "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384"),
    only_1_2(0xC027, "ECDHE-RSA-AES128-SHA256", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256"),
    only_1_2(0xC028, "ECDHE-RSA-AES256-SHA384", "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384"),
    only_1_2(0xC02B, "ECDHE-ECDSA-AES128-GCM-SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"),
    only_1_2(0xC02C, "ECDHE-ECDSA-AES256-GCM-SHA384", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
    only_1_2(0xC02F, "ECDHE-RSA-AES128-GCM-SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
    only_1_2(0xC030, "ECDHE-RSA-AES256-GCM-SHA384", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"),
    only_1_2(0xCCA8, "ECDHE-RSA-CHACHA20-POLY1305", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"),
    only_1_2(0xCCA9, "ECDHE-ECDSA-CHACHA20-POLY1305", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"),
    only_1_2(0xCCAA, "DHE-RSA-CHACHA20-POLY1305", "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256"),
];

impl Suite {
    /// The suite of that number.
    #[must_use]
    pub fn by_id(id: u16) -> Option<&'static Self> {
        ALL.iter().find(|suite| suite.id == id)
    }

    /// The suite of that name, OpenSSL's or the registered one.
    #[must_use]
    pub fn by_name(name: &str) -> Option<&'static Self> {
        ALL.iter().find(|suite| suite.name == name || suite.iana == name)
    }

    /// Whether `version` can carry it.
    #[must_use]
    pub fn exists_in(&self, version: TlsVersion) -> bool {
        self.since <= version && version <= self.until
    }
}

/// OpenSSL's name of a suite, or its number where the table has none: `0xC0FF`.
#[must_use]
pub fn name_of(id: u16) -> String {
    Suite::by_id(id).map_or_else(|| format!("0x{id:04X}"), |suite| suite.name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handshake::TlsOffer;
    use crate::tls::{ClientContext, ClientSettings, RecordTap, Seen, Speaker};

    /// What OpenSSL offers when it is told of one suite by name; `None` if it would say nothing.
    fn offered(suite: &'static Suite, version: TlsVersion) -> Option<Vec<u16>> {
        let settings = ClientSettings { versions: vec![version], suites: vec![suite], ..ClientSettings::default() };
        let context = ClientContext::new(&settings).ok().filter(|context| !context.asks_by_hand())?;
        let (mut wire, mut seen) = (Vec::new(), Vec::new());
        context.session(&TlsOffer::default(), None).unwrap().take_wire(&mut wire);
        RecordTap::default().read(Speaker::Client, &wire, &mut seen);
        match seen.pop() {
            Some(Seen::ClientHello(hello)) => Some(hello.suites),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_table_agrees_with_openssl_on_numbers_names_and_versions() {
        // Triple DES and Camellia are not built in.
        let built_in = |suite: &&Suite| !suite.name.contains("DES") && !suite.name.contains("CAMELLIA");
        for suite in ALL.iter().filter(built_in) {
            assert_eq!(openssl::ssl::cipher_name(suite.iana), suite.name);
            for version in TlsVersion::ALL {
                let offered = offered(suite, version);
                assert_eq!(offered.is_some(), suite.exists_in(version), "{} {version}", suite.name);
                assert!(offered.is_none_or(|offered| offered.contains(&suite.id)), "{} {version}", suite.name);
            }
        }
    }

    #[test]
    fn a_suite_is_found_by_either_name_and_an_unknown_one_keeps_its_number() {
        let suite = Suite::by_name("ECDHE-RSA-AES128-SHA").unwrap();
        assert_eq!(Suite::by_name("TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"), Some(suite));
        assert_eq!((name_of(0xC013).as_str(), name_of(0xC0FF).as_str()), ("ECDHE-RSA-AES128-SHA", "0xC0FF"));
        assert!(suite.exists_in(TlsVersion::Tls1_0) && !suite.exists_in(TlsVersion::Tls1_3));
    }
}
