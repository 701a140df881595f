//! An error answer: KRB-ERROR with the code and the word that MIT's KDC uses.
//!
//! Hooks: `policy` writes hints ([`Out::hints`]) before it refuses; `fast` wraps the error into another one, if there is a
//! tunnel ([`Out::tunnel`]).

use shakedown_krb5::der::Writer;
use shakedown_krb5::messages::error_code;
use shakedown_krb5::messages::view::{KrbErrorView, PrincipalView};
use shakedown_krb5::{Random, Timestamp};

use crate::policy::error_data::Status;
use crate::policy::names;
use crate::realm::{Flavor, Realm};
use crate::worker::Out;

/// Why a request is refused. For codes 24 and 25, [`Out::hints`] says how the client may authenticate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// RFC 4120 §7.5.9.
    pub(crate) code: i32,
    /// MIT's status word, which becomes the e-text.
    pub(crate) text: &'static str,
    /// What Active Directory says beside the code.
    pub(crate) status: Option<Status>,
}

/// A refusal and whom it concerns, where a TGS-REQ's ticket told it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Refused<'a> {
    pub(crate) refusal: Refusal,
    pub(crate) client: Option<PrincipalView<'a>>,
}

impl Refusal {
    pub(crate) const fn new(code: i32, text: &'static str) -> Self {
        Self { code, text, status: None }
    }

    /// The same with an NTSTATUS, for realms that say one.
    pub(crate) fn saying(self, status: Status) -> Self {
        Self { status: Some(status), ..self }
    }
}

impl From<Refusal> for Refused<'_> {
    fn from(refusal: Refusal) -> Self {
        Self { refusal, client: None }
    }
}

impl Refused<'_> {
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
        random: &mut dyn Random,
    ) {
        let Refusal { code, text, .. } = self.refusal;
        let tunnel = out.tunnel.take();
        let (client, server) = match &tunnel {
            // What is within is what was asked for.
            Some(tunnel) => (tunnel.client().or(client), tunnel.server().unwrap_or(server)),
            None => (client, server),
        };
        // Where the client is another realm's, that realm is what the error is about.
        let is_named = code == error_code::WRONG_REALM || names::errors_name_the_client(realm);
        let client = self.client.or(client).filter(|_| is_named);
        self.write_e_data(realm, out);
        let error = KrbErrorView {
            client_time: None,
            server_time: now,
            error_code: code,
            crealm: client.map(|client| client.realm),
            cname: client.map(|client| client.name),
            server,
            e_text: (realm.flavor == Flavor::Mit && !text.is_empty()).then_some(text.as_bytes()),
            e_data: Some(out.plain.as_slice()).filter(|data| !data.is_empty()),
        };
        out.reply.clear();
        let writer = &mut Writer::new(&mut out.reply);
        match &tunnel {
            Some(tunnel) => tunnel.close_error(&error, &out.hints, random, writer),
            None => error.write(writer),
        }
    }

    /// Into `out.plain`; nothing where there is none.
    fn write_e_data(&self, realm: &Realm, out: &mut Out) {
        out.plain.clear();
        if !out.hints.is_empty() {
            Writer::new(&mut out.plain).sequence(|w| w.raw(&out.hints));
        } else if let Some(status) = self.refusal.status.filter(|_| realm.error_data) {
            status.write(self.refusal.code, &mut out.plain);
        }
    }
}
