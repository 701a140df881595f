//! From when until when a ticket is valid (RFC 4120 §3.1.3, §3.3.3), as MIT's KDC decides it.

use std::time::Duration;

use shakedown_krb5::Timestamp;
use shakedown_krb5::messages::flags::kdc_options;
use shakedown_krb5::messages::view::KdcRequestBodyView;

/// The times of a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Times {
    pub(crate) auth: Timestamp,
    pub(crate) start: Timestamp,
    pub(crate) end: Timestamp,
    /// Set for renewable tickets only.
    pub(crate) renew_till: Option<Timestamp>,
}

/// What bounds a ticket.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// The longest life that realm, client and service allow.
    pub(crate) life: Duration,
    /// For how long it may be renewed.
    pub(crate) renewable_life: Duration,
    /// The times of the ticket that is presented, in a TGS-REQ; `renew_till` only if it is renewable.
    pub(crate) presented: Option<Times>,
}

impl Times {
    /// For a new ticket that starts now, or when it is postdated to.
    pub(crate) fn of_new(body: &KdcRequestBodyView<'_>, bounds: Bounds, now: Timestamp) -> Self {
        let now = Timestamp::from_seconds(now.seconds());
        let from = body.from.filter(|_| body.kdc_options & kdc_options::POSTDATED != 0);
        let start = from.unwrap_or(now);
        let mut end = start + bounds.life;
        if body.till != Timestamp::EPOCH {
            end = end.min(body.till);
        }
        if let Some(presented) = bounds.presented {
            end = end.min(presented.end);
        }
        let renew_till = renew_till(body, bounds, start, end);
        Self { auth: bounds.presented.map_or(now, |presented| presented.auth), start, end, renew_till }
    }

    /// For a ticket that is renewed: its old length from now on, but not beyond the last moment that was granted.
    pub(crate) fn of_renewed(body: &KdcRequestBodyView<'_>, bounds: Bounds, old: Self, now: Timestamp) -> Self {
        let start = Timestamp::from_seconds(now.seconds());
        let end = start + old.end.since(old.start);
        let end = old.renew_till.map_or(end, |last| end.min(last));
        Self { start, end, renew_till: renew_till(body, bounds, start, end), ..old }
    }
}

/// RENEWABLE asks for it, also of a ticket that is being renewed; RENEWABLE-OK takes it where the ticket would
/// otherwise end before what was asked for. MIT's KDC does not mind a ticket that can be renewed no longer than it
/// lives anyway.
fn renew_till(body: &KdcRequestBodyView<'_>, bounds: Bounds, now: Timestamp, end: Timestamp) -> Option<Timestamp> {
    let endless = Timestamp::from_seconds(i64::from(u32::MAX));
    let or_endless = |time: Timestamp| if time == Timestamp::EPOCH { endless } else { time };
    let wanted = if body.kdc_options & kdc_options::RENEWABLE != 0 {
        body.rtime.map_or(endless, or_endless)
    } else if body.kdc_options & kdc_options::RENEWABLE_OK != 0 && or_endless(body.till) > end {
        or_endless(body.till)
    } else {
        return None;
    };
    let most = match bounds.presented {
        Some(presented) => presented.renew_till?,
        None => endless,
    };
    let granted = wanted.min(most).min(now + bounds.renewable_life);
    (granted > now).then_some(granted)
}
