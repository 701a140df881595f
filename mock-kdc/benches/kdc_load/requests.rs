//! Requests as real clients make them, each a new one.

use std::net::UdpSocket;
use std::time::{SystemTime, UNIX_EPOCH};

use mock_kdc::Generator;
use shakedown_krb5::client::{Action, AsExchange, AsSettings, Secret, TgsExchange, TgsSettings};
use shakedown_krb5::crypto::{Etype, Key, default_salt, string_to_key, usage};
use shakedown_krb5::messages::{
    Codec as _, EncryptedData, KdcRequest, KdcRequestBody, PaData, PreauthEncTimestamp, PrincipalName, padata_type,
};
use shakedown_krb5::{Credential, Principal, Random as _, Timestamp, messages};

use crate::servers::Server;

pub(crate) const REALM: &str = "CORP.EXAMPLE.COM";
pub(crate) const USER: &str = "alice";
pub(crate) const PASSWORD: &str = "correct horse battery staple";
pub(crate) const SERVICE: &str = "postgres/db.test";
/// The one that everybody has.
pub(crate) const ETYPE: Etype = Etype::Aes256Sha1;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exchange {
    As,
    Tgs,
}

impl Exchange {
    pub(crate) const BOTH: [Self; 2] = [Self::As, Self::Tgs];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::As => "AS",
            Self::Tgs => "TGS",
        }
    }

    /// The first octet of a request.
    pub(crate) const fn request_tag(self) -> u8 {
        self.reply_tag() - 1
    }

    /// The first octet of a good answer.
    pub(crate) const fn reply_tag(self) -> u8 {
        match self {
            Self::As => 0x6b,
            Self::Tgs => 0x6d,
        }
    }
}

/// Who asks: alice, with a ticket-granting ticket of the server's realm.
pub(crate) struct Party {
    pub(crate) key: Key,
    pub(crate) tgt: Credential,
    pub(crate) random: Generator,
}

impl Party {
    /// Logs in at the server; at the echo, which gives no ticket, with a ticket that our KDC gave.
    pub(crate) fn new(server: &Server) -> Self {
        let mut random = Generator::from_system();
        let key = string_to_key(ETYPE, PASSWORD.as_bytes(), &default_salt(&principal(USER)), None).unwrap();
        let tgt = match server.ticket() {
            Some(tgt) => tgt,
            None => login(server, &key, &mut random),
        };
        Self { key, tgt, random }
    }

    pub(crate) fn request(&mut self, exchange: Exchange) -> Vec<u8> {
        match exchange {
            Exchange::As => as_request(&self.key, &mut self.random),
            Exchange::Tgs => {
                let settings = TgsSettings::new(self.tgt.clone(), principal(SERVICE));
                match TgsExchange::new(settings).next(None, now(), &mut self.random).unwrap() {
                    Action::Send(request) => request.message,
                    Action::Done(_) => panic!("a ticket out of nowhere"),
                }
            }
        }
    }
}

/// With an encrypted timestamp, and asking for the checksum of RFC 6806 §11 as MIT's client does.
fn as_request(key: &Key, random: &mut Generator) -> Vec<u8> {
    let mut nonce = [0; 4];
    random.fill(&mut nonce);
    let now = now();
    let time = EncryptedData::seal(key, usage::PA_ENC_TIMESTAMP, &PreauthEncTimestamp { time: now }, random);
    let body = KdcRequestBody {
        kdc_options: 0,
        cname: Some(PrincipalName::from(&principal(USER))),
        realm: REALM.as_bytes().to_vec(),
        sname: Some(PrincipalName::from(&Principal::krbtgt(REALM.as_bytes()))),
        from: None,
        till: now.offset_seconds(36_000),
        rtime: None,
        nonce: u32::from_be_bytes(nonce) >> 1,
        etypes: vec![ETYPE.number()],
        addresses: None,
        enc_authorization_data: None,
        additional_tickets: Vec::new(),
    };
    let padata = vec![PaData::new(padata_type::ENC_TIMESTAMP, &time), PaData::empty(padata_type::REQ_ENC_PA_REP)];
    KdcRequest::new(messages::Exchange::As, padata, body).to_octets()
}

/// A complete AS exchange over UDP.
pub(crate) fn login(server: &Server, key: &Key, random: &mut Generator) -> Credential {
    let mut exchange = AsExchange::new(AsSettings::new(principal(USER), Secret::from(key.clone())));
    let socket = server.connect();
    let mut reply: Option<Vec<u8>> = None;
    loop {
        match exchange.next(reply.as_deref(), now(), random).unwrap() {
            Action::Done(credential) => return credential,
            Action::Send(request) => reply = Some(ask(&socket, &request.message)),
        }
    }
}

pub(crate) fn ask(socket: &UdpSocket, request: &[u8]) -> Vec<u8> {
    let mut buffer = vec![0; 65_535];
    socket.send(request).unwrap();
    let length = socket.recv(&mut buffer).expect("the server answers in time");
    buffer.truncate(length);
    buffer
}

pub(crate) fn principal(name: &str) -> Principal {
    format!("{name}@{REALM}").parse().unwrap()
}

pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap())
}
