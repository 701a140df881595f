//! A Kerberos KDC for tests: a realm in memory, a clock that can be moved, and failures on demand.
//!
//! [`Kdc::answer`] is the whole KDC without input or output: octets, time and randomness in, octets out;
//! [`Kdc::respond`] is the same with the memory of a [`Worker`], and allocates nothing. [`listen`] puts it on UDP and TCP
//! of one loopback port. It imitates MIT krb5's KDC (1.20) or that of an Active Directory ([`Flavor`]): which error wins,
//! what a reply holds, what is not answered at all. `tests/exchanges` sends the same requests to MIT's.
//!
//! FAST (RFC 6113) is for realms that ask for it ([`Realm::fast`]): armor of a ticket-granting ticket, encrypted challenge,
//! TGS-REQs and errors within the tunnel.
//!
//! What it leaves out, it leaves out on purpose: no SPAKE or PKINIT, no
//! delegation on behalf of users (13). It is stricter
//! than MIT's in two places: it issues no ticket that has already ended (11, or 32 where the ticket-granting ticket
//! has), and takes no checksum in a TGS-REQ that is not keyed (50).
//!
//! ```
//! use mock_kdc::{Kdc, Realm, Service, SystemRandom, User};
//!
//! let mut realm = Realm::new("CORP.EXAMPLE.COM");
//! realm.users.push(User::new("alice", "correct horse"));
//! realm.services.push(Service::new("postgres/db.test"));
//! let kdc = Kdc::new(&realm, &mut SystemRandom).unwrap();
//! assert_eq!(kdc.keytab("postgres/db.test", 0).unwrap().entries.len(), 4);
//! ```
//!
//! # Realm files
//!
//! The program reads a realm from a TOML file. All keys but `realm` may be left out.
#![doc = include_str!("../README.md")]

pub mod control;
pub mod deviation;
pub mod event;
pub mod fault;
pub mod krb5_conf;
pub mod listen;
pub mod realm;
pub mod realm_file;
pub mod trust;

mod administration;
mod arrival;
mod as_exchange;
mod batch;
mod clock;
mod database;
mod fast;
mod hash;
mod kdc;
mod log;
mod look_aside;
mod metrics;
mod pac;
mod policy;
mod random;
mod refusal;
mod reply;
mod responder;
mod tgs_exchange;
mod times;
mod worker;

pub use administration::{Alteration, PrincipalState};
pub use arrival::Arrival;
pub use deviation::Deviation;
pub use event::{Event, Outcome, Transport};
pub use fault::Rule;
pub use kdc::{Answer, Kdc, UnknownPrincipal};
pub use listen::{Handle, Limits, Listener};
pub use log::Log;
pub use metrics::{Answered, Count, Metrics};
pub use random::{Generator, SystemRandom};
pub use realm::{
    AccountChecks, Fast, Flavor, GivenKey, InvalidRealm, Kind, Lockout, Password, Preauth, Realm, Rotation, Service,
    TicketFlag, User,
};
pub use responder::Responder;
pub use trust::{BadPath, ReferredNames, Trust, TrustKey, Trusts};
pub use worker::Worker;
