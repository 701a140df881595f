//! The metrics in Prometheus' text format (version 0.0.4), and what the KDC's own state adds to them.

use std::fmt::{self, Write as _};

use super::Controlled;
use crate::event::{Exchange, Transport};
use crate::fault::RuleState;
use crate::metrics::{Answered, Count, Metrics};

/// All that is counted, each figure with the realm as a label.
pub(super) fn text(controlled: &Controlled) -> String {
    let (kdc, metrics) = (controlled.kdc(), controlled.responder.metrics());
    let mut page = Page { text: String::new(), realm: escaped(&kdc.realm().name) };
    page.head("requests_total", "counter", "Requests, by how they were answered.");
    for Count { exchange, transport, answered, requests } in metrics.requests() {
        let exchange = exchange.map_or("unreadable", |is| if is == Exchange::As { "as" } else { "tgs" });
        let transport = transport.map_or("direct", |is| if is == Transport::Udp { "udp" } else { "tcp" });
        let (answer, code) = match answered {
            Answered::Ticket => ("ticket", String::new()),
            Answered::Error(code) if code < 0 => ("error", "other".to_owned()),
            Answered::Error(code) => ("error", code.to_string()),
            Answered::Silence => ("none", String::new()),
        };
        let labels = format!(",exchange=\"{exchange}\",transport=\"{transport}\",answer=\"{answer}\",code=\"{code}\"");
        page.figure("requests_total", &labels, requests);
    }
    page.single("retransmissions_total", "counter", "Datagrams that had been answered before.", metrics.repeated());
    page.single("received_octets_total", "counter", "Octets of all requests.", metrics.received_octets());
    page.single("sent_octets_total", "counter", "Octets of all answers.", metrics.sent_octets());
    page.durations(metrics);
    page.head("rule_applied_total", "counter", "Requests that a rule was applied to.");
    for RuleState { id, applied, .. } in kdc.rules() {
        page.figure("rule_applied_total", &format!(",rule=\"{id}\""), applied);
    }
    page.single("clock_offset_seconds", "gauge", "How far the KDC's clock is ahead.", kdc.clock_offset());
    page.text
}

struct Page {
    text: String,
    realm: String,
}

const WRITES: &str = "a String takes all that is written";

impl Page {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        writeln!(self.text, "# HELP mock_kdc_{name} {help}\n# TYPE mock_kdc_{name} {kind}").expect(WRITES);
    }

    /// `labels` begin with a comma.
    fn figure(&mut self, name: &str, labels: &str, figure: impl fmt::Display) {
        writeln!(self.text, "mock_kdc_{name}{{realm=\"{}\"{labels}}} {figure}", self.realm).expect(WRITES);
    }

    fn single(&mut self, name: &str, kind: &str, help: &str, figure: impl fmt::Display) {
        self.head(name, kind, help);
        self.figure(name, "", figure);
    }

    /// A histogram: its buckets add up.
    fn durations(&mut self, metrics: &Metrics) {
        const NAME: &str = "request_duration_seconds";
        self.head(NAME, "histogram", "From a request's arrival to its answer's dispatch.");
        let mut sum = 0;
        let bounds = Metrics::BOUNDS_US.iter().map(|us| (*us as f64 / 1e6).to_string());
        for (bound, count) in bounds.chain(["+Inf".to_owned()]).zip(metrics.durations()) {
            sum += count;
            self.figure(&format!("{NAME}_bucket"), &format!(",le=\"{bound}\""), sum);
        }
        self.figure(&format!("{NAME}_sum"), "", metrics.duration().as_secs_f64());
        self.figure(&format!("{NAME}_count"), "", sum);
    }
}

/// As a label's value.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_escaped() {
        assert_eq!(escaped("a\\b\"c\nd"), "a\\\\b\\\"c\\nd");
    }
}
