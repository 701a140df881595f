//! The AS exchange: a ticket for who knows a password (RFC 4120 §3.1).
//!
//! ```text
//! client                                     KDC
//!   AS-REQ, no proof               ->
//!                                  <-  KRB-ERROR 25 with ETYPE-INFO2: etype and salt
//!   AS-REQ, PA-ENC-TIMESTAMP       ->
//!                                  <-  AS-REP
//! ```
//! The order of the checks is that of MIT's KDC, and decides which error wins: an account that has ended or is locked
//! is told before the password is proven.

use shakedown_krb5::crypto::{Etype, Key, usage};
use shakedown_krb5::messages::flags::{kdc_options, ticket};
use shakedown_krb5::messages::{
    Checksum, Codec, EncryptedData, EtypeInfo2, EtypeInfo2Entry, Exchange, KdcRequest, PaData, PreauthEncTimestamp,
    error_code, padata_type,
};
use shakedown_krb5::{Principal, Random};

use crate::database::Account;
use crate::kdc::View;
use crate::refusal::Refusal;
use crate::reply::{Grant, Issued, Parties, longest_life, session_etype};
use crate::times::{Bounds, Times};

/// Options that only a TGS-REQ can have.
const NOT_IN_AS: u32 = kdc_options::FORWARDED
    | kdc_options::PROXY
    | kdc_options::RENEW
    | kdc_options::VALIDATE
    | kdc_options::ENC_TKT_IN_SKEY
    | kdc_options::CNAME_IN_ADDL_TKT;

/// What MIT puts into PA-FX-COOKIE when there is nothing to remember.
const COOKIE: &[u8] = b"MIT";

pub(crate) fn answer(
    view: &View<'_>,
    request: &KdcRequest,
    octets: &[u8],
    random: &mut dyn Random,
) -> Result<Issued, Refusal> {
    let body = request.body();
    let client_name = body.client().ok_or(Refusal::new(error_code::C_PRINCIPAL_UNKNOWN, "NULL_CLIENT"))?;
    let server_name = body.server().ok_or(Refusal::new(error_code::S_PRINCIPAL_UNKNOWN, "NULL_SERVER"))?;
    let client =
        view.database.find(&client_name).ok_or(Refusal::new(error_code::C_PRINCIPAL_UNKNOWN, "CLIENT_NOT_FOUND"))?;
    let server =
        view.database.find(&server_name).ok_or(Refusal::new(error_code::S_PRINCIPAL_UNKNOWN, "SERVER_NOT_FOUND"))?;
    check_accounts(view, request, client, server)?;
    let session_etype = session_etype(view, server, &body.etypes)
        .ok_or(Refusal::new(error_code::ETYPE_NOSUPP, "BAD_ENCRYPTION_TYPE"))?;
    let bounds = Bounds {
        life: longest_life(view, &[Some(client), Some(server)]),
        renewable_life: view.realm.renewable_lifetime,
        presented: None,
    };
    let times = Times::of_new(body, bounds, view.now);
    if times.end < times.start {
        // RFC 4120 §3.1.3 and Active Directory; MIT's KDC issues a ticket that has already ended.
        return Err(Refusal::new(error_code::NEVER_VALID, "NEVER_VALID"));
    }
    let proven = check_proof(view, request, client)?;
    let key = client_key(client, &body.etypes).ok_or(Refusal::new(error_code::ETYPE_NOSUPP, "CANT_FIND_CLIENT_KEY"))?;

    let wants_checksum = request.padata(padata_type::REQ_ENC_PA_REP).is_some();
    // MIT sets ENC-PA-REP whether or not the checksum was asked for: it says that this KDC makes one.
    let mut flags = ticket::INITIAL | ticket::ENC_PA_REP;
    flags |= body.kdc_options & (kdc_options::FORWARDABLE | kdc_options::PROXIABLE);
    if proven {
        flags |= ticket::PRE_AUTHENT;
    }
    if times.renew_till.is_some() {
        flags |= ticket::RENEWABLE;
    }
    let grant = Grant {
        exchange: Exchange::As,
        // The names go back with the name types of the request: libkrb5 compares those as well.
        parties: Parties { client: client_name, service: server_name },
        account: server,
        session_etype,
        times,
        flags,
        nonce: body.nonce,
        addresses: body.addresses.clone(),
        authorization_data: None,
        padata: vec![etype_info(client, key)],
        encrypted_padata: wants_checksum.then(|| vec![request_checksum(key, octets)]),
        key_expiration: client.password_expires,
        reply_key: key,
        reply_usage: usage::AS_REP,
    };
    Ok(grant.issue(random))
}

/// What can be said before anybody has proven anything.
fn check_accounts(view: &View<'_>, request: &KdcRequest, client: &Account, server: &Account) -> Result<(), Refusal> {
    let options = request.body().kdc_options;
    let is_past = |time| view.now >= time;
    if options & NOT_IN_AS != 0 {
        return Err(Refusal::new(error_code::BADOPTION, "INVALID AS OPTIONS"));
    }
    if client.expires.is_some_and(is_past) {
        return Err(Refusal::new(error_code::NAME_EXP, "CLIENT EXPIRED"));
    }
    if client.password_expires.is_some_and(is_past) && !is_password_service(&server.principal) {
        return Err(Refusal::new(error_code::KEY_EXPIRED, "CLIENT KEY EXPIRED"));
    }
    if server.expires.is_some_and(is_past) {
        return Err(Refusal::new(error_code::SERVICE_EXP, "SERVICE EXPIRED"));
    }
    if options & (kdc_options::ALLOW_POSTDATE | kdc_options::POSTDATED) != 0 {
        return Err(Refusal::new(error_code::CANNOT_POSTDATE, "POSTDATE NOT ALLOWED"));
    }
    if client.disabled {
        return Err(Refusal::new(error_code::CLIENT_REVOKED, "CLIENT LOCKED OUT"));
    }
    if server.disabled {
        return Err(Refusal::new(error_code::S_PRINCIPAL_UNKNOWN, "SERVICE LOCKED OUT"));
    }
    Ok(())
}

fn is_password_service(principal: &Principal) -> bool {
    principal.components.as_slice() == [b"kadmin".as_slice(), b"changepw"]
}

/// Whether the client has proven that it knows its key: a fresh time under one of its keys (RFC 4120 §5.2.7.2).
fn check_proof(view: &View<'_>, request: &KdcRequest, client: &Account) -> Result<bool, Refusal> {
    let Some(proof) = request.padata(padata_type::ENC_TIMESTAMP) else {
        return if client.preauth_required {
            let hints = Some(hints(client, &request.body().etypes));
            Err(Refusal { hints, ..Refusal::new(error_code::PREAUTH_REQUIRED, "NEEDED_PREAUTH") })
        } else {
            Ok(false)
        };
    };
    // All that is wrong with the proof but its time is one error, 24, as MIT has it: no key of the etype, not
    // decryptable, not decodable.
    let failed = || {
        let hints = Some(hints(client, &request.body().etypes));
        Refusal { hints, ..Refusal::new(error_code::PREAUTH_FAILED, "PREAUTH_FAILED") }
    };
    let proof = EncryptedData::decode(proof).map_err(|_| failed())?;
    // Of the newest keys: an old password that the KDC keeps lets nobody in.
    let plain = Etype::from_number(proof.etype)
        .and_then(|etype| client.newest_of(etype)?.decrypt(usage::PA_ENC_TIMESTAMP, &proof.cipher).ok())
        .ok_or_else(failed)?;
    let stamp = PreauthEncTimestamp::decode(&plain).map_err(|_| failed())?;
    if is_skewed(view, stamp.time) { Err(Refusal::new(error_code::SKEW, "PREAUTH_FAILED")) } else { Ok(true) }
}

/// Whether a client's clock is too far off. MIT compares whole seconds.
pub(crate) fn is_skewed(view: &View<'_>, time: shakedown_krb5::Timestamp) -> bool {
    view.now.seconds().abs_diff(time.seconds()) > view.realm.clock_skew.as_secs()
}

/// The key that replies are under: of the client's first etype that there is a key of.
fn client_key<'a>(client: &'a Account, offered: &[i32]) -> Option<&'a Key> {
    offered.iter().find_map(|number| client.newest().keys.iter().find(|key| key.etype().number() == *number))
}

/// How to prove who one is, in MIT's order, without what this KDC does not do (FAST, SPAKE). A client that offers no
/// etype of its keys gets no hint that would help it.
fn hints(client: &Account, offered: &[i32]) -> Vec<PaData> {
    let mut hints = Vec::new();
    if let Some(key) = client_key(client, offered) {
        hints.push(etype_info(client, key));
        hints.push(PaData::empty(padata_type::ENC_TIMESTAMP));
    }
    hints.push(PaData { padata_type: padata_type::FX_COOKIE, padata_value: COOKIE.to_vec() });
    hints
}

/// ETYPE-INFO2 with exactly one entry, that of the key which the KDC would use.
fn etype_info(client: &Account, key: &Key) -> PaData {
    let entry = EtypeInfo2Entry { etype: key.etype().number(), salt: client.salt.clone(), s2kparams: None };
    PaData::new(padata_type::ETYPE_INFO2, &EtypeInfo2(vec![entry]))
}

/// Proves that the request arrived as it was sent (RFC 6806 §11).
fn request_checksum(key: &Key, request: &[u8]) -> PaData {
    let checksum =
        Checksum { cksumtype: key.etype().checksum_type(), checksum: key.checksum(usage::AS_REQ_CHECKSUM, request) };
    PaData::new(padata_type::REQ_ENC_PA_REP, &checksum)
}
