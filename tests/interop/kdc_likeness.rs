//! What clients get from MIT's KDC and from the mock for one planned realm: octets in the clear by `shakedown diff`, and here what
//! only a client can see, in tickets of every encryption type and lifetime.

use crate::real_kdc::is_installed;
use shakedown::handshake::{TicketRequest, Trace};
use shakedown::net::kdc::{KdcDirectory, KerberosClient, KerberosSettings};
use shakedown::net::ticket::Surroundings;
use shakedown::net::{Deadlines, TicketSource};
use shakedown::scenario::party::Password;
use shakedown::scenario::{Case, Library, Source, make_plan};
use shakedown::testbed::random::Generator;
use shakedown::testbed::{Backend, Materials};
use shakedown_krb5::client::Secret;
use shakedown_krb5::messages::{Codec, Ticket};
use shakedown_krb5::{Credential, Principal};
use std::collections::BTreeMap;
use std::sync::Arc;

const REALMS: &str = r#"
title  = "Realms"
source = "RFC 4120, 5.3"
name   = "{etypes}/{lifetime}"

[axes]
lifetime = ["10m", "10h", "2d"]
etypes   = [
  { name = "18", first = "aes256-cts-hmac-sha1-96", second = "aes256-cts-hmac-sha1-96" },
  { name = "17", first = "aes128-cts-hmac-sha1-96", second = "aes128-cts-hmac-sha1-96" },
  { name = "19", first = "aes128-cts-hmac-sha256-128", second = "aes128-cts-hmac-sha256-128" },
  { name = "20-17", first = "aes256-cts-hmac-sha384-192", second = "aes128-cts-hmac-sha1-96" },
  { name = "17-20", first = "aes128-cts-hmac-sha1-96", second = "aes256-cts-hmac-sha384-192" },
]

[realm.corp]
realm    = "CORP.EXAMPLE.COM"
users    = { alice = { secret = "alice" } }
services = ["postgres/db.test"]
etypes   = ["{etypes.first}", "{etypes.second}"]
ticket_lifetime = "{lifetime}"

[client.app]
login = "alice"

[[step]]
kinit = { by = "app", user = "alice", realm = "corp" }
then  = "established"
"#;

/// All of a ticket that is not random. A second may begin between a request and its answer.
fn shape(ticket: &Credential) -> String {
    let after = |time: shakedown_krb5::Timestamp| (time.seconds() - ticket.auth_time.seconds() + 2) / 5 * 5;
    let encrypted = Ticket::decode(&ticket.ticket).unwrap();
    format!(
        "{} for {} ({}): flags {:08x}, starts {}, ends {}, renewable {:?}, session {}, ticket {} {:?}",
        ticket.client,
        ticket.server,
        encrypted.server(),
        ticket.flags,
        after(ticket.start_time),
        after(ticket.end_time),
        ticket.renew_till.map(after),
        ticket.key.etype().number(),
        encrypted.enc_part().etype,
        encrypted.enc_part().kvno,
    )
}

/// The ticket-granting ticket and that of the service, by UDP or by TCP alone.
async fn tickets(backend: &Backend, case: &Case, materials: &Arc<Materials>, udp_limit: Option<usize>) -> [String; 2] {
    let world = backend.world(case, materials).await.unwrap();
    let (_, kdc) = world.realms().next().unwrap();
    let mut settings = KerberosSettings::new(Arc::new(KdcDirectory::of("CORP.EXAMPLE.COM", kdc)));
    settings.udp_preference_limit = udp_limit;
    let mut client = KerberosClient::new(settings);
    let (mut trace, mut random) = (Trace::new(), Generator::from_system());
    let mut around = Surroundings {
        clock: materials.clock(),
        deadlines: Deadlines::default(),
        random: &mut random,
        trace: &mut trace,
        recordings: None,
    };
    let alice = Principal::new(&["alice"], "CORP.EXAMPLE.COM");
    let password = materials.secrets().value(&Password::Named("alice".to_owned()));
    client.kinit(&alice, Secret::password(&password), &mut around).await.unwrap();
    let service = Principal::new(&["postgres", "db.test"], "CORP.EXAMPLE.COM");
    let request = TicketRequest { client: None, service };
    let of_service = client.ticket(&request, &mut around).await.unwrap();
    let of_realm = client.credentials()[0].clone();
    world.stop().await;
    [shape(&of_realm), shape(&of_service)]
}

fn cases(text: &str) -> Vec<Case> {
    let source = Source::new("realms", text);
    make_plan(&[source], &Library::built_in().unwrap(), &BTreeMap::new()).unwrap().cases
}

#[tokio::test(flavor = "multi_thread")]
async fn tickets_of_mits_kdc_are_as_those_of_the_mock() {
    if !is_installed() {
        return;
    }
    let cases = cases(REALMS);
    assert_eq!(cases.len(), 15);
    let mit = Backend::parse("kdc=process", None).unwrap();
    let materials = Arc::new(mit.materials(&cases).unwrap());
    let mut shapes = Vec::new();
    for case in &cases {
        for udp_limit in [None, Some(0)] {
            let theirs = tickets(&mit, case, &materials, udp_limit).await;
            assert_eq!(theirs, tickets(&Backend::mock(), case, &materials, udp_limit).await, "{}", case.name);
            shapes.extend(theirs);
        }
    }
    mit.stop().await;
    shapes.sort_unstable();
    shapes.dedup();
    // Two tickets in realms of three lifetimes and four sorts of keys (a client that prefers 17 gets no 20 beside it): had all
    // been alike, nothing would be shown.
    assert_eq!(shapes.len(), 24, "{shapes:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_lifetime_of_the_realm_is_another_ticket() {
    if !is_installed() {
        return;
    }
    let mit = Backend::parse("kdc=process", None).unwrap();
    let (planned, other) = (cases(REALMS), cases(&REALMS.replace("10m", "11m")));
    let materials = Arc::new(mit.materials(&planned).unwrap());
    let theirs = tickets(&mit, &planned[0], &materials, None).await;
    assert_ne!(theirs, tickets(&Backend::mock(), &other[0], &materials, None).await);
    mit.stop().await;
}
