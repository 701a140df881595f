//! The way back: replies and errors through the tunnel that the request came by.

use shakedown_krb5::crypto::{Etype, Key};
use shakedown_krb5::der::Writer;
use shakedown_krb5::fast::{FastFinished, FastReply, FastResponse, options, strengthened};
use shakedown_krb5::messages::view::{KrbErrorView, PrincipalView};
use shakedown_krb5::messages::{Codec as _, EncryptionKey, KdcRequestBody, MethodData, PaData, padata_type};
use shakedown_krb5::{Principal, Random, Timestamp};

use crate::worker::Out;

/// What is kept of a request with FAST until its answer is made. `Debug` shows no key.
#[derive(Debug)]
pub(crate) struct Tunnel {
    key: Key,
    options: u32,
    nonce: u32,
    client: Option<Principal>,
    server: Option<Principal>,
}

impl Tunnel {
    /// With a key; nothing that is within has been read yet.
    pub(super) const fn new(key: Key, nonce: u32) -> Self {
        Self { key, options: 0, nonce, client: None, server: None }
    }

    /// Takes what is within.
    pub(super) fn enter(&mut self, options: u32, body: &KdcRequestBody) {
        self.options = options;
        self.nonce = body.nonce;
        self.client = body.client();
        self.server = body.server();
    }

    /// The armor key.
    pub(super) const fn key(&self) -> &Key {
        &self.key
    }

    pub(super) fn etype(&self) -> Etype {
        self.key.etype()
    }

    /// Who asks, in an AS-REQ.
    pub(crate) fn client(&self) -> Option<PrincipalView<'_>> {
        self.client.as_ref().map(Into::into)
    }

    /// What is asked for.
    pub(crate) fn server(&self) -> Option<PrincipalView<'_>> {
        self.server.as_ref().map(Into::into)
    }

    /// Whether nobody is to be named outside the tunnel (RFC 6113 §5.4.2).
    pub(crate) const fn hides_client(&self) -> bool {
        self.options & options::HIDE_CLIENT_NAMES != 0
    }

    /// Puts the padata of a reply (`out.padata`) into the tunnel, together with a key that strengthens the reply key and a
    /// checksum over the ticket (`out.ticket`); returns what the encrypted part is to be under.
    pub(crate) fn close(
        &self,
        client: PrincipalView<'_>,
        reply_key: &Key,
        now: Timestamp,
        out: &mut Out,
        random: &mut dyn Random,
    ) -> Key {
        let strengthen_key = Key::random(reply_key.etype(), random);
        let response = FastResponse {
            padata: elements(&out.padata),
            strengthen_key: Some(EncryptionKey::from(&strengthen_key)),
            finished: Some(FastFinished::new(&self.key, client.to_owned(), &out.ticket, now)),
            nonce: self.nonce,
        };
        out.padata.clear();
        self.seal(&response, random).encode(&mut out.padata);
        strengthened(&strengthen_key, reply_key)
    }

    /// Writes an error whose hints are within the tunnel, and so is the error itself once more (RFC 6113 §5.4.4).
    pub(crate) fn close_error(
        &self,
        error: &KrbErrorView<'_>,
        hints: &[u8],
        random: &mut dyn Random,
        writer: &mut Writer<'_>,
    ) {
        let mut padata = elements(hints);
        let mut padata_value = Vec::new();
        KrbErrorView { e_data: None, ..*error }.write(&mut Writer::new(&mut padata_value));
        padata.push(PaData { padata_type: padata_type::FX_ERROR, padata_value });
        let response = FastResponse { padata, strengthen_key: None, finished: None, nonce: self.nonce };
        let e_data = MethodData(vec![self.seal(&response, random)]).to_octets();
        let nobody = Principal::anonymous();
        let nobody = PrincipalView::from(&nobody);
        let hides = self.hides_client() && error.cname.is_some();
        let (crealm, cname) = if hides { (Some(nobody.realm), Some(nobody.name)) } else { (error.crealm, error.cname) };
        KrbErrorView { crealm, cname, e_data: Some(&e_data), ..*error }.write(writer);
    }

    fn seal(&self, response: &FastResponse, random: &mut dyn Random) -> PaData {
        PaData::new(padata_type::FX_FAST, &FastReply::seal(&self.key, response, random))
    }
}

/// Elements of padata that were written one after the other.
fn elements(octets: &[u8]) -> Vec<PaData> {
    let mut sequence = Vec::with_capacity(octets.len() + 4);
    Writer::new(&mut sequence).sequence(|w| w.raw(octets));
    MethodData::decode(&sequence).expect("we wrote elements of padata").0
}
