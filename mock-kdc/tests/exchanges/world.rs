//! A realm with one principal for each thing that can be wrong with one, on a clock that stands still.

use std::sync::OnceLock;
use std::time::Duration;

use mock_kdc::{Kdc, Outcome, Preauth, Realm, Service, SystemRandom, User};
use shakedown_krb5::client::{Action, AsExchange, AsSettings, KerberosFailure, Secret, TgsExchange, TgsSettings};
use shakedown_krb5::crypto::Etype;
use shakedown_krb5::messages::{Codec as _, KrbError};
use shakedown_krb5::{Credential, Timestamp};

use crate::request::{PASSWORD, REALM, principal};

/// What the machine's clock shows in these tests: 2023-11-14 22:13:20 UTC.
pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);
/// The longest life of a ticket in the realm.
pub(crate) const LIFE: Duration = Duration::from_secs(36_000);

/// Making keys costs; one KDC that no test changes is enough for most.
pub(crate) fn kdc() -> &'static Kdc {
    static KDC: OnceLock<Kdc> = OnceLock::new();
    KDC.get_or_init(|| Kdc::new(&realm(), &mut SystemRandom).unwrap())
}

/// A KDC of one's own, to change its clock, keys or behaviour.
pub(crate) fn new_kdc() -> Kdc {
    kdc().fork()
}

pub(crate) fn realm() -> Realm {
    let user = |name| User::new(name, PASSWORD);
    let mut realm = Realm::new(REALM);
    // Keys of RFC 8009 cost eight times as much as those of RFC 3962; alice alone has them.
    let cheap = || Some(vec![Etype::Aes256Sha1]);
    realm.users = vec![
        user("alice"),
        User { preauth: Some(Preauth::NotRequired), etypes: cheap(), ..user("bob") },
        User { disabled: true, etypes: cheap(), ..user("locked") },
        User { expires: Some(NOW), etypes: cheap(), ..user("ended") },
        User { expires: Some(NOW.offset_seconds(1)), etypes: cheap(), ..user("ending") },
        User { password_expires: Some(NOW), etypes: cheap(), ..user("stale") },
        User { password_expires: Some(NOW.offset_seconds(1)), etypes: cheap(), ..user("ageing") },
        User { etypes: Some(vec![Etype::Aes128Sha1]), ..user("small") },
        User { etypes: Some(vec![Etype::Aes128Sha1]), preauth: Some(Preauth::NotRequired), ..user("small-trusted") },
        User { ticket_lifetime: Some(Duration::from_secs(600)), etypes: cheap(), ..user("brief") },
    ];
    realm.services = vec![
        Service::new("postgres/db.test"),
        Service { etypes: Some(vec![Etype::Aes128Sha256]), kvno: 7, ..Service::new("mysql/db.test") },
        Service { disabled: true, ..Service::new("locked/db.test") },
        Service { expires: Some(NOW), ..Service::new("ended/db.test") },
        Service { expires: Some(NOW.offset_seconds(1)), ..Service::new("ending/db.test") },
        Service { ticket_lifetime: Some(Duration::from_secs(60)), ..Service::new("brief/db.test") },
        Service::new("kadmin/changepw"),
    ];
    realm
}

/// 0 where a ticket was issued, otherwise the error code. What the log says must be what the message says.
#[track_caller]
pub(crate) fn code(kdc: &Kdc, request: &[u8], now: Timestamp) -> i32 {
    let answer = kdc.answer(request, now, &mut SystemRandom);
    let octets = answer.octets.expect("there is an answer");
    match (octets[0], answer.event.outcome) {
        (0x7e, Outcome::Refused { code, text }) => {
            let error = KrbError::decode(&octets).unwrap();
            assert_eq!((error.error_code, error.text()), (code, text));
            code
        }
        (0x6b | 0x6d, Outcome::Issued { .. }) => 0,
        (tag, outcome) => panic!("answer with tag {tag:02x} is logged as {outcome}"),
    }
}

/// Logs a client in, in memory.
pub(crate) fn login(kdc: &Kdc, settings: AsSettings, now: Timestamp) -> Result<Credential, KerberosFailure> {
    let mut exchange = AsExchange::new(settings);
    play(kdc, now, |reply| exchange.next(reply, now, &mut SystemRandom))
}

/// Gets a service ticket, in memory.
pub(crate) fn ticket(kdc: &Kdc, settings: TgsSettings, now: Timestamp) -> Result<Credential, KerberosFailure> {
    let mut exchange = TgsExchange::new(settings);
    play(kdc, now, |reply| exchange.next(reply, now, &mut SystemRandom))
}

pub(crate) fn settings(client: &str) -> AsSettings {
    AsSettings::new(principal(client), Secret::password(PASSWORD))
}

pub(crate) fn alice_tgt(kdc: &Kdc, now: Timestamp) -> Credential {
    login(kdc, settings("alice"), now).unwrap()
}

fn play(
    kdc: &Kdc,
    now: Timestamp,
    mut next: impl FnMut(Option<&[u8]>) -> Result<Action, KerberosFailure>,
) -> Result<Credential, KerberosFailure> {
    let mut reply: Option<Vec<u8>> = None;
    loop {
        match next(reply.as_deref())? {
            Action::Done(credential) => return Ok(credential),
            Action::Send(request) => {
                // A KDC that says nothing is one that did not answer in time.
                let answer = kdc.answer(&request.message, now, &mut SystemRandom);
                reply = Some(answer.octets.ok_or(KerberosFailure::TimedOut)?);
            }
        }
    }
}
