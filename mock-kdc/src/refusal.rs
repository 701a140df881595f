//! An error answer: KRB-ERROR with the code and the word that MIT's KDC uses.
//!
//! Hooks: `policy` and `fast` write the e-data ([`crate::worker::Out::e_data`]) before they refuse; `fast` wraps the
//! written error into another one.

use shakedown_krb5::Timestamp;
use shakedown_krb5::der::Writer;
use shakedown_krb5::messages::view::{KrbErrorView, PrincipalView};

use crate::policy::error_data::Status;
use crate::policy::names;
use crate::realm::{Flavor, Realm};
use crate::worker::Out;

/// Why a request is refused. What goes into e-data is in [`Out::e_data`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refusal<'a> {
    /// RFC 4120 §7.5.9.
    pub(crate) code: i32,
    /// MIT's status word, which becomes the e-text.
    pub(crate) text: &'static str,
    /// What Active Directory says beside the code.
    pub(crate) status: Option<Status>,
    /// The client, where a TGS-REQ's ticket told it.
    pub(crate) client: Option<PrincipalView<'a>>,
}

impl Refusal<'_> {
    pub(crate) const fn new(code: i32, text: &'static str) -> Self {
        Self { code, text, status: None, client: None }
    }

    /// The same with an NTSTATUS, for realms that say one.
    pub(crate) const fn saying(self, status: Status) -> Self {
        Self { status: Some(status), ..self }
    }

    /// Writes the message into `out.reply`. `server` is krbtgt of the realm where the request named none; libkrb5 takes
    /// its clock offset from the server's time, and there is no client's time, as MIT leaves it out. Active Directory
    /// names neither the client nor a word.
    pub(crate) fn write(
        &self,
        realm: &Realm,
        client: Option<PrincipalView<'_>>,
        server: PrincipalView<'_>,
        now: Timestamp,
        out: &mut Out,
    ) {
        let client = self.client.or(client).filter(|_| names::errors_name_the_client(realm));
        if out.e_data.is_empty()
            && let Some(status) = self.status.filter(|_| realm.error_data)
        {
            status.write(self.code, &mut out.e_data);
        }
        let error = KrbErrorView {
            client_time: None,
            server_time: now,
            error_code: self.code,
            crealm: client.map(|client| client.realm),
            cname: client.map(|client| client.name),
            server,
            e_text: Some(self.text.as_bytes()).filter(|_| realm.flavor == Flavor::Mit),
            e_data: Some(out.e_data.as_slice()).filter(|data| !data.is_empty()),
        };
        out.reply.clear();
        error.write(&mut Writer::new(&mut out.reply));
    }
}
