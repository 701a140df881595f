//! The mocks held against PostgreSQL, MariaDB and MIT's KDC, in every built-in case that these can play: nothing differs without
//! an explanation, and no less is compared than here is written.

use crate::peer;
use shakedown::report::json;
use shakedown::report::twins_json::{Tally, Twins};
use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

/// How many cases of each scenario are compared with `--right process`, at least. What is skipped is in the right column, with
/// why: a scenario that is in neither has to be compared in one case or more.
const FLOORS: &[(&str, usize)] = &[
    // MariaDB has no authentication_kerberos: the half with PostgreSQL.
    ("kerberos/account-changes", 2), // MIT's KDC locks nobody out on demand (1)
    ("kerberos/accounts", 16),       // MIT's KDC is no Active Directory (16)
    ("kerberos/beside-passwords", 16),
    ("kerberos/errors", 5), // with PostgreSQL or the KDC alone
    ("kerberos/endpoints", 4),
    ("kerberos/expiry", 10),
    ("kerberos/flavors", 10), // the same (10 of the other 20)
    ("kerberos/kdc-failover", 2),
    ("kerberos/keytab-ahead", 7),
    ("kerberos/keytab-rotation", 6),
    ("kerberos/kinit", 12),
    ("kerberos/krbtgt-rotation", 2),
    ("kerberos/lockout", 2), // the same (2)
    ("kerberos/password-change", 4),
    ("kerberos/replay", 3),
    ("kerberos/skew", 24),
    ("kerberos/success", 5),
    ("kerberos/trust", 24),
    ("mysql/cipher-suites", 288),
    ("mysql/databases", 12),       // without caching_sha2_password (12)
    ("mysql/default-plugin", 6),   // without caching_sha2_password and sha256_password (66)
    ("mysql/order-of-checks", 32), // without caching_sha2_password (32)
    ("mysql/passwords", 12),       // without caching_sha2_password (24)
    ("mysql/require-secure-transport", 24),
    ("mysql/require-ssl", 8),
    ("mysql/ssl-cipher", 64),
    ("mysql/ssl-cipher-unusable", 24),
    ("mysql/tls-versions", 40),
    ("postgres/kerberos-login", 12),
    ("postgres/passwords", 27),
    ("postgres/tls", 36),
    ("proxy/chains", 10),
    ("proxy/haproxy-kerberos", 6), // MariaDB has no authentication_kerberos (4)
    ("proxy/haproxy-mysql", 12),
    ("proxy/haproxy-names", 16),
    ("proxy/haproxy-postgres", 12),
    ("proxy/pgbouncer", 18),
    ("proxy/pgbouncer-clients", 18),
    ("proxy/pgbouncer-passwords", 32),
    ("proxy/pgbouncer-servers", 9),
    ("proxy/pgbouncer-trust", 5),
    ("tls/providers", 4), // MariaDB has OpenSSL and no rustls (4)
    ("cluster/proxy-endpoint", 24),
    ("transport/certificates", 240),
    ("transport/mysql-modes", 60),
    ("transport/one-authority", 10),   // without PostgreSQL 13 and 17 (4)
    ("transport/postgres-modes", 360), // without PostgreSQL 17 (216) and one without GSS-API (72)
    ("transport/suites-outside", 240),
];

/// Scenarios of which these servers can play nothing.
const NOT_COMPARED: &[(&str, &str)] = &[
    ("kerberos/account-realm", "MariaDB has no authentication_kerberos"),
    ("kerberos/client-models", "MariaDB has no authentication_kerberos"),
    ("kerberos/kdc-answers", "MIT's KDC makes no deviation on demand"),
    ("kerberos/kdc-faults", "MIT's KDC has no rules"),
    ("kerberos/rotation-and-clients", "MariaDB has no authentication_kerberos"),
    ("kerberos/session-users", "MariaDB has no authentication_kerberos"),
    ("kerberos/ticket-faults", "MIT's KDC makes no deviation on demand"),
    ("kerberos/windows", "MariaDB has no authentication_kerberos"),
    ("mysql/kerberos-login", "MariaDB has no authentication_kerberos; no free server has"),
    ("mysql/parameter-changes", "a server that runs is given no other parameters, and is not restarted"),
    ("clients/connectors", "MariaDB has no authentication_kerberos"),
    ("cluster/endpoints", "a cluster is played by mocks alone"),
    ("cluster/failover", "a cluster is played by mocks alone"),
    ("cluster/global", "a cluster is played by mocks alone"),
    ("cluster/long-names", "a cluster is played by mocks alone"),
    ("cluster/port-change", "a cluster is played by mocks alone"),
    ("cluster/reboot", "a cluster is played by mocks alone"),
    ("cluster/roles", "a cluster is played by mocks alone"),
    ("cluster/size", "a cluster is played by mocks alone"),
    ("iam/cleartext", "no free server knows IAM"),
    ("iam/host-patterns", "no free server knows IAM"),
    ("iam/throttle", "no free server knows IAM"),
    ("iam/tokens", "no free server knows IAM"),
    ("iam/use", "no free server knows IAM"),
    ("mysql/departures", "real servers make no deviation on demand"),
    ("mysql/messages-of-servers", "real servers make no deviation on demand"),
    ("mysql/network-faults", "only a mock's network fails"),
    ("mysql/network-faults-of-clients", "without caching_sha2_password"),
    ("mysql/parameter-groups", "a server that runs is given no other parameters"),
    ("postgres/departures", "real servers make no deviation on demand"),
    ("postgres/network-faults", "only a mock's network fails"),
    ("postgres/network-faults-in-clear", "only a mock's network fails"),
    ("transport/changes", "a server that runs is given no other parameters, and is not restarted"),
];

/// What `shakedown diff` found.
struct Compared {
    code: Option<i32>,
    printed: String,
    twins: Twins,
}

impl Compared {
    /// `None`, with the reason printed, where a server is not installed.
    fn run(arguments: &[&str]) -> Option<Self> {
        let report = tempfile::tempdir().unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_shakedown"))
            .arg("diff")
            .args(arguments)
            .arg("--report")
            .arg(report.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = |stream: &[u8]| String::from_utf8_lossy(stream).into_owned();
        let printed = text(&output.stdout) + &text(&output.stderr);
        if output.status.code() == Some(3) && printed.contains("not installed") {
            peer::skip(printed.trim_end());
            return None;
        }
        let results = json::read(&report.path().join("results.json"));
        let results = results.unwrap_or_else(|problem| panic!("{}, {problem}: {printed}", output.status));
        Some(Self { code: output.status.code(), printed, twins: results.twins.expect("it was a comparison") })
    }

    /// Everything that differs is explained, nothing went wrong, no explanation is stale.
    #[track_caller]
    fn nothing_is_unexplained(&self) {
        assert_eq!(self.code, Some(0), "{}", self.printed);
        let sum = |count: fn(&Tally) -> usize| self.twins.scenarios.values().map(count).sum::<usize>();
        assert_eq!((sum(|tally| tally.different), sum(|tally| tally.error)), (0, 0));
        assert!(self.twins.explanations.iter().all(|explanation| !explanation.stale));
    }

    fn compared(&self, scenario: &str) -> usize {
        self.twins.scenarios.get(scenario).map_or(0, |tally| tally.compared)
    }
}

#[test]
fn the_mocks_are_like_the_real_servers_in_every_case_that_these_can_play() {
    let Some(compared) = Compared::run(&["--left", "mock", "--right", "process"]) else { return };
    // The numbers of each file, for whoever reads the log: this is not kept back as what a test prints is.
    let products = &compared.twins.right.products;
    let table = compared.printed.lines().skip_while(|line| !line.starts_with("scenario "));
    let mut log = format!("\nleft mock, right {}\n", products.join(", "));
    for line in table.take_while(|line| line.contains("  ")) {
        log.push_str(line);
        log.push('\n');
    }
    std::io::stderr().write_all(log.as_bytes()).unwrap();
    compared.nothing_is_unexplained();
    let floors: BTreeMap<_, _> = FLOORS.iter().copied().collect();
    // Where a proxy is not installed, its cases are skipped.
    for (scenario, floor) in floors.iter().filter(|(scenario, _)| peer::required() || !scenario.starts_with("proxy/")) {
        assert!(compared.compared(scenario) >= *floor, "{scenario} has shrunk: {}", compared.printed);
    }
    for (scenario, tally) in &compared.twins.scenarios {
        let is_known = floors.contains_key(scenario.as_str()) || NOT_COMPARED.iter().any(|(name, _)| name == scenario);
        assert!(is_known || tally.compared > 0, "nothing of {scenario} is compared: {}", compared.printed);
    }
    for product in ["mariadb 10.", "postgres 1", "mit-krb5 1."] {
        assert!(products.iter().any(|found| found.starts_with(product)), "{products:?} has no {product}");
    }
}

#[test]
fn a_mock_database_is_like_itself_whoever_gives_the_tickets() {
    let arguments = [
        "--right",
        "mysql=mock,postgres=mock,kdc=process",
        "--filter",
        "kerberos/**",
        "--filter",
        "*/kerberos-login/**",
    ];
    let Some(compared) = Compared::run(&arguments) else { return };
    compared.nothing_is_unexplained();
    let cases = ["kerberos/errors", "kerberos/kinit", "mysql/kerberos-login", "postgres/kerberos-login"]
        .map(|name| compared.compared(name));
    assert_eq!(cases, [34, 12, 48, 12]);
}

#[test]
fn a_real_database_is_like_the_mock_whoever_gives_the_tickets() {
    for right in ["postgres=process,kdc=mock", "postgres=process,kdc=process"] {
        let Some(compared) = Compared::run(&["--right", right, "--filter", "postgres/kerberos-login/**"]) else {
            return;
        };
        compared.nothing_is_unexplained();
        assert_eq!(compared.compared("postgres/kerberos-login"), 12);
    }
}

#[test]
fn a_real_database_is_like_the_mock_with_tickets_of_each_flavor() {
    let arguments = ["--right", "postgres=process,kdc=mock", "--filter", "kerberos/flavors/*/*/postgres*"];
    let Some(compared) = Compared::run(&arguments) else { return };
    compared.nothing_is_unexplained();
    assert_eq!(compared.compared("kerberos/flavors"), 20);
}

#[test]
fn a_mock_that_departs_is_not_like_the_real_server() {
    let [flag, parameter, octet] = [
        ("mysql=mock:status-flag", "mysql=process", "mysql/passwords/native/clear/right", "OK.status"),
        (
            "postgres=mock:parameter-status",
            "postgres=process",
            "postgres/passwords/scram/clear/right",
            "ParameterStatus[integer_datetimes].value",
        ),
        (
            "postgres=mock:error-message-byte",
            "postgres=process",
            "postgres/passwords/scram/clear/wrong",
            "ErrorResponse.M",
        ),
    ]
    .map(|(left, right, case, at)| {
        let compared = Compared::run(&["--left", left, "--right", right, "--filter", case])?;
        assert_eq!(compared.code, Some(1), "{}", compared.printed);
        let differences = compared.twins.cases.into_iter().flat_map(|case| case.differences);
        let unexplained: Vec<_> = differences.filter(|difference| difference.explained.is_none()).collect();
        let [difference] = unexplained.as_slice() else { panic!("{unexplained:#?}") };
        assert_eq!(difference.at, at);
        Some((difference.left.clone()?, difference.right.clone()?))
    });
    let pair = |left: &str, right: &str| Some((left.to_owned(), right.to_owned()));
    assert!(flag.is_none() || flag == pair("0x0003", "0x0002"), "{flag:?}");
    assert!(parameter.is_none() || parameter == pair("off", "on"), "{parameter:?}");
    let words = "assword authentication failed for user \"alice\"";
    assert!(octet.is_none() || octet == pair(&format!("#{words}"), &format!("p{words}")), "{octet:?}");
}

#[test]
fn a_run_against_real_servers_knows_what_they_answer_otherwise() {
    let output = Command::new(env!("CARGO_BIN_EXE_shakedown"))
        .args(["run", "--backend", "mysql=process", "--filter", "mysql/require-secure-transport/3.04.0/**"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    if output.status.code() == Some(3) && printed.contains("not installed") {
        return peer::skip(printed.trim_end());
    }
    assert_eq!(output.status.code(), Some(0), "{printed}");
    assert!(printed.contains("known 1: MariaDB checks require_secure_transport"), "{printed}");
}
