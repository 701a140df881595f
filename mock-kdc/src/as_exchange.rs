//! The AS exchange: a ticket for who knows a password (RFC 4120 §3.1).
//!
//! ```text
//! client                                     KDC
//!   AS-REQ, no proof               ->
//!                                  <-  KRB-ERROR 25 with ETYPE-INFO2: etype and salt
//!   AS-REQ, PA-ENC-TIMESTAMP       ->
//!                                  <-  AS-REP
//! ```
//! The order of the checks decides which error wins. It is that of MIT's KDC; what differs between flavors is in
//! [`crate::policy`].

use shakedown_krb5::Random;
use shakedown_krb5::Timestamp;
use shakedown_krb5::crypto::{Key, usage};
use shakedown_krb5::messages::flags::{kdc_options, ticket};
use shakedown_krb5::messages::view::{EncryptedDataView, KdcRequestView, TransitedView, View as _};
use shakedown_krb5::messages::{Codec as _, Exchange, PreauthEncTimestamp, error_code, padata_type};

use crate::database::Account;
use crate::fast;
use crate::kdc::View;
use crate::pac::{self, WithPac};
use crate::policy::{accounts, etypes, hints, names, options};
use crate::refusal::{Refusal, Refused};
use crate::reply::{Grant, Issued, Unrestricted, longest_life, longest_renewal, open};
use crate::times::{Bounds, Times};
use crate::trust;
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
    octets: &'a [u8],
    opened: &'a mut Opened,
    out: &mut Out,
    random: &mut dyn Random,
) -> Result<Issued<'a>, Refused<'a>> {
    let Opened { proof, within, .. } = opened;
    let request = &fast::enter_as(view, request, within, &mut out.tunnel)?;
    let body = &request.body;
    let asked_client = body.client().ok_or(Refusal::new(error_code::C_PRINCIPAL_UNKNOWN, "NULL_CLIENT"))?;
    let asked_server = body.server().ok_or(Refusal::new(error_code::S_PRINCIPAL_UNKNOWN, "NULL_SERVER"))?;
    let client = names::client(view.realm, view.database, asked_client)
        .map_err(|unknown| trust::referral::of_client(view.realm, body.kdc_options, asked_client, unknown))?;
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
    if out.tunnel.is_none() && fast::is_required(view, client) {
        return Err(Refusal::new(error_code::POLICY, "FAST REQUIRED").into());
    }
    let proof = check_proof(view, request, client, proof, out)?;
    accounts::after_proof(parties)?;
    if times.end < times.start {
        // RFC 4120 §3.1.3 and Active Directory; MIT's KDC issues a ticket that has already ended.
        return Err(Refusal::new(error_code::NEVER_VALID, "NEVER_VALID").into());
    }
    let key =
        etypes::reply_key(client, body.etypes).ok_or(Refusal::new(error_code::ETYPE_NOSUPP, "CANT_FIND_CLIENT_KEY"))?;

    // MIT sets ENC-PA-REP whether or not the checksum was asked for: it says that this KDC makes one.
    let mut flags = ticket::INITIAL | ticket::ENC_PA_REP;
    flags |= options & (kdc_options::FORWARDABLE | kdc_options::PROXIABLE);
    flags |= options::postdated_flags(options);
    if !matches!(proof, Proof::None) {
        flags |= ticket::PRE_AUTHENT;
    }
    if times.renew_till.is_some() {
        flags |= ticket::RENEWABLE;
    }
    if let (Proof::Challenge(key), Some(tunnel)) = (proof, &out.tunnel) {
        fast::answer_challenge(tunnel, key, view.now, random, &mut out.padata);
    }
    hints::of_reply(view.realm, client, key, body.etypes, &mut out.padata);
    let told_client = names::told_client(view.realm, asked_client, client, body.kdc_options);
    let told_service = names::told_service(asked_server, server);
    let authorization = WithPac::of_logon(view, client, told_service, pac::wanted(request), &mut opened.signed);
    let grant = Grant {
        exchange: Exchange::As,
        // The names go back with the name types of the request: libkrb5 compares those as well.
        client: told_client,
        service: told_service,
        account: server,
        session_etype,
        times,
        flags,
        nonce: body.nonce,
        addresses: body.addresses,
        transited: TransitedView::NONE,
        authorization: authorization.as_ref().map_or(&Unrestricted, |with_pac| with_pac),
        key_expiration: client.password_expires,
        reply_key: key,
        reply_usage: usage::AS_REP,
        reply_kvno: view.realm.reply_key_version.then_some(client.newest().kvno),
        ticket_key: None,
        proves: request.padata(padata_type::REQ_ENC_PA_REP).map(|_| octets),
    };
    let Issued { ticket_etype, session_etype, kvno, .. } = grant.issue(view, out, random);
    Ok(Issued { client: told_client, service: told_service, ticket_etype, session_etype, kvno })
}

/// How the client has proven that it knows its key.
enum Proof<'a> {
    /// It did not have to.
    None,
    /// By a fresh time under one of its keys (RFC 4120 §5.2.7.2).
    Timestamp,
    /// By a fresh time under a key that is made of this one and the tunnel's (RFC 6113 §5.4.6).
    Challenge(&'a Key),
}

fn check_proof<'a>(
    view: &View<'_>,
    request: &KdcRequestView<'_>,
    client: &'a Account,
    buffer: &mut Vec<u8>,
    out: &mut Out,
) -> Result<Proof<'a>, Refusal> {
    let offered = request.body.etypes;
    let challenge = out.tunnel.as_deref().zip(request.padata(padata_type::ENCRYPTED_CHALLENGE));
    let expected = if out.tunnel.is_some() { padata_type::ENCRYPTED_CHALLENGE } else { padata_type::ENC_TIMESTAMP };
    let found = if let Some((tunnel, challenge)) = challenge {
        let found = fast::check_challenge(tunnel, challenge, client, offered.iter());
        if found.is_none() {
            client.attempts.wrong(view.realm.lockout, view.now);
        }
        found.map(|(time, key)| (time, Proof::Challenge(key)))
    } else if let Some(stamp) = request.padata(padata_type::ENC_TIMESTAMP) {
        proven_time(view, client, stamp, buffer).map(|time| (time, Proof::Timestamp))
    } else if client.preauth_required {
        hints::required(view.realm, client, offered, expected, &mut out.hints);
        return Err(Refusal::new(error_code::PREAUTH_REQUIRED, "NEEDED_PREAUTH"));
    } else {
        return Ok(Proof::None);
    };
    // All that is wrong with the proof but its time is one error, 24, as MIT has it: no key of the etype, not
    // decryptable, not decodable.
    let Some((time, proof)) = found else {
        hints::failed(view.realm, client, offered, expected, &mut out.hints);
        return Err(Refusal::new(error_code::PREAUTH_FAILED, "PREAUTH_FAILED"));
    };
    if is_skewed(view, time) {
        return Err(Refusal::new(error_code::SKEW, "PREAUTH_FAILED"));
    }
    client.attempts.right();
    Ok(proof)
}

/// The time in a PA-ENC-TIMESTAMP, if it is one under a key of the client's.
fn proven_time(view: &View<'_>, client: &Account, proof: &[u8], buffer: &mut Vec<u8>) -> Option<Timestamp> {
    let proof = EncryptedDataView::decode(proof).ok()?;
    // Former passwords are as wrong as any other, whether or not their keys are kept for old tickets.
    let keys = client.newest().keys.iter().filter(|key| key.etype().number() == proof.etype);
    let with_usage = |key| (key, usage::PA_ENC_TIMESTAMP);
    let Some(plain) = open(keys.map(with_usage), proof.cipher, buffer) else {
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
