//! From a request to the one within it.

use shakedown_krb5::crypto::Key;
use shakedown_krb5::fast::{FastRequest, OpenFailure, armor_key, options};
use shakedown_krb5::messages::view::{KdcRequestView, View as _};
use shakedown_krb5::messages::{Codec as _, KdcRequest, error_code, padata_type};

use super::{Tunnel, armor};
use crate::kdc::View;
use crate::realm::Fast;
use crate::refusal::Refusal;
use crate::tgs_exchange::UNKEYED;

/// A request whose FAST is not in order; MIT's word for each of these is `FIND_FAST`.
struct Unopened {
    code: i32,
    /// Once its key is known, the error goes back through the tunnel.
    tunnel: Option<Box<Tunnel>>,
}

/// The AS-REQ that counts: the one within, which is written into `within`, or the one itself if it is without FAST.
pub(crate) fn enter_as<'a>(
    view: &View<'_>,
    request: &KdcRequestView<'a>,
    within: &'a mut Vec<u8>,
    tunnel: &mut Option<Box<Tunnel>>,
) -> Result<KdcRequestView<'a>, Refusal> {
    let Some(octets) = offered(view, request) else { return Ok(*request) };
    let opened = FastRequest::decode(octets).map_err(|_| Unopened::plainly(error_code::GENERIC)).and_then(|fast| {
        // No armor and no ticket either: MIT has no key then.
        let armor = fast.armor.as_ref().ok_or(Unopened::plainly(error_code::PREAUTH_FAILED))?;
        let key = armor::key(view, armor).map_err(Unopened::plainly)?;
        open(request, &fast, key, request.body_octets())
    });
    enter(opened, within, tunnel)
}

/// The TGS-REQ that counts, which has no PA-TGS-REQ if it came within another. The keys are those of the ticket that the
/// outer one shows, which has been verified.
pub(crate) fn enter_tgs<'a>(
    view: &View<'_>,
    request: &KdcRequestView<'a>,
    session_key: &Key,
    subkey: Option<&Key>,
    within: &'a mut Vec<u8>,
    tunnel: &mut Option<Box<Tunnel>>,
) -> Result<KdcRequestView<'a>, Refusal> {
    let Some(octets) = offered(view, request) else { return Ok(*request) };
    let opened = FastRequest::decode(octets).map_err(|_| Unopened::plainly(error_code::GENERIC)).and_then(|fast| {
        let key = match (&fast.armor, subkey) {
            (Some(_), Some(_)) | (None, None) => return Err(Unopened::plainly(error_code::PREAUTH_FAILED)),
            // RFC 6113 §5.4.2 leaves armor of its own to who has a sub-key; MIT's KDC takes it from who has none.
            (Some(armor), None) => armor::key(view, armor).map_err(Unopened::plainly)?,
            (None, Some(subkey)) => armor_key(subkey, session_key),
        };
        open(request, &fast, key, request.padata(padata_type::TGS_REQ).unwrap_or_default())
    });
    enter(opened, within, tunnel)
}

/// PA-FX-FAST, if the realm knows what that is.
fn offered<'a>(view: &View<'_>, request: &KdcRequestView<'a>) -> Option<&'a [u8]> {
    if view.realm.fast == Fast::No { None } else { request.padata(padata_type::FX_FAST) }
}

fn enter<'a>(
    opened: Result<(KdcRequest, Tunnel), Unopened>,
    within: &'a mut Vec<u8>,
    tunnel: &mut Option<Box<Tunnel>>,
) -> Result<KdcRequestView<'a>, Refusal> {
    let refuse = |code| Refusal::new(code, "FIND_FAST");
    match opened {
        Ok((request, entered)) => {
            *tunnel = Some(Box::new(entered));
            within.clear();
            request.encode(within);
            KdcRequestView::decode(within).map_err(|_| refuse(error_code::GENERIC))
        }
        Err(unopened) => {
            *tunnel = unopened.tunnel;
            Err(refuse(unopened.code))
        }
    }
}

/// `outside` is what the checksum must be over.
fn open(
    request: &KdcRequestView<'_>,
    fast: &FastRequest,
    key: Key,
    outside: &[u8],
) -> Result<(KdcRequest, Tunnel), Unopened> {
    let opened = fast.open(&key, outside);
    let mut tunnel = Tunnel::new(key, request.body.nonce);
    let code = match opened {
        Ok(body) if body.options & options::CRITICAL & !options::HIDE_CLIENT_NAMES != 0 => {
            error_code::UNKNOWN_CRITICAL_FAST_OPTIONS
        }
        Ok(body) => {
            tunnel.enter(body.options, body.body());
            return Ok((body.into_request(request.exchange), tunnel));
        }
        Err(failure) => code(&failure, fast, &tunnel),
    };
    Err(Unopened { code, tunnel: Some(Box::new(tunnel)) })
}

fn code(failure: &OpenFailure, fast: &FastRequest, tunnel: &Tunnel) -> i32 {
    match failure {
        // MIT has an error of its own for an etype that is not the key's, which has no number on the wire.
        OpenFailure::Integrity if fast.enc_fast_req.etype != tunnel.etype().number() => error_code::GENERIC,
        OpenFailure::Integrity => error_code::BAD_INTEGRITY,
        OpenFailure::UnfitChecksum(number) | OpenFailure::UnknownChecksum(number) if UNKEYED.contains(number) => {
            error_code::POLICY
        }
        OpenFailure::Malformed(_) | OpenFailure::UnknownChecksum(_) | OpenFailure::UnfitChecksum(_) => {
            error_code::GENERIC
        }
        OpenFailure::Modified => error_code::MODIFIED,
    }
}

impl Unopened {
    const fn plainly(code: i32) -> Self {
        Self { code, tunnel: None }
    }
}
