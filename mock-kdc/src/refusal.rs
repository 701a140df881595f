//! An error answer: KRB-ERROR with the code and the word that MIT's KDC uses.

use shakedown_krb5::messages::{Codec, KrbError, MethodData, PaData, PrincipalName};
use shakedown_krb5::{Principal, Random, Timestamp};

use crate::fast::Tunnel;

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// RFC 4120 §7.5.9.
    pub(crate) code: i32,
    /// MIT's status word, which becomes the e-text.
    pub(crate) text: &'static str,
    /// How the client may authenticate, for codes 24 and 25.
    pub(crate) hints: Option<Vec<PaData>>,
    /// The client, where a TGS-REQ's ticket told it.
    pub(crate) client: Option<Principal>,
    /// By which the error goes back, where the request came by FAST.
    pub(crate) tunnel: Option<Box<Tunnel>>,
}

impl Refusal {
    pub(crate) const fn new(code: i32, text: &'static str) -> Self {
        Self { code, text, hints: None, client: None, tunnel: None }
    }

    /// The same, to go back by a tunnel if there is one.
    pub(crate) fn through(self, tunnel: Option<&Tunnel>) -> Self {
        Self { tunnel: tunnel.cloned().map(Box::new), ..self }
    }

    /// The message. `server` is krbtgt of the realm where the request named none; libkrb5 takes its clock offset from
    /// the server's time, and there is no client's time, as MIT leaves it out.
    pub(crate) fn to_octets(
        &self,
        client: Option<&Principal>,
        server: Principal,
        now: Timestamp,
        random: &mut dyn Random,
    ) -> Vec<u8> {
        let client = self.client.as_ref().or(client);
        let error = KrbError {
            crealm: client.map(|client| client.realm.clone()),
            cname: client.map(PrincipalName::from),
            e_text: Some(self.text.as_bytes().to_vec()),
            e_data: self.hints.clone().map(|hints| MethodData(hints).to_octets()),
            ..KrbError::new(self.code, now, server)
        };
        match &self.tunnel {
            Some(tunnel) => tunnel.close_error(error, random).to_octets(),
            None => error.to_octets(),
        }
    }
}
