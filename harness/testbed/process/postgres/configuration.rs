//! From a plan to `postgresql.conf`, `pg_hba.conf` and the statements that make roles and databases.

use super::SUPERUSER;
use crate::error::Error;
use crate::handshake::TlsVersion;
use crate::scenario::party::{self, HbaConnection, HbaLine, HbaMethod, PasswordScheme, Proof, ServerTls};
use crate::testbed::process::product::{KEYTAB, Order};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use zeroize::Zeroizing;

/// Parameters that say here what the plan says in its own words, or that only Amazon's server has.
const TRANSLATED: [&str; 3] = ["ssl_min_protocol_version", "ssl_max_protocol_version", "ssl_ciphers"];

/// A suite for a kind of certificate that the server does not have: a server whose parameters leave it none refuses every
/// handshake, while an empty list would not be accepted.
const NO_SUITE: &str = "ECDHE-ECDSA-AES128-SHA";

/// `postgresql.conf`. The certificate lies in `server.pem` and `server.key` of `folder`, the keytab in `keytab`.
pub(in crate::testbed) fn postgresql_conf(server: &party::Server, folder: &Path) -> String {
    let mut text = String::new();
    let mut set = |name: &str, value: &str| {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{name} = '{}'", value.replace('\'', "''"));
    };
    let at = |name: &str| folder.join(name).display().to_string();
    set("listen_addresses", "127.0.0.1");
    set("unix_socket_directories", &folder.display().to_string());
    // Its data live as long as the run.
    for name in ["fsync", "synchronous_commit", "full_page_writes", "autovacuum"] {
        set(name, "off");
    }
    set("shared_buffers", "16MB");
    // In its folder, where they go with it, and not in the machine's.
    set("dynamic_shared_memory_type", "mmap");
    // A server one of whose parts was killed is dead, and does not begin again behind the back of a case.
    set("restart_after_crash", "off");
    // No statement of the set-up gets into the log: they hold passwords.
    set("log_min_error_statement", "panic");
    set("timezone", "Etc/UTC");
    set("log_timezone", "Etc/UTC");
    for (name, value) in &server.parameters {
        if !name.contains('.') && !TRANSLATED.contains(&name.as_str()) {
            set(name, value);
        }
    }
    match &server.tls {
        Some(tls) => {
            set("ssl", "on");
            set("ssl_cert_file", &at("server.pem"));
            set("ssl_key_file", &at("server.key"));
            set("ssl_min_protocol_version", version(tls.versions.min));
            set("ssl_max_protocol_version", version(tls.versions.max));
            set("ssl_ciphers", &ciphers(tls));
            set("ssl_prefer_server_ciphers", "on");
        }
        None => set("ssl", "off"),
    }
    if server.kerberos.is_some() {
        set("krb_server_keyfile", &format!("FILE:{}", at(KEYTAB)));
    }
    text
}

const fn version(version: TlsVersion) -> &'static str {
    match version {
        TlsVersion::Tls1_0 => "TLSv1",
        TlsVersion::Tls1_1 => "TLSv1.1",
        TlsVersion::Tls1_2 => "TLSv1.2",
        TlsVersion::Tls1_3 => "TLSv1.3",
    }
}

/// OpenSSL 3 does TLS 1.0 and 1.1, which sign with SHA-1, at security level 0 alone.
fn ciphers(tls: &ServerTls) -> String {
    let names = if tls.suites.is_empty() { NO_SUITE.to_owned() } else { tls.suites.join(":") };
    format!("{names}:@SECLEVEL=0")
}

/// `pg_hba.conf`. `addresses` are those that clients come from. The set-up comes by the server's socket.
pub(in crate::testbed) fn pg_hba_conf(lines: &[HbaLine], addresses: &[&str]) -> String {
    let mut text = format!("local all {SUPERUSER} trust\n");
    for line in lines {
        let connection = match line.connection {
            HbaConnection::Any => "host",
            HbaConnection::Ssl => "hostssl",
            HbaConnection::NoSsl => "hostnossl",
            HbaConnection::GssEnc => "hostgssenc",
            HbaConnection::NoGssEnc => "hostnogssenc",
        };
        // A name in quotes is no keyword and no group.
        let user = line.user.as_ref().map_or_else(|| "all".to_owned(), |user| quoted(user));
        let method = match line.method {
            HbaMethod::Trust => "trust",
            HbaMethod::Reject => "reject",
            HbaMethod::ScramSha256 => "scram-sha-256",
            HbaMethod::Md5 => "md5",
            HbaMethod::Password => "password",
            HbaMethod::Gss { include_realm: true } => "gss include_realm=1",
            HbaMethod::Gss { include_realm: false } => "gss include_realm=0",
            HbaMethod::Pam => "pam",
        };
        for address in addresses {
            // Writing to a string does not fail.
            let _ = writeln!(text, "{connection} all {user} {address} {method}");
        }
    }
    text
}

/// Statements for the roles and databases of a plan. They hold passwords.
///
/// # Errors
/// A password that is not there, or one that SQL cannot hold.
pub(in crate::testbed) fn statements(order: &Order) -> Result<Zeroizing<String>, Error> {
    let mut text = Zeroizing::new(String::new());
    // Writing to a string does not fail.
    for (name, account) in &order.planned.accounts {
        let stored = account.proofs.iter().find_map(|proof| match proof {
            Proof::Password { scheme, password, .. } => Some((*scheme, password)),
            Proof::Trust | Proof::Kerberos { .. } | Proof::Iam => None,
        });
        let role = quoted(name);
        match stored {
            Some((scheme, password)) => {
                let encryption = if scheme == PasswordScheme::Md5 { "md5" } else { "scram-sha-256" };
                let password = order.password(password)?;
                let literal = Zeroizing::new(password.replace('\'', "''"));
                let _ = writeln!(text, "SET password_encryption = '{encryption}';");
                let _ = writeln!(text, "CREATE ROLE {role} LOGIN PASSWORD '{}';", *literal);
            }
            None => {
                let _ = writeln!(text, "CREATE ROLE {role} LOGIN;");
            }
        }
    }
    let databases: BTreeSet<_> = order.planned.accounts.values().flat_map(|account| &account.databases).collect();
    for database in databases.into_iter().filter(|name| !["postgres", "template1"].contains(&name.as_str())) {
        let _ = writeln!(text, "CREATE DATABASE {};", quoted(database));
    }
    for (name, account) in &order.planned.accounts {
        for database in &account.databases {
            let _ = writeln!(text, "GRANT CONNECT ON DATABASE {} TO {};", quoted(database), quoted(name));
        }
    }
    Ok(text)
}

/// A name as SQL and `pg_hba.conf` quote it.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(connection: HbaConnection, user: Option<&str>, method: HbaMethod) -> HbaLine {
        HbaLine { connection, user: user.map(str::to_owned), method }
    }

    #[test]
    fn each_line_is_for_both_kinds_of_address_and_names_are_no_keywords() {
        let text = pg_hba_conf(
            &[
                line(HbaConnection::Ssl, Some("all"), HbaMethod::Gss { include_realm: true }),
                line(HbaConnection::Any, None, HbaMethod::ScramSha256),
            ],
            &["127.0.0.1/32", "::1/128"],
        );
        assert_eq!(
            text,
            "local all rdsadmin trust\n\
             hostssl all \"all\" 127.0.0.1/32 gss include_realm=1\n\
             hostssl all \"all\" ::1/128 gss include_realm=1\n\
             host all all 127.0.0.1/32 scram-sha-256\n\
             host all all ::1/128 scram-sha-256\n"
        );
    }

    #[test]
    fn a_name_with_a_quote_stays_one_name() {
        assert_eq!(quoted(r#"a"b"#), r#""a""b""#);
    }
}
