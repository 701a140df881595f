//! Two connections back to back in memory, over every provider, version and suite.

use super::toy::{ToyClient, ToyServer};
use proptest::prelude::*;
use shakedown::handshake::{Handshake, Random, Side, Timestamp, TlsOffer, TlsVersion};
use shakedown::net::{Connection, Ending, Moment, Progress, Report, Security};
use shakedown::tls::{
    Authority, Certified, ClientContext, ClientSettings, Key, KeyKind, Leaf, Provider, ServerContext, ServerSettings,
    Suite, TlsState, Trust, Validity,
};
use std::sync::{Arc, LazyLock};
use std::time::{SystemTime, UNIX_EPOCH};

/// The suites of the Aurora guide.
const TWELVE: [&str; 12] = [
    "DHE-RSA-AES128-SHA",
    "DHE-RSA-AES128-SHA256",
    "DHE-RSA-AES128-GCM-SHA256",
    "DHE-RSA-AES256-SHA",
    "DHE-RSA-AES256-SHA256",
    "DHE-RSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES128-SHA",
    "ECDHE-RSA-AES128-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES256-SHA",
    "ECDHE-RSA-AES256-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
];

/// The 20 of 36 cells that real servers establish (PostgreSQL 15 and 17, MariaDB 10.11), written down and not computed.
const ESTABLISHED: [(&str, &str); 20] = [
    ("1.0", "DHE-RSA-AES128-SHA"),
    ("1.0", "DHE-RSA-AES256-SHA"),
    ("1.0", "ECDHE-RSA-AES128-SHA"),
    ("1.0", "ECDHE-RSA-AES256-SHA"),
    ("1.1", "DHE-RSA-AES128-SHA"),
    ("1.1", "DHE-RSA-AES256-SHA"),
    ("1.1", "ECDHE-RSA-AES128-SHA"),
    ("1.1", "ECDHE-RSA-AES256-SHA"),
    ("1.2", "DHE-RSA-AES128-SHA"),
    ("1.2", "DHE-RSA-AES128-SHA256"),
    ("1.2", "DHE-RSA-AES128-GCM-SHA256"),
    ("1.2", "DHE-RSA-AES256-SHA"),
    ("1.2", "DHE-RSA-AES256-SHA256"),
    ("1.2", "DHE-RSA-AES256-GCM-SHA384"),
    ("1.2", "ECDHE-RSA-AES128-SHA"),
    ("1.2", "ECDHE-RSA-AES128-SHA256"),
    ("1.2", "ECDHE-RSA-AES128-GCM-SHA256"),
    ("1.2", "ECDHE-RSA-AES256-SHA"),
    ("1.2", "ECDHE-RSA-AES256-SHA384"),
    ("1.2", "ECDHE-RSA-AES256-GCM-SHA384"),
];

/// Two authorities, a certificate of the first for `db.test` and `127.0.0.1`, and one of the same that says neither.
pub(crate) struct World {
    pub(crate) authority: Authority,
    pub(crate) other: Authority,
    pub(crate) certificate: Certified,
}

pub(crate) static WORLD: LazyLock<World> = LazyLock::new(|| {
    let keys = Key::generate_all(&[KeyKind::Rsa2048; 3]).unwrap();
    let [one, two, three] = keys.try_into().unwrap();
    let now = UNIX_EPOCH.elapsed().map(|since| Timestamp::EPOCH + since).unwrap();
    let validity = Validity::around(now);
    let authority = Authority::new("Test CA One", one, validity).unwrap();
    let other = Authority::new("Test CA Two", two, validity).unwrap();
    let leaf = Leaf { addresses: vec!["127.0.0.1".parse().unwrap()], ..Leaf::for_name("db.test", validity) };
    let certificate = authority.issue(&leaf, three).unwrap();
    World { authority, other, certificate }
});

pub(crate) struct NoRandom;

impl Random for NoRandom {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

pub(crate) fn client(settings: &ClientSettings, name: Option<&str>) -> Security {
    let context = Arc::new(ClientContext::new(settings).unwrap());
    Security::Client { context, server_name: name.map(str::to_owned) }
}

pub(crate) fn server(settings: &ServerSettings) -> Security {
    Security::Server(Arc::new(ServerContext::new(settings).unwrap()))
}

fn now() -> Moment {
    let base = Timestamp::EPOCH + SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Moment { base, party: base }
}

/// Carries bytes between the two, in pieces of `piece` octets, until both have finished.
fn converse(
    client: Box<dyn Handshake>,
    client_tls: Security,
    server: Box<dyn Handshake>,
    server_tls: Security,
    piece: usize,
) -> (Report, Report) {
    let mut ends =
        [Connection::new(Side::Client, client, client_tls), Connection::new(Side::Server, server, server_tls)];
    let mut done = [false; 2];
    for (end, done) in ends.iter_mut().zip(&mut done) {
        *done = end.start(now(), &mut NoRandom).unwrap() == Progress::Finished;
    }
    while done != [true; 2] {
        let mut moved = false;
        for from in 0..2 {
            let wire = std::mem::take(ends[from].wire());
            moved |= !wire.is_empty();
            for part in wire.chunks(piece) {
                done[1 - from] |= ends[1 - from].receive(part, now(), &mut NoRandom).unwrap() == Progress::Finished;
            }
            if done[from] && ends[from].wire().is_empty() && !done[1 - from] {
                done[1 - from] =
                    ends[1 - from].end(Ending::Closed, now(), &mut NoRandom).unwrap() == Progress::Finished;
                moved = true;
            }
        }
        assert!(moved, "both wait: {ends:?}");
    }
    ends.map(|end| end.into_report(now().base).unwrap()).into()
}

fn play(client_settings: &ClientSettings, name: Option<&str>, server_settings: &ServerSettings) -> (Report, Report) {
    let client_machine = Box::new(ToyClient::new(true, "open"));
    let server_machine = Box::new(ToyServer::default());
    converse(client_machine, client(client_settings, name), server_machine, server(server_settings), usize::MAX)
}

fn suites(names: &[&str]) -> Vec<&'static Suite> {
    names.iter().map(|name| Suite::by_name(name).unwrap()).collect()
}

#[test]
fn twenty_of_the_thirty_six_cells_establish_and_the_server_refuses_the_others() {
    let server = ServerSettings { suites: suites(&TWELVE), ..ServerSettings::new(WORLD.certificate.clone()) };
    let mut established = Vec::new();
    for version in [TlsVersion::Tls1_0, TlsVersion::Tls1_1, TlsVersion::Tls1_2] {
        for suite in TWELVE {
            let settings =
                ClientSettings { versions: vec![version], suites: suites(&[suite]), ..ClientSettings::default() };
            let (client, server) = play(&settings, None, &server);
            if client.outcome.is_established() {
                established.push((version.number(), suite));
                let expected = format!("established TLS{} {suite} by password", version.number());
                assert_eq!((client.outcome.to_string(), server.outcome.to_string()), (expected.clone(), expected));
                let trace = format!(
                    "connect tls-request> client-hello> server-hello<(TLS{} {suite}) tls-ready login> auth-ok<",
                    version.number()
                );
                assert_eq!(client.trace.to_string(), trace);
            } else {
                let expected = "refused by server: alert handshake_failure";
                assert_eq!(client.outcome.to_string(), expected, "{version} {suite}");
                assert!(server.outcome.to_string().starts_with(expected), "{}", server.outcome);
                assert_eq!(client.trace.to_string(), "connect tls-request> client-hello> alert<(handshake_failure)",);
            }
        }
    }
    assert_eq!(established, ESTABLISHED);
}

#[test]
fn an_alert_is_the_refusal_of_the_one_that_sent_it() {
    let server = ServerSettings::new(WORLD.certificate.clone());
    let trusting = |trust: Trust| ClientSettings { trust, ..ClientSettings::default() };
    let check = |client: &ClientSettings, name: Option<&str>, server: &ServerSettings, expected: &str| {
        let (client, server) = play(client, name, server);
        let short = |report: &Report| report.outcome.to_string().split(" (").next().unwrap().to_owned();
        assert_eq!(short(&client), expected);
        short(&server)
    };
    let good = trusting(Trust::Authority(WORLD.authority.pem()));
    check(&good, Some("elsewhere.test"), &server, "established TLS1.2 ECDHE-RSA-AES256-GCM-SHA384 by password");
    let stranger = trusting(Trust::Authority(WORLD.other.pem()));
    let seen = check(&stranger, None, &server, "refused by client: alert unknown_ca");
    assert_eq!(seen, "refused by client: alert unknown_ca");
    let picky = trusting(Trust::Identity(WORLD.authority.pem()));
    check(&picky, Some("db.test"), &server, "established TLS1.2 ECDHE-RSA-AES256-GCM-SHA384 by password");
    check(&picky, Some("127.0.0.1"), &server, "established TLS1.2 ECDHE-RSA-AES256-GCM-SHA384 by password");
    check(&picky, Some("127.0.0.2"), &server, "refused by client: certificate_name");
    let seen = check(&picky, Some("elsewhere.test"), &server, "refused by client: certificate_name");
    assert_eq!(seen, "refused by client: alert bad_certificate");
    let modern = ServerSettings { versions: vec![TlsVersion::Tls1_2], ..server.clone() };
    let old = ClientSettings { versions: vec![TlsVersion::Tls1_1], ..ClientSettings::default() };
    let seen = check(&old, None, &modern, "refused by server: alert protocol_version");
    assert_eq!(seen, "refused by server: alert protocol_version");
}

const PROVIDERS: [Provider; 2] = [Provider::OpenSsl, Provider::Rustls];

#[test]
fn both_providers_talk_to_each_other_on_the_suites_that_they_share() {
    for (client_provider, server_provider) in PROVIDERS.into_iter().flat_map(|one| PROVIDERS.map(|other| (one, other)))
    {
        for suite in ["ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384"] {
            let client = ClientSettings {
                provider: client_provider,
                suites: suites(&[suite]),
                trust: Trust::Identity(WORLD.authority.pem()),
                ..ClientSettings::default()
            };
            let server = ServerSettings {
                provider: server_provider,
                suites: suites(&TWELVE),
                ..ServerSettings::new(WORLD.certificate.clone())
            };
            let (client, server) = play(&client, Some("db.test"), &server);
            assert_eq!(client.outcome.to_string(), format!("established TLS1.2 {suite} by password"));
            assert_eq!(server.outcome, client.outcome);
            assert_eq!(server.trace.to_string(), client.trace.to_string());
        }
    }
}

#[test]
fn a_suite_that_the_server_lacks_is_refused_by_it_whatever_the_providers() {
    for (client_provider, server_provider) in PROVIDERS.into_iter().flat_map(|one| PROVIDERS.map(|other| (one, other)))
    {
        for (version, suite) in
            [(TlsVersion::Tls1_2, "ECDHE-RSA-AES128-GCM-SHA256"), (TlsVersion::Tls1_2, "DHE-RSA-AES128-SHA")]
        {
            let client = ClientSettings {
                provider: client_provider,
                versions: vec![version],
                suites: suites(&[suite]),
                ..ClientSettings::default()
            };
            let server = ServerSettings {
                provider: server_provider,
                suites: suites(&["ECDHE-RSA-AES256-GCM-SHA384"]),
                ..ServerSettings::new(WORLD.certificate.clone())
            };
            let (client, _) = play(&client, None, &server);
            assert_eq!(client.outcome.to_string(), "refused by server: alert handshake_failure", "{suite}");
        }
    }
}

#[test]
fn rustls_checks_certificates_as_openssl_does() {
    let server = ServerSettings::new(WORLD.certificate.clone());
    for (trust, name, expected) in [
        (Trust::Anyone, None, "established"),
        (Trust::Authority(WORLD.authority.pem()), Some("elsewhere.test"), "established"),
        (Trust::Authority(WORLD.other.pem()), None, "refused by client: alert unknown_ca"),
        (Trust::Identity(WORLD.authority.pem()), Some("db.test"), "established"),
        (Trust::Identity(WORLD.authority.pem()), Some("127.0.0.1"), "established"),
        (Trust::Identity(WORLD.authority.pem()), Some("127.0.0.2"), "refused by client: certificate_name"),
        (Trust::Identity(WORLD.authority.pem()), Some("elsewhere.test"), "refused by client: certificate_name"),
    ] {
        for provider in PROVIDERS {
            let settings = ClientSettings { provider, trust: trust.clone(), ..ClientSettings::default() };
            let (client, _) = play(&settings, name, &server);
            assert!(client.outcome.to_string().starts_with(expected), "{provider:?}: {}", client.outcome);
        }
    }
}

#[test]
fn the_library_decides_what_is_asked_by_hand() {
    let by_hand = |provider, version, suite: &str| {
        let settings =
            ClientSettings { provider, versions: vec![version], suites: suites(&[suite]), ..ClientSettings::default() };
        ClientContext::new(&settings).unwrap().asks_by_hand()
    };
    assert!(by_hand(Provider::OpenSsl, TlsVersion::Tls1_1, "ECDHE-RSA-AES128-SHA256"));
    assert!(!by_hand(Provider::OpenSsl, TlsVersion::Tls1_2, "ECDHE-RSA-AES128-SHA256"));
    assert!(!by_hand(Provider::OpenSsl, TlsVersion::Tls1_0, "DHE-RSA-AES256-SHA"));
    assert!(by_hand(Provider::Rustls, TlsVersion::Tls1_2, "ECDHE-RSA-AES128-SHA256"));
    assert!(!by_hand(Provider::Rustls, TlsVersion::Tls1_2, "ECDHE-RSA-AES128-GCM-SHA256"));
}

#[test]
fn a_server_that_would_go_on_after_a_question_by_hand_is_told_apart() {
    let client = ClientSettings {
        provider: Provider::Rustls,
        versions: vec![TlsVersion::Tls1_2],
        suites: suites(&["DHE-RSA-AES128-SHA"]),
        ..ClientSettings::default()
    };
    let (client, server) = play(&client, None, &ServerSettings::new(WORLD.certificate.clone()));
    assert_eq!(client.outcome.to_string(), "refused by client: probe_accepted");
    let trace = "connect tls-request> client-hello> server-hello<(TLS1.2 DHE-RSA-AES128-SHA)";
    assert_eq!(client.trace.to_string(), trace);
    assert_eq!(server.outcome.to_string(), "refused by client: eof in tls");
}

#[test]
fn any_pieces_give_the_same_connection() {
    let settings = ClientSettings { versions: vec![TlsVersion::Tls1_0], ..ClientSettings::default() };
    let server_settings = ServerSettings::new(WORLD.certificate.clone());
    let (client_tls, server_tls) = (client(&settings, None), server(&server_settings));
    let play = |piece| {
        let client_machine = Box::new(ToyClient::new(true, "open"));
        let server_machine = Box::new(ToyServer::default());
        let (one, two) = converse(client_machine, client_tls.clone(), server_machine, server_tls.clone(), piece);
        [one, two].map(|report| (report.outcome, report.trace.to_string()))
    };
    let whole = play(usize::MAX);
    assert!(whole[0].0.is_established());
    for piece in [1, 2, 3, 5, 6, 7, 64, 1000] {
        assert_eq!(play(piece), whole);
    }
}

#[test]
fn a_client_hello_behind_the_request_is_read_as_tls() {
    // The toy's client, like MySQL's, does not wait for an answer: in one piece its server gets both.
    let settings = ClientSettings::default();
    let mut one = Connection::new(Side::Client, Box::new(ToyClient::new(true, "open")), client(&settings, None));
    one.start(now(), &mut NoRandom).unwrap();
    let wire = std::mem::take(one.wire());
    assert!(wire.starts_with(b"tls\n\x16\x03"));
    let tls = server(&ServerSettings::new(WORLD.certificate.clone()));
    let mut two = Connection::new(Side::Server, Box::new(ToyServer::default()), tls);
    two.start(now(), &mut NoRandom).unwrap();
    two.receive(&wire, now(), &mut NoRandom).unwrap();
    assert!(two.trace().to_string().starts_with("connect tls-request> client-hello> server-hello<"));
}

#[test]
fn an_end_inside_the_tls_handshake_is_the_refusal_of_the_one_that_ended() {
    let check = |how, outcome: &str, trace: &str| {
        let machine = Box::new(ToyClient::new(true, "open"));
        let mut connection = Connection::new(Side::Client, machine, client(&ClientSettings::default(), None));
        connection.start(now(), &mut NoRandom).unwrap();
        assert_eq!(connection.end(how, now(), &mut NoRandom), Ok(Progress::Finished));
        let report = connection.into_report(now().base).unwrap();
        assert_eq!((report.outcome.to_string(), report.trace.to_string()), (outcome.to_owned(), trace.to_owned()));
    };
    check(Ending::Closed, "refused by server: eof in tls", "connect tls-request> client-hello> close<");
    check(Ending::Reset, "refused by server: reset in tls", "connect tls-request> client-hello> reset<");
}

#[test]
fn a_server_that_answers_with_something_else_than_tls_is_refused_by_the_client() {
    for provider in PROVIDERS {
        let settings = ClientSettings { provider, ..ClientSettings::default() };
        let machine = Box::new(ToyClient::new(true, "open"));
        let mut connection = Connection::new(Side::Client, machine, client(&settings, None));
        connection.start(now(), &mut NoRandom).unwrap();
        let progress = connection.receive(b"HTTP/1.1 400 Bad Request\r\n\r\n", now(), &mut NoRandom);
        assert_eq!(progress, Ok(Progress::Finished));
        let outcome = connection.into_report(now().base).unwrap().outcome;
        assert_eq!(outcome.by, Some(Side::Client), "{provider:?}: {outcome}");
    }
}

#[test]
fn a_machine_that_cannot_read_its_peer_refuses() {
    let mut connection = Connection::new(Side::Server, Box::new(ToyServer::default()), Security::ClearOnly);
    connection.start(now(), &mut NoRandom).unwrap();
    assert_eq!(connection.receive(b"what\n", now(), &mut NoRandom), Ok(Progress::Finished));
    let outcome = connection.into_report(now().base).unwrap().outcome;
    let expected = "refused by server: protocol_violation (peer broke the protocol: an unknown line)";
    assert_eq!(outcome.to_string(), expected);
}

#[test]
fn a_client_that_cannot_read_its_peer_behind_the_login_refuses_and_a_server_keeps_what_it_decided() {
    let machine = ToyClient { linger: true, ..ToyClient::new(false, "open") };
    let mut client = Connection::new(Side::Client, Box::new(machine), Security::ClearOnly);
    client.start(now(), &mut NoRandom).unwrap();
    client.receive(b"welcome\n", now(), &mut NoRandom).unwrap();
    assert_eq!(client.outcome().unwrap().to_string(), "established by password");
    client.receive(b"nonsense\n", now(), &mut NoRandom).unwrap();
    let report = client.into_report(now().base).unwrap();
    assert!(report.outcome.to_string().starts_with("refused by client: protocol_violation"), "{}", report.outcome);

    let mut server = Connection::new(Side::Server, Box::new(ToyServer::default()), Security::ClearOnly);
    server.start(now(), &mut NoRandom).unwrap();
    server.receive(b"secret open\nnonsense\n", now(), &mut NoRandom).unwrap();
    assert_eq!(server.outcome().unwrap().to_string(), "established by password");
}

#[test]
fn application_protocols_are_selected_or_refused() {
    let play = |provider, offered, wanted| {
        let client_machine = ToyClient { alpn: offered, ..ToyClient::new(true, "open") };
        let server_machine = ToyServer { alpn: wanted, ..ToyServer::default() };
        let server_settings = ServerSettings { provider, ..ServerSettings::new(WORLD.certificate.clone()) };
        let client_tls = client(&ClientSettings::default(), None);
        let (client, _) = converse(
            Box::new(client_machine),
            client_tls,
            Box::new(server_machine),
            server(&server_settings),
            usize::MAX,
        );
        client.outcome
    };
    for provider in PROVIDERS {
        assert!(play(provider, Some(&b"postgresql"[..]), Some(&b"postgresql"[..])).is_established());
        assert!(play(provider, Some(&b"postgresql"[..]), None).is_established());
        assert!(play(provider, None, Some(&b"postgresql"[..])).is_established());
        let refused = play(provider, Some(&b"http/1.1"[..]), Some(&b"postgresql"[..]));
        assert_eq!(refused.to_string(), "refused by server: alert no_application_protocol");
    }
}

#[test]
fn both_ends_of_both_providers_bind_to_the_same_certificate() {
    // RFC 5929 §4.1: signed with SHA-256, so the SHA-256 of the certificate's DER.
    let pem = WORLD.certificate.chain_pem();
    let certificate = openssl::x509::X509::from_pem(pem.as_bytes()).unwrap();
    let expected = openssl::sha::sha256(&certificate.to_der().unwrap());
    for (client_provider, server_provider) in PROVIDERS.into_iter().flat_map(|one| PROVIDERS.map(|other| (one, other)))
    {
        let client =
            ClientContext::new(&ClientSettings { provider: client_provider, ..ClientSettings::default() }).unwrap();
        let settings = ServerSettings { provider: server_provider, ..ServerSettings::new(WORLD.certificate.clone()) };
        let server = ServerContext::new(&settings).unwrap();
        let offer = TlsOffer::default();
        let mut ends = [client.session(&offer, None).unwrap(), server.session(&offer).unwrap()];
        for turn in [0, 1, 0, 1] {
            let mut wire = Vec::new();
            ends[turn].take_wire(&mut wire);
            ends[1 - turn].receive(&wire);
        }
        for end in ends {
            let TlsState::Ready(facts) = end.state() else { panic!("{end:?}") };
            assert_eq!(facts.server_end_point.as_deref(), Some(&expected[..]));
        }
    }
}

proptest! {
    #[test]
    fn nonsense_in_place_of_tls_never_panics_and_never_establishes(
        rustls: bool,
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        piece in 1usize..50,
    ) {
        let provider = if rustls { Provider::Rustls } else { Provider::OpenSsl };
        let settings = ServerSettings { provider, ..ServerSettings::new(WORLD.certificate.clone()) };
        let mut connection = Connection::new(Side::Server, Box::new(ToyServer::default()), server(&settings));
        connection.start(now(), &mut NoRandom).unwrap();
        connection.receive(b"tls\n", now(), &mut NoRandom).unwrap();
        for part in bytes.chunks(piece) {
            connection.receive(part, now(), &mut NoRandom).unwrap();
        }
        connection.end(Ending::Closed, now(), &mut NoRandom).unwrap();
        prop_assert!(!connection.into_report(now().base).unwrap().outcome.is_established());
    }
}

#[test]
fn tls_1_3_is_spoken_where_both_sides_are_told_to() {
    let versions = vec![TlsVersion::Tls1_2, TlsVersion::Tls1_3];
    for (client_provider, server_provider) in PROVIDERS.into_iter().flat_map(|one| PROVIDERS.map(|other| (one, other)))
    {
        let settings =
            ClientSettings { provider: client_provider, versions: versions.clone(), ..ClientSettings::default() };
        let certificate = WORLD.certificate.clone();
        let modern = ServerSettings {
            provider: server_provider,
            versions: versions.clone(),
            ..ServerSettings::new(certificate)
        };
        let (client, server) = play(&settings, None, &modern);
        assert!(client.outcome.to_string().starts_with("established TLS1.3 TLS_"), "{}", client.outcome);
        assert_eq!(server.outcome, client.outcome);
        let old = ServerSettings { versions: vec![TlsVersion::Tls1_2], ..modern };
        assert!(play(&settings, None, &old).0.outcome.to_string().starts_with("established TLS1.2 "));
    }
}

#[test]
fn an_encrypted_refusal_has_its_name_on_both_sides() {
    // On TLS 1.3 the alert cannot be read on the wire: the libraries say what they sent and what they got.
    for (client_provider, server_provider) in PROVIDERS.into_iter().flat_map(|one| PROVIDERS.map(|other| (one, other)))
    {
        let versions = vec![TlsVersion::Tls1_3];
        let trust = Trust::Authority(WORLD.other.pem());
        let settings = ClientSettings {
            provider: client_provider,
            versions: versions.clone(),
            trust,
            ..ClientSettings::default()
        };
        let certificate = WORLD.certificate.clone();
        let modern = ServerSettings { provider: server_provider, versions, ..ServerSettings::new(certificate) };
        let (client, server) = play(&settings, None, &modern);
        assert!(client.outcome.to_string().starts_with("refused by client: alert unknown_ca"), "{}", client.outcome);
        assert_eq!(server.outcome.to_string(), "refused by client: alert unknown_ca");
    }
}
