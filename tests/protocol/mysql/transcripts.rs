//! What a bystander writes down of each method, those included that no shipped scenario plays: no secret, and the right names.

use super::conversation::{Party, tls_facts};
use super::logins::{client, server, tls_client, tls_server};
use shakedown::handshake::{Bystander, Direction, Input, Step, Transcript};
use shakedown::mysql::transcript::Listener;
use shakedown::mysql::{
    AfterLogin, Cleartext, ClientHandshake, ClientPlugin, ClientSettings, ServerHandshake, ServerPlugin, ServerSettings,
};
use std::sync::Arc;

/// Plays both to the end; returns what a bystander heard, and all that the client said, in text.
fn overhear(client: ClientSettings, server: ServerSettings) -> (Transcript, String) {
    let mut client = Party::new(ClientHandshake::new(client), 1);
    let mut server = Party::new(ServerHandshake::new(Arc::new(server), 42), 2);
    let (mut listener, mut transcript) = (Listener::default(), Transcript::default());
    let (_, mut to_client) = server.give(Input::Start);
    client.give(Input::Start).0.unwrap();
    let mut client_is_through = false;
    for _ in 0..100 {
        listener.hear(Direction::ToClient, &to_client, &mut transcript);
        let (step, mut to_server) = client.give(Input::Bytes(&to_client));
        let wants_tls = matches!(step, Ok(Step::StartTls(_)));
        client_is_through |= matches!(step, Ok(Step::Finish(_)) | Err(_));
        listener.hear(Direction::FromClient, &to_server, &mut transcript);
        if wants_tls {
            assert!(matches!(server.give(Input::Bytes(&to_server)).0, Ok(Step::StartTls(_))));
            server.give(Input::Secured(&tls_facts())).0.unwrap();
            listener.secured();
            (_, to_server) = client.give(Input::Secured(&tls_facts()));
            listener.hear(Direction::FromClient, &to_server, &mut transcript);
        }
        if client_is_through {
            listener.end(&mut transcript);
            let said = client.sent.iter().copied().map(char::from).collect();
            return (transcript, said);
        }
        to_client = server.give(Input::Bytes(&to_server)).1;
    }
    panic!("no end: {transcript}");
}

/// The names of the messages, and that the secret was said in the clear or was not, and stands in none of them.
#[track_caller]
fn check(client: ClientSettings, server: ServerSettings, secret: &str, is_said: bool, expected: &str) {
    let (transcript, said) = overhear(client, server);
    assert_eq!(said.contains(secret), is_said, "{transcript}");
    let text = transcript.to_string();
    assert!(!text.contains(secret), "{text}");
    let names: Vec<_> = transcript.messages.iter().map(|message| &*message.name).collect();
    assert_eq!(names.join(" "), expected, "{text}");
}

#[test]
fn sha256_password_is_the_password_over_tls_and_encrypted_in_the_clear() {
    let plugin = ServerPlugin::Sha256Password;
    check(tls_client("sha256", "right"), tls_server(plugin), "right", true, "Greeting SSLRequest Login OK COM_QUIT");
    let asks = ClientSettings { request_public_key: true, ..client("sha256", "right") };
    check(asks, server(plugin), "right", false, "Greeting Login AuthMoreData AuthResponse OK COM_QUIT");
}

#[test]
fn cleartext_passwords_and_tokens_are_hidden() {
    let cleartext = |user: &str, secret: &str| ClientSettings {
        cleartext: Cleartext::Always,
        plugins: vec![ClientPlugin::ClearPassword, ClientPlugin::NativePassword],
        ..tls_client(user, secret)
    };
    let plugin = ServerPlugin::NativePassword;
    let switched = "Greeting SSLRequest Login AuthSwitchRequest AuthSwitchResponse";
    check(cleartext("pam", "right"), tls_server(plugin), "right", true, &format!("{switched} OK COM_QUIT"));
    check(cleartext("iam", "token"), tls_server(plugin), "token", true, &format!("{switched} OK COM_QUIT"));
    check(cleartext("pam", "wronger"), tls_server(plugin), "wronger", true, &format!("{switched} ERR"));
    // The secret in the login packet itself.
    let first = ClientSettings { default_plugin: Some(ClientPlugin::ClearPassword), ..cleartext("pam", "right") };
    let (transcript, said) = overhear(first, tls_server(plugin));
    assert!(said.contains("right") && !transcript.to_string().contains("right"), "{transcript}");
}

#[test]
fn scrambles_are_hidden() {
    for (user, plugin) in [("native", ServerPlugin::NativePassword), ("caching", ServerPlugin::CachingSha2Password)] {
        let with_query = ClientSettings { after_login: AfterLogin::SelectOne, ..client(user, "right") };
        let with_query = ClientSettings { request_public_key: true, ..with_query };
        let (transcript, _) = overhear(with_query, server(plugin));
        let text = transcript.to_string();
        assert!(text.is_ascii() && text.contains("answer=(hidden, ") && text.contains("query=\"SELECT 1\""), "{text}");
    }
}

/// One packet.
fn packet(sequence: u8, payload: &[u8]) -> Vec<u8> {
    [&[u8::try_from(payload.len()).unwrap(), 0, 0, sequence], payload].concat()
}

#[test]
fn statements_in_which_a_password_may_stand_are_hidden_and_other_commands_are_read() {
    let mut party = Party::new(ClientHandshake::new(client("native", "right")), 1);
    let mut real = Party::new(ServerHandshake::new(Arc::new(server(ServerPlugin::NativePassword)), 42), 2);
    let (mut listener, mut transcript) = (Listener::default(), Transcript::default());
    let greeting = real.give(Input::Start).1;
    party.give(Input::Start).0.unwrap();
    let login = party.give(Input::Bytes(&greeting)).1;
    let ok = real.give(Input::Bytes(&login)).1;
    listener.hear(Direction::ToClient, &greeting, &mut transcript);
    listener.hear(Direction::FromClient, &login, &mut transcript);
    listener.hear(Direction::ToClient, &ok, &mut transcript);
    let before = transcript.messages.len();
    let ok = packet(1, &[0, 0, 0, 2, 0, 0, 0]);
    for (command, answer) in [
        (&b"\x03ALTER USER a IDENTIFIED BY 'hunter2'"[..], ok.clone()),
        (b"\x16set password = 'hunter2'", packet(1, &[0xFF, 0x0F, 0x05, b'#', b'H', b'Y', b'0', b'0', b'0', b'x'])),
        (b"\x02app", ok.clone()),
        (b"\x0e", ok.clone()),
        (b"\x77hunter2", packet(1, &[0xFF, 0x17, 0x04, b'#', b'0', b'8', b'S', b'0', b'1', b'y'])),
        (b"\x11bob\0\x07hunter2app\0\x2d\0mysql_clear_password\0", packet(1, b"\xfemysql_clear_password\0")),
    ] {
        listener.hear(Direction::FromClient, &packet(0, command), &mut transcript);
        listener.hear(Direction::ToClient, &answer, &mut transcript);
    }
    listener.hear(Direction::FromClient, &packet(2, b"hunter2\0"), &mut transcript);
    listener.hear(Direction::ToClient, &packet(3, &[0, 0, 0, 2, 0, 0, 0]), &mut transcript);
    let lines: Vec<_> = transcript.messages[before..].iter().map(ToString::to_string).collect();
    assert_eq!(
        lines.join("\n"),
        "\
> COM_QUERY seq=0 query=(hidden, 36 octets)
< OK seq=1 affected-rows=0 insert-id=0 status=0x0002 warnings=0
> COM_STMT_PREPARE seq=0 query=(hidden, 24 octets)
< ERR seq=1 code=1295 state=HY000 message=x
> COM_INIT_DB seq=0 database=app
< OK seq=1 affected-rows=0 insert-id=0 status=0x0002 warnings=0
> COM_PING seq=0
< OK seq=1 affected-rows=0 insert-id=0 status=0x0002 warnings=0
> COM_UNKNOWN seq=0 command=0x77 octets=7
< ERR seq=1 code=1047 state=08S01 message=y
> COM_CHANGE_USER seq=0 user=bob answer=(hidden, 7 octets) database=app plugin=mysql_clear_password
< AuthSwitchRequest seq=1 plugin=mysql_clear_password data-length=0 data=(0 octets)
> AuthSwitchResponse seq=2 answer=(hidden, 8 octets)
< OK seq=3 affected-rows=0 insert-id=0 status=0x0002 warnings=0"
    );
}
