//! Who refused, where a proxy stands between.
//!
//! HAProxy in TCP mode says nothing of its own: what the client reads is the server's, but for the end of a connection about
//! which the server was not asked.
//!
//! PgBouncer ends the client's connection, so that an alert or an end without a word is always its own. An ErrorResponse is its
//! own if it has one of the texts below; what a server says when PgBouncer logs in there it hands on word by word, with its own
//! code `08P01`. A text that is none of these is taken for the server's unless the server is a mock and has refused nothing.

use crate::handshake::{Kind, Outcome, Side};
use crate::scenario::party::{Proxy, ProxyKind};

/// How the texts of PgBouncer's own refusals begin, or what they are: those that clients of PgBouncer 1.18 can be told before
/// they are logged in.
const OWN_TEXTS: &[Text] = &[
    Text::Whole("SASL authentication failed"),
    Text::Whole("password authentication failed"),
    Text::Whole("\"trust\" authentication failed"),
    Text::Whole("certificate authentication failed"),
    Text::Whole("PAM authentication failed"),
    Text::Whole("SSL required"),
    Text::Whole("TLS connection required"),
    Text::Whole("empty password returned by client"),
    Text::Whole("no such user"),
    Text::Beginning("no such user: "),
    Text::Beginning("no such database: "),
    Text::Beginning("unsupported startup parameter: "),
    Text::Beginning("client_login_timeout"),
    Text::Beginning("query_wait_timeout"),
    Text::Beginning("server login failed: "),
    Text::Beginning("server login has been failing, "),
    Text::Whole("server DNS lookup failed"),
    Text::Whole("server refused SSL"),
    Text::Whole("pgbouncer cannot connect to server"),
];

enum Text {
    Whole(&'static str),
    Beginning(&'static str),
}

impl Text {
    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Whole(whole) => text == *whole,
            Self::Beginning(beginning) => text.starts_with(beginning),
        }
    }
}

/// Says `proxy` in place of `server` where it was one. `way` are the proxies, `seen` is how the connections that came to the
/// server ended there, if that can be observed.
pub(super) fn attribute(client: &mut Outcome, way: &[&Proxy], seen: Option<&[Outcome]>) {
    if client.kind != Kind::Refused || client.by != Some(Side::Server) {
        return;
    }
    let has_pgbouncer = way.iter().any(|proxy| matches!(proxy.kind, ProxyKind::PgBouncer(_)));
    let by_proxy = if has_pgbouncer {
        let refused_by_server = |outcome: &Outcome| outcome.kind == Kind::Refused && outcome.by == Some(Side::Server);
        match &client.message {
            Some(text) => {
                let is_own = OWN_TEXTS.iter().any(|own| own.matches(text));
                is_own || seen.is_some_and(|seen| !seen.iter().any(refused_by_server))
            }
            None => true,
        }
    } else {
        seen.is_some_and(<[_]>::is_empty)
    };
    if by_proxy {
        client.by = Some(Side::Proxy);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::party::{ClientTls, NameMatching, PgBouncer, ProxyAuth, TlsMode, TlsProvider, TlsRange};
    use std::collections::BTreeMap;

    fn haproxy() -> Proxy {
        Proxy { kind: ProxyKind::HaProxy, to: "db".to_owned(), host: "front.test".to_owned(), clock_seconds: 0 }
    }

    fn pgbouncer() -> Proxy {
        use crate::handshake::TlsVersion;
        let server_tls = ClientTls {
            mode: TlsMode::Disabled,
            versions: TlsRange { min: TlsVersion::Tls1_0, max: TlsVersion::Tls1_3 },
            suites: Vec::new(),
            provider: TlsProvider::OpenSsl,
            trust: None,
            matches: NameMatching::San,
            deviations: Vec::new(),
        };
        let settings = PgBouncer { tls: None, server_tls, auth: ProxyAuth::ScramSha256, users: BTreeMap::new() };
        Proxy { kind: ProxyKind::PgBouncer(settings), ..haproxy() }
    }

    #[track_caller]
    fn check(client: Outcome, way: &[&Proxy], seen: Option<&[Outcome]>, expected: Side) {
        let mut client = client;
        attribute(&mut client, way, seen);
        assert_eq!(client.by, Some(expected), "{client}");
    }

    fn said(text: &str) -> Outcome {
        Outcome::refused(Side::Server, "08P01").saying(text)
    }

    #[test]
    fn what_comes_through_haproxy_is_the_servers_unless_it_was_not_asked() {
        let (eof, proxy) = (Outcome::refused(Side::Server, "eof"), haproxy());
        check(said("SSL required"), &[&proxy], None, Side::Server);
        check(eof.clone(), &[&proxy], None, Side::Server);
        check(eof.clone(), &[&proxy], Some(&[Outcome::refused(Side::Server, "eof")]), Side::Server);
        check(eof, &[&proxy], Some(&[]), Side::Proxy);
    }

    #[test]
    fn pgbouncer_is_known_by_its_texts_and_the_server_by_what_it_saw() {
        let proxy = pgbouncer();
        let of_server = said("password authentication failed for user \"alice\"");
        let seen = [Outcome::refused(Side::Server, "28P01")];
        check(of_server.clone(), &[&proxy], None, Side::Server);
        check(of_server.clone(), &[&proxy], Some(&seen), Side::Server);
        check(of_server.clone(), &[&proxy], Some(&[]), Side::Proxy);
        check(of_server, &[&proxy], Some(&[Outcome::refused(Side::Client, "eof")]), Side::Proxy);
        for own in ["SASL authentication failed", "client_login_timeout (server down)", "no such user: carl"] {
            check(said(own), &[&proxy], None, Side::Proxy);
            check(said(own), &[&proxy], Some(&seen), Side::Proxy);
        }
    }

    #[test]
    fn an_alert_in_front_of_pgbouncer_is_its_own_and_behind_haproxy_alone_the_servers() {
        let alert = Outcome::refused(Side::Server, "alert protocol_version");
        let (transparent, proxy) = (haproxy(), pgbouncer());
        check(alert.clone(), &[&transparent], None, Side::Server);
        check(alert, &[&transparent, &proxy], None, Side::Proxy);
    }

    #[test]
    fn what_others_did_is_left_to_them() {
        let proxy = pgbouncer();
        check(Outcome::refused(Side::Client, "alert unknown_ca"), &[&proxy], Some(&[]), Side::Client);
        let mut established = Outcome::established("password");
        attribute(&mut established, &[&proxy], Some(&[]));
        assert_eq!(established, Outcome::established("password"));
    }
}
