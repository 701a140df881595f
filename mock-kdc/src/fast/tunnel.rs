//! The way back: replies and errors through the tunnel that the request came by.

use shakedown_krb5::crypto::{Etype, Key};
use shakedown_krb5::fast::{FastFinished, FastReply, FastResponse, options, strengthened};
use shakedown_krb5::messages::{Codec, EncryptionKey, KrbError, MethodData, PaData, PrincipalName, padata_type};
use shakedown_krb5::{Principal, Random, Timestamp};

/// What is kept of a request with FAST until its answer is made. `Debug` shows no key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tunnel {
    key: Key,
    options: u32,
    nonce: u32,
}

/// What the tunnel makes of a reply.
pub(crate) struct Closed {
    /// All that the reply has of pre-authentication data.
    pub(crate) padata: PaData,
    /// What the encrypted part is to be under.
    pub(crate) reply_key: Key,
}

impl Tunnel {
    /// With a key; nothing that is within has been read yet.
    pub(super) const fn new(key: Key, nonce: u32) -> Self {
        Self { key, options: 0, nonce }
    }

    /// Takes what is within.
    pub(super) const fn enter(&mut self, options: u32, nonce: u32) {
        (self.options, self.nonce) = (options, nonce);
    }

    /// The armor key.
    pub(super) const fn key(&self) -> &Key {
        &self.key
    }

    pub(super) fn etype(&self) -> Etype {
        self.key.etype()
    }

    /// Who is named outside the tunnel: the client, or nobody (RFC 6113 §5.4.2).
    pub(crate) fn client_outside(&self, client: Principal) -> Principal {
        if self.options & options::HIDE_CLIENT_NAMES == 0 { client } else { Principal::anonymous() }
    }

    /// Puts the pre-authentication data of a reply into the tunnel, together with a key that strengthens the reply key
    /// and a checksum over the ticket in its encoding.
    pub(crate) fn close(
        &self,
        padata: Vec<PaData>,
        client: &Principal,
        ticket: &[u8],
        reply_key: &Key,
        now: Timestamp,
        random: &mut dyn Random,
    ) -> Closed {
        let strengthen_key = Key::random(reply_key.etype(), random);
        let response = FastResponse {
            padata,
            strengthen_key: Some(EncryptionKey::from(&strengthen_key)),
            finished: Some(FastFinished::new(&self.key, client.clone(), ticket, now)),
            nonce: self.nonce,
        };
        Closed { padata: self.seal(&response, random), reply_key: strengthened(&strengthen_key, reply_key) }
    }

    /// Puts an error and its hints into the tunnel; outside, the same error goes without hints (RFC 6113 §5.4.4).
    pub(crate) fn close_error(&self, error: KrbError, random: &mut dyn Random) -> KrbError {
        let mut padata = error.method_data();
        padata.push(PaData::new(padata_type::FX_ERROR, &KrbError { e_data: None, ..error.clone() }));
        let response = FastResponse { padata, strengthen_key: None, finished: None, nonce: self.nonce };
        let e_data = MethodData(vec![self.seal(&response, random)]).to_octets();
        let named = error.cname.clone().zip(error.crealm.clone()).map(|(name, realm)| name.at(realm));
        let named = named.map(|client| self.client_outside(client));
        KrbError {
            crealm: named.as_ref().map(|client| client.realm.clone()),
            cname: named.as_ref().map(PrincipalName::from),
            e_data: Some(e_data),
            ..error
        }
    }

    fn seal(&self, response: &FastResponse, random: &mut dyn Random) -> PaData {
        PaData::new(padata_type::FX_FAST, &FastReply::seal(&self.key, response, random))
    }
}
