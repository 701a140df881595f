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
use shakedown_krb5::messages::flags::{kdc_options, ticket};
use shakedown_krb5::messages::view::PrincipalView;
use shakedown_krb5::messages::{
    Checksum, Codec, EncryptedData, Exchange, KdcRequest, PaData, PreauthEncTimestamp, error_code, padata_type,
};

use crate::database::Account;
use crate::kdc::View;
use crate::policy::{accounts, etypes, hints, names, options};
use crate::refusal::Refusal;
use crate::reply::{Grant, Issued, Parties, longest_life, longest_renewal};
use crate::times::{Bounds, Times};

/// Options that only a TGS-REQ can have.
const NOT_IN_AS: u32 = kdc_options::FORWARDED
    | kdc_options::PROXY
    | kdc_options::RENEW
    | kdc_options::VALIDATE
    | kdc_options::ENC_TKT_IN_SKEY
    | kdc_options::CNAME_IN_ADDL_TKT;

pub(crate) fn answer(
    view: &View<'_>,
    request: &KdcRequest,
    octets: &[u8],
    random: &mut dyn Random,
) -> Result<Issued, Refusal> {
    let body = request.body();
    let client_name = body.client().ok_or(Refusal::new(error_code::C_PRINCIPAL_UNKNOWN, "NULL_CLIENT"))?;
    let server_name = body.server().ok_or(Refusal::new(error_code::S_PRINCIPAL_UNKNOWN, "NULL_SERVER"))?;
    let (asked_client, asked_server) = (PrincipalView::from(&client_name), PrincipalView::from(&server_name));
    let client = names::client(view.realm, view.database, asked_client)?;
    let server = names::service(view.database, asked_server, "SERVER_NOT_FOUND")?;
    let options = body.kdc_options;
    if options & NOT_IN_AS != 0 {
        return Err(Refusal::new(error_code::BADOPTION, "INVALID AS OPTIONS"));
    }
    let parties = accounts::Parties { realm: view.realm, client, service: server, now: view.now };
    accounts::before_proof(parties, options)?;
    accounts::lock(parties)?;
    let session_etype = etypes::session(view.realm, server, body.etypes.iter().copied())
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
        return Err(Refusal::new(error_code::NEVER_VALID, "NEVER_VALID"));
    }
    let proven = check_proof(view, request, client)?;
    accounts::after_proof(parties)?;
    let key = etypes::reply_key(client, body.etypes.iter().copied())
        .ok_or(Refusal::new(error_code::ETYPE_NOSUPP, "CANT_FIND_CLIENT_KEY"))?;

    let wants_checksum = request.padata(padata_type::REQ_ENC_PA_REP).is_some();
    // MIT sets ENC-PA-REP whether or not the checksum was asked for: it says that this KDC makes one.
    let mut flags = ticket::INITIAL | ticket::ENC_PA_REP;
    flags |= options & (kdc_options::FORWARDABLE | kdc_options::PROXIABLE);
    if proven {
        flags |= ticket::PRE_AUTHENT;
    }
    if times.renew_till.is_some() {
        flags |= ticket::RENEWABLE;
    }
    let mut padata = Vec::new();
    hints::of_reply(client, key, body.etypes.iter().copied(), &mut padata);
    let grant = Grant {
        exchange: Exchange::As,
        // The names go back with the name types of the request: libkrb5 compares those as well.
        parties: Parties {
            client: names::told_client(view.realm, asked_client, client, body.kdc_options).to_owned(),
            service: names::told_service(asked_server, server).to_owned(),
        },
        account: server,
        session_etype,
        times,
        flags,
        nonce: body.nonce,
        addresses: body.addresses.clone(),
        authorization_data: None,
        padata,
        encrypted_padata: wants_checksum.then(|| vec![request_checksum(key, octets)]),
        key_expiration: client.password_expires,
        reply_key: key,
        reply_usage: usage::AS_REP,
    };
    Ok(grant.issue(random))
}

/// Whether the client has proven that it knows its key: a fresh time under one of its keys (RFC 4120 §5.2.7.2).
fn check_proof(view: &View<'_>, request: &KdcRequest, client: &Account) -> Result<bool, Refusal> {
    let offered = || request.body().etypes.iter().copied();
    let Some(proof) = request.padata(padata_type::ENC_TIMESTAMP) else {
        if !client.preauth_required {
            return Ok(false);
        }
        let mut hints = Vec::new();
        hints::required(view.realm, client, offered().collect::<Vec<_>>(), &mut hints);
        return Err(Refusal { hints: Some(hints), ..Refusal::new(error_code::PREAUTH_REQUIRED, "NEEDED_PREAUTH") });
    };
    // All that is wrong with the proof but its time is one error, 24, as MIT has it: no key of the etype, not
    // decryptable, not decodable.
    let failed = || {
        let mut hints = Vec::new();
        hints::failed(view.realm, client, offered().collect::<Vec<_>>(), &mut hints);
        Refusal { hints: Some(hints), ..Refusal::new(error_code::PREAUTH_FAILED, "PREAUTH_FAILED") }
    };
    let proof = EncryptedData::decode(proof).map_err(|_| failed())?;
    let opens = |key: &Key| key.decrypt(usage::PA_ENC_TIMESTAMP, &proof.cipher).ok();
    // Former passwords are as wrong as any other, whether or not their keys are kept for old tickets.
    let Some(plain) = client.newest().keys.iter().filter(|key| key.etype().number() == proof.etype).find_map(opens)
    else {
        if !client.former(proof.etype).any(|key| opens(key).is_some()) {
            client.attempts.wrong(view.realm.lockout, view.now);
        }
        return Err(failed());
    };
    let stamp = PreauthEncTimestamp::decode(&plain).map_err(|_| failed())?;
    if is_skewed(view, stamp.time) {
        return Err(Refusal::new(error_code::SKEW, "PREAUTH_FAILED"));
    }
    client.attempts.right();
    Ok(true)
}

/// Whether a client's clock is too far off. MIT compares whole seconds.
pub(crate) fn is_skewed(view: &View<'_>, time: shakedown_krb5::Timestamp) -> bool {
    view.now.seconds().abs_diff(time.seconds()) > view.realm.clock_skew.as_secs()
}

/// Proves that the request arrived as it was sent (RFC 6806 §11).
fn request_checksum(key: &Key, request: &[u8]) -> PaData {
    let checksum =
        Checksum { cksumtype: key.etype().checksum_type(), checksum: key.checksum(usage::AS_REQ_CHECKSUM, request) };
    PaData::new(padata_type::REQ_ENC_PA_REP, &checksum)
}
