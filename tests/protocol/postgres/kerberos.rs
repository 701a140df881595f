//! Kerberos: as an authentication in clear and over TLS, as encryption, and what comes of wrong keys and names.

use super::conversation::{Counter, NOW};
use super::{Conversation, server};
use shakedown::postgres::{ClientSettings, Deviation, GssEncMode, KerberosSettings, Secret, ServerSettings, SslMode};
use shakedown_krb5::client::KerberosFailure;
use shakedown_krb5::crypto::{Etype, Key, usage};
use shakedown_krb5::gss::Acceptor;
use shakedown_krb5::keytab::{Entry, Keytab};
use shakedown_krb5::messages::{Codec, EncTicketPart, EncryptedData, EncryptionKey, Ticket, Transited};
use shakedown_krb5::{Credential, Principal};
use std::sync::Arc;
use std::time::Duration;

const REALM: &str = "CORP.EXAMPLE.COM";

fn key(octet: u8) -> Key {
    Key::new(Etype::Aes256Sha1, &[octet; 32]).expect("32 octets are a key of AES-256")
}

fn service() -> Principal {
    Principal::new(&["postgres", "db.test"], REALM)
}

/// A ticket of kvno 3 for the service, under key 1, as a KDC would issue it.
pub(super) fn ticket(user: &str) -> Credential {
    let (client, session, service_key) = (Principal::new(&[user], REALM), key(9), key(1));
    let end_time = NOW + Duration::from_secs(3600);
    let part = EncTicketPart {
        flags: 0,
        key: EncryptionKey::new(session.etype().number(), session.bytes()),
        client: client.clone(),
        transited: Transited::default(),
        auth_time: NOW,
        start_time: Some(NOW),
        end_time,
        renew_till: None,
        addresses: None,
        authorization_data: None,
    };
    let enc_part = EncryptedData {
        etype: service_key.etype().number(),
        kvno: Some(3),
        cipher: service_key.encrypt(usage::TICKET, &part.to_octets(), &mut Counter(3)),
    };
    Credential {
        client,
        server: service(),
        key: session,
        auth_time: NOW,
        start_time: NOW,
        end_time,
        renew_till: None,
        flags: 0,
        ticket: Ticket::new(service(), enc_part).octets().to_vec(),
    }
}

fn keytab(principal: Principal, kvno: u32, key: &Key) -> Keytab {
    Keytab { entries: vec![Entry { principal, timestamp: 0, kvno, key: key.into() }] }
}

pub(super) fn kerberized(rules: &[&str], keytab: Keytab) -> ServerSettings {
    let mut settings = server(rules);
    settings.acceptor = Some(Arc::new(Acceptor::new(keytab)));
    settings.gss_encryption = true;
    settings
}

pub(super) fn right_keytab() -> Keytab {
    keytab(service(), 3, &key(1))
}

fn client(user: &str) -> ClientSettings {
    ClientSettings {
        kerberos: Some(KerberosSettings::new("db.test")),
        gss_enc_mode: GssEncMode::Disable,
        ssl_mode: SslMode::Disable,
        ..ClientSettings::new(user)
    }
}

const END: &str = "auth-ok< parameter< ready<";
pub(super) const STRIP: [&str; 1] = ["host all all gss include_realm=0"];

#[test]
fn a_ticket_logs_in_with_and_without_mutual_authentication() {
    for (mutual, exchange) in [(true, "ap-req> ap-rep<"), (false, "ap-req>")] {
        let kerberos = Some(KerberosSettings { mutual, ..KerberosSettings::new("db.test") });
        let settings = ClientSettings { kerberos, ..client("kerberos") };
        let conversation =
            Conversation::hold_with(settings, kerberized(&STRIP, right_keytab()), Ok(ticket("kerberos")));
        assert_eq!(conversation.client(), "established by kerberos");
        assert_eq!(conversation.server(), "established by kerberos");
        assert_eq!(conversation.trace, format!("startup> auth-request<(gss) {exchange} {END}"));
        assert_eq!(conversation.server_trace, conversation.trace);
    }
}

#[test]
fn a_ticket_logs_in_over_tls() {
    let settings = ClientSettings { ssl_mode: SslMode::Require, ..client("kerberos") };
    let rules = ["hostssl all all gss include_realm=0"];
    let conversation = Conversation::hold_with(settings, kerberized(&rules, right_keytab()), Ok(ticket("kerberos")));
    assert_eq!(conversation.client(), "established TLS1.2 ECDHE-RSA-AES128-GCM-SHA256 by kerberos");
}

#[test]
fn wrong_keys_are_told_by_a_krb_error_token_and_then_28000() {
    let check = |keytab: Keytab, code: i32| {
        let conversation =
            Conversation::hold_with(client("kerberos"), kerberized(&STRIP, keytab), Ok(ticket("kerberos")));
        assert_eq!(conversation.client(), format!("refused by server: 28000 (krb {code})"));
        assert_eq!(conversation.server(), format!("refused by server: 28000 (krb {code})"));
        assert_eq!(conversation.trace, format!("startup> auth-request<(gss) ap-req> krb-error<({code}) error<(28000)"));
        assert_eq!(conversation.server_trace, conversation.trace);
    };
    check(keytab(service(), 4, &key(2)), 44);
    check(keytab(service(), 3, &key(2)), 31);
    check(keytab(Principal::new(&["mysql", "db.test"], REALM), 3, &key(2)), 35);
}

#[test]
fn without_mutual_authentication_only_the_server_knows_the_reason() {
    let kerberos = Some(KerberosSettings { mutual: false, ..KerberosSettings::new("db.test") });
    let settings = ClientSettings { kerberos, ..client("kerberos") };
    let server = kerberized(&STRIP, keytab(service(), 4, &key(2)));
    let conversation = Conversation::hold_with(settings, server, Ok(ticket("kerberos")));
    assert_eq!(conversation.client(), "refused by server: 28000");
    assert_eq!(conversation.server(), "refused by server: 28000 (krb 44)");
    assert_eq!(conversation.trace, "startup> auth-request<(gss) ap-req> error<(28000)");
}

#[test]
fn a_server_without_keys_says_nothing_but_28000() {
    let conversation =
        Conversation::hold_with(client("kerberos"), kerberized(&STRIP, Keytab::default()), Ok(ticket("kerberos")));
    assert_eq!(conversation.client(), "refused by server: 28000");
    assert_eq!(conversation.server(), "refused by server: 28000 (no keytab)");
    let message = conversation.client.expect("an outcome").message.expect("a text");
    assert_eq!(message, "GSSAPI authentication failed for user \"kerberos\"");
}

#[test]
fn the_name_is_compared_behind_the_ap_rep() {
    let check = |role: &str, rule: &str, expected: Result<(), &str>| {
        let mut settings = kerberized(&[rule], right_keytab());
        let account = shakedown::postgres::Account::without_password();
        settings.accounts.insert(role.to_owned(), account);
        let conversation = Conversation::hold_with(client(role), settings, Ok(ticket("kerberos")));
        let (outcome, end) = match expected {
            Ok(()) => ("established by kerberos".to_owned(), END.to_owned()),
            Err(cause) => (format!("refused by server: 28000 ({cause})"), "error<(28000)".to_owned()),
        };
        assert_eq!(conversation.server(), outcome, "{rule}");
        assert_eq!(conversation.trace, format!("startup> auth-request<(gss) ap-req> ap-rep< {end}"), "{rule}");
    };
    check("kerberos@CORP.EXAMPLE.COM", "host all all gss", Ok(()));
    check("kerberos", "host all all gss", Err("principal is not the role"));
    check("kerberos", "host all all gss include_realm=0", Ok(()));
    check("other", "host all all gss include_realm=0", Err("principal is not the role"));
    check("kerberos", "host all all gss include_realm=0 krb_realm=CORP.EXAMPLE.COM", Ok(()));
    check("kerberos", "host all all gss include_realm=0 krb_realm=OTHER", Err("realm not allowed"));
}

#[test]
fn a_client_without_a_ticket_leaves_without_a_word() {
    let check = |kerberos: Option<KerberosSettings>, failure: KerberosFailure, outcome: &str| {
        let settings = ClientSettings { kerberos, ..client("kerberos") };
        let conversation = Conversation::hold_with(settings, kerberized(&STRIP, right_keytab()), Err(failure));
        assert_eq!(conversation.client(), outcome);
        assert_eq!(conversation.server(), "refused by client: eof");
        assert_eq!(conversation.trace, "startup> auth-request<(gss)");
    };
    let some = || Some(KerberosSettings::new("db.test"));
    check(None, KerberosFailure::NoCredentials, "refused by client: no_ticket");
    check(some(), KerberosFailure::NoCredentials, "refused by client: no_ticket (no credentials)");
    let unknown = KerberosFailure::Kdc { code: 7, text: "server not found".to_owned() };
    check(some(), unknown, "refused by kdc: krb 7");
}

#[test]
fn encryption_is_an_authentication_too_where_the_rule_says_gss() {
    let rules = ["hostgssenc all kerberos gss include_realm=0", "host all all reject"];
    let settings = ClientSettings { gss_enc_mode: GssEncMode::Require, ..client("kerberos") };
    let conversation = Conversation::hold_with(settings, kerberized(&rules, right_keytab()), Ok(ticket("kerberos")));
    assert_eq!(conversation.client(), "established by kerberos");
    assert_eq!(conversation.server(), "established by kerberos");
    // The tokens are recorded by the layer that carries them, which is not here.
    assert_eq!(conversation.trace, format!("gssenc-request> gssenc-accept< startup> {END}"));
    assert_eq!(conversation.server_trace, conversation.trace);
}

#[test]
fn inside_of_encryption_any_method_works_and_the_rules_see_it() {
    let rules = ["hostssl all all reject", "hostgssenc all all scram-sha-256", "hostnogssenc all all trust"];
    let hold = |gss_enc_mode| {
        let settings = ClientSettings { gss_enc_mode, secret: Some(Secret::password("wonderland")), ..client("alice") };
        Conversation::hold_with(settings, kerberized(&rules, right_keytab()), Ok(ticket("kerberos"))).client()
    };
    assert_eq!(hold(GssEncMode::Prefer), "established by password");
    assert_eq!(hold(GssEncMode::Disable), "established by trust");
}

#[test]
fn a_connection_under_gss_without_a_rule_is_refused_with_that_in_the_text() {
    let settings = ClientSettings { gss_enc_mode: GssEncMode::Require, ..client("kerberos") };
    let server = kerberized(&["hostnogssenc all all trust"], right_keytab());
    let outcome = Conversation::hold_with(settings, server, Ok(ticket("kerberos"))).client.expect("an outcome");
    assert!(outcome.message.expect("a text").ends_with(", GSS encryption"));
}

#[test]
fn a_client_that_asked_for_mutual_authentication_notices_when_it_is_left_out() {
    let mut server = kerberized(&STRIP, right_keytab());
    server.deviation = Some(Deviation::OmitApRep);
    let conversation = Conversation::hold_with(client("kerberos"), server, Ok(ticket("kerberos")));
    assert!(conversation.client().contains("AuthenticationOk before the AP-REP"), "{}", conversation.client());
}
