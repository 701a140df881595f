//! A plan as an option file (`my.cnf`) of MariaDB or MySQL.
//!
//! What the plan decides is written out; nothing is left to a default that a distribution may change. What serves speed
//! alone is at the end.

use crate::handshake::TlsVersion;
use crate::scenario::party;
use crate::scenario::profile::Effect;
use crate::testbed::process::mysql::{Brand, Installed};
use std::fmt::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Where a server lives: a folder of its own, and an address.
#[derive(Debug, Clone)]
pub struct Place {
    /// The folder.
    pub folder: PathBuf,
    /// Where it listens.
    pub address: SocketAddr,
    /// The user of the machine whose name it is started by root under; `None`: it is not root that starts it.
    pub user: Option<String>,
}

impl Place {
    /// The data directory.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// The socket file.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.folder.join("socket")
    }

    /// The statements that are carried out before anybody is let in. They hold secrets.
    #[must_use]
    pub fn statements(&self) -> PathBuf {
        self.folder.join("init.sql")
    }

    /// What signs the server's certificate.
    #[must_use]
    pub fn authority(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    /// The server's certificate.
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        self.folder.join("server.pem")
    }

    /// Its private key.
    #[must_use]
    pub fn key(&self) -> PathBuf {
        self.folder.join("server.key")
    }
}

/// The option file for a server of this plan.
#[must_use]
pub fn option_file(installed: &Installed, server: &party::Server, place: &Place) -> String {
    let mut options = Options::default();
    // The group that every version of either product reads.
    options.text.push_str("[mysqld]\n");
    whereabouts(installed, place, &mut options);
    transport(installed, server, place, &mut options);
    if let (None, Some(plugin)) = (installed.fixed_greeting(), &server.default_plugin) {
        options.set("default-authentication-plugin", plugin);
    }
    for (name, value) in &server.parameters {
        let effect = server.profile.parameters.get(name).map(|parameter| parameter.effect);
        if effect == Some(Effect::Nothing) {
            options.set(name, value);
        }
    }
    many_cases(&mut options);
    quick(installed.brand, &mut options);
    options.text
}

fn whereabouts(installed: &Installed, place: &Place, options: &mut Options) {
    options.path("datadir", &place.data());
    options.path("socket", &place.socket());
    options.path("pid-file", &place.folder.join("pid"));
    // What a server finds of another one's temporary tables when it starts, it deletes.
    options.path("tmpdir", &place.folder);
    options.set("bind-address", &place.address.ip().to_string());
    options.set("port", &place.address.port().to_string());
    if let Some(user) = &place.user {
        options.set("user", user);
    }
    if let Some(usr) = installed.base() {
        options.path("basedir", &usr);
        options.path("lc-messages-dir", &usr.join("share/mysql"));
        options.path("character-sets-dir", &usr.join("share/mysql/charsets"));
        options.path("plugin-dir", &usr.join("lib/mysql/plugin"));
    }
    options.path("init-file", &place.statements());
    if installed.brand == Brand::MySql {
        options.set("secure-file-priv", "NULL");
        options.set("mysqlx", "OFF");
    }
}

fn transport(installed: &Installed, server: &party::Server, place: &Place, options: &mut Options) {
    options.set("require-secure-transport", if server.secure_transport_required { "ON" } else { "OFF" });
    let Some(tls) = &server.tls else {
        match installed.brand {
            Brand::MariaDb => options.flag("skip-ssl"),
            Brand::MySql => {
                // 8.4 removed `skip-ssl`: a server without a version has no TLS.
                options.set("tls-version", "");
                options.set("auto-generate-certs", "OFF");
            }
        }
        return;
    };
    options.path("ssl-ca", &place.authority());
    options.path("ssl-cert", &place.certificate());
    options.path("ssl-key", &place.key());
    let versions: Vec<&str> = TlsVersion::ALL
        .into_iter()
        .filter(|version| tls.versions.contains(*version) && installed.has_tls_version(*version))
        .map(|version| word(installed.brand, version))
        .collect();
    options.set("tls-version", &versions.join(","));
    options.set("ssl-cipher", &cipher_list(installed, &tls.suites));
}

/// The option's words for versions.
const fn word(brand: Brand, version: TlsVersion) -> &'static str {
    match (version, brand) {
        (TlsVersion::Tls1_0, Brand::MariaDb) => "TLSv1.0",
        (TlsVersion::Tls1_0, Brand::MySql) => "TLSv1",
        (TlsVersion::Tls1_1, _) => "TLSv1.1",
        (TlsVersion::Tls1_2, _) => "TLSv1.2",
        (TlsVersion::Tls1_3, _) => "TLSv1.3",
    }
}

/// The suites as OpenSSL's cipher list. It takes the security level too, without which OpenSSL 3 does neither TLS 1.0 nor 1.1.
///
/// An empty list would mean the library's own. A server that is left without a suite gets one for a kind of certificate that it
/// does not have, as the mocks do.
fn cipher_list(installed: &Installed, suites: &[String]) -> String {
    let none = if installed.has_suite(NO_CERTIFICATE) { NO_CERTIFICATE } else { NO_CERTIFICATE_OF_8_4 };
    let mut taken: Vec<&str> = suites.iter().map(String::as_str).filter(|suite| installed.has_suite(suite)).collect();
    if taken.is_empty() {
        taken.push(none);
    }
    // MySQL 8.4 and later take no word but their suites, and need none: they have neither TLS 1.0 nor 1.1.
    if installed.has_suite(NO_CERTIFICATE) {
        taken.push("@SECLEVEL=0");
    }
    taken.join(":")
}

/// Suites for a kind of certificate that no server here has.
const NO_CERTIFICATE: &str = "ECDHE-ECDSA-AES128-SHA";
const NO_CERTIFICATE_OF_8_4: &str = "ECDHE-ECDSA-AES128-GCM-SHA256";

/// One server plays many cases, and many of them break off: none of that may turn later ones away. Names of hosts are left to be
/// looked up, which for loopback asks nobody: the client is `localhost` in texts, as it is for an Aurora that knows its name.
fn many_cases(options: &mut Options) {
    options.set("max-connect-errors", "4294967295");
    options.set("max-connections", "500");
}

/// Nothing that a crash could lose is worth waiting for.
fn quick(brand: Brand, options: &mut Options) {
    options.flag("skip-log-bin");
    options.set("performance-schema", "OFF");
    options.set("innodb-buffer-pool-size", "16M");
    options.set("innodb-flush-log-at-trx-commit", "0");
    match brand {
        Brand::MariaDb => options.set("innodb-log-file-size", "8M"),
        Brand::MySql => options.set("loose-innodb-redo-log-capacity", "8M"),
    }
}

/// Lines of an option file.
#[derive(Default)]
struct Options {
    text: String,
}

impl Options {
    fn flag(&mut self, name: &str) {
        writeln!(self.text, "{name}").expect("a text takes everything");
    }

    fn set(&mut self, name: &str, value: &str) {
        writeln!(self.text, "{name} = {}", quoted(value)).expect("a text takes everything");
    }

    fn path(&mut self, name: &str, value: &Path) {
        self.set(name, &value.to_string_lossy());
    }
}

/// A value as option files have it: backslashes begin an escape, `#` begins a comment outside of quotes, and blanks at either end
/// are dropped.
fn quoted(value: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/.,:_-=@+".contains(c);
    if value.chars().all(is_plain) {
        return value.to_owned();
    }
    let escaped = value.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r").replace('\t', "\\t");
    format!("\"{escaped}\"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testbed::process::mysql::plans::{mariadb, mysql_9, server};

    fn place(user: Option<&str>) -> Place {
        Place {
            folder: "/run/a place#1".into(),
            address: "127.0.0.1:33060".parse().unwrap(),
            user: user.map(str::to_owned),
        }
    }

    #[test]
    fn mariadb_is_told_the_whole_plan() {
        let server = server(
            "aurora-mysql 2.11.0",
            "parameters = { tls_version = 'TLSv1.1', ssl_cipher = 'ECDHE-RSA-AES256-SHA,ECDHE-RSA-AES128-GCM-SHA256', require_secure_transport = 'ON' }",
        );
        let expected = r#"[mysqld]
datadir = "/run/a place#1/data"
socket = "/run/a place#1/socket"
pid-file = "/run/a place#1/pid"
tmpdir = "/run/a place#1"
bind-address = 127.0.0.1
port = 33060
user = mysql
init-file = "/run/a place#1/init.sql"
require-secure-transport = ON
ssl-ca = "/run/a place#1/ca.pem"
ssl-cert = "/run/a place#1/server.pem"
ssl-key = "/run/a place#1/server.key"
tls-version = TLSv1.1,TLSv1.2
ssl-cipher = ECDHE-RSA-AES256-SHA:ECDHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0
max-connect-errors = 4294967295
max-connections = 500
skip-log-bin
performance-schema = OFF
innodb-buffer-pool-size = 16M
innodb-flush-log-at-trx-commit = 0
innodb-log-file-size = 8M
"#;
        assert_eq!(option_file(&mariadb(), &server, &place(Some("mysql"))), expected);
    }

    #[test]
    fn mysql_9_is_told_what_it_has_of_the_plan() {
        let server = server("aurora-mysql 3.04.0", "");
        let text = option_file(&mysql_9(Some("/opt/sid")), &server, &place(None));
        let has = |line: &str| assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        has("tls-version = TLSv1.2");
        has(
            "ssl-cipher = ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384:DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384",
        );
        has("basedir = /opt/sid/usr");
        has("lc-messages-dir = /opt/sid/usr/share/mysql");
        has("require-secure-transport = OFF");
        has("loose-innodb-redo-log-capacity = 8M");
        assert!(!text.contains("user =") && !text.contains("default-authentication-plugin"), "{text}");
    }

    /// An empty list means the library's own, so that there has to be one that no client can agree to.
    #[test]
    fn a_server_without_a_suite_is_not_left_to_the_librarys() {
        let only_dhe = server("aurora-mysql 2.11.0", "parameters = { ssl_cipher = 'DHE-RSA-AES128-SHA' }");
        let line = |installed: &Installed| {
            let text = option_file(installed, &only_dhe, &place(None));
            text.lines().find(|line| line.starts_with("ssl-cipher")).unwrap().to_owned()
        };
        assert_eq!(line(&mariadb()), "ssl-cipher = ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0");
        assert_eq!(line(&mysql_9(None)), "ssl-cipher = ECDHE-ECDSA-AES128-GCM-SHA256");
    }

    #[test]
    fn a_server_that_offers_no_tls_has_neither_versions_nor_certificates() {
        let clear = server("aurora-mysql 3.04.0", "tls = { offered = false }");
        let of_mariadb = option_file(&mariadb(), &clear, &place(None));
        assert!(of_mariadb.lines().any(|line| line == "skip-ssl") && !of_mariadb.contains("ssl-"), "{of_mariadb}");
        let of_mysql = option_file(&mysql_9(None), &clear, &place(None));
        assert!(of_mysql.contains("\ntls-version = \nauto-generate-certs = OFF\n"), "{of_mysql}");
        assert!(!of_mysql.contains("ssl-"), "{of_mysql}");
    }

    #[test]
    fn values_keep_what_option_files_give_a_meaning_to() {
        for (value, written) in [
            ("TLSv1.2", "TLSv1.2"),
            ("", ""),
            (r"C:\new", r#""C:\\new""#),
            ("a # b", "\"a # b\""),
            ("two\nlines\t", r#""two\nlines\t""#),
        ] {
            assert_eq!(quoted(value), written);
        }
    }
}
