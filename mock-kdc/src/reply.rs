//! What AS-REP and TGS-REP have in common: a ticket for a service, and the same facts for the client.

use shakedown_krb5::crypto::{Etype, Key, KeyUsage, usage};
use shakedown_krb5::messages::{
    AuthorizationElement, Codec, EncKdcReplyPart, EncPartTag, EncTicketPart, EncryptedData, EncryptionKey, Exchange,
    HostAddress, KdcReply, LastRequest, MethodData, PaData, Ticket, Transited,
};
use shakedown_krb5::{Principal, Random, Timestamp};

use crate::database::Account;
use crate::deviation::Seals;
use crate::kdc::View;
use crate::times::Times;

/// A reply, and what the log wants to know of it.
#[derive(Debug)]
pub(crate) struct Issued {
    pub(crate) octets: Vec<u8>,
    pub(crate) parties: Parties,
    pub(crate) ticket_etype: i32,
    pub(crate) session_etype: i32,
    pub(crate) kvno: u32,
    /// What it was made with, for who bends it.
    pub(crate) seals: Option<Seals>,
}

/// Who gets a ticket for what.
#[derive(Debug, Clone)]
pub(crate) struct Parties {
    pub(crate) client: Principal,
    pub(crate) service: Principal,
}

/// All that is decided about a ticket.
pub(crate) struct Grant<'a> {
    pub(crate) exchange: Exchange,
    pub(crate) parties: Parties,
    pub(crate) account: &'a Account,
    pub(crate) session_etype: Etype,
    pub(crate) times: Times,
    pub(crate) flags: u32,
    pub(crate) nonce: u32,
    pub(crate) addresses: Option<Vec<HostAddress>>,
    pub(crate) authorization_data: Option<Vec<AuthorizationElement>>,
    /// The encoded elements of the reply's padata.
    pub(crate) padata: Vec<u8>,
    pub(crate) encrypted_padata: Option<Vec<PaData>>,
    pub(crate) key_expiration: Option<Timestamp>,
    /// What the encrypted part is under.
    pub(crate) reply_key: &'a Key,
    pub(crate) reply_usage: KeyUsage,
}

impl Grant<'_> {
    /// Makes ticket and reply. The ticket is under the service's first key of the highest version.
    pub(crate) fn issue(self, random: &mut dyn Random) -> Issued {
        let session_key = Key::random(self.session_etype, random);
        let session_key = EncryptionKey::new(self.session_etype.number(), session_key.bytes());
        let keys = self.account.newest();
        let service_key = keys.keys.first().expect("INVARIANT of Account: no key set is empty");
        let times = self.times;
        let start_time = (times.start != times.auth).then_some(times.start);
        let private = EncTicketPart {
            flags: self.flags,
            key: session_key.clone(),
            client: self.parties.client.clone(),
            transited: Transited::default(),
            auth_time: times.auth,
            start_time,
            end_time: times.end,
            renew_till: times.renew_till,
            addresses: self.addresses.clone(),
            authorization_data: self.authorization_data,
        };
        let ticket = Ticket::new(
            self.parties.service.clone(),
            EncryptedData {
                etype: service_key.etype().number(),
                kvno: Some(keys.kvno),
                cipher: service_key.encrypt(usage::TICKET, &private.to_octets(), random),
            },
        );
        let part = EncKdcReplyPart {
            // MIT's KDC puts EncTGSRepPart into both replies; RFC 4120 §5.4.2 asks clients to take it.
            tag: EncPartTag::Tgs,
            key: session_key,
            last_request: vec![LastRequest { lr_type: 0, time: Timestamp::EPOCH }],
            nonce: self.nonce,
            key_expiration: self.key_expiration,
            flags: self.flags,
            auth_time: times.auth,
            start_time,
            end_time: times.end,
            renew_till: times.renew_till,
            server: self.parties.service.clone(),
            addresses: self.addresses,
            encrypted_padata: self.encrypted_padata,
        };
        let enc_part = EncryptedData {
            etype: self.reply_key.etype().number(),
            // MIT leaves the version of the reply key out.
            kvno: None,
            cipher: self.reply_key.encrypt(self.reply_usage, &part.to_octets(), random),
        };
        let client = self.parties.client.clone();
        let seals =
            Seals { reply_key: self.reply_key.clone(), reply_usage: self.reply_usage, ticket_key: service_key.clone() };
        let reply = KdcReply { exchange: self.exchange, padata: elements(&self.padata), client, ticket, enc_part };
        Issued {
            octets: reply.to_octets(),
            parties: self.parties,
            ticket_etype: service_key.etype().number(),
            session_etype: self.session_etype.number(),
            kvno: keys.kvno,
            seals: Some(seals),
        }
    }
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

fn elements(padata: &[u8]) -> Vec<PaData> {
    let mut list = Vec::new();
    shakedown_krb5::der::Writer::new(&mut list).sequence(|w| w.raw(padata));
    MethodData::decode(&list).expect("the elements were written here").0
}
