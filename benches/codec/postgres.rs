//! StartupMessage, ErrorResponse and SCRAM, beside `postgres-protocol`.

use bytes::BytesMut;
use criterion::Criterion;
use fallible_iterator::FallibleIterator;
use postgres_protocol::authentication::sasl::{ChannelBinding, ScramSha256};
use postgres_protocol::message::{backend, frontend};
use shakedown::postgres::auth::scram::{Binding, SCRAM_SHA_256, ScramClient, ScramServer, ScramVerifier};
use shakedown::postgres::error_fields::ErrorFields;
use shakedown::postgres::frame::Inbox;
use shakedown::postgres::reply::{self, Reply};
use shakedown::postgres::startup::{Packet, Startup};
use shakedown::postgres::{ClientSettings, Secret};
use std::hint::black_box;

pub(crate) fn bench(criterion: &mut Criterion) {
    startup(criterion);
    error_response(criterion);
    scram(criterion);
}

fn startup(criterion: &mut Criterion) {
    let parameters = [("user", "alice"), ("database", "orders"), ("application_name", "psql")];
    let encode = |out: &mut Vec<u8>| Startup::write(out, ClientSettings::PROTOCOL_3_0, black_box(parameters));
    let mut octets = Vec::new();
    encode(&mut octets);
    let mut theirs = BytesMut::new();
    frontend::startup_message(parameters, &mut theirs).unwrap();
    assert_eq!(octets, theirs);
    let decode = |octets: &[u8]| {
        let mut inbox = Inbox::new();
        inbox.push(octets);
        let Packet::Startup { body, .. } = Packet::decode(inbox.packet().unwrap().unwrap()).unwrap() else {
            panic!("another packet");
        };
        Startup::read(&body).unwrap()
    };
    assert_eq!(decode(&octets).database, "orders");

    let mut group = criterion.benchmark_group("postgres/startup");
    group.bench_function("decode", |bencher| bencher.iter(|| decode(black_box(&octets))));
    let mut out = Vec::with_capacity(256);
    group.bench_function("encode", |bencher| {
        bencher.iter(|| {
            out.clear();
            encode(&mut out);
        });
    });
    group.bench_function("encode-postgres-protocol", |bencher| {
        bencher.iter(|| {
            theirs.clear();
            frontend::startup_message(black_box(parameters), &mut theirs).unwrap();
        });
    });
    group.finish();
}

fn error_response(criterion: &mut Criterion) {
    let fields = ErrorFields::fatal("28P01", "password authentication failed for user \"alice\"").at(
        "auth.c",
        326,
        "auth_failed",
    );
    let mut octets = Vec::new();
    reply::error(&mut octets, &fields);
    let decode = |octets: &[u8]| {
        let mut inbox = Inbox::new();
        inbox.push(octets);
        match Reply::decode(inbox.message(1 << 16).unwrap().unwrap()).unwrap() {
            Reply::Error(fields) => fields,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(decode(&octets).code, "28P01");
    // Theirs leaves the fields unread until somebody asks; ours reads them.
    let decode_theirs = |octets: &[u8]| {
        let mut buffer = BytesMut::from(octets);
        let Some(backend::Message::ErrorResponse(body)) = backend::Message::parse(&mut buffer).unwrap() else {
            panic!("another message");
        };
        let owned = |field: backend::ErrorField<'_>| Ok((field.type_(), field.value_bytes().to_vec()));
        body.fields().map(owned).collect::<Vec<_>>().unwrap()
    };
    assert!(decode_theirs(&octets).contains(&(b'C', b"28P01".to_vec())));

    let mut group = criterion.benchmark_group("postgres/error-response");
    group.bench_function("decode", |bencher| bencher.iter(|| decode(black_box(&octets))));
    group.bench_function("decode-postgres-protocol", |bencher| bencher.iter(|| decode_theirs(black_box(&octets))));
    let mut out = Vec::with_capacity(256);
    group.bench_function("encode", |bencher| {
        bencher.iter(|| {
            out.clear();
            reply::error(&mut out, black_box(&fields));
        });
    });
    group.finish();
}

/// The example of RFC 7677 §3. The client derives its key from the password, which is nearly all of its time; the server does
/// not need to.
fn scram(criterion: &mut Criterion) {
    let first = b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
    let server_nonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
    let server_first = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
    let last = b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
        p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
    let salt = [0x5b, 0x6d, 0x99, 0x68, 0x9d, 0x12, 0x35, 0x8e, 0xec, 0xa0, 0x4b, 0x14, 0x12, 0x36, 0xfa, 0x81];
    let verifier = ScramVerifier::new(b"pencil", &salt, 4096);
    let secret = Secret::password("pencil");
    let serve = || {
        let mut server = ScramServer::new(verifier.clone(), None);
        server.choose(SCRAM_SHA_256.as_bytes()).unwrap();
        assert_eq!(server.first(black_box(first), server_nonce).unwrap(), server_first);
        server.last(black_box(last)).unwrap().unwrap()
    };
    let prove = || {
        let mut client = ScramClient::with_nonce(Binding::Unsupported, "user", "rOprNGfwEbeRWgbNEkqO".to_owned());
        black_box(client.first());
        client.prove(black_box(server_first.as_bytes()), &secret, &(4096..=4096)).unwrap()
    };
    assert_eq!(prove().as_bytes(), last);
    // Its nonce is its own.
    let prove_theirs = || {
        let mut client = ScramSha256::new(b"pencil", ChannelBinding::unsupported());
        let nonce = std::str::from_utf8(client.message()).unwrap().split_once("r=").unwrap().1;
        let server_first = format!("r={nonce}%hvYDpWUa2RaTCAfuxFIlj,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
        client.update(server_first.as_bytes()).unwrap();
        client.message().to_vec()
    };

    let mut group = criterion.benchmark_group("postgres/scram");
    group.bench_function("server", |bencher| bencher.iter(serve));
    group.bench_function("client", |bencher| bencher.iter(prove));
    group.bench_function("client-postgres-protocol", |bencher| bencher.iter(prove_theirs));
    group.finish();
}
