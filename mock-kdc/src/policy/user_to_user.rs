//! User-to-user authentication (RFC 4120 §2.9.2): a ticket under the session key of another ticket-granting ticket, whose
//! owner is the service. Who has no key to keep, as a user at a desktop, can be a service that way.

use shakedown_krb5::crypto::{Key, usage};
use shakedown_krb5::messages::error_code;
use shakedown_krb5::messages::flags::kdc_options;
use shakedown_krb5::messages::view::{EncTicketPartView, KdcRequestView, View as _};

use crate::database::{Account, Lookup};
use crate::kdc::View;
use crate::refusal::Refusal;
use crate::reply::open;

/// The key that the ticket is to be under, if it is to be under another one than the service's own. What is decrypted for
/// it lives only here.
pub(crate) fn ticket_key(
    view: &View<'_>,
    request: &KdcRequestView<'_>,
    service: &Account,
) -> Result<Option<Key>, Refusal> {
    if request.body.kdc_options & kdc_options::ENC_TKT_IN_SKEY == 0 {
        return Ok(None);
    }
    let second = request.body.additional_tickets.iter().next();
    let second = second.ok_or(Refusal::new(error_code::BADOPTION, "NO_2ND_TKT"))?;
    let refuse = |code| Refusal::new(code, "2ND_TKT_DECRYPT");
    let owner = view.database.find(second.server).ok_or(refuse(error_code::S_PRINCIPAL_UNKNOWN))?;
    let keys = owner.candidates(second.enc_part.kvno, second.enc_part.etype).map(|key| (key, usage::TICKET));
    let mut buffer = Vec::new();
    let plain = open(keys, second.enc_part.cipher, &mut buffer).ok_or(refuse(error_code::BAD_INTEGRITY))?;
    let part = EncTicketPartView::decode(plain).map_err(|_| refuse(error_code::GENERIC))?;
    if second.server != view.krbtgt() {
        return Err(Refusal::new(error_code::POLICY, "2ND_TKT_NOT_TGS"));
    }
    let owner = match view.database.lookup(part.client) {
        Lookup::One(account) => Some(&account.principal),
        Lookup::Several | Lookup::Nobody => None,
    };
    if owner != Some(&service.principal) {
        return Err(Refusal::new(error_code::SERVER_NOMATCH, "2ND_TKT_MISMATCH"));
    }
    if part.end_time.seconds() < view.now.seconds() {
        return Err(Refusal::new(error_code::TKT_EXPIRED, "2ND_TKT_EXPIRED"));
    }
    part.key.to_ephemeral().map(Some).map_err(|_| refuse(error_code::ETYPE_NOSUPP))
}
