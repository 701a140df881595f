//! SCRAM-SHA-256 with the nonces of RFC 7677 §3, on both sides, and against postgres-protocol.

use shakedown::postgres::Secret;
use shakedown::postgres::auth::scram::{Binding, SCRAM_SHA_256, ScramClient, ScramServer, ScramVerifier};

const CLIENT_NONCE: &str = "rOprNGfwEbeRWgbNEkqO";
const SERVER_NONCE: &str = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
/// base64: W22ZaJ0SNY7soEsUEjb6gQ==
const SALT: [u8; 16] = [0x5b, 0x6d, 0x99, 0x68, 0x9d, 0x12, 0x35, 0x8e, 0xec, 0xa0, 0x4b, 0x14, 0x12, 0x36, 0xfa, 0x81];
const FIRST: &str = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
const SERVER_FIRST: &str = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
const FINAL: &str = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
    p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
const SERVER_FINAL: &str = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

fn client() -> ScramClient {
    ScramClient::with_nonce(Binding::Unsupported, "user", CLIENT_NONCE.to_owned())
}

fn server() -> ScramServer {
    let mut server = ScramServer::new(ScramVerifier::new(b"pencil", &SALT, 4096), None);
    server.choose(SCRAM_SHA_256.as_bytes()).expect("offered");
    server
}

#[test]
fn the_client_says_what_rfc_7677_says() {
    let mut client = client();
    assert_eq!(client.first(), FIRST);
    let secret = Secret::password("pencil");
    assert_eq!(client.prove(SERVER_FIRST.as_bytes(), &secret, &(4096..=4096)).as_deref(), Ok(FINAL));
    assert_eq!(client.verify(SERVER_FINAL.as_bytes()), Ok(()));
}

#[test]
fn the_server_says_what_rfc_7677_says() {
    let mut server = server();
    assert_eq!(server.first(FIRST.as_bytes(), SERVER_NONCE).map(str::to_owned), Ok(SERVER_FIRST.to_owned()));
    assert_eq!(server.last(FINAL.as_bytes()), Ok(Some(SERVER_FINAL.to_owned())));
}

#[test]
fn a_proof_that_differs_in_one_bit_is_wrong() {
    let mut server = server();
    server.first(FIRST.as_bytes(), SERVER_NONCE).expect("readable");
    let changed = FINAL.replace("p=dHzb", "p=dHzc");
    assert_eq!(server.last(changed.as_bytes()), Ok(None));
}

#[test]
fn a_client_refuses_what_it_must() {
    let check = |server_first: &str, problem: &str| {
        let error =
            client().prove(server_first.as_bytes(), &Secret::password("pencil"), &(4096..=100_000)).unwrap_err();
        assert!(error.to_string().contains(problem), "{error}");
    };
    let with = |from: &str, to: &str| SERVER_FIRST.replace(from, to);
    check(&with("r=rOpr", "r=xOpr"), "does not extend");
    check("r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", "does not extend");
    check(&with("i=4096", "i=4095"), "4095 is outside 4096 to 100000");
    check(&with("i=4096", "i=100001"), "100001 is outside");
    check(&with("i=4096", "i=+4096"), "no number");
    check(&with("i=4096", "i=99999999999"), "no number");
    check(&with("s=W22", "s=*22"), "no base64");
    check(&with("s=W22ZaJ0SNY7soEsUEjb6gQ==", "s="), "no base64");
    check("m=ext,r=x", "'r=' expected");
    check(&"r=".repeat(4096), "at most 4096");
    let mut client = client();
    assert!(client.verify(SERVER_FINAL.as_bytes()).is_err(), "nothing was proven yet");
    client.prove(SERVER_FIRST.as_bytes(), &Secret::password("pencil"), &(4096..=4096)).unwrap();
    assert!(client.verify(b"e=other-error").unwrap_err().to_string().contains("reports an error"));
    assert!(client.verify(SERVER_FINAL.as_bytes()).is_err(), "only one answer counts");
}

#[test]
fn the_client_of_postgres_protocol_logs_in_to_the_server() {
    use postgres_protocol::authentication::sasl::{ChannelBinding, ScramSha256};
    let check = |binding: ChannelBinding, end_point: Option<Vec<u8>>, mechanism: &str| {
        let mut server = ScramServer::new(ScramVerifier::new("I\u{ad}X".as_bytes(), &SALT, 4096), end_point);
        server.choose(mechanism.as_bytes()).expect("offered");
        let mut client = ScramSha256::new("I\u{ad}X".as_bytes(), binding);
        let first = server.first(client.message(), "server").expect("readable").to_owned();
        client.update(first.as_bytes()).unwrap();
        let last = server.last(client.message()).expect("readable").expect("the right proof");
        client.finish(last.as_bytes()).unwrap();
    };
    check(ChannelBinding::unsupported(), None, SCRAM_SHA_256);
    check(ChannelBinding::unrequested(), None, SCRAM_SHA_256);
    check(ChannelBinding::tls_server_end_point(vec![7; 32]), Some(vec![7; 32]), "SCRAM-SHA-256-PLUS");
}

#[test]
fn a_client_on_another_channel_is_refused() {
    let mut server = ScramServer::new(ScramVerifier::new(b"pencil", &SALT, 4096), Some(vec![7; 32]));
    server.choose(b"SCRAM-SHA-256-PLUS").expect("offered");
    let mut client = ScramClient::start(Binding::ServerEndPoint(vec![8; 32]), [1; 18]);
    let first = server.first(client.first().as_bytes(), "server").expect("readable").to_owned();
    let last = client.prove(first.as_bytes(), &Secret::password("pencil"), &(4096..=4096)).unwrap();
    let refusal = server.last(last.as_bytes()).unwrap_err();
    assert_eq!((refusal.code.as_ref(), refusal.message.as_ref()), ("28000", "SCRAM channel binding check failed"));
}

#[test]
fn neither_side_prints_a_key() {
    let shown = format!("{:?} {:?}", client(), server());
    assert!(!shown.contains("key: [") && !shown.contains("pencil") && !shown.contains("Zeroizing"), "{shown}");
}
