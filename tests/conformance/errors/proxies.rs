//! What is said about proxies.

use super::{check, plan};

#[test]
fn proxies() {
    let front = |lines: &str, expected: &str| {
        check("[client.app]", &format!("[proxy.front]\nto = \"db\"\n{lines}\n[client.app]"), expected);
    };
    front("", "24:1: missing key 'kind'");
    front("kind = \"nginx\"", "26:8: unknown kind of a proxy 'nginx', allowed: haproxy, pgbouncer");
    front("kind = \"haproxy\"\nauth = \"md5\"", "27:8: haproxy hands octets over in TCP mode and has no 'auth'");
    front(
        "kind = \"haproxy\"\ntls = { mode = \"require\" }",
        "27:7: haproxy hands octets over in TCP mode and has no 'tls'",
    );
    // The server of this file speaks MySQL.
    front("kind = \"pgbouncer\"", "26:8: 'front' leads to a MySQL server, which is nothing for 'pgbouncer'");
    front(
        "kind = \"haproxy\"\ndeviations = \"mute\"",
        "27:14: only servers, realms and built-in clients make deviations, not 'mute'",
    );
    front("kind = \"haproxy\"\nhost = \"\"", "27:8: no name of a host '', allowed: db.test, up to 64 octets");
    check(
        "[client.app]",
        "[proxy.a]\nkind = \"haproxy\"\nto = \"b\"\n[proxy.b]\nkind = \"haproxy\"\nto = \"a\"\n[client.app]",
        "29:6: proxies in a circle, a → b → a: 'a'",
    );
    check(
        "[client.app]",
        "[proxy.a]\nkind = \"haproxy\"\nto = \"a\"\n[client.app]",
        "26:6: proxies in a circle, a → a: 'a'",
    );
}

#[test]
fn pgbouncer_is_told_only_what_it_has() {
    let file = |lines: &str| {
        format!(
            "title = \"t\"\nsource = \"s\"\n[server.db]\nengine = \"aurora-postgresql 15\"\n\
             [proxy.front]\nkind = \"pgbouncer\"\nto = \"db\"\n{lines}\n\
             [client.app]\nlogin = \"alice\"\n[axes]\none = [\"x\"]\n\
             [[step]]\nconnect = {{ from = \"app\", to = \"front\" }}\nthen = \"established\"\n"
        )
    };
    let check = |lines: &str, expected: &str| {
        assert_eq!(plan(&file(lines)), Err(format!("scenarios/x.toml:{expected}")));
    };
    assert_eq!(plan(&file("tls = { mode = \"prefer\" }")), Ok(()));
    check("auth = \"gss\"", "8:8: unknown auth 'gss', allowed: trust, plain, md5, scram-sha-256");
    check(
        "tls = { mode = \"verify-full\" }",
        "8:16: unknown TLS mode 'verify-full', allowed: disable, allow, prefer, require",
    );
    check(
        "server_tls = { mode = \"REQUIRED\" }",
        "8:23: unknown TLS mode 'REQUIRED', allowed: disable, allow, prefer, require, verify-ca, verify-full",
    );
    check(
        "server_tls = { mode = \"verify-ca\", ca = \"none\" }",
        "8:41: a proxy that verifies needs an authority, not 'none', allowed: own, other",
    );
    check("tls = { suites = [\"X\"] }", "8:19: unknown cipher suite 'X'");
    check("tls = { suites = [] }", "8:18: no suite in 'suites'; without the key it is all of them");
    check("tls = { versions = \"1.2-1.0\" }", "8:20: the oldest version comes first, not in '1.2-1.0'");
    check("users = { \"a\\\"b\" = { secret = \"x\" } }", "8:11: no name of a user 'a\"b'");
}
