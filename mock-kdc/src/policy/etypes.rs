//! Three choices of an encryption type (RFC 4120 §3.1.3): the client's key that a reply is under, the session key, and
//! the key that the ticket is under, which is always the service's first.

use shakedown_krb5::crypto::{Etype, Key};

use crate::database::Account;
use crate::realm::{Flavor, Realm};

/// The key that replies are under: of the client's first etype that there is a key of.
pub(crate) fn reply_key(client: &Account, offered: impl IntoIterator<Item = i32>) -> Option<&Key> {
    offered.into_iter().find_map(|number| client.newest().keys.iter().find(|key| key.etype().number() == number))
}

/// The etype of the session key: the client's first that the KDC uses and the service can be expected to know.
pub(crate) fn session(realm: &Realm, service: &Account, offered: impl IntoIterator<Item = i32>) -> Option<Etype> {
    let etypes = offered.into_iter().filter_map(Etype::from_number);
    etypes.into_iter().find(|etype| realm.etypes.contains(etype) && knows(realm, service, *etype))
}

/// What the account says it knows; without that, what it has keys of. MIT takes any service to know
/// aes256-cts-hmac-sha1-96 beside.
fn knows(realm: &Realm, service: &Account, etype: Etype) -> bool {
    match &service.session_etypes {
        Some(known) => known.contains(&etype),
        None => realm.flavor == Flavor::Mit && etype == Etype::Aes256Sha1 || service.newest_of(etype).is_some(),
    }
}
