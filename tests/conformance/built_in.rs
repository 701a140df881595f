//! The scenarios that are built in, without running them.

use shakedown::scenario::{Library, Plan, Source, make_plan};
use std::collections::BTreeMap;

/// Written by hand from the scenarios' axes: what is planned, and what is played.
pub(crate) const CELLS: [(&str, usize); 107] = [
    ("clients/connectors", 18),
    ("cluster/endpoints", 12),
    ("cluster/failover", 2),
    ("cluster/global", 24),
    ("cluster/long-names", 4),
    ("cluster/port-change", 4),
    ("cluster/proxy-endpoint", 24),
    ("cluster/reboot", 2),
    ("cluster/roles", 12),
    ("cluster/size", 2),
    ("iam/cleartext", 24),
    ("iam/exclusivity", 288),
    ("iam/host-patterns", 216),
    ("iam/logins", 96),
    ("iam/throttle", 2),
    ("iam/tokens", 126),
    ("iam/use", 2),
    ("kerberos/account-changes", 6),
    ("kerberos/account-realm", 6),
    ("kerberos/accounts", 32),
    ("kerberos/beside-passwords", 16),
    ("kerberos/client-models", 37),
    ("kerberos/endpoints", 8),
    ("kerberos/errors", 218),
    ("kerberos/expiry", 20),
    ("kerberos/fast", 12),
    ("kerberos/flavors", 30),
    ("kerberos/forged-proof", 6),
    ("kerberos/kdc-answers", 86),
    ("kerberos/kdc-failover", 4),
    ("kerberos/kdc-faults", 7),
    ("kerberos/keytab-ahead", 14),
    ("kerberos/keytab-rotation", 12),
    ("kerberos/kinit", 12),
    ("kerberos/krb5-conf", 10),
    ("kerberos/krbtgt-rotation", 4),
    ("kerberos/lockout", 4),
    ("kerberos/own-time", 4),
    ("kerberos/password-change", 8),
    ("kerberos/postdated", 12),
    ("kerberos/replay", 6),
    ("kerberos/rotation-and-clients", 8),
    ("kerberos/session-users", 6),
    ("kerberos/skew", 48),
    ("kerberos/success", 15),
    ("kerberos/ticket-faults", 14),
    ("kerberos/trust", 48),
    ("kerberos/trust-rotation", 12),
    ("kerberos/windows", 3),
    ("mysql/cipher-suites", 288),
    ("mysql/conditions", 20),
    ("mysql/databases", 24),
    ("mysql/default-plugin", 72),
    ("mysql/departures", 8),
    ("mysql/engines", 13),
    ("mysql/kerberos-login", 48),
    ("mysql/messages", 8),
    ("mysql/messages-of-clients", 35),
    ("mysql/messages-of-servers", 22),
    ("mysql/network-faults", 60),
    ("mysql/network-faults-of-clients", 50),
    ("mysql/order-of-checks", 64),
    ("mysql/parameter-changes", 3),
    ("mysql/parameter-groups", 21),
    ("mysql/passwords", 36),
    ("mysql/require-secure-transport", 24),
    ("mysql/require-ssl", 8),
    ("mysql/same-authority", 6),
    ("mysql/ssl-cipher", 64),
    ("mysql/ssl-cipher-unusable", 24),
    ("mysql/tls-not-offered", 2),
    ("mysql/tls-versions", 40),
    ("mysql/unreachable", 3),
    ("postgres/conditions", 20),
    ("postgres/departures", 10),
    ("postgres/engines", 7),
    ("postgres/kerberos-login", 12),
    ("postgres/messages", 3),
    ("postgres/messages-of-clients", 45),
    ("postgres/messages-of-servers", 22),
    ("postgres/network-faults", 45),
    ("postgres/network-faults-in-clear", 15),
    ("postgres/network-faults-of-clients", 45),
    ("postgres/passwords", 27),
    ("postgres/proof-by-ticket", 2),
    ("postgres/tls", 36),
    ("postgres/unreachable", 3),
    ("proxy/chains", 10),
    ("proxy/haproxy-kerberos", 10),
    ("proxy/haproxy-mysql", 12),
    ("proxy/haproxy-names", 16),
    ("proxy/haproxy-postgres", 12),
    ("proxy/pgbouncer", 18),
    ("proxy/pgbouncer-clients", 18),
    ("proxy/pgbouncer-passwords", 32),
    ("proxy/pgbouncer-servers", 9),
    ("proxy/pgbouncer-trust", 5),
    ("tls/providers", 8),
    ("tls/required", 18),
    ("tls/trust", 24),
    ("tls/wrong-octet", 18),
    ("transport/certificates", 240),
    ("transport/changes", 8),
    ("transport/mysql-modes", 60),
    ("transport/one-authority", 14),
    ("transport/postgres-modes", 648),
    ("transport/suites-outside", 240),
];

fn plan() -> Plan {
    make_plan(&Source::built_in(), &Library::built_in().expect("it was built with these"), &BTreeMap::new())
        .unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn every_scenario_has_the_cells_that_it_is_meant_to_have() {
    let mut cells: BTreeMap<String, usize> = BTreeMap::new();
    for case in &plan().cases {
        *cells.entry(case.scenario.name.clone()).or_default() += 1;
    }
    assert_eq!(cells, CELLS.map(|(name, cells)| (name.to_owned(), cells)).into());
}

#[test]
fn the_catalogue_has_all_131_requirements_in_order() {
    let library = Library::built_in().unwrap();
    let numbers = |document: &str| {
        let prefix = format!("{document}-");
        let of_document =
            library.catalogue.all().iter().filter_map(|r| r.id.strip_prefix(&prefix)?.parse::<usize>().ok());
        of_document.collect::<Vec<_>>()
    };
    for (document, count) in [("S0", 26), ("S1", 16), ("S2", 8), ("S3", 64), ("S4", 17)] {
        assert_eq!(numbers(document), (1..=count).collect::<Vec<_>>(), "{document}");
    }
    assert_eq!(library.catalogue.all().len(), 131);
}

#[test]
fn a_requirement_is_shown_on_both_sides_of_its_boundary() {
    let plan = plan();
    let sides = |id: &str| {
        let shown = plan.cases.iter().filter(|case| case.shown().contains(&id));
        let last = shown.map(|case| case.steps.last().unwrap().expectation.as_ref().unwrap().client.to_string());
        let (allowed, refused): (Vec<_>, Vec<_>) = last.partition(|outcome| outcome.starts_with("established"));
        (allowed.len(), refused.len())
    };
    assert_eq!(sides("S3-41"), (22, 4));
    assert_eq!(sides("S3-52"), (5, 21));
    assert_eq!(sides("S3-18"), (7, 1));
    assert_eq!(sides("S1-06"), (16, 16));
    assert_eq!(sides("S3-11"), (2, 13));
    assert_eq!(sides("S3-54"), (2, 14));
    assert_eq!(sides("S3-62"), (7, 18));
    assert_eq!(sides("S0-04"), (4, 0));
}
