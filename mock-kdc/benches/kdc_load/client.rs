//! What a login costs the client: AS, TGS and AP, built and read, without what the KDC and the service do meanwhile.

use std::time::{Duration, Instant};

use mock_kdc::{Generator, Kdc};
use shakedown_krb5::Credential;
use shakedown_krb5::client::{Action, AsExchange, AsSettings, KerberosFailure, Secret, TgsExchange, TgsSettings};
use shakedown_krb5::crypto::{Key, default_salt, string_to_key};
use shakedown_krb5::gss::{Acceptor, Flags, Initiator};

use crate::requests::{ETYPE, PASSWORD, SERVICE, USER, now, principal};

const LOGINS: usize = 4_000;

/// The time of each part, the median of all logins. AS includes the request without a proof and its error 25.
pub(crate) struct Costs {
    pub(crate) authentication: Duration,
    pub(crate) service_ticket: Duration,
    pub(crate) application: Duration,
    pub(crate) all: Duration,
}

pub(crate) fn measure() -> Costs {
    let mut random = Generator::from_system();
    let kdc = crate::servers::kdc_in_memory(&mut random);
    let key = string_to_key(ETYPE, PASSWORD.as_bytes(), &default_salt(&principal(USER)), None).unwrap();
    let acceptor = Acceptor::new(kdc.keytab(SERVICE, 0).unwrap());
    let mut parts = [const { Vec::new() }; 4];
    for _ in 0..LOGINS {
        let costs = login(&kdc, &key, &acceptor, &mut random);
        let all = costs.iter().sum();
        for (part, cost) in parts.iter_mut().zip(costs.into_iter().chain([all])) {
            part.push(cost);
        }
    }
    let [authentication, service_ticket, application, all] = parts.map(|mut part: Vec<Duration>| {
        part.sort_unstable();
        part[part.len() / 2]
    });
    Costs { authentication, service_ticket, application, all }
}

fn login(kdc: &Kdc, key: &Key, acceptor: &Acceptor, random: &mut Generator) -> [Duration; 3] {
    let began = Instant::now();
    let mut exchange = AsExchange::new(AsSettings::new(principal(USER), Secret::from(key.clone())));
    let (tgt, authentication) = play(kdc, began, |reply, random| exchange.next(reply, now(), random), random);
    let began = Instant::now();
    let mut exchange = TgsExchange::new(TgsSettings::new(tgt, principal(SERVICE)));
    let (ticket, service_ticket) = play(kdc, began, |reply, random| exchange.next(reply, now(), random), random);
    let began = Instant::now();
    let flags = Flags(Flags::MUTUAL | Flags::REPLAY | Flags::SEQUENCE | Flags::CONF | Flags::INTEG);
    let (mut initiator, token) = Initiator::start(&ticket, flags, now(), random);
    let mut application = began.elapsed();
    let reply = acceptor.accept(&token, now(), random).unwrap().reply.unwrap();
    let began = Instant::now();
    initiator.reply(&reply).unwrap();
    application += began.elapsed();
    [authentication, service_ticket, application]
}

/// Plays an exchange to its end, and adds up the client's turns.
fn play(
    kdc: &Kdc,
    mut began: Instant,
    mut next: impl FnMut(Option<&[u8]>, &mut Generator) -> Result<Action, KerberosFailure>,
    random: &mut Generator,
) -> (Credential, Duration) {
    let mut reply: Option<Vec<u8>> = None;
    let mut spent = Duration::ZERO;
    loop {
        let action = next(reply.as_deref(), random).unwrap();
        spent += began.elapsed();
        match action {
            Action::Done(credential) => return (credential, spent),
            Action::Send(request) => reply = kdc.answer(&request.message, now(), random).octets,
        }
        began = Instant::now();
    }
}
