//! What an Active Directory answers that MIT's KDC does not: held against MS-KILE and recorded conversations, as there
//! is none to ask here.

use std::num::NonZeroU32;
use std::sync::OnceLock;

use mock_kdc::{AccountChecks, Flavor, Kdc, Lockout, Preauth, Realm, Service, SystemRandom, User};
use shakedown_krb5::crypto::{Etype, string_to_key, usage};
use shakedown_krb5::messages::flags::kdc_options;
use shakedown_krb5::messages::{
    Codec as _, EncryptedData, EtypeInfo2, Exchange, KdcReply, KdcRequest, KdcRequestBody, KrbError, PaData,
    PreauthEncTimestamp, PrincipalName, padata_type,
};
use shakedown_krb5::principal::name_type;

use crate::request::{AsRequest, PASSWORD, Proof, REALM};
use crate::world::{NOW, settings};

fn realm() -> Realm {
    let user = |name| User { etypes: Some(vec![Etype::Aes256Sha1]), ..User::new(name, PASSWORD) };
    let mut realm = Realm::of(Flavor::ActiveDirectory, REALM);
    realm.upn_suffixes = vec!["example.com".to_owned()];
    realm.lockout = NonZeroU32::new(2).map(Lockout::after);
    realm.users = vec![
        User { etypes: None, ..user("Alice") },
        User { upn: Some("Carol.Jones@example.com".to_owned()), ..user("carol") },
        User { disabled: true, ..user("disabled") },
        User { locked_out: true, ..user("locked") },
        User { expires: Some(NOW), ..user("gone") },
        User { password_expires: Some(NOW), ..user("stale") },
        User { must_change_password: true, ..user("must") },
        User { valid_from: Some(NOW.offset_seconds(1)), ..user("early") },
        User { valid_from: Some(NOW), ..user("just") },
        User { disabled: true, password_expires: Some(NOW), ..user("both") },
        User { aliases: vec!["postgres/web.test".to_owned()], ..user("svc-web") },
        User { aliases: vec!["postgres/twice.test".to_owned()], ..user("svc-one") },
        User { aliases: vec!["postgres/twice.test".to_owned()], ..user("svc-two") },
        User {
            etypes: Some(vec![Etype::Aes256Sha1]),
            aliases: vec!["host/db01.corp.example.com".to_owned()],
            ..User::computer("DB01$", PASSWORD)
        },
        User { preauth: Some(Preauth::NotRequired), ..user("roast") },
        user("clumsy"),
    ];
    realm.services = vec![
        Service::new("postgres/db.test"),
        Service { disabled: true, ..Service::new("off/db.test") },
        Service { keyless: true, ..Service::new("keyless/db.test") },
        Service { valid_from: Some(NOW.offset_seconds(1)), ..Service::new("early/db.test") },
        Service::new("kadmin/changepw"),
    ];
    realm
}

fn kdc() -> &'static Kdc {
    static KDC: OnceLock<Kdc> = OnceLock::new();
    KDC.get_or_init(|| Kdc::new(&realm(), &mut SystemRandom).unwrap())
}

/// An AS-REQ with names as they are, and a proof under the key of this salt.
struct Asked<'a> {
    name: &'a str,
    name_type: i32,
    realm: &'a str,
    salt: Option<&'a str>,
    password: &'a str,
    server: &'a [&'a str],
    options: u32,
}

impl Asked<'_> {
    fn of(name: &str) -> Asked<'_> {
        let server = &["krbtgt", REALM];
        let realm = REALM;
        Asked { name, name_type: name_type::PRINCIPAL, realm, salt: None, password: PASSWORD, server, options: 0 }
    }

    fn octets(&self) -> Vec<u8> {
        let component = |part: &&str| part.as_bytes().to_vec();
        let name =
            |name_type, parts: &[&str]| PrincipalName { name_type, components: parts.iter().map(component).collect() };
        let default = format!("{REALM}{}", self.name);
        let key =
            string_to_key(Etype::Aes256Sha1, self.password.as_bytes(), self.salt.unwrap_or(&default).as_bytes(), None);
        let time = PreauthEncTimestamp { time: NOW };
        let proof = EncryptedData::seal(&key.unwrap(), usage::PA_ENC_TIMESTAMP, &time, &mut SystemRandom);
        let body = KdcRequestBody {
            kdc_options: self.options,
            cname: Some(name(self.name_type, &[self.name])),
            realm: self.realm.as_bytes().to_vec(),
            sname: Some(name(name_type::SRV_INST, self.server)),
            from: None,
            till: NOW.offset_seconds(3600),
            rtime: None,
            nonce: 7,
            etypes: vec![18, 17, 23],
            addresses: None,
            enc_authorization_data: None,
            additional_tickets: Vec::new(),
        };
        KdcRequest::new(Exchange::As, vec![PaData::new(padata_type::ENC_TIMESTAMP, &proof)], body).to_octets()
    }

    fn answer(&self) -> Vec<u8> {
        kdc().answer(&self.octets(), NOW, &mut SystemRandom).octets.unwrap()
    }

    fn error(&self) -> KrbError {
        KrbError::decode(&self.answer()).unwrap()
    }

    fn reply(&self) -> KdcReply {
        let answer = self.answer();
        KdcReply::decode(&answer).unwrap_or_else(|_| panic!("{:?}", KrbError::decode(&answer)))
    }
}

/// KERB-ERROR-DATA with this status (MS-KILE 2.2.1): data-type 3, twelve octets.
fn error_data(status: u32) -> Vec<u8> {
    let mut octets = vec![0x30, 0x15, 0xa1, 3, 2, 1, 3, 0xa2, 0x0e, 4, 0x0c];
    octets.extend(status.to_le_bytes());
    octets.extend([0, 0, 0, 0, 1, 0, 0, 0]);
    octets
}

#[test]
fn errors_have_a_status_and_neither_word_nor_client() {
    for (client, code, status) in [
        ("disabled", 18, Some(0xc000_0072)),
        ("locked", 18, Some(0xc000_0234)),
        ("gone", 18, Some(0xc000_0193)),
        ("stale", 23, Some(0xc000_0071)),
        ("must", 23, Some(0xc000_0224)),
        ("both", 18, Some(0xc000_0072)),
        ("early", 21, None),
        ("nobody", 6, None),
    ] {
        let error = Asked::of(client).error();
        assert_eq!((error.error_code, &error.e_data), (code, &status.map(error_data)), "{client}");
        assert_eq!((&error.e_text, &error.cname, &error.crealm), (&None, &None, &None), "{client}");
    }
    assert_eq!(Asked::of("just").reply().client.components, [b"just"]);
}

#[test]
fn an_old_password_is_told_to_who_knows_it_and_a_disabled_account_to_anybody() {
    let wrong = |name| Asked { password: "wrong", ..Asked::of(name) }.error().error_code;
    assert_eq!((wrong("stale"), wrong("must"), wrong("disabled"), wrong("gone")), (24, 24, 18, 18));
    let unproven = |name| {
        let request = AsRequest { client: Some(name), proof: Proof::Missing, ..AsRequest::good(NOW) };
        KrbError::decode(&kdc().answer(&request.octets(), NOW, &mut SystemRandom).octets.unwrap()).unwrap().error_code
    };
    assert_eq!((unproven("stale"), unproven("disabled")), (25, 18));
    let change = Asked { server: &["kadmin", "changepw"], ..Asked::of("must") };
    assert_eq!(change.reply().client.components, [b"must"]);
}

#[test]
fn all_can_be_told_after_the_proof_only() {
    let mut realm = realm();
    realm.account_checks = AccountChecks::AfterProof;
    realm.users.retain(|user| user.name == "disabled");
    let kdc = Kdc::new(&realm, &mut SystemRandom).unwrap();
    let code = |password| {
        let octets = Asked { password, ..Asked::of("disabled") }.octets();
        KrbError::decode(&kdc.answer(&octets, NOW, &mut SystemRandom).octets.unwrap()).unwrap().error_code
    };
    assert_eq!((code("wrong"), code(PASSWORD)), (24, 18));
}

#[test]
fn hints_name_all_keys_and_the_stored_salt() {
    let request = AsRequest { client: Some("ALICE"), proof: Proof::Missing, ..AsRequest::good(NOW) };
    let error = KrbError::decode(&kdc().answer(&request.octets(), NOW, &mut SystemRandom).octets.unwrap()).unwrap();
    assert_eq!(error.error_code, 25);
    let hints = error.method_data();
    let types: Vec<_> = hints.iter().map(|hint| hint.padata_type).collect();
    assert_eq!(types, [19, 2, 16, 15]);
    let entries = EtypeInfo2::decode(&hints[0].padata_value).unwrap().0;
    let etypes: Vec<_> = entries.iter().map(|entry| entry.etype).collect();
    assert_eq!(etypes, [18, 17]);
    assert!(entries.iter().all(|entry| entry.salt.as_deref() == Some(b"CORP.EXAMPLE.COMAlice")));
    let failed = Asked { password: "wrong", ..Asked::of("roast") }.error();
    let types: Vec<_> = failed.method_data().iter().map(|hint| hint.padata_type).collect();
    assert_eq!((failed.error_code, types), (24, vec![19]));
}

#[test]
fn the_case_of_a_name_does_not_matter_and_is_kept_unless_canonicalized() {
    let asked = || Asked { salt: Some("CORP.EXAMPLE.COMAlice"), ..Asked::of("aLiCe") };
    let reply = asked().reply();
    assert_eq!((reply.client.components, reply.client.realm), (vec![b"aLiCe".to_vec()], REALM.into()));
    let reply = Asked { options: kdc_options::CANONICALIZE, ..asked() }.reply();
    assert_eq!(reply.client.components, [b"Alice"]);
    // The realm is the stored one whatever was asked for, and so is the name of its ticket-granting service: clients that
    // did not ask for canonical names say that the reply did not match.
    let lower = Asked { realm: "corp.example.com", server: &["krbtgt", "corp.example.com"], ..asked() };
    let reply = lower.reply();
    assert_eq!(reply.client.realm, REALM.as_bytes());
    assert_eq!(reply.ticket.server().to_string(), "krbtgt/CORP.EXAMPLE.COM@CORP.EXAMPLE.COM");
}

#[test]
fn enterprise_names_are_given_ones_or_made_of_account_and_realm() {
    let enterprise =
        |name, salt, options| Asked { name_type: name_type::ENTERPRISE, salt: Some(salt), options, ..Asked::of(name) };
    let canonicalize = kdc_options::CANONICALIZE;
    let carol = "CORP.EXAMPLE.COMCarol.Jones";
    for name in ["carol.jones@EXAMPLE.com", "carol@corp.example.com", "carol@example.com"] {
        let reply = enterprise(name, carol, canonicalize).reply();
        assert_eq!((reply.client.to_string().as_str(), reply.client.name_type), ("carol@CORP.EXAMPLE.COM", 1));
        let reply = enterprise(name, carol, 0).reply();
        assert_eq!((&reply.client.components, reply.client.name_type), (&vec![name.as_bytes().to_vec()], 10));
    }
    for name in ["carol@elsewhere.test", "nobody@example.com", "carol"] {
        assert_eq!(enterprise(name, carol, canonicalize).error().error_code, 6, "{name}");
    }
}

#[test]
fn computers_have_the_salt_of_their_host() {
    let salt = Some("CORP.EXAMPLE.COMhostdb01.corp.example.com");
    assert_eq!(Asked { salt, ..Asked::of("db01$") }.reply().client.components, [b"db01$"]);
}

#[test]
fn services_are_found_by_their_names_and_refused_by_their_states() {
    let to = |server| Asked { server, salt: Some("CORP.EXAMPLE.COMAlice"), ..Asked::of("alice") };
    for (server, code) in [
        (&["off", "db.test"][..], 19),
        (&["keyless", "db.test"], 9),
        (&["early", "db.test"], 22),
        (&["postgres", "twice.test"], 8),
        (&["postgres", "nowhere.test"], 7),
        (&["carol"], 27),
    ] {
        assert_eq!(to(server).error().error_code, code, "{server:?}");
    }
    for server in [&["postgres", "WEB.test"][..], &["host", "db01.corp.example.com"], &["DB01$"], &["svc-web"]] {
        let ticket = to(server).reply().ticket;
        assert_eq!(ticket.server().components, server.iter().map(|c| c.as_bytes().to_vec()).collect::<Vec<_>>());
    }
}

#[test]
fn wrong_passwords_lock_and_right_ones_count_from_the_start() {
    let kdc = Kdc::new(&realm(), &mut SystemRandom).unwrap();
    let code = |password| {
        let octets = Asked { password, ..Asked::of("clumsy") }.octets();
        let answer = kdc.answer(&octets, NOW, &mut SystemRandom).octets.unwrap();
        KrbError::decode(&answer).map_or(0, |error| error.error_code)
    };
    assert_eq!([code("wrong"), code(PASSWORD), code("wrong"), code("wrong"), code(PASSWORD)], [24, 0, 24, 24, 18]);
    kdc.alter("clumsy", mock_kdc::Alteration::LockedOut(false)).unwrap();
    assert_eq!(code(PASSWORD), 0);
}

#[test]
fn former_passwords_do_not_count_but_open_nothing() {
    let mut realm = realm();
    realm.users.retain(|user| user.name == "clumsy");
    realm.users[0].password_history = 1;
    let kdc = Kdc::new(&realm, &mut SystemRandom).unwrap();
    kdc.set_password("clumsy", &mock_kdc::Password::new("new"), mock_kdc::Rotation::DropOld).unwrap();
    let code = |password| {
        let octets = Asked { password, ..Asked::of("clumsy") }.octets();
        let answer = kdc.answer(&octets, NOW, &mut SystemRandom).octets.unwrap();
        KrbError::decode(&answer).map_or(0, |error| error.error_code)
    };
    assert_eq!([code(PASSWORD), code(PASSWORD), code(PASSWORD), code("new")], [24, 24, 24, 0]);
    assert_eq!([code("wrong"), code("wrong"), code("new")], [24, 24, 18]);
}

/// Our own client goes by what it is told: it needs no salt of its own.
#[test]
fn a_client_that_writes_its_name_otherwise_gets_in_by_the_salt_that_it_is_told() {
    let credential = crate::world::login(kdc(), settings("ALICE"), NOW).unwrap();
    assert_eq!(credential.client.components, [b"ALICE"]);
}
