//! Ticket-granting tickets as a realm with a shared key can make them, right or wrong, and requests with them.

use mock_kdc::SystemRandom;
use shakedown_krb5::crypto::{Etype, Key, default_salt, string_to_key, usage};
use shakedown_krb5::messages::flags::ticket;
use shakedown_krb5::messages::{
    ApRequest, Authenticator, Checksum, Codec as _, EncTicketPart, EncryptedData, EncryptionKey, Exchange, KdcReply,
    KdcRequest, KdcRequestBody, KrbError, PaData, PrincipalName, Ticket, Transited, padata_type,
};
use shakedown_krb5::{Principal, Random as _, Timestamp};

use crate::realms::{SERVICE, SHARED, principal};

/// A request of a client with a ticket of another realm.
#[derive(Clone)]
pub(crate) struct Forged {
    /// Whose.
    pub(crate) client: &'static str,
    /// For which ticket-granting service, by which realm.
    pub(crate) tgs: String,
    /// The password of that service.
    pub(crate) shared: &'static str,
    pub(crate) kvno: Option<u32>,
    pub(crate) transited: &'static str,
    pub(crate) tr_type: i32,
    /// Flags beside those that every ticket of a login has.
    pub(crate) flags: u32,
    /// What is asked for, in the realm that is asked.
    pub(crate) wanted: String,
    pub(crate) name_type: i32,
    pub(crate) options: u32,
}

/// How a KDC answered: `7 LOOKING_UP_SERVER`, or `ticket for NAME@REALM through 'PATH', checked`.
pub(crate) fn reading(answer: Option<Vec<u8>>) -> String {
    let Some(octets) = answer else { return "silence".to_owned() };
    if octets[0] == 0x7e {
        let error = KrbError::decode(&octets).unwrap();
        return format!("{} {}", error.error_code, error.text());
    }
    let ticket = KdcReply::decode(&octets).unwrap().ticket;
    let server = ticket.server().clone();
    let password = if server.krbtgt_realm().is_some() { SHARED } else { SERVICE };
    let plain = key(&server, password).decrypt(usage::TICKET, &ticket.enc_part().cipher).unwrap();
    let part = EncTicketPart::decode(&plain).unwrap();
    let checked = if part.flags & ticket::TRANSITED_POLICY_CHECKED == 0 { "not checked" } else { "checked" };
    let transited = String::from_utf8_lossy(&part.transited.contents).into_owned();
    format!("ticket of {} for {server} through '{transited}', {checked}", part.client)
}

impl Forged {
    /// A request of a client of `there` to `here`, with the ticket that its own realm gave it.
    pub(crate) fn good(client: &'static str, there: &str, here: &str, wanted: &str) -> Self {
        Self {
            client,
            tgs: format!("krbtgt/{here}@{there}"),
            shared: SHARED,
            kvno: Some(1),
            transited: "",
            tr_type: 1,
            flags: 0,
            wanted: format!("{wanted}@{here}"),
            name_type: 2,
            options: 0,
        }
    }

    pub(crate) fn octets(&self, now: Timestamp) -> Vec<u8> {
        let session_key = Key::random(Etype::Aes256Sha1, &mut SystemRandom);
        let wanted = principal(&self.wanted).with_name_type(self.name_type);
        let mut nonce = [0; 4];
        SystemRandom.fill(&mut nonce);
        let body = KdcRequestBody {
            kdc_options: self.options,
            cname: None,
            realm: wanted.realm.clone(),
            sname: Some(PrincipalName::from(&wanted)),
            from: None,
            till: now.offset_seconds(3600),
            rtime: None,
            nonce: u32::from_be_bytes(nonce) & 0x7fff_ffff,
            etypes: vec![18],
            addresses: None,
            enc_authorization_data: None,
            additional_tickets: Vec::new(),
        };
        let checksum = session_key.checksum(usage::TGS_REQ_AUTHENTICATOR_CHECKSUM, &body.to_octets());
        let authenticator = Authenticator {
            client: principal(self.client),
            checksum: Some(Checksum { cksumtype: session_key.etype().checksum_type(), checksum }),
            time: now,
            subkey: None,
            seq_number: None,
            authorization_data: None,
        };
        let presented = ApRequest {
            ap_options: 0,
            ticket: self.ticket(&session_key, now),
            authenticator: EncryptedData::seal(
                &session_key,
                usage::TGS_REQ_AUTHENTICATOR,
                &authenticator,
                &mut SystemRandom,
            ),
        };
        KdcRequest::new(Exchange::Tgs, vec![PaData::new(padata_type::TGS_REQ, &presented)], body).to_octets()
    }

    fn ticket(&self, session_key: &Key, now: Timestamp) -> Ticket {
        let now = Timestamp::from_seconds(now.seconds());
        let part = EncTicketPart {
            flags: ticket::INITIAL | ticket::PRE_AUTHENT | self.flags,
            key: EncryptionKey::from(session_key),
            client: principal(self.client),
            transited: Transited { tr_type: self.tr_type, contents: self.transited.as_bytes().to_vec() },
            auth_time: now.offset_seconds(-60),
            start_time: None,
            end_time: now.offset_seconds(3600),
            renew_till: None,
            addresses: None,
            authorization_data: None,
        };
        let tgs = principal(&self.tgs);
        let cipher = key(&tgs, self.shared).encrypt(usage::TICKET, &part.to_octets(), &mut SystemRandom);
        Ticket::new(tgs, EncryptedData { etype: 18, kvno: self.kvno, cipher })
    }
}

fn key(of: &Principal, password: &str) -> Key {
    string_to_key(Etype::Aes256Sha1, password.as_bytes(), &default_salt(of), None).unwrap()
}
