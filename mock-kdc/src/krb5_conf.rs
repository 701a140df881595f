//! The krb5.conf that a client needs to find KDCs of ours, and nothing else.

use std::fmt::Write as _;
use std::net::SocketAddr;

use shakedown_krb5::transited::Capaths;

/// Where a realm is found and what belongs to it.
#[derive(Debug, Clone, Copy)]
pub struct Section<'a> {
    /// `CORP.EXAMPLE.COM`.
    pub realm: &'a str,
    /// Where its KDCs listen, in the order in which they are to be asked.
    pub kdcs: &'a [SocketAddr],
    /// Hosts (`db.test`) and domains (`.example.com`) of the realm.
    pub domains: &'a [String],
}

/// Text of a krb5.conf for one realm whose KDC is at `kdc`; see [`krb5_conf_of`].
#[must_use]
pub fn krb5_conf(realm: &str, kdc: SocketAddr, domains: &[String]) -> String {
    krb5_conf_of(&[Section { realm, kdcs: &[kdc], domains }], &Capaths::default())
}

/// Text of a krb5.conf for several realms, the first of which is the default, with the ways between them that are not
/// those of the hierarchy.
///
/// It switches off every question to DNS: names are taken as they are written, and only these KDCs are asked.
#[must_use]
pub fn krb5_conf_of(sections: &[Section<'_>], paths: &Capaths) -> String {
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
    for Section { realm, kdcs, .. } in sections {
        let kdcs: String = kdcs.iter().map(|kdc| format!("        kdc = {kdc}\n")).collect();
        writeln!(text, "    {realm} = {{\n{kdcs}    }}").expect(WRITES);
    }
    if sections.iter().any(|section| !section.domains.is_empty()) {
        text.push_str("\n[domain_realm]\n");
    }
    for Section { realm, domains, .. } in sections {
        for domain in *domains {
            writeln!(text, "    {domain} = {realm}").expect(WRITES);
        }
    }
    text.push_str(&capaths(paths));
    text
}

/// The section that says through which realms one gets from one to another; nothing where none is written down.
#[must_use]
pub fn capaths(paths: &Capaths) -> String {
    const WRITES: &str = "a String takes all that is written";
    let mut text = String::new();
    let mut written_for = None;
    for (client, service, between) in paths.entries() {
        if written_for != Some(client) {
            text.push_str(if written_for.is_none() { "\n[capaths]\n" } else { "    }\n" });
            writeln!(text, "    {} = {{", String::from_utf8_lossy(client)).expect(WRITES);
            written_for = Some(client);
        }
        // A dot is the direct way.
        let direct = [b".".to_vec()];
        for realm in if between.is_empty() { &direct[..] } else { between } {
            let (service, realm) = (String::from_utf8_lossy(service), String::from_utf8_lossy(realm));
            writeln!(text, "        {service} = {realm}").expect(WRITES);
        }
    }
    if written_for.is_some() {
        text.push_str("    }\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn realms_their_kdcs_and_their_hosts_are_named() {
        let domains = [["db.test".to_owned(), ".r.test".to_owned()], ["db.other".to_owned(), ".s.test".to_owned()]];
        let kdcs = [88, 89, 90].map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
        let text = krb5_conf_of(
            &[
                Section { realm: "R.TEST", kdcs: &kdcs[..1], domains: &domains[0] },
                Section { realm: "S.TEST", kdcs: &kdcs[1..], domains: &domains[1] },
            ],
            &Capaths::default(),
        );
        for line in [
            "    default_realm = R.TEST",
            "    R.TEST = {",
            "        kdc = 127.0.0.1:88",
            "    S.TEST = {",
            "        kdc = 127.0.0.1:89",
            "        kdc = 127.0.0.1:90",
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
        assert!(!text.contains("domain_realm]") && !text.contains("[capaths]"), "{text}");
    }

    #[test]
    fn ways_between_realms_are_named_in_their_order() {
        let paths =
            Capaths::default().with(b"A", b"D", [&b"C"[..], b"B"]).with(b"A", b"B", []).with(b"D", b"A", [&b"B"[..]]);
        let expected = "\n[capaths]\n    A = {\n        B = .\n        D = C\n        D = B\n    }\n    D = {\n        A = B\n    }\n";
        assert_eq!(capaths(&paths), expected);
    }
}
