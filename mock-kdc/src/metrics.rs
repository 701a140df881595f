//! How many requests there were and how they were answered, in Prometheus' text format.
//!
//! Counting is an addition to a number that is there from the start: nothing is locked or allocated.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

use shakedown_krb5::messages::Exchange;

use crate::event::Transport;

/// Counters by exchange, transport and outcome.
#[derive(Debug)]
pub struct Metrics {
    cells: Box<[AtomicU64]>,
    repeated: AtomicU64,
}

/// How a request was answered, as far as it is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counted {
    Issued,
    Dropped,
    Refused(i32),
}

const EXCHANGES: [(Option<Exchange>, &str); 3] =
    [(Some(Exchange::As), "as"), (Some(Exchange::Tgs), "tgs"), (None, "unreadable")];
const TRANSPORTS: [(Option<Transport>, &str); 3] =
    [(Some(Transport::Udp), "udp"), (Some(Transport::Tcp), "tcp"), (None, "direct")];
/// Error codes from 0 to 127, and all others.
const CODES: usize = 129;
/// Issued, dropped, and the codes.
const OUTCOMES: usize = 2 + CODES;

impl Default for Metrics {
    fn default() -> Self {
        let cells = (0..EXCHANGES.len() * TRANSPORTS.len() * OUTCOMES).map(|_| AtomicU64::new(0)).collect();
        Self { cells, repeated: AtomicU64::new(0) }
    }
}

impl Metrics {
    /// Counts a request.
    pub(crate) fn count(
        &self,
        exchange: Option<Exchange>,
        transport: Option<Transport>,
        counted: Counted,
        is_repeated: bool,
    ) {
        if is_repeated {
            self.repeated.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let exchange = EXCHANGES.iter().position(|(known, _)| *known == exchange).unwrap_or(0);
        let transport = TRANSPORTS.iter().position(|(known, _)| *known == transport).unwrap_or(0);
        let outcome = match counted {
            Counted::Issued => 0,
            Counted::Dropped => 1,
            Counted::Refused(code) => 2 + usize::try_from(code).map_or(CODES - 1, |code| code.min(CODES - 1)),
        };
        self.cells[(exchange * TRANSPORTS.len() + transport) * OUTCOMES + outcome].fetch_add(1, Ordering::Relaxed);
    }

    /// All counters of `realm`, those at zero left out.
    #[must_use]
    pub fn text(&self, realm: &str) -> String {
        const WRITES: &str = "a String takes all that is written";
        let realm = realm.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        let mut text = "# HELP mock_kdc_requests_total Requests, by how they were answered.\n\
                        # TYPE mock_kdc_requests_total counter\n"
            .to_owned();
        for (place, cell) in self.cells.iter().enumerate() {
            let count = cell.load(Ordering::Relaxed);
            if count == 0 {
                continue;
            }
            let exchange = EXCHANGES[place / OUTCOMES / TRANSPORTS.len()].1;
            let transport = TRANSPORTS[place / OUTCOMES % TRANSPORTS.len()].1;
            let outcome = match place % OUTCOMES {
                0 => "outcome=\"issued\",code=\"\"".to_owned(),
                1 => "outcome=\"dropped\",code=\"\"".to_owned(),
                code if code == OUTCOMES - 1 => "outcome=\"error\",code=\"other\"".to_owned(),
                code => format!("outcome=\"error\",code=\"{}\"", code - 2),
            };
            writeln!(
                text,
                "mock_kdc_requests_total{{realm=\"{realm}\",exchange=\"{exchange}\",transport=\"{transport}\",{outcome}}} {count}"
            )
            .expect(WRITES);
        }
        let repeated = self.repeated.load(Ordering::Relaxed);
        write!(
            text,
            "# HELP mock_kdc_retransmissions_total Datagrams that had been answered before.\n\
             # TYPE mock_kdc_retransmissions_total counter\n\
             mock_kdc_retransmissions_total{{realm=\"{realm}\"}} {repeated}\n"
        )
        .expect(WRITES);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_by_exchange_transport_and_outcome() {
        let metrics = Metrics::default();
        let (udp, tcp) = (Some(Transport::Udp), Some(Transport::Tcp));
        metrics.count(Some(Exchange::As), udp, Counted::Refused(25), false);
        metrics.count(Some(Exchange::As), udp, Counted::Refused(25), true);
        metrics.count(Some(Exchange::As), udp, Counted::Issued, false);
        metrics.count(Some(Exchange::Tgs), tcp, Counted::Issued, false);
        metrics.count(None, tcp, Counted::Dropped, false);
        metrics.count(Some(Exchange::Tgs), tcp, Counted::Refused(127), false);
        metrics.count(Some(Exchange::Tgs), tcp, Counted::Refused(4711), false);
        metrics.count(Some(Exchange::Tgs), tcp, Counted::Refused(-1), false);
        let text = metrics.text("R\"");
        let counted: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(
            counted,
            [
                r#"mock_kdc_requests_total{realm="R\"",exchange="as",transport="udp",outcome="issued",code=""} 1"#,
                r#"mock_kdc_requests_total{realm="R\"",exchange="as",transport="udp",outcome="error",code="25"} 1"#,
                r#"mock_kdc_requests_total{realm="R\"",exchange="tgs",transport="tcp",outcome="issued",code=""} 1"#,
                r#"mock_kdc_requests_total{realm="R\"",exchange="tgs",transport="tcp",outcome="error",code="127"} 1"#,
                r#"mock_kdc_requests_total{realm="R\"",exchange="tgs",transport="tcp",outcome="error",code="other"} 2"#,
                r#"mock_kdc_requests_total{realm="R\"",exchange="unreadable",transport="tcp",outcome="dropped",code=""} 1"#,
                r#"mock_kdc_retransmissions_total{realm="R\""} 1"#,
            ]
        );
    }
}
