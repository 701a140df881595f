//! What is said about files, and which cases an endpoint of a file plays.

use super::*;
use crate::scenario::make_plan;
use shakedown_krb5::Keyblock;
use shakedown_krb5::keytab::{Entry, Keytab};

const HEAD: &str = "plays = 'aurora-postgresql 15'\nhost = 'h'\naddress = '127.0.0.1:1'\n";

fn read(text: &str) -> Result<Endpoint, Error> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("endpoint.toml");
    std::fs::write(&file, text).unwrap();
    Endpoint::read(&file)
}

fn endpoint(more: &str) -> Endpoint {
    read(&format!("{HEAD}{more}")).unwrap()
}

fn problem(text: &str) -> String {
    read(text).unwrap_err().to_string()
}

#[test]
fn an_endpoint_is_printed_without_its_secrets() {
    let endpoint = endpoint("[secrets]\nalice = 'hunter2'\n");
    assert!(!format!("{endpoint:?}").contains("hunter2"));
    assert_eq!(endpoint.secrets()["alice"].as_str(), "hunter2");
}

#[test]
fn a_secret_that_is_no_string_is_not_told() {
    for secrets in [
        "secrets = 'hunter2'",
        "[secrets]\nalice = 4711",
        "[secrets]\nalice = ['hunter2']",
        "[secrets]\nalice = hunter2",
    ] {
        let text = problem(&format!("{HEAD}{secrets}\n"));
        assert!(!text.contains("hunter2") && !text.contains("4711"), "{text}");
        assert!(text.contains("quote") || text.contains("no table of secrets"), "{text}");
    }
}

#[test]
fn what_is_wrong_with_a_file_is_told_with_its_place() {
    for (text, expected) in [
        ("plays = 'aurora-postgresql 99'\nhost = 'h'\n", "plays the unknown engine 'aurora-postgresql 99', allowed: "),
        ("plays = 'aurora-oracle *'\nhost = 'h'\n", "plays the unknown engine 'aurora-oracle *', allowed: "),
        ("plays = []\nhost = 'h'\naddress = '127.0.0.1:1'", "'plays' names no engine"),
        ("plays = 'aurora-postgresql 15'\nhost = 'h'\naddres = '127.0.0.1:1'\n", "3:1: unknown key 'addres'"),
        (&format!("{HEAD}cleartext = 'yes'"), "4:13: unknown word 'yes', allowed: allowed, refused"),
        (&format!("{HEAD}ask = 'all'"), "4:7: unknown word 'all', allowed: nothing, version"),
        (&format!("{HEAD}keytab = 'a'\nccache = 'b'"), "5:10: 'keytab' and 'ccache' exclude each other"),
        (&format!("{HEAD}ccache = '/nowhere/cc'"), "cannot read /nowhere/cc: "),
        (&format!("{HEAD}keytab = '{}/Cargo.toml'", env!("CARGO_MANIFEST_DIR")), "Cargo.toml: "),
        (&format!("{HEAD}[accounts.alice]\nrequire_ssl = true"), "neither 'plugin' nor 'method' for the account alice"),
        (&format!("{HEAD}[accounts.alice]\nplugin = 'a'\nmethod = 'b'"), "'plugin' and 'method' exclude each other"),
        (&format!("{HEAD}[allow]\nlockouts = 1"), "unknown key 'lockouts'"),
        (&format!("{HEAD}[allow]\nlockout = -1"), "invalid value"),
        (
            &format!("{HEAD}[parameters]\nssl_cipher = 'x'"),
            "5:14: what it plays has no parameter 'ssl_cipher', allowed: password_encryption, rds.force_ssl, ",
        ),
        (&format!("{HEAD}port = 2"), "a port in the address '127.0.0.1:1' and another one beside it"),
        (&format!("{HEAD}region = '${{NOT_SET_ANYWHERE}}'"), "the environment has no variable NOT_SET_ANYWHERE"),
        ("plays = ['aurora-mysql *', 'aurora-postgresql *']\nhost = '127.0.0.1'", "no port for '127.0.0.1'"),
    ] {
        let text = problem(text);
        assert!(text.contains(expected), "{text}\nand not {expected}");
    }
}

#[test]
fn a_file_without_a_certificate_is_no_authority() {
    let ca = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let text = problem(&format!("{HEAD}ca = '{ca}'\n"));
    assert_eq!(text, format!("cannot read {ca}: it holds no certificate"));
}

#[test]
fn an_address_is_made_of_what_is_given() {
    let address = |text: &str| read(text).unwrap().address.to_string();
    assert_eq!(address("plays = 'aurora-postgresql 15'\nhost = '127.0.0.1'"), "127.0.0.1:5432");
    assert_eq!(address("plays = 'aurora-mysql 3.04.0'\nhost = '127.0.0.1'"), "127.0.0.1:3306");
    assert_eq!(address("plays = 'aurora-mysql *'\nhost = 'h'\naddress = '127.0.0.2'\nport = 5"), "127.0.0.2:5");
    assert_eq!(address("plays = 'aurora-mysql *'\nhost = 'h'\naddress = '::1'\nport = '5'"), "[::1]:5");
    assert_eq!(address("plays = 'aurora-mysql *'\nhost = 'h'\naddress = '[::1]:6'"), "[::1]:6");
}

const SCENARIO: &str = r#"
title  = "x"
source = "x"
[realm.corp]
realm = "CORP.EXAMPLE.COM"
users = { alice = { secret = "in-the-directory" } }
REALM
[server.db]
engine   = "ENGINE"
accounts = { alice = { ACCOUNT } }
SERVER
[client.app]
login  = "alice"
CLIENT
[axes]
one = ["x"]
FIRST
[[step]]
connect = { from = "app", to = "db" }
then    = "THEN"
"#;

fn case(words: &[(&str, &str)]) -> Case {
    let text = case_text(words);
    make_plan(&[Source::new("x", text)], &Library::built_in().unwrap(), &BTreeMap::new()).unwrap().cases.remove(0)
}

fn case_text(words: &[(&str, &str)]) -> String {
    let defaults = [
        ("ENGINE", "aurora-postgresql 15"),
        ("ACCOUNT", "method = \"md5\", secret = \"alice\""),
        ("SERVER", ""),
        ("REALM", ""),
        ("CLIENT", "transport = \"tls\""),
        ("FIRST", ""),
        ("THEN", "established"),
    ];
    words.iter().chain(&defaults).fold(SCENARIO.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// What everything but the point of a test needs.
const PLENTY: &str = "[secrets]\nalice = 'x'\nin-the-directory = 'x'\n[realms]\n'CORP.EXAMPLE.COM' = '127.0.0.1:1'\n\
                      [allow]\nfailed-login = 9\naborted-handshake = 9\nlockout = 9\n";

/// Why an endpoint with these lines does not play a case.
fn lacking(more: &str, words: &[(&str, &str)]) -> Option<String> {
    endpoint(&format!("{more}\n{PLENTY}")).lacks(&case(words))
}

#[track_caller]
fn check(words: &[(&str, &str)], with: &str, without: &str, expected: &str) {
    assert_eq!(lacking(with, words), None, "with it");
    assert_eq!(lacking(without, words).as_deref(), Some(expected));
}

#[test]
fn cases_of_the_engines_that_it_plays_are_played() {
    let plays = |plays: &str, engine: &str| {
        let text = format!("plays = {plays}\nhost = 'h'\naddress = '127.0.0.1:1'\n{PLENTY}");
        read(&text).unwrap().lacks(&case(&[("ENGINE", engine)]))
    };
    assert_eq!(plays("'aurora-postgresql 15'", "aurora-postgresql 15"), None);
    assert_eq!(plays("['aurora-mysql *', 'aurora-postgresql 1*']", "aurora-postgresql 13"), None);
    let reason = plays("['aurora-mysql 3.4', 'aurora-postgresql 14']", "aurora-postgresql 15");
    assert_eq!(reason.as_deref(), Some("backend plays aurora-mysql 3.04.0, aurora-postgresql 14"));
}

#[test]
fn what_its_profile_promises_is_never_lacking() {
    for client in [
        "tls = { mode = \"require\", versions = \"1.1\" }",
        "tls = { mode = \"require\", versions = \"1.2\", suites = [\"DHE-RSA-AES128-SHA\"] }",
    ] {
        assert_eq!(lacking("", &[("CLIENT", client)]), None);
        assert_eq!(lacking("", &[("CLIENT", client), ("THEN", "refused by server: alert handshake_failure")]), None);
    }
}

#[test]
fn parameters_are_as_they_are() {
    let forced = [("SERVER", "parameters = { \"rds.force_ssl\" = \"1\" }")];
    let reason = "the endpoint's rds.force_ssl is not known to be 1";
    check(&forced, "[parameters]\n'rds.force_ssl' = '1'", "", reason);
    check(&[], "", "[parameters]\n'rds.force_ssl' = '1'", "the endpoint's rds.force_ssl is 1, not 0");
}

#[test]
fn parameters_of_tls_matter_by_what_a_handshake_comes_to() {
    let client = |tls: &'static str| ("CLIENT", tls);
    let lowered = ("SERVER", "parameters = { ssl_min_protocol_version = \"TLSv1\" }");
    let known = "[parameters]\nssl_min_protocol_version = 'TLSv1'";
    let tls1_0 = client("tls = { mode = \"require\", versions = \"1.0\" }");
    check(&[lowered, tls1_0], known, "", "the endpoint's ssl_min_protocol_version is not known to be TLSv1");
    check(&[tls1_0], "", known, "the endpoint's ssl_min_protocol_version is TLSv1, not unset");
    // Both come to TLS 1.2 whatever the minimum is.
    for words in [[lowered, client("transport = \"tls\"")], [("SERVER", ""), client("transport = \"tls\"")]] {
        assert_eq!([lacking(known, &words), lacking("", &words)], [None, None]);
    }
    let one = "parameters = { ssl_ciphers = \"ECDHE-RSA-AES128-SHA\" }";
    let offers = |suite: &'static str| [("SERVER", one), client(suite)];
    let same = offers("tls = { mode = \"require\", suites = [\"ECDHE-RSA-AES128-SHA\"], versions = \"1.2\" }");
    assert_eq!(lacking("", &same), None);
    let other = offers("tls = { mode = \"require\", suites = [\"ECDHE-RSA-AES256-SHA\"], versions = \"1.2\" }");
    let with = "[parameters]\nssl_ciphers = 'ECDHE-RSA-AES128-SHA'";
    check(&other, with, "", "the endpoint's ssl_ciphers is not known to be ECDHE-RSA-AES128-SHA");
}

#[test]
fn accounts_are_as_scenarios_have_them_unless_it_is_said() {
    let alice = "[accounts.alice]\nmethod = 'md5'";
    check(&[], alice, "[accounts.bob]\nmethod = 'md5'", "the endpoint has no account alice");
    check(&[], alice, "[accounts.alice]\nmethod = 'gss'", "the endpoint's account alice has gss, not md5");
    check(
        &[],
        "",
        &format!("{alice}\ndatabases = ['shop']"),
        "the endpoint's account alice may use shop, not all databases",
    );
    let mallory = [("CLIENT", "secret = \"x\"\ntransport = \"tls\""), ("login  = \"alice\"", "login = \"mallory\"")];
    let reason = "the endpoint has an account mallory, and the case is of none";
    check(&mallory, alice, "[accounts.mallory]\nmethod = 'md5'", reason);
    let kept = [("ACCOUNT", "method = \"md5\", secret = \"alice\", databases = [\"shop\"]")];
    let reason = "the endpoint is not known to keep alice to some databases";
    check(&kept, &format!("{alice}\ndatabases = ['shop']"), "", reason);
}

#[test]
fn an_account_that_requires_ssl_is_one_that_is_known_to() {
    let lacking = |accounts: &str, require_ssl: &str| {
        let text = format!("plays = 'aurora-mysql *'\nhost = 'h'\naddress = '127.0.0.1:1'\n{accounts}\n{PLENTY}");
        let account = format!("plugin = \"sha256_password\", secret = \"alice\", require_ssl = {require_ssl}");
        read(&text).unwrap().lacks(&case(&[("ENGINE", "aurora-mysql 3.04.0"), ("ACCOUNT", &account)]))
    };
    let alice = |require_ssl| format!("[accounts.alice]\nplugin = 'sha256_password'\nrequire_ssl = {require_ssl}");
    assert_eq!(lacking("", "false"), None);
    assert_eq!(lacking(&alice(true), "true"), None);
    assert_eq!(lacking(&alice(false), "false"), None);
    let reason = |reason: Option<String>| reason.unwrap_or_default();
    assert_eq!(reason(lacking("", "true")), "the endpoint is not known to REQUIRE SSL of alice");
    assert_eq!(reason(lacking(&alice(false), "true")), "the endpoint's account alice does not REQUIRE SSL");
    assert_eq!(reason(lacking(&alice(true), "false")), "the endpoint's account alice requires SSL");
}

#[test]
fn realms_that_cannot_be_made_are_named() {
    let kinit = "[[step]]\nkinit = { by = \"app\", user = \"alice\", realm = \"corp\" }\nthen = \"established\"";
    let said = |words: &[(&str, &str)]| lacking("", &[words, &[("FIRST", kinit)]].concat()).unwrap_or_default();
    let etypes = [("REALM", "etypes = [\"aes128-cts-hmac-sha1-96\"]")];
    assert_eq!(said(&etypes), "the KDC of CORP.EXAMPLE.COM is not known to have these encryption types alone");
    let deviation = format!("deviations = [\"{}\"]", mock_kdc::Deviation::ALL[0].name());
    assert!(said(&[("REALM", &deviation)]).starts_with("the KDC of CORP.EXAMPLE.COM makes no deviation on demand: "));
    assert_eq!(said(&[("CORP.EXAMPLE", "OTHER.EXAMPLE")]), "the endpoint file names no KDC of OTHER.EXAMPLE.COM");
    let login = "[[step]]\nconnect = { from = \"app\", to = \"other\" }\nthen = \"established\"";
    let other = "[server.other]\nengine = \"aurora-postgresql 15\"\n[client.app]";
    let two = [("[client.app]", other), ("FIRST", login)];
    assert_eq!(said(&two), "an endpoint file describes one server");
}

#[test]
fn a_right_password_is_never_made_up_and_a_wrong_one_may_be() {
    let right = case(&[]);
    let wrong = case(&[("CLIENT", "secret = \"mistyped\"\ntransport = \"tls\""), ("THEN", "refused by server: 28P01")]);
    let realm = "[realms]\n'CORP.EXAMPLE.COM' = '127.0.0.1:1'\n";
    let without = endpoint(&format!("{realm}[allow]\nfailed-login = 9\n"));
    assert_eq!(without.lacks(&right).as_deref(), Some("the endpoint file has no secret alice"));
    assert_eq!(without.lacks(&wrong), None);
    assert_eq!(endpoint(&format!("[secrets]\nalice = 'x'\n{realm}")).lacks(&right), None);
}

#[test]
fn a_secret_goes_in_the_clear_to_loopback_or_where_the_file_allows_it() {
    let reason = |address: &str, more: &str, words: &[(&str, &str)]| {
        let head = format!("plays = 'aurora-postgresql 15'\nhost = 'h'\naddress = '{address}:1'\n");
        read(&format!("{head}{more}\n{PLENTY}")).unwrap().lacks(&case(words))
    };
    let clear = [("CLIENT", "transport = \"clear\"")];
    assert_eq!(reason("127.0.0.1", "", &clear), None);
    assert_eq!(reason("127.0.0.1", "cleartext = 'refused'", &clear), None);
    assert_eq!(reason("192.0.2.1", "cleartext = 'allowed'", &clear), None);
    assert_eq!(reason("192.0.2.1", "", &[("CLIENT", "transport = \"tls\"")]), None);
    for more in ["", "cleartext = 'refused'"] {
        assert_eq!(
            reason("192.0.2.1", more, &clear).as_deref(),
            Some(
                "might send a secret in the clear to 192.0.2.1, and the endpoint file does not say cleartext = \"allowed\""
            )
        );
    }
}

#[test]
fn as_many_are_played_as_the_file_allows_to_be_refused_and_no_more() {
    let wrong = "secret = \"mistyped\"\ntransport = \"tls\"";
    let kinit = "[[step]]\nkinit = { by = \"app\", user = \"alice\", realm = \"corp\", secret = \"mistyped\" }\nthen = \"refused by kdc\"";
    for (key, words, what) in [
        ("failed-login", [("CLIENT", wrong), ("THEN", "refused by server: 28P01")], "a failed login"),
        (
            "aborted-handshake",
            [("CLIENT", "transport = \"tls\""), ("THEN", "refused by server: alert handshake_failure")],
            "an aborted handshake",
        ),
        ("lockout", [("FIRST", kinit), ("THEN", "established")], "a try at the lockout of an account"),
    ] {
        let allowed = |number: u32| {
            let realm = "[secrets]\nalice = 'x'\n[realms]\n'CORP.EXAMPLE.COM' = '127.0.0.1:1'\n";
            endpoint(&format!("{realm}[allow]\n{key} = {number}\n"))
        };
        let case = case(&words);
        let reason = format!("costs {what}, and the endpoint file allows no more of them");
        assert_eq!(allowed(0).lacks(&case).as_ref(), Some(&reason));
        let twice = allowed(2);
        let three = [twice.lacks(&case), twice.lacks(&case), twice.lacks(&case)];
        assert_eq!(three, [None, None, Some(reason)]);
    }
}

#[test]
fn a_program_is_not_asked_who_refused_it() {
    let of_program = |then| {
        let client = "kind = \"command\"\nargv = [\"true\"]\nsecret = \"mistyped\"\ntransport = \"tls\"";
        lacking("", &[("CLIENT", client), ("THEN", then)])
    };
    assert!(of_program("refused by server: 28P01").is_some_and(|reason| reason.contains("who refused it")));
    assert_eq!(of_program("refused"), None);
}

#[test]
fn a_keytab_stands_in_place_of_the_password_of_those_who_are_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keytab");
    let entry = |name: &str| Entry {
        principal: format!("{name}@CORP.EXAMPLE.COM").parse().unwrap(),
        timestamp: 0,
        kvno: 1,
        key: Keyblock::new(18, &[7; 32]),
    };
    let kinit = "[[step]]\nkinit = { by = \"app\", user = \"alice\", realm = \"corp\" }\nthen = \"established\"";
    let case = case(&[("FIRST", kinit), ("CLIENT", "offer = \"ticket\"\ntransport = \"tls\""), ("THEN", "refused")]);
    let lacking = |keytab: &str| {
        let allow = "[realms]\n'CORP.EXAMPLE.COM' = '127.0.0.1:1'\n[allow]\nfailed-login = 1\naborted-handshake = 1\n";
        endpoint(&format!("{keytab}\n{allow}")).lacks(&case)
    };
    assert_eq!(lacking("").as_deref(), Some("the endpoint file has no secret in-the-directory"));
    let with = |name: &str| {
        std::fs::write(&path, Keytab { entries: vec![entry(name)] }.write().unwrap()).unwrap();
        lacking(&format!("keytab = '{}'", path.display()))
    };
    assert_eq!(with("alice"), None);
    let reason = format!("the keytab {} holds no key of alice@CORP.EXAMPLE.COM", path.display());
    assert_eq!(with("bob"), Some(reason));
}

#[tokio::test]
async fn the_version_is_asked_for_once_and_where_that_is_allowed() {
    let world = crate::testbed::World::open("mysql/passwords", None).await.unwrap();
    let said = async |plays: &str, more: &str| {
        let address = world.address("db").unwrap();
        read(&format!("plays = '{plays}'\nhost = 'h'\naddress = '{address}'\n{more}")).unwrap().says().await
    };
    let allowed = "[allow]\naborted-handshake = 1";
    let asked = said("aurora-mysql 3.04.0", allowed).await;
    assert!(asked.as_ref().is_some_and(|version| version.starts_with("8.0.")), "{asked:?}");
    assert_eq!(said("aurora-mysql 3.04.0", "").await, None);
    assert_eq!(said("aurora-mysql 3.04.0", &format!("ask = 'nothing'\n{allowed}")).await, None);
    assert_eq!(said("aurora-postgresql 15", allowed).await, None, "it tells those who have logged in");
    world.stop().await;
}

#[test]
fn a_case_that_asks_a_kdc_alone_is_played_whatever_server_there_is() {
    let kinit = "[[step]]\nkinit = { by = \"app\", user = \"alice\", realm = \"corp\" }\nthen = \"established\"\n#";
    let text = case_text(&[("ENGINE", "aurora-mysql 3.04.0"), ("ACCOUNT", "secret = \"alice\""), ("FIRST", kinit)]);
    let without_login = text.split("\n#").next().unwrap();
    let plan = make_plan(&[Source::new("x", without_login)], &Library::built_in().unwrap(), &BTreeMap::new()).unwrap();
    assert_eq!(endpoint(PLENTY).lacks(&plan.cases[0]), None);
    let elsewhere = PLENTY.replace("CORP.EXAMPLE.COM", "OTHER.EXAMPLE.COM");
    let reason = endpoint(&elsewhere).lacks(&plan.cases[0]);
    assert_eq!(reason.as_deref(), Some("the endpoint file names no KDC of CORP.EXAMPLE.COM"));
}
