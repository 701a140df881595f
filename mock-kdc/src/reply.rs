//! What AS-REP and TGS-REP have in common: a ticket for a service, and the same facts for the client.
//!
//! An exchange decides on a [`Grant`]; [`Grant::issue`] makes a [`Draft`] of it, which has each field that will be written,
//! and writes it: first the ticket, then the encrypted part, then the reply around both.
//!
//! Hooks:
//! - `pac` is an [`Authorization`]: it writes its element behind the others while the ticket is written.
//! - `trust` sets [`Grant::service`], [`Grant::account`] and [`Grant::transited`]: another ticket-granting service than
//!   the one that was asked for, and the realms on the way.
//! - `fast` has its place in [`Grant::issue`] between ticket and encrypted part, if there is a tunnel ([`Out::tunnel`]): the
//!   ticket's octets are in [`Out::ticket`] and the padata that it wraps in [`Out::padata`], and it strengthens the reply
//!   key.
//! - `fault` finds what the reply was made with in [`Out::seals`], takes [`Out::reply`] apart and makes it anew.

use shakedown_krb5::crypto::{Etype, Key, KeyUsage, usage};
use shakedown_krb5::der::Writer;
use shakedown_krb5::messages::view::{
    AuthorizationElementView, EncTicketPartView, EncryptionKeyView, HostAddressView, ListView, PrincipalView,
    TransitedView,
};
use shakedown_krb5::messages::{Exchange, padata_type};
use shakedown_krb5::{Principal, Random, Timestamp};

use crate::database::Account;
use crate::deviation::Seals;
use crate::kdc::View;
use crate::realm::Fast;
use crate::times::Times;
use crate::worker::Out;

/// What the log wants to know of a reply.
#[derive(Debug)]
pub(crate) struct Issued<'a> {
    pub(crate) client: PrincipalView<'a>,
    pub(crate) service: PrincipalView<'a>,
    pub(crate) ticket_etype: i32,
    pub(crate) session_etype: i32,
    pub(crate) kvno: u32,
}

/// All that is decided about a ticket. The padata of the reply are in [`Out::padata`] and [`Out::encrypted_padata`].
pub(crate) struct Grant<'a> {
    pub(crate) exchange: Exchange,
    pub(crate) client: PrincipalView<'a>,
    pub(crate) service: PrincipalView<'a>,
    /// That of the service: the ticket is under its first key of the highest version.
    pub(crate) account: &'a Account,
    pub(crate) session_etype: Etype,
    pub(crate) times: Times,
    pub(crate) flags: u32,
    pub(crate) nonce: u32,
    pub(crate) addresses: Option<Addresses<'a>>,
    pub(crate) transited: TransitedView<'a>,
    pub(crate) authorization: &'a dyn Authorization,
    pub(crate) key_expiration: Option<Timestamp>,
    /// What the encrypted part is under.
    pub(crate) reply_key: &'a Key,
    pub(crate) reply_usage: KeyUsage,
    /// The version of that key, where the reply says it. MIT's does not.
    pub(crate) reply_kvno: Option<u32>,
    /// What the ticket is under, if not under a key of the service's.
    pub(crate) ticket_key: Option<&'a Key>,
    /// The request as it was received, of which the client wants a checksum (RFC 6806 §11).
    pub(crate) proves: Option<&'a [u8]>,
}

pub(crate) type Addresses<'a> = ListView<'a, HostAddressView<'a>>;

/// Who has something to say in the authorization data of a ticket.
pub(crate) trait Authorization {
    /// Whether there is nothing to say, so that the field is left out.
    fn is_empty(&self) -> bool;

    /// Writes elements, one after the other. `ticket` is the rest of the ticket, `key` what it will be under.
    fn write(&self, writer: &mut Writer<'_>, ticket: &EncTicketPartView<'_>, key: &Key);
}

/// Nothing.
pub(crate) struct Unrestricted;

/// What the presented ticket has, and what the client adds.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Carried<'a> {
    pub(crate) presented: ListView<'a, AuthorizationElementView<'a>>,
    pub(crate) added: ListView<'a, AuthorizationElementView<'a>>,
}

/// Each field of a reply, before it is encoded.
#[derive(Debug)]
pub(crate) struct Draft<'a> {
    pub(crate) exchange: Exchange,
    /// `crealm` and `cname` in the clear.
    pub(crate) client: PrincipalView<'a>,
    /// `realm` and `sname` of the ticket.
    pub(crate) ticket_server: PrincipalView<'a>,
    pub(crate) ticket_etype: i32,
    pub(crate) ticket_kvno: Option<u32>,
    pub(crate) ticket: EncTicketPartView<'a>,
    /// The etype and kvno that the encrypted part is said to have.
    pub(crate) etype: i32,
    pub(crate) kvno: Option<u32>,
    pub(crate) part: DraftPart<'a>,
}

/// EncKDCRepPart, what the client reads of a reply.
#[derive(Debug)]
pub(crate) struct DraftPart<'a> {
    /// The application tag: 25 or 26.
    pub(crate) tag: u8,
    pub(crate) key: EncryptionKeyView<'a>,
    pub(crate) nonce: u32,
    pub(crate) key_expiration: Option<Timestamp>,
    pub(crate) flags: u32,
    pub(crate) auth_time: Timestamp,
    pub(crate) start_time: Option<Timestamp>,
    pub(crate) end_time: Timestamp,
    pub(crate) renew_till: Option<Timestamp>,
    pub(crate) server: PrincipalView<'a>,
    pub(crate) addresses: Option<Addresses<'a>>,
}

/// What a ticket and a reply usually have around their ciphertexts, a ciphertext within EncryptedData, and what there is in
/// the encrypted part of a reply but for its padata, in octets. With good guesses nothing is moved while it is written.
const AROUND: usize = 80;
const AROUND_CIPHER: usize = 20;
const AROUND_PART: usize = 210;

impl<'a> Grant<'a> {
    /// Makes ticket and reply; the reply is in `out.reply`.
    pub(crate) fn issue(&self, view: &View<'_>, out: &mut Out, random: &mut dyn Random) -> Issued<'a> {
        let nobody;
        let session_key = Key::random_ephemeral(self.session_etype, random);
        let keys = self.account.newest();
        let own_key = || keys.keys.first().expect("who has no key is refused before");
        let (service_key, kvno) = match self.ticket_key {
            Some(key) => (key, None),
            None => (own_key(), Some(keys.kvno)),
        };
        let mut draft = self.draft(&session_key, service_key, kvno);
        draft.write_ticket(self.authorization, service_key, out, random);
        let strengthened;
        let reply_key = match out.tunnel.take() {
            None => self.reply_key,
            Some(tunnel) => {
                strengthened = tunnel.close(self.client, self.reply_key, view.now, out, random);
                if tunnel.hides_client() {
                    nobody = Principal::anonymous();
                    draft.client = PrincipalView::from(&nobody);
                }
                &strengthened
            }
        };
        if let Some(request) = self.proves {
            write_negotiation(view, reply_key, request, &mut out.encrypted_padata);
        }
        draft.write_reply(reply_key, self.reply_usage, out, random);
        out.seals = view.is_faulty.then(|| Seals {
            reply_key: reply_key.clone(),
            reply_usage: self.reply_usage,
            ticket_key: service_key.clone(),
            kdc_key: view.database.find(view.krbtgt()).and_then(|krbtgt| krbtgt.newest().keys.first().cloned()),
        });
        Issued {
            client: self.client,
            service: self.service,
            ticket_etype: service_key.etype().number(),
            session_etype: self.session_etype.number(),
            kvno: kvno.unwrap_or(0),
        }
    }

    fn draft<'d>(&self, session_key: &'d Key, service_key: &Key, kvno: Option<u32>) -> Draft<'d>
    where
        'a: 'd,
    {
        let Times { auth, start, end, renew_till } = self.times;
        let start_time = (start != auth).then_some(start);
        let key = EncryptionKeyView::of(session_key);
        Draft {
            exchange: self.exchange,
            client: self.client,
            ticket_server: self.service,
            ticket_etype: service_key.etype().number(),
            ticket_kvno: kvno,
            ticket: EncTicketPartView {
                flags: self.flags,
                key,
                client: self.client,
                transited: self.transited,
                auth_time: auth,
                start_time,
                end_time: end,
                renew_till,
                addresses: self.addresses,
                authorization_data: None,
            },
            etype: self.reply_key.etype().number(),
            kvno: self.reply_kvno,
            part: DraftPart {
                // MIT's KDC puts EncTGSRepPart into both replies; RFC 4120 §5.4.2 asks clients to take it.
                tag: 26,
                key,
                nonce: self.nonce,
                key_expiration: self.key_expiration,
                flags: self.flags,
                auth_time: auth,
                start_time,
                end_time: end,
                renew_till,
                server: self.service,
                addresses: self.addresses,
            },
        }
    }
}

impl Draft<'_> {
    /// Ticket (RFC 4120 §5.3), into `out.ticket`.
    fn write_ticket(&self, authorization: &dyn Authorization, key: &Key, out: &mut Out, random: &mut dyn Random) {
        let Out { plain, ticket, .. } = out;
        plain.clear();
        let elements =
            (!authorization.is_empty()).then_some(|w: &mut Writer<'_>| authorization.write(w, &self.ticket, key));
        self.ticket.write_with(&mut Writer::new(plain), elements);
        ticket.clear();
        let cipher_length = plain.len() + key.etype().overhead();
        Writer::new(ticket).application_sequence_about(1, cipher_length + AROUND, |w| {
            w.field(0, |w| w.integer(5));
            w.field(1, |w| w.string(self.ticket_server.realm));
            w.field(2, |w| self.ticket_server.name.write(w));
            w.field_about(3, cipher_length + AROUND_CIPHER, |w| {
                write_sealed(w, self.ticket_etype, self.ticket_kvno, cipher_length, |out| {
                    key.encrypt_into(usage::TICKET, plain, random, out);
                });
            });
        });
    }

    /// KDC-REP (RFC 4120 §5.4.2) around `out.ticket`, into `out.reply`.
    fn write_reply(&self, key: &Key, usage: KeyUsage, out: &mut Out, random: &mut dyn Random) {
        let Out { plain, ticket, padata, encrypted_padata, reply, .. } = out;
        plain.clear();
        self.part.write(&mut Writer::new(plain), encrypted_padata);
        reply.clear();
        let exchange = self.exchange.reply_type();
        let cipher_length = plain.len() + key.etype().overhead();
        Writer::new(reply).application_sequence_about(exchange, ticket.len() + cipher_length + AROUND, |w| {
            w.field(0, |w| w.integer(5));
            w.field(1, |w| w.integer(exchange.into()));
            w.optional(2, some_elements(padata), |w, elements| w.sequence(|w| w.raw(elements)));
            w.field(3, |w| w.string(self.client.realm));
            w.field(4, |w| self.client.name.write(w));
            w.field_about(5, ticket.len(), |w| w.raw(ticket));
            w.field_about(6, cipher_length + AROUND_CIPHER, |w| {
                write_sealed(w, self.etype, self.kvno, cipher_length, |out| {
                    key.encrypt_into(usage, plain, random, out);
                });
            });
        });
    }
}

impl DraftPart<'_> {
    fn write(&self, writer: &mut Writer<'_>, encrypted_padata: &[u8]) {
        writer.application_sequence_about(self.tag, AROUND_PART + encrypted_padata.len(), |w| {
            w.field(0, |w| self.key.write(w));
            // The time of nothing: old clients expect one element at least.
            w.field(1, |w| {
                w.sequence(|w| {
                    w.sequence(|w| {
                        w.field(0, |w| w.integer(0));
                        w.field(1, |w| w.time(Timestamp::EPOCH));
                    });
                });
            });
            w.field(2, |w| w.integer(self.nonce.into()));
            w.optional(3, self.key_expiration, Writer::time);
            w.field(4, |w| w.flags(self.flags));
            w.field(5, |w| w.time(self.auth_time));
            w.optional(6, self.start_time, Writer::time);
            w.field(7, |w| w.time(self.end_time));
            w.optional(8, self.renew_till, Writer::time);
            w.field(9, |w| w.string(self.server.realm));
            w.field(10, |w| self.server.name.write(w));
            w.optional(11, self.addresses, |w, list| w.list(list, |w, address| address.write(w)));
            w.optional(12, some_elements(encrypted_padata), |w, elements| w.sequence(|w| w.raw(elements)));
        });
    }
}

impl Authorization for Unrestricted {
    fn is_empty(&self) -> bool {
        true
    }

    fn write(&self, _: &mut Writer<'_>, _: &EncTicketPartView<'_>, _: &Key) {}
}

impl Authorization for Carried<'_> {
    fn is_empty(&self) -> bool {
        self.presented.is_empty() && self.added.is_empty()
    }

    fn write(&self, writer: &mut Writer<'_>, _: &EncTicketPartView<'_>, _: &Key) {
        for element in self.presented.iter().chain(self.added.iter()) {
            element.write(writer);
        }
    }
}

/// Proves that the request arrived as it was sent, and so did the answer to what it announced (RFC 6806 §11): that this
/// KDC knows FAST, if it does.
fn write_negotiation(view: &View<'_>, key: &Key, request: &[u8], out: &mut Vec<u8>) {
    let mut writer = Writer::new(out);
    write_padata(&mut writer, padata_type::REQ_ENC_PA_REP, |w| {
        w.sequence(|w| {
            w.field(0, |w| w.integer(key.etype().checksum_type().into()));
            w.field(1, |w| w.octets_by(|out| key.checksum_into(usage::AS_REQ_CHECKSUM, request, out)));
        });
    });
    if view.realm.fast != Fast::No {
        write_padata(&mut writer, padata_type::FX_FAST, |_| {});
    }
}

/// Appends an element of padata (RFC 4120 §5.2.7), whose value is written by `value`.
pub(crate) fn write_padata(writer: &mut Writer<'_>, padata_type: i32, value: impl FnOnce(&mut Writer<'_>)) {
    writer.sequence(|w| {
        w.field(1, |w| w.integer(padata_type.into()));
        w.field(2, |w| w.octets_by(|out| value(&mut Writer::new(out))));
    });
}

/// EncryptedData (RFC 4120 §5.2.9) around a ciphertext that is made in its place.
fn write_sealed(
    writer: &mut Writer<'_>,
    etype: i32,
    kvno: Option<u32>,
    cipher_length: usize,
    seal: impl FnOnce(&mut Vec<u8>),
) {
    writer.sequence_about(cipher_length + AROUND_CIPHER, |w| {
        w.field(0, |w| w.integer(etype.into()));
        w.optional(1, kvno, |w, kvno| w.integer(kvno.into()));
        w.field_about(2, cipher_length + 4, |w| w.octets_about(cipher_length, seal));
    });
}

fn some_elements(elements: &[u8]) -> Option<&[u8]> {
    Some(elements).filter(|elements| !elements.is_empty())
}

/// Decrypts with whichever of `keys` fits, into `buffer`; `None` if none does.
pub(crate) fn open<'k, 'b>(
    mut keys: impl Iterator<Item = (&'k Key, KeyUsage)>,
    cipher: &[u8],
    buffer: &'b mut Vec<u8>,
) -> Option<&'b [u8]> {
    let plain = keys.find_map(|(key, usage)| {
        buffer.clear();
        buffer.extend_from_slice(cipher);
        key.decrypt_in_place(usage, buffer).ok()
    })?;
    Some(&buffer[plain])
}

/// The longest life that realm, client and service agree on.
pub(crate) fn longest_life(view: &View<'_>, accounts: &[Option<&Account>]) -> std::time::Duration {
    accounts
        .iter()
        .flatten()
        .filter_map(|account| account.ticket_lifetime)
        .fold(view.realm.ticket_lifetime, std::time::Duration::min)
}

/// For how long a ticket can be renewed, as realm, client and service agree.
pub(crate) fn longest_renewal(view: &View<'_>, accounts: &[Option<&Account>]) -> std::time::Duration {
    accounts
        .iter()
        .flatten()
        .filter_map(|account| account.renewable_lifetime)
        .fold(view.realm.renewable_lifetime, std::time::Duration::min)
}
