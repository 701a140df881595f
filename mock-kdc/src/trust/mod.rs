//! Trust between realms: keys that two realms share, the way to a service of another realm, and the way that a client
//! of another realm came (RFC 4120 §1.2, §3.3.3; RFC 6806 §7, §8).
//!
//! ```text
//! client of A      KDC of A                          KDC of B, which trusts A
//!   TGS-REQ, krbtgt/B@A    ->
//!                          <-  TGS-REP, under the key of krbtgt/B@A that both have
//!   TGS-REQ, service@B, with that ticket                              ->
//!                                   <-  TGS-REP: the path is checked, A is in it by name of the client
//! ```
//!
//! * [`settings`]: what a realm's owner writes down.
//! * `keys`: the principals that realms share.
//! * `referral`: which ticket to give where the one asked for is another realm's to give.
//! * `transit`: whether a client may come the way it came.

pub mod settings;

pub(crate) mod keys;
pub(crate) mod referral;
pub(crate) mod transit;

pub use settings::{BadPath, ReferredNames, Trust, TrustKey, Trusts};
