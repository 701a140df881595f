//! What is said about realms, servers and clients.

use super::{LIBRARY, SCENARIO, check, plan};

#[test]
fn parties() {
    check(
        "[server.db]",
        "[server.db]\nimage = \"postgres\"",
        "19:9: image without a tag 'postgres', allowed: NAME:TAG, as in postgres:17",
    );
    check(
        "aurora-mysql {engine}",
        "aurora-mysql 4.{db}",
        "19:14: unknown engine 'aurora-mysql 4.a', allowed: aurora-mysql 2.07.9|2.08.4|2.09.2|2.09.3|2.10.0|2.10.1|2.10.2|2.11.0|2.11.1|3.01.0|3.02.2|3.03.0|3.04.0",
    );
    check(
        "require_secure_transport = \"ON\"",
        "secure = \"ON\"",
        "21:16: aurora-mysql 2.09.3 has no parameter 'secure', allowed: default_authentication_plugin, require_secure_transport, ssl_cipher, tls_version",
    );
    check(
        "require_secure_transport = \"ON\"",
        "require_secure_transport = \"YES\"",
        "21:43: unknown value of require_secure_transport 'YES', allowed: ON, OFF",
    );
    check(
        "require_secure_transport = \"ON\"",
        "ssl_cipher = \"DHE-RSA-AES128-SHA:DHE-RSA-AES256-SHA\"",
        "21:29: unknown value of ssl_cipher 'DHE-RSA-AES128-SHA:DHE-RSA-AES256-SHA', allowed: DHE-RSA-AES128-SHA, DHE-RSA-AES128-SHA256, DHE-RSA-AES128-GCM-SHA256, DHE-RSA-AES256-SHA, DHE-RSA-AES256-SHA256, DHE-RSA-AES256-GCM-SHA384, ECDHE-RSA-AES128-SHA, ECDHE-RSA-AES128-SHA256, ECDHE-RSA-AES128-GCM-SHA256, ECDHE-RSA-AES256-SHA, ECDHE-RSA-AES256-SHA384, ECDHE-RSA-AES256-GCM-SHA384",
    );
    check(
        "require_secure_transport = \"ON\"",
        "tls_version = \"TLSv1.3\"",
        "21:30: unknown value of tls_version 'TLSv1.3', allowed: TLSv1, TLSv1.1, TLSv1.2",
    );
    check(
        "mysql_native_password",
        "auth_socket",
        "20:35: unknown plugin 'auth_socket', allowed: mysql_native_password, caching_sha2_password, sha256_password, authentication_kerberos, AWSAuthenticationPlugin",
    );
    check(
        "plugin = \"mysql_native_password\"",
        "method = \"md5\"",
        "20:35: MySQL has 'plugin' in place of this key with 'md5'",
    );
    check(
        "plugin = \"mysql_native_password\", secret = \"alice\"",
        "by = \"kerberos\", realm = \"cor\"",
        "20:51: unknown realm 'cor', allowed: corp",
    );
    check(
        "plugin = \"mysql_native_password\", secret = \"alice\"",
        "by = \"kerberos\"",
        "20:16: no 'realm' for account 'alice'",
    );
    check(
        "plugin = \"mysql_native_password\", secret = \"alice\"",
        "by = \"password\"",
        "20:16: no 'secret' for the password of account 'alice'",
    );
    check(
        "clock      = \"+1h\"",
        "clock = \"1h\"",
        "22:9: no offset of a clock '1h', allowed: +10h, -301s, with the units s, m, h, d",
    );
    check(
        "mode = \"REQUIRED\"",
        "mode = \"MANDATORY\"",
        "26:18: unknown TLS mode 'MANDATORY', allowed: DISABLED, PREFERRED, REQUIRED, VERIFY_CA, VERIFY_IDENTITY, disable, allow, prefer, require, verify-ca, verify-full",
    );
    check(
        "versions = \"1.0-1.2\"",
        "versions = \"1.2-1.0\"",
        "26:41: the oldest version comes first, not in '1.2-1.0'",
    );
    check(
        "versions = \"1.0-1.2\"",
        "versions = \"1.4\"",
        "26:41: unknown TLS version '1.4', allowed are 1.0, 1.1, 1.2, 1.3, in '1.4'",
    );
    check(
        "versions = \"1.0-1.2\"",
        "provider = \"rustls\", suites = \"DHE-RSA-AES128-SHA\"",
        "26:60: rustls has no suite 'DHE-RSA-AES128-SHA', allowed: ECDHE-RSA-AES128-GCM-SHA256, ECDHE-RSA-AES256-GCM-SHA384",
    );
    check(
        "tls   = {",
        "transport = \"tls\"\ntls   = {",
        "26:13: 'tls.mode' and 'gssencmode' cannot stand beside transport 'tls'",
    );
    check(
        "tls   = {",
        "offer = \"everything\"\ntls   = {",
        "26:9: unknown offer 'everything', allowed: password, token, ticket, or some of them joined by -and-",
    );
    let mut of_servers: Vec<_> = shakedown::mysql::Deviation::ALL.iter().map(|known| known.word()).collect();
    of_servers.extend(shakedown::iam::Deviation::ALL.iter().map(|known| known.word()));
    check(
        "clock      = \"+1h\"",
        "deviations = [\"no-ssl-bit\", \"no-ssl\"]",
        &format!("22:29: unknown deviation 'no-ssl', allowed: {}", of_servers.join(", ")),
    );
    let of_kdcs: Vec<_> = mock_kdc::Deviation::ALL.iter().map(|deviation| deviation.name()).collect();
    let mut of_clients = shakedown_krb5::client::Deviation::ALL.map(|known| known.word()).to_vec();
    of_clients.extend(shakedown_krb5::client::Lenience::ALL.map(|known| known.word()));
    of_clients.extend(shakedown::scenario::party::ClientDeviation::ALL.iter().map(|known| known.word()));
    of_clients.extend(shakedown::mysql::ClientDeviation::ALL.iter().map(|known| known.word()));
    of_clients.extend(shakedown::postgres::ClientDeviation::ALL.iter().map(|known| known.word()));
    of_clients.extend(shakedown::iam::Departure::ALL.iter().map(|known| known.word()));
    check(
        "realm = \"CORP.EXAMPLE.COM\"",
        "realm = \"CORP.EXAMPLE.COM\"\ndeviations = \"mute\"",
        &format!("16:14: unknown deviation 'mute', allowed: {}", of_kdcs.join(", ")),
    );
    check(
        "tls   = {",
        "deviations = \"no-ssl-bit\"\ntls   = {",
        &format!("26:14: unknown deviation 'no-ssl-bit', allowed: {}", of_clients.join(", ")),
    );
    check("tls   = {", "kind = \"command\"\ntls   = {", "26:8: no 'argv' for kind 'command'");
    check(
        "tls   = {",
        "kind = \"comand\"\ntls   = {",
        "26:8: unknown kind 'comand', allowed: builtin, command, or a client profile such as libmysqlclient 8.0.25 unix",
    );
    let unknown = "26:8: unknown client profile 'libmysqlclient 1.0 unix', allowed: ";
    let allowed: Vec<_> = LIBRARY.clients.names().collect();
    assert!(allowed.contains(&"libmysqlclient 8.0.28 unix"));
    check("tls   = {", "kind = \"libmysqlclient 1.0 unix\"\ntls   = {", &format!("{unknown}{}", allowed.join(", ")));
    check("tls   = {", "mutual = \"yes\"\ntls   = {", "26:10: unknown truth value 'yes', allowed: true, false");
}

#[test]
fn keys_that_would_do_nothing_are_refused() {
    check(
        "mode = \"REQUIRED\",",
        "mode = \"REQUIRED\", suites = [],",
        "26:39: no suite in 'suites'; without the key it is all of them",
    );
    let account = "accounts   = { alice = { plugin = \"mysql_native_password\", secret = \"alice\" } }";
    let engine = "engine     = \"aurora-mysql {engine}\"";
    for key in ["require_ssl", "cached"] {
        let postgres = SCENARIO
            .replace(engine, "engine     = \"aurora-postgresql 15\"")
            .replace("require_secure_transport = \"ON\"", "")
            .replace(account, &format!("accounts   = {{ alice = {{ {key} = true, secret = \"alice\" }} }}"));
        let column = 26 + key.len() + 3;
        let expected = format!("scenarios/x.toml:20:{column}: only accounts of MySQL have '{key}', not 'true'");
        assert_eq!(plan(&postgres), Err(expected));
    }
}

#[test]
fn keys_of_an_account_that_nobody_would_look_at_are_refused() {
    let plugin = "plugin = \"mysql_native_password\", secret = \"alice\"";
    check(
        plugin,
        "by = \"kerberos\", realm = \"corp\", secret = \"alice\"",
        "20:68: 'secret' for an account that is not proved by a password: 'alice'",
    );
    check(
        plugin,
        "plugin = \"authentication_kerberos\", realm = \"corp\", cached = true",
        "20:87: 'cached' for an account that is not proved by a password: 'true'",
    );
    check(
        plugin,
        "secret = \"alice\", realm = \"corp\"",
        "20:52: 'realm' for an account that is not proved by Kerberos: 'corp'",
    );
    check(
        plugin,
        "by = \"iam\", include_realm = true",
        "20:54: 'include_realm' for an account that is not proved by Kerberos: 'true'",
    );
    // An account whose way differs from cell to cell has the keys of all its ways.
    let ways = SCENARIO
        .replace("\"b\"]", "{ name = \"b\", by = \"kerberos\" }]")
        .replace("code = \"1045\"", "code = \"1045\", by = \"password\"")
        .replace(plugin, "by = \"{db.by}\", secret = \"alice\", realm = \"corp\"");
    assert_eq!(plan(&ways), Ok(()));
}

#[test]
fn a_method_that_is_enabled_has_to_be_configured() {
    let clock = "clock      = \"+1h\"";
    check(clock, "enabled = \"kerberos\"", "22:11: no 'kerberos' in the server that has enabled = 'kerberos'");
    check(clock, "enabled = \"iam\"", "22:11: no 'iam' in the server that has enabled = 'iam'");
    check(
        clock,
        "kerberos = { realm = \"corp\" }\nenabled = \"both\"",
        "23:11: no 'iam' in the server that has enabled = 'both'",
    );
    for enabled in ["enabled = \"neither\"", "kerberos = { realm = \"corp\" }\nenabled = \"kerberos\""] {
        assert_eq!(plan(&SCENARIO.replace(clock, enabled)), Ok(()));
    }
}

#[test]
fn a_certificate_has_a_name() {
    let clock = "clock      = \"+1h\"";
    let problem = "22:25: a certificate without a name; without 'names' it is for the host";
    check(clock, "certificate = { names = [] }", problem);
    for certificate in ["{ names = [\"a.test\"] }", "{ names = \"a.test\" }", "{ ca = \"other\" }"] {
        assert_eq!(plan(&SCENARIO.replace(clock, &format!("certificate = {certificate}"))), Ok(()));
    }
}

#[test]
fn names_that_nobody_could_use_are_refused_with_their_place() {
    let engine = "engine     = \"aurora-mysql {engine}\"";
    for wrong in ["", "not a host", "http://db.test", &"a".repeat(65)] {
        check(
            engine,
            &format!("{engine}\nhost = \"{wrong}\""),
            &format!("20:8: no name of a host '{wrong}', allowed: db.test, up to 64 octets"),
        );
    }
    for wrong in ["", "CORP EXAMPLE", "alice@CORP"] {
        check(
            "realm = \"CORP.EXAMPLE.COM\"",
            &format!("realm = \"{wrong}\""),
            &format!("15:9: no name of a realm '{wrong}', allowed: one as CORP.EXAMPLE.COM"),
        );
    }
    check(
        "realm = \"CORP.EXAMPLE.COM\"",
        "realm = \"CORP.EXAMPLE.COM\"\nservices = [\"postgres\"]",
        "16:13: no service principal 'postgres', allowed: SERVICE/HOST without a realm",
    );
    check(
        "[client.app]",
        "[proxy.front]\nkind = \"haproxy\"\nto = \"nowhere\"\n[client.app]",
        "26:6: unknown server or proxy 'nowhere', allowed: db",
    );
    let named = plan(&SCENARIO.replace("name   = \"{engine}/{db}\"", "name   = \"{engine}/{db}\\u001b[31m\""));
    let text = named.unwrap_err();
    assert!(text.starts_with("scenarios/x.toml:3:10: a control character in the name of a case"), "{text}");
}
