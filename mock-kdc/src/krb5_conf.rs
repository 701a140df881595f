//! The krb5.conf that a client needs to find a KDC of ours, and nothing else.

use std::fmt::Write as _;
use std::net::SocketAddr;

/// Text of a krb5.conf for one realm whose KDC is at `kdc`. `domains` are hosts (`db.test`) and domains (`.example.com`) of the realm.
///
/// It switches off every question to DNS: names are taken as they are written, and only this KDC is asked.
#[must_use]
pub fn krb5_conf(realm: &str, kdc: SocketAddr, domains: &[String]) -> String {
    let mut text = format!(
        "[libdefaults]
    default_realm = {realm}
    dns_lookup_kdc = false
    dns_lookup_realm = false
    rdns = false
    dns_canonicalize_hostname = false
    qualify_shortname = \"\"

[realms]
    {realm} = {{
        kdc = {kdc}
    }}
"
    );
    if !domains.is_empty() {
        text.push_str("\n[domain_realm]\n");
    }
    for domain in domains {
        writeln!(text, "    {domain} = {realm}").expect("a String takes all that is written");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_realm_its_kdc_and_its_hosts_are_named() {
        let text = krb5_conf("R.TEST", "127.0.0.1:88".parse().unwrap(), &["db.test".to_owned(), ".r.test".to_owned()]);
        for line in
            ["    default_realm = R.TEST", "        kdc = 127.0.0.1:88", "    db.test = R.TEST", "    .r.test = R.TEST"]
        {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
    }
}
