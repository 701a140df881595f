//! A plan as an option file (`my.cnf`) of MariaDB or MySQL.
//!
//! What the plan decides is written out; nothing is left to a default that a distribution may change. What serves speed
//! alone is at the end.

use crate::handshake::TlsVersion;
use crate::scenario::party;
use crate::scenario::profile::Effect;
use crate::testbed::process::mysql::{Brand, Product};
use crate::tls::Suite;
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
pub fn option_file(product: &Product, server: &party::Server, place: &Place) -> String {
    let mut options = Options::default();
    // The group that every version of either product reads.
    options.text.push_str("[mysqld]\n");
    whereabouts(product, place, &mut options);
    transport(product.brand, server, place, &mut options);
    for (name, value) in &server.parameters {
        let effect = server.profile.parameters.get(name).map(|parameter| parameter.effect);
        if effect == Some(Effect::Nothing) {
            options.set(name, value);
        }
    }
    many_cases(&mut options);
    quick(product.brand, &mut options);
    options.text
}

fn whereabouts(product: &Product, place: &Place, options: &mut Options) {
    options.path("datadir", &place.data());
    options.path("socket", &place.socket());
    options.path("pid-file", &place.folder.join("pid"));
    options.set("bind-address", &place.address.ip().to_string());
    options.set("port", &place.address.port().to_string());
    if let Some(user) = &place.user {
        options.set("user", user);
    }
    if let Some(usr) = product.base() {
        options.path("basedir", &usr);
        options.path("lc-messages-dir", &usr.join("share/mysql"));
        options.path("character-sets-dir", &usr.join("share/mysql/charsets"));
        options.path("plugin-dir", &usr.join("lib/mysql/plugin"));
    }
    options.path("init-file", &place.statements());
    if product.brand == Brand::MySql {
        options.set("secure-file-priv", "NULL");
        options.set("mysqlx", "OFF");
    }
}

fn transport(brand: Brand, server: &party::Server, place: &Place, options: &mut Options) {
    options.set("require-secure-transport", if server.secure_transport_required { "ON" } else { "OFF" });
    let Some(tls) = &server.tls else {
        match brand {
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
        .filter(|version| tls.versions.contains(*version) && has_version(brand, *version))
        .map(|version| word(brand, version))
        .collect();
    options.set("tls-version", &versions.join(","));
    options.set("ssl-cipher", &cipher_list(brand, &tls.suites));
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

/// Whether a product has this version of TLS. MySQL took 1.0 and 1.1 away in 8.0.28.
#[must_use]
pub(super) fn has_version(brand: Brand, version: TlsVersion) -> bool {
    brand == Brand::MariaDb || version >= TlsVersion::Tls1_2
}

/// Whether a product takes this suite. MySQL 8.4 and later refuse to start with any other in `ssl-cipher`.
#[must_use]
pub(super) fn has_suite(brand: Brand, name: &str) -> bool {
    brand == Brand::MariaDb || (Suite::by_name(name).is_some() && name.contains("-GCM-"))
}

/// The suites as OpenSSL's cipher list. MariaDB's takes the security level too, without which OpenSSL 3 does neither TLS 1.0
/// nor 1.1.
///
/// An empty list would mean the library's own. A server that is left without a suite gets one for a kind of certificate that it
/// does not have, as the mocks do.
fn cipher_list(brand: Brand, suites: &[String]) -> String {
    let taken: Vec<&str> = suites.iter().map(String::as_str).filter(|suite| has_suite(brand, suite)).collect();
    match brand {
        Brand::MariaDb if taken.is_empty() => "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0".to_owned(),
        Brand::MariaDb => format!("{}:@SECLEVEL=0", taken.join(":")),
        Brand::MySql if taken.is_empty() => "ECDHE-ECDSA-AES128-GCM-SHA256".to_owned(),
        Brand::MySql => taken.join(":"),
    }
}

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
        Brand::MySql => options.set("innodb-redo-log-capacity", "8M"),
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
