//! The client side of the AS and TGS exchanges (RFC 4120 §3.1, §3.3), as libkrb5 conducts them.
//!
//! ```text
//!   AsExchange                    KDC      TgsExchange                     KDC
//!     AS-REQ ──────────────────────▶         TGS-REQ (TGT) ─────────────────▶
//!     ◀──── KRB-ERROR 25 (etypes, salt,      ◀───────── TGS-REP (the service's
//!                         the KDC's time)               ticket, or a TGT of the
//!     AS-REQ (encrypted time) ─────▶                    next realm: once more)
//!     ◀────────────────────── AS-REP
//! ```
//!
//! An exchange is asked with [`AsExchange::next`] what to do: send a message, or use the ticket. Retransmission, fail-over
//! to the next KDC and deadlines belong to the driver; which transport a message is for is decided here: UDP first,
//! TCP if the request is too large for it or the KDC says that its reply is (52). What was sent and received is named
//! by [`crate::messages::MessageKind::of`].
//!
//! A ticket that can be renewed or is to be validated is its own TGT in such an exchange ([`TgsSettings::renew`],
//! [`TgsSettings::validate`]).
//!
//! Not here: FAST, PKINIT, SPAKE, user-to-user, delegation. libkrb5's second TGS-REQ without canonicalize
//! after a refusal is not imitated: the first refusal is the result.

mod action;
mod as_exchange;
mod deviation;
mod failure;
mod lenience;
mod long_term_key;
mod reply_checks;
mod route;
mod secret;
mod tgs_exchange;

pub use action::{Action, Request, Transport};
pub use as_exchange::{AsExchange, AsSettings};
pub use deviation::Deviation;
pub use failure::{KerberosFailure, rejected};
pub use lenience::Lenience;
pub use secret::{KeytabKeys, Secret};
pub use tgs_exchange::{TgsExchange, TgsSettings};

#[cfg(test)]
mod tests;
