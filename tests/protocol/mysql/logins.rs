//! Client against server: each plugin with right and wrong secrets, in clear and under TLS, with exact traces.

use super::conversation::{Ended, Party, converse, converse_in_pieces};
use shakedown::handshake::{Input, Timestamp};
use shakedown::mysql::{
    Account, AfterLogin, Cleartext, ClientHandshake, ClientPlugin, ClientSettings, Credentials, DatabaseAccess, RsaKey,
    Secret, ServerHandshake, ServerPlugin, ServerSettings, TlsMode, TokenVerifier,
};
use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

fn rsa() -> RsaKey {
    static KEY: OnceLock<RsaKey> = OnceLock::new();
    KEY.get_or_init(|| RsaKey::generate().unwrap()).clone()
}

struct OneToken;

impl TokenVerifier for OneToken {
    fn verify(&self, user: &str, token: &[u8], _now: Timestamp) -> Result<(), Cow<'static, str>> {
        if user == "iam" && token == b"token" { Ok(()) } else { Err("iam signature".into()) }
    }
}

/// A server with one account of each plugin that has a secret; the secret of each is `right`, and `token` for IAM.
pub(crate) fn server(default_plugin: ServerPlugin) -> ServerSettings {
    let mut settings = ServerSettings::new("8.0.28");
    settings.default_plugin = default_plugin;
    settings.plugins = ServerPlugin::ALL.to_vec();
    settings.rsa = Some(rsa());
    for (name, plugin) in [
        ("native", ServerPlugin::NativePassword),
        ("caching", ServerPlugin::CachingSha2Password),
        ("sha256", ServerPlugin::Sha256Password),
        ("pam", ServerPlugin::Pam),
    ] {
        let credentials = Credentials::password(plugin, &Secret::password("right")).unwrap();
        settings.accounts.insert(name.to_owned(), Account::new(credentials));
    }
    settings.accounts.insert("iam".to_owned(), Account::new(Credentials::Iam(Arc::new(OneToken))));
    settings
}

/// The same under TLS.
pub(crate) fn tls_server(default_plugin: ServerPlugin) -> ServerSettings {
    ServerSettings { tls: true, ..server(default_plugin) }
}

pub(crate) fn client(user: &str, secret: &str) -> ClientSettings {
    ClientSettings { tls: TlsMode::Disabled, ..ClientSettings::new(user, Secret::password(secret)) }
}

pub(crate) fn tls_client(user: &str, secret: &str) -> ClientSettings {
    ClientSettings { tls: TlsMode::Required, ..ClientSettings::new(user, Secret::password(secret)) }
}

#[track_caller]
pub(crate) fn check(ended: &Ended, client: &str, server: &str, trace: &str) {
    assert_eq!(ended.client_says(), client);
    assert_eq!(ended.server.to_string(), server);
    assert_eq!(ended.client_trace, trace);
}

const TLS: &str = "TLS1.2 ECDHE-RSA-AES128-GCM-SHA256";
const REFUSED: &str = "refused by server: 1045 28000";

#[test]
fn the_native_plugin_of_the_greeting_needs_no_switch() {
    let server = Arc::new(server(ServerPlugin::NativePassword));
    check(
        &converse(&client("native", "right"), &server),
        "established by password",
        "established by password",
        "greeting< login> auth-ok< ready<",
    );
    check(
        &converse(&client("native", "wrong"), &server),
        REFUSED,
        "refused by server: 1045 28000 (wrong password)",
        "greeting< login> error<(1045 28000)",
    );
    check(
        &converse(&client("native", ""), &server),
        REFUSED,
        "refused by server: 1045 28000 (no password)",
        "greeting< login> error<(1045 28000)",
    );
}

#[test]
fn under_tls_the_login_comes_behind_the_upgrade() {
    let server = Arc::new(tls_server(ServerPlugin::NativePassword));
    let established = format!("established {TLS} by password");
    let trace = "greeting< tls-request> login> auth-ok< ready<";
    for mode in [TlsMode::Preferred, TlsMode::Required, TlsMode::VerifyCa, TlsMode::VerifyIdentity] {
        let client = ClientSettings { tls: mode, ..client("native", "right") };
        check(&converse(&client, &server), &established, &established, trace);
    }
    check(
        &converse(&client("native", "right"), &server),
        "established by password",
        "established by password",
        "greeting< login> auth-ok< ready<",
    );
}

#[test]
fn a_client_that_must_have_tls_leaves_a_server_that_has_none() {
    let server = Arc::new(server(ServerPlugin::NativePassword));
    for mode in [TlsMode::Required, TlsMode::VerifyCa, TlsMode::VerifyIdentity] {
        let client = ClientSettings { tls: mode, ..client("native", "right") };
        let ended = converse(&client, &server);
        check(
            &ended,
            "refused by client: tls_refused (the server offers no tls)",
            "refused by client: eof",
            "greeting<",
        );
        assert_eq!(ended.from_client, b"", "nothing is sent, least of all a login");
    }
    let preferring = ClientSettings { tls: TlsMode::Preferred, ..client("native", "right") };
    assert!(converse(&preferring, &server).client.unwrap().is_established());
}

#[test]
fn an_account_of_another_plugin_is_asked_by_a_switch() {
    check(
        &converse(&client("native", "right"), &Arc::new(server(ServerPlugin::CachingSha2Password))),
        "established by password",
        "established by password",
        "greeting< login> auth-switch<(mysql_native_password) auth-data> auth-ok< ready<",
    );
    check(
        &converse(&client("native", "wrong"), &Arc::new(server(ServerPlugin::CachingSha2Password))),
        REFUSED,
        "refused by server: 1045 28000 (wrong password)",
        "greeting< login> auth-switch<(mysql_native_password) auth-data> error<(1045 28000)",
    );
}

#[test]
fn a_client_with_another_default_plugin_is_asked_for_the_right_one() {
    let server = Arc::new(server(ServerPlugin::NativePassword));
    let client =
        ClientSettings { default_plugin: Some(ClientPlugin::CachingSha2Password), ..client("native", "right") };
    check(
        &converse(&client, &server),
        "established by password",
        "established by password",
        "greeting< login> auth-switch<(mysql_native_password) auth-data> auth-ok< ready<",
    );
}

#[test]
fn caching_sha2_is_full_at_first_and_fast_afterwards() {
    let server = Arc::new(tls_server(ServerPlugin::CachingSha2Password));
    let established = format!("established {TLS} by password");
    let full = "greeting< tls-request> login> auth-data<(full) auth-data> auth-ok< ready<";
    let fast = "greeting< tls-request> login> auth-data<(fast) auth-ok< ready<";
    check(&converse(&tls_client("caching", "right"), &server), &established, &established, full);
    check(&converse(&tls_client("caching", "right"), &server), &established, &established, fast);
    check(
        &converse(&tls_client("caching", "wrong"), &server),
        REFUSED,
        "refused by server: 1045 28000 (wrong password)",
        "greeting< tls-request> login> auth-data<(full) auth-data> error<(1045 28000)",
    );
    server.proven.clear();
    check(&converse(&tls_client("caching", "right"), &server), &established, &established, full);
    // The cache serves connections in clear too.
    check(
        &converse(&client("caching", "right"), &server),
        "established by password",
        "established by password",
        "greeting< login> auth-data<(fast) auth-ok< ready<",
    );
}

#[test]
fn caching_sha2_in_clear_needs_the_servers_key() {
    let server = Arc::new(server(ServerPlugin::CachingSha2Password));
    let trusting = |secret| ClientSettings { request_public_key: true, ..client("caching", secret) };
    let conversation = "greeting< login> auth-data<(full) auth-data> auth-data<(public-key) auth-data>";
    check(
        &converse(&client("caching", "right"), &server),
        "refused by client: cleartext_forbidden (the password is wanted without tls, and the server's key may not be asked \
         for)",
        "refused by client: eof",
        "greeting< login> auth-data<(full)",
    );
    check(
        &converse(&trusting("wrong"), &server),
        REFUSED,
        "refused by server: 1045 28000 (wrong password)",
        &format!("{conversation} error<(1045 28000)"),
    );
    let ended = converse(&trusting("right"), &server);
    check(&ended, "established by password", "established by password", &format!("{conversation} auth-ok< ready<"));
    assert!(!ended.from_client.windows(5).any(|window| window == b"right"), "the password is not sent in clear");
}

#[test]
fn sha256_sends_the_password_under_tls_and_a_block_in_clear() {
    let established = format!("established {TLS} by password");
    check(
        &converse(&tls_client("sha256", "right"), &Arc::new(tls_server(ServerPlugin::NativePassword))),
        &established,
        &established,
        "greeting< tls-request> login> auth-switch<(sha256_password) auth-data> auth-ok< ready<",
    );
    let server = Arc::new(server(ServerPlugin::Sha256Password));
    check(
        &converse(&client("sha256", "right"), &server),
        "established by password",
        "established by password",
        "greeting< login> auth-data<(public-key) auth-data> auth-ok< ready<",
    );
    check(
        &converse(&client("sha256", "wrong"), &server),
        REFUSED,
        "refused by server: 1045 28000 (wrong password)",
        "greeting< login> auth-data<(public-key) auth-data> error<(1045 28000)",
    );
}

#[test]
fn a_secret_is_sent_in_clear_only_where_the_client_allows_it() {
    let in_clear = Arc::new(server(ServerPlugin::NativePassword));
    let over_tls = Arc::new(tls_server(ServerPlugin::NativePassword));
    let with = |cleartext, settings| ClientSettings { cleartext, ..settings };
    let switched = "greeting< login> auth-switch<(mysql_clear_password)";
    let tls_switched = "greeting< tls-request> login> auth-switch<(mysql_clear_password)";
    check(
        &converse(&with(Cleartext::OverTls, client("pam", "right")), &in_clear),
        "refused by client: cleartext_forbidden (the cleartext plugin is allowed over tls only)",
        "refused by client: eof",
        switched,
    );
    check(
        &converse(&with(Cleartext::Always, client("pam", "right")), &in_clear),
        "established by password",
        "established by password",
        &format!("{switched} auth-data> auth-ok< ready<"),
    );
    check(
        &converse(&with(Cleartext::Never, tls_client("pam", "right")), &over_tls),
        "refused by client: cleartext_forbidden (the cleartext plugin is not enabled)",
        "refused by client: eof",
        tls_switched,
    );
    let established = format!("established {TLS} by password");
    check(
        &converse(&with(Cleartext::OverTls, tls_client("pam", "right")), &over_tls),
        &established,
        &established,
        &format!("{tls_switched} auth-data> auth-ok< ready<"),
    );
    assert_eq!(
        converse(&with(Cleartext::OverTls, tls_client("pam", "wrong")), &over_tls).server.to_string(),
        "refused by server: 1045 28000 (wrong password)"
    );
}

#[test]
fn a_client_that_starts_with_the_cleartext_plugin_is_not_asked_again() {
    let server = Arc::new(server(ServerPlugin::NativePassword));
    let mut client = client("pam", "right");
    client.default_plugin = Some(ClientPlugin::ClearPassword);
    client.cleartext = Cleartext::Always;
    check(
        &converse(&client, &server),
        "established by password",
        "established by password",
        "greeting< login> auth-ok< ready<",
    );
    client.cleartext = Cleartext::OverTls;
    let ended = converse(&client, &server);
    check(
        &ended,
        "refused by client: cleartext_forbidden (the cleartext plugin is allowed over tls only)",
        "refused by client: eof",
        "greeting<",
    );
}

#[test]
fn an_iam_token_needs_tls_on_the_servers_side() {
    let token = |settings: ClientSettings| {
        let secret = Secret::token(settings.secret.octets());
        ClientSettings { secret, cleartext: Cleartext::Always, ..settings }
    };
    let established = format!("established {TLS} by iam");
    check(
        &converse(&token(tls_client("iam", "token")), &Arc::new(tls_server(ServerPlugin::NativePassword))),
        &established,
        &established,
        "greeting< tls-request> login> auth-switch<(mysql_clear_password) auth-data> auth-ok< ready<",
    );
    assert_eq!(
        converse(&token(tls_client("iam", "other")), &Arc::new(tls_server(ServerPlugin::NativePassword)))
            .server
            .to_string(),
        "refused by server: 1045 28000 (iam signature)"
    );
    check(
        &converse(&token(client("iam", "token")), &Arc::new(server(ServerPlugin::NativePassword))),
        REFUSED,
        "refused by server: 1045 28000 (iam without tls)",
        "greeting< login> auth-switch<(mysql_clear_password) auth-data> error<(1045 28000)",
    );
}

#[test]
fn an_unknown_user_is_asked_for_the_same_plugin_each_time_and_then_refused() {
    let server = Arc::new(server(ServerPlugin::NativePassword));
    let mut traces = std::collections::BTreeSet::new();
    for name in ["a", "b", "c", "d", "e", "f", "g", "h"] {
        let client = ClientSettings { request_public_key: true, ..client(name, "guess") };
        let first = converse(&client, &server);
        assert_eq!(first.client_says(), REFUSED);
        assert_eq!(first.server.to_string(), "refused by server: 1045 28000 (unknown user)");
        assert_eq!(first.client_trace, converse(&client, &server).client_trace);
        traces.insert(first.client_trace);
    }
    assert!(traces.len() > 1, "not all unknown users are asked for one plugin: {traces:?}");
    assert!(server.proven.is_empty());
}

#[test]
fn the_error_says_whether_a_password_was_used_and_from_where() {
    let server = Arc::new(server(ServerPlugin::NativePassword));
    let message = |secret| converse(&client("native", secret), &server).client.unwrap().message.unwrap();
    assert_eq!(message("wrong"), "Access denied for user 'native'@'127.0.0.1' (using password: YES)");
    assert_eq!(message(""), "Access denied for user 'native'@'127.0.0.1' (using password: NO)");
}

#[test]
fn an_account_whose_plugin_is_not_loaded_is_refused_before_anything_is_asked() {
    let mut settings = server(ServerPlugin::NativePassword);
    settings.plugins.retain(|plugin| *plugin != ServerPlugin::Iam);
    let ended = converse(&client("iam", "token"), &Arc::new(settings));
    check(
        &ended,
        "refused by server: 1524 HY000",
        "refused by server: 1524 HY000 (plugin not loaded)",
        "greeting< login> error<(1524 HY000)",
    );
    assert_eq!(ended.client.unwrap().message.unwrap(), "Plugin 'AWSAuthenticationPlugin' is not loaded");
}

#[test]
fn a_client_without_the_plugin_leaves_without_a_word() {
    let mut client = client("pam", "right");
    client.plugins = vec![ClientPlugin::NativePassword];
    check(
        &converse(&client, &Arc::new(server(ServerPlugin::NativePassword))),
        "refused by client: no_plugin (authentication plugin 'mysql_clear_password' cannot be loaded)",
        "refused by client: eof",
        "greeting< login> auth-switch<(mysql_clear_password)",
    );
}

#[test]
fn secure_transport_is_demanded_after_the_password_only() {
    let mut settings = tls_server(ServerPlugin::NativePassword);
    settings.require_secure_transport = true;
    let server = Arc::new(settings);
    check(
        &converse(&client("native", "right"), &server),
        "refused by server: 3159 HY000",
        "refused by server: 3159 HY000 (tls required)",
        "greeting< login> error<(3159 HY000)",
    );
    check(
        &converse(&client("native", "wrong"), &server),
        REFUSED,
        "refused by server: 1045 28000 (wrong password)",
        "greeting< login> error<(1045 28000)",
    );
    assert!(converse(&tls_client("native", "right"), &server).client.unwrap().is_established());
}

#[test]
fn the_checks_behind_the_password_come_in_mysqlds_order() {
    let base = tls_server(ServerPlugin::NativePassword);
    let credentials = base.accounts["native"].credentials.clone();
    let account = Account {
        require_ssl: true,
        locked: true,
        databases: DatabaseAccess::Only(["shop".to_owned()].into()),
        credentials,
    };
    let refused = |account: &Account, require_secure_transport, client: ClientSettings| {
        let mut settings = tls_server(ServerPlugin::NativePassword);
        settings.require_secure_transport = require_secure_transport;
        settings.databases.insert("shop".to_owned());
        settings.accounts.insert("native".to_owned(), account.clone());
        let client = ClientSettings { database: client.database.or(Some("mysql".to_owned())), ..client };
        converse(&client, &Arc::new(settings)).server.to_string()
    };
    let clear = || client("native", "right");
    assert_eq!(refused(&account, true, clear()), "refused by server: 1045 28000 (account requires tls)");
    let account = Account { require_ssl: false, ..account };
    assert_eq!(refused(&account, true, clear()), "refused by server: 3118 HY000 (account locked)");
    let account = Account { locked: false, ..account };
    assert_eq!(refused(&account, true, clear()), "refused by server: 3159 HY000 (tls required)");
    assert_eq!(refused(&account, false, clear()), "refused by server: 1044 42000 (database)");
    let shop = ClientSettings { database: Some("shop".to_owned()), ..clear() };
    assert_eq!(refused(&account, false, shop.clone()), "established by password");
    let account = Account { databases: DatabaseAccess::All, ..account };
    let nowhere = ClientSettings { database: Some("nowhere".to_owned()), ..shop };
    assert_eq!(refused(&account, false, nowhere), "refused by server: 1049 42000 (database)");
}

#[test]
fn select_1_is_asked_and_its_answer_read() {
    for version in ["5.7.12", "8.0.28"] {
        let mut settings = server(ServerPlugin::NativePassword);
        settings.version = version.to_owned();
        let client = ClientSettings { after_login: AfterLogin::SelectOne, ..client("native", "right") };
        let ended = converse(&client, &Arc::new(settings));
        assert_eq!(ended.client_says(), "established by password");
        let quit = [0x01, 0, 0, 0, 0x01];
        assert!(ended.from_client.ends_with(&quit), "the last packet is COM_QUIT with sequence id 0");
    }
}

#[test]
fn pieces_of_any_length_come_to_the_same() {
    let make = || Arc::new(tls_server(ServerPlugin::NativePassword));
    let mut client = ClientSettings { after_login: AfterLogin::SelectOne, ..tls_client("caching", "right") };
    client.attributes = vec![("program_name".to_owned(), "test".to_owned())];
    let whole = converse(&client, &make());
    for piece in 1..40 {
        let cut = converse_in_pieces(&client, &make(), piece);
        assert_eq!(cut.client_trace, whole.client_trace, "pieces of {piece}");
        assert_eq!(cut.client, whole.client);
        assert_eq!(cut.from_server, whole.from_server);
        assert_eq!(cut.from_client, whole.from_client);
    }
}

#[test]
fn nothing_prints_the_secret() {
    let client_settings = ClientSettings { cleartext: Cleartext::Always, ..client("pam", "hunter2") };
    let server_settings = Arc::new(server(ServerPlugin::NativePassword));
    let mut client = Party::new(ClientHandshake::new(client_settings.clone()), 1);
    let mut server = Party::new(ServerHandshake::new(Arc::clone(&server_settings), 1), 2);
    let mut printed = format!("{client_settings:?} {server_settings:?}");
    let mut to_client = server.give(Input::Start).1;
    client.give(Input::Start).0.unwrap();
    for _ in ["login and switch", "secret and refusal"] {
        let (step, to_server) = client.give(Input::Bytes(&to_client));
        printed += &format!("{step:?} {:?}", client.machine);
        // All but the last octet, so that the secret is still in the buffer.
        let (last, most) = to_server.split_last().unwrap();
        server.give(Input::Bytes(most)).0.unwrap();
        printed += &format!("{:?}", server.machine);
        let (step, out) = server.give(Input::Bytes(&[*last]));
        printed += &format!("{step:?} {:?}", server.machine);
        to_client = out;
    }
    assert!(client.sent.windows(7).any(|window| window == b"hunter2"), "the secret was sent");
    for text in ["hunter2", "104, 117, 110", "68, 75, 6e", "right"] {
        assert!(!printed.contains(text), "{text} in {printed}");
    }
}
