//! How the Kerberos client finds a KDC that answers: KDCs that say nothing, nonsense, no, or too late.

use mock_kdc::{Handle, Kdc, Listener, Realm, Service, SystemRandom, User};
use shakedown::handshake::{TicketRequest, Trace};
use shakedown::net::kdc::{self, Patience};
use shakedown::net::ticket::{Surroundings, TicketSource};
use shakedown::net::{Clock, Deadlines, KdcDirectory, KerberosClient, KerberosSettings};
use shakedown_krb5::client::{Secret, Transport};
use shakedown_krb5::der::Codec;
use shakedown_krb5::messages::KrbError;
use shakedown_krb5::{Principal, Timestamp};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

const REALM: &str = "CORP.EXAMPLE.COM";
const PASSWORD: &str = "correct horse";

async fn real(password: &str) -> Handle {
    let mut realm = Realm::new(REALM);
    realm.users.push(User::new("alice", password));
    realm.users.push(User::new("bob", password));
    realm.services.push(Service::new("mysql/db.test"));
    let kdc = Kdc::new(&realm, &mut SystemRandom).unwrap();
    Listener::bind_loopback().await.unwrap().serve(Arc::new(kdc))
}

/// A KDC on UDP alone that does with each datagram what it is told; gone when dropped.
struct Fake {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Fake {
    async fn new<F>(mut answer: impl FnMut(usize, Vec<u8>, SocketAddr, Arc<UdpSocket>) -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send,
    {
        let socket = Arc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap());
        let address = socket.local_addr().unwrap();
        let task = tokio::spawn(async move {
            let mut buffer = vec![0; 65_536];
            for count in 0.. {
                let Ok((length, client)) = socket.recv_from(&mut buffer).await else { return };
                answer(count, buffer[..length].to_vec(), client, Arc::clone(&socket)).await;
            }
        });
        Self { address, task }
    }

    async fn silent() -> Self {
        Self::new(|_, _, _, _| async {}).await
    }

    async fn saying(octets: Vec<u8>) -> Self {
        Self::new(move |_, _, client, socket| {
            let octets = octets.clone();
            async move { drop(socket.send_to(&octets, client).await) }
        })
        .await
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What a KDC answers to a datagram.
async fn answer_of(kdc: SocketAddr, request: &[u8]) -> Vec<u8> {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.send_to(request, kdc).await.unwrap();
    let mut buffer = vec![0; 65_536];
    let length = tokio::time::timeout(Duration::from_secs(10), socket.recv(&mut buffer)).await.unwrap().unwrap();
    buffer.truncate(length);
    buffer
}

/// Long enough for a KDC that answers, on a machine that has other things to do.
const UNHURRIED: Patience = Patience {
    reply: Duration::from_millis(700),
    pass: Duration::from_millis(20),
    passes: 3,
    stream: Duration::from_secs(10),
};

/// Passes are over after some hundredths of a second.
const HASTY: Patience = Patience {
    reply: Duration::from_millis(20),
    pass: Duration::from_millis(20),
    passes: 3,
    stream: Duration::from_secs(10),
};

fn client(kdcs: &[SocketAddr], patience: Patience) -> KerberosClient {
    with_directory(patience, |directory| directory.kdcs = [(REALM.to_owned(), kdcs.to_vec())].into())
}

fn with_directory(patience: Patience, change: impl FnOnce(&mut KdcDirectory)) -> KerberosClient {
    let mut directory = KdcDirectory { default_realm: Some(REALM.to_owned()), ..KdcDirectory::default() };
    change(&mut directory);
    KerberosClient::new(KerberosSettings { patience, ..KerberosSettings::new(Arc::new(directory)) })
}

/// How a kinit of alice came out, and what was said.
async fn kinit(client: &mut KerberosClient, password: &str) -> (String, String) {
    let (mut trace, mut random) = (Trace::new(), SystemRandom);
    let mut around = Surroundings {
        clock: Clock::start(),
        deadlines: Deadlines::default(),
        random: &mut random,
        trace: &mut trace,
        recordings: None,
    };
    let result = client.kinit(&Principal::new(&["alice"], ""), Secret::password(password), &mut around).await;
    (kdc::kinit_outcome(&result).to_string(), trace.to_string())
}

async fn ticket(client: &mut KerberosClient, who: Option<&str>) -> (Result<String, String>, String) {
    let (mut trace, mut random) = (Trace::new(), SystemRandom);
    let mut around = Surroundings {
        clock: Clock::start(),
        deadlines: Deadlines::default(),
        random: &mut random,
        trace: &mut trace,
        recordings: None,
    };
    let request =
        TicketRequest { client: who.map(|who| Principal::new(&[who], "")), service: "mysql/db.test".parse().unwrap() };
    let result = client.ticket(&request, &mut around).await;
    (result.map(|ticket| ticket.server.to_string()).map_err(|failure| failure.to_string()), trace.to_string())
}

const LOGIN: &str = "as-req> krb-error<(25) as-req> as-rep<";
const ESTABLISHED: &str = "established by kerberos";

#[tokio::test]
async fn the_next_kdc_is_asked_where_one_says_nothing() {
    let (silent, kdc) = (Fake::silent().await, real(PASSWORD).await);
    let (outcome, trace) = kinit(&mut client(&[silent.address, kdc.address()], UNHURRIED), PASSWORD).await;
    assert_eq!(outcome, ESTABLISHED);
    assert!(trace.starts_with("as-req> again> krb-error<(25) as-req>"), "{trace}");
    kdc.stop().await;
}

#[tokio::test]
async fn a_lost_datagram_is_sent_again_octet_for_octet() {
    let kdc = real(PASSWORD).await;
    let (address, (tell, mut told)) = (kdc.address(), tokio::sync::mpsc::unbounded_channel());
    let lossy = Fake::new(move |count, request, client, socket| {
        tell.send(request.clone()).unwrap();
        async move {
            if count > 0 {
                let reply = answer_of(address, &request).await;
                drop(socket.send_to(&reply, client).await);
            }
        }
    })
    .await;
    let (outcome, trace) = kinit(&mut client(&[lossy.address], UNHURRIED), PASSWORD).await;
    assert_eq!(outcome, ESTABLISHED);
    // The second is the stream that nobody listens for.
    assert!(trace.starts_with("as-req> again> again> krb-error<(25)"), "{trace}");
    assert_eq!(told.recv().await, told.recv().await);
    kdc.stop().await;
}

#[tokio::test]
async fn a_late_reply_counts_although_another_kdc_was_asked_since() {
    let (kdc, silent) = (real(PASSWORD).await, Fake::silent().await);
    let (address, second) = (kdc.address(), Arc::new(tokio::sync::Notify::new()));
    let heard = Arc::clone(&second);
    let waits = Fake::new(move |_, _, _, _| {
        heard.notify_one();
        async {}
    })
    .await;
    let late = Fake::new(move |count, request, client, socket| {
        let second = Arc::clone(&second);
        async move {
            if count == 0 {
                second.notified().await;
            }
            let reply = answer_of(address, &request).await;
            drop(socket.send_to(&reply, client).await);
        }
    })
    .await;
    let (outcome, trace) =
        kinit(&mut client(&[late.address, waits.address, silent.address], UNHURRIED), PASSWORD).await;
    assert_eq!(outcome, ESTABLISHED);
    assert!(trace.starts_with("as-req> again> krb-error<(25) as-req>"), "{trace}");
    kdc.stop().await;
}

#[tokio::test]
async fn a_kdc_that_is_unavailable_makes_room_for_the_next() {
    let unavailable = KrbError::new(29, Timestamp::from_seconds(1_700_000_000), Principal::krbtgt(REALM.as_bytes()));
    let (down, kdc) = (Fake::saying(unavailable.to_octets()).await, real(PASSWORD).await);
    let (outcome, trace) = kinit(&mut client(&[down.address, kdc.address()], Patience::default()), PASSWORD).await;
    let passed = "as-req> krb-error<(29) ";
    assert_eq!(
        (outcome.as_str(), trace),
        (ESTABLISHED, format!("{passed}as-req> krb-error<(25) {passed}as-req> as-rep<"))
    );
    let (outcome, trace) = kinit(&mut client(&[down.address], Patience::default()), PASSWORD).await;
    assert_eq!((outcome.as_str(), trace.as_str()), ("refused by kdc: krb 29", "as-req> krb-error<(29) as-req>"));
    kdc.stop().await;
}

#[tokio::test]
async fn a_datagram_from_elsewhere_is_no_reply_and_nonsense_from_the_kdc_is_one() {
    let kdc = real(PASSWORD).await;
    let address = kdc.address();
    let besieged = Fake::new(move |_, request, client, socket| async move {
        let stranger = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        drop(stranger.send_to(b"nonsense", client).await);
        let reply = answer_of(address, &request).await;
        drop(socket.send_to(&reply, client).await);
    })
    .await;
    let (outcome, trace) = kinit(&mut client(&[besieged.address], Patience::default()), PASSWORD).await;
    assert_eq!((outcome.as_str(), trace.as_str()), (ESTABLISHED, LOGIN));
    for nonsense in [&b"nonsense"[..], b""] {
        let fool = Fake::saying(nonsense.to_vec()).await;
        let (outcome, trace) = kinit(&mut client(&[fool.address, address], Patience::default()), PASSWORD).await;
        let expected = "refused by client: no_ticket (reply rejected: message type)";
        assert_eq!((outcome.as_str(), trace.as_str()), (expected, "as-req>"));
    }
    kdc.stop().await;
}

#[tokio::test]
async fn three_passes_and_it_is_over() {
    let silent = Fake::silent().await;
    let (outcome, trace) = kinit(&mut client(&[silent.address], HASTY), PASSWORD).await;
    // Datagram and stream in the first pass, a datagram in each other.
    assert_eq!((outcome.as_str(), trace.as_str()), ("timed out in kdc_as", "as-req> again> again> again>"));
}

#[tokio::test]
async fn a_kdc_of_one_transport_is_asked_over_that_alone() {
    let (silent, kdc) = (Fake::silent().await, real(PASSWORD).await);
    let only = |address, transport| {
        let patience = if address == silent.address { HASTY } else { Patience::default() };
        with_directory(patience, |directory| {
            directory.kdcs = [(REALM.to_owned(), vec![address])].into();
            directory.only = [(address, transport)].into();
        })
    };
    let (outcome, trace) = kinit(&mut only(kdc.address(), Transport::Tcp), PASSWORD).await;
    assert_eq!((outcome.as_str(), trace.as_str()), (ESTABLISHED, LOGIN));
    let (outcome, trace) = kinit(&mut only(silent.address, Transport::Tcp), PASSWORD).await;
    assert_eq!((outcome.as_str(), trace.as_str()), ("refused by client: no_ticket (kdc unreachable)", "as-req>"));
    let (_, trace) = kinit(&mut only(silent.address, Transport::Udp), PASSWORD).await;
    assert_eq!(trace, "as-req> again> again>");
    kdc.stop().await;
}

#[tokio::test]
async fn a_refused_login_is_tried_at_the_primary_kdc() {
    let (behind, primary) = (real("old password").await, real(PASSWORD).await);
    let directory = |primaries: Vec<SocketAddr>| {
        let behind = behind.address();
        with_directory(Patience::default(), move |directory| {
            directory.kdcs = [(REALM.to_owned(), vec![behind])].into();
            directory.primary = [(REALM.to_owned(), primaries)].into();
        })
    };
    let refused = "as-req> krb-error<(25) as-req> krb-error<(24)";
    let (outcome, trace) = kinit(&mut directory(vec![primary.address()]), PASSWORD).await;
    assert_eq!((outcome.as_str(), trace), (ESTABLISHED, format!("{refused} {LOGIN}")));
    let (outcome, trace) = kinit(&mut directory(vec![behind.address()]), PASSWORD).await;
    assert_eq!((outcome.as_str(), trace.as_str()), ("refused by kdc: krb 24", refused), "it has answered already");
    let gone = primary.address();
    primary.stop().await;
    let (outcome, _) = kinit(&mut directory(vec![gone]), PASSWORD).await;
    assert_eq!(outcome, "refused by kdc: krb 24", "of the KDC that did answer");
    behind.stop().await;
}

/// alice's client as MySQL's plugin is one: with a password for when there is no ticket.
fn plugin(kdc: SocketAddr, destroy_tickets: bool) -> KerberosClient {
    let directory = Arc::new(KdcDirectory::of(REALM, kdc));
    let settings = KerberosSettings { destroy_tickets, ..KerberosSettings::new(directory) };
    KerberosClient::new(settings).with_secret(&Principal::new(&["alice"], ""), Secret::password(PASSWORD))
}

fn held(client: &KerberosClient) -> Vec<String> {
    client.credentials().iter().map(|ticket| format!("{} {}", ticket.client, ticket.server)).collect()
}

#[tokio::test]
async fn destroyed_is_a_tgt_that_was_fetched_for_the_login_and_nothing_else() {
    let kdc = real(PASSWORD).await;
    let tgt = format!("alice@{REALM} krbtgt/{REALM}@{REALM}");
    let service = format!("alice@{REALM} mysql/db.test@{REALM}");
    let (mut keeps, mut destroys) = (plugin(kdc.address(), false), plugin(kdc.address(), true));
    for client in [&mut keeps, &mut destroys] {
        let (result, trace) = ticket(client, Some("alice")).await;
        assert_eq!((result, trace), (Ok(format!("mysql/db.test@{REALM}")), format!("{LOGIN} tgs-req> tgs-rep<")));
    }
    assert_eq!((held(&keeps), held(&destroys)), (vec![tgt.clone(), service.clone()], vec![service.clone()]));
    // The service's ticket is there still, and no KDC is asked.
    assert_eq!(ticket(&mut destroys, Some("alice")).await.1, "");

    let mut before = plugin(kdc.address(), true);
    kinit(&mut before, PASSWORD).await;
    assert_eq!(ticket(&mut before, Some("alice")).await.1, "tgs-req> tgs-rep<");
    assert_eq!(held(&before), [tgt, service], "it was there before the login");
    kdc.stop().await;
}

#[tokio::test]
async fn tickets_of_somebody_else_are_not_used_and_make_room() {
    let kdc = real(PASSWORD).await;
    let mut bobs = KerberosClient::new(KerberosSettings::new(Arc::new(KdcDirectory::of(REALM, kdc.address()))));
    bobs = bobs.with_secret(&Principal::new(&["bob"], ""), Secret::password(PASSWORD));
    ticket(&mut bobs, Some("bob")).await.0.unwrap();
    let mut client = plugin(kdc.address(), false);
    bobs.credentials().iter().for_each(|ticket| client.insert(ticket.clone()));
    assert!(ticket(&mut client, Some("alice")).await.1.starts_with(LOGIN));
    assert!(held(&client).iter().all(|ticket| ticket.starts_with("alice@")), "{:?}", held(&client));
    kdc.stop().await;
}

#[tokio::test]
async fn a_cache_that_was_saved_serves_where_it_is_loaded() {
    let kdc = real(PASSWORD).await;
    let mut first = client(&[kdc.address()], Patience::default());
    assert!(first.save().is_none());
    kinit(&mut first, PASSWORD).await;
    ticket(&mut first, None).await.0.unwrap();
    let cache = first.save().unwrap();
    assert_eq!((cache.principal.to_string(), cache.tickets().count()), (format!("alice@{REALM}"), 2));
    let mut second = client(&[], Patience::default());
    second.load(&cache);
    assert_eq!(ticket(&mut second, None).await, (Ok(format!("mysql/db.test@{REALM}")), String::new()));
    kdc.stop().await;
}
