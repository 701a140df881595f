//! Secrets that a case might send in the clear.
//!
//! By which method a login is asked for is the server's word, or that of whoever stands between: a client that would answer a
//! demand for its password as it is has to be taken for one that does. That is so for
//! * our MySQL client without TLS that is required: it asks for a server's RSA key and encrypts its password for it, whoever sent that key;
//! * our PostgreSQL client without encryption that is required, if it is allowed to;
//! * a program without encryption that is required: nobody knows what it does.
//!
//! A secret is a value that the endpoint's file supplies. One that is made up for a wrong password is nobody's.

use super::secrets::named;
use crate::scenario::party::{Client, ClientKind, GssMode, TlsMode};
use crate::scenario::plan::{Case, Verb};
use crate::scenario::profile::Protocol;
use std::net::{IpAddr, SocketAddr};

/// Whether a case might send one of the supplied secrets in the clear.
pub(super) fn might_be_sent(case: &Case, is_supplied: &dyn Fn(&str) -> bool) -> bool {
    case.steps.iter().any(|step| {
        let Verb::Connect { from, to, .. } = &step.verb else { return false };
        let Some(client) = case.clients.get(from) else { return false };
        let protocol = case.servers.get(to).map(|server| server.protocol());
        let password = client.password.as_ref().filter(|_| client.offer.password).and_then(named);
        let has_secret = client.offer.token || password.is_some_and(is_supplied);
        has_secret && !is_encrypted(client, protocol) && would_answer(client, protocol)
    })
}

fn is_encrypted(client: &Client, protocol: Option<Protocol>) -> bool {
    let by_tls = match client.tls.mode {
        TlsMode::Required | TlsMode::VerifyCa | TlsMode::VerifyIdentity => true,
        TlsMode::Disabled | TlsMode::Allowed | TlsMode::Preferred => false,
    };
    by_tls || (protocol == Some(Protocol::Postgres) && client.gssencmode == GssMode::Required)
}

fn would_answer(client: &Client, protocol: Option<Protocol>) -> bool {
    match (&client.kind, protocol) {
        (ClientKind::BuiltIn, Some(Protocol::Postgres)) => client.allow_cleartext,
        _ => true,
    }
}

/// Whether none of these addresses is another machine's: 127/8 and `::1`, in the shape of either family.
pub(super) fn is_loopback(addresses: &[SocketAddr]) -> bool {
    let is_own = |address: &SocketAddr| match address.ip().to_canonical() {
        IpAddr::V4(address) => address.is_loopback(),
        IpAddr::V6(address) => address.is_loopback(),
    };
    !addresses.is_empty() && addresses.iter().all(is_own)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Library, Source, make_plan};
    use std::collections::BTreeMap;

    #[test]
    fn loopback_is_what_leads_to_no_other_machine() {
        let check = |addresses: &[&str], expected: bool| {
            let parsed: Vec<SocketAddr> = addresses.iter().map(|address| address.parse().unwrap()).collect();
            assert_eq!(is_loopback(&parsed), expected, "{addresses:?}");
        };
        check(&["127.0.0.1:1"], true);
        check(&["127.255.255.254:1"], true);
        check(&["[::1]:1"], true);
        check(&["[::ffff:127.0.0.1]:1"], true);
        check(&["127.0.0.1:1", "[::1]:1"], true);
        check(&["126.255.255.255:1"], false);
        check(&["128.0.0.1:1"], false);
        check(&["[::2]:1"], false);
        check(&["[::ffff:192.0.2.1]:1"], false);
        check(&["0.0.0.0:1"], false);
        check(&["127.0.0.1:1", "192.0.2.1:1"], false);
        check(&[], false);
    }

    fn might(engine: &str, client: &str, supplied: &str) -> bool {
        let text = format!(
            "title = \"x\"\nsource = \"x\"\n[server.db]\nengine = \"{engine}\"\naccounts = {{ alice = {{ secret = \"alice\" }} }}\n\
             [client.app]\nlogin = \"alice\"\n{client}\n[axes]\none = [\"x\"]\n\
             [[step]]\nconnect = {{ from = \"app\", to = \"db\" }}\nthen = \"established\"\n"
        );
        let plan = make_plan(&[Source::new("x", text)], &Library::built_in().unwrap(), &BTreeMap::new());
        might_be_sent(&plan.unwrap().cases[0], &|name| name == supplied)
    }

    const POSTGRES: &str = "aurora-postgresql 15";
    const MYSQL: &str = "aurora-mysql 3.04.0";

    #[test]
    fn a_connection_that_is_encrypted_or_not_made_at_all_sends_nothing_in_the_clear() {
        for (engine, client) in [
            (POSTGRES, "transport = \"tls\""),
            (POSTGRES, "transport = \"gss\""),
            (POSTGRES, "tls = { mode = \"verify-full\" }\nallow_cleartext = true"),
            (MYSQL, "transport = \"tls\""),
            (MYSQL, "tls = { mode = \"VERIFY_CA\" }"),
            (MYSQL, "kind = \"command\"\nargv = \"true\"\ntls = { mode = \"REQUIRED\" }"),
        ] {
            assert!(!might(engine, client, "alice"), "{engine}: {client}");
        }
    }

    #[test]
    fn what_could_be_turned_into_a_connection_in_the_clear_counts_as_one() {
        for (engine, client) in [
            (POSTGRES, "transport = \"clear\""),
            (POSTGRES, "tls = { mode = \"prefer\" }\nallow_cleartext = true"),
            (POSTGRES, "tls = { mode = \"allow\" }\nallow_cleartext = true"),
            (POSTGRES, "tls = { mode = \"disable\" }\ngssencmode = \"prefer\"\nallow_cleartext = true"),
            (POSTGRES, "kind = \"command\"\nargv = \"true\""),
            (MYSQL, "transport = \"clear\""),
            (MYSQL, "tls = { mode = \"PREFERRED\" }"),
            (MYSQL, "gssencmode = \"require\""),
            (MYSQL, "kind = \"command\"\nargv = \"true\""),
        ] {
            assert!(might(engine, client, "alice"), "{engine}: {client}");
            assert!(!might(engine, client, "bob"), "a value that is made up is nobody's");
            assert!(!might(engine, &format!("{client}\noffer = \"ticket\""), "alice"), "no secret is offered");
            assert!(might(engine, &format!("{client}\noffer = \"token\""), "bob"), "a token is a secret too");
        }
        // It refuses a demand for its password as it is.
        assert!(!might(POSTGRES, "tls = { mode = \"prefer\" }", "alice"));
    }
}
