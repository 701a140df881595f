//! The krb5.conf of programs: what libkrb5 and everything built on it needs to find the KDCs, and nothing that asks DNS.

use crate::scenario::party::{self, ClientKrb5};
use crate::testbed::realm::StandingRealm;
use mock_kdc::krb5_conf::{Section, krb5_conf_of};
use shakedown_krb5::crypto::Etype;
use shakedown_krb5::transited::Capaths;
use std::fmt::Write as _;
use std::net::SocketAddr;

/// The krb5.conf of a client that is a program. `hosts` are those of servers, each with its realm.
pub(super) fn krb5_conf<'s>(
    realms: impl Iterator<Item = &'s StandingRealm>,
    hosts: impl Iterator<Item = (&'s str, Option<&'s str>)>,
    client: &party::Client,
) -> String {
    let hosts: Vec<(&str, Option<&str>)> = hosts.collect();
    let realms: Vec<_> = realms.map(|realm| (&*realm.planned, realm.addresses())).collect();
    text(&realms, &hosts, client)
}

fn text(realms: &[(&party::Realm, Vec<SocketAddr>)], hosts: &[(&str, Option<&str>)], client: &party::Client) -> String {
    let domains: Vec<Vec<String>> = realms
        .iter()
        .enumerate()
        .map(|(index, (realm, _))| {
            // What belongs to no realm is looked for in the first, which is the default.
            let of_realm = |of: Option<&str>| of.map_or(index == 0, |of| of == realm.realm);
            hosts.iter().filter(|(_, of)| of_realm(*of)).map(|(host, _)| (*host).to_owned()).collect()
        })
        .collect();
    let sections: Vec<_> = realms
        .iter()
        .zip(&domains)
        .map(|((realm, kdcs), domains)| Section { realm: &realm.realm, kdcs, domains })
        .collect();
    let mut text = krb5_conf_of(&sections, &Capaths::default());
    if client.destroy_tickets {
        text.push_str("\n[appdefaults]\n    mysql = {\n        destroy_tickets = true\n    }\n");
    }
    let names_rc4 = realms.iter().any(|(realm, _)| realm.names_rc4());
    text.replacen("[libdefaults]\n", &format!("[libdefaults]\n{}", of_client(client, names_rc4)), 1)
}

/// The lines of `[libdefaults]` that are the client's own.
fn of_client(client: &party::Client, names_rc4: bool) -> String {
    const WRITES: &str = "a String takes all that is written";
    let ClientKrb5 { etypes, clock_skew_seconds, udp_preference_limit } = &client.krb5;
    let has_rc4 = names_rc4 || etypes.contains(&Etype::Rc4Hmac.number());
    let mut lines = if has_rc4 { ALLOW_RC4 } else { "" }.to_owned();
    if !etypes.is_empty() {
        let names: Vec<_> = etypes.iter().filter_map(|number| Etype::from_number(*number)).map(Etype::name).collect();
        let names = names.join(" ");
        writeln!(lines, "    default_tkt_enctypes = {names}\n    default_tgs_enctypes = {names}").expect(WRITES);
    }
    if let Some(seconds) = clock_skew_seconds {
        writeln!(lines, "    clockskew = {seconds}").expect(WRITES);
    }
    if let Some(octets) = udp_preference_limit {
        writeln!(lines, "    udp_preference_limit = {octets}").expect(WRITES);
    }
    if !client.kdc_timesync {
        lines.push_str("    kdc_timesync = 0\n");
    }
    lines
}

/// What libkrb5 has to know to accept tickets as `host` of a realm: no KDC is asked for that.
pub(super) fn server_krb5_conf(realm: &party::Realm, host: &str) -> String {
    let (rc4, realm) = (if realm.names_rc4() { ALLOW_RC4 } else { "" }, &realm.realm);
    format!(
        "[libdefaults]\n{rc4}    default_realm = {realm}\n    dns_lookup_kdc = false\n    dns_lookup_realm = false\n    rdns = false\n    \
         dns_canonicalize_hostname = false\n\n[domain_realm]\n    {host} = {realm}\n"
    )
}

/// The line of `[libdefaults]` that lets MIT's programs of version 1.21 and later use RC4 in a realm that names it; older ones do
/// so unless they are told otherwise.
pub(super) const ALLOW_RC4: &str = "    allow_rc4 = true\n";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::kdc::KerberosSettings;
    use crate::scenario::{Library, Source, make_plan};
    use shakedown_krb5::krb5_conf::{ClientConfiguration, Profile};
    use std::collections::BTreeMap;
    use std::time::Duration;

    /// What a client of these lines is told about a realm with two KDCs.
    fn told(lines: &str) -> String {
        let scenario = format!(
            "title = \"t\"\nsource = \"s\"\n[realm.corp]\nrealm = \"CORP.EXAMPLE.COM\"\n[client.app]\nlogin = \"alice\"\n{lines}\n\
             [axes]\none = [\"x\"]\n[[step]]\nkinit = {{ by = \"app\", user = \"alice\", realm = \"corp\" }}\nthen = \"established\"\n"
        );
        let plan = make_plan(&[Source::new("x", scenario)], &Library::built_in().unwrap(), &BTreeMap::new()).unwrap();
        let case = &plan.cases[0];
        let kdcs = ["127.0.0.2:1088", "127.0.0.1:88"].map(|address| address.parse().unwrap());
        text(&[(&*case.realms["corp"], kdcs.to_vec())], &[("db.test", None)], &case.clients["app"])
    }

    /// What our own client makes of that, which is not ours to write twice: libkrb5's words have one reader.
    fn understood(lines: &str) -> KerberosSettings {
        let profile = Profile::parse("krb5.conf", &told(lines)).unwrap();
        KerberosSettings::from_configuration(&ClientConfiguration::new(profile).unwrap()).unwrap()
    }

    #[test]
    fn every_kdc_of_a_realm_is_named_in_its_order() {
        let kdcs = understood("").directory.kdcs_of(b"CORP.EXAMPLE.COM").to_vec();
        assert_eq!(kdcs.iter().map(ToString::to_string).collect::<Vec<_>>(), ["127.0.0.2:1088", "127.0.0.1:88"]);
    }

    #[test]
    fn a_client_is_told_what_is_its_own() {
        let own = understood(
            "krb5 = { etypes = [\"rc4-hmac\", \"aes128-cts-hmac-sha1-96\"], clockskew = \"1m\", udp_preference_limit = 1 }\n\
             kdc_timesync = false\ndestroy_tickets = true",
        );
        let etypes = Some(vec![Etype::Rc4Hmac, Etype::Aes128Sha1]);
        assert_eq!((&own.etypes, &own.tgs_etypes), (&etypes, &etypes));
        assert_eq!((own.udp_preference_limit, own.clock_skew), (Some(1), Duration::from_secs(60)));
        assert!(!own.trust_kdc_time && own.destroy_tickets);
    }

    #[test]
    fn nothing_is_written_of_what_is_as_usual() {
        let text = told("");
        for word in ["enctypes", "clockskew", "udp_preference_limit", "kdc_timesync", "appdefaults", "allow_rc4"] {
            assert!(!text.contains(word), "{word} in\n{text}");
        }
    }
}
