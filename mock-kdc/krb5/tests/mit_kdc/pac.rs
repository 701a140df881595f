//! PACs in tickets of krb5kdc's, and in a ticket-granting ticket that was made here under its key.

use shakedown_krb5::Credential;
use shakedown_krb5::client::{TgsExchange, TgsSettings};
use shakedown_krb5::crypto::{Etype, Key, default_salt, string_to_key, usage};
use shakedown_krb5::messages::view::NameView;
use shakedown_krb5::messages::{
    AuthorizationElement, AuthorizationList, Codec, EncTicketPart, EncryptedData, Ticket, ad_type,
};
use shakedown_krb5::pac::{
    Attributes, FileTime, LogonInfo, PLACEHOLDER, Pac, PacError, Piece, Sid, Signed, UpnDnsInfo, kind,
};

use crate::realm::{self, KRBTGT_PASSWORD, REALM, Realm, SERVICE_PASSWORD, principal};
use crate::tgt;
use crate::wire::{SystemRandom, now, play_tgs};

const SERVICE: &str = "postgres/db.test";

fn key_of(name: &str, password: &str, credential: &Credential) -> Key {
    let etype = Etype::try_from(Ticket::decode(&credential.ticket).unwrap().enc_part().etype).unwrap();
    string_to_key(etype, password.as_bytes(), &default_salt(&principal(name)), None).unwrap()
}

fn krbtgt_key(credential: &Credential) -> Key {
    key_of(&format!("krbtgt/{REALM}"), KRBTGT_PASSWORD, credential)
}

fn opened(key: &Key, credential: &Credential) -> EncTicketPart {
    let ticket = Ticket::decode(&credential.ticket).unwrap();
    EncTicketPart::decode(&ticket.enc_part().open(key, usage::TICKET).unwrap()).unwrap()
}

/// The PAC, which is alone in the first element.
fn pac_of(part: &EncTicketPart) -> Vec<u8> {
    let inner = AuthorizationList::decode(&part.authorization_data.as_ref().unwrap()[0].ad_data).unwrap().0;
    assert_eq!((inner.len(), inner[0].ad_type), (1, ad_type::WIN2K_PAC));
    inner[0].ad_data.clone()
}

fn with_pac(part: &EncTicketPart, pac: &[u8]) -> EncTicketPart {
    let inner = AuthorizationElement { ad_type: ad_type::WIN2K_PAC, ad_data: pac.to_vec() };
    let ad_data = AuthorizationList(vec![inner]).to_octets();
    let outer = AuthorizationElement { ad_type: ad_type::IF_RELEVANT, ad_data };
    EncTicketPart { authorization_data: Some(vec![outer]), ..part.clone() }
}

fn service_ticket(realm: &Realm, tgt: &Credential) -> Result<Credential, String> {
    let settings = TgsSettings::new(tgt.clone(), principal(SERVICE));
    play_tgs(realm.port, &mut TgsExchange::new(settings), now).result.map_err(|failure| failure.to_string())
}

/// The ticket-granting ticket with another PAC.
fn resealed(tgt: &Credential, part: &EncTicketPart, pac: &[u8]) -> Credential {
    let old = Ticket::decode(&tgt.ticket).unwrap();
    let cipher = krbtgt_key(tgt).encrypt(usage::TICKET, &with_pac(part, pac).to_octets(), &mut SystemRandom);
    let enc_part = EncryptedData { cipher, ..old.enc_part().clone() };
    Credential { ticket: Ticket::new(old.server().clone(), enc_part).to_octets(), ..tgt.clone() }
}

#[test]
fn what_krb5kdc_signs_is_intact_here() {
    let Some(realm) = realm::start(&[]) else { return };
    let tgt = tgt(&realm);
    let krbtgt = krbtgt_key(&tgt);
    let part = opened(&krbtgt, &tgt);
    let octets = pac_of(&part);
    let pac = Pac::parse(&octets).unwrap();
    assert_eq!((pac.verify_server(&krbtgt), pac.verify_kdc(&krbtgt)), (Ok(()), Ok(())));
    assert!(pac.is_of(NameView::new(1, &[b"alice"]), part.auth_time).unwrap());
    // krb5kdc 1.20 without a directory: whose it is, and the signatures.
    assert_eq!(pac.buffers().map(|buffer| buffer.kind).collect::<Vec<_>>(), [10, 6, 7]);

    let credential = service_ticket(&realm, &tgt).unwrap();
    let service = key_of(SERVICE, SERVICE_PASSWORD, &credential);
    let part = opened(&service, &credential);
    let octets = pac_of(&part);
    let pac = Pac::parse(&octets).unwrap();
    assert_eq!((pac.verify_server(&service), pac.verify_kdc(&krbtgt)), (Ok(()), Ok(())));
    let seen_by_signature = with_pac(&part, PLACEHOLDER).to_octets();
    assert_eq!(pac.verify_ticket(&krbtgt, &seen_by_signature), Ok(()));
    // Since 1.21 there is one more signature.
    assert!(matches!(pac.verify_full(&krbtgt), Ok(()) | Err(PacError::Missing(kind::FULL_CHECKSUM))));
}

#[test]
fn krb5kdc_takes_what_was_signed_here_and_signs_its_own_for_the_service() {
    let Some(realm) = realm::start(&[]) else { return };
    let tgt = tgt(&realm);
    let krbtgt = krbtgt_key(&tgt);
    let part = opened(&krbtgt, &tgt);
    let sid = Sid::of_domain(REALM).with_rid(1104);
    let info = LogonInfo::new("alice", 1104, Sid::of_domain(REALM)).encode();
    let names = UpnDnsInfo {
        upn: "alice@shakedown.test".to_owned(),
        upn_is_constructed: true,
        dns_domain: REALM.to_owned(),
        account: Some(("alice".to_owned(), sid.clone())),
    };
    let (names, sid, attributes) = (names.encode().unwrap(), sid.octets(), Attributes::GivenImplicitly.octets());
    let auth_time = FileTime::from_timestamp(part.auth_time);
    let signed = |server: &Key, client: &[u8], auth_time| {
        let components = [client];
        let pieces = [
            Piece::LogonInfo { octets: &info, logon_time: auth_time },
            Piece::ClientInfo { auth_time, client: NameView::new(1, &components) },
            Piece::Octets(kind::UPN_DNS_INFO, &names),
            Piece::Octets(kind::ATTRIBUTES_INFO, &attributes),
            Piece::Octets(kind::REQUESTOR, &sid),
        ];
        let mut pac = Vec::new();
        Signed { server, kdc: &krbtgt, ticket: None }.write(pieces.into_iter(), &mut pac);
        pac
    };
    let good = signed(&krbtgt, b"alice", auth_time);
    let credential = service_ticket(&realm, &resealed(&tgt, &part, &good)).unwrap();
    let service = key_of(SERVICE, SERVICE_PASSWORD, &credential);
    let octets = pac_of(&opened(&service, &credential));
    let pac = Pac::parse(&octets).unwrap();
    assert_eq!((pac.verify_server(&service), pac.verify_kdc(&krbtgt)), (Ok(()), Ok(())));
    assert!(pac.is_of(NameView::new(1, &[b"alice"]), part.auth_time).unwrap());
    // Without a directory behind it, krb5kdc makes a PAC of its own and copies nothing.
    assert_eq!(pac.find(kind::LOGON_INFO), Err(PacError::Missing(kind::LOGON_INFO)));

    let refused = |pac: &[u8]| service_ticket(&realm, &resealed(&tgt, &part, pac)).map(|_| ());
    let other = Key::random(krbtgt.etype(), &mut SystemRandom);
    assert_eq!(refused(&signed(&other, b"alice", auth_time)), Err("krb 41".to_owned()));
    assert_eq!(refused(&good[..good.len() - 20]), Err("krb 60".to_owned()));
    assert_eq!(refused(&signed(&krbtgt, b"mallory", auth_time)), Err("krb 13".to_owned()));
    let a_second_later = FileTime(auth_time.0 + 10_000_000);
    assert_eq!(refused(&signed(&krbtgt, b"alice", a_second_later)), Err("krb 13".to_owned()));
}
