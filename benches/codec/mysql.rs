//! Greeting, login and OK, beside `mysql_common`.

use criterion::Criterion;
use mysql_common::constants::CapabilityFlags;
use mysql_common::io::ParseBuf;
use mysql_common::packets::{CommonOkPacket, HandshakePacket, HandshakeResponse, OkPacketDeserializer};
use mysql_common::proto::MySerialize;
use shakedown::handshake::{Reader, Writer};
use shakedown::mysql::Capabilities;
use shakedown::mysql::greeting::Greeting;
use shakedown::mysql::login::{Header, Login};
use shakedown::mysql::reply::{OK, OkPacket};
use std::hint::black_box;

pub(crate) fn bench(criterion: &mut Criterion) {
    greeting(criterion);
    login(criterion);
    ok(criterion);
}

fn greeting(criterion: &mut Criterion) {
    let ours = Greeting {
        version: "8.0.28".to_owned(),
        connection_id: 42,
        auth_data: b"abcdefghijklmnopqrst\0".to_vec(),
        capabilities: Capabilities::of_server_version("8.0.28"),
        charset: 0xFF,
        status: 2,
        plugin: Some(b"caching_sha2_password".to_vec()),
    };
    let mut octets = Vec::new();
    ours.encode(&mut Writer::new(&mut octets));
    assert_eq!(Greeting::decode(&octets).unwrap(), ours);
    let theirs: HandshakePacket<'_> = ParseBuf(&octets).parse(()).unwrap();
    assert_eq!((theirs.connection_id(), theirs.nonce()), (42, b"abcdefghijklmnopqrst".to_vec()));

    let mut group = criterion.benchmark_group("mysql/greeting");
    group.bench_function("decode", |bencher| bencher.iter(|| Greeting::decode(black_box(&octets)).unwrap()));
    group.bench_function("decode-mysql_common", |bencher| {
        bencher.iter(|| ParseBuf(black_box(&octets)).parse::<HandshakePacket<'_>>(()).unwrap());
    });
    let mut out = Vec::with_capacity(256);
    group.bench_function("encode", |bencher| {
        bencher.iter(|| {
            out.clear();
            black_box(&ours).encode(&mut Writer::new(&mut out));
        });
    });
    group.bench_function("encode-mysql_common", |bencher| {
        bencher.iter(|| {
            out.clear();
            black_box(&theirs).serialize(&mut out);
        });
    });
    group.finish();
}

fn login(criterion: &mut Criterion) {
    let capabilities = [
        Capabilities::PROTOCOL_41,
        Capabilities::SECURE_CONNECTION,
        Capabilities::PLUGIN_AUTH,
        Capabilities::PLUGIN_AUTH_LENENC_CLIENT_DATA,
        Capabilities::CONNECT_WITH_DB,
        Capabilities::CONNECT_ATTRS,
    ];
    let capabilities = capabilities.into_iter().fold(Capabilities(0), |all, one| all | one);
    let header = Header { capabilities, max_packet: 1 << 24, charset: 0xFF };
    let attributes = [("_client_name", "libmysql"), ("_client_version", "8.0.36"), ("_os", "Linux"), ("_pid", "4711")];
    let ours = Login {
        user: b"alice".to_vec(),
        auth_response: vec![0xA5; 32].into(),
        database: Some(b"orders".to_vec()),
        plugin: Some(b"caching_sha2_password".to_vec()),
        attributes: attributes.map(|(name, value)| (name.into(), value.into())).to_vec(),
    };
    let encode = |out: &mut Vec<u8>| {
        let mut writer = Writer::new(out);
        black_box(&header).encode(&mut writer);
        black_box(&ours).encode(&mut writer, capabilities);
    };
    let decode = |octets: &[u8]| {
        let mut reader = Reader::new("login", octets);
        let header = Header::decode(&mut reader).unwrap();
        (header, Login::decode(&mut reader, header.capabilities).unwrap())
    };
    let mut octets = Vec::new();
    encode(&mut octets);
    assert_eq!(decode(&octets), (header, ours.clone()));
    let theirs: HandshakeResponse<'_> = ParseBuf(&octets).parse(()).unwrap();
    assert_eq!((theirs.user(), theirs.connect_attributes().unwrap().len()), (&b"alice"[..], attributes.len()));

    let mut group = criterion.benchmark_group("mysql/login");
    group.bench_function("decode", |bencher| bencher.iter(|| decode(black_box(&octets))));
    group.bench_function("decode-mysql_common", |bencher| {
        bencher.iter(|| ParseBuf(black_box(&octets)).parse::<HandshakeResponse<'_>>(()).unwrap());
    });
    let mut out = Vec::with_capacity(256);
    group.bench_function("encode", |bencher| {
        bencher.iter(|| {
            out.clear();
            encode(&mut out);
        });
    });
    group.bench_function("encode-mysql_common", |bencher| {
        bencher.iter(|| {
            out.clear();
            black_box(&theirs).serialize(&mut out);
        });
    });
    group.finish();
}

fn ok(criterion: &mut Criterion) {
    let ours = OkPacket::AUTHENTICATED;
    let mut octets = Vec::new();
    ours.encode(OK, &mut Writer::new(&mut octets));
    assert_eq!(OkPacket::decode(&octets).unwrap(), ours);

    let mut group = criterion.benchmark_group("mysql/ok");
    group.bench_function("decode", |bencher| bencher.iter(|| OkPacket::decode(black_box(&octets)).unwrap()));
    group.bench_function("decode-mysql_common", |bencher| {
        bencher.iter(|| {
            ParseBuf(black_box(&octets))
                .parse::<OkPacketDeserializer<'_, CommonOkPacket>>(CapabilityFlags::CLIENT_PROTOCOL_41)
                .unwrap()
                .into_inner()
                .affected_rows()
        });
    });
    let mut out = Vec::with_capacity(16);
    group.bench_function("encode", |bencher| {
        bencher.iter(|| {
            out.clear();
            black_box(&ours).encode(OK, &mut Writer::new(&mut out));
        });
    });
    group.finish();
}
