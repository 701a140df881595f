//! The principals that two realms share: `krbtgt/THERE@HERE` issues tickets of ours for there, `krbtgt/HERE@THERE` opens
//! tickets from there.

use shakedown_krb5::Principal;

use super::settings::Trust;
use crate::realm::Realm;

/// The names of all that a realm shares with others.
pub(crate) fn shared(realm: &Realm) -> impl Iterator<Item = (Principal, &Trust)> {
    let here = realm.name.as_bytes();
    let from_there = realm
        .trusts
        .trusts
        .iter()
        .map(move |trust| (Principal::cross_realm_krbtgt(here, trust.realm.as_bytes()), trust));
    let to_there = realm
        .trusts
        .trusted_by
        .iter()
        .map(move |trust| (Principal::cross_realm_krbtgt(trust.realm.as_bytes(), here), trust));
    from_there.chain(to_there)
}

/// Whether a name is that of a key which another realm shares with `here`, whichever of them issues tickets under it.
pub(crate) fn is_shared(principal: &Principal, here: &[u8]) -> bool {
    principal.krbtgt_realm().is_some_and(|there| (there == here) != (principal.realm == here))
}
