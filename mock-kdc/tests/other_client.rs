//! A second, independent implementation (the crate `krb5`) against the KDC, its keytabs and the caches: it needs
//! nothing installed.

#![expect(clippy::unwrap_used, reason = "a test may panic, and so may what it calls")]

use std::sync::Arc;
use std::time::Duration;

use krb5::ccache::CCache;
use krb5::{InitiatorContext, KdcClient, KerberosContext};
use mock_kdc::{Deviation, Handle, Kdc, Listener, Realm, Service, SystemRandom, Transport, User};
use shakedown_krb5::ccache::CredentialCache;
use shakedown_krb5::crypto::Etype;

const PASSWORD: &str = "correct horse";

struct World {
    handle: Handle,
    // Dropped after the handle, whose tasks it runs.
    _runtime: tokio::runtime::Runtime,
}

impl World {
    fn new() -> Self {
        let mut realm = Realm::new("CORP.EXAMPLE.COM");
        realm.users.push(User::new("alice", PASSWORD));
        realm.services.push(Service::new("postgres/db.test"));
        Self::of(&realm)
    }

    fn of(realm: &Realm) -> Self {
        let kdc = Arc::new(Kdc::new(realm, &mut SystemRandom).unwrap());
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let handle = runtime.block_on(async { Listener::bind_loopback().await.unwrap().serve(kdc) });
        Self { handle, _runtime: runtime }
    }

    fn client(&self) -> KdcClient {
        KdcClient::new("CORP.EXAMPLE.COM", [self.handle.address().to_string()]).with_timeout(Duration::from_secs(2))
    }

    /// The keytab of a principal, read by the other implementation.
    fn keytab(&self, principal: &str) -> krb5::Keytab {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keytab");
        std::fs::write(&path, self.handle.kdc().keytab(principal, 1).unwrap().write().unwrap()).unwrap();
        krb5::Keytab::load(&path).unwrap()
    }
}

fn principal(name: &str) -> krb5::Principal {
    krb5::Principal::parse(&format!("{name}@CORP.EXAMPLE.COM")).unwrap()
}

#[test]
fn each_encryption_type_logs_in_and_the_service_accepts_its_ticket() {
    let world = World::new();
    let keytab = world.keytab("postgres/db.test");
    for etype in Etype::AES {
        let client = world.client().with_enctypes(&[etype.number()]);
        let tgt = client.login_with_password(&principal("alice"), PASSWORD).unwrap();
        let ticket = client.service_ticket(&tgt, &principal("postgres/db.test")).unwrap();
        let (_, token) = InitiatorContext::new(&ticket, 0).unwrap();
        let (context, _) = KerberosContext::accept_token(&keytab, &token).unwrap();
        assert_eq!(context.client_principal, "alice@CORP.EXAMPLE.COM");
    }
}

#[test]
fn a_keytab_logs_in_over_either_transport() {
    let world = World::new();
    let keytab = world.keytab("alice");
    for (udp, expected) in [(true, Transport::Udp), (false, Transport::Tcp)] {
        let before = world.handle.log().count();
        world.client().with_udp(udp).login_with_keytab(&principal("alice"), &keytab).unwrap();
        assert!(world.handle.log().since(before).iter().all(|event| event.transport == Some(expected)));
    }
}

#[test]
fn tickets_are_renewed_and_forwarded() {
    let world = World::new();
    let client = world.client().with_forwardable(true).with_renew_lifetime(Some(Duration::from_secs(86_400)));
    let tgt = client.login_with_password(&principal("alice"), PASSWORD).unwrap();
    let renewed = client.renew(&tgt).unwrap();
    assert_eq!(renewed.endtime - renewed.starttime.unwrap_or(renewed.authtime), tgt.endtime - tgt.authtime);
    client.forwarded_tgt(&tgt, None).unwrap();
    let plain = world.client().login_with_password(&principal("alice"), PASSWORD).unwrap();
    assert_eq!(client.forwarded_tgt(&plain, None).unwrap_err().kdc_code(), Some(13));
}

#[test]
fn refusals_have_their_codes() {
    let world = World::new();
    let client = world.client();
    let code =
        |name: &str, password: &str| client.login_with_password(&principal(name), password).unwrap_err().kdc_code();
    assert_eq!(code("nobody", PASSWORD), Some(6));
    assert_eq!(code("alice", "wrong"), Some(24));
    let tgt = client.login_with_password(&principal("alice"), PASSWORD).unwrap();
    assert_eq!(client.service_ticket(&tgt, &principal("nobody/db.test")).unwrap_err().kdc_code(), Some(7));
}

#[test]
fn deviations_are_caught() {
    let world = World::new();
    let client = world.client();
    let login = || client.login_with_password(&principal("alice"), PASSWORD);
    // Other names are not among them: this implementation does not compare them in an AS-REP.
    for name in ["wrong-nonce", "wrong-etype", "broken-ciphertext", "truncated"] {
        let deviation = Deviation::named(name).unwrap();
        world.handle.kdc().set_deviations(&[deviation]);
        assert!(login().is_err(), "{deviation}");
    }
    world.handle.kdc().set_deviations(&[]);
    login().unwrap();
}

#[test]
fn its_credential_cache_is_ours_octet_for_octet() {
    let world = World::new();
    let client = world.client();
    let tgt = client.login_with_password(&principal("alice"), PASSWORD).unwrap();
    let ticket = client.service_ticket(&tgt, &principal("postgres/db.test")).unwrap();
    let mut theirs = CCache::with_credentials(&tgt);
    theirs.store(&ticket);
    let octets = theirs.encode();
    let ours = CredentialCache::read(&octets).unwrap();
    assert_eq!(ours.write().unwrap(), octets);
    let found = ours.find(&"postgres/db.test@CORP.EXAMPLE.COM".parse().unwrap()).unwrap().credential().unwrap();
    assert_eq!((found.ticket, found.end_time.seconds(), found.flags), (ticket.ticket, ticket.endtime, ticket.flags));
    assert_eq!(CCache::decode(&ours.write().unwrap()).unwrap().encode(), octets);
}

/// Requests within FAST, armored with the ticket of a host; the other implementation demands that replies come through
/// the tunnel and that their tickets are the ones that were meant.
#[test]
fn each_encryption_type_logs_in_within_fast() {
    let mut realm = Realm::new("CORP.EXAMPLE.COM");
    realm.fast = mock_kdc::Fast::Required;
    realm.users.push(User::new("alice", PASSWORD));
    realm.services.push(Service::new("postgres/db.test"));
    realm.services.push(Service::new("host/client.test"));
    let world = World::of(&realm);
    let keytab = world.keytab("host/client.test");
    for host in Etype::AES {
        let host = world.client().with_enctypes(&[host.number()]);
        let armor = host.login_with_keytab(&principal("host/client.test"), &keytab).unwrap();
        for etype in Etype::AES {
            let client = world.client().with_enctypes(&[etype.number()]).with_fast_armor(armor.clone());
            let tgt = client.login_with_password(&principal("alice"), PASSWORD).unwrap();
            client.service_ticket(&tgt, &principal("postgres/db.test")).unwrap();
            assert_eq!(client.login_with_password(&principal("alice"), "wrong").unwrap_err().kdc_code(), Some(24));
        }
    }
    // The counter-check: without armor there is no ticket.
    let refused = world.client().login_with_password(&principal("alice"), PASSWORD).unwrap_err();
    assert_eq!(refused.kdc_code(), Some(12));
}
