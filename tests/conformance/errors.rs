//! What is said about a file that cannot be understood: place, problem, what was written, what is allowed.

use proptest::prelude::*;
use shakedown::error::{Error, exit};
use shakedown::scenario::pattern::{OutcomePattern, ViewPattern};
use shakedown::scenario::trace_pattern::TracePattern;
use shakedown::scenario::{Library, Source, make_plan};
use std::collections::BTreeMap;
use std::sync::LazyLock;

static LIBRARY: LazyLock<Library> = LazyLock::new(|| Library::built_in().expect("it was built with these"));

const SCENARIO: &str = r#"title  = "A scenario"
source = "its source"
name   = "{engine}/{db}"
shows  = ["S3-01"]
exclude = [{ cells = 1, when = { engine = "2.11.0", db = "b" }, why = "because" }]

[axes]
engine = ["2.09.3", "2.11.0"]
db     = [{ name = "a", code = "1045" }, "b"]

[reading]
question = { default = "one", or = ["other"] }

[realm.corp]
realm = "CORP.EXAMPLE.COM"
users = { alice = { secret = "alice" } }

[server.db]
engine     = "aurora-mysql {engine}"
accounts   = { alice = { plugin = "mysql_native_password", secret = "alice" } }
parameters = { require_secure_transport = "ON" }
clock      = "+1h"

[client.app]
login = "alice"
tls   = { mode = "REQUIRED", versions = "1.0-1.2" }

[[step]]
name    = "login"
connect = { from = "app", to = "db" }
expect  = [
  { cells = 2, when = { engine = "2.09.3" }, then = "established" },
  { cells = 1, then = "refused by server: 1045 28000", server = "eof", trace = "… error" },
]

[[step]]
kinit = { by = "app", user = "alice", realm = "corp" }
then  = "established"
"#;

fn plan(text: &str) -> Result<(), String> {
    make_plan(&[Source::new("x", text)], &LIBRARY, &BTreeMap::new()).map(|_| ()).map_err(|error| {
        assert_eq!(error.exit_code(), exit::USAGE, "{error}");
        error.to_string()
    })
}

/// Replaces `from` by `to` in the scenario and holds the error against `expected`, which begins with line and column.
#[track_caller]
fn check(from: &str, to: &str, expected: &str) {
    assert_eq!(SCENARIO.matches(from).count(), 1, "'{from}' is to stand once in the scenario");
    assert_eq!(plan(&SCENARIO.replace(from, to)), Err(format!("scenarios/x.toml:{expected}")), "{to}");
}

#[test]
fn the_scenario_itself_is_understood() {
    assert_eq!(plan(SCENARIO), Ok(()));
}

#[test]
fn keys_and_types() {
    check(
        "login = ",
        "logn = ",
        "25:1: unknown key 'logn', allowed: kind, argv, login, secret, database, tls, gssencmode, sslnegotiation, transport, offer, allow_cleartext, mutual, channel_binding, kdc_timesync, destroy_tickets, clock, deviations",
    );
    check(
        "[realm.corp]",
        "[realms.corp]",
        "14:2: unknown key 'realms', allowed: title, source, name, shows, exclude, axes, reading, realm, server, client, proxy, step, during",
    );
    check("or = [\"other\"]", "ro = [\"other\"]", "12:31: unknown key 'ro', allowed: default, or");
    check("source = \"its source\"\n", "", "1:1: missing key 'source'");
    check("login = \"alice\"\n", "", "24:1: missing key 'login'");
    check("title  = \"A scenario\"", "title = [\"A\"]", "1:9: invalid type: array, expected a string");
    check("login = \"alice\"", "login = 1.5", "25:9: invalid type: floating point `1.5`, expected a string");
    check("cells = 2", "cells = \"2\"", "32:13: invalid type: string \"2\", expected u64");
    check(
        "or = [\"other\"]",
        "or = { a = \"b\" }",
        "12:36: invalid type: table, expected a string or a list of strings",
    );
    check("db     = [", "db     = [[\"a\"], ", "9:10: invalid type: array, expected a string or a table with 'name'");
    check(
        "engine = [\"2.09.3\", \"2.11.0\"]",
        "engine = \"2.09.3\"",
        "8:10: invalid type: string \"2.09.3\", expected a list of values or { set = NAME }",
    );
    check("title  = \"A scenario\"", "title = \"A", "1:11: invalid basic string, expected `\"`");
    check("login = \"alice\"", "login = \"alice\"\nlogin = \"bob\"", "26:1: duplicate key");
}

#[test]
fn axes_and_templates() {
    check("\"{engine}/{db}\"", "\"{version}\"", "3:10: unknown axis in a template 'version', allowed: engine, db");
    check("\"{engine}/{db}\"", "\"{db.code}\"", "3:10: value 'b' of axis 'db' has no field 'code', allowed: name");
    check("\"{engine}/{db}\"", "\"{engine\"", "3:10: '{' without '}' in '{engine'");
    check(
        "\"{engine}/{db}\"",
        "\"{engine}\"",
        "3:10: the cells engine=2.09.3 db=a and engine=2.09.3 db=b have one name: 'x/2.09.3'",
    );
    check("[\"2.09.3\", \"2.11.0\"]", "[]", "8:1: an axis without values 'engine'");
    check("[\"2.09.3\", \"2.11.0\"]", "[\"2.09.3\", \"2.09.3\"]", "8:21: value given twice '2.09.3'");
    check("[\"2.09.3\", \"2.11.0\"]", "{ set = \"suites\" }", "8:18: unknown set 'suites', allowed: aurora-suites");
    check("{ name = \"a\", code", "{ nam = \"a\", code", "9:11: missing key 'name' in the value of an axis");
    check("engine = [\"2.09.3\"", "reading = [\"2.09.3\"", "8:1: not allowed as the name of an axis 'reading'");
    let many = (0..400).map(|number| format!("\"{number}\"")).collect::<Vec<_>>().join(", ");
    check(
        "[\"2.09.3\", \"2.11.0\"]",
        &format!("[\"2.09.3\", \"2.11.0\"]\na = [{many}]\nb = [{many}]"),
        "10:1: more than 100000 cells",
    );
}

#[test]
fn selectors() {
    check(
        "when = { engine = \"2.09.3\" }",
        "when = { enginee = \"2.09.3\" }",
        "32:25: unknown axis in a selector 'enginee', allowed: engine, db, reading",
    );
    check(
        "when = { engine = \"2.09.3\" }",
        "when = { engine = \"2.10\" }",
        "32:34: matches no value of 'engine': '2.10', allowed: 2.09.3, 2.11.0",
    );
    check(
        "when = { engine = \"2.09.3\" }",
        "when = { engine = [\"2.09.3\", \"3*\"] }",
        "32:45: matches no value of 'engine': '3*', allowed: 2.09.3, 2.11.0",
    );
    check(
        "when = { engine = \"2.09.3\" }",
        "when = { db = \"< 2\" }",
        "32:30: 'a' of 'db' is no version and cannot be compared with '< 2'",
    );
    check(
        "when = { engine = \"2.09.3\" }",
        "when = { engine = \"< two\" }",
        "32:34: no version to compare with in '< two'",
    );
    check(
        "when = { engine = \"2.09.3\" }",
        "when = { engine = \"two+\" }",
        "32:34: no version in front of '+' in 'two+'",
    );
    check(
        "when = { engine = \"2.09.3\" }",
        "when = { engine = [] }",
        "32:34: a selector without values matches nothing",
    );
    check(
        "when = { engine = \"2.09.3\" }",
        "when = { db.spn = \"x\" }",
        "32:25: invalid type: table, expected a string or a list of strings",
    );
    check(
        "when = { engine = \"2.09.3\" }",
        "when = { \"db.spn\" = \"x\" }",
        "32:25: no value of the axis has the field of 'db.spn'",
    );
    check(
        "when = { engine = \"2.09.3\" }",
        "when = { reading = \"question=no\" }",
        "32:35: unknown reading 'question=no', allowed: question=one, question=other",
    );
}

#[test]
fn counts_of_rules_and_exclusions() {
    check("cells = 2", "cells = 3", "32:13: the rule decides 2 cells, not '3'");
    check("cells = 2, ", "", "32:3: missing key 'cells', obligatory with two rules or more; it decides 2");
    check("when = { engine = \"2.09.3\" }, then", "then", "32:13: the rule decides 3 cells, not '2'");
    check(
        "{ cells = 1, then = \"refused",
        "{ cells = 1, when = { engine = \"2.09.3\" }, then = \"refused",
        "28:1: no rule decides the cell engine=2.11.0 db=a",
    );
    check(
        "then = \"established\" },",
        "then = \"established\" },\n{ cells = 0, when = { engine = \"2.09.3\" }, then = \"established\" },",
        "33:1: the rule decides no cell",
    );
    check(
        "cells = 1, when = { engine = \"2.11.0\"",
        "cells = 2, when = { engine = \"2.11.0\"",
        "5:22: the entry excludes 1 cells, not '2'",
    );
    check(
        "engine = \"2.11.0\", db = \"b\"",
        "reading = \"question=one\"",
        "5:34: cells cannot be excluded by a reading",
    );
}

#[test]
fn parties() {
    check(
        "[server.db]",
        "[server.db]\nimage = \"postgres\"",
        "19:9: image without a tag 'postgres', allowed: NAME:TAG, as in postgres:17",
    );
    check(
        "aurora-mysql {engine}",
        "aurora-mysql 4.{db}",
        "19:14: unknown engine 'aurora-mysql 4.a', allowed: aurora-mysql 2.07.9|2.08.4|2.09.2|2.09.3|2.10.0|2.10.1|2.10.2|2.11.0|2.11.1|3.01.0|3.02.2|3.03.0|3.04.0",
    );
    check(
        "require_secure_transport = \"ON\"",
        "secure = \"ON\"",
        "21:16: aurora-mysql 2.09.3 has no parameter 'secure', allowed: default_authentication_plugin, require_secure_transport, ssl_cipher, tls_version",
    );
    check(
        "require_secure_transport = \"ON\"",
        "require_secure_transport = \"YES\"",
        "21:43: unknown value of require_secure_transport 'YES', allowed: ON, OFF",
    );
    check(
        "require_secure_transport = \"ON\"",
        "ssl_cipher = \"DHE-RSA-AES128-SHA:DHE-RSA-AES256-SHA\"",
        "21:29: unknown value of ssl_cipher 'DHE-RSA-AES128-SHA:DHE-RSA-AES256-SHA', allowed: DHE-RSA-AES128-SHA, DHE-RSA-AES128-SHA256, DHE-RSA-AES128-GCM-SHA256, DHE-RSA-AES256-SHA, DHE-RSA-AES256-SHA256, DHE-RSA-AES256-GCM-SHA384, ECDHE-RSA-AES128-SHA, ECDHE-RSA-AES128-SHA256, ECDHE-RSA-AES128-GCM-SHA256, ECDHE-RSA-AES256-SHA, ECDHE-RSA-AES256-SHA384, ECDHE-RSA-AES256-GCM-SHA384",
    );
    check(
        "require_secure_transport = \"ON\"",
        "tls_version = \"TLSv1.3\"",
        "21:30: unknown value of tls_version 'TLSv1.3', allowed: TLSv1, TLSv1.1, TLSv1.2",
    );
    check(
        "mysql_native_password",
        "auth_socket",
        "20:35: unknown plugin 'auth_socket', allowed: mysql_native_password, caching_sha2_password, sha256_password, authentication_kerberos, AWSAuthenticationPlugin",
    );
    check(
        "plugin = \"mysql_native_password\"",
        "method = \"md5\"",
        "20:35: MySQL has 'plugin' in place of this key with 'md5'",
    );
    check(
        "plugin = \"mysql_native_password\", secret = \"alice\"",
        "by = \"kerberos\", realm = \"cor\"",
        "20:51: unknown realm 'cor', allowed: corp",
    );
    check(
        "plugin = \"mysql_native_password\", secret = \"alice\"",
        "by = \"kerberos\"",
        "20:16: no 'realm' for account 'alice'",
    );
    check(
        "plugin = \"mysql_native_password\", secret = \"alice\"",
        "by = \"password\"",
        "20:16: no 'secret' for the password of account 'alice'",
    );
    check(
        "clock      = \"+1h\"",
        "clock = \"1h\"",
        "22:9: no offset of a clock '1h', allowed: +10h, -301s, with the units s, m, h, d",
    );
    check(
        "mode = \"REQUIRED\"",
        "mode = \"MANDATORY\"",
        "26:18: unknown TLS mode 'MANDATORY', allowed: DISABLED, PREFERRED, REQUIRED, VERIFY_CA, VERIFY_IDENTITY, disable, allow, prefer, require, verify-ca, verify-full",
    );
    check(
        "versions = \"1.0-1.2\"",
        "versions = \"1.2-1.0\"",
        "26:41: the oldest version comes first, not in '1.2-1.0'",
    );
    check(
        "versions = \"1.0-1.2\"",
        "versions = \"1.4\"",
        "26:41: unknown TLS version '1.4', allowed are 1.0, 1.1, 1.2, 1.3, in '1.4'",
    );
    check(
        "versions = \"1.0-1.2\"",
        "provider = \"rustls\", suites = \"DHE-RSA-AES128-SHA\"",
        "26:60: rustls has no suite 'DHE-RSA-AES128-SHA', allowed: ECDHE-RSA-AES128-GCM-SHA256, ECDHE-RSA-AES256-GCM-SHA384",
    );
    check(
        "tls   = {",
        "transport = \"tls\"\ntls   = {",
        "26:13: 'tls.mode' and 'gssencmode' cannot stand beside transport 'tls'",
    );
    check(
        "tls   = {",
        "offer = \"everything\"\ntls   = {",
        "26:9: unknown offer 'everything', allowed: password, token, ticket, or some of them joined by -and-",
    );
    check(
        "clock      = \"+1h\"",
        "deviations = [\"no-ssl-bit\", \"no-ssl\"]",
        "22:29: unknown deviation 'no-ssl', allowed: wrong-error-code, no-ssl-bit, wrong-sequence-id, no-sqlstate, nonce-without-nul, accepts-wrong-secret, refuses-right-secret, no-ap-rep, secure-transport-not-enforced, asks-for-cleartext, error-message-byte, status-flag",
    );
    let of_kdcs: Vec<_> = mock_kdc::Deviation::ALL.iter().map(|deviation| deviation.name()).collect();
    let at_kdcs = shakedown_krb5::client::Deviation::ALL.map(shakedown_krb5::client::Deviation::word);
    let of_tls = shakedown::tls::Deviation::ALL.iter().map(|deviation| deviation.word());
    let of_clients: Vec<_> = at_kdcs.into_iter().chain(of_tls).collect();
    check(
        "realm = \"CORP.EXAMPLE.COM\"",
        "realm = \"CORP.EXAMPLE.COM\"\ndeviations = \"mute\"",
        &format!("16:14: unknown deviation 'mute', allowed: {}", of_kdcs.join(", ")),
    );
    check(
        "tls   = {",
        "deviations = \"no-ssl-bit\"\ntls   = {",
        &format!("26:14: unknown deviation 'no-ssl-bit', allowed: {}", of_clients.join(", ")),
    );
    check("tls   = {", "kind = \"command\"\ntls   = {", "26:8: no 'argv' for kind 'command'");
    check(
        "tls   = {",
        "kind = \"comand\"\ntls   = {",
        "26:8: unknown kind 'comand', allowed: builtin, command, or a client profile such as libmysqlclient 8.0.25 unix",
    );
    let unknown = "26:8: unknown client profile 'libmysqlclient 1.0 unix', allowed: ";
    let allowed: Vec<_> = LIBRARY.clients.names().collect();
    assert!(allowed.contains(&"libmysqlclient 8.0.28 unix"));
    check("tls   = {", "kind = \"libmysqlclient 1.0 unix\"\ntls   = {", &format!("{unknown}{}", allowed.join(", ")));
    check("tls   = {", "mutual = \"yes\"\ntls   = {", "26:10: unknown truth value 'yes', allowed: true, false");
}

#[test]
fn steps() {
    check("from = \"app\"", "from = \"ap\"", "30:20: unknown client 'ap', allowed: app");
    check("to = \"db\"", "to = \"bd\"", "30:32: unknown server or proxy 'bd', allowed: db");
    check("realm = \"corp\" }", "realm = \"corpse\" }", "37:47: unknown realm 'corpse', allowed: corp");
    check("kinit = ", "rotate = { service = \"db\" }\nkinit = ", "38:9: a second verb in one step 'kinit'");
    check(
        "kinit = { by = \"app\", user = \"alice\", realm = \"corp\" }\n",
        "",
        "36:1: a step without a verb, allowed: connect, kinit, renew, destroy_tickets, rotate, clock, account, parameter, restart, failover, fault",
    );
    check("\nthen  = \"established\"\n", "\n", "37:9: neither 'then' nor 'expect' for 'kinit'");
    check("name    = \"login\"", "then = \"established\"", "29:8: 'then' and 'expect' exclude each other");
    check("name    = \"login\"", "trace = \"…\"", "29:9: without 'then' this belongs to the rules of 'expect'");
    check(
        "then  = \"established\"",
        "then = \"logged in\"",
        "38:8: unknown outcome, in 'logged in', allowed: established [TLS1.2 [SUITE]] [by METHOD], refused [by client|server|proxy|kdc[: CODE]], timed out [in PHASE]",
    );
    check(
        "then  = \"established\"",
        "then = \"established\"\nkdc = \"refused by me\"",
        "39:7: unknown party 'me' in an outcome, in 'refused by me'",
    );
    check("trace = \"… error\"", "trace = \"… eror\"", "33:80: unknown event 'eror', in '… eror'");
    check(
        "then  = \"established\"",
        "then = \"established\"\nwithin = { kdc = \"50ms\" }",
        "39:12: unknown phase 'kdc', allowed: tcp, tls, kdc_as, kdc_tgs, auth, ready",
    );
    check(
        "then  = \"established\"",
        "then = \"established\"\nwithin = { kdc_as = \"50\" }",
        "39:21: no duration '50', allowed: 50ms, 5s, 10m, 10h, 7d",
    );
    check(
        "then  = \"established\"",
        "then = \"established\"\n[[during]]\nat = \"5s\"",
        "39:1: [[during]] is played under load only, not supported yet",
    );
    let head = SCENARIO.split_once("[[step]]").unwrap().0;
    assert_eq!(plan(head), Err("scenarios/x.toml:1:10: a scenario without a [[step]]".to_owned()));
}

#[test]
fn requirements() {
    check("shows  = [\"S3-01\"]", "shows = [\"S3-65\"]", "4:10: unknown requirement 'S3-65', allowed: S3-01 to S3-64");
    check(
        "shows  = [\"S3-01\"]",
        "shows = [\"S3-01\", \"X\"]",
        "4:19: unknown requirement 'X', allowed: the entries of scenarios/requirements.toml",
    );
    check(
        "name = \"a\", code",
        "name = \"a\", shows = \"S9-01\", code",
        "1:1: unknown requirement, shown by value 'a' of axis 'db': 'S9-01', allowed: the entries of scenarios/requirements.toml",
    );
    check(
        "then = \"established\" },",
        "then = \"established\", shows = \"S0-99\" },",
        "28:1: unknown requirement 'S0-99', allowed: S0-01 to S0-26",
    );
}

#[test]
fn two_files_with_one_case_and_choices_that_answer_nothing() {
    let twice = [Source::new("x", SCENARIO), Source::new("x", SCENARIO)];
    let error = make_plan(&twice, &LIBRARY, &BTreeMap::new()).unwrap_err().to_string();
    assert_eq!(
        error,
        "scenarios/x.toml:1:1: two cases have one name, the other is at scenarios/x.toml:1: 'x/2.09.3/a'"
    );
    let choose = |question: &str, answer: &str| {
        let choices = BTreeMap::from([(question.to_owned(), answer.to_owned())]);
        make_plan(&[Source::new("x", SCENARIO)], &LIBRARY, &choices).map(|plan| plan.readings)
    };
    assert_eq!(choose("question", "other").unwrap()["question"], "other");
    assert_eq!(
        choose("question", "no"),
        Err(Error::Usage("unknown reading 'question=no', allowed are one, other".into()))
    );
    assert_eq!(choose("who", "one"), Err(Error::Usage("no scenario asks the question 'who'".into())));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn arbitrary_text_never_panics(text in "\\PC{0,300}") {
        let _ = plan(&text);
    }

    #[test]
    fn a_scenario_with_octets_exchanged_or_left_out_never_panics(
        cuts in prop::collection::vec((0..SCENARIO.len(), 0..12_usize, "[\\[\\]{}=\"'.,#\\n a-z0-9*<>+…|()-]{0,4}"), 1..5),
    ) {
        let mut text = SCENARIO.to_owned();
        for (start, length, new) in cuts {
            let floor = |index: usize| (0..=index.min(text.len())).rev().find(|&i| text.is_char_boundary(i)).unwrap();
            let (start, end) = (floor(start), floor(start + length));
            text.replace_range(start..end, &new);
        }
        let _ = plan(&text);
    }

    #[test]
    fn a_scenario_that_ends_anywhere_never_panics(end in 0..SCENARIO.len()) {
        let end = (0..=end).rev().find(|&i| SCENARIO.is_char_boundary(i)).unwrap();
        let _ = plan(&SCENARIO[..end]);
    }

    #[test]
    fn a_pattern_never_panics_and_is_read_back_as_it_is_shown(text in "(established|refused|timed out|…|connect|alert|[<>|(): ]|by|in|server|TLS1.2|\\PC){0,8}") {
        if let Ok(pattern) = text.parse::<OutcomePattern>() {
            prop_assert_eq!(pattern.to_string().parse(), Ok(pattern));
        }
        if let Ok(pattern) = text.parse::<ViewPattern>() {
            prop_assert_eq!(pattern.to_string().parse(), Ok(pattern));
        }
        if let Ok(pattern) = text.parse::<TracePattern>() {
            prop_assert_eq!(pattern.to_string().parse(), Ok(pattern));
        }
    }
}

#[test]
fn a_view_of_somebody_who_is_not_there_could_not_fail_and_is_refused() {
    check(
        "then  = \"established\"",
        "then  = \"established\"\nserver = \"eof\"",
        "36:1: 'server' for a step that asks no server",
    );
    let (head, login) =
        SCENARIO.split_once("[[step]]\nkinit").map(|(head, _)| head).unwrap().split_once("[realm.corp]").unwrap();
    let (_, server) = login.split_once("[server.db]").unwrap();
    let without = format!("{head}[server.db]{server}").replace("server = \"eof\"", "kdc = \"krb 44\"");
    assert_eq!(plan(&without), Err("scenarios/x.toml:24:1: 'kdc' in a scenario without a [realm]".to_owned()));
}

#[test]
fn keys_that_would_do_nothing_are_refused() {
    check(
        "mode = \"REQUIRED\",",
        "mode = \"REQUIRED\", suites = [],",
        "26:39: no suite in 'suites'; without the key it is all of them",
    );
    let account = "accounts   = { alice = { plugin = \"mysql_native_password\", secret = \"alice\" } }";
    let engine = "engine     = \"aurora-mysql {engine}\"";
    for key in ["require_ssl", "cached"] {
        let postgres = SCENARIO
            .replace(engine, "engine     = \"aurora-postgresql 15\"")
            .replace("require_secure_transport = \"ON\"", "")
            .replace(account, &format!("accounts   = {{ alice = {{ {key} = true, secret = \"alice\" }} }}"));
        let column = 26 + key.len() + 3;
        let expected = format!("scenarios/x.toml:20:{column}: only accounts of MySQL have '{key}', not 'true'");
        assert_eq!(plan(&postgres), Err(expected));
    }
}

#[test]
fn keys_of_an_account_that_nobody_would_look_at_are_refused() {
    let plugin = "plugin = \"mysql_native_password\", secret = \"alice\"";
    check(
        plugin,
        "by = \"kerberos\", realm = \"corp\", secret = \"alice\"",
        "20:68: 'secret' for an account that is not proved by a password: 'alice'",
    );
    check(
        plugin,
        "plugin = \"authentication_kerberos\", realm = \"corp\", cached = true",
        "20:87: 'cached' for an account that is not proved by a password: 'true'",
    );
    check(
        plugin,
        "secret = \"alice\", realm = \"corp\"",
        "20:52: 'realm' for an account that is not proved by Kerberos: 'corp'",
    );
    check(
        plugin,
        "by = \"iam\", include_realm = true",
        "20:54: 'include_realm' for an account that is not proved by Kerberos: 'true'",
    );
    // An account whose way differs from cell to cell has the keys of all its ways.
    let ways = SCENARIO
        .replace("\"b\"]", "{ name = \"b\", by = \"kerberos\" }]")
        .replace("code = \"1045\"", "code = \"1045\", by = \"password\"")
        .replace(plugin, "by = \"{db.by}\", secret = \"alice\", realm = \"corp\"");
    assert_eq!(plan(&ways), Ok(()));
}

#[test]
fn a_method_that_is_enabled_has_to_be_configured() {
    let clock = "clock      = \"+1h\"";
    check(clock, "enabled = \"kerberos\"", "22:11: no 'kerberos' in the server that has enabled = 'kerberos'");
    check(clock, "enabled = \"iam\"", "22:11: no 'iam' in the server that has enabled = 'iam'");
    check(
        clock,
        "kerberos = { realm = \"corp\" }\nenabled = \"both\"",
        "23:11: no 'iam' in the server that has enabled = 'both'",
    );
    for enabled in ["enabled = \"neither\"", "kerberos = { realm = \"corp\" }\nenabled = \"kerberos\""] {
        assert_eq!(plan(&SCENARIO.replace(clock, enabled)), Ok(()));
    }
}

#[test]
fn a_certificate_has_a_name() {
    let clock = "clock      = \"+1h\"";
    let problem = "22:34: a certificate without a name; without 'names' it is for the host";
    check(clock, "certificate = { cn = \"\", names = [] }", problem);
    let long = "a".repeat(65);
    let problem = format!("22:22: a common name has at most 64 octets (RFC 5280), not '{long}'");
    check(clock, &format!("certificate = {{ cn = \"{long}\" }}"), &problem);
    for certificate in [
        "{ cn = \"\", names = [\"a.test\"] }",
        "{ names = [] }",
        "{ names = [\"a.test\"] }",
        "{ names = \"a.test\" }",
        "{ ca = \"other\" }",
    ] {
        assert_eq!(plan(&SCENARIO.replace(clock, &format!("certificate = {certificate}"))), Ok(()));
    }
}

#[test]
fn names_that_nobody_could_use_are_refused_with_their_place() {
    let engine = "engine     = \"aurora-mysql {engine}\"";
    for wrong in ["", "not a host", "http://db.test", &"a".repeat(254)] {
        check(
            engine,
            &format!("{engine}\nhost = \"{wrong}\""),
            &format!("20:8: no name of a host '{wrong}', allowed: db.test, up to 253 octets"),
        );
    }
    for wrong in ["", "CORP EXAMPLE", "alice@CORP"] {
        check(
            "realm = \"CORP.EXAMPLE.COM\"",
            &format!("realm = \"{wrong}\""),
            &format!("15:9: no name of a realm '{wrong}', allowed: one as CORP.EXAMPLE.COM"),
        );
    }
    check(
        "realm = \"CORP.EXAMPLE.COM\"",
        "realm = \"CORP.EXAMPLE.COM\"\nservices = [\"postgres\"]",
        "16:13: no service principal 'postgres', allowed: SERVICE/HOST without a realm",
    );
    check(
        "[client.app]",
        "[proxy.front]\nkind = \"haproxy\"\nto = \"nowhere\"\n[client.app]",
        "26:6: unknown server or proxy 'nowhere', allowed: db",
    );
    let named = plan(&SCENARIO.replace("name   = \"{engine}/{db}\"", "name   = \"{engine}/{db}\\u001b[31m\""));
    let text = named.unwrap_err();
    assert!(text.starts_with("scenarios/x.toml:3:10: a control character in the name of a case"), "{text}");
}

#[test]
fn a_case_in_which_nothing_happens_is_refused() {
    let one_step = SCENARIO.split_once("\n[[step]]\nkinit").map(|(head, _)| head).unwrap();
    assert_eq!(plan(one_step), Ok(()));
    let narrow = one_step.replace("name    = \"login\"", "when = { engine = \"2.09.3\" }").replace(
        "  { cells = 1, then = \"refused by server: 1045 28000\", server = \"eof\", trace = \"… error\" },\n",
        "",
    );
    let expected = "scenarios/x.toml:28:1: no step happens in the cell engine=2.11.0 db=a; a cell that cannot exist belongs into 'exclude'";
    assert_eq!(plan(&narrow), Err(expected.to_owned()));
}

#[test]
fn proxies() {
    let front = |lines: &str, expected: &str| {
        check("[client.app]", &format!("[proxy.front]\nto = \"db\"\n{lines}\n[client.app]"), expected);
    };
    front("", "24:1: missing key 'kind'");
    front("kind = \"nginx\"", "26:8: unknown kind of a proxy 'nginx', allowed: haproxy, pgbouncer");
    front("kind = \"haproxy\"\nauth = \"md5\"", "27:8: haproxy hands octets over in TCP mode and has no 'auth'");
    front(
        "kind = \"haproxy\"\ntls = { mode = \"require\" }",
        "27:7: haproxy hands octets over in TCP mode and has no 'tls'",
    );
    // The server of this file speaks MySQL.
    front("kind = \"pgbouncer\"", "26:8: 'front' leads to a MySQL server, which is nothing for 'pgbouncer'");
    front(
        "kind = \"haproxy\"\ndeviations = \"mute\"",
        "27:14: only servers, realms and built-in clients make deviations, not 'mute'",
    );
    front("kind = \"haproxy\"\nhost = \"\"", "27:8: no name of a host '', allowed: db.test, up to 253 octets");
    check(
        "[client.app]",
        "[proxy.a]\nkind = \"haproxy\"\nto = \"b\"\n[proxy.b]\nkind = \"haproxy\"\nto = \"a\"\n[client.app]",
        "29:6: proxies in a circle, a → b → a: 'a'",
    );
    check(
        "[client.app]",
        "[proxy.a]\nkind = \"haproxy\"\nto = \"a\"\n[client.app]",
        "26:6: proxies in a circle, a → a: 'a'",
    );
}

#[test]
fn pgbouncer_is_told_only_what_it_has() {
    let file = |lines: &str| {
        format!(
            "title = \"t\"\nsource = \"s\"\n[server.db]\nengine = \"aurora-postgresql 15\"\n\
             [proxy.front]\nkind = \"pgbouncer\"\nto = \"db\"\n{lines}\n\
             [client.app]\nlogin = \"alice\"\n[axes]\none = [\"x\"]\n\
             [[step]]\nconnect = {{ from = \"app\", to = \"front\" }}\nthen = \"established\"\n"
        )
    };
    let check = |lines: &str, expected: &str| {
        assert_eq!(plan(&file(lines)), Err(format!("scenarios/x.toml:{expected}")));
    };
    assert_eq!(plan(&file("tls = { mode = \"prefer\" }")), Ok(()));
    check("auth = \"gss\"", "8:8: unknown auth 'gss', allowed: trust, plain, md5, scram-sha-256");
    check(
        "tls = { mode = \"verify-full\" }",
        "8:16: unknown TLS mode 'verify-full', allowed: disable, allow, prefer, require",
    );
    check(
        "server_tls = { mode = \"REQUIRED\" }",
        "8:23: unknown TLS mode 'REQUIRED', allowed: disable, allow, prefer, require, verify-ca, verify-full",
    );
    check(
        "server_tls = { mode = \"verify-ca\", ca = \"none\" }",
        "8:41: a proxy that verifies needs an authority, not 'none', allowed: own, other",
    );
    check("tls = { suites = [\"X\"] }", "8:19: unknown cipher suite 'X'");
    check("tls = { suites = [] }", "8:18: no suite in 'suites'; without the key it is all of them");
    check("tls = { versions = \"1.2-1.0\" }", "8:20: the oldest version comes first, not in '1.2-1.0'");
    check("users = { \"a\\\"b\" = { secret = \"x\" } }", "8:11: no name of a user 'a\"b'");
}
