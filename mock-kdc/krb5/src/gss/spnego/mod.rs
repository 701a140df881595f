//! SPNEGO (RFC 4178): agreeing on Kerberos, whatever else is offered with it.
//!
//! ```text
//!   Kerberos is the initiator's first choice: one round trip, no MIC.
//!     60 … OID A0 NegTokenInit { mechTypes, mechToken: 60 … 01 00 AP-REQ } ──▶
//!             ◀── A1 NegTokenResp { accept-completed, supportedMech, responseToken: 60 … 02 00 AP-REP }
//!
//!   It is not: what was offered is to be protected, as somebody may have changed it on its way (§5).
//!     60 … OID A0 NegTokenInit { mechTypes, mechToken of another } ──▶
//!             ◀── A1 NegTokenResp { request-mic, supportedMech: Kerberos }
//!     A1 NegTokenResp { accept-incomplete, responseToken: AP-REQ } ──▶
//!             ◀── A1 NegTokenResp { accept-incomplete, responseToken: AP-REP, mechListMIC }
//!     A1 NegTokenResp { accept-completed, mechListMIC } ──▶
//! ```
//! Without mutual authentication there is no AP-REP, and the initiator's MIC comes first, with its AP-REQ.
//!
//! As in MIT's mechanism, a MIC is made where the choice is not the first one, where the peer sends one or asks for one,
//! and only if the context has integrity. Not here: any other mechanism to be chosen than Kerberos.

mod acceptance;
mod initiator;
mod mechanism;
mod mic;
mod token;

pub use acceptance::{Acceptance, Progress};
pub use initiator::{SpnegoInitiator, SpnegoStep};
pub use mechanism::Mechanism;
