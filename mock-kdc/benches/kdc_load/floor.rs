//! The cryptography that an answer cannot do without, with nothing around it.

use std::hint::black_box;
use std::time::{Duration, Instant};

use shakedown_krb5::Random as _;
use shakedown_krb5::crypto::{Key, usage};
use shakedown_krb5::messages::{ApRequest, Codec as _, KdcReply, KdcRequest, padata_type};

use mock_kdc::{Generator, Kdc};

use crate::requests::{ETYPE, Exchange, Party, REALM, SERVICE, now};

const BATCH: u32 = 2_000;
const BATCHES: usize = 15;

/// For each answer, the fastest of some batches: whatever disturbs one makes it longer.
pub(crate) fn cryptography(exchange: Exchange, party: &mut Party) -> Duration {
    let _ = party;
    let mut world = World::new();
    let step: Box<dyn FnMut()> = match exchange {
        Exchange::As => world.authentication_service(),
        Exchange::Tgs => world.ticket_granting_service(),
    };
    fastest(step)
}

fn fastest(mut step: Box<dyn FnMut()>) -> Duration {
    let mut best = Duration::MAX;
    for _ in 0..BATCHES {
        let began = Instant::now();
        (0..BATCH).for_each(|_| step());
        best = best.min(began.elapsed() / BATCH);
    }
    best
}

/// A KDC in memory whose keys are known.
struct World {
    kdc: Kdc,
    party: Party,
    krbtgt: Key,
    service: Key,
}

impl World {
    fn new() -> Self {
        let mut random = Generator::from_system();
        let kdc = crate::servers::kdc_in_memory(&mut random);
        let key = |name: &str| kdc.keytab(name, 0).unwrap().entries[0].key.key().unwrap().clone();
        let (krbtgt, service) = (key(&format!("krbtgt/{REALM}")), key(SERVICE));
        Self { party: crate::servers::party_in_memory(&kdc), kdc, krbtgt, service }
    }

    fn reply(&mut self, request: &[u8]) -> KdcReply {
        KdcReply::decode(&self.kdc.answer(request, now(), &mut self.party.random).octets.unwrap()).unwrap()
    }

    /// Opens the timestamp, sums up the request, draws a session key, seals ticket and reply.
    fn authentication_service(&mut self) -> Box<dyn FnMut()> {
        let request = self.party.request(Exchange::As);
        let decoded = KdcRequest::decode(&request).unwrap();
        let proof = decoded.padata(padata_type::ENC_TIMESTAMP).unwrap();
        let proof = shakedown_krb5::messages::EncryptedData::decode(proof).unwrap().cipher;
        let (ticket, part) = plain_of(&self.reply(&request));
        let (alice, krbtgt) = (self.party.key.clone(), self.krbtgt.clone());
        let (mut random, mut opened, mut out) = (Generator::from_system(), Vec::new(), Vec::new());
        Box::new(move || {
            open(&alice, usage::PA_ENC_TIMESTAMP, &proof, &mut opened);
            out.clear();
            alice.checksum_into(usage::AS_REQ_CHECKSUM, black_box(&request), &mut out);
            black_box(Key::random_ephemeral(ETYPE, &mut random));
            krbtgt.encrypt_into(usage::TICKET, black_box(&ticket), &mut random, &mut out);
            alice.encrypt_into(usage::AS_REP, black_box(&part), &mut random, &mut out);
            black_box(&out);
        })
    }

    /// Opens ticket and authenticator, checks the sum over the body, draws a session key, seals ticket and reply. Session
    /// key and sub-key come with the request, and are as new to the KDC as their schedules are.
    fn ticket_granting_service(&mut self) -> Box<dyn FnMut()> {
        let request = self.party.request(Exchange::Tgs);
        let decoded = KdcRequest::decode(&request).unwrap();
        let presented = ApRequest::decode(decoded.padata(padata_type::TGS_REQ).unwrap()).unwrap();
        let body = decoded.body_octets().to_vec();
        let (ticket, part) = plain_of(&self.reply(&request));
        let (krbtgt, service, tgt) = (self.krbtgt.clone(), self.service.clone(), self.party.tgt.key.clone());
        let checksum = tgt.checksum(usage::TGS_REQ_AUTHENTICATOR_CHECKSUM, &body);
        let (mut random, mut opened, mut out) = (Generator::from_system(), Vec::new(), Vec::new());
        let mut subkey = [0; 32];
        random.fill(&mut subkey);
        Box::new(move || {
            open(&krbtgt, usage::TICKET, &presented.ticket.enc_part().cipher, &mut opened);
            let session = Key::ephemeral(ETYPE, black_box(tgt.bytes())).unwrap();
            open(&session, usage::TGS_REQ_AUTHENTICATOR, &presented.authenticator.cipher, &mut opened);
            session.verify_checksum(usage::TGS_REQ_AUTHENTICATOR_CHECKSUM, black_box(&body), &checksum).unwrap();
            let subkey = Key::ephemeral(ETYPE, black_box(&subkey)).unwrap();
            black_box(Key::random_ephemeral(ETYPE, &mut random));
            out.clear();
            service.encrypt_into(usage::TICKET, black_box(&ticket), &mut random, &mut out);
            subkey.encrypt_into(usage::TGS_REP_SUBKEY, black_box(&part), &mut random, &mut out);
            black_box(&out);
        })
    }
}

fn open(key: &Key, usage: shakedown_krb5::crypto::KeyUsage, cipher: &[u8], buffer: &mut Vec<u8>) {
    buffer.clear();
    buffer.extend_from_slice(black_box(cipher));
    black_box(key.decrypt_in_place(usage, buffer).unwrap());
}

/// As much plaintext as there is in a reply: of the ticket, and of the part for the client.
fn plain_of(reply: &KdcReply) -> (Vec<u8>, Vec<u8>) {
    let plain = |cipher: &[u8]| vec![7; cipher.len() - ETYPE.overhead()];
    (plain(&reply.ticket.enc_part().cipher), plain(&reply.enc_part.cipher))
}
