//! What libmysqlclient calls a failure: the numbers of MySQL's client errors, for what an outcome says in words of its own
//! (MySQL Client Error Message Reference; all have the SQLSTATE HY000).

use crate::handshake::{Kind, Outcome, Side};

/// CR_CONN_HOST_ERROR: nobody answers.
const CONN_HOST_ERROR: u16 = 2003;
/// CR_VERSION_ERROR: a greeting of another protocol.
const VERSION_ERROR: u16 = 2007;
/// CR_SERVER_HANDSHAKE_ERR: data of a plugin that are not what it needs.
const SERVER_HANDSHAKE_ERR: u16 = 2012;
/// CR_SERVER_LOST: the stream ended, or a packet was out of order.
const SERVER_LOST: u16 = 2013;
/// CR_SSL_CONNECTION_ERROR: TLS did not come about.
const SSL_CONNECTION_ERROR: u16 = 2026;
/// CR_MALFORMED_PACKET: a packet that cannot be read.
const MALFORMED_PACKET: u16 = 2027;
/// CR_AUTH_PLUGIN_CANNOT_LOAD: a plugin that is not there, or not enabled.
const AUTH_PLUGIN_CANNOT_LOAD: u16 = 2059;

/// The number for an outcome of our client; `None` for a login, for an error of the server's own, and where libmysqlclient has no
/// number of its own for it.
#[must_use]
pub fn client_error(outcome: &Outcome) -> Option<u16> {
    let code = outcome.code.as_deref().unwrap_or_default();
    let in_tls = outcome.phase.as_deref() == Some("tls");
    match (outcome.kind, outcome.by) {
        (Kind::Established, _) => None,
        (Kind::TimedOut, _) if code == "tcp" => Some(CONN_HOST_ERROR),
        (Kind::TimedOut, _) => Some(SERVER_LOST),
        (Kind::Refused, Some(Side::Client | Side::Server)) => match code {
            "tcp refused" => Some(CONN_HOST_ERROR),
            "eof" | "reset" if in_tls => Some(SSL_CONNECTION_ERROR),
            "eof" | "reset" | "protocol_violation" => Some(SERVER_LOST),
            "tls_refused" | "tls_failed" | "certificate_name" => Some(SSL_CONNECTION_ERROR),
            alert if alert.starts_with("alert ") => Some(SSL_CONNECTION_ERROR),
            "no_plugin" | "cleartext_forbidden" => Some(AUTH_PLUGIN_CANNOT_LOAD),
            "unsupported" => Some(VERSION_ERROR),
            "malformed" if is_of_a_plugin(outcome) => Some(SERVER_HANDSHAKE_ERR),
            "malformed" => Some(MALFORMED_PACKET),
            _ => None,
        },
        (Kind::Refused, _) => None,
    }
}

/// Whether what could not be read is what a password plugin starts with.
fn is_of_a_plugin(outcome: &Outcome) -> bool {
    outcome.cause.as_deref().is_some_and(|cause| cause.contains("_password data"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_behaviour_has_the_number_that_libmysqlclient_gives_it() {
        let check = |outcome: Outcome, number| assert_eq!(client_error(&outcome), number, "{outcome}");
        let refused = Outcome::refused;
        let nonce = "malformed mysql_native_password data: nonce at offset 20: NUL expected";
        check(Outcome::established("password"), None);
        check(refused(Side::Server, "1045 28000"), None);
        check(refused(Side::Server, "1040"), None);
        check(refused(Side::Client, "malformed").because(nonce), Some(2012));
        check(refused(Side::Client, "malformed").because("malformed OK: status at offset 1"), Some(2027));
        check(refused(Side::Client, "tls_refused"), Some(2026));
        check(refused(Side::Server, "alert handshake_failure"), Some(2026));
        check(refused(Side::Server, "eof").in_phase("tls"), Some(2026));
        check(refused(Side::Server, "eof").in_phase("auth"), Some(2013));
        check(refused(Side::Client, "no_plugin"), Some(2059));
        check(refused(Side::Client, "cleartext_forbidden"), Some(2059));
        check(Outcome::timed_out("tcp"), Some(2003));
        check(Outcome::timed_out("auth"), Some(2013));
    }
}
