//! What is in the PAC of tickets, who has signed it, and what becomes of one that is not intact.

use mock_kdc::{Deviation, Flavor, Kdc, Realm, Service, SystemRandom, User};
use shakedown_krb5::Credential;
use shakedown_krb5::client::{AsSettings, TgsSettings};
use shakedown_krb5::crypto::{Etype, Key, usage};
use shakedown_krb5::messages::flags::kdc_options;
use shakedown_krb5::messages::view::NameView;
use shakedown_krb5::messages::{
    AuthorizationElement, AuthorizationList, Codec as _, EncTicketPart, EncryptedData, Ticket, ad_type,
};
use shakedown_krb5::pac::{Attributes, Group, LogonInfo, PLACEHOLDER, Pac, PacError, Sid, UpnDnsInfo, kind};

use crate::request::{PASSWORD, REALM, principal};
use crate::world::{NOW, login, settings, ticket};

const KRBTGT: &str = "krbtgt/CORP.EXAMPLE.COM";
const SERVICE: &str = "postgres/db.test";

fn kdc(adapt: impl FnOnce(&mut Realm)) -> Kdc {
    let mut realm = Realm::of(Flavor::ActiveDirectory, REALM);
    realm.users = vec![User { groups: vec![512, 1201], rid: Some(1115), ..User::new("alice", PASSWORD) }];
    // Active Directory's tickets for services without AES.
    let (etypes, session_etypes) = (Some(vec![Etype::Rc4Hmac]), Some(vec![Etype::Aes256Sha1]));
    realm.services = vec![Service { etypes, session_etypes, ..Service::new(SERVICE) }];
    adapt(&mut realm);
    Kdc::new(&realm, &mut SystemRandom).unwrap()
}

fn key(kdc: &Kdc, name: &str) -> Key {
    kdc.keytab(name, 0).unwrap().entries[0].key.key().unwrap().clone()
}

fn opened(kdc: &Kdc, name: &str, credential: &Credential) -> EncTicketPart {
    let ticket = Ticket::decode(&credential.ticket).unwrap();
    EncTicketPart::decode(&key(kdc, name).decrypt(usage::TICKET, &ticket.enc_part().cipher).unwrap()).unwrap()
}

/// The octets of the PAC, which is the first element and alone in it.
fn pac_of(part: &EncTicketPart) -> Option<Vec<u8>> {
    let first = part.authorization_data.as_ref()?.first()?;
    assert_eq!(first.ad_type, ad_type::IF_RELEVANT);
    let inner = AuthorizationList::decode(&first.ad_data).unwrap().0;
    assert_eq!((inner.len(), inner[0].ad_type), (1, ad_type::WIN2K_PAC));
    Some(inner[0].ad_data.clone())
}

fn with_pac(part: &EncTicketPart, pac: &[u8]) -> EncTicketPart {
    let inner = AuthorizationElement { ad_type: ad_type::WIN2K_PAC, ad_data: pac.to_vec() };
    let outer =
        AuthorizationElement { ad_type: ad_type::IF_RELEVANT, ad_data: AuthorizationList(vec![inner]).to_octets() };
    EncTicketPart { authorization_data: Some(vec![outer]), ..part.clone() }
}

/// The ticket-granting ticket with another content, encrypted as if the KDC had done it.
fn resealed(kdc: &Kdc, tgt: &Credential, part: &EncTicketPart) -> Credential {
    let old = Ticket::decode(&tgt.ticket).unwrap();
    let enc_part = EncryptedData {
        cipher: key(kdc, KRBTGT).encrypt(usage::TICKET, &part.to_octets(), &mut SystemRandom),
        ..old.enc_part().clone()
    };
    Credential { ticket: Ticket::new(old.server().clone(), enc_part).to_octets(), ..tgt.clone() }
}

fn service(tgt: &Credential) -> TgsSettings {
    TgsSettings::new(tgt.clone(), principal(SERVICE))
}

fn kinds(pac: &Pac<'_>) -> Vec<u32> {
    pac.buffers().map(|buffer| buffer.kind).collect()
}

#[test]
fn a_directory_says_who_the_client_is_and_signs_for_each_service() {
    let kdc = kdc(|_| {});
    let tgt = login(&kdc, settings("alice"), NOW).unwrap();
    let part = opened(&kdc, KRBTGT, &tgt);
    let octets = pac_of(&part).unwrap();
    let pac = Pac::parse(&octets).unwrap();
    let krbtgt = key(&kdc, KRBTGT);
    assert_eq!(kinds(&pac), [1, 10, 12, 17, 18, 6, 7]);
    assert_eq!((pac.verify_server(&krbtgt), pac.verify_kdc(&krbtgt)), (Ok(()), Ok(())));
    assert!(pac.is_of(NameView::new(1, &[b"alice"]), part.auth_time).unwrap());
    let domain = Sid::of_domain(REALM);
    let info = LogonInfo::decode(pac.find(kind::LOGON_INFO).unwrap().octets).unwrap();
    assert_eq!((info.effective_name.as_str(), info.user_id, info.primary_group_id), ("alice", 1115, 513));
    assert_eq!(info.groups, [513, 512, 1201].map(Group::enabled));
    assert_eq!((info.logon_domain_name.as_str(), &info.logon_domain_id), ("CORP", &Some(domain.clone())));
    assert_eq!((info.logon_time.seconds(), info.extra_sids.len()), (NOW.seconds(), 1));
    let names = UpnDnsInfo::decode(pac.find(kind::UPN_DNS_INFO).unwrap().octets).unwrap();
    assert_eq!((names.upn.as_str(), names.upn_is_constructed), ("alice@corp.example.com", true));
    assert_eq!((names.dns_domain.as_str(), names.account), (REALM, Some(("alice".to_owned(), domain.with_rid(1115)))));
    assert_eq!(pac.find(kind::REQUESTOR).unwrap().octets, domain.with_rid(1115).octets());
    let attributes = Attributes::decode(pac.find(kind::ATTRIBUTES_INFO).unwrap().octets);
    assert_eq!(attributes, Ok(Attributes::GivenImplicitly));

    let for_service = ticket(&kdc, service(&tgt), NOW).unwrap();
    let part = opened(&kdc, SERVICE, &for_service);
    let (service_key, service_octets) = (key(&kdc, SERVICE), pac_of(&part).unwrap());
    let copied = Pac::parse(&service_octets).unwrap();
    assert_eq!(kinds(&copied), [1, 10, 12, 6, 7, 16, 19]);
    assert_eq!((service_key.etype(), copied.verify_server(&service_key)), (Etype::Rc4Hmac, Ok(())));
    assert_eq!((copied.verify_kdc(&krbtgt), copied.verify_full(&krbtgt)), (Ok(()), Ok(())));
    let seen_by_signature = with_pac(&part, PLACEHOLDER).to_octets();
    assert_eq!(copied.verify_ticket(&krbtgt, &seen_by_signature), Ok(()));
    assert!(copied.verify_ticket(&krbtgt, &part.to_octets()).is_err());
    for kind in [kind::LOGON_INFO, kind::CLIENT_INFO, kind::UPN_DNS_INFO] {
        assert_eq!(copied.find(kind).unwrap().octets, pac.find(kind).unwrap().octets);
    }
}

#[test]
fn who_does_not_want_a_pac_has_none_and_none_in_what_comes_of_it() {
    let kdc = kdc(|_| {});
    let asked = |pac| login(&kdc, AsSettings { pac, ..settings("alice") }, NOW).unwrap();
    let refused = asked(Some(false));
    assert_eq!(pac_of(&opened(&kdc, KRBTGT, &refused)), None);
    assert_eq!(pac_of(&opened(&kdc, SERVICE, &ticket(&kdc, service(&refused), NOW).unwrap())), None);
    let octets = pac_of(&opened(&kdc, KRBTGT, &asked(Some(true)))).unwrap();
    let attributes = Pac::parse(&octets).unwrap().find(kind::ATTRIBUTES_INFO).unwrap();
    assert_eq!(Attributes::decode(attributes.octets), Ok(Attributes::Requested));
}

#[test]
fn a_realm_without_pacs_has_none_and_mits_say_only_whose_they_are() {
    let without = kdc(|realm| realm.pac = false);
    let tgt = login(&without, settings("alice"), NOW).unwrap();
    assert_eq!(opened(&without, KRBTGT, &tgt).authorization_data, None);
    let mit = kdc(|realm| realm.flavor = Flavor::Mit);
    let octets = pac_of(&opened(&mit, KRBTGT, &login(&mit, settings("alice"), NOW).unwrap())).unwrap();
    assert_eq!(kinds(&Pac::parse(&octets).unwrap()), [10, 6, 7]);
}

#[test]
fn a_renewed_ticket_has_its_pac_signed_again() {
    let kdc = kdc(|_| {});
    let long = std::time::Duration::from_secs(86_400);
    let tgt = login(&kdc, AsSettings { renewable: Some(long), ..settings("alice") }, NOW).unwrap();
    let krbtgt = principal(KRBTGT);
    let renewal = TgsSettings { kdc_options: kdc_options::RENEW, ..TgsSettings::new(tgt.clone(), krbtgt) };
    let renewed = ticket(&kdc, renewal, NOW.offset_seconds(60)).unwrap();
    let (old, new) = [&tgt, &renewed].map(|credential| pac_of(&opened(&kdc, KRBTGT, credential)).unwrap()).into();
    assert_eq!(old, new, "the client, its logon and the keys are the same");
}

#[test]
fn a_pac_that_is_not_intact_or_about_somebody_else_is_refused() {
    for (flavor, codes) in [(Flavor::ActiveDirectory, [0, 41, 41, 20, 20, 60]), (Flavor::Mit, [0, 41, 0, 13, 13, 60])] {
        let kdc = kdc(|realm| realm.flavor = flavor);
        let tgt = login(&kdc, settings("alice"), NOW).unwrap();
        let part = opened(&kdc, KRBTGT, &tgt);
        let intact = pac_of(&part).unwrap();
        let offset = |kind| Pac::parse(&intact).unwrap().find(kind).unwrap().offset;
        let changed = |at: usize| {
            let mut octets = intact.clone();
            octets[at] ^= 1;
            with_pac(&part, &octets)
        };
        let mallory = EncTicketPart { client: principal("mallory"), ..part.clone() };
        let later = EncTicketPart { auth_time: NOW.offset_seconds(1), ..part.clone() };
        let parts = [
            part.clone(),
            changed(offset(kind::CLIENT_INFO)),
            changed(offset(kind::KDC_CHECKSUM) + 4),
            mallory.clone(),
            later,
            with_pac(&part, &intact[..intact.len() - 20]),
        ];
        let found = parts.map(|part| {
            let forged = Credential { client: part.client.clone(), ..resealed(&kdc, &tgt, &part) };
            match ticket(&kdc, service(&forged), NOW) {
                Ok(_) => "krb 0".to_owned(),
                Err(failure) => failure.to_string(),
            }
        });
        assert_eq!(found, codes.map(|code| format!("krb {code}")), "{flavor:?}");
    }
}

#[test]
fn nobody_but_the_kdc_adds_a_pac() {
    let kdc = kdc(|_| {});
    let tgt = login(&kdc, settings("alice"), NOW).unwrap();
    let part = opened(&kdc, KRBTGT, &tgt);
    // What stands beside the PAC is carried along; a second PAC is not.
    let mut more = part.clone();
    let elements = more.authorization_data.as_mut().unwrap();
    let second = with_pac(&part, b"forged").authorization_data.unwrap().remove(0);
    elements.push(second);
    elements.push(AuthorizationElement { ad_type: 4711, ad_data: b"restriction".to_vec() });
    let issued = ticket(&kdc, service(&resealed(&kdc, &tgt, &more)), NOW).unwrap();
    let elements = opened(&kdc, SERVICE, &issued).authorization_data.unwrap();
    assert_eq!(elements.iter().map(|element| element.ad_type).collect::<Vec<_>>(), [1, 4711]);
}

#[test]
fn a_kdc_finds_what_it_made_wrong_in_a_pac_on_purpose() {
    for (deviation, found, [ad, mit]) in [
        ("pac-missing", [Ok(()), Ok(())], [0, 0]),
        ("pac-server-signature-wrong", [Err(kind::SERVER_CHECKSUM), Ok(())], [41, 41]),
        ("pac-kdc-signature-wrong", [Ok(()), Err(kind::KDC_CHECKSUM)], [41, 0]),
        ("pac-of-another-client", [Ok(()), Ok(())], [20, 13]),
    ] {
        for (flavor, code) in [(Flavor::ActiveDirectory, ad), (Flavor::Mit, mit)] {
            let kdc = kdc(|realm| realm.flavor = flavor);
            let honest = login(&kdc, settings("alice"), NOW).unwrap();
            kdc.set_deviations(&[Deviation::named(deviation).unwrap()]);
            // Clients take such tickets; of the ticket, the PAC alone is otherwise.
            let tgt = login(&kdc, settings("alice"), NOW).unwrap();
            let for_service = ticket(&kdc, service(&honest), NOW).unwrap();
            kdc.set_deviations(&[]);
            let krbtgt = key(&kdc, KRBTGT);
            for (name, issued) in [(KRBTGT, &tgt), (SERVICE, &for_service)] {
                let part = opened(&kdc, name, issued);
                let Some(octets) = pac_of(&part) else {
                    assert_eq!(deviation, "pac-missing");
                    continue;
                };
                let pac = Pac::parse(&octets).unwrap();
                let signatures = [pac.verify_server(&key(&kdc, name)), pac.verify_kdc(&krbtgt)];
                assert_eq!(signatures, found.map(|found| found.map_err(PacError::Signature)), "{deviation}, {name}");
                let is_alice = pac.is_of(NameView::new(1, &[b"alice"]), part.auth_time).unwrap();
                assert_eq!(is_alice, deviation != "pac-of-another-client", "{deviation}, {name}");
                if name == SERVICE && deviation != "pac-kdc-signature-wrong" {
                    let seen_by_signature = with_pac(&part, PLACEHOLDER).to_octets();
                    assert_eq!(pac.verify_ticket(&krbtgt, &seen_by_signature), Ok(()), "{deviation}");
                    assert_eq!(pac.verify_full(&krbtgt), Ok(()), "{deviation}");
                }
            }
            let came = match ticket(&kdc, service(&tgt), NOW) {
                Ok(_) => "krb 0".to_owned(),
                Err(failure) => failure.to_string(),
            };
            assert_eq!(came, format!("krb {code}"), "{deviation}, {flavor:?}");
        }
    }
}
