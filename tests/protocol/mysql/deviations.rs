//! Each deviation of the server, and that a client notices it.

use super::conversation::{Ended, converse_in_pieces};
use super::logins::{client, server, tls_client, tls_server};
use shakedown::mysql::{ClientSettings, Deviation, ServerPlugin, ServerSettings};
use std::sync::Arc;

fn played(client: &ClientSettings, server: ServerSettings, deviation: Option<Deviation>) -> Ended {
    let server = ServerSettings { deviations: deviation.into_iter().collect(), ..server };
    converse_in_pieces(client, &Arc::new(server), usize::MAX)
}

/// What a client says without and with the deviation.
#[track_caller]
fn notices(deviation: Deviation, client: &ClientSettings, make: impl Fn() -> ServerSettings, usual: &str, then: &str) {
    assert_eq!(played(client, make(), None).client_says(), usual);
    assert_eq!(played(client, make(), Some(deviation)).client_says(), then);
}

fn native() -> ServerSettings {
    server(ServerPlugin::NativePassword)
}

fn caching() -> ServerSettings {
    server(ServerPlugin::CachingSha2Password)
}

#[test]
fn another_error_code_for_a_wrong_password() {
    notices(
        Deviation::WrongErrorCode,
        &client("native", "wrong"),
        native,
        "refused by server: 1045 28000",
        "refused by server: 1044 42000",
    );
}

#[test]
fn no_ssl_bit_though_tls_is_there() {
    notices(
        Deviation::NoSslBit,
        &tls_client("native", "right"),
        || tls_server(ServerPlugin::NativePassword),
        "established TLS1.2 ECDHE-RSA-AES128-GCM-SHA256 by password",
        "refused by client: tls_refused (the server offers no tls)",
    );
}

#[test]
fn a_sequence_id_that_is_one_too_high() {
    notices(
        Deviation::WrongSequenceId,
        &client("native", "right"),
        native,
        "established by password",
        "peer broke the protocol: sequence id 2 expected, found 3",
    );
}

#[test]
fn an_error_without_its_sqlstate() {
    notices(
        Deviation::NoSqlState,
        &client("native", "wrong"),
        native,
        "refused by server: 1045 28000",
        "refused by server: 1045",
    );
}

#[test]
fn a_nonce_without_its_nul() {
    notices(
        Deviation::NonceWithoutNul,
        &client("native", "right"),
        caching,
        "established by password",
        "malformed mysql_native_password data: NUL behind the nonce at offset 20: 1 octets expected, 0 left",
    );
}

#[test]
fn ok_for_a_wrong_password() {
    notices(
        Deviation::AcceptsWrongSecret,
        &client("native", "wrong"),
        native,
        "refused by server: 1045 28000",
        "established by password",
    );
}

#[test]
fn an_error_for_a_right_password() {
    notices(
        Deviation::RefusesRightSecret,
        &client("native", "right"),
        native,
        "established by password",
        "refused by server: 1045 28000",
    );
}

#[test]
fn clear_connections_though_secure_transport_is_required() {
    notices(
        Deviation::SecureTransportNotEnforced,
        &client("native", "right"),
        || ServerSettings { require_secure_transport: true, ..tls_server(ServerPlugin::NativePassword) },
        "refused by server: 3159 HY000",
        "established by password",
    );
}

#[test]
fn the_cleartext_plugin_is_asked_for() {
    let client = client("native", "right");
    notices(
        Deviation::AsksForCleartext,
        &client,
        native,
        "established by password",
        "refused by client: cleartext_forbidden (the cleartext plugin is allowed over tls only)",
    );
    let ended = played(&client, native(), Some(Deviation::AsksForCleartext));
    assert_eq!(ended.client_trace, "greeting< login> auth-switch<(mysql_clear_password)");
    assert!(!ended.from_client.windows(5).any(|window| window == b"right"));
}
