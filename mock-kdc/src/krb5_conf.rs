//! The krb5.conf that a client needs to find KDCs of ours, and nothing else.

use std::fmt::Write as _;
use std::net::SocketAddr;

/// Where a realm is found and what belongs to it.
#[derive(Debug, Clone, Copy)]
pub struct Section<'a> {
    /// `CORP.EXAMPLE.COM`.
    pub realm: &'a str,
    /// Where its KDC listens.
    pub kdc: SocketAddr,
    /// Hosts (`db.test`) and domains (`.example.com`) of the realm.
    pub domains: &'a [String],
}

/// Text of a krb5.conf for one realm whose KDC is at `kdc`; see [`krb5_conf_of`].
#[must_use]
pub fn krb5_conf(realm: &str, kdc: SocketAddr, domains: &[String]) -> String {
    krb5_conf_of(&[Section { realm, kdc, domains }])
}

/// Text of a krb5.conf for several realms, the first of which is the default.
///
/// It switches off every question to DNS: names are taken as they are written, and only these KDCs are asked.
#[must_use]
pub fn krb5_conf_of(sections: &[Section<'_>]) -> String {
    const WRITES: &str = "a String takes all that is written";
    let mut text = "[libdefaults]\n".to_owned();
    if let Some(default) = sections.first() {
        writeln!(text, "    default_realm = {}", default.realm).expect(WRITES);
    }
    text.push_str(
        "    dns_lookup_kdc = false
    dns_lookup_realm = false
    rdns = false
    dns_canonicalize_hostname = false
    qualify_shortname = \"\"

[realms]
",
    );
    for Section { realm, kdc, .. } in sections {
        writeln!(text, "    {realm} = {{\n        kdc = {kdc}\n    }}").expect(WRITES);
    }
    if sections.iter().any(|section| !section.domains.is_empty()) {
        text.push_str("\n[domain_realm]\n");
    }
    for Section { realm, domains, .. } in sections {
        for domain in *domains {
            writeln!(text, "    {domain} = {realm}").expect(WRITES);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn realms_their_kdcs_and_their_hosts_are_named() {
        let domains = [["db.test".to_owned(), ".r.test".to_owned()], ["db.other".to_owned(), ".s.test".to_owned()]];
        let section = |realm, kdc: &str, domains| Section { realm, kdc: kdc.parse().unwrap(), domains };
        let text = krb5_conf_of(&[
            section("R.TEST", "127.0.0.1:88", &domains[0]),
            section("S.TEST", "127.0.0.1:89", &domains[1]),
        ]);
        for line in [
            "    default_realm = R.TEST",
            "    R.TEST = {",
            "        kdc = 127.0.0.1:88",
            "    S.TEST = {",
            "        kdc = 127.0.0.1:89",
            "    db.test = R.TEST",
            "    .r.test = R.TEST",
            "    db.other = S.TEST",
            "    .s.test = S.TEST",
        ] {
            assert_eq!(text.lines().filter(|found| *found == line).count(), 1, "{line} in\n{text}");
        }
    }

    #[test]
    fn nothing_is_written_about_hosts_that_there_are_not() {
        let text = krb5_conf("R", "127.0.0.1:88".parse().unwrap(), &[]);
        assert!(!text.contains("domain_realm]"), "{text}");
    }
}
