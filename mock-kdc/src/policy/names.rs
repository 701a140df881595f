//! Whom names mean, and by which name an answer calls them (RFC 6806).

use shakedown_krb5::messages::error_code;
use shakedown_krb5::messages::flags::kdc_options;
use shakedown_krb5::messages::view::{NameView, PrincipalView};
use shakedown_krb5::principal::name_type;

use crate::database::{Account, Database, Lookup};
use crate::realm::{Flavor, Realm};
use crate::refusal::Refusal;

/// The account of who asks.
pub(crate) fn client<'a>(
    realm: &Realm,
    database: &'a Database,
    asked: PrincipalView<'_>,
) -> Result<&'a Account, Refusal> {
    let unknown = Refusal::new(error_code::C_PRINCIPAL_UNKNOWN, "CLIENT_NOT_FOUND");
    if asked.name.name_type == name_type::ENTERPRISE {
        return enterprise(realm, database, asked).ok_or(unknown);
    }
    match database.lookup(asked) {
        Lookup::One(account) => Ok(account),
        // Active Directory has no other code for two clients of one name, either.
        Lookup::Several | Lookup::Nobody => Err(unknown),
    }
}

/// The account of a service that is asked for; `text` is MIT's word for one that there is not.
pub(crate) fn service<'a>(
    database: &'a Database,
    asked: PrincipalView<'_>,
    text: &'static str,
) -> Result<&'a Account, Refusal> {
    match database.lookup(asked) {
        Lookup::One(account) => Ok(account),
        Lookup::Several => Err(Refusal::new(error_code::PRINCIPAL_NOT_UNIQUE, "SERVER NOT UNIQUE")),
        Lookup::Nobody => Err(Refusal::new(error_code::S_PRINCIPAL_UNKNOWN, text)),
    }
}

/// The suffix of a name of type 10: what is after its last `@`. Of a suffix that is not the realm's own, another realm may
/// know more.
pub(crate) fn enterprise_suffix(name: NameView<'_>) -> Option<&[u8]> {
    let (_, suffix) = enterprise_parts(name)?;
    Some(suffix)
}

/// Whether a suffix of an enterprise name is the realm's.
pub(crate) fn is_own_suffix(realm: &Realm, suffix: &[u8]) -> bool {
    let own = realm.upn_suffixes.iter().chain([&realm.name]);
    own.into_iter().any(|own| own.as_bytes().eq_ignore_ascii_case(suffix))
}

/// By which name the answer calls the client: the stored one where it asked for that, otherwise the one that it used. The
/// realm is always the stored one: clients that use another case than the directory see a reply that they did not expect,
/// as they do in the wild.
pub(crate) fn told_client<'a>(
    realm: &Realm,
    asked: PrincipalView<'a>,
    account: &'a Account,
    options: u32,
) -> PrincipalView<'a> {
    let stored = PrincipalView::from(&account.principal);
    if realm.canonicalize && options & kdc_options::CANONICALIZE != 0 && asked != account.principal {
        return stored;
    }
    asked.name.at(stored.realm)
}

/// By which name the answer calls the service: the one that was asked for, as the client looks its ticket up by that.
/// Only the ticket-granting service of the realm itself has one name.
pub(crate) fn told_service<'a>(asked: PrincipalView<'a>, account: &'a Account) -> PrincipalView<'a> {
    let stored = PrincipalView::from(&account.principal);
    let is_krbtgt = stored.krbtgt_realm().is_some() && asked.name != stored.name;
    if is_krbtgt { stored } else { asked.name.at(stored.realm) }
}

/// WELLKNOWN/ANONYMOUS (RFC 8062 §3), of this realm or of WELLKNOWN:ANONYMOUS.
pub(crate) fn is_anonymous(name: NameView<'_>) -> bool {
    name.components().eq([b"WELLKNOWN".as_slice(), b"ANONYMOUS"])
}

/// A user principal name that somebody was given; or, as every account has one without being given it, its own name
/// before the realm's.
fn enterprise<'a>(realm: &Realm, database: &'a Database, asked: PrincipalView<'_>) -> Option<&'a Account> {
    if !realm.enterprise_names {
        return None;
    }
    let (local, suffix) = enterprise_parts(asked.name)?;
    match database.lookup(asked) {
        Lookup::One(account) => return Some(account),
        Lookup::Several => return None,
        Lookup::Nobody => {}
    }
    if !is_own_suffix(realm, suffix) {
        return None;
    }
    let components = [local];
    match database.lookup(NameView::new(name_type::PRINCIPAL, &components).at(realm.name.as_bytes())) {
        Lookup::One(account) => Some(account),
        Lookup::Several | Lookup::Nobody => None,
    }
}

/// What is before and after the last `@` of a name of type 10.
fn enterprise_parts(name: NameView<'_>) -> Option<(&[u8], &[u8])> {
    let mut components = name.components();
    let (only, None) = (components.next()?, components.next()) else { return None };
    let at = only.iter().rposition(|octet| *octet == b'@')?;
    Some((&only[..at], &only[at + 1..]))
}

/// Whether an error names the client: Active Directory's leave it out.
pub(crate) fn errors_name_the_client(realm: &Realm) -> bool {
    realm.flavor == Flavor::Mit
}
