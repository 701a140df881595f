//! The TGS exchange: a ticket for who has a ticket-granting ticket (RFC 4120 §3.3).
//!
//! The order of the checks is that of MIT's KDC: first the ticket that is presented and its authenticator, then the
//! service that is asked for, then options and times.

use std::net::IpAddr;

use shakedown_krb5::Random;
use shakedown_krb5::crypto::{Etype, Key, usage};
use shakedown_krb5::der::{self, Problem, Reader};
use shakedown_krb5::messages::flags::{ap_options, kdc_options, ticket};
use shakedown_krb5::messages::view::{
    ApRequestView, AuthenticatorView, EncTicketPartView, EncryptionKeyView, HostAddressView, KdcRequestView, ListView,
    PrincipalView, View as _,
};
use shakedown_krb5::messages::{Exchange, error_code, padata_type};
use shakedown_krb5::pac::Pac;
use shakedown_krb5::transited;

use crate::as_exchange::is_skewed;
use crate::database::Account;
use crate::fast;
use crate::kdc::View;
use crate::pac::{self, WithPac};
use crate::policy::{accounts, etypes, names, options, user_to_user};
use crate::realm::Flavor;
use crate::refusal::{Refusal, Refused};
use crate::reply::{Authorization, Carried, Grant, Issued, longest_life, longest_renewal, open};
use crate::times::{Bounds, Times};
use crate::trust::{referral, transit};
use crate::worker::{Opened, Out};

/// What this KDC does not do; MIT's does, where policy allows.
const NOT_SERVED: u32 = kdc_options::CNAME_IN_ADDL_TKT;

/// What makes a ticket for the same service as the one that is presented, which need not be a ticket-granting one.
const REISSUING: u32 = kdc_options::RENEW | kdc_options::VALIDATE | kdc_options::FORWARDED | kdc_options::PROXY;

/// A ticket that was presented, with all proofs in order.
struct Presented<'a> {
    /// The service of the ticket.
    service: PrincipalView<'a>,
    /// The account of that service.
    account: &'a Account,
    part: EncTicketPartView<'a>,
    /// Its PAC, verified.
    pac: Option<Pac<'a>>,
    session_key: Key,
    subkey: Option<Key>,
}

/// Answers `request` into `out`.
pub(crate) fn answer<'a>(
    view: &View<'a>,
    request: &KdcRequestView<'a>,
    opened: &'a mut Opened,
    out: &mut Out,
    random: &mut dyn Random,
) -> Result<Issued<'a>, Refused<'a>> {
    let Opened { ticket, authenticator, authorization_data, within, signed, .. } = opened;
    let presented = check_presented(view, request, ticket, authenticator)?;
    let client = presented.part.client;
    // From here on it is known who asks.
    fast::enter_tgs(view, request, &presented.session_key, presented.subkey.as_ref(), within, &mut out.tunnel)
        .and_then(|request| grant(view, &request, &presented, authorization_data, signed, out, random))
        .map_err(|refusal| Refused { refusal, client: Some(client) })
}

fn grant<'a>(
    view: &View<'a>,
    request: &KdcRequestView<'a>,
    presented: &Presented<'a>,
    added: &mut Vec<u8>,
    signed: &mut Vec<u8>,
    out: &mut Out,
    random: &mut dyn Random,
) -> Result<Issued<'a>, Refusal> {
    let body = &request.body;
    let asked_service = body.server().ok_or(Refusal::new(error_code::S_PRINCIPAL_UNKNOWN, "LOOKING_UP_SERVER"))?;
    let service = names::service(view.database, asked_service, "LOOKING_UP_SERVER")
        .or_else(|unknown| referral::on_the_way(view.realm, view.database, body, asked_service, unknown))?;
    check_options(view, request, presented, asked_service)?;
    let ticket_key = user_to_user::ticket_key(view, request, service)?;
    accounts::of_service(view.realm, service, view.now, ticket_key.is_some())?;
    transit::check_lineage(view.realm, presented.service, presented.part.client)?;
    let session_etype = etypes::session(view.realm, service, body.etypes)
        .ok_or(Refusal::new(error_code::ETYPE_NOSUPP, "BAD_ENCRYPTION_TYPE"))?;

    let old = times_of(&presented.part);
    let client = view.database.find(presented.part.client);
    let options = match client {
        Some(client) => options::granted(view.realm, &[client, service], body.kdc_options),
        None => options::granted(view.realm, &[service], body.kdc_options),
    };
    let bounds = Bounds {
        life: longest_life(view, &[client, Some(service)]),
        renewable_life: longest_renewal(view, &[client, Some(service)]),
        presented: Some(old),
    };
    let renews = body.kdc_options & kdc_options::RENEW != 0;
    let times = if renews {
        Times::of_renewed(body, bounds, old, view.now)
    } else if body.kdc_options & kdc_options::VALIDATE != 0 {
        old
    } else {
        Times::of_new(body, bounds, view.now)
    };
    if times.end < times.start {
        return Err(Refusal::new(error_code::NEVER_VALID, "NEVER_VALID"));
    }
    let passage = transit::Passage {
        presented: presented.service,
        part: &presented.part,
        issuer: presented.account,
        wanted: service,
    };
    let transit = transit::pass(view.realm, body.kdc_options, &passage)?;
    let moves = body.kdc_options & (kdc_options::FORWARDED | kdc_options::PROXY) != 0;
    let (reply_key, reply_usage) = match &presented.subkey {
        Some(subkey) => (subkey, usage::TGS_REP_SUBKEY),
        None => (&presented.session_key, usage::TGS_REP_SESSION_KEY),
    };
    let told_service = names::told_service(asked_service, service);
    let carried = carried(request, presented, added)?;
    let with_pac = WithPac::of_presented(view, presented.pac, carried, told_service, signed);
    let authorization: &dyn Authorization = with_pac.as_ref().map_or(&carried, |with_pac| with_pac);
    let grant = Grant {
        exchange: Exchange::Tgs,
        client: presented.part.client,
        service: told_service,
        account: service,
        session_etype,
        times,
        flags: flags(options, presented.part.flags, &times, transit.checked),
        nonce: body.nonce,
        addresses: if moves { body.addresses } else { presented.part.addresses },
        transited: transit.transited(&presented.part),
        authorization,
        key_expiration: None,
        reply_key,
        reply_usage,
        reply_kvno: None,
        ticket_key: ticket_key.as_ref(),
        proves: None,
    };
    let Issued { ticket_etype, session_etype, kvno, .. } = grant.issue(view, out, random);
    Ok(Issued { client: presented.part.client, service: told_service, ticket_etype, session_etype, kvno })
}

/// Opens the ticket and the authenticator, and holds one against the other and both against the request.
fn check_presented<'a>(
    view: &View<'a>,
    request: &KdcRequestView<'a>,
    ticket: &'a mut Vec<u8>,
    authenticator: &mut Vec<u8>,
) -> Result<Presented<'a>, Refused<'a>> {
    let refuse = |code| Refusal::new(code, "PROCESS_TGS");
    let padata = request.padata(padata_type::TGS_REQ).ok_or(refuse(error_code::PADATA_TYPE_NOSUPP))?;
    let presented = ApRequestView::decode(padata).map_err(|error| refuse(unreadable(&error)))?;
    if presented.ap_options & (ap_options::USE_SESSION_KEY | ap_options::MUTUAL_REQUIRED) != 0 {
        return Err(refuse(error_code::POLICY).into());
    }
    let (account, part) = open_ticket(view, &presented, ticket)?;
    let client = part.client;
    // MIT's KDC names the client in every error from here on, whatever the authenticator says.
    check_opened(view, request, &presented, account, part, authenticator)
        .map_err(|refusal| Refused { refusal, client: Some(client) })
}

/// What comes after the ticket, with whose client it is known who asks.
fn check_opened<'a>(
    view: &View<'a>,
    request: &KdcRequestView<'a>,
    presented: &ApRequestView<'a>,
    account: &'a Account,
    part: EncTicketPartView<'a>,
    authenticator: &mut Vec<u8>,
) -> Result<Presented<'a>, Refusal> {
    let refuse = |code| Refusal::new(code, "PROCESS_TGS");
    let session_key = usable(part.key).ok_or(refuse(error_code::ETYPE_NOSUPP))?;
    let keys = [(&session_key, usage::TGS_REQ_AUTHENTICATOR)];
    let plain = open(keys.into_iter(), presented.authenticator.cipher, authenticator)
        .ok_or(refuse(error_code::BAD_INTEGRITY))?;
    let authenticator = AuthenticatorView::decode(plain).map_err(|error| refuse(unreadable(&error)))?;
    if authenticator.client != part.client {
        return Err(refuse(error_code::BADMATCH));
    }
    if !is_at_home(view.peer, part.addresses) {
        return Err(refuse(error_code::BADADDR));
    }
    let (contents, issuer) = (part.transited.contents, presented.ticket.server.realm);
    transited::check_ticket(part.flags, contents, part.client.realm, issuer, &view.realm.trusts.paths)
        .map_err(|refused| refuse(refused.code()))?;
    let times = times_of(&part);
    let skew = view.realm.clock_skew;
    if times.start > view.now + skew {
        return Err(refuse(error_code::TKT_NYV));
    }
    if view.now > times.end + skew {
        return Err(refuse(error_code::TKT_EXPIRED));
    }
    if is_skewed(view, authenticator.time) {
        return Err(refuse(error_code::SKEW));
    }
    if fast::is_armor_only([part.authorization_data, authenticator.authorization_data]) {
        return Err(refuse(error_code::POLICY));
    }
    check_checksum(view, request, &authenticator, &session_key)?;
    let subkey = match authenticator.subkey {
        Some(key) => Some(usable(key).ok_or(refuse(error_code::ETYPE_NOSUPP))?),
        None => None,
    };
    let (service, sealed) = (presented.ticket.server, presented.ticket.enc_part);
    let pac = pac::presented(view, service, sealed.kvno, sealed.etype, &part)?;
    Ok(Presented { service, account, part, pac, session_key, subkey })
}

fn open_ticket<'a, 'b>(
    view: &View<'a>,
    presented: &ApRequestView<'_>,
    buffer: &'b mut Vec<u8>,
) -> Result<(&'a Account, EncTicketPartView<'b>), Refusal> {
    let refuse = |code| Refusal::new(code, "PROCESS_TGS");
    let sealed = presented.ticket.enc_part;
    let service = view.database.find(presented.ticket.server).ok_or(refuse(error_code::S_PRINCIPAL_UNKNOWN))?;
    let mut keys = service.candidates(sealed.kvno, sealed.etype).map(|key| (key, usage::TICKET)).peekable();
    if keys.peek().is_none() {
        return Err(refuse(error_code::GENERIC));
    }
    let code = match view.realm.flavor {
        Flavor::Mit if sealed.kvno.unwrap_or(0) == 0 && !service.has_last_tried() => error_code::GENERIC,
        _ => modified(view),
    };
    let plain = open(keys, sealed.cipher, buffer).ok_or(refuse(code))?;
    let part = EncTicketPartView::decode(plain).map_err(|_| refuse(error_code::GENERIC))?;
    Ok((service, part))
}

/// Why an AP-REQ cannot be read: MIT's decoder has a code for another version alone.
fn unreadable(error: &der::Error) -> i32 {
    if let Problem::Version(_) = error.problem { error_code::BAD_PVNO } else { error_code::GENERIC }
}

/// What a ticket is called that no key opens, or a checksum that is of something else: Active Directory says of both that
/// somebody has changed them, as RFC 4120 §3.3.3 does of the latter.
fn modified(view: &View<'_>) -> i32 {
    match view.realm.flavor {
        Flavor::Mit => error_code::BAD_INTEGRITY,
        Flavor::ActiveDirectory => error_code::MODIFIED,
    }
}

/// Whether a ticket may be used from there (RFC 4120 §3.2.3); one without addresses from everywhere, and whoever comes over
/// no network is nowhere else.
fn is_at_home(peer: Option<IpAddr>, addresses: Option<ListView<'_, HostAddressView<'_>>>) -> bool {
    let (Some(peer), Some(addresses)) = (peer, addresses) else { return true };
    addresses.iter().any(|allowed| match peer {
        IpAddr::V4(peer) => allowed.addr_type == host_address::IPV4 && *allowed.address == peer.octets(),
        IpAddr::V6(peer) => allowed.addr_type == host_address::IPV6 && *allowed.address == peer.octets(),
    })
}

/// Types of addresses (RFC 4120 §7.5.3).
mod host_address {
    pub(super) const IPV4: i32 = 2;
    pub(super) const IPV6: i32 = 24;
}

/// The authenticator's checksum covers the request's body as it was received (RFC 4120 §3.3.2).
fn check_checksum(
    view: &View<'_>,
    request: &KdcRequestView<'_>,
    authenticator: &AuthenticatorView<'_>,
    session_key: &Key,
) -> Result<(), Refusal> {
    let refuse = |code| Refusal::new(code, "PROCESS_TGS");
    let checksum = authenticator.checksum.as_ref().ok_or(refuse(error_code::INAPP_CKSUM))?;
    if checksum.cksumtype != session_key.etype().checksum_type() {
        let is_known = UNKEYED.contains(&checksum.cksumtype)
            || Etype::ALL.iter().any(|etype| etype.checksum_type() == checksum.cksumtype);
        return Err(refuse(if is_known { error_code::INAPP_CKSUM } else { error_code::SUMTYPE_NOSUPP }));
    }
    session_key
        .verify_checksum(usage::TGS_REQ_AUTHENTICATOR_CHECKSUM, request.body_octets(), checksum.checksum)
        .map_err(|_| refuse(modified(view)))
}

/// Checksum types that MIT's KDC knows and anybody can compute: MD4, MD5, SHA-1.
pub(crate) const UNKEYED: [i32; 3] = [2, 7, 14];

/// That of the ticket, and what the client adds to restrict the new one (RFC 4120 §5.4.1).
fn carried<'b>(
    request: &KdcRequestView<'_>,
    presented: &Presented<'b>,
    buffer: &'b mut Vec<u8>,
) -> Result<Carried<'b>, Refusal> {
    let refuse = |code| Refusal::new(code, "HANDLE_AUTHDATA");
    let mut carried =
        Carried { presented: presented.part.authorization_data.unwrap_or_default(), added: ListView::empty() };
    if let Some(added) = &request.body.enc_authorization_data {
        // RFC 4120 §5.4.1 has the sub-key with usage 5, or the session key with usage 4 where there is none. As MIT
        // does, both are tried.
        let attempts = [
            (presented.subkey.as_ref().unwrap_or(&presented.session_key), usage::TGS_REQ_AUTHORIZATION_DATA_SUBKEY),
            (&presented.session_key, usage::TGS_REQ_AUTHORIZATION_DATA_SESSION_KEY),
        ];
        let plain = open(attempts.into_iter(), added.cipher, buffer).ok_or(refuse(error_code::BAD_INTEGRITY))?;
        carried.added = Reader::new("AuthorizationData", plain)
            .and_then(|mut reader| ListView::read(&mut reader))
            .map_err(|_| refuse(error_code::GENERIC))?;
    }
    Ok(carried)
}

fn check_options(
    view: &View<'_>,
    request: &KdcRequestView<'_>,
    presented: &Presented<'_>,
    service_name: PrincipalView<'_>,
) -> Result<(), Refusal> {
    let options = request.body.kdc_options;
    let (flags, renews) = (presented.part.flags, options & kdc_options::RENEW != 0);
    let refuse = |text| Err(Refusal::new(error_code::BADOPTION, text));
    let is_refused = options & kdc_options::ENC_TKT_IN_SKEY != 0 && !view.realm.user_to_user;
    if options & NOT_SERVED != 0 || is_refused {
        return refuse("OPTION NOT SERVED");
    }
    if options & kdc_options::FORWARDED != 0 && flags & ticket::FORWARDABLE == 0 {
        return refuse("TGT NOT FORWARDABLE");
    }
    if options & kdc_options::PROXY != 0 && flags & ticket::PROXIABLE == 0 {
        return refuse("TGT NOT PROXIABLE");
    }
    let postdates = options & (kdc_options::ALLOW_POSTDATE | kdc_options::POSTDATED) != 0;
    if postdates && flags & ticket::MAY_POSTDATE == 0 {
        return refuse("TGT NOT POSTDATABLE");
    }
    let validates = options & kdc_options::VALIDATE != 0;
    if validates && flags & ticket::INVALID == 0 {
        return refuse("VALIDATE VALID TICKET");
    }
    if validates && times_of(&presented.part).start.seconds() > view.now.seconds() {
        return Err(Refusal::new(error_code::TKT_NYV, "NOT_YET_VALID"));
    }
    if renews && flags & ticket::RENEWABLE == 0 {
        return refuse("TICKET NOT RENEWABLE");
    }
    if flags & ticket::INVALID != 0 && !validates {
        return Err(Refusal::new(error_code::TKT_NYV, "TICKET NOT VALID"));
    }
    // What ended within the tolerance can still be renewed, but buys nothing else: whatever it bought would have ended
    // as well. (MIT's KDC issues such tickets.)
    let last = times_of(&presented.part).renew_till.filter(|_| renews).unwrap_or(presented.part.end_time);
    if last.seconds() < view.now.seconds() {
        return Err(Refusal::new(error_code::TKT_EXPIRED, "TKT_EXPIRED"));
    }
    let reissues = options & REISSUING != 0;
    if reissues && presented.service != service_name {
        return Err(Refusal::new(error_code::SERVER_NOMATCH, "SERVER DIDN'T MATCH TICKET FOR RENEW/FORWARD/ETC"));
    }
    if !reissues {
        // Of this realm, whoever issued it.
        match presented.service.krbtgt_realm() {
            Some(_) if presented.service.name == view.krbtgt().name => {}
            Some(_) => return Err(Refusal::new(error_code::NOT_US, "BAD TGS SERVER INSTANCE")),
            None => return Err(Refusal::new(error_code::NOT_US, "BAD TGS SERVER NAME")),
        }
    }
    Ok(())
}

/// What the presented ticket has is kept, but INITIAL unless it is renewed; what it allows and the client asks for is
/// set.
fn flags(options: u32, presented: u32, times: &Times, path_checked: bool) -> u32 {
    const KEPT: u32 = ticket::PRE_AUTHENT | ticket::HW_AUTHENT | ticket::FORWARDED | ticket::PROXY | ticket::ENC_PA_REP;
    let mut flags = if options & (kdc_options::RENEW | kdc_options::VALIDATE) != 0 {
        presented & !(ticket::RENEWABLE | ticket::INVALID)
    } else {
        // FORWARDABLE and PROXIABLE are asked for in vain where the presented ticket does not have them, which is no
        // error.
        presented & (KEPT | options & (ticket::FORWARDABLE | ticket::PROXIABLE))
            | options & (kdc_options::FORWARDED | kdc_options::PROXY)
            | options::postdated_flags(options)
    };
    flags &= !ticket::TRANSITED_POLICY_CHECKED;
    if path_checked {
        flags |= ticket::TRANSITED_POLICY_CHECKED;
    }
    if times.renew_till.is_some() {
        flags |= ticket::RENEWABLE;
    }
    flags
}

fn times_of(part: &EncTicketPartView<'_>) -> Times {
    Times {
        auth: part.auth_time,
        start: part.start_time.unwrap_or(part.auth_time),
        end: part.end_time,
        renew_till: part.renew_till.filter(|_| part.flags & ticket::RENEWABLE != 0),
    }
}

fn usable(key: EncryptionKeyView<'_>) -> Option<Key> {
    key.to_ephemeral().ok()
}
