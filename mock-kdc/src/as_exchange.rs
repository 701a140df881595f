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

use shakedown_krb5::Random;
use shakedown_krb5::crypto::{Key, usage};
use shakedown_krb5::der::Writer;
use shakedown_krb5::messages::flags::{kdc_options, ticket};
use shakedown_krb5::messages::view::{
    EncryptedDataView, EtypeInfo2EntryView, KdcRequestView, ListView, TransitedView, View as _,
};
use shakedown_krb5::messages::{Codec as _, Exchange, PreauthEncTimestamp, error_code, padata_type};
use shakedown_krb5::{Principal, Timestamp};

use crate::database::Account;
use crate::kdc::View;
use crate::refusal::Refusal;
use crate::reply::{Grant, Issued, Unrestricted, longest_life, open, session_etype, write_padata};
use crate::times::{Bounds, Times};
use crate::worker::{Opened, Out};

/// Options that only a TGS-REQ can have.
const NOT_IN_AS: u32 = kdc_options::FORWARDED
    | kdc_options::PROXY
    | kdc_options::RENEW
    | kdc_options::VALIDATE
    | kdc_options::ENC_TKT_IN_SKEY
    | kdc_options::CNAME_IN_ADDL_TKT;

/// What MIT puts into PA-FX-COOKIE when there is nothing to remember.
const COOKIE: &[u8] = b"MIT";

/// Answers `request`, whose octets are `octets`, into `out`.
pub(crate) fn answer<'a>(
    view: &View<'a>,
    request: &KdcRequestView<'a>,
    octets: &[u8],
    opened: &mut Opened,
    out: &mut Out,
    random: &mut dyn Random,
) -> Result<Issued<'a>, Refusal<'a>> {
    let body = &request.body;
    let client_name = body.client().ok_or(Refusal::new(error_code::C_PRINCIPAL_UNKNOWN, "NULL_CLIENT"))?;
    let server_name = body.server().ok_or(Refusal::new(error_code::S_PRINCIPAL_UNKNOWN, "NULL_SERVER"))?;
    let client =
        view.database.find(client_name).ok_or(Refusal::new(error_code::C_PRINCIPAL_UNKNOWN, "CLIENT_NOT_FOUND"))?;
    let server =
        view.database.find(server_name).ok_or(Refusal::new(error_code::S_PRINCIPAL_UNKNOWN, "SERVER_NOT_FOUND"))?;
    check_accounts(view, request, client, server)?;
    let session_etype = session_etype(view, server, body.etypes)
        .ok_or(Refusal::new(error_code::ETYPE_NOSUPP, "BAD_ENCRYPTION_TYPE"))?;
    let bounds = Bounds {
        life: longest_life(view, &[Some(client), Some(server)]),
        renewable_life: view.realm.max_renewable_life,
        presented: None,
    };
    let times = Times::of_new(body, bounds, view.now);
    if times.end < times.start {
        // RFC 4120 §3.1.3 and Active Directory; MIT's KDC issues a ticket that has already ended.
        return Err(Refusal::new(error_code::NEVER_VALID, "NEVER_VALID"));
    }
    let proven = check_proof(view, request, client, opened, out)?;
    let key = client_key(client, body.etypes).ok_or(Refusal::new(error_code::ETYPE_NOSUPP, "CANT_FIND_CLIENT_KEY"))?;

    // MIT sets ENC-PA-REP whether or not the checksum was asked for: it says that this KDC makes one.
    let mut flags = ticket::INITIAL | ticket::ENC_PA_REP;
    flags |= body.kdc_options & (kdc_options::FORWARDABLE | kdc_options::PROXIABLE);
    if proven {
        flags |= ticket::PRE_AUTHENT;
    }
    if times.renew_till.is_some() {
        flags |= ticket::RENEWABLE;
    }
    write_etype_info(&mut out.padata, client, key);
    if request.padata(padata_type::REQ_ENC_PA_REP).is_some() {
        write_request_checksum(&mut out.encrypted_padata, key, octets);
    }
    let grant = Grant {
        exchange: Exchange::As,
        // The names go back with the name types of the request: libkrb5 compares those as well.
        client: client_name,
        service: server_name,
        account: server,
        session_etype,
        times,
        flags,
        nonce: body.nonce,
        addresses: body.addresses,
        transited: TransitedView::NONE,
        authorization: &Unrestricted,
        key_expiration: client.password_expires,
        reply_key: key,
        reply_usage: usage::AS_REP,
    };
    Ok(grant.issue(view, out, random))
}

/// What can be said before anybody has proven anything.
fn check_accounts<'a>(
    view: &View<'_>,
    request: &KdcRequestView<'_>,
    client: &Account,
    server: &Account,
) -> Result<(), Refusal<'a>> {
    let options = request.body.kdc_options;
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
    if client.locked {
        return Err(Refusal::new(error_code::CLIENT_REVOKED, "CLIENT LOCKED OUT"));
    }
    if server.locked {
        return Err(Refusal::new(error_code::S_PRINCIPAL_UNKNOWN, "SERVICE LOCKED OUT"));
    }
    Ok(())
}

fn is_password_service(principal: &Principal) -> bool {
    principal.components.as_slice() == [b"kadmin".as_slice(), b"changepw"]
}

/// Whether the client has proven that it knows its key: a fresh time under one of its keys (RFC 4120 §5.2.7.2).
fn check_proof<'a>(
    view: &View<'_>,
    request: &KdcRequestView<'_>,
    client: &Account,
    opened: &mut Opened,
    out: &mut Out,
) -> Result<bool, Refusal<'a>> {
    let offered = request.body.etypes;
    let Some(proof) = request.padata(padata_type::ENC_TIMESTAMP) else {
        if client.preauth_required {
            write_hints(&mut out.e_data, client, offered);
            return Err(Refusal::new(error_code::PREAUTH_REQUIRED, "NEEDED_PREAUTH"));
        }
        return Ok(false);
    };
    // All that is wrong with the proof but its time is one error, 24, as MIT has it: no key of the etype, not
    // decryptable, not decodable.
    let Some(time) = proven_time(client, proof, opened) else {
        write_hints(&mut out.e_data, client, offered);
        return Err(Refusal::new(error_code::PREAUTH_FAILED, "PREAUTH_FAILED"));
    };
    if is_skewed(view, time) { Err(Refusal::new(error_code::SKEW, "PREAUTH_FAILED")) } else { Ok(true) }
}

/// The time in a PA-ENC-TIMESTAMP, if it is one under a key of the client's.
fn proven_time(client: &Account, proof: &[u8], opened: &mut Opened) -> Option<Timestamp> {
    let proof = EncryptedDataView::decode(proof).ok()?;
    let keys = client.candidates(None, proof.etype).map(|key| (key, usage::PA_ENC_TIMESTAMP));
    let plain = open(keys, proof.cipher, &mut opened.proof)?;
    PreauthEncTimestamp::decode(plain).ok().map(|stamp| stamp.time)
}

/// Whether a client's clock is too far off. MIT compares whole seconds.
pub(crate) fn is_skewed(view: &View<'_>, time: Timestamp) -> bool {
    view.now.seconds().abs_diff(time.seconds()) > view.realm.clock_skew.as_secs()
}

/// The key that replies are under: of the client's first etype that there is a key of.
fn client_key<'a>(client: &'a Account, offered: ListView<'_, i32>) -> Option<&'a Key> {
    offered.iter().find_map(|number| client.newest().keys.iter().find(|key| key.etype().number() == number))
}

/// METHOD-DATA: how to prove who one is, in MIT's order, without what this KDC does not do (FAST, SPAKE). A client that
/// offers no etype of its keys gets no hint that would help it.
fn write_hints(out: &mut Vec<u8>, client: &Account, offered: ListView<'_, i32>) {
    Writer::new(out).sequence_by(|out| {
        if let Some(key) = client_key(client, offered) {
            write_etype_info(out, client, key);
            write_padata(out, padata_type::ENC_TIMESTAMP, |_| {});
        }
        write_padata(out, padata_type::FX_COOKIE, |w| w.raw(COOKIE));
    });
}

/// ETYPE-INFO2 with exactly one entry, that of the key which the KDC would use.
fn write_etype_info(out: &mut Vec<u8>, client: &Account, key: &Key) {
    let entry = EtypeInfo2EntryView { etype: key.etype().number(), salt: client.salt.as_deref(), s2kparams: None };
    write_padata(out, padata_type::ETYPE_INFO2, |w| w.sequence(|w| entry.write(w)));
}

/// Proves that the request arrived as it was sent (RFC 6806 §11).
fn write_request_checksum(out: &mut Vec<u8>, key: &Key, request: &[u8]) {
    write_padata(out, padata_type::REQ_ENC_PA_REP, |w| {
        w.sequence(|w| {
            w.field(0, |w| w.integer(key.etype().checksum_type().into()));
            w.field(1, |w| w.octets_by(|out| key.checksum_into(usage::AS_REQ_CHECKSUM, request, out)));
        });
    });
}
