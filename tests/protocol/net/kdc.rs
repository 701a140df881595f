//! The Kerberos client against the mock KDC, over sockets of the loopback address.

use mock_kdc::{Handle, Kdc, Listener, Realm, Service, SystemRandom, User};
use shakedown::handshake::{Context, Error, Handshake, Input, Outcome, Side, Step, TicketRequest, Trace};
use shakedown::net::ticket::{Surroundings, TicketSource};
use shakedown::net::{
    Around, Clock, Connection, Deadlines, KdcDirectory, KerberosClient, KerberosSettings, Report, Security, dial, kdc,
};
use shakedown_krb5::Principal;
use shakedown_krb5::client::{KerberosFailure, Secret};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

const REALM: &str = "CORP.EXAMPLE.COM";

async fn serve(change: impl FnOnce(&mut Realm)) -> Handle {
    let mut realm = Realm::new(REALM);
    realm.users.push(User::new("alice", "correct horse"));
    realm.services.push(Service::new("postgres/db.test"));
    change(&mut realm);
    let kdc = Kdc::new(&realm, &mut SystemRandom).unwrap();
    Listener::bind_loopback().await.unwrap().serve(Arc::new(kdc))
}

fn client(kdcs: Vec<SocketAddr>) -> KerberosClient {
    let directory = KdcDirectory {
        kdcs: [(REALM.to_owned(), kdcs)].into(),
        domain_realm: [(".test".to_owned(), REALM.to_owned())].into(),
        default_realm: Some(REALM.to_owned()),
        ..KdcDirectory::default()
    };
    KerberosClient::new(KerberosSettings::new(Arc::new(directory)))
}

fn request(service: &str) -> TicketRequest {
    TicketRequest { client: None, service: service.parse().unwrap() }
}

/// What surrounds a client here, and what it wrote.
struct World {
    clock: Clock,
    deadlines: Deadlines,
    trace: Trace,
}

impl World {
    fn new() -> Self {
        Self { clock: Clock::start(), deadlines: Deadlines::default(), trace: Trace::new() }
    }

    async fn kinit(&mut self, client: &mut KerberosClient, password: &str) -> String {
        let Self { clock, deadlines, trace } = self;
        let mut random = SystemRandom;
        let mut around =
            Surroundings { clock: *clock, deadlines: *deadlines, random: &mut random, trace, recordings: None };
        let result = client.kinit(&Principal::new(&["alice"], ""), Secret::password(password), &mut around).await;
        kdc::kinit_outcome(&result).to_string()
    }

    async fn ticket(&mut self, client: &mut KerberosClient, service: &str) -> Result<String, KerberosFailure> {
        let Self { clock, deadlines, trace } = self;
        let mut random = SystemRandom;
        let mut around =
            Surroundings { clock: *clock, deadlines: *deadlines, random: &mut random, trace, recordings: None };
        client.ticket(&request(service), &mut around).await.map(|credential| credential.server.to_string())
    }

    fn events(&mut self) -> String {
        let events = self.trace.to_string();
        self.trace.clear();
        events
    }
}

#[tokio::test]
async fn a_ticket_is_fetched_once_and_then_taken_from_the_cache() {
    let kdc = serve(|_| {}).await;
    let (mut client, mut world) = (client(vec![kdc.address()]), World::new());
    assert_eq!(world.kinit(&mut client, "correct horse").await, "established by kerberos");
    assert_eq!(world.events(), "as-req> krb-error<(25) as-req> as-rep<");
    let ticket = world.ticket(&mut client, "postgres/db.test").await;
    assert_eq!(ticket, Ok("postgres/db.test@CORP.EXAMPLE.COM".to_owned()));
    assert_eq!(world.events(), "tgs-req> tgs-rep<");
    assert_eq!(world.ticket(&mut client, "postgres/db.test").await, ticket);
    assert_eq!(world.events(), "");
    client.destroy();
    assert_eq!(world.ticket(&mut client, "postgres/db.test").await, Err(KerberosFailure::NoCredentials));
    kdc.stop().await;
}

#[tokio::test]
async fn a_secret_fetches_the_first_ticket_when_it_is_needed() {
    let kdc = serve(|_| {}).await;
    let client = client(vec![kdc.address()]);
    let mut client = client.with_secret(&Principal::new(&["alice"], ""), Secret::password("correct horse"));
    let mut world = World::new();
    assert!(world.ticket(&mut client, "postgres/db.test").await.is_ok());
    assert_eq!(world.events(), "as-req> krb-error<(25) as-req> as-rep< tgs-req> tgs-rep<");
    kdc.stop().await;
}

#[tokio::test]
async fn an_expired_ticket_is_not_in_the_cache() {
    let kdc = serve(|_| {}).await;
    let (mut client, mut world) = (client(vec![kdc.address()]), World::new());
    world.kinit(&mut client, "correct horse").await;
    assert!(world.ticket(&mut client, "postgres/db.test").await.is_ok());
    world.clock = world.clock.shifted(25 * 3600);
    assert_eq!(world.ticket(&mut client, "postgres/db.test").await, Err(KerberosFailure::NoCredentials));
    kdc.stop().await;
}

#[tokio::test]
async fn what_the_kdc_says_no_to_is_its_refusal() {
    let kdc = serve(|_| {}).await;
    let (mut client, mut world) = (client(vec![kdc.address()]), World::new());
    assert_eq!(world.kinit(&mut client, "wrong").await, "refused by kdc: krb 24");
    assert_eq!(world.events(), "as-req> krb-error<(25) as-req> krb-error<(24)");
    world.kinit(&mut client, "correct horse").await;
    world.events();
    let unknown = world.ticket(&mut client, "postgres/elsewhere.test").await;
    assert!(matches!(unknown, Err(KerberosFailure::Kdc { code: 7, .. })), "{unknown:?}");
    assert_eq!(world.events(), "tgs-req> krb-error<(7)");
    kdc.stop().await;
}

#[tokio::test]
async fn a_reply_that_fits_no_datagram_comes_by_tcp() {
    let kdc = serve(|realm| realm.max_datagram_reply_octets = 300).await;
    let (mut client, mut world) = (client(vec![kdc.address()]), World::new());
    assert_eq!(world.kinit(&mut client, "correct horse").await, "established by kerberos");
    assert!(world.events().contains("krb-error<(52) as-req> as-rep<"));
    kdc.stop().await;
}

#[tokio::test]
async fn a_kdc_that_is_gone_is_passed_over() {
    let gone = serve(|_| {}).await;
    let address = gone.address();
    gone.stop().await;
    let kdc = serve(|_| {}).await;
    let mut world = World::new();
    assert_eq!(
        world.kinit(&mut client(vec![address, kdc.address()]), "correct horse").await,
        "established by kerberos"
    );
    world.events();
    let outcome = world.kinit(&mut client(vec![address]), "correct horse").await;
    assert_eq!(outcome, "refused by client: no_ticket (kdc unreachable)");
    kdc.stop().await;
}

#[tokio::test]
async fn a_kdc_that_says_nothing_is_waited_for_until_the_deadline() {
    let silent = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let mut world = World::new();
    world.deadlines = Deadlines::all(Duration::from_millis(50));
    let outcome = world.kinit(&mut client(vec![silent.local_addr().unwrap()]), "correct horse").await;
    assert_eq!(outcome, "timed out in kdc_as");
    assert_eq!(world.events(), "as-req>");
}

/// A machine that wants a ticket and is content with it.
struct Asks;

impl Handshake for Asks {
    fn handle(&mut self, input: Input<'_>, _cx: &mut Context<'_>) -> Result<Step, Error> {
        match input {
            Input::Start => Ok(Step::NeedTicket(request("postgres/db.test"))),
            Input::Ticket(Ok(_)) => Ok(Step::Finish(Outcome::established("kerberos"))),
            Input::Ticket(Err(failure)) => {
                Ok(Step::Finish(Outcome::refused(Side::Client, "no_ticket").because(failure.to_string())))
            }
            _ => Err(Error::Misuse("neither bytes nor a layer were asked for")),
        }
    }

    fn outcome(&self) -> Option<&Outcome> {
        None
    }
}

async fn play(server: SocketAddr, tickets: Option<&mut KerberosClient>, deadlines: Deadlines) -> Report {
    let connection = Connection::new(Side::Client, Box::new(Asks), Security::ClearOnly);
    let tickets = tickets.map(|client| client as &mut (dyn TicketSource + 'static));
    let mut random = SystemRandom;
    let mut around = Around { clock: Clock::start(), random: &mut random, deadlines, tickets };
    dial(server, connection, &mut around).await.unwrap().0
}

#[tokio::test]
async fn a_machine_gets_its_ticket_through_the_driver() {
    let kdc = serve(|_| {}).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = listener.local_addr().unwrap();
    let mut kerberos =
        client(vec![kdc.address()]).with_secret(&Principal::new(&["alice"], ""), Secret::password("correct horse"));
    let report = play(server, Some(&mut kerberos), Deadlines::default()).await;
    assert_eq!(report.outcome.to_string(), "established by kerberos");
    assert_eq!(report.trace.to_string(), "connect as-req> krb-error<(25) as-req> as-rep< tgs-req> tgs-rep<");
    assert!(report.phases.kdc_as.is_some() && report.phases.kdc_tgs.is_some());
    let report = play(server, None, Deadlines::default()).await;
    assert_eq!(report.outcome.to_string(), "refused by client: no_ticket (no credentials)");

    let silent = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let mut waiting = client(vec![silent.local_addr().unwrap()]);
    for credential in kerberos.credentials() {
        if credential.server.krbtgt_realm().is_some() {
            waiting.insert(credential.clone());
        }
    }
    let report = play(server, Some(&mut waiting), Deadlines::all(Duration::from_millis(50))).await;
    assert_eq!(report.outcome.to_string(), "timed out in kdc_tgs");
    kdc.stop().await;
}
