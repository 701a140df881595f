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
use shakedown_krb5::Timestamp;
use shakedown_krb5::crypto::{Key, usage};
use shakedown_krb5::messages::flags::{kdc_options, ticket};
use shakedown_krb5::messages::view::{EncryptedDataView, KdcRequestView, TransitedView, View as _};
use shakedown_krb5::messages::{Codec as _, Exchange, PreauthEncTimestamp, error_code, padata_type};

use crate::database::Account;
use crate::kdc::View;
use crate::policy::{accounts, etypes, hints, names, options};
use crate::refusal::{Refusal, Refused};
use crate::reply::{Grant, Issued, Unrestricted, longest_life, longest_renewal, open, write_padata};
use crate::times::{Bounds, Times};
use crate::worker::{Opened, Out};

/// Options that only a TGS-REQ can have.
const NOT_IN_AS: u32 = kdc_options::FORWARDED
    | kdc_options::PROXY
    | kdc_options::RENEW
    | kdc_options::VALIDATE
    | kdc_options::ENC_TKT_IN_SKEY
    | kdc_options::CNAME_IN_ADDL_TKT;

/// Answers `request`, whose octets are `octets`, into `out`.
pub(crate) fn answer<'a>(
    view: &View<'a>,
    request: &KdcRequestView<'a>,
    octets: &[u8],
    opened: &mut Opened,
    out: &mut Out,
    random: &mut dyn Random,
) -> Result<Issued<'a>, Refused<'a>> {
    let body = &request.body;
    let asked_client = body.client().ok_or(Refusal::new(error_code::C_PRINCIPAL_UNKNOWN, "NULL_CLIENT"))?;
    let asked_server = body.server().ok_or(Refusal::new(error_code::S_PRINCIPAL_UNKNOWN, "NULL_SERVER"))?;
    let client = names::client(view.realm, view.database, asked_client)?;
    let server = names::service(view.database, asked_server, "SERVER_NOT_FOUND")?;
    let options = body.kdc_options;
    if options & NOT_IN_AS != 0 {
        return Err(Refusal::new(error_code::BADOPTION, "INVALID AS OPTIONS").into());
    }
    let parties = accounts::Parties { realm: view.realm, client, service: server, now: view.now };
    accounts::before_proof(parties, options)?;
    accounts::lock(parties)?;
    let session_etype = etypes::session(view.realm, server, body.etypes)
        .ok_or(Refusal::new(error_code::ETYPE_NOSUPP, "BAD_ENCRYPTION_TYPE"))?;
    options::anonymity(asked_client, options)?;
    let options = options::granted(view.realm, &[client, server], options);
    let bounds = Bounds {
        life: longest_life(view, &[Some(client), Some(server)]),
        renewable_life: longest_renewal(view, &[Some(client), Some(server)]),
        presented: None,
    };
    let times = Times::of_new(body, bounds, view.now);
    if times.end < times.start {
        // RFC 4120 §3.1.3 and Active Directory; MIT's KDC issues a ticket that has already ended.
        return Err(Refusal::new(error_code::NEVER_VALID, "NEVER_VALID").into());
    }
    let proven = check_proof(view, request, client, opened, out)?;
    accounts::after_proof(parties)?;
    let key =
        etypes::reply_key(client, body.etypes).ok_or(Refusal::new(error_code::ETYPE_NOSUPP, "CANT_FIND_CLIENT_KEY"))?;

    // MIT sets ENC-PA-REP whether or not the checksum was asked for: it says that this KDC makes one.
    let mut flags = ticket::INITIAL | ticket::ENC_PA_REP;
    flags |= options & (kdc_options::FORWARDABLE | kdc_options::PROXIABLE);
    flags |= options::postdated_flags(options);
    if proven {
        flags |= ticket::PRE_AUTHENT;
    }
    if times.renew_till.is_some() {
        flags |= ticket::RENEWABLE;
    }
    hints::of_reply(client, key, body.etypes, &mut out.padata);
    if request.padata(padata_type::REQ_ENC_PA_REP).is_some() {
        write_request_checksum(&mut out.encrypted_padata, key, octets);
    }
    let grant = Grant {
        exchange: Exchange::As,
        // The names go back with the name types of the request: libkrb5 compares those as well.
        client: names::told_client(view.realm, asked_client, client, body.kdc_options),
        service: names::told_service(asked_server, server),
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
        reply_kvno: view.realm.reply_key_version.then_some(client.newest().kvno),
        ticket_key: None,
    };
    Ok(grant.issue(view, out, random))
}

/// Whether the client has proven that it knows its key: a fresh time under one of its keys (RFC 4120 §5.2.7.2).
fn check_proof(
    view: &View<'_>,
    request: &KdcRequestView<'_>,
    client: &Account,
    opened: &mut Opened,
    out: &mut Out,
) -> Result<bool, Refusal> {
    let offered = request.body.etypes;
    let Some(proof) = request.padata(padata_type::ENC_TIMESTAMP) else {
        if client.preauth_required {
            hints::required(view.realm, client, offered, &mut out.hints);
            return Err(Refusal::new(error_code::PREAUTH_REQUIRED, "NEEDED_PREAUTH"));
        }
        return Ok(false);
    };
    // All that is wrong with the proof but its time is one error, 24, as MIT has it: no key of the etype, not
    // decryptable, not decodable.
    let Some(time) = proven_time(view, client, proof, opened) else {
        hints::failed(view.realm, client, offered, &mut out.hints);
        return Err(Refusal::new(error_code::PREAUTH_FAILED, "PREAUTH_FAILED"));
    };
    if is_skewed(view, time) {
        return Err(Refusal::new(error_code::SKEW, "PREAUTH_FAILED"));
    }
    client.attempts.right();
    Ok(true)
}

/// The time in a PA-ENC-TIMESTAMP, if it is one under a key of the client's.
fn proven_time(view: &View<'_>, client: &Account, proof: &[u8], opened: &mut Opened) -> Option<Timestamp> {
    let proof = EncryptedDataView::decode(proof).ok()?;
    // Former passwords are as wrong as any other, whether or not their keys are kept for old tickets.
    let keys = client.newest().keys.iter().filter(|key| key.etype().number() == proof.etype);
    let with_usage = |key| (key, usage::PA_ENC_TIMESTAMP);
    let Some(plain) = open(keys.map(with_usage), proof.cipher, &mut opened.proof) else {
        let mut former = Vec::new();
        if open(client.former(proof.etype).map(with_usage), proof.cipher, &mut former).is_none() {
            client.attempts.wrong(view.realm.lockout, view.now);
        }
        return None;
    };
    PreauthEncTimestamp::decode(plain).ok().map(|stamp| stamp.time)
}

/// Whether a client's clock is too far off. MIT compares whole seconds.
pub(crate) fn is_skewed(view: &View<'_>, time: Timestamp) -> bool {
    view.now.seconds().abs_diff(time.seconds()) > view.realm.clock_skew.as_secs()
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
