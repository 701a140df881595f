//! Requests made by hand, so that each part of them can be wrong.

use mock_kdc::SystemRandom;
use sha1::{Digest as _, Sha1};
use shakedown_krb5::crypto::{Etype, Key, KeyUsage, default_salt, string_to_key, usage};
use shakedown_krb5::messages::{
    ApRequest, Authenticator, AuthorizationElement, AuthorizationList, Checksum, Codec as _, EncryptedData, Exchange,
    HostAddress, KdcRequest, KdcRequestBody, PaData, PreauthEncTimestamp, PrincipalName, Ticket, ad_type, padata_type,
};
use shakedown_krb5::{Credential, Principal, Random as _, Timestamp};

pub(crate) const REALM: &str = "CORP.EXAMPLE.COM";
pub(crate) const PASSWORD: &str = "correct horse";
/// All etypes that there are, in the order of MIT's permitted_enctypes.
pub(crate) const ETYPES: [i32; 4] = [18, 17, 20, 19];

pub(crate) fn principal(name: &str) -> Principal {
    format!("{name}@{REALM}").parse().unwrap()
}

/// An AS-REQ.
#[derive(Clone)]
pub(crate) struct AsRequest {
    pub(crate) client: Option<&'static str>,
    pub(crate) server: Option<&'static str>,
    pub(crate) realm: &'static str,
    pub(crate) options: u32,
    pub(crate) from: Option<Timestamp>,
    pub(crate) till: Timestamp,
    pub(crate) rtime: Option<Timestamp>,
    pub(crate) etypes: Vec<i32>,
    pub(crate) proof: Proof,
    /// Whether a checksum over the request is asked for (RFC 6806 §11).
    pub(crate) wants_checksum: bool,
    pub(crate) addresses: Option<Vec<HostAddress>>,
}

/// How an AS-REQ proves who asks.
#[derive(Clone)]
pub(crate) enum Proof {
    Missing,
    /// A time under the key of a password.
    Time {
        password: &'static str,
        etype: Etype,
        time: Timestamp,
    },
    /// Something else under the right key.
    NoTime,
    /// No EncryptedData at all.
    NoCiphertext,
    /// Of another type than any that is known.
    UnknownType,
}

impl AsRequest {
    /// A good request of alice for a ticket-granting ticket, as of `now`.
    pub(crate) fn good(now: Timestamp) -> Self {
        Self {
            client: Some("alice"),
            server: Some("krbtgt/CORP.EXAMPLE.COM"),
            realm: REALM,
            options: 0,
            from: None,
            till: now.offset_seconds(3600),
            rtime: None,
            etypes: ETYPES.to_vec(),
            proof: Proof::Time { password: PASSWORD, etype: Etype::Aes256Sha1, time: now },
            wants_checksum: false,
            addresses: None,
        }
    }

    pub(crate) fn octets(&self) -> Vec<u8> {
        let name = |name: &str| PrincipalName::from(&principal(name));
        let body = KdcRequestBody {
            kdc_options: self.options,
            cname: self.client.map(name),
            realm: self.realm.as_bytes().to_vec(),
            sname: self.server.map(name),
            from: self.from,
            till: self.till,
            rtime: self.rtime,
            nonce: nonce(),
            etypes: self.etypes.clone(),
            addresses: self.addresses.clone(),
            enc_authorization_data: None,
            additional_tickets: Vec::new(),
        };
        let client = self.client.unwrap_or("alice");
        let mut padata = match &self.proof {
            Proof::Missing => Vec::new(),
            Proof::Time { password, etype, time } => {
                let plain = PreauthEncTimestamp { time: *time }.to_octets();
                vec![proof(&key(client, password, *etype), &plain)]
            }
            Proof::NoTime => vec![proof(&key(client, PASSWORD, Etype::Aes256Sha1), b"no time at all")],
            Proof::NoCiphertext => {
                vec![PaData { padata_type: padata_type::ENC_TIMESTAMP, padata_value: b"nothing".to_vec() }]
            }
            Proof::UnknownType => vec![PaData { padata_type: 4711, padata_value: b"nothing".to_vec() }],
        };
        if self.wants_checksum {
            padata.push(PaData::empty(padata_type::REQ_ENC_PA_REP));
        }
        KdcRequest::new(Exchange::As, padata, body).to_octets()
    }
}

pub(crate) fn key(client: &str, password: &str, etype: Etype) -> Key {
    string_to_key(etype, password.as_bytes(), &default_salt(&principal(client)), None).unwrap()
}

fn proof(key: &Key, plain: &[u8]) -> PaData {
    let cipher = key.encrypt(usage::PA_ENC_TIMESTAMP, plain, &mut SystemRandom);
    PaData::new(padata_type::ENC_TIMESTAMP, &EncryptedData { etype: key.etype().number(), kvno: None, cipher })
}

/// A TGS-REQ.
#[derive(Clone)]
pub(crate) struct TgsRequest {
    pub(crate) tgt: Credential,
    pub(crate) server: Option<&'static str>,
    pub(crate) options: u32,
    pub(crate) till: Timestamp,
    pub(crate) etypes: Vec<i32>,
    pub(crate) ap_options: u32,
    pub(crate) client: Principal,
    pub(crate) time: Timestamp,
    /// Authorization data under the session key, for this usage.
    pub(crate) restricted: Option<KeyUsage>,
    /// From when on the ticket is wanted.
    pub(crate) from: Option<Timestamp>,
    /// The ticket whose session key the new one is to be under.
    pub(crate) second: Option<Credential>,
    pub(crate) slip: Slip,
}

/// One thing that is wrong with a TGS-REQ's proofs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slip {
    None,
    /// No PA-TGS-REQ.
    NoPadata,
    /// A PA-TGS-REQ that does not decode.
    NoApRequest,
    /// The ticket has an octet changed.
    ChangedTicket,
    /// The ticket names a service that does not exist.
    TicketOfNobody,
    /// The ticket says that it is under a key version that never was.
    UnknownKvno,
    /// The authenticator has an octet changed.
    ChangedAuthenticator,
    NoChecksum,
    /// SHA-1 over the body: right, but anybody could have made it.
    UnkeyedChecksum,
    /// Of a type that nobody knows.
    UnknownChecksum,
    /// Over something else.
    WrongChecksum,
}

impl TgsRequest {
    /// A good request for postgres/db.test, as of `now`.
    pub(crate) fn good(tgt: &Credential, now: Timestamp) -> Self {
        Self {
            client: tgt.client.clone(),
            server: Some("postgres/db.test"),
            options: 0,
            till: tgt.end_time,
            etypes: ETYPES.to_vec(),
            ap_options: 0,
            time: now,
            restricted: None,
            from: None,
            second: None,
            slip: Slip::None,
            tgt: tgt.clone(),
        }
    }

    pub(crate) fn octets(&self) -> Vec<u8> {
        let body = KdcRequestBody {
            kdc_options: self.options,
            cname: None,
            realm: REALM.as_bytes().to_vec(),
            sname: self.server.map(|name| PrincipalName::from(&principal(name))),
            from: self.from,
            till: self.till,
            rtime: None,
            nonce: nonce(),
            etypes: self.etypes.clone(),
            addresses: None,
            enc_authorization_data: self
                .restricted
                .map(|usage| EncryptedData::seal(&self.tgt.key, usage, &restriction(), &mut SystemRandom)),
            additional_tickets: self.second.iter().map(|second| Ticket::decode(&second.ticket).unwrap()).collect(),
        };
        let padata = match self.slip {
            Slip::NoPadata => Vec::new(),
            Slip::NoApRequest => vec![PaData { padata_type: padata_type::TGS_REQ, padata_value: b"nothing".to_vec() }],
            _ => vec![PaData::new(padata_type::TGS_REQ, &self.presented(&body.to_octets()))],
        };
        KdcRequest::new(Exchange::Tgs, padata, body).to_octets()
    }

    /// With authorization data in the authenticator.
    pub(crate) fn marked(&self, list: &[AuthorizationElement]) -> Vec<u8> {
        let request = KdcRequest::decode(&self.octets()).unwrap();
        let shown = self.presented_with(request.body_octets(), (!list.is_empty()).then(|| list.to_vec()));
        let padata = vec![PaData::new(padata_type::TGS_REQ, &shown)];
        KdcRequest::new(Exchange::Tgs, padata, request.body().clone()).to_octets()
    }

    fn presented(&self, body: &[u8]) -> ApRequest {
        self.presented_with(body, None)
    }

    fn presented_with(&self, body: &[u8], authorization_data: Option<Vec<AuthorizationElement>>) -> ApRequest {
        let session_key = &self.tgt.key;
        let authenticator = Authenticator {
            client: self.client.clone(),
            checksum: self.checksum(body),
            time: self.time,
            subkey: None,
            seq_number: None,
            authorization_data,
        };
        let mut sealed =
            EncryptedData::seal(session_key, usage::TGS_REQ_AUTHENTICATOR, &authenticator, &mut SystemRandom);
        if self.slip == Slip::ChangedAuthenticator {
            sealed.cipher[20] ^= 1;
        }
        ApRequest { ap_options: self.ap_options, ticket: self.ticket(), authenticator: sealed }
    }

    fn ticket(&self) -> Ticket {
        let ticket = Ticket::decode(&self.tgt.ticket).unwrap();
        let (mut server, mut sealed) = (ticket.server().clone(), ticket.enc_part().clone());
        match self.slip {
            Slip::ChangedTicket => sealed.cipher[20] ^= 1,
            Slip::TicketOfNobody => server = principal("nobody/nowhere"),
            Slip::UnknownKvno => sealed.kvno = Some(77),
            _ => return ticket,
        }
        Ticket::new(server, sealed)
    }

    fn checksum(&self, body: &[u8]) -> Option<Checksum> {
        let cksumtype = self.tgt.key.etype().checksum_type();
        let keyed = |data: &[u8]| self.tgt.key.checksum(usage::TGS_REQ_AUTHENTICATOR_CHECKSUM, data);
        match self.slip {
            Slip::NoChecksum => None,
            Slip::UnkeyedChecksum => Some(Checksum { cksumtype: 14, checksum: Sha1::digest(body).to_vec() }),
            Slip::UnknownChecksum => Some(Checksum { cksumtype: 4711, checksum: vec![0; 16] }),
            Slip::WrongChecksum => Some(Checksum { cksumtype, checksum: keyed(b"another request") }),
            _ => Some(Checksum { cksumtype, checksum: keyed(body) }),
        }
    }
}

/// Authorization data that a service may ignore.
pub(crate) fn restriction() -> AuthorizationList {
    let inner = AuthorizationList(vec![AuthorizationElement { ad_type: 4711, ad_data: b"a restriction".to_vec() }]);
    AuthorizationList(vec![AuthorizationElement { ad_type: ad_type::IF_RELEVANT, ad_data: inner.to_octets() }])
}

fn nonce() -> u32 {
    let mut octets = [0; 4];
    SystemRandom.fill(&mut octets);
    u32::from_be_bytes(octets) & 0x7fff_ffff
}
