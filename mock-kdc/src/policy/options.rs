//! Options of a request that a realm or an account does not grant.

use shakedown_krb5::messages::error_code;
use shakedown_krb5::messages::flags::{kdc_options, ticket};
use shakedown_krb5::messages::view::PrincipalView;

use super::accounts::Parties;
use crate::database::Account;
use crate::realm::{Realm, TicketFlag};
use crate::refusal::Refusal;

/// Tickets that begin later, or may (RFC 4120 §2.4).
pub(crate) fn postdating(Parties { realm, client, service, .. }: Parties<'_>, options: u32) -> Result<(), Refusal> {
    let wanted = options & (kdc_options::ALLOW_POSTDATE | kdc_options::POSTDATED);
    let refused = refused(realm, &[client, service]);
    if wanted != 0 && (!realm.postdated || wanted & refused != 0) {
        return Err(Refusal::new(error_code::CANNOT_POSTDATE, "POSTDATE NOT ALLOWED"));
    }
    Ok(())
}

/// The flags of a ticket that begins later, or that may be exchanged for one: it is not valid before it is validated.
/// KDC options and flags have the same bits.
pub(crate) const fn postdated_flags(options: u32) -> u32 {
    let flags = options & (ticket::MAY_POSTDATE | ticket::POSTDATED);
    if options & kdc_options::POSTDATED != 0 { flags | ticket::INVALID } else { flags }
}

/// Who asks for a ticket without a name has to have none (RFC 8062 §4.1).
pub(crate) fn anonymity(client: PrincipalView<'_>, options: u32) -> Result<(), Refusal> {
    if options & REQUEST_ANONYMOUS != 0 && !super::names::is_anonymous(client.name) {
        return Err(Refusal::new(error_code::BADOPTION, "VALIDATE_ANONYMOUS_PRINCIPAL"));
    }
    Ok(())
}

/// KDC option 16.
const REQUEST_ANONYMOUS: u32 = 1 << (31 - 16);

/// The options that are asked for and granted: what is refused is not an error but left out, as MIT's KDC does since
/// version 1.19.
pub(crate) fn granted(realm: &Realm, accounts: &[&Account], options: u32) -> u32 {
    let postdated = TicketFlag::Postdated.options();
    options & !(refused(realm, accounts) & !postdated)
}

fn refused(realm: &Realm, accounts: &[&Account]) -> u32 {
    let of_realm = realm.refused_flags.iter().fold(0, |options, flag| options | flag.options());
    accounts.iter().fold(of_realm, |options, account| options | account.refused_options)
}
