//! Where the tickets come from that a client machine needs.

use crate::handshake::{Random, TicketRequest, Trace};
use crate::net::{Clock, Deadlines};
use shakedown_krb5::Credential;
use shakedown_krb5::client::KerberosFailure;
use std::future::Future;
use std::pin::Pin;

/// A source of service tickets. [`kdc`](crate::net) asks real KDCs; a test may hold a ticket ready.
pub trait TicketSource: Send {
    /// The ticket, with the exchanges it took written to `trace`.
    ///
    /// [`KerberosFailure::TimedOut`] ends the attempt as timed out in the phase of the last request in the trace; every
    /// other failure is told to the machine.
    fn ticket<'a>(
        &'a mut self,
        request: &'a TicketRequest,
        clock: &'a Clock,
        deadlines: &'a Deadlines,
        random: &'a mut dyn Random,
        trace: &'a mut Trace,
    ) -> Pin<Box<dyn Future<Output = Result<Credential, KerberosFailure>> + Send + 'a>>;
}
