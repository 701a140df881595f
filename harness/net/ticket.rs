//! Where the tickets come from that a client machine needs.

use crate::handshake::{Random, TicketRequest, Trace};
use crate::net::{Clock, Deadlines, Recording};
use shakedown_krb5::Credential;
use shakedown_krb5::client::KerberosFailure;
use std::future::Future;
use std::pin::Pin;

/// What a source of tickets works with.
pub struct Surroundings<'a> {
    /// The party's clock.
    pub clock: Clock,
    /// How long an exchange may take.
    pub deadlines: Deadlines,
    /// Nonces and confounders.
    pub random: &'a mut dyn Random,
    /// Where the exchanges are written to, as they happen.
    pub trace: &'a mut Trace,
    /// Where each exchange is kept octet by octet, if that was asked for.
    pub recordings: Option<&'a mut Vec<Recording>>,
}

/// A ticket that is being fetched.
pub type Fetching<'a> = Pin<Box<dyn Future<Output = Result<Credential, KerberosFailure>> + Send + 'a>>;

/// A source of service tickets. A [`KerberosClient`](crate::net::kdc) asks KDCs; a test may hold a ticket ready.
pub trait TicketSource: Send {
    /// The ticket, with the exchanges it took written to the trace.
    ///
    /// [`KerberosFailure::TimedOut`] ends the attempt as timed out in the phase of the last request in the trace; every
    /// other failure is told to the machine.
    fn ticket<'a>(&'a mut self, request: &'a TicketRequest, around: &'a mut Surroundings<'_>) -> Fetching<'a>;

    /// The KDC's clock minus the party's in microseconds, as far as it is known and believed. Authenticators are stamped with
    /// the KDC's time, as libkrb5 does (`kdc_timesync`).
    fn offset_us(&self) -> i64 {
        0
    }
}
