//! FAST at the KDC: requests within an encrypted tunnel, and replies and errors that go back through it (RFC 6113).
//!
//! ```text
//!   request ─▶ enter_as, enter_tgs ─▶ the request within, and a Tunnel
//!                                       exchange as without FAST (encrypted challenge instead of encrypted timestamp)
//!   reply  ◀── Tunnel::close ◀───────── ticket, pre-authentication data, reply key
//!   error  ◀── Tunnel::close_error ◀─── refusal, hints
//! ```
//!
//! As MIT's KDC does it: an AS-REQ shows a ticket-granting ticket as armor, a TGS-REQ has its armor in PA-TGS-REQ, and
//! what goes wrong after the key of the tunnel is known is told within the tunnel. There is nothing to remember between
//! two requests, so the cookie says nothing. A realm that does not offer FAST reads over all of it.

use crate::database::Account;
use crate::kdc::View;
use crate::realm::{Fast, Kind};

mod armor;
mod challenge;
mod request;
mod tunnel;

pub(crate) use armor::is_armor_only;
pub(crate) use challenge::{answer_challenge, check_challenge};
pub(crate) use request::{enter_as, enter_tgs};
pub(crate) use tunnel::Tunnel;

/// Whether a request of `client` is refused if it is not armored. Who has a password needs armor; it comes from those who
/// have keys alone, as computers and services.
pub(crate) fn is_required(view: &View<'_>, client: &Account) -> bool {
    view.realm.fast == Fast::Required && client.kind == Kind::User && client.salt.is_some()
}
