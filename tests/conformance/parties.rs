//! What parties become: parameters applied, defaults decided, equal parties shared.

use shakedown::handshake::TlsVersion;
use shakedown::scenario::party::{Client, GssMode, HbaConnection, HbaMethod, Offer, Password, Proof, Server, TlsMode};
use shakedown::scenario::{Library, Plan, Source, make_plan};
use std::collections::BTreeMap;
use std::sync::Arc;

fn plan(text: &str) -> Plan {
    let library = Library::built_in().expect("it was built with these");
    make_plan(&[Source::new("x", text)], &library, &BTreeMap::new()).unwrap_or_else(|error| panic!("{error}"))
}

fn scenario(server: &str, client: &str) -> Plan {
    plan(&format!(
        "title = \"t\"\nsource = \"s\"\n[realm.corp]\nrealm = \"CORP\"\n[server.db]\n{server}\n[client.app]\n{client}\n\
         [[step]]\nconnect = {{ from = \"app\", to = \"db\" }}\nthen = \"established\"\n"
    ))
}

fn server(text: &str) -> Arc<Server> {
    Arc::clone(&scenario(text, "login = \"alice\"").cases[0].servers["db"])
}

fn client(text: &str) -> Arc<Client> {
    let server = "engine = \"aurora-mysql 3.04.0\"\naccounts = { alice = { secret = \"her own\" } }";
    Arc::clone(&scenario(server, text).cases[0].clients["app"])
}

fn mysql(version: &str, parameters: &str) -> Arc<Server> {
    server(&format!("engine = \"aurora-mysql {version}\"\nparameters = {{ {parameters} }}"))
}

#[test]
fn tls_version_is_a_minimum_on_version_2() {
    let versions = |parameter: &str| {
        let versions = mysql("2.11.0", parameter).tls.as_ref().unwrap().versions;
        (versions.min, versions.max)
    };
    assert_eq!(versions(""), (TlsVersion::Tls1_0, TlsVersion::Tls1_2));
    assert_eq!(versions("tls_version = \"\""), (TlsVersion::Tls1_0, TlsVersion::Tls1_2));
    assert_eq!(versions("tls_version = \"TLSv1\""), (TlsVersion::Tls1_0, TlsVersion::Tls1_2));
    assert_eq!(versions("tls_version = \"TLSv1.1\""), (TlsVersion::Tls1_1, TlsVersion::Tls1_2));
    assert_eq!(versions("tls_version = \"TLSv1.2\""), (TlsVersion::Tls1_2, TlsVersion::Tls1_2));
}

#[test]
fn ssl_cipher_is_a_list_of_what_the_version_has() {
    let suites = |version: &str, list: &str| {
        mysql(version, &format!("ssl_cipher = \"{list}\"")).tls.as_ref().unwrap().suites.clone()
    };
    let list = "ECDHE-RSA-AES128-SHA, DHE-RSA-AES128-SHA";
    assert_eq!(suites("2.10.2", list), ["ECDHE-RSA-AES128-SHA", "DHE-RSA-AES128-SHA"]);
    assert_eq!(suites("2.11.0", list), ["ECDHE-RSA-AES128-SHA"]);
    assert_eq!(suites("2.11.0", "DHE-RSA-AES128-SHA"), Vec::<String>::new());
    assert_eq!(mysql("2.11.0", "").tls.as_ref().unwrap().suites.len(), 6);
    assert_eq!(mysql("3.04.0", "").tls.as_ref().unwrap().suites.len(), 12);
}

#[test]
fn ssl_ciphers_of_postgresql_is_a_list_as_openssl_writes_it() {
    let suites = |list: &str| {
        let server = server(&format!("engine = \"aurora-postgresql 15\"\nparameters = {{ ssl_ciphers = \"{list}\" }}"));
        server.tls.as_ref().unwrap().suites.clone()
    };
    let both = ["ECDHE-RSA-AES128-SHA", "DHE-RSA-AES128-SHA"];
    assert_eq!(suites("ECDHE-RSA-AES128-SHA:DHE-RSA-AES128-SHA"), both);
    assert_eq!(suites("DHE-RSA-AES128-SHA"), both[1..]);
}

#[test]
fn secure_transport_is_required_only_when_it_is_set() {
    assert!(!mysql("3.04.0", "").secure_transport_required);
    assert!(!mysql("3.04.0", "require_secure_transport = \"OFF\"").secure_transport_required);
    assert!(mysql("3.04.0", "require_secure_transport = \"ON\"").secure_transport_required);
    assert_eq!(mysql("3.04.0", "").parameters["require_secure_transport"], "OFF");
}

#[test]
fn a_server_on_rustls_has_what_rustls_has() {
    let server = server("engine = \"aurora-mysql 3.04.0\"\ntls = { provider = \"rustls\" }");
    let tls = server.tls.as_ref().unwrap();
    assert_eq!((tls.versions.min, tls.versions.max), (TlsVersion::Tls1_2, TlsVersion::Tls1_2));
    assert_eq!(tls.suites, ["ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384"]);
}

#[test]
fn a_server_without_tls_has_none() {
    assert!(server("engine = \"aurora-mysql 3.04.0\"\ntls = { offered = false }").tls.is_none());
}

#[test]
fn names_of_a_server_come_from_its_own() {
    let server = server("engine = \"aurora-postgresql 15\"\nkerberos = { realm = \"corp\" }");
    assert_eq!(server.host, "db.test");
    assert_eq!(server.tls.as_ref().unwrap().certificate.names, ["db.test"]);
    assert_eq!(server.kerberos.as_ref().unwrap().spn, "postgres/db.test");
    assert!(server.kerberos.as_ref().unwrap().realm.services.contains_key("postgres/db.test"));
}

#[test]
fn an_account_proves_itself_as_the_engine_does_by_default() {
    let scheme =
        |engine: &str| match &server(&format!("engine = \"{engine}\"\naccounts = {{ a = {{ secret = \"s\" }} }}"))
            .accounts["a"]
            .proofs[..]
        {
            [Proof::Password { scheme, .. }] => scheme.word(),
            other => panic!("{other:?}"),
        };
    assert_eq!(scheme("aurora-mysql 3.04.0"), "mysql_native_password");
    assert_eq!(scheme("aurora-postgresql 15"), "scram-sha-256");
}

fn hba(accounts: &str, more: &str) -> Vec<(HbaConnection, Option<String>, HbaMethod)> {
    let text = format!("engine = \"aurora-postgresql 15\"\naccounts = {{ {accounts} }}\n{more}");
    server(&text).hba.iter().map(|line| (line.connection, line.user.clone(), line.method)).collect()
}

#[test]
fn lines_of_pg_hba_follow_the_accounts_as_written() {
    let zoe = Some("zoe".to_owned());
    let amy = Some("amy".to_owned());
    assert_eq!(
        hba("zoe = { method = \"md5\", secret = \"z\" }, amy = { method = \"trust\" }", ""),
        [
            (HbaConnection::Any, zoe, HbaMethod::Md5),
            (HbaConnection::Any, amy, HbaMethod::Trust),
            (HbaConnection::Any, None, HbaMethod::ScramSha256),
        ]
    );
    assert_eq!(hba("", "parameters = { \"rds.force_ssl\" = 1 }"), [(HbaConnection::Ssl, None, HbaMethod::ScramSha256)]);
}

#[test]
fn a_role_with_iam_is_asked_for_a_token_over_tls_only_and_one_without_a_method_is_rejected() {
    let realm = "kerberos = { realm = \"corp\" }\niam = { region = \"eu-central-1\" }";
    let first = |enabled: &str| {
        let mut lines = hba("a = { by = \"both\" }", &format!("{realm}\nenabled = \"{enabled}\""));
        lines.pop();
        lines.into_iter().map(|(connection, _, method)| (connection, method)).collect::<Vec<_>>()
    };
    let token = [(HbaConnection::Ssl, HbaMethod::Pam), (HbaConnection::Any, HbaMethod::Reject)];
    assert_eq!(first("both"), token);
    assert_eq!(first("iam"), token);
    assert_eq!(first("kerberos"), [(HbaConnection::Any, HbaMethod::Gss { include_realm: false })]);
    assert_eq!(first("neither"), [(HbaConnection::Any, HbaMethod::Reject)]);
}

#[test]
fn a_role_that_is_a_whole_principal_includes_its_realm() {
    let lines = hba("\"a@CORP\" = { by = \"kerberos\" }", "kerberos = { realm = \"corp\" }");
    assert_eq!(lines[0].2, HbaMethod::Gss { include_realm: true });
}

#[test]
fn a_client_without_a_secret_has_that_of_its_account() {
    let password = |text: &str| client(text).password.clone();
    assert_eq!(password("login = \"alice\""), Some(Password::Named("her own".to_owned())));
    assert_eq!(password("login = \"alice\"\nsecret = \"another\""), Some(Password::Named("another".to_owned())));
    assert_eq!(password("login = \"alice\"\nsecret = \"\""), Some(Password::Empty));
    assert_eq!(password("login = \"bob\""), None);
}

#[test]
fn transport_says_what_is_required() {
    let modes = |transport: &str| {
        let client = client(&format!("login = \"alice\"\n{transport}"));
        (client.tls.mode, client.gssencmode, client.allow_cleartext)
    };
    assert_eq!(modes(""), (TlsMode::Preferred, GssMode::Disabled, false));
    assert_eq!(modes("transport = \"clear\""), (TlsMode::Disabled, GssMode::Disabled, true));
    assert_eq!(modes("transport = \"tls\""), (TlsMode::Required, GssMode::Disabled, true));
    assert_eq!(modes("transport = \"gss\""), (TlsMode::Disabled, GssMode::Required, true));
}

#[test]
fn an_offer_names_what_it_holds_and_nothing_else() {
    let offer = |text: &str| client(&format!("login = \"alice\"\noffer = \"{text}\"")).offer;
    assert_eq!(offer("password"), Offer { password: true, token: false, ticket: false });
    assert_eq!(offer("ticket-and-token"), Offer { password: false, token: true, ticket: true });
}

#[test]
fn equal_servers_of_a_plan_are_one() {
    let library = Library::built_in().unwrap();
    let plan = make_plan(&Source::built_in(), &library, &BTreeMap::new()).unwrap();
    let of_suites: Vec<_> = plan.cases.iter().filter(|case| case.scenario.name == "mysql/cipher-suites").collect();
    let mut different: Vec<_> = of_suites.iter().map(|case| Arc::as_ptr(&case.servers["db"])).collect();
    different.sort();
    different.dedup();
    assert_eq!((of_suites.len(), different.len()), (288, 8));
}
