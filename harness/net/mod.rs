//! Connections: a machine, the layer that carries it, and the only loop that reads, writes and times.
//!
//! ```text
//!   dial / listen ──▶ drive (stream, deadlines, clock) ──▶ Connection ──▶ layer (clear, TLS, GSS) ──▶ Handshake
//!                          │                                   └─ record tap, trace
//!                          └─▶ TicketSource (kdc)
//! ```
//!
//! [`Connection`] has no I/O: wire bytes in, wire bytes out. [`drive`](drive()) owns the socket, [`dial`](dial()) and [`listen`](listen())
//! make it, [`kdc`] fetches tickets. A [`fault`] is what a network does in between, and [`meeting`] a place without a network,
//! where two of our own connect in virtual time.

pub mod clock;
pub mod connection;
pub mod dial;
pub mod drive;
pub mod fault;
mod gss;
pub mod kdc;
mod layer;
pub mod listen;
pub mod meeting;
pub mod phase;
pub mod recording;
mod refusal;
pub mod ticket;

pub use clock::Clock;
pub use connection::{Connection, Ending, Moment, Progress, Security};
pub use dial::{TCP_FAILED, TCP_REFUSED, dial};
pub use drive::{Around, drive};
pub use fault::{FaultKind, Line, NetworkFault};
pub use kdc::{KdcDirectory, KerberosClient, KerberosSettings};
pub use listen::{Listening, Record, ServeLimits, listen};
pub use meeting::{Party, meet};
pub use phase::{Deadlines, Phase, Phases, Report};
pub use recording::{Chunk, Protection, Recording};
pub use ticket::{Fetching, Surroundings, TicketSource};
