//! IAM: that its cubes have every cell, what servers say in words, and that each thing that a cluster overlooks is noticed.

use crate::play::{play, play_some, scenario};
use shakedown::iam::Deviation;
use shakedown::scenario::filter::Filter;
use shakedown::scenario::{Library, Plan, Source, make_plan};
use std::collections::{BTreeMap, BTreeSet};

const METHODS: [&str; 4] = ["neither", "kerberos", "iam", "both"];
const GRANTS: [&str; 4] = ["password", "kerberos", "iam", "both"];
const OFFERS: [&str; 4] = ["password", "token", "ticket", "ticket-and-token"];
const TRANSPORTS: [&str; 3] = ["clear", "tls", "gss"];

fn plan(name: &str) -> Plan {
    make_plan(&[scenario(name)], &Library::built_in().unwrap(), &BTreeMap::new()).unwrap_or_else(|e| panic!("{e}"))
}

/// The values of these axes in each case, and how often they come.
fn cells(name: &str, axes: &[&str]) -> BTreeMap<Vec<String>, usize> {
    let mut cells = BTreeMap::new();
    for case in plan(name).cases {
        let value = |axis: &&str| case.axes.iter().find(|(name, _)| name == axis).unwrap().1.clone();
        *cells.entry(axes.iter().map(value).collect()).or_default() += 1;
    }
    cells
}

/// All combinations of some words.
fn product(axes: &[&[&str]]) -> BTreeSet<Vec<String>> {
    let mut all = BTreeSet::from([Vec::new()]);
    for axis in axes {
        let longer = |cell: Vec<String>| axis.iter().map(move |word| [cell.clone(), vec![(*word).to_owned()]].concat());
        all = all.into_iter().flat_map(longer).collect();
    }
    all
}

#[test]
fn exclusivity_leaves_no_combination_out() {
    let found = cells("iam/exclusivity", &["db", "enabled", "grant", "offer", "transport"]);
    assert!(found.values().all(|count| *count == 1));
    // What MySQL does not have: GSS encryption, and an account with two plugins.
    let mut expected = product(&[&["mysql"], &METHODS, &GRANTS[..3], &OFFERS, &TRANSPORTS[..2]]);
    expected.extend(product(&[&["postgres"], &METHODS, &GRANTS, &OFFERS, &TRANSPORTS]));
    assert_eq!(found.into_keys().collect::<BTreeSet<_>>(), expected);
    assert_eq!(expected.len(), 4 * 3 * 4 * 2 + 4 * 4 * 4 * 3);
}

#[test]
fn host_patterns_leave_no_combination_out() {
    let found = cells("iam/host-patterns", &["host", "narrow", "wide", "offer", "transport"]);
    assert!(found.values().all(|count| *count == 1));
    let hosts = ["address", "name", "somewhere-else"];
    let expected = product(&[&hosts, &GRANTS[..3], &GRANTS[..3], &OFFERS, &TRANSPORTS[..2]]);
    assert_eq!(found.into_keys().collect::<BTreeSet<_>>(), expected);
}

#[test]
fn every_departure_of_a_token_is_a_case_of_both_databases() {
    let names: BTreeSet<_> = plan("iam/tokens").cases.into_iter().map(|case| case.name).collect();
    for departure in shakedown::iam::Departure::ALL {
        for db in ["mysql", "postgres"] {
            let word = departure.word().strip_prefix("token-").unwrap();
            assert!(names.contains(&format!("iam/tokens/{db}/{word}")), "{db} {departure}");
        }
    }
}

#[test]
fn servers_say_what_aurora_says() {
    let played = play(&[scenario("iam/logins")]);
    played.failed_exactly(&[]);
    let said = |case: &str| {
        let step = &played.cases[&format!("iam/logins/{case}")].steps[0];
        step.views.client.as_ref().unwrap().message.clone().unwrap_or_default()
    };
    let denied = "Access denied for user 'alice'@'localhost' (using password: YES)";
    assert_eq!(said("mysql-3.04.0/iam-on/iam-by-password/tls"), denied);
    assert_eq!(said("mysql-3.04.0/iam-on/iam-by-token/clear"), denied);
    let missing = "Plugin 'AWSAuthenticationPlugin' is not loaded";
    assert_eq!(said("mysql-3.04.0/iam-off/iam-by-token/tls"), missing);
    let pam = "PAM authentication failed for user \"alice\"";
    assert_eq!(said("postgres-15/iam-on/iam-by-password/tls"), pam);
    let rejected = |encryption: &str| {
        format!(
            "pg_hba.conf rejects connection for host \"127.0.0.1\", user \"alice\", database \"postgres\", {encryption}"
        )
    };
    assert_eq!(said("postgres-15/iam-on/iam-by-token/clear"), rejected("no encryption"));
    assert_eq!(said("postgres-15/iam-off/iam-by-token/tls"), rejected("SSL encryption"));
}

/// A deviation, the scenario that notices, the cases of it that fail, and one that does not.
const CAUGHT: &[(&str, &str, &[&str], &str)] = &[
    ("accepts-any-signature", TOKENS, &["signature-digit", "octet-changed", "other-secret", "user-replaced"], RIGHT),
    ("accepts-expired-token", TOKENS, &["expired-by-a-second", "good-for-a-minute-two-ago"], RIGHT),
    ("accepts-token-of-the-future", TOKENS, &["ahead-by-six-minutes"], RIGHT),
    ("accepts-long-lifetime", TOKENS, &["for-16-minutes"], RIGHT),
    ("accepts-other-host", TOKENS, &["for-another-host", "for-an-alias"], RIGHT),
    ("accepts-other-port", TOKENS, &["for-another-port"], RIGHT),
    ("accepts-other-region", TOKENS, &["for-another-region"], RIGHT),
    ("accepts-other-service", TOKENS, &["for-another-service"], RIGHT),
    ("accepts-other-terminator", TOKENS, &["other-terminator"], RIGHT),
    ("accepts-other-scope-date", TOKENS, &["scope-of-yesterday"], RIGHT),
    ("accepts-other-algorithm", TOKENS, &["other-algorithm"], RIGHT),
    ("accepts-other-action", TOKENS, &["other-action"], RIGHT),
    ("accepts-other-user", TOKENS, &["for-another-user", "for-the-user-in-capitals"], RIGHT),
    ("accepts-user-in-other-case", TOKENS, &["for-the-user-in-capitals"], RIGHT),
    ("accepts-other-path", TOKENS, &["other-path"], RIGHT),
    ("accepts-unknown-key", TOKENS, &["of-an-unknown-key"], RIGHT),
    ("accepts-missing-session-token", TOKENS, &["without-session"], RIGHT),
    ("accepts-other-session-token", TOKENS, &["session-changed", "session-added"], RIGHT),
    ("accepts-expired-key", TOKENS, &["of-a-key-that-ended"], RIGHT),
    ("ignores-missing-permission", TOKENS, &["of-a-key-without-policy", "of-a-key-for-bob"], RIGHT),
    ("ignores-resource", TOKENS, &["of-a-key-for-another-cluster", "of-a-key-for-another-region"], RIGHT),
    ("ignores-denial", TOKENS, &["of-a-key-that-is-denied"], RIGHT),
    ("accepts-unsigned-parameter", TOKENS, &["parameter-added"], RIGHT),
    ("accepts-repeated-parameter", TOKENS, &["parameter-repeated"], RIGHT),
    ("fills-in-missing-parameters", TOKENS, &["without-{action,user,algorithm,expires,signed-headers}"], RIGHT),
    ("accepts-unsigned-host", TOKENS, &["host-unsigned"], RIGHT),
    ("refuses-other-order", TOKENS, &["reversed"], RIGHT),
    ("refuses-host-in-capitals", TOKENS, &["host-in-capitals"], RIGHT),
    ("refuses-small-escapes", TOKENS, &["small-escapes"], RIGHT),
    ("refuses-short-lifetime", TOKENS, &["good-for-a-minute"], RIGHT),
    ("refuses-session-tokens", TOKENS, &["of-a-role", "of-a-key-that-ends-later"], RIGHT),
    ("refuses-skew", TOKENS, &["ahead-by-minutes"], RIGHT),
    ("refuses-wildcards", TOKENS, &["right", "of-a-key-for-a-pattern"], "of-a-key-for-this-user"),
    ("accepts-token-in-the-clear", "iam/logins", &["iam-on/iam-by-token/clear"], "iam-on/iam-by-token/tls"),
    ("never-throttles", "iam/throttle", &[""], ""),
    ("refuses-second-use", "iam/use", &[""], ""),
];

const TOKENS: &str = "iam/tokens";
const RIGHT: &str = "right";

#[test]
fn whatever_a_cluster_overlooks_is_noticed_on_both_databases() {
    let listed: BTreeSet<_> = CAUGHT.iter().map(|(word, ..)| *word).collect();
    assert_eq!(listed, Deviation::ALL.iter().map(|deviation| deviation.word()).collect());
    let (mut sources, mut failing, mut watched) = (Vec::new(), Vec::new(), Vec::new());
    for &(word, name, cases, right) in CAUGHT {
        let source = scenario(name);
        assert_eq!(source.text.matches("[server.db]\n").count(), 1, "{name}");
        let text = source.text.replace("[server.db]\n", &format!("[server.db]\ndeviations = [\"{word}\"]\n"));
        sources.push(Source::new(format!("{word}/{name}"), text));
        let pattern = |case: &&str| {
            let case = if case.is_empty() { String::new() } else { format!("/{case}") };
            format!("{word}/{name}/*{case}")
        };
        failing.extend(cases.iter().map(pattern));
        watched.push(pattern(&right));
    }
    watched.extend(failing.iter().cloned());
    let filters: Vec<_> = watched.iter().map(|pattern| Filter::new(pattern).unwrap()).collect();
    let played = play_some(&sources, |name| filters.iter().any(|filter| filter.matches(name)));
    played.failed_exactly(&failing.iter().map(String::as_str).collect::<Vec<_>>());
}
