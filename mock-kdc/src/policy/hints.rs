//! How to prove who one is: the METHOD-DATA of errors 24 and 25, and what a reply repeats of it (RFC 4120 §5.2.7).

use shakedown_krb5::crypto::Key;
use shakedown_krb5::der::Writer;
use shakedown_krb5::messages::padata_type;

use crate::database::Account;
use crate::realm::{Fast, Flavor, Realm};
use crate::reply::write_padata;

/// What MIT puts into PA-FX-COOKIE when there is nothing to remember.
const COOKIE: &[u8] = b"MIT";
/// What Active Directory puts there.
const DIRECTORY_COOKIE: &[u8] = b"Microsoft";

/// DES, DES3 and RC4: what there was before RFC 4120. Who offers nothing else does not know ETYPE-INFO2.
const OLD: [i32; 7] = [1, 2, 3, 5, 16, 23, 24];
/// rc4-hmac and its short form: their keys are made without a salt, which Active Directory does not tell then. MIT's KDC tells
/// it all the same.
const UNSALTED: [i32; 2] = [23, 24];

/// Appends the elements of METHOD-DATA for error 25. `proof` is the type of the proof that is expected.
pub(crate) fn required<I>(realm: &Realm, client: &Account, offered: I, proof: i32, out: &mut Vec<u8>)
where
    I: IntoIterator<Item = i32> + Clone,
{
    let mut writer = Writer::new(out);
    let offers_fast = realm.fast != Fast::No;
    if offers_fast && realm.flavor == Flavor::Mit {
        write_padata(&mut writer, padata_type::FX_FAST, |w| w.raw(&[]));
    }
    let has_keys = etype_info(realm, client, offered, &mut writer);
    match realm.flavor {
        Flavor::Mit => {
            // A client that offers no etype of its keys gets no hint that would help it.
            if has_keys {
                write_padata(&mut writer, proof, |w| w.raw(&[]));
            }
            write_padata(&mut writer, padata_type::FX_COOKIE, |w| w.raw(COOKIE));
        }
        Flavor::ActiveDirectory => {
            for padata_type in [proof, PK_AS_REQ, PK_AS_REP_OLD] {
                write_padata(&mut writer, padata_type, |w| w.raw(&[]));
            }
            if offers_fast {
                write_padata(&mut writer, padata_type::FX_FAST, |w| w.raw(&[]));
            }
            // Within the tunnel clients go on after an error only if it has a cookie (RFC 6113 §5.2).
            if proof == padata_type::ENCRYPTED_CHALLENGE {
                write_padata(&mut writer, padata_type::FX_COOKIE, |w| w.raw(DIRECTORY_COOKIE));
            }
        }
    }
}

/// What Active Directory names beside, without being asked for it: certificates (RFC 4556, and its draft).
const PK_AS_REQ: i32 = 16;
const PK_AS_REP_OLD: i32 = 15;

/// Appends the elements of METHOD-DATA for error 24: MIT says all again, Active Directory the salts.
pub(crate) fn failed<I>(realm: &Realm, client: &Account, offered: I, proof: i32, out: &mut Vec<u8>)
where
    I: IntoIterator<Item = i32> + Clone,
{
    match realm.flavor {
        Flavor::Mit => required(realm, client, offered, proof, out),
        Flavor::ActiveDirectory => {
            etype_info(realm, client, offered, &mut Writer::new(out));
        }
    }
}

/// Appends what an AS-REP tells of the key that it is under: a client that kept nothing needs the salt.
pub(crate) fn of_reply<I>(realm: &Realm, client: &Account, key: &Key, offered: I, out: &mut Vec<u8>)
where
    I: IntoIterator<Item = i32>,
{
    let mut writer = Writer::new(out);
    let is_old = is_old(offered);
    if is_old {
        write_padata(&mut writer, padata_type::ETYPE_INFO, |w| entries(w, realm, client, [key], Form::Old));
    }
    write_padata(&mut writer, padata_type::ETYPE_INFO2, |w| entries(w, realm, client, [key], Form::New));
    if is_old && let Some(salt) = salt(realm, client, key) {
        write_padata(&mut writer, padata_type::PW_SALT, |w| w.raw(salt));
    }
}

/// ETYPE-INFO2, and ETYPE-INFO before it for who offers old etypes only. Returns whether there is any key to tell of.
fn etype_info<I>(realm: &Realm, client: &Account, offered: I, writer: &mut Writer<'_>) -> bool
where
    I: IntoIterator<Item = i32> + Clone,
{
    let most = if realm.all_etypes_in_hints { usize::MAX } else { 1 };
    let keys = || {
        let of = |number: i32| client.newest().keys.iter().find(move |key| key.etype().number() == number);
        offered.clone().into_iter().filter_map(of).take(most)
    };
    if keys().next().is_none() {
        return false;
    }
    if is_old(offered.clone()) {
        write_padata(writer, padata_type::ETYPE_INFO, |w| entries(w, realm, client, keys(), Form::Old));
    }
    write_padata(writer, padata_type::ETYPE_INFO2, |w| entries(w, realm, client, keys(), Form::New));
    true
}

fn is_old(offered: impl IntoIterator<Item = i32>) -> bool {
    offered.into_iter().all(|number| OLD.contains(&number))
}

/// The two say the same with different ASN.1 types.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Old,
    New,
}

fn entries<'a>(
    writer: &mut Writer<'_>,
    realm: &Realm,
    client: &Account,
    keys: impl IntoIterator<Item = &'a Key>,
    form: Form,
) {
    writer.list(keys, |w, key: &Key| {
        w.sequence(|w| {
            w.field(0, |w| w.integer(key.etype().number().into()));
            w.optional(1, salt(realm, client, key), |w, salt| match form {
                Form::Old => w.octets(salt),
                Form::New => w.string(salt),
            });
        });
    });
}

/// The stored salt: the name that the client asked by may be another than the one that the salt was made of.
fn salt<'a>(realm: &Realm, client: &'a Account, key: &Key) -> Option<&'a [u8]> {
    let is_told = realm.flavor == Flavor::Mit || !UNSALTED.contains(&key.etype().number());
    client.salt.as_deref().filter(|_| is_told)
}
