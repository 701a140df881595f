//! Client against server: each plugin with right and wrong secrets, in clear and under TLS, with exact traces.

use super::conversation::{Ended, converse};
use shakedown::mysql::{
    Account, AfterLogin, Cleartext, ClientPlugin, ClientSettings, Credentials, DatabaseAccess, Deviation, RsaKey,
    Secret, ServerPlugin, ServerSettings, TlsMode,
};
use std::sync::{Arc, OnceLock};

fn rsa() -> RsaKey {
    static KEY: OnceLock<RsaKey> = OnceLock::new();
    KEY.get_or_init(|| RsaKey::generate().unwrap()).clone()
}

/// A server with one account of each password plugin; the secret of each is `right`.
fn server(default_plugin: ServerPlugin) -> ServerSettings {
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
        let credentials = Credentials::password(plugin, &Secret::new("right")).unwrap();
        settings.accounts.insert(name.to_owned(), Account::new(credentials));
    }
    settings
}

fn client(user: &str, secret: &str) -> ClientSettings {
    let mut settings = ClientSettings::new(user, Secret::new(secret));
    settings.tls = TlsMode::Disabled;
    settings
}

fn check(ended: &Ended, client: &str, server: &str, trace: &str) {
    assert_eq!(ended.client_says(), client);
    assert_eq!(ended.server.to_string(), server);
    assert_eq!(ended.client_trace, trace);
}

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
        "refused by server: 1045 28000",
        "refused by server: 1045 28000 (wrong password)",
        "greeting< login> error<(1045 28000)",
    );
}

#[test]
fn under_tls_the_login_comes_behind_the_upgrade() {
    let mut settings = server(ServerPlugin::NativePassword);
    settings.tls = true;
    let server = Arc::new(settings);
    let mut client = client("native", "right");
    client.tls = TlsMode::Required;
    check(
        &converse(&client, &server),
        "established TLS1.2 ECDHE-RSA-AES128-GCM-SHA256 by password",
        "established TLS1.2 ECDHE-RSA-AES128-GCM-SHA256 by password",
        "greeting< tls-request> login> auth-ok< ready<",
    );
}
