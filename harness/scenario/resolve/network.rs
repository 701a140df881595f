//! What the network does to a party, and how long that waits.

use crate::error::ScenarioError;
use crate::handshake::Direction;
use crate::net::fault::{FaultKind, NetworkFault, Point};
use crate::scenario::file;
use crate::scenario::template::Filling;
use crate::scenario::words::duration;
use crate::scenario::written::Text;
use std::time::Duration;
use toml::Spanned;

/// Longer than anybody waits for a login.
const LONGEST: Duration = Duration::from_secs(3_600);

/// The fault on the line of a party that speaks in the direction `own`. One that fills in empty is none, so that some cells of
/// an axis can do without.
pub(super) fn fault(
    written: Option<&Spanned<file::Network>>,
    own: Direction,
    filling: &Filling<'_>,
) -> Result<Option<NetworkFault>, ScenarioError> {
    let Some(written) = written.map(Spanned::get_ref) else { return Ok(None) };
    let (word, at) = (filling.text(&written.fault)?, filling.text(&written.at)?);
    let length = filling.optional(written.length.as_ref())?.filter(|length| !length.text.is_empty());
    if word.text.is_empty() {
        return Ok(None);
    }
    let listed = FaultKind::ALL.map(|kind| (kind.word(), kind));
    let mut kind = filling.one_of(&word, "network fault", &listed)?;
    if let Some(length) = &length {
        let FaultKind::Delay(delay) = &mut kind else {
            return Err(filling.error(length, "only a delay has a length, not"));
        };
        *delay = waiting(length, filling)?;
    }
    let allowed = "before, during or after, and tls or an event of traces, as in 'after greeting'";
    let point = at.text.parse::<Point>().map_err(|_| filling.error(&at, "unknown point").allowing(allowed))?;
    if kind.is_unreachable() {
        if own == Direction::FromClient {
            return Err(filling.error(&word, "only a server is unreachable, by"));
        }
        if point != Point::BEFORE_CONNECT {
            return Err(filling.error(&at, "a server is unreachable from the first, not").allowing("before connect"));
        }
    } else if !point.is_open_to(own) {
        let problem = "this party does not say that, and can only be stopped after it has heard it; not";
        return Err(filling.error(&at, problem));
    }
    Ok(Some(NetworkFault { at: point, kind }))
}

/// How long a party gives each phase.
pub(super) fn deadline(written: Option<&Text>, filling: &Filling<'_>) -> Result<Option<Duration>, ScenarioError> {
    let written = filling.optional(written)?.filter(|text| !text.text.is_empty());
    written.map(|text| waiting(&text, filling)).transpose()
}

fn waiting(text: &Text, filling: &Filling<'_>) -> Result<Duration, ScenarioError> {
    let length = duration(&text.text).filter(|length| !length.is_zero() && *length <= LONGEST);
    length.ok_or_else(|| filling.error(text, "no time to wait").allowing("50ms, 5s, 10m, up to an hour"))
}
