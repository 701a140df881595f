//! A KDC that answers as it should, but for what a test changes.

use super::{Counting, NOW};
use crate::crypto::{Etype, Key, usage};
use crate::messages::flags::ticket;
use crate::messages::*;
use crate::{Credential, Principal, Timestamp};

pub(super) const ALICE_KEY: [u8; 32] = [1; 32];

pub(super) fn alice() -> Principal {
    Principal::new(&["alice"], "R")
}

pub(super) fn alice_key() -> Key {
    Key::new(Etype::Aes256Sha1, &ALICE_KEY).unwrap()
}

pub(super) fn session_key() -> Key {
    Key::new(Etype::Aes256Sha1, &[2; 32]).unwrap()
}

/// A reply before it is encrypted.
pub(super) struct Draft {
    pub(super) client: Principal,
    pub(super) padata: Vec<PaData>,
    pub(super) ticket_server: Principal,
    pub(super) part: EncKdcReplyPart,
    pub(super) key: Key,
    pub(super) usage: usage::KeyUsage,
}

impl Draft {
    /// What a correct KDC answers to an AS-REQ.
    pub(super) fn of_as(request: &[u8]) -> Self {
        let decoded = KdcRequest::decode(request).unwrap();
        let server = decoded.body().server().unwrap();
        let checksum = Checksum { cksumtype: 16, checksum: alice_key().checksum(usage::AS_REQ_CHECKSUM, request) };
        let mut part = part(decoded.body(), server.clone(), NOW);
        part.flags |= ticket::INITIAL | ticket::PRE_AUTHENT | ticket::ENC_PA_REP;
        part.encrypted_padata = Some(vec![PaData::new(padata_type::REQ_ENC_PA_REP, &checksum)]);
        let client = decoded.body().client().unwrap();
        Self { client, padata: Vec::new(), ticket_server: server, part, key: alice_key(), usage: usage::AS_REP }
    }

    /// What a correct KDC answers to a TGS-REQ under [`session_key`], for what is asked or for another service.
    pub(super) fn of_tgs(request: &[u8], server: Option<Principal>) -> Self {
        let decoded = KdcRequest::decode(request).unwrap();
        let authenticator = authenticator(request);
        let checksum = authenticator.checksum.unwrap();
        session_key()
            .verify_checksum(usage::TGS_REQ_AUTHENTICATOR_CHECKSUM, decoded.body_octets(), &checksum.checksum)
            .unwrap();
        let server = server.unwrap_or_else(|| decoded.body().server().unwrap());
        let mut part = part(decoded.body(), server.clone(), NOW.offset_seconds(-60));
        part.start_time = Some(NOW);
        Self {
            client: authenticator.client,
            padata: Vec::new(),
            ticket_server: server,
            part,
            key: Key::try_from(&authenticator.subkey.unwrap()).unwrap(),
            usage: usage::TGS_REP_SUBKEY,
        }
    }

    pub(super) fn encode(self, exchange: Exchange) -> Vec<u8> {
        let enc_part = EncryptedData::seal(&self.key, self.usage, &self.part, &mut Counting(100));
        let opaque = EncryptedData { etype: 18, kvno: Some(1), cipher: vec![9; 60] };
        let ticket = Ticket::new(self.ticket_server, opaque);
        KdcReply { exchange, padata: self.padata, client: self.client, ticket, enc_part }.to_octets()
    }
}

fn part(body: &KdcRequestBody, server: Principal, auth_time: Timestamp) -> EncKdcReplyPart {
    EncKdcReplyPart {
        tag: EncPartTag::As,
        key: EncryptionKey::from(&session_key()),
        last_request: vec![LastRequest { lr_type: 0, time: Timestamp::EPOCH }],
        nonce: body.nonce,
        key_expiration: None,
        flags: 0,
        auth_time,
        start_time: None,
        end_time: body.till,
        renew_till: None,
        server,
        addresses: None,
        encrypted_padata: None,
    }
}

pub(super) fn authenticator(request: &[u8]) -> Authenticator {
    let request = KdcRequest::decode(request).unwrap();
    let ap_request = ApRequest::decode(request.padata(padata_type::TGS_REQ).unwrap()).unwrap();
    let plain = ap_request.authenticator.open(&session_key(), usage::TGS_REQ_AUTHENTICATOR).unwrap();
    Authenticator::decode(&plain).unwrap()
}

/// An error of the KDC of realm R, told at `NOW`.
pub(super) fn error(code: i32) -> KrbError {
    KrbError::new(code, NOW, Principal::krbtgt(b"R"))
}

/// KDC_ERR_PREAUTH_REQUIRED with these hints beside an offer of PA-ENC-TIMESTAMP.
pub(super) fn preauth_required(entries: Vec<EtypeInfo2Entry>) -> KrbError {
    let hints = MethodData(vec![
        PaData::new(padata_type::ETYPE_INFO2, &EtypeInfo2(entries)),
        PaData::empty(padata_type::ENC_TIMESTAMP),
        PaData { padata_type: padata_type::FX_COOKIE, padata_value: b"biscuit".to_vec() },
    ]);
    KrbError { e_data: Some(hints.to_octets()), ..error(error_code::PREAUTH_REQUIRED) }
}

pub(super) fn entry(etype: i32, salt: Option<&str>, iterations: Option<u32>) -> EtypeInfo2Entry {
    EtypeInfo2Entry {
        etype,
        salt: salt.map(|salt| salt.as_bytes().to_vec()),
        s2kparams: iterations.map(|count| count.to_be_bytes().to_vec()),
    }
}

/// alice's ticket for the ticket-granting service of R.
pub(super) fn tgt() -> Credential {
    let opaque = EncryptedData { etype: 18, kvno: Some(1), cipher: vec![8; 60] };
    Credential {
        client: alice(),
        server: Principal::krbtgt(b"R"),
        key: session_key(),
        auth_time: NOW.offset_seconds(-60),
        start_time: NOW.offset_seconds(-60),
        end_time: NOW.offset_seconds(3600),
        renew_till: None,
        flags: ticket::FORWARDABLE | ticket::INITIAL | ticket::PRE_AUTHENT,
        ticket: Ticket::new(Principal::krbtgt(b"R"), opaque).to_octets(),
    }
}
