//! Checks of replies that a client can be asked to leave out, one by one, so that it can be seen that something depends on each.

use super::rejected;

/// A check that is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Lenience(&'static Line);

/// Word, clause, and the fields that are not looked at: a service's name stands in two places.
type Line = (&'static str, &'static str, &'static [&'static str]);

const LINES: [Line; 8] = [
    ("takes-any-nonce", "RFC 4120 §3.1.5: the nonce matches the request's", &[rejected::NONCE]),
    ("takes-any-client", "RFC 4120 §3.1.5: cname and crealm match the request's", &[rejected::CNAME]),
    (
        "takes-any-service",
        "RFC 4120 §3.1.5: sname and realm match the request's",
        &[rejected::SNAME, rejected::TICKET_SNAME],
    ),
    (
        "takes-any-ticket",
        "RFC 4120 §3.1.5: the ticket is for the service that the encrypted part names",
        &[rejected::TICKET_SNAME],
    ),
    ("takes-any-end-time", "RFC 4120 §3.1.5: the times are those that were asked for", &[rejected::ENDTIME]),
    ("takes-any-renew-till", "RFC 4120 §3.1.5: the times are those that were asked for", &[rejected::RENEW_TILL]),
    (
        "takes-any-start-time",
        "RFC 4120 §3.1.5: the ticket begins within the tolerance of clocks",
        &[rejected::STARTTIME],
    ),
    (
        "skips-request-checksum",
        "RFC 6806 §11: the checksum over the request is verified",
        &[rejected::REQUEST_CHECKSUM],
    ),
];

impl Lenience {
    /// All of them.
    pub const ALL: [Self; LINES.len()] = {
        let mut all = [Self(&LINES[0]); LINES.len()];
        let mut place = 0;
        while place < LINES.len() {
            all[place] = Self(&LINES[place]);
            place += 1;
        }
        all
    };

    /// The word in scenarios and reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        self.0.0
    }

    /// The clause that is broken.
    #[must_use]
    pub const fn clause(self) -> &'static str {
        self.0.1
    }

    /// Whether a field, one of [`rejected`], is not looked at.
    pub(super) fn leaves_out(self, field: &str) -> bool {
        self.0.2.contains(&field)
    }
}
