//! The KDC and the service in memory: an answer to each exchange, beside the cryptography that no answer can do without.
//!
//! Each request is made for one answer, with a pre-authentication or authenticator of its own, outside of what is measured.

#![expect(clippy::unwrap_used, reason = "a bench may panic")]

use criterion::{BatchSize, BenchmarkId, Criterion};
use mock_kdc::{Kdc, Realm, Service, User};
use openssl::hash::MessageDigest;
use shakedown::testbed::random::Generator;
use shakedown_krb5::client::{Action, AsExchange, AsSettings, Secret, TgsExchange, TgsSettings};
use shakedown_krb5::crypto::{Etype, Key, default_salt, string_to_key, usage};
use shakedown_krb5::gss::{Acceptor, Flags, Initiator};
use shakedown_krb5::keytab::Keytab;
use shakedown_krb5::messages::{
    ApRequest, Codec, EncryptedData, Exchange, KdcReply, KdcRequest, KdcRequestBody, PaData, PreauthEncTimestamp,
    PrincipalName, padata_type,
};
use shakedown_krb5::{Credential, Principal, Timestamp};
use std::hint::black_box;
use std::time::{Duration, Instant};

const REALM: &str = "CORP.EXAMPLE.COM";
const PASSWORD: &str = "correct horse battery staple";
const SERVICE: &str = "postgres/db.test";
const ETYPES: [Etype; 2] = [Etype::Aes256Sha1, Etype::Aes256Sha384];

/// The clock of all; it stands still, and requests differ by their nonces and confounders.
const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(50)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(3))
        .configure_from_args();
    for etype in ETYPES {
        let world = World::new(etype);
        authentication_service(&mut criterion, &world);
        ticket_granting_service(&mut criterion, &world);
        service(&mut criterion, &world);
        client(&mut criterion, &world);
    }
    string_to_keys(&mut criterion);
    criterion.final_summary();
}

/// A realm whose keys are of one etype, and what alice has got there.
struct World {
    etype: Etype,
    kdc: Kdc,
    alice: Key,
    krbtgt: Key,
    service_keytab: Keytab,
    service: Key,
    tgt: Credential,
    credential: Credential,
}

impl World {
    fn new(etype: Etype) -> Self {
        let mut random = Generator::from_system();
        let mut realm = Realm::new(REALM);
        realm.etypes = vec![etype];
        realm.users.push(User::new("alice", PASSWORD));
        realm.services.push(Service::new(SERVICE));
        let kdc = Kdc::new(&realm, &mut random).unwrap();
        let salt = default_salt(&principal("alice"));
        let alice = string_to_key(etype, PASSWORD.as_bytes(), &salt, None).unwrap();
        let service_keytab = kdc.keytab(SERVICE, 0).unwrap();
        let key = |keytab: &Keytab| Key::new(etype, keytab.entries[0].key.octets()).unwrap();
        let krbtgt = key(&kdc.keytab(&format!("krbtgt/{REALM}"), 0).unwrap());
        let mut login = AsExchange::new(AsSettings::new(principal("alice"), Secret::password(PASSWORD)));
        let tgt = ask(&kdc, |reply| login.next(reply, NOW, &mut Generator::from_system()).unwrap());
        let mut exchange = TgsExchange::new(TgsSettings::new(tgt.clone(), principal(SERVICE)));
        let credential = ask(&kdc, |reply| exchange.next(reply, NOW, &mut Generator::from_system()).unwrap());
        Self { etype, kdc, alice, krbtgt, service: key(&service_keytab), service_keytab, tgt, credential }
    }

    fn answer(&self, request: &[u8], random: &mut Generator) -> Vec<u8> {
        self.kdc.answer(request, NOW, random).octets.unwrap()
    }
}

/// AS-REQ with an encrypted timestamp to AS-REP.
fn authentication_service(criterion: &mut Criterion, world: &World) {
    let mut random = Generator::from_system();
    let request = |random: &mut Generator| {
        let time =
            EncryptedData::seal(&world.alice, usage::PA_ENC_TIMESTAMP, &PreauthEncTimestamp { time: NOW }, random);
        let body = KdcRequestBody {
            kdc_options: 0,
            cname: Some(PrincipalName::from(&principal("alice"))),
            realm: REALM.as_bytes().to_vec(),
            sname: Some(PrincipalName::from(&principal(&format!("krbtgt/{REALM}")))),
            from: None,
            till: NOW.offset_seconds(36_000),
            rtime: None,
            nonce: 4711,
            etypes: vec![world.etype.number()],
            addresses: None,
            enc_authorization_data: None,
            additional_tickets: Vec::new(),
        };
        KdcRequest::new(Exchange::As, vec![PaData::new(padata_type::ENC_TIMESTAMP, &time)], body).to_octets()
    };
    let reply = KdcReply::decode(&world.answer(&request(&mut random), &mut random)).unwrap();
    assert_eq!(reply.exchange, Exchange::As);

    let mut group = criterion.benchmark_group("as");
    group.bench_function(BenchmarkId::new("answer", world.etype.number()), |bencher| {
        let mut drawn = Generator::from_system();
        bencher.iter_batched(
            || request(&mut random),
            |request| world.answer(&request, &mut drawn),
            BatchSize::SmallInput,
        );
    });
    // Opens the timestamp, draws a session key, seals ticket and reply.
    let proof = PreauthEncTimestamp { time: NOW }.to_octets();
    let proof = world.alice.encrypt(usage::PA_ENC_TIMESTAMP, &proof, &mut random);
    let [ticket, part] = plain_of(&reply, world.etype);
    group.bench_function(BenchmarkId::new("floor", world.etype.number()), |bencher| {
        bencher.iter(|| {
            black_box(world.alice.decrypt(usage::PA_ENC_TIMESTAMP, black_box(&proof)).unwrap());
            black_box(Key::random(world.etype, &mut random));
            black_box(world.krbtgt.encrypt(usage::TICKET, black_box(&ticket), &mut random));
            black_box(world.alice.encrypt(usage::AS_REP, black_box(&part), &mut random));
        });
    });
    group.finish();
}

/// TGS-REQ to TGS-REP.
fn ticket_granting_service(criterion: &mut Criterion, world: &World) {
    let mut random = Generator::from_system();
    let request = |random: &mut Generator| {
        let mut exchange = TgsExchange::new(TgsSettings::new(world.tgt.clone(), principal(SERVICE)));
        match exchange.next(None, NOW, random).unwrap() {
            Action::Send(request) => request.message,
            Action::Done(_) => panic!("a ticket out of nowhere"),
        }
    };
    let sample = KdcRequest::decode(&request(&mut random)).unwrap();
    let reply = KdcReply::decode(&world.answer(&request(&mut random), &mut random)).unwrap();
    assert_eq!(reply.exchange, Exchange::Tgs);

    let mut group = criterion.benchmark_group("tgs");
    group.bench_function(BenchmarkId::new("answer", world.etype.number()), |bencher| {
        let mut drawn = Generator::from_system();
        bencher.iter_batched(
            || request(&mut random),
            |request| world.answer(&request, &mut drawn),
            BatchSize::SmallInput,
        );
    });
    // Opens ticket and authenticator, checks the body's checksum, draws a session key, seals ticket and reply. The session key
    // comes out of the ticket and is as new to the KDC each time as its schedules are.
    let presented = ApRequest::decode(sample.padata(padata_type::TGS_REQ).unwrap()).unwrap();
    let body = sample.body_octets();
    let checksum = world.tgt.key.checksum(usage::TGS_REQ_AUTHENTICATOR_CHECKSUM, body);
    let [ticket, part] = plain_of(&reply, world.etype);
    group.bench_function(BenchmarkId::new("floor", world.etype.number()), |bencher| {
        bencher.iter(|| {
            black_box(world.krbtgt.decrypt(usage::TICKET, black_box(&presented.ticket.enc_part().cipher)).unwrap());
            let session = Key::new(world.etype, world.tgt.key.bytes()).unwrap();
            black_box(session.decrypt(usage::TGS_REQ_AUTHENTICATOR, &presented.authenticator.cipher).unwrap());
            session.verify_checksum(usage::TGS_REQ_AUTHENTICATOR_CHECKSUM, black_box(body), &checksum).unwrap();
            black_box(Key::random(world.etype, &mut random));
            black_box(world.service.encrypt(usage::TICKET, black_box(&ticket), &mut random));
            black_box(session.encrypt(usage::TGS_REP_SESSION_KEY, black_box(&part), &mut random));
        });
    });
    group.finish();
}

/// AP-REQ to AP-REP within GSS-API, with mutual authentication and the replay cache.
fn service(criterion: &mut Criterion, world: &World) {
    let mut random = Generator::from_system();
    let flags = Flags(Flags::MUTUAL | Flags::REPLAY | Flags::SEQUENCE | Flags::CONF | Flags::INTEG);
    let acceptor = Acceptor::new(world.service_keytab.clone());
    // The replay cache tells authenticators apart by the time in them.
    let mut now = NOW;
    let mut start = |random: &mut Generator| {
        now = now + Duration::from_micros(1);
        Initiator::start(&world.credential, flags, now, random).1
    };
    let token = start(&mut random);
    let reply = acceptor.accept(&token, NOW, &mut random).unwrap().reply.unwrap();

    let mut group = criterion.benchmark_group("ap");
    group.bench_function(BenchmarkId::new("accept", world.etype.number()), |bencher| {
        let mut drawn = Generator::from_system();
        bencher.iter_batched(
            || start(&mut random),
            |token| acceptor.accept(&token, NOW, &mut drawn).unwrap(),
            BatchSize::SmallInput,
        );
    });
    // Opens ticket and authenticator, seals the reply; sizes as in the tokens, whose frames are 17 octets.
    let authenticator = vec![7; token.len() - world.credential.ticket.len() - 17 - world.etype.overhead() - 40];
    let authenticator = world.credential.key.encrypt(usage::AP_REQ_AUTHENTICATOR, &authenticator, &mut random);
    let part = vec![7; reply.len() - 17 - world.etype.overhead() - 30];
    let ticket = shakedown_krb5::messages::Ticket::decode(&world.credential.ticket).unwrap();
    group.bench_function(BenchmarkId::new("floor", world.etype.number()), |bencher| {
        bencher.iter(|| {
            black_box(world.service.decrypt(usage::TICKET, black_box(&ticket.enc_part().cipher)).unwrap());
            let session = Key::new(world.etype, world.credential.key.bytes()).unwrap();
            black_box(session.decrypt(usage::AP_REQ_AUTHENTICATOR, black_box(&authenticator)).unwrap());
            black_box(session.encrypt(usage::AP_REP, black_box(&part), &mut random));
        });
    });
    group.finish();
}

/// A client's part of a login: AS, TGS and AP with mutual authentication, made and read. The answers are made in between and are
/// not measured.
fn client(criterion: &mut Criterion, world: &World) {
    let mut random = Generator::from_system();
    let acceptor = Acceptor::new(world.service_keytab.clone());
    let mut now = NOW;
    let mut group = criterion.benchmark_group("client");
    group.bench_function(BenchmarkId::new("as-tgs-ap", world.etype.number()), |bencher| {
        bencher.iter_custom(|count| {
            let login = |_| {
                now = now + Duration::from_micros(1);
                login(world, &acceptor, now, &mut random)
            };
            (0..count).map(login).sum()
        });
    });
    // A timestamp and an AS-REP with the checksum of its request, by a key that is at hand; authenticator, checksum and TGS-REP,
    // authenticator and AP-REP by four keys that are new.
    let (alice, new) = (&world.alice, || Key::new(world.etype, world.tgt.key.bytes()).unwrap());
    let checksum = alice.checksum(usage::AS_REQ_CHECKSUM, &[7; 200]);
    let [as_rep, tgs_rep, ap_rep] =
        [(alice, usage::AS_REP, 220), (&new(), usage::TGS_REP_SUBKEY, 220), (&new(), usage::AP_REP, 60)]
            .map(|(key, usage, length)| key.encrypt(usage, &vec![7; length], &mut random));
    group.bench_function(BenchmarkId::new("floor", world.etype.number()), |bencher| {
        bencher.iter(|| {
            black_box(alice.encrypt(usage::PA_ENC_TIMESTAMP, &[7; 24], &mut random));
            black_box(alice.decrypt(usage::AS_REP, &as_rep).unwrap());
            alice.verify_checksum(usage::AS_REQ_CHECKSUM, &[7; 200], &checksum).unwrap();
            let (session, subkey, service, own) = (new(), new(), new(), Key::random(world.etype, &mut random));
            black_box(session.checksum(usage::TGS_REQ_AUTHENTICATOR_CHECKSUM, &[7; 150]));
            black_box(session.encrypt(usage::TGS_REQ_AUTHENTICATOR, &[7; 200], &mut random));
            black_box(subkey.decrypt(usage::TGS_REP_SUBKEY, &tgs_rep).unwrap());
            black_box(service.encrypt(usage::AP_REQ_AUTHENTICATOR, &[7; 200], &mut random));
            black_box(service.decrypt(usage::AP_REP, &ap_rep).unwrap());
            black_box(own);
        });
    });
    group.finish();
}

/// How long the client took.
fn login(world: &World, acceptor: &Acceptor, now: Timestamp, random: &mut Generator) -> Duration {
    let mut took = Duration::ZERO;
    let mut settings = AsSettings::new(principal("alice"), world.alice.clone().into());
    settings.etypes = vec![world.etype];
    let began = Instant::now();
    let mut exchange = AsExchange::new(settings);
    took += began.elapsed();
    let tgt = timed(world, &mut took, random, |reply, random| exchange.next(reply, now, random).unwrap());
    let began = Instant::now();
    let mut exchange = TgsExchange::new(TgsSettings::new(tgt, principal(SERVICE)));
    took += began.elapsed();
    let credential = timed(world, &mut took, random, |reply, random| exchange.next(reply, now, random).unwrap());
    let flags = Flags(Flags::MUTUAL | Flags::REPLAY | Flags::SEQUENCE | Flags::CONF | Flags::INTEG);
    let began = Instant::now();
    let (mut initiator, token) = Initiator::start(&credential, flags, now, random);
    took += began.elapsed();
    let answer = acceptor.accept(&token, NOW, random).unwrap().reply.unwrap();
    let began = Instant::now();
    initiator.reply(&answer).unwrap();
    black_box(initiator.into_context().unwrap());
    took + began.elapsed()
}

fn timed(
    world: &World,
    took: &mut Duration,
    random: &mut Generator,
    mut next: impl FnMut(Option<&[u8]>, &mut Generator) -> Action,
) -> Credential {
    let mut reply: Option<Vec<u8>> = None;
    loop {
        let began = Instant::now();
        let action = next(reply.as_deref(), random);
        *took += began.elapsed();
        match action {
            Action::Done(credential) => return credential,
            Action::Send(request) => reply = Some(world.answer(&request.message, random)),
        }
    }
}

/// Password to key, beside OpenSSL's PBKDF2 with the same hash and as many rounds.
fn string_to_keys(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("string-to-key");
    group.sample_size(20);
    for (etype, digest) in [
        (Etype::Aes128Sha1, MessageDigest::sha1()),
        (Etype::Aes256Sha1, MessageDigest::sha1()),
        (Etype::Aes128Sha256, MessageDigest::sha256()),
        (Etype::Aes256Sha384, MessageDigest::sha384()),
    ] {
        let salt = default_salt(&principal("alice"));
        group.bench_function(BenchmarkId::new("ours", etype.number()), |bencher| {
            bencher.iter(|| string_to_key(etype, black_box(PASSWORD.as_bytes()), &salt, None).unwrap());
        });
        let rounds = usize::try_from(etype.default_iterations()).unwrap();
        group.bench_function(BenchmarkId::new("pbkdf2-openssl", etype.number()), |bencher| {
            bencher.iter(|| {
                let mut derived = [0; 32];
                let derived = &mut derived[..etype.key_length()];
                openssl::pkcs5::pbkdf2_hmac(black_box(PASSWORD.as_bytes()), &salt, rounds, digest, derived).unwrap();
                black_box(derived[0])
            });
        });
    }
    group.finish();
}

/// As much plaintext as there is in a reply: of the ticket, and of the part for the client.
fn plain_of(reply: &KdcReply, etype: Etype) -> [Vec<u8>; 2] {
    [reply.ticket.enc_part(), &reply.enc_part].map(|sealed| vec![7; sealed.cipher.len() - etype.overhead()])
}

fn principal(name: &str) -> Principal {
    format!("{name}@{REALM}").parse().unwrap()
}

/// Plays an exchange to its end.
fn ask(kdc: &Kdc, mut next: impl FnMut(Option<&[u8]>) -> Action) -> Credential {
    let mut reply: Option<Vec<u8>> = None;
    loop {
        match next(reply.as_deref()) {
            Action::Done(credential) => return credential,
            Action::Send(request) => {
                reply = kdc.answer(&request.message, NOW, &mut Generator::from_system()).octets;
            }
        }
    }
}
