//! Connections: a machine, the layer that carries it, and the only loop that reads, writes and times.
//!
//! ```text
//!   dial / listen ──▶ drive (stream, deadlines, clock) ──▶ Connection ──▶ layer (clear, TLS, GSS) ──▶ Handshake
//!                          │                                   └─ record tap, trace
//!                          └─▶ TicketSource (kdc)
//! ```
//!
//! [`Connection`] has no I/O: wire bytes in, wire bytes out. [`drive`](drive()) owns the socket, [`dial`](dial()) and [`listen`](listen())
//! make it, [`kdc`] fetches tickets.

pub mod clock;
pub mod connection;
pub mod dial;
pub mod drive;
mod gss;
pub mod kdc;
mod layer;
pub mod listen;
pub mod phase;
pub mod recording;
mod refusal;
pub mod ticket;

pub use clock::Clock;
pub use connection::{Connection, Ending, Moment, Progress, Security};
pub use dial::{TCP_FAILED, TCP_REFUSED, dial};
pub use drive::{Around, drive};
pub use kdc::{KdcDirectory, KerberosClient, KerberosSettings};
pub use listen::{Listening, Record, ServeLimits, listen};
pub use phase::{Deadlines, Phase, Phases, Report};
pub use recording::{Chunk, Protection, Recording};
pub use ticket::{Fetching, Surroundings, TicketSource};
