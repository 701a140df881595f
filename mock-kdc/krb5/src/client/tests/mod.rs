//! The exchanges in memory, against a KDC of a few lines that can be told to answer wrongly.

mod as_exchange;
mod kdc;
mod tgs_exchange;

use super::*;
use crate::{Credential, Random, Timestamp};

/// 2026-01-01 00:00:00 UTC.
const NOW: Timestamp = Timestamp::from_seconds(1_767_225_600);

/// Octets that count on, so that nothing is ever the same twice.
#[derive(Default)]
struct Counting(u8);

impl Random for Counting {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            self.0 = self.0.wrapping_add(1);
            *byte = self.0;
        }
    }
}

#[track_caller]
fn sent(action: Result<Action, KerberosFailure>) -> Request {
    match action {
        Ok(Action::Send(request)) => request,
        other => panic!("expected a request, found {other:?}"),
    }
}

#[track_caller]
fn done(action: Result<Action, KerberosFailure>) -> Credential {
    match action {
        Ok(Action::Done(credential)) => credential,
        other => panic!("expected a ticket, found {other:?}"),
    }
}

fn rejection(field: &'static str) -> Option<KerberosFailure> {
    Some(KerberosFailure::Rejected(field))
}

#[test]
fn debug_shows_neither_password_nor_key() {
    use crate::crypto::{Etype, Key};
    let key = Key::new(Etype::Aes256Sha1, &[0xab; 32]).unwrap();
    for secret in [Secret::password("hunter2"), key.into()] {
        let settings = AsSettings::new("alice@R".parse().unwrap(), secret);
        let mut exchange = AsExchange::new(settings.clone());
        sent(exchange.next(None, NOW, &mut Counting::default()));
        let shown = format!("{settings:?} {exchange:?}");
        for secret in ["hunter2", "104, 117, 110", "171, 171", "abab"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
