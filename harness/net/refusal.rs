//! How a failed layer or a failed machine becomes an outcome: who refused, with which code.

use crate::handshake::{Error, Outcome, Side};
use crate::tls::{FailureKind, RecordFacts, Speaker, TlsFailure, alert};

/// The other end of a connection between `side` and its peer.
pub(crate) const fn peer_of(side: Side) -> Side {
    match side {
        Side::Server | Side::Kdc => Side::Client,
        Side::Client | Side::Proxy => Side::Server,
    }
}

/// Which end of TLS a side is.
pub(crate) const fn speaker(side: Side) -> Speaker {
    match side {
        Side::Client | Side::Proxy => Speaker::Client,
        Side::Server | Side::Kdc => Speaker::Server,
    }
}

/// A TLS handshake that failed. Who sent an alert is read from the records; where the alert was encrypted only its receiver
/// knows it; where there was none, whoever's library gave up has refused.
pub(crate) fn of_tls(side: Side, failure: &TlsFailure, records: &RecordFacts) -> Outcome {
    let named = |by: Side, description: u8| Outcome::refused(by, format!("alert {}", alert::name(description)));
    let peer = peer_of(side);
    match failure.kind {
        FailureKind::CertificateName => Outcome::refused(side, "certificate_name"),
        FailureKind::ProbeAccepted => Outcome::refused(side, "probe_accepted"),
        _ if records.fatal.is_some() => {
            let alert = records.fatal.expect("it was just looked at");
            let by = if alert.by == speaker(side) { side } else { peer };
            let outcome = named(by, alert.description);
            if by == side { outcome.because(failure.text.clone()) } else { outcome }
        }
        FailureKind::AlertReceived(description) => named(peer, description),
        FailureKind::AlertSent(description) => named(side, description).because(failure.text.clone()),
        FailureKind::Eof => Outcome::refused(peer, "eof"),
        FailureKind::Library => Outcome::refused(side, "tls_failed").because(failure.text.clone()),
    }
}

/// A machine that could not go on because of what the peer sent; `Err` if it was our own mistake.
pub(crate) fn of_machine(side: Side, error: Error) -> Result<Outcome, Error> {
    let code = match &error {
        Error::Malformed { .. } => "malformed",
        Error::PeerMisbehaved(_) => "protocol_violation",
        Error::Unsupported(_) => "unsupported",
        Error::Misuse(_) => return Err(error),
    };
    Ok(Outcome::refused(side, code).because(error.to_string()))
}
