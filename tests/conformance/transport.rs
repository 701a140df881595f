//! The cubes of transport: no combination is missing, and each weakness of a client is found by exactly the cases that are about it.

use crate::play::{play, replaced, scenario};
use shakedown::engine::event::Verdict;
use shakedown::scenario::Source;
use std::collections::BTreeSet;

const MYSQL_MODES: [&str; 5] = ["DISABLED", "PREFERRED", "REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY"];
const SSLMODES: [&str; 6] = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];
const GSSENCMODES: [&str; 3] = ["disable", "prefer", "require"];
const TLS: [&str; 3] = ["none", "offered", "required"];

/// Every way to take one of each list, joined by slashes behind what stands before each.
fn product(axes: &[(&str, &[&str])]) -> BTreeSet<String> {
    axes.iter().fold([String::new()].into(), |begun: BTreeSet<String>, (label, values)| {
        let with = |begin: &String| values.iter().map(|value| format!("{begin}/{label}{value}")).collect::<Vec<_>>();
        begun.iter().flat_map(with).collect()
    })
}

/// The modes are those of the clients' manuals, the servers those that there can be; they are multiplied here and not there.
#[test]
fn no_combination_of_client_and_server_is_missing() {
    for (name, axes) in [
        (
            "transport/mysql-modes",
            &[
                ("", &["2.11.0", "3.04.0"][..]),
                ("ssl-mode-", &MYSQL_MODES),
                ("tls-", &TLS),
                ("", &["plain", "requires-ssl"]),
            ][..],
        ),
        (
            "transport/postgres-modes",
            &[
                ("", &["postgres", "direct-15", "direct-17"]),
                ("sslmode-", &SSLMODES),
                ("gssencmode-", &GSSENCMODES),
                ("tls-", &TLS),
                ("gss-", &["none", "accepted", "no-keytab", "no-ticket"]),
            ],
        ),
        (
            "transport/certificates",
            &[
                ("", &["mysql", "postgres"]),
                ("", &["nothing", "signer", "names", "common-name"]),
                (
                    "",
                    &[
                        "right",
                        "of-another-ca",
                        "self-signed",
                        "expired",
                        "not-yet-valid",
                        "of-another-name",
                        "without-san",
                        "other-san",
                        "cluster-in-san",
                        "cluster-not-in",
                    ],
                ),
                ("", &["rsa-2048", "rsa-4096", "ecdsa-p384"]),
            ],
        ),
    ] {
        let played = play(&[scenario(name)]);
        let passed: BTreeSet<_> = played.names(Verdict::Pass).into_iter().map(str::to_owned).collect();
        let wanted: BTreeSet<_> = product(axes).into_iter().map(|cell| format!("{name}{cell}")).collect();
        let missing: Vec<_> = wanted.difference(&passed).collect();
        assert!(missing.is_empty(), "{missing:#?}");
        assert_eq!(passed, wanted);
    }
}

/// A scenario whose client has a weakness.
fn weakened(name: &str, weakness: &str) -> Source {
    let Source { name, text, .. } = scenario(name);
    let weak = format!("[client.app]\ndeviations = [\"{weakness}\"]\n");
    Source::new(format!("{weakness}/{name}"), replaced(&text, "[client.app]\n", &weak))
}

#[test]
fn every_weakness_of_a_client_is_found_by_the_cases_about_it() {
    const CERTIFICATES: &str = "transport/certificates";
    let caught: &[(&str, &[&str])] = &[
        ("accepts-any-chain", &["*/{signer,names,common-name}/{of-another-ca,self-signed}/rsa-*"]),
        ("accepts-expired", &["*/{signer,names,common-name}/{expired,not-yet-valid}/rsa-*"]),
        (
            "skips-name-check",
            &[
                "*/names/{of-another-name,other-san,cluster-not-in}/rsa-*",
                "*/common-name/{of-another-name,cluster-in-san,cluster-not-in}/rsa-*",
            ],
        ),
        ("common-name-beside-san", &["*/names/other-san/rsa-*"]),
    ];
    let sources: Vec<_> = caught.iter().map(|(weakness, _)| weakened(CERTIFICATES, weakness)).collect();
    let patterns = caught.iter().flat_map(|(weakness, cases)| {
        cases.iter().map(move |case| format!("{weakness}/{CERTIFICATES}/{case}")).collect::<Vec<_>>()
    });
    let patterns: Vec<_> = patterns.collect();
    play(&sources).failed_exactly(&patterns.iter().map(String::as_str).collect::<Vec<_>>());

    let falls_back = "falls-back-to-clear";
    let modes = ["transport/mysql-modes", "transport/postgres-modes"].map(|name| weakened(name, falls_back));
    play(&modes).failed_exactly(&[
        "falls-back-to-clear/transport/mysql-modes/*/ssl-mode-{REQUIRED,VERIFY_CA,VERIFY_IDENTITY}/tls-none/*",
        "falls-back-to-clear/transport/postgres-modes/postgres/sslmode-{require,verify-ca,verify-full}/gssencmode-{disable,prefer}/tls-none/gss-{none,no-keytab}",
        "falls-back-to-clear/transport/postgres-modes/postgres/sslmode-{require,verify-ca,verify-full}/gssencmode-disable/tls-none/gss-accepted",
    ]);

    let listed: BTreeSet<_> = caught.iter().map(|(word, _)| *word).chain([falls_back]).collect();
    assert_eq!(listed, shakedown::tls::Deviation::ALL.iter().map(|weakness| weakness.word()).collect());
}

#[test]
fn a_server_that_does_not_enforce_tls_is_found() {
    let Source { text, .. } = scenario("transport/mysql-modes");
    let lax = replaced(&text, "[server.db]\n", "[server.db]\ndeviations = [\"secure-transport-not-enforced\"]\n");
    let played = play(&[Source::new("lax", lax)]);
    played.failed_exactly(&["lax/*/ssl-mode-DISABLED/tls-required/plain"]);
}
