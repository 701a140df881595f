//! The client: whatever a KDC answers, an exchange goes on or ends, within a bounded number of steps.

use super::fixed::{NOW, Seeded, alice, credential, service};
use shakedown_krb5::Principal;
use shakedown_krb5::client::{Action, AsExchange, AsSettings, Secret, TgsExchange, TgsSettings};
use shakedown_krb5::crypto::Etype;

/// Referrals, a proof and a change of transport: no exchange needs more.
const MOST_STEPS: usize = 32;

pub(crate) fn check(octets: &[u8]) {
    let mut random = Seeded(1);
    // RC4 and SHA-2 take the same way; iterations of PBKDF2 would take all of the time.
    let settings = AsSettings { etypes: vec![Etype::Aes128Sha1], ..AsSettings::new(alice(), Secret::password("x")) };
    let mut exchange = AsExchange::new(settings);
    drive(|reply| exchange.next(reply, NOW, &mut random).ok(), octets);

    let tgt = shakedown_krb5::Credential { server: Principal::krbtgt(b"R"), ..credential(Etype::Aes128Sha1) };
    let mut exchange = TgsExchange::new(TgsSettings::new(tgt, service()));
    let mut random = Seeded(1);
    drive(|reply| exchange.next(reply, NOW, &mut random).ok(), octets);
}

fn drive(mut next: impl FnMut(Option<&[u8]>) -> Option<Action>, reply: &[u8]) {
    let mut action = next(None);
    for _ in 0..MOST_STEPS {
        match action {
            Some(Action::Send(_)) => action = next(Some(reply)),
            _ => return,
        }
    }
    panic!("the same reply has been answered {MOST_STEPS} times");
}
