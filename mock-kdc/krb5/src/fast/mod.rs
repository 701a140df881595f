//! FAST: an exchange with the KDC within an encrypted tunnel (RFC 6113 §5.4).
//!
//! ```text
//!   KDC-REQ { padata: [PA-FX-FAST-REQUEST { armor?, checksum over what is outside, enc-fast-req }], req-body }
//!                                                               │ under the armor key
//!                                                               └▶ KrbFastReq { options, padata, req-body }
//!   KDC-REP { padata: [PA-FX-FAST-REPLY { enc-fast-rep }], …, ticket, enc-part under the strengthened reply key }
//!                                         └▶ KrbFastResponse { padata, strengthen-key?, finished?, nonce }
//!   KRB-ERROR { e-data: METHOD-DATA [PA-FX-FAST-REPLY] }
//!                                         └▶ KrbFastResponse { padata: [hints …, PA-FX-ERROR: KRB-ERROR], nonce }
//! ```
//!
//! The armor key is made of a ticket that the client has already: in an AS-REQ one that is shown in [`Armor`], in a
//! TGS-REQ the one that PA-TGS-REQ shows anyway. Within the tunnel a client proves its password by an encrypted
//! challenge ([`ChallengeKeys`]), which tells an eavesdropper nothing to guess passwords by.
//!
//! A PA-FX-COOKIE is octets that a client sends back as they are, a PA-FX-ERROR is a
//! [`KrbError`](crate::messages::KrbError), a PA-ENCRYPTED-CHALLENGE an
//! [`EncryptedData`](crate::messages::EncryptedData) of a
//! [`PreauthEncTimestamp`](crate::messages::PreauthEncTimestamp): none needs a type of its own.
//! Not here: authentication sets, and any armor but a ticket's.

mod keys;
mod reply;
mod request;

pub use keys::{ChallengeKeys, armor_key, strengthened};
pub use reply::{FastFinished, FastReply, FastResponse};
pub use request::{ARMOR_AP_REQUEST, Armor, FastBody, FastRequest, OpenFailure, options};

#[cfg(test)]
mod tests;
