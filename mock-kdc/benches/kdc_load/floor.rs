//! What an answer cannot do without: the cryptography, and a socket on which it comes and goes.

use std::hint::black_box;
use std::io::{self, Write as _};
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use shakedown_krb5::Random as _;
use shakedown_krb5::crypto::{Key, usage};
use shakedown_krb5::messages::{ApRequest, Codec as _, KdcReply, KdcRequest, padata_type};

use mock_kdc::{Generator, Kdc};
use tokio::net::UdpSocket;

use crate::requests::{ETYPE, Exchange, Party, REALM, SERVICE, now};

/// Short enough that most batches are not interrupted, even on a busy machine.
const BATCH: u32 = 50;
const BATCHES: usize = 2_000;

/// As many as our KDC receives before it answers the first of them.
const AT_ONCE: usize = 8;

/// The cryptography of one kind of answer.
type Step = Box<dyn FnMut() + Send>;

/// How a server of this file answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answering {
    /// What has come goes back.
    Echo,
    /// All cryptography of an answer, with given keys and texts, and as many octets as it has: what comes is not read.
    Cryptography,
}

/// For each answer, the fastest of many batches: whatever disturbs one makes it longer.
pub(crate) fn cryptography(exchange: Exchange) -> Duration {
    fastest(step(exchange).0)
}

/// The cryptography of an answer, and its octets.
fn step(exchange: Exchange) -> (Step, Vec<u8>) {
    let mut world = World::new();
    match exchange {
        Exchange::As => world.authentication_service(),
        Exchange::Tgs => world.ticket_granting_service(),
    }
}

/// Serves in the same runtime as our KDC.
pub(crate) fn serve(answering: Answering) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        tokio::spawn(async move {
            let socket = tokio::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
            match answering {
                Answering::Echo => echo(socket).await,
                Answering::Cryptography => answer(socket).await,
            }
        })
        .await
        .unwrap();
    });
}

/// Tells whoever has started this process.
fn tell_ready(socket: &UdpSocket) {
    println!("ready {}", socket.local_addr().unwrap());
    io::stdout().flush().unwrap();
}

/// One datagram after the other, all that have come before anything is awaited again.
async fn echo(socket: UdpSocket) {
    tell_ready(&socket);
    let mut buffer = vec![0; 65_535];
    loop {
        socket.readable().await.unwrap();
        for _ in 0..64 {
            match socket.try_recv_from(&mut buffer) {
                Ok((length, peer)) => drop(socket.try_send_to(&buffer[..length], peer)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(_) => {}
            }
        }
    }
}

/// Several datagrams, their answers, several replies: with the loop of our KDC.
async fn answer(socket: UdpSocket) {
    let mut steps = Exchange::BOTH.map(|exchange| (exchange, step(exchange)));
    tell_ready(&socket);
    let mut datagrams: Vec<_> = (0..AT_ONCE).map(|_| (vec![0; 65_535], None)).collect();
    loop {
        socket.readable().await.unwrap();
        for (buffer, peer) in &mut datagrams {
            match socket.try_recv_from(buffer) {
                Ok((_, from)) => *peer = Some(from),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(_) => {}
            }
        }
        let mut replies = [const { (0, None) }; AT_ONCE];
        for ((buffer, peer), reply) in datagrams.iter_mut().zip(&mut replies) {
            let Some(peer) = peer.take() else { continue };
            let (_, (step, octets)) =
                steps.iter_mut().find(|(exchange, _)| exchange.request_tag() == buffer[0]).expect("one of the two");
            step();
            buffer[..octets.len()].copy_from_slice(octets);
            *reply = (octets.len(), Some(peer));
        }
        for ((buffer, _), (length, peer)) in datagrams.iter().zip(replies) {
            if let Some(peer) = peer {
                drop(socket.try_send_to(&buffer[..length], peer));
            }
        }
    }
}

fn fastest(mut step: Step) -> Duration {
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
        let kdc = crate::servers::kdc_in_memory(false, &mut random);
        let key = |name: &str| kdc.keytab(name, 0).unwrap().entries[0].key.key().unwrap().clone();
        let (krbtgt, service) = (key(&format!("krbtgt/{REALM}")), key(SERVICE));
        Self { party: crate::servers::party_in_memory(&kdc), kdc, krbtgt, service }
    }

    fn reply(&mut self, request: &[u8]) -> Vec<u8> {
        self.kdc.answer(request, now(), &mut self.party.random).octets.unwrap()
    }

    /// Opens the timestamp, sums up the request, draws a session key, seals ticket and reply.
    fn authentication_service(&mut self) -> (Step, Vec<u8>) {
        let request = self.party.request(Exchange::As);
        let decoded = KdcRequest::decode(&request).unwrap();
        let proof = decoded.padata(padata_type::ENC_TIMESTAMP).unwrap();
        let proof = shakedown_krb5::messages::EncryptedData::decode(proof).unwrap().cipher;
        let reply = self.reply(&request);
        let (ticket, part) = plain_of(&reply);
        let (alice, krbtgt) = (self.party.key.clone(), self.krbtgt.clone());
        let (mut random, mut opened, mut out) = (Generator::from_system(), Vec::new(), Vec::new());
        let step = move || {
            open(&alice, usage::PA_ENC_TIMESTAMP, &proof, &mut opened);
            out.clear();
            alice.checksum_into(usage::AS_REQ_CHECKSUM, black_box(&request), &mut out);
            black_box(Key::random_ephemeral(ETYPE, &mut random));
            krbtgt.encrypt_into(usage::TICKET, black_box(&ticket), &mut random, &mut out);
            alice.encrypt_into(usage::AS_REP, black_box(&part), &mut random, &mut out);
            black_box(&out);
        };
        (Box::new(step), reply)
    }

    /// Opens ticket and authenticator, checks the sum over the body, draws a session key, seals ticket and reply. Session
    /// key and sub-key come with the request, and are as new to the KDC as their schedules are.
    fn ticket_granting_service(&mut self) -> (Step, Vec<u8>) {
        let request = self.party.request(Exchange::Tgs);
        let decoded = KdcRequest::decode(&request).unwrap();
        let presented = ApRequest::decode(decoded.padata(padata_type::TGS_REQ).unwrap()).unwrap();
        let body = decoded.body_octets().to_vec();
        let reply = self.reply(&request);
        let (ticket, part) = plain_of(&reply);
        let (krbtgt, service, tgt) = (self.krbtgt.clone(), self.service.clone(), self.party.tgt.key.clone());
        let checksum = tgt.checksum(usage::TGS_REQ_AUTHENTICATOR_CHECKSUM, &body);
        let (mut random, mut opened, mut out) = (Generator::from_system(), Vec::new(), Vec::new());
        let mut subkey = [0; 32];
        random.fill(&mut subkey);
        let step = move || {
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
        };
        (Box::new(step), reply)
    }
}

fn open(key: &Key, usage: shakedown_krb5::crypto::KeyUsage, cipher: &[u8], buffer: &mut Vec<u8>) {
    buffer.clear();
    buffer.extend_from_slice(black_box(cipher));
    black_box(key.decrypt_in_place(usage, buffer).unwrap());
}

/// As much plaintext as there is in a reply: of the ticket, and of the part for the client.
fn plain_of(reply: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let reply = KdcReply::decode(reply).unwrap();
    let plain = |cipher: &[u8]| vec![7; cipher.len() - ETYPE.overhead()];
    (plain(&reply.ticket.enc_part().cipher), plain(&reply.enc_part.cipher))
}
