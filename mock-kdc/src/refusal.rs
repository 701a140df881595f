//! An error answer: KRB-ERROR with the code and the word that MIT's KDC uses.

use shakedown_krb5::messages::{Codec, KrbError, PrincipalName};
use shakedown_krb5::{Principal, Timestamp};

use crate::policy::error_data::Status;
use crate::policy::names;
use crate::realm::{Flavor, Realm};

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// RFC 4120 §7.5.9.
    pub(crate) code: i32,
    /// MIT's status word, which becomes the e-text.
    pub(crate) text: &'static str,
    /// How the client may authenticate, for codes 24 and 25: the elements of METHOD-DATA.
    pub(crate) hints: Option<Vec<u8>>,
    /// What Active Directory says beside the code.
    pub(crate) status: Option<Status>,
    /// The client, where a TGS-REQ's ticket told it.
    pub(crate) client: Option<Principal>,
}

impl Refusal {
    pub(crate) const fn new(code: i32, text: &'static str) -> Self {
        Self { code, text, hints: None, status: None, client: None }
    }

    /// The same with an NTSTATUS, for realms that say one.
    pub(crate) fn saying(self, status: Status) -> Self {
        Self { status: Some(status), ..self }
    }

    /// The message. `server` is krbtgt of the realm where the request named none; libkrb5 takes its clock offset from
    /// the server's time, and there is no client's time, as MIT leaves it out. Active Directory names neither the client
    /// nor a word.
    pub(crate) fn to_octets(
        &self,
        realm: &Realm,
        client: Option<&Principal>,
        server: Principal,
        now: Timestamp,
    ) -> Vec<u8> {
        let client = self.client.as_ref().or(client).filter(|_| names::errors_name_the_client(realm));
        let error = KrbError {
            crealm: client.map(|client| client.realm.clone()),
            cname: client.map(PrincipalName::from),
            e_text: (realm.flavor == Flavor::Mit).then(|| self.text.as_bytes().to_vec()),
            e_data: self.e_data(realm),
            ..KrbError::new(self.code, now, server)
        };
        error.to_octets()
    }

    fn e_data(&self, realm: &Realm) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        if let Some(hints) = &self.hints {
            shakedown_krb5::der::Writer::new(&mut out).sequence(|w| w.raw(hints));
        } else if let Some(status) = self.status.filter(|_| realm.error_data) {
            status.write(self.code, &mut out);
        }
        (!out.is_empty()).then_some(out)
    }
}
