//! No request costs an allocation once a worker is warm: neither the answer, nor remembering, counting and logging it.

#![expect(clippy::unwrap_used, reason = "a test may panic, and so may what it calls")]

use std::sync::Arc;

use allocation_counter::measure;
use mock_kdc::{Arrival, Flavor, Generator, Kdc, Outcome, Realm, Responder, Rule, Service, Transport, User, Worker};
use shakedown_krb5::client::{Action, AsExchange, AsSettings, Secret, TgsExchange, TgsSettings};
use shakedown_krb5::crypto::{Etype, Key, default_salt, string_to_key, usage};
use shakedown_krb5::messages::{
    Codec as _, EncryptedData, Exchange, KdcRequest, KdcRequestBody, PaData, PreauthEncTimestamp, PrincipalName,
    padata_type,
};
use shakedown_krb5::{Credential, Principal, Random as _, Timestamp};

const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);
const REALM: &str = "CORP.EXAMPLE.COM";
const PASSWORD: &str = "correct horse";
/// Requests of each kind until nothing grows any more: the look-aside is full then, and its places have been used again.
const WARM_UP: usize = 5_000;
const MEASURED: usize = 100;

/// A realm with keys of one etype, and a client that never sends the same twice.
struct World {
    kdc: Arc<Kdc>,
    etype: Etype,
    key: Key,
    tgt: Credential,
    random: Generator,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    /// An AS-REQ without a proof, which gets error 25 and hints.
    Unproven,
    /// An AS-REQ that gets a ticket.
    As,
    /// A TGS-REQ with a sub-key.
    Tgs,
}

const KINDS: [Kind; 3] = [Kind::Unproven, Kind::As, Kind::Tgs];

impl World {
    fn new(etype: Etype, adapt: impl FnOnce(&mut Realm)) -> Self {
        let mut random = Generator::from_seed([1; 32]);
        let mut realm = Realm::new(REALM);
        adapt(&mut realm);
        realm.etypes = vec![etype];
        realm.users.push(User::new("alice", PASSWORD));
        realm.services.push(Service::new("postgres/db.test"));
        let kdc = Arc::new(Kdc::new(&realm, &mut random).unwrap());
        let key = string_to_key(etype, PASSWORD.as_bytes(), &default_salt(&principal("alice")), None).unwrap();
        let settings = AsSettings::new(principal("alice"), Secret::from(key.clone()));
        let mut login = AsExchange::new(AsSettings { etypes: vec![etype], ..settings });
        let mut reply: Option<Vec<u8>> = None;
        let tgt = loop {
            match login.next(reply.as_deref(), NOW, &mut random).unwrap() {
                Action::Send(request) => reply = kdc.answer(&request.message, NOW, &mut random).octets,
                Action::Done(credential) => break credential,
            }
        };
        Self { kdc, etype, key, tgt, random }
    }

    fn request(&mut self, kind: Kind) -> Vec<u8> {
        match kind {
            Kind::Unproven => self.as_request(None),
            Kind::As => {
                let time = PreauthEncTimestamp { time: NOW };
                let sealed = EncryptedData::seal(&self.key, usage::PA_ENC_TIMESTAMP, &time, &mut self.random);
                self.as_request(Some(PaData::new(padata_type::ENC_TIMESTAMP, &sealed)))
            }
            Kind::Tgs => {
                let settings = TgsSettings::new(self.tgt.clone(), principal("postgres/db.test"));
                match TgsExchange::new(TgsSettings { etypes: vec![self.etype], ..settings })
                    .next(None, NOW, &mut self.random)
                    .unwrap()
                {
                    Action::Send(request) => request.message,
                    Action::Done(_) => panic!("a ticket out of nowhere"),
                }
            }
        }
    }

    fn as_request(&mut self, proof: Option<PaData>) -> Vec<u8> {
        let mut nonce = [0; 4];
        self.random.fill(&mut nonce);
        let body = KdcRequestBody {
            kdc_options: 0,
            cname: Some(PrincipalName::from(&principal("alice"))),
            realm: REALM.as_bytes().to_vec(),
            sname: Some(PrincipalName::from(&Principal::krbtgt(REALM.as_bytes()))),
            from: None,
            till: NOW.offset_seconds(36_000),
            rtime: None,
            nonce: u32::from_be_bytes(nonce) >> 1,
            etypes: vec![self.etype.number()],
            addresses: None,
            enc_authorization_data: None,
            additional_tickets: Vec::new(),
        };
        let padata = proof.into_iter().chain([PaData::empty(padata_type::REQ_ENC_PA_REP)]).collect();
        KdcRequest::new(Exchange::As, padata, body).to_octets()
    }
}

fn principal(name: &str) -> Principal {
    format!("{name}@{REALM}").parse().unwrap()
}

#[track_caller]
fn check_outcome(kind: Kind, outcome: &Outcome) {
    match (kind, outcome) {
        (Kind::Unproven, Outcome::Refused { code: 25, .. }) => {}
        (Kind::As | Kind::Tgs, Outcome::Issued { .. }) => {}
        (kind, outcome) => panic!("{kind:?} was answered with {outcome}"),
    }
}

#[test]
fn an_answer_is_made_without_an_allocation() {
    let mit: fn(&mut Realm) = |_| {};
    let with_pac: fn(&mut Realm) = |realm| *realm = Realm::of(Flavor::ActiveDirectory, REALM);
    for (etype, adapt) in Etype::ALL.into_iter().flat_map(|etype| [(etype, mit), (etype, with_pac)]) {
        let mut world = World::new(etype, adapt);
        let mut worker = Worker::from_seed([2; 32]);
        for kind in KINDS {
            for round in 0..20 {
                let request = world.request(kind);
                let cost = measure(|| world.kdc.respond(&request, &Arrival::direct(NOW), &mut worker));
                check_outcome(kind, &worker.event().outcome);
                assert!(cost.count_total == 0 || round < 2, "{etype}, {kind:?}, request {round}: {cost:?}");
            }
        }
    }
}

#[test]
fn a_datagram_is_answered_remembered_counted_and_logged_without_an_allocation() {
    let mut world = World::new(Etype::Aes256Sha1, |_| {});
    let responder = Responder::new(Arc::clone(&world.kdc));
    let mut worker = Worker::from_seed([2; 32]);
    let arrival = Arrival {
        transport: Some(Transport::Udp),
        peer: Some("127.0.0.1:4711".parse().unwrap()),
        ..Arrival::direct(NOW)
    };
    for _ in 0..WARM_UP {
        for kind in KINDS {
            let request = world.request(kind);
            responder.datagram(&request, &arrival, &mut worker);
        }
    }
    for _ in 0..MEASURED {
        for kind in KINDS {
            let request = world.request(kind);
            let cost = measure(|| assert!(responder.datagram(&request, &arrival, &mut worker).is_some()));
            assert_eq!(cost.count_total, 0, "{kind:?}: {cost:?}");
            check_outcome(kind, &worker.event().outcome);
            // Neither is the same datagram again.
            let first = worker.reply().unwrap().to_vec();
            let cost = measure(|| assert!(responder.datagram(&request, &arrival, &mut worker).is_some()));
            assert_eq!(cost.count_total, 0, "{kind:?} again: {cost:?}");
            assert_eq!(worker.reply(), Some(&first[..]));
            assert!(worker.event().repeated);
        }
    }
    let noted = (WARM_UP + 2 * MEASURED) * KINDS.len();
    assert_eq!(responder.log().count(), noted as u64);
    assert_eq!(responder.metrics().repeated(), (MEASURED * KINDS.len()) as u64);
}

#[test]
fn a_rule_that_does_not_fit_costs_no_allocation() {
    let mut world = World::new(Etype::Aes256Sha1, |_| {});
    let mut worker = Worker::from_seed([2; 32]);
    let others = [
        "{ client = 'mallory' }",
        "{ service = 'mysql/*' }",
        "{ etype = '3' }",
        "{ transport = 'tcp' }",
        "{ nth = 1000000 }",
    ];
    let rule = |when: &str| toml::from_str::<Rule>(&format!("when = {when}\nthen = {{ drop = true }}")).unwrap();
    world.kdc.set_rules(others.into_iter().map(rule).collect());
    for kind in KINDS {
        for round in 0..10 {
            let request = world.request(kind);
            let cost = measure(|| world.kdc.respond(&request, &Arrival::direct(NOW), &mut worker));
            check_outcome(kind, &worker.event().outcome);
            assert_eq!(worker.event().rule, None);
            assert!(cost.count_total == 0 || round < 2, "{kind:?}, request {round}: {cost:?}");
        }
    }
}

#[test]
fn the_counter_counts() {
    let mut world = World::new(Etype::Aes256Sha1, |_| {});
    let request = world.request(Kind::As);
    let mut random = Generator::from_seed([3; 32]);
    let cost = measure(|| drop(world.kdc.answer(&request, NOW, &mut random)));
    assert!(cost.count_total > 3, "an owned answer, its event and new buffers: {cost:?}");
}
