//! The principals that two realms share: `krbtgt/THERE@HERE` issues tickets of ours for there, `krbtgt/HERE@THERE` opens
//! tickets from there.

use shakedown_krb5::Principal;
use shakedown_krb5::crypto::{Etype, default_salt, string_to_key};

use super::settings::{Trust, TrustKey, Trusts};
use crate::database::{Account, KeySet};
use crate::realm::{InvalidRealm, Realm};

/// The accounts of all trusts of a realm.
pub(crate) fn accounts(realm: &Realm) -> Result<Vec<Account>, InvalidRealm> {
    let here = realm.name.as_bytes();
    let Trusts { trusts, trusted_by, .. } = &realm.trusts;
    let from_there = trusts.iter().map(|trust| (trust, Principal::cross_realm_krbtgt(here, trust.realm.as_bytes())));
    let to_there = trusted_by.iter().map(|trust| (trust, Principal::cross_realm_krbtgt(trust.realm.as_bytes(), here)));
    from_there.chain(to_there).map(|(trust, principal)| account(realm, trust, principal)).collect()
}

/// The keys that a password makes for a principal, with the salt of MIT's and Active Directory's trusts: realm and name.
pub(crate) fn of_password(principal: &Principal, kvno: u32, password: &[u8], etypes: &[Etype]) -> KeySet {
    let salt = default_salt(principal);
    let key = |etype: &Etype| {
        string_to_key(*etype, password, &salt, None).expect("the default iteration count of an etype is within bounds")
    };
    KeySet { kvno, keys: etypes.iter().map(key).collect() }
}

fn account(realm: &Realm, trust: &Trust, principal: Principal) -> Result<Account, InvalidRealm> {
    if trust.realm.is_empty() || trust.realm == realm.name || trust.realm.contains(|c: char| c.is_whitespace()) {
        return Err(InvalidRealm::Trust(trust.realm.clone()));
    }
    let name = principal.to_string();
    if trust.kvno == 0 {
        return Err(InvalidRealm::Kvno(name));
    }
    let etypes = trust.etypes.as_deref().unwrap_or(&realm.etypes);
    let set = match &trust.key {
        TrustKey::Password(password) => of_password(&principal, trust.kvno, password.octets(), etypes),
        TrustKey::Keys(keys) => KeySet { kvno: trust.kvno, keys: keys.clone() },
    };
    if set.keys.is_empty() {
        return Err(InvalidRealm::NoEtypes(name));
    }
    let mut account = Account::new(principal, set);
    account.transitive = trust.transitive;
    Ok(account)
}

/// Whether a name is that of a key which realms share with `here`, whichever of them issues tickets under it.
pub(crate) fn is_shared(principal: &Principal, here: &[u8]) -> bool {
    principal.krbtgt_realm().is_some_and(|there| (there == here) != (principal.realm == here))
}
