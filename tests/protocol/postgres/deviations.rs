//! Each departure of the server is noticed by the client, and without it nothing is.

use super::{Conversation, server};
use shakedown::postgres::{ChannelBinding, ClientSettings, Deviation, Secret, SslMode};

fn hold(deviation: Option<Deviation>, change: impl FnOnce(&mut ClientSettings)) -> Conversation {
    let mut client = ClientSettings {
        secret: Some(Secret::password("wonderland")),
        ssl_mode: SslMode::Disable,
        ..ClientSettings::new("alice")
    };
    change(&mut client);
    let mut server = server(&["host all all scram-sha-256"]);
    server.deviation = deviation;
    Conversation::hold(client, server)
}

/// With the deviation the client's end reads differently from without it, and contains `expected`.
fn check(deviation: Deviation, expected: &str, change: impl Fn(&mut ClientSettings)) {
    let deviant = hold(Some(deviation), &change).client();
    assert!(deviant.contains(expected), "{deviation}: {deviant}");
    let straight = hold(None, &change).client();
    assert!(!straight.contains(expected), "{deviation}: without it: {straight}");
}

fn wrong_password(client: &mut ClientSettings) {
    client.secret = Some(Secret::password("looking-glass"));
}

fn tls(client: &mut ClientSettings) {
    client.ssl_mode = SslMode::Require;
}

#[test]
fn another_code_for_a_wrong_password() {
    check(Deviation::WrongPasswordIs28000, "refused by server: 28000", wrong_password);
    check(Deviation::WrongPasswordIsXx000, "refused by server: XX000", wrong_password);
    assert_eq!(hold(None, wrong_password).client(), "refused by server: 28P01");
}

#[test]
fn tls_withheld_or_preceded_by_clear_octets() {
    check(Deviation::RefuseTls, "tls_refused", tls);
    check(Deviation::BytesBehindTlsAccept, "unencrypted octets behind 'S'", tls);
}

#[test]
fn scram_bent() {
    check(Deviation::WrongServerSignature, "signature does not match", |_| {});
    check(Deviation::ScramOneIteration, "iteration count 1 is outside 4096 to 100000", |_| {});
    check(Deviation::ScramHugeIterations, "iteration count 2147483647 is outside", |_| {});
    check(Deviation::ScramForeignNonce, "does not extend the client's", |_| {});
    check(Deviation::OkWithoutAsking, "established by trust", |_| {});
}

#[test]
fn channel_binding_stripped() {
    // A client that could bind says so, and the server, which did offer it as far as it knows, ends the exchange.
    check(Deviation::StripChannelBinding, "refused by server: 28000", tls);
    check(Deviation::StripChannelBinding, "refused by client: channel_binding", |client| {
        tls(client);
        client.channel_binding = ChannelBinding::Require;
    });
}

#[test]
fn numbers_of_another_version() {
    let newer = |client: &mut ClientSettings| client.protocol = ClientSettings::PROTOCOL_3_2;
    check(Deviation::MinorOnlyVersion, "the full version number belongs here", newer);
    check(Deviation::LongKeyInProtocol30, "a key of 32 octets, allowed are 4 to 4", |_| {});
    assert_eq!(hold(None, newer).client(), "established by password");
}

/// Nothing that a client has to mind: for whoever compares servers.
#[test]
fn small_differences_between_servers() {
    let message = |deviation| hold(deviation, wrong_password).client.unwrap().message.unwrap();
    let (straight, deviant) = (message(None), message(Some(Deviation::ErrorMessageByte)));
    assert_eq!((deviant.len(), &deviant[1..]), (straight.len(), &straight[1..]));
    assert_ne!(deviant[..1], straight[..1]);

    let session = |deviation| hold(deviation, |_| {});
    let says = |conversation: &Conversation, value: &str| {
        let status = format!("integer_datetimes\0{value}\0");
        conversation.from_server.windows(status.len()).any(|octets| octets == status.as_bytes())
    };
    let (straight, deviant) = (session(None), session(Some(Deviation::ParameterStatus)));
    assert!(says(&straight, "on") && !says(&straight, "off"));
    assert!(says(&deviant, "off") && !says(&deviant, "on"));
    assert_eq!(deviant.client(), "established by password");
}

#[test]
fn every_deviation_is_among_these_tests() {
    let here = concat!(include_str!("deviations.rs"), include_str!("kerberos.rs"));
    // Scenarios play these one by one, each with what comes of it.
    let played = concat!(
        include_str!("../../../scenarios/postgres/messages-of-servers.toml"),
        include_str!("../../../scenarios/kerberos/forged-proof.toml")
    );
    for deviation in Deviation::ALL {
        let is_here = here.contains(&format!("Deviation::{deviation:?}"));
        assert!(is_here || played.contains(&format!("\"{deviation}\"")), "{deviation} is not tested");
    }
}
