//! Each departure that a mock can be asked to make, switched on in every built-in scenario that it can touch: exactly the cases
//! concerned fail, and say why. What no case catches is listed with its reason.

use crate::play::play;
use shakedown::scenario::Source;
use std::collections::BTreeSet;

/// A departure and the cases that catch it.
struct Caught {
    deviation: &'static str,
    /// One of these stands in the explanation of each failure.
    because: &'static [&'static str],
    /// Patterns of case names.
    cases: &'static [&'static [&'static str]],
}

/// Cases of MySQL that get past TLS and log in, besides those that are about accounts.
const MYSQL_TLS_LOGINS: &[&str] = &[
    "mysql/cipher-suites/{2.07.9,2.09.2,2.09.3,2.10.1,2.10.2,3.01.0,3.04.0}/tls1.2/DHE-*",
    "mysql/cipher-suites/{2.07.9,2.09.2,2.09.3,2.10.1,2.10.2,3.01.0,3.04.0}/tls1.{0,1}/DHE-RSA-*-SHA",
    "mysql/cipher-suites/{2.09.3,2.10.2,2.11.0,3.01.0,3.04.0}/tls1.2/ECDHE-*",
    "mysql/cipher-suites/{2.09.3,2.10.2,2.11.0,3.01.0,3.04.0}/tls1.{0,1}/ECDHE-RSA-*-SHA",
    "mysql/ssl-cipher/*/{unset,two}/*/{DHE,ECDHE}-RSA-*-SHA",
    "mysql/ssl-cipher/*/one/*/ECDHE-RSA-AES256-SHA",
    "mysql/ssl-cipher/*/{unset,of-tls-1.2}/tls1.2/ECDHE-RSA-AES128-GCM-SHA256",
    "mysql/ssl-cipher-unusable/2.10.2/DHE-*",
    "mysql/tls-versions/*/*/client-{1.2,1.0-1.2,1.1-1.2,1.2-1.3}",
    "mysql/tls-versions/*/tls_version-{unset,TLSv1,TLSv1.1}/client-{1.1,1.0-1.1}",
    "mysql/tls-versions/*/tls_version-{unset,TLSv1}/client-1.0",
    "tls/providers",
];

/// Cases that are about the plugin of the greeting, the checks behind a password, and databases.
const MYSQL_CHECKS: &[&str] = &["mysql/databases", "mysql/default-plugin", "mysql/order-of-checks"];

const MYSQL: &[Caught] = &[
    Caught {
        deviation: "wrong-error-code",
        because: &["expected refused by server: 1045 28000, was refused by server: 1044 42000"],
        cases: &[&[
            "mysql/passwords/*/*/{wrong,empty,empty-is-wrong,unknown-user}",
            "mysql/require-secure-transport/*/*/*/wrong",
            "mysql/default-plugin/*/*/*/{wrong,empty}",
            "mysql/order-of-checks/*/*/*/*/*/wrong",
        ]],
    },
    Caught {
        deviation: "no-ssl-bit",
        because: &["was refused by client: tls_refused"],
        cases: &[&[
            "mysql/cipher-suites",
            "mysql/default-plugin/*/*/tls/*",
            "mysql/order-of-checks/*/*/*/tls/*/*",
            "mysql/kerberos-login/*/*/*/tls",
            "mysql/passwords/*/tls/*",
            "mysql/require-secure-transport/*/*/tls/*",
            "mysql/require-ssl/*/*/tls",
            "mysql/ssl-cipher",
            "mysql/ssl-cipher-unusable",
            "mysql/tls-versions",
            "tls/providers",
        ]],
    },
    Caught {
        deviation: "wrong-sequence-id",
        because: &["protocol_violation (peer broke the protocol: sequence id"],
        cases: &[
            MYSQL_TLS_LOGINS,
            MYSQL_CHECKS,
            &["mysql/kerberos-login", "mysql/passwords", "mysql/require-secure-transport", "mysql/require-ssl"],
        ],
    },
    Caught {
        deviation: "no-sqlstate",
        because: &["was refused by server: 104", "was refused by server: 1524", "was refused by server: 3159"],
        cases: &[&[
            "mysql/kerberos-login/3.02.2",
            "mysql/databases/*/all/absent",
            "mysql/databases/*/kept-to-app/{other,absent,mysql}",
            "mysql/default-plugin/*/*/*/{wrong,empty}",
            "mysql/order-of-checks/*/*/*/*/*/wrong",
            "mysql/order-of-checks/*/*/*/*/absent/right",
            "mysql/order-of-checks/*/*/requires-ssl/clear/none/right",
            "mysql/order-of-checks/*/ON/plain/clear/none/right",
            "mysql/passwords/*/*/{wrong,empty,empty-is-wrong,unknown-user}",
            "mysql/require-secure-transport/*/*/*/wrong",
            "mysql/require-secure-transport/*/ON/clear/right",
            "mysql/require-ssl/*/requires-ssl/clear",
        ]],
    },
    Caught {
        // The native plugin's nonce is in the greeting; an unknown user is asked by caching_sha2_password, as if there were one.
        deviation: "nonce-without-nul",
        because: &["NUL behind the nonce"],
        cases: &[&[
            "mysql/default-plugin/native/{caching-sha2,cached-sha2,sha256}/*/*",
            "mysql/default-plugin/caching-sha2/{native,sha256}/*/*",
            "mysql/default-plugin/sha256/{native,caching-sha2,cached-sha2}/*/*",
            "mysql/passwords/{caching-sha2,cached-sha2}/*/*",
            "mysql/passwords/native/*/unknown-user",
        ]],
    },
    Caught {
        deviation: "accepts-wrong-secret",
        because: &["was established", "was refused by server: 3159 HY000", "was refused by server: 1049 42000"],
        // Who may not come without TLS is refused by the same code for that.
        cases: &[&[
            "mysql/default-plugin/*/*/*/{wrong,empty}",
            "mysql/order-of-checks/*/*/plain/*/*/wrong",
            "mysql/order-of-checks/*/*/requires-ssl/tls/*/wrong",
            "mysql/passwords/*/*/{wrong,empty,empty-is-wrong}",
            "mysql/require-secure-transport/*/*/*/wrong",
        ]],
    },
    Caught {
        deviation: "refuses-right-secret",
        because: &["was refused by server: 1045 28000"],
        cases: &[
            MYSQL_TLS_LOGINS,
            &[
                "mysql/kerberos-login/{3.03.0,3.04.0}/{by-kinit,by-password}/*/*",
                "mysql/databases",
                "mysql/default-plugin/*/*/*/right",
                "mysql/order-of-checks/*/*/plain/*/*/right",
                "mysql/order-of-checks/*/*/requires-ssl/tls/*/right",
                "mysql/passwords/*/*/{right,empty-is-right}",
                "mysql/require-secure-transport/*/*/*/right",
                "mysql/require-ssl/*/plain/*",
                "mysql/require-ssl/*/requires-ssl/tls",
            ],
        ],
    },
    Caught {
        deviation: "no-ap-rep",
        because: &["OK without the AP-REP that mutual authentication asked for"],
        cases: &[&["mysql/kerberos-login/{3.03.0,3.04.0}/{by-kinit,by-password}/mutual/*"]],
    },
    Caught {
        deviation: "secure-transport-not-enforced",
        because: &["expected refused by server: 3159 HY000, was "],
        cases: &[&[
            "mysql/order-of-checks/*/ON/plain/clear/*/right",
            "mysql/require-secure-transport/*/ON/clear/right",
        ]],
    },
    Caught {
        // A password that is empty is empty by caching_sha2_password too; by the native plugin it is no octet, not a NUL. Over TLS
        // sha256_password asks for the same octets, so that only who expects no question notices.
        deviation: "asks-for-cleartext",
        because: &[
            "was refused by server: 1045 28000",
            "was refused by server: 1043 08S01",
            "cleartext_forbidden",
            "trace",
        ],
        cases: &[
            MYSQL_TLS_LOGINS,
            &[
                "mysql/kerberos-login/{3.03.0,3.04.0}/*/*/*",
                "mysql/databases",
                "mysql/default-plugin/*/{native,caching-sha2,cached-sha2}/*/right",
                "mysql/default-plugin/*/sha256/clear/right",
                "mysql/default-plugin/sha256/sha256/tls/right",
                "mysql/order-of-checks/*/*/plain/*/*/right",
                "mysql/order-of-checks/*/*/requires-ssl/tls/*/right",
                "mysql/passwords/*/*/right",
                "mysql/passwords/native/*/empty-is-right",
                "mysql/require-secure-transport/*/*/*/right",
                "mysql/require-ssl/*/plain/*",
                "mysql/require-ssl/*/requires-ssl/tls",
                // What is no scramble by its length alone is another error than a wrong one.
                "mysql/default-plugin/*/native/*/{empty,wrong}",
                "mysql/order-of-checks/native/*/*/*/*/wrong",
                "mysql/order-of-checks/native/*/requires-ssl/clear/*/right",
                "mysql/passwords/native/*/{empty,empty-is-wrong,wrong}",
                "mysql/require-secure-transport/*/*/*/wrong",
                "mysql/require-ssl/*/requires-ssl/clear",
            ],
        ],
    },
];

/// Departures that show in words and flags alone: `mysql/messages` notices them (`survey.rs`).
const MYSQL_UNCAUGHT: &[(&str, &str)] = &[
    ("error-message-byte", "no scenario expects the words of an error"),
    ("status-flag", "no scenario expects the flags of an OK"),
    ("sqlstate-before-greeting", "mysql/conditions notices, which is apart here; the survey plays it"),
];

/// Cases of PostgreSQL that get past TLS in the matrix of suites.
const POSTGRES_TLS_LOGINS: &[&str] = &["postgres/tls/tls1.2/*", "postgres/tls/tls1.{0,1}/*-SHA"];

/// Cases that are asked for SCRAM: an unknown role is, whatever the others have.
const SCRAM: &[&str] =
    &["postgres/passwords/{scram,scram-plus}/*/*", "postgres/passwords/{md5,cleartext,trust}/*/unknown-role"];

const WRONG_PASSWORDS: &[&str] =
    &["postgres/passwords/*/*/unknown-role", "postgres/passwords/{scram,scram-plus,md5,cleartext}/*/wrong"];

const POSTGRES_OVER_TLS: &[&str] = &["postgres/kerberos-login/tls/*/*", "postgres/passwords/*/tls/*", "postgres/tls"];

const POSTGRES: &[Caught] = &[
    Caught {
        deviation: "wrong-password-is-28000",
        because: &["expected refused by server: 28P01, was refused by server: 28000"],
        cases: &[WRONG_PASSWORDS],
    },
    Caught {
        deviation: "wrong-password-is-xx000",
        because: &["expected refused by server: 28P01, was refused by server: XX000"],
        cases: &[WRONG_PASSWORDS],
    },
    Caught { deviation: "refuse-tls", because: &["was refused by client: tls_refused"], cases: &[POSTGRES_OVER_TLS] },
    Caught { deviation: "bytes-behind-tls-accept", because: &["octets behind 'S'"], cases: &[POSTGRES_OVER_TLS] },
    Caught {
        deviation: "wrong-server-signature",
        because: &["the server's signature does not match"],
        cases: &[POSTGRES_TLS_LOGINS, &["postgres/passwords/{scram,scram-plus}/*/right"]],
    },
    Caught {
        deviation: "scram-one-iteration",
        because: &["iteration count 1 is outside"],
        cases: &[POSTGRES_TLS_LOGINS, SCRAM],
    },
    Caught {
        deviation: "scram-huge-iterations",
        because: &["iteration count 2147483647 is outside"],
        cases: &[POSTGRES_TLS_LOGINS, SCRAM],
    },
    Caught {
        deviation: "scram-foreign-nonce",
        because: &["the server's nonce does not extend the client's"],
        cases: &[POSTGRES_TLS_LOGINS, SCRAM],
    },
    Caught {
        // A client that could bind and is not offered it says so, and the server knows that it had offered it.
        deviation: "strip-channel-binding",
        because: &["was refused by client: channel_binding", "was refused by server: 28000"],
        cases: &[POSTGRES_TLS_LOGINS, &["postgres/passwords/scram-plus/*/*"]],
    },
    Caught {
        // With GSS encryption nobody asks in any case.
        deviation: "ok-without-asking",
        because: &["by trust", "was refused by server: 28000", "was refused by client: channel_binding"],
        cases: &[
            POSTGRES_TLS_LOGINS,
            &[
                "postgres/kerberos-login/{clear,tls}/*/*",
                "postgres/passwords/{scram,scram-plus,md5,cleartext}/*/*",
                "postgres/passwords/trust/*/unknown-role",
            ],
        ],
    },
    Caught {
        deviation: "omit-ap-rep",
        because: &["AuthenticationOk before the AP-REP"],
        cases: &[&["postgres/kerberos-login/{clear,tls}/by-kinit/own-name"]],
    },
    Caught {
        deviation: "long-key-in-protocol-3.0",
        because: &["BackendKeyData has a key of 32 octets, allowed are 4 to 4"],
        cases: &[
            POSTGRES_TLS_LOGINS,
            &[
                "postgres/kerberos-login/*/by-kinit/own-name",
                "postgres/passwords/*/*/right",
                "postgres/passwords/trust/*/wrong",
            ],
        ],
    },
];

/// Departures that show in words and parameters, or to a client of protocol 3.2 alone: `postgres/messages` notices them (`survey.rs`).
const POSTGRES_UNCAUGHT: &[(&str, &str)] = &[
    ("minor-only-version", "these clients ask for protocol 3.0"),
    ("error-message-byte", "no outcome tells the words of an error"),
    ("parameter-status", "no outcome tells what a parameter is reported as"),
];

/// Cases that get a ticket.
const TICKETS: &[&str] = &[
    "kerberos/kinit/*/right-password",
    "mysql/kerberos-login/*/by-kinit/*/*",
    "mysql/kerberos-login/{3.03.0,3.04.0}/by-password/*/*",
    "postgres/kerberos-login/*/by-kinit/*",
];

/// Cases that ask the KDC, whatever it answers.
const REQUESTS: &[&str] = &[
    "kerberos/kinit",
    "mysql/kerberos-login/*/by-kinit/*/*",
    "mysql/kerberos-login/{3.03.0,3.04.0}/{by-password,by-wrong-password}/*/*",
    "postgres/kerberos-login/*/by-kinit/*",
];

const KDC: &[Caught] = &[
    Caught { deviation: "wrong-nonce", because: &["reply rejected: nonce"], cases: &[TICKETS] },
    Caught { deviation: "wrong-client", because: &["reply rejected: cname"], cases: &[TICKETS] },
    Caught { deviation: "wrong-service", because: &["reply rejected: sname"], cases: &[TICKETS] },
    Caught {
        // kinit takes the ticket for what it is; whoever uses it finds it expired.
        deviation: "end-time-in-the-past",
        because: &["no_ticket (no credentials)", "no_ticket (krb 11)"],
        cases: &[&[
            "mysql/kerberos-login/{3.03.0,3.04.0}/{by-kinit,by-password}/*/*",
            "postgres/kerberos-login/*/by-kinit/*",
        ]],
    },
    Caught { deviation: "end-time-beyond-till", because: &["reply rejected: endtime"], cases: &[TICKETS] },
    Caught { deviation: "wrong-etype", because: &["reply rejected: integrity"], cases: &[TICKETS] },
    Caught { deviation: "broken-ciphertext", because: &["reply rejected: integrity"], cases: &[TICKETS] },
    Caught { deviation: "truncated", because: &["malformed reply", "kdc: expected krb 24"], cases: &[REQUESTS] },
    Caught { deviation: "silent", because: &["timed out in kdc_as"], cases: &[REQUESTS] },
];

#[test]
fn every_departure_of_the_mysql_mock_is_caught() {
    let words = shakedown::mysql::Deviation::ALL.iter().map(|deviation| deviation.word()).collect();
    let words = without(words, &["mysql/messages-of-servers", "kerberos/forged-proof"], MYSQL);
    check("[server.db]\n", &["mysql", "tls"], words, MYSQL, MYSQL_UNCAUGHT);
}

#[test]
fn every_departure_of_the_postgres_mock_is_caught() {
    let words = shakedown::postgres::Deviation::ALL.iter().map(|deviation| deviation.word()).collect();
    let words = without(words, &["postgres/messages-of-servers", "kerberos/forged-proof"], POSTGRES);
    check("[server.db]\n", &["postgres"], words, POSTGRES, POSTGRES_UNCAUGHT);
}

#[test]
fn every_departure_of_the_mock_kdc_is_caught() {
    // The scenario has each of them, with what comes of it at a client; a login with the commonest is played here.
    let scenario = include_str!("../../scenarios/kerberos/kdc-answers.toml");
    let (_, axis) = scenario.split_once("departure = [").unwrap();
    let listed: BTreeSet<_> = axis.split(']').next().unwrap().split('"').skip(1).step_by(2).collect();
    let unlisted: Vec<_> = mock_kdc::Deviation::ALL
        .iter()
        .map(|deviation| deviation.name())
        .filter(|name| !listed.contains(name))
        .collect();
    assert_eq!(unlisted, ["silent"], "a departure that the scenario does not have");
    let words = KDC.iter().map(|caught| caught.deviation).collect();
    check("[realm.corp]\n", &["kerberos/kinit", "mysql", "postgres"], words, KDC, &[]);
}

/// The words without those that scenarios of their own have, one after the other and each with what comes of it, unless they are
/// caught here too.
fn without<'w>(mut words: BTreeSet<&'w str>, scenarios: &[&str], caught: &[Caught]) -> BTreeSet<&'w str> {
    let texts: Vec<_> = scenarios.iter().map(|name| Source::built_in_file(name).unwrap().text).collect();
    words.retain(|word| {
        let written = format!("word = \"{word}\"");
        let has_own = texts.iter().any(|text| text.contains(&written));
        !has_own || caught.iter().any(|entry| entry.deviation == *word)
    });
    words
}

/// Scenarios about networks, servers and clients that fail or depart by themselves.
const APART: &[&str] = &[
    "mysql/conditions",
    "mysql/messages-of-clients",
    "mysql/messages-of-servers",
    "mysql/network-faults",
    "mysql/network-faults-of-clients",
    "mysql/tls-not-offered",
    "mysql/unreachable",
    "postgres/conditions",
    "postgres/messages-of-clients",
    "postgres/messages-of-servers",
    "postgres/network-faults",
    "postgres/network-faults-in-clear",
    "postgres/network-faults-of-clients",
    "postgres/unreachable",
    "tls/wrong-octet",
];

/// Scenarios that are about deviations themselves, about words and engines, or about what clients check; `survey.rs` plays them.
const ELSEWHERE: [&str; 11] = [
    "mysql/departures",
    "mysql/engines",
    "mysql/messages",
    "mysql/parameter-groups",
    "mysql/same-authority",
    "postgres/departures",
    "postgres/engines",
    "postgres/messages",
    "postgres/proof-by-ticket",
    "tls/required",
    "tls/trust",
];

/// Plays every scenario that is one of `folders`, or below one, and has the party, once for each word, in one run: the word is the first part of the
/// names. Words and lists have to agree, so that a new departure needs its line.
#[track_caller]
fn check(party: &str, folders: &[&str], words: BTreeSet<&str>, caught: &[Caught], uncaught: &[(&str, &str)]) {
    let listed: BTreeSet<_> =
        caught.iter().map(|entry| entry.deviation).chain(uncaught.iter().map(|(word, _)| *word)).collect();
    assert_eq!(listed.len(), caught.len() + uncaught.len(), "a departure stands twice");
    assert_eq!(listed, words);

    let mut sources = Vec::new();
    for word in words {
        for source in Source::built_in() {
            let is_in = |folder: &&str| source.name == **folder || source.name.starts_with(&format!("{folder}/"));
            let name = source.name.as_str();
            let touched = folders.iter().any(is_in) && !APART.contains(&name) && !ELSEWHERE.contains(&name);
            if touched && source.text.contains(party) {
                let text = source.text.replace(party, &format!("{party}deviations = [\"{word}\"]\n"));
                sources.push(Source::new(format!("{word}/{}", source.name), text));
            }
        }
    }
    let played = play(&sources);
    let mut patterns = Vec::new();
    for Caught { deviation, cases, .. } in caught {
        patterns.extend(cases.iter().copied().flatten().map(|pattern| format!("{deviation}/{pattern}")));
    }
    played.failed_exactly(&patterns.iter().map(String::as_str).collect::<Vec<_>>());
    for Caught { deviation, because, .. } in caught {
        for case in played.cases.keys().filter(|name| name.split('/').next() == Some(deviation)) {
            if played.cases[case].first_difference().is_some() {
                let why = played.why(case);
                assert!(because.iter().any(|words| why.contains(words)), "{case}: {why}");
            }
        }
    }
}
