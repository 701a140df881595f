//! `authentication_kerberos`, with real tickets: who is let in, and what each side says.

use super::conversation::{Ended, NOW, Party, Steady, converse_with};
use super::logins::{check, client, server};
use shakedown::handshake::{Input, Reader, Step, Timestamp, Writer};
use shakedown::mysql::auth::kerberos::{ServiceName, TokenKind, token_kind};
use shakedown::mysql::greeting::Greeting;
use shakedown::mysql::login::{Header, Login};
use shakedown::mysql::packet::{Sequence, write};
use shakedown::mysql::{
    Account, Capabilities, ClientHandshake, ClientPlugin, ClientSettings, Credentials, Deviation, KerberosClient,
    KerberosService, PrincipalRule, ServerHandshake, ServerPlugin, ServerSettings, TokenForm, WithoutPlugin,
};
use shakedown_krb5::client::KerberosFailure;
use shakedown_krb5::crypto::{Etype, Key, usage};
use shakedown_krb5::gss::Acceptor;
use shakedown_krb5::keytab::{Entry, Keyblock, Keytab};
use shakedown_krb5::messages::{Codec, EncTicketPart, EncryptedData, EncryptionKey, Ticket, Transited};
use shakedown_krb5::{Credential, Principal};
use std::sync::Arc;

const REALM: &str = "CORP.EXAMPLE.COM";

fn service() -> Principal {
    Principal::new(&["mysql", "db.test"], REALM)
}

fn key(seed: u64) -> Key {
    Key::random(Etype::Aes256Sha1, &mut Steady(seed))
}

/// A ticket of `user` as a KDC would issue it, for a service key of kvno 3.
fn credential(user: &str) -> Credential {
    credential_until(user, NOW.offset_seconds(3600))
}

fn credential_until(user: &str, end: Timestamp) -> Credential {
    let client = Principal::new(&[user], REALM);
    let start = NOW.offset_seconds(-3600);
    let session_key = key(2);
    let part = EncTicketPart {
        flags: 0,
        key: EncryptionKey::new(session_key.etype().number(), session_key.bytes()),
        client: client.clone(),
        transited: Transited::default(),
        auth_time: start,
        start_time: Some(start),
        end_time: end,
        renew_till: None,
        addresses: None,
        authorization_data: None,
    };
    let service_key = key(1);
    let enc_part = EncryptedData {
        etype: service_key.etype().number(),
        kvno: Some(3),
        cipher: service_key.encrypt(usage::TICKET, &part.to_octets(), &mut Steady(3)),
    };
    Credential {
        client,
        server: service(),
        key: session_key,
        auth_time: start,
        start_time: start,
        end_time: end,
        renew_till: None,
        flags: 0,
        ticket: Ticket::new(service(), enc_part).octets().to_vec(),
    }
}

fn keytab(kvno: u32, seed: u64) -> Keytab {
    let key = key(seed);
    let key = Keyblock::new(key.etype().number(), key.bytes());
    Keytab { entries: vec![Entry { principal: service(), timestamp: 0, kvno, key }] }
}

/// A server with accounts `alice` and `ALICE` of Kerberos, and this keytab.
fn kerberos_server(keytab: Keytab) -> ServerSettings {
    let mut settings = server(ServerPlugin::NativePassword);
    for name in ["alice", "ALICE"] {
        let account = Account::new(Credentials::Kerberos { realm: REALM.to_owned() });
        settings.accounts.insert(name.to_owned(), account);
    }
    settings.kerberos =
        Some(KerberosService { acceptor: Arc::new(Acceptor::new(keytab)), service_principal: service().to_string() });
    settings
}

fn kerberos_client(user: &str, mutual: bool) -> ClientSettings {
    ClientSettings { kerberos: KerberosClient { mutual, ..KerberosClient::default() }, ..client(user, "") }
}

fn played(client: &ClientSettings, server: ServerSettings, ticket: Result<Credential, KerberosFailure>) -> Ended {
    let ended = converse_with(client, &Arc::new(server), usize::MAX, &ticket);
    assert_eq!(ended.client_trace, ended.server_trace);
    ended
}

const SWITCHED: &str = "greeting< login> auth-switch<(authentication_kerberos_client)";

#[test]
fn a_ticket_logs_its_user_in() {
    let ended = played(&kerberos_client("alice", false), kerberos_server(keytab(3, 1)), Ok(credential("alice")));
    check(&ended, "established by kerberos", "established by kerberos", &format!("{SWITCHED} ap-req> auth-ok< ready<"));
    let [request] = ended.asked_for.as_slice() else { panic!("one request: {:?}", ended.asked_for) };
    assert_eq!(request.client, Some(Principal::new(&["alice"], REALM)));
    assert_eq!(request.service, service());
}

#[test]
fn with_mutual_authentication_the_server_proves_itself_before_ok() {
    let ended = played(&kerberos_client("alice", true), kerberos_server(keytab(3, 1)), Ok(credential("alice")));
    check(
        &ended,
        "established by kerberos",
        "established by kerberos",
        &format!("{SWITCHED} ap-req> ap-rep< auth-ok< ready<"),
    );
}

#[test]
fn ok_without_the_ap_rep_is_noticed() {
    let mut settings = kerberos_server(keytab(3, 1));
    settings.deviations = vec![Deviation::NoApRep];
    let ended =
        converse_with(&kerberos_client("alice", true), &Arc::new(settings), usize::MAX, &Ok(credential("alice")));
    assert_eq!(
        ended.client_says(),
        "peer broke the protocol: OK without the AP-REP that mutual authentication asked for"
    );
    assert_eq!(ended.server_trace, format!("{SWITCHED} ap-req> auth-ok< ready<"));
}

#[test]
fn the_keytab_decides() {
    // The acceptor's own word is for a client that wants proof of the server; without a keytab there is no acceptor.
    let refused = |keytab: Keytab, cause: &str, word: &str| {
        for (mutual, word) in [(false, ""), (true, word)] {
            check(
                &played(&kerberos_client("alice", mutual), kerberos_server(keytab.clone()), Ok(credential("alice"))),
                "refused by server: 1045 28000",
                &format!("refused by server: 1045 28000 ({cause})"),
                &format!("{SWITCHED} ap-req> {word}error<(1045 28000)"),
            );
        }
    };
    refused(keytab(4, 9), "krb 44", "krb-error< "); // the ticket's kvno is not in it
    refused(keytab(3, 9), "krb 31", "krb-error< "); // the same kvno with another key
    refused(Keytab::default(), "no keytab", "");
}

#[test]
fn a_ticket_of_somebody_else_is_refused_and_case_counts() {
    for (user, owner) in [("alice", "bob"), ("ALICE", "alice"), ("alice", "ALICE")] {
        check(
            &played(&kerberos_client(user, true), kerberos_server(keytab(3, 1)), Ok(credential(owner))),
            "refused by server: 1045 28000",
            "refused by server: 1045 28000 (wrong principal)",
            &format!("{SWITCHED} ap-req> error<(1045 28000)"),
        );
    }
}

#[test]
fn a_ticket_is_good_until_its_end_and_the_clocks_tolerance() {
    let says = |end: i64| {
        let ticket = credential_until("alice", NOW.offset_seconds(end));
        played(&kerberos_client("alice", false), kerberos_server(keytab(3, 1)), Ok(ticket)).server.to_string()
    };
    assert_eq!(says(-300), "established by kerberos");
    assert_eq!(says(-301), "refused by server: 1045 28000 (krb 32)");
}

#[test]
fn the_same_ap_req_is_not_taken_twice() {
    let server = Arc::new(kerberos_server(keytab(3, 1)));
    let play = || converse_with(&kerberos_client("alice", false), &server, usize::MAX, &Ok(credential("alice"))).server;
    assert_eq!(play().to_string(), "established by kerberos");
    // Clock and random numbers stand still here, so the second authenticator is the first one.
    assert_eq!(play().to_string(), "refused by server: 1045 28000 (krb 34)");
}

#[test]
fn without_a_ticket_the_client_leaves_without_a_word() {
    let failure = KerberosFailure::Kdc { code: 7, text: String::new() };
    let ended = played(&kerberos_client("alice", false), kerberos_server(keytab(3, 1)), Err(failure));
    check(&ended, "refused by client: no_ticket (krb 7)", "refused by client: eof", SWITCHED);
}

#[test]
fn a_server_that_was_not_joined_to_a_realm_has_not_loaded_the_plugin() {
    let mut settings = kerberos_server(keytab(3, 1));
    settings.kerberos = None;
    let ended = played(&kerberos_client("alice", false), settings, Ok(credential("alice")));
    check(
        &ended,
        "refused by server: 1524 HY000",
        "refused by server: 1524 HY000 (plugin not loaded)",
        "greeting< login> error<(1524 HY000)",
    );
    assert_eq!(ended.client.unwrap().message.unwrap(), "Plugin 'authentication_kerberos' is not loaded");
}

#[test]
fn what_is_no_token_is_refused() {
    for (answer, cause) in
        [(&b""[..], "no token"), (b"password\0", "malformed token"), (&[0x60, 0x03, 1], "malformed token")]
    {
        let mut party = Party::new(ServerHandshake::new(Arc::new(kerberos_server(keytab(3, 1))), 1), 3);
        party.give(Input::Start).0.unwrap();
        let mut login = vec![0; 32];
        (login[1], login[2]) = (0x82, 0x08); // PROTOCOL_41, SECURE_CONNECTION, PLUGIN_AUTH
        login.extend_from_slice(b"alice\0\0mysql_native_password\0");
        let mut octets = Vec::new();
        write(&mut octets, &mut Sequence(1), |writer| _ = writer.bytes(&login));
        write(&mut octets, &mut Sequence(3), |writer| _ = writer.bytes(answer));
        let Ok(Step::Finish(outcome)) = party.give(Input::Bytes(&octets)).0 else { panic!("an outcome") };
        assert_eq!(outcome.to_string(), format!("refused by server: 1045 28000 ({cause})"));
        assert_eq!(party.trace.to_string(), format!("{SWITCHED} auth-data> error<(1045 28000)"));
    }
}

#[test]
fn a_token_in_a_negotiation_is_as_good_as_one_alone() {
    for mutual in [false, true] {
        let mut client = kerberos_client("alice", mutual);
        client.kerberos.token = TokenForm::Spnego;
        let answer = if mutual { "ap-rep<" } else { "auth-data<" };
        check(
            &played(&client, kerberos_server(keytab(3, 1)), Ok(credential("alice"))),
            "established by kerberos",
            "established by kerberos",
            &format!("{SWITCHED} ap-req> {answer} auth-ok< ready<"),
        );
    }
    let mut client = kerberos_client("alice", true);
    client.kerberos.token = TokenForm::Spnego;
    check(
        &played(&client, kerberos_server(keytab(4, 9)), Ok(credential("alice"))),
        "refused by server: 1045 28000",
        "refused by server: 1045 28000 (krb 44)",
        &format!("{SWITCHED} ap-req> krb-error< error<(1045 28000)"),
    );
}

#[test]
fn a_client_without_the_plugin_may_answer_with_nothing_and_wait() {
    let mut client = client("alice", "right");
    client.plugins = vec![ClientPlugin::NativePassword];
    client.without_plugin = WithoutPlugin::EmptyPacket;
    check(
        &played(&client, kerberos_server(keytab(3, 1)), Ok(credential("alice"))),
        "refused by server: 1045 28000",
        "refused by server: 1045 28000 (no token)",
        &format!("{SWITCHED} auth-data> error<(1045 28000)"),
    );
}

#[test]
fn a_client_without_the_plugin_leaves_without_a_word() {
    let mut client = client("alice", "right");
    client.plugins = vec![ClientPlugin::NativePassword];
    let cause = "authentication plugin 'authentication_kerberos_client' cannot be loaded";
    check(
        &played(&client, kerberos_server(keytab(3, 1)), Ok(credential("alice"))),
        &format!("refused by client: no_plugin ({cause})"),
        "refused by client: eof",
        SWITCHED,
    );
}

#[test]
fn a_client_that_begins_with_kerberos_sends_nothing_before_it_is_asked() {
    let mut client = kerberos_client("alice", false);
    client.default_plugin = Some(ClientPlugin::Kerberos);
    check(
        &played(&client, kerberos_server(keytab(3, 1)), Ok(credential("alice"))),
        "established by kerberos",
        "established by kerberos",
        &format!("{SWITCHED} ap-req> auth-ok< ready<"),
    );
}

#[test]
fn the_owner_of_the_cache_may_decide() {
    let mut client = kerberos_client("alice", false);
    client.kerberos.principal = PrincipalRule::CacheDefault;
    let ended = played(&client, kerberos_server(keytab(3, 1)), Ok(credential("bob")));
    assert_eq!(ended.asked_for[0].client, None);
    assert_eq!(ended.server.to_string(), "refused by server: 1045 28000 (wrong principal)");
}

#[test]
fn an_unsolicited_token_is_a_finding_and_what_came_early_is_read() {
    // The switch and the token behind it come in one piece, while the client still asks for its ticket.
    let server = Arc::new(kerberos_server(keytab(3, 1)));
    let ended = converse_with(&kerberos_client("alice", false), &server, usize::MAX, &Ok(credential("alice")));
    let mut octets = ended.from_server[..ended.from_server.len() - 11].to_vec(); // all but OK
    octets.extend_from_slice(&[2, 0, 0, 4, 0x01, 0x60]);
    let mut party = Party::new(ClientHandshake::new(kerberos_client("alice", false)), 1);
    party.give(Input::Start).0.unwrap();
    // The greeting alone first: only then does the client speak.
    let greeting = 4 + usize::from(octets[0]);
    party.give(Input::Bytes(&octets[..greeting])).0.unwrap();
    assert!(matches!(party.give(Input::Bytes(&octets[greeting..])).0, Ok(Step::NeedTicket(_))));
    let credential = credential("alice");
    let error = party.give(Input::Ticket(Ok(&credential))).0.unwrap_err();
    assert_eq!(
        error.to_string(),
        "peer broke the protocol: authentication_kerberos_client sent data that nobody waits for"
    );
}

#[test]
fn a_greeting_that_names_the_service_is_answered_in_the_login() {
    // No real server does this, and libmysqlclient can: the plugin's data are where the nonce is otherwise.
    let names = ServiceName { service_principal: service().to_string(), realm: REALM.to_owned() };
    let mut auth_data = Vec::new();
    names.encode(&mut Writer::new(&mut auth_data));
    let greeting = Greeting {
        version: "8.0.28".to_owned(),
        connection_id: 1,
        auth_data,
        capabilities: Capabilities::MYSQL_8_0_27.without(Capabilities::SSL),
        charset: 8,
        status: 2,
        plugin: Some(b"authentication_kerberos_client".to_vec()),
    };
    let mut octets = Vec::new();
    write(&mut octets, &mut Sequence(0), |writer| greeting.encode(writer));
    let mut party = Party::new(ClientHandshake::new(kerberos_client("alice", false)), 1);
    party.give(Input::Start).0.unwrap();
    assert!(matches!(party.give(Input::Bytes(&octets)).0, Ok(Step::NeedTicket(_))));
    let (step, login) = party.give(Input::Ticket(Ok(&credential("alice"))));
    assert!(matches!(step, Ok(Step::Receive)));
    assert_eq!(party.trace.to_string(), "greeting< login> ap-req>");
    let mut reader = Reader::new("login", &login[4..]);
    let header = Header::decode(&mut reader).unwrap();
    let login = Login::decode(&mut reader, header.capabilities).unwrap();
    assert_eq!(token_kind(&login.auth_response), TokenKind::ApReq);
    assert!(login.auth_response.len() > 0xFF, "longer than a length of one octet says");
}

#[test]
fn behind_a_krb_error_only_an_error_may_come() {
    let acceptor = Acceptor::new(keytab(4, 9));
    for (reply, expected) in [
        (&b"\xff\x15\x04#28000Access denied"[..], "refused by server: 1045 28000"),
        (b"\0\0\0\x02\0\0\0", "peer broke the protocol: OK behind a KRB-ERROR"),
        (b"\x01x", "peer broke the protocol: authentication_kerberos_client sent data that nobody waits for"),
    ] {
        let server = Arc::new(kerberos_server(keytab(3, 1)));
        let ended = converse_with(&kerberos_client("alice", true), &server, usize::MAX, &Ok(credential("alice")));
        let greeting = 4 + usize::from(ended.from_server[0]);
        let switch = 4 + usize::from(ended.from_server[greeting]);
        let mut party = Party::new(ClientHandshake::new(kerberos_client("alice", true)), 1);
        party.give(Input::Start).0.unwrap();
        party.give(Input::Bytes(&ended.from_server[..greeting])).0.unwrap();
        party.give(Input::Bytes(&ended.from_server[greeting..greeting + switch])).0.unwrap();
        let (_, token) = party.give(Input::Ticket(Ok(&credential("alice"))));
        let refused = acceptor.accept(&token[4..], NOW, &mut Steady(5)).unwrap_err().reply.expect("a KRB-ERROR");
        let mut octets = Vec::new();
        let mut sequence = Sequence(4);
        write(&mut octets, &mut sequence, |writer| _ = writer.u8(0x01).bytes(&refused));
        write(&mut octets, &mut sequence, |writer| _ = writer.bytes(reply));
        let says = match party.give(Input::Bytes(&octets)).0 {
            Ok(Step::Finish(outcome)) => outcome.to_string(),
            Ok(step) => format!("{step:?}"),
            Err(error) => error.to_string(),
        };
        assert_eq!(says, expected);
        assert!(party.trace.to_string().starts_with(&format!("{SWITCHED} ap-req> krb-error<")), "{}", party.trace);
    }
}

#[test]
fn a_trace_tells_tokens_apart_within_spnego_too() {
    let krb5 = [0x60, 0x20, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x12, 0x01, 0x02, 0x02];
    let framed = |id: [u8; 2]| [&krb5[..], &id].concat();
    assert_eq!(token_kind(&framed([0x01, 0x00])), TokenKind::ApReq);
    assert_eq!(token_kind(&framed([0x02, 0x00])), TokenKind::ApRep);
    assert_eq!(token_kind(&framed([0x03, 0x00])), TokenKind::KrbError);
    // NegTokenInit: the mechanisms, then the token of the first one.
    let spnego =
        [
            &[
                0x60, 0x40, 0x06, 0x06, 0x2B, 0x06, 0x01, 0x05, 0x05, 0x02, 0xA0, 0x30, 0x30, 0x2E, 0xA0, 0x0D, 0x30,
                0x0B,
            ][..],
            &krb5[2..],
            &[0xA2, 0x1D, 0x04, 0x1B],
            &framed([0x01, 0x00]),
        ]
        .concat();
    assert_eq!(token_kind(&spnego), TokenKind::ApReq);
    for other in [&b""[..], b"\x60", b"token\0", &krb5, &[0xFF; 300]] {
        assert_eq!(token_kind(other), TokenKind::Other);
    }
}
