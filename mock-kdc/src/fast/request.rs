//! From a request to the one within it.

use shakedown_krb5::crypto::Key;
use shakedown_krb5::fast::{FastRequest, OpenFailure, armor_key, options};
use shakedown_krb5::messages::{Codec, KdcRequest, error_code, padata_type};

use super::{Tunnel, armor};
use crate::kdc::View;
use crate::refusal::Refusal;
use crate::tgs_exchange::UNKEYED;

/// A request that came through a tunnel.
#[derive(Debug)]
pub(crate) struct Opened {
    /// The one that counts. A TGS-REQ has no PA-TGS-REQ here.
    pub(crate) request: KdcRequest,
    pub(crate) tunnel: Tunnel,
}

/// A request whose FAST is not in order; MIT's word for each of these is `FIND_FAST`.
#[derive(Debug)]
pub(crate) struct Unopened {
    pub(crate) code: i32,
    /// Once its key is known, the error goes back through the tunnel.
    pub(crate) tunnel: Option<Tunnel>,
}

/// What is within an AS-REQ; nothing if it is without FAST.
pub(crate) fn open_as(view: &View<'_>, request: &KdcRequest) -> Result<Option<Opened>, Unopened> {
    let Some(fast) = decode(request)? else { return Ok(None) };
    // No armor and no ticket either: MIT has no key then.
    let armor = fast.armor.as_ref().ok_or(Unopened::plainly(error_code::PREAUTH_FAILED))?;
    let key = armor::key(view, armor).map_err(Unopened::plainly)?;
    open(request, &fast, key, request.body_octets()).map(Some)
}

/// What is within a TGS-REQ; nothing if it is without FAST. The keys are those of the ticket that it shows, which has
/// been verified.
pub(crate) fn open_tgs(
    view: &View<'_>,
    request: &KdcRequest,
    session_key: &Key,
    subkey: Option<&Key>,
) -> Result<Option<Opened>, Unopened> {
    let Some(fast) = decode(request)? else { return Ok(None) };
    let key = match (&fast.armor, subkey) {
        (Some(_), Some(_)) | (None, None) => return Err(Unopened::plainly(error_code::PREAUTH_FAILED)),
        // RFC 6113 §5.4.2 leaves explicit armor in a TGS-REQ to who has a sub-key; MIT's KDC takes it from who has none.
        (Some(armor), None) => armor::key(view, armor).map_err(Unopened::plainly)?,
        (None, Some(subkey)) => armor_key(subkey, session_key),
    };
    let presented = request.padata(padata_type::TGS_REQ).unwrap_or_default();
    open(request, &fast, key, presented).map(Some)
}

fn decode(request: &KdcRequest) -> Result<Option<FastRequest>, Unopened> {
    let Some(octets) = request.padata(padata_type::FX_FAST) else { return Ok(None) };
    FastRequest::decode(octets).map(Some).map_err(|_| Unopened::plainly(error_code::GENERIC))
}

/// `outside` is what the checksum must be over.
fn open(request: &KdcRequest, fast: &FastRequest, key: Key, outside: &[u8]) -> Result<Opened, Unopened> {
    let opened = fast.open(&key, outside);
    let mut tunnel = Tunnel::new(key, request.body().nonce);
    let code = match opened {
        Ok(body) if body.options & options::CRITICAL & !options::HIDE_CLIENT_NAMES != 0 => {
            error_code::UNKNOWN_CRITICAL_FAST_OPTIONS
        }
        Ok(body) => {
            tunnel.enter(body.options, body.body().nonce);
            return Ok(Opened { request: body.into_request(request.exchange), tunnel });
        }
        Err(failure) => code(&failure, fast, &tunnel),
    };
    Err(Unopened { code, tunnel: Some(tunnel) })
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

impl From<Unopened> for Refusal {
    fn from(unopened: Unopened) -> Self {
        Self::new(unopened.code, "FIND_FAST").through(unopened.tunnel.as_ref())
    }
}

impl Unopened {
    const fn plainly(code: i32) -> Self {
        Self { code, tunnel: None }
    }
}
