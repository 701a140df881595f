//! Two backends side by side: mocks are equal to themselves, and the smallest departure of one of them is found and named.

use shakedown::engine::event::{Event, Exit, Summary};
use shakedown::engine::twins::{Difference, Explained, Likeness, Settings, Tally, TwinCase, Twins, compare};
use shakedown::scenario::filter::Filter;
use shakedown::scenario::{Explanations, Library, Plan, Source, make_plan};
use shakedown::testbed::Backend;
use std::collections::{BTreeMap, BTreeSet};

fn plan() -> Plan {
    make_plan(&Source::built_in(), &Library::built_in().unwrap(), &BTreeMap::new()).unwrap()
}

/// The mock against another backend, over the cases that a pattern names.
#[track_caller]
fn twins(right: &str, pattern: &str, explained: &str) -> (Twins, Summary) {
    let mut plan = plan();
    let every: BTreeSet<_> = plan.cases.iter().map(|case| case.name.clone()).collect();
    let filter = Filter::new(pattern).unwrap();
    plan.cases.retain(|case| filter.matches(&case.name));
    let settings = Settings {
        jobs: 8,
        left: Backend::mock(),
        right: Backend::parse(right, None).unwrap(),
        left_explained: Explanations::default(),
        right_explained: Explanations::parse(&Source::new("explained/mock-1", explained)).unwrap(),
        every,
        required: Vec::new(),
        arguments: Vec::new(),
        capture: None,
    };
    let mut twins = None;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let summary = runtime.block_on(compare(plan, &settings, |event| {
        if let Event::Compared(compared) = event {
            twins = Some(*compared);
        }
    }));
    (twins.unwrap(), summary.unwrap())
}

#[test]
fn a_mock_is_equal_to_itself_in_every_built_in_case() {
    let (twins, summary) = twins("mock", "**", "");
    let (skipped, played): (Vec<_>, Vec<_>) = twins.cases.iter().partition(|case| case.scenario == "kerberos/windows");
    assert!(skipped.iter().all(|case| case.reason.as_deref() == Some("left: needs Windows")), "{skipped:#?}");
    let different: Vec<_> = played.iter().filter(|case| case.likeness != Likeness::Equal).collect();
    assert!(different.is_empty(), "{different:#?}");
    let uncompared: Vec<_> = twins.cases.iter().filter(|case| !case.uncompared.is_empty()).collect();
    // Some messages of parties that fail or depart cannot be read by anybody.
    let unreadable =
        ["kerberos/kdc-", "mysql/messages-of-", "postgres/messages-of-", "mysql/network-", "postgres/network-"];
    let is_unreadable = |case: &TwinCase| {
        let departs = unreadable.iter().any(|begin| case.scenario.starts_with(begin));
        (departs || case.scenario == "mysql/tls-not-offered")
            && case.uncompared.iter().all(|why| why.contains("cannot be read"))
    };
    // Where a parameter is set, or a client refuses its own settings, nobody says anything.
    let is_silent = |case: &TwinCase| {
        let is_weak =
            ["disable", "allow", "prefer"].iter().any(|mode| case.name.contains(&format!("/sslmode-{mode}/")));
        (case.scenario == "mysql/parameter-groups"
            || (case.name.starts_with("transport/postgres-modes/direct-") && is_weak))
            && case.uncompared.iter().all(|why| why == "what was said")
    };
    let unexplained: Vec<_> = uncompared.iter().filter(|case| !is_unreadable(case) && !is_silent(case)).collect();
    assert!(unexplained.is_empty(), "{unexplained:#?}");
    let all = plan().cases.len();
    assert_eq!((twins.cases.len(), summary.exit()), (all, Exit::AsExpected));
    assert_eq!((summary.pass, summary.skipped), (all - skipped.len(), skipped.len()));
}

/// With a departure on the right, exactly the cases that patterns name differ, and in nothing else than `at`.
#[track_caller]
fn differs(right: &str, pattern: &str, concerned: &[&str], at: &str, texts: &[(&str, &str)]) {
    let (twins, summary) = twins(right, pattern, "");
    let filters: Vec<_> = concerned.iter().map(|pattern| Filter::new(pattern).unwrap()).collect();
    let mut found = BTreeSet::new();
    for case in &twins.cases {
        let is_concerned = filters.iter().any(|filter| filter.matches(&case.name));
        let expected = if is_concerned { Likeness::Different } else { Likeness::Equal };
        assert_eq!(case.likeness, expected, "{case:#?}");
        for difference in &case.differences {
            assert_eq!((difference.step.as_str(), difference.at.as_str()), ("connect", at), "{}", case.name);
            assert_eq!((case.differences.len(), &difference.explained), (1, &Explained::Not));
            found.insert((difference.left.clone().unwrap(), difference.right.clone().unwrap()));
        }
    }
    let texts: BTreeSet<_> = texts.iter().map(|(left, right)| ((*left).to_owned(), (*right).to_owned())).collect();
    assert_eq!(found, texts);
    assert_eq!(summary.exit(), Exit::NotAsExpected);
}

#[test]
fn one_octet_of_an_error_message_is_found_in_mysql() {
    differs(
        "mysql=mock:error-message-byte",
        "mysql/require-secure-transport",
        &["mysql/require-secure-transport/*/*/*/wrong", "mysql/require-secure-transport/*/ON/clear/right"],
        "ERR.message",
        &[
            (
                "Access denied for user 'alice'@'HOST' (using password: YES)",
                "#ccess denied for user 'alice'@'HOST' (using password: YES)",
            ),
            (
                "Connections using insecure transport are prohibited while --require_secure_transport=ON.",
                "#onnections using insecure transport are prohibited while --require_secure_transport=ON.",
            ),
        ],
    );
}

#[test]
fn one_octet_of_an_error_message_is_found_in_postgres() {
    let texts = |user: &str| {
        let text = format!("assword authentication failed for user \"{user}\"");
        (format!("p{text}"), format!("#{text}"))
    };
    let [alice, mallory] = ["alice", "mallory"].map(texts);
    differs(
        "postgres=mock:error-message-byte",
        "postgres/passwords",
        &["postgres/passwords/*/*/unknown-role", "postgres/passwords/{scram,scram-plus,md5,cleartext}/*/wrong"],
        "ErrorResponse.M",
        &[(&alice.0, &alice.1), (&mallory.0, &mallory.1)],
    );
}

#[test]
fn one_status_flag_is_found() {
    differs(
        "mysql=mock:status-flag",
        "mysql/passwords",
        &["mysql/passwords/*/*/{right,empty-is-right}"],
        "OK.status",
        &[("0x0002", "0x0003")],
    );
}

#[test]
fn one_parameter_status_is_found() {
    differs(
        "postgres=mock:parameter-status",
        "postgres/passwords",
        &["postgres/passwords/*/*/right", "postgres/passwords/trust/*/wrong"],
        "ParameterStatus[integer_datetimes].value",
        &[("on", "off")],
    );
}

#[test]
fn every_departure_of_a_database_mock_is_found() {
    let of = |party: &str, words: Vec<&'static str>| -> Vec<String> {
        words.into_iter().map(|word| format!("{party}=mock:{word}")).collect()
    };
    let mysql = of("mysql", shakedown::mysql::Deviation::ALL.iter().map(|deviation| deviation.word()).collect());
    let postgres =
        of("postgres", shakedown::postgres::Deviation::ALL.iter().map(|deviation| deviation.word()).collect());
    let few = "{mysql/passwords/*/tls/{right,wrong},mysql/require-secure-transport/3.04.0/ON/clear/right,\
               mysql/kerberos-login/3.04.0/by-kinit/mutual/tls,mysql/conditions/host-blocked/clear/right,\
               postgres/passwords/{scram,scram-plus}/tls/{right,wrong},\
               postgres/kerberos-login/tls/by-kinit/own-name,kerberos/kinit/aes256-cts-hmac-sha1-96/right-password}";
    for right in mysql.into_iter().chain(postgres) {
        // No client of a scenario asks for a protocol newer than 3.0.
        if right.ends_with("minor-only-version") {
            continue;
        }
        let (twins, _) = twins(&right, few, "");
        let tally: Tally = twins.cases.iter().collect();
        assert!(tally.different > 0 && tally.equal > 0, "{right}: {tally:?}");
        assert_eq!(tally.compared(), twins.cases.len(), "{right}: {tally:?}");
    }
}

#[test]
fn a_departure_of_a_kdc_is_found_in_what_it_says() {
    let (twins, _) = twins("kdc=mock:wrong-client", "kerberos/kinit/*/right-password", "");
    for case in &twins.cases {
        let places: Vec<_> = case.differences.iter().map(|difference| difference.at.as_str()).collect();
        assert!(places.contains(&"outcome") && places.contains(&"AS-REP.cname"), "{case:#?}");
    }
    assert_eq!(twins.cases.len(), 4);
}

const EXPLAINED: &str = r#"
[[explained]]
case   = "mysql/require-ssl/*/plain/*"
at     = "OK.status"
mock   = "0x0002"
peer   = "0x0003"
reason = "a transaction is open"
source = "a test"
"#;

#[test]
fn an_explanation_is_for_the_cases_that_it_names() {
    let (twins, summary) = twins("mysql=mock:status-flag", "mysql/require-ssl", EXPLAINED);
    let tally: Tally = twins.cases.iter().collect();
    assert_eq!((tally.equal, tally.explained, tally.different), (2, 4, 2));
    let explained = twins.cases.iter().filter(|case| case.likeness == Likeness::Explained);
    for case in explained {
        let [Difference { explained: Explained::By { reason, place, .. }, .. }] = case.differences.as_slice() else {
            panic!("{case:#?}")
        };
        assert_eq!((reason.as_str(), place.as_str()), ("a transaction is open", "scenarios/explained/mock-1.toml:2"));
    }
    assert_eq!((twins.explanations[0].cases, twins.explanations[0].is_stale), (4, false));
    assert_eq!(summary.exit(), Exit::NotAsExpected);

    let all = EXPLAINED.replace("/*/plain/*", "");
    assert_eq!(self::twins("mysql=mock:status-flag", "mysql/require-ssl", &all).1.exit(), Exit::AsExpected);
}

#[test]
fn an_explanation_of_other_texts_explains_nothing() {
    let all = EXPLAINED.replace("/*/plain/*", "").replace("0x0003", "0x0007");
    let (twins, summary) = twins("mysql=mock:status-flag", "mysql/require-ssl", &all);
    let otherwise = Explained::Otherwise { place: "scenarios/explained/mock-1.toml:2".to_owned() };
    let differing: Vec<_> = twins.cases.iter().flat_map(|case| &case.differences).collect();
    assert!(differing.len() == 6 && differing.iter().all(|difference| difference.explained == otherwise));
    // And there is nothing that it is for.
    assert_eq!((summary.fail, summary.fixed, summary.exit()), (6, 1, Exit::NotAsExpected));
}

#[test]
fn an_explanation_of_what_is_equal_is_stale_once_all_its_cases_were_compared() {
    let (twins, summary) = twins("mock", "mysql/require-ssl", EXPLAINED);
    assert!(twins.explanations[0].is_stale);
    assert_eq!((summary.pass, summary.fixed, summary.exit()), (8, 1, Exit::NotAsExpected));

    // As long as one of its cases was not there, it may be about that one.
    let (twins, summary) = self::twins("mock", "mysql/require-ssl/3.04.0", EXPLAINED);
    assert!(!twins.explanations[0].is_stale);
    assert_eq!((summary.fixed, summary.exit()), (0, Exit::AsExpected));
}

#[test]
fn every_built_in_explanation_is_about_cases_that_there_are() {
    let plan = plan();
    for source in Source::built_in_explanations() {
        for entry in Explanations::parse(&source).unwrap().entries() {
            let named = plan.cases.iter().filter(|case| entry.names(&case.name));
            let has_step = |case: &&shakedown::scenario::Case| {
                entry.step.as_ref().is_none_or(|name| case.steps.iter().any(|step| step.name == *name))
            };
            assert!(named.filter(has_step).count() > 0, "{}: about no case", entry.place);
        }
    }
}
