//! PgBouncer: a PostgreSQL server towards clients, a PostgreSQL client towards the server. <https://www.pgbouncer.org/config.html>

use crate::error::Error;
use crate::handshake::TlsVersion;
use crate::scenario::party::{Ca, PgBouncer, TlsMode, TlsRange};
use crate::testbed::materials::Materials;
use crate::testbed::process::Folder;
use crate::tls::Suite;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use zeroize::Zeroizing;

const CONFIGURATION: &str = "pgbouncer.ini";

/// What it says when all its ports are bound.
pub(super) const LISTENS: &str = "process up: PgBouncer";

/// How long a client may wait for its login. What PgBouncer cannot do with the server (no common TLS version, a certificate that
/// it does not trust) it tells clients by nothing else than that.
const LOGIN_TIMEOUT_SECONDS: u8 = 3;

/// Writes its configuration: everything from `address` to `behind`.
pub(super) fn configure(
    settings: &PgBouncer,
    folder: &Folder,
    address: SocketAddr,
    behind: SocketAddr,
    materials: &Materials,
) -> Result<(), Error> {
    let users = folder.write("users.txt", user_lines(settings, materials).as_bytes())?;
    // A server connection lives as long as its client's, so that the server sees who comes and goes. And a failed one is not
    // tried again before the client has been told.
    let mut text = format!(
        "[databases]\n\
         * = host={} port={}\n\
         [pgbouncer]\n\
         listen_addr = {}\n\
         listen_port = {}\n\
         unix_socket_dir =\n\
         pool_mode = session\n\
         server_lifetime = 0\n\
         server_login_retry = 60\n\
         client_login_timeout = {LOGIN_TIMEOUT_SECONDS}\n\
         auth_type = {}\n\
         auth_file = {}\n",
        behind.ip(),
        behind.port(),
        address.ip(),
        address.port(),
        settings.auth.word(),
        users.display(),
    );
    let mut set = |name: &str, value: &str| {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{name} = {value}");
    };
    let file = |name: &str, contents: &str| folder.write(name, contents.as_bytes()).map(|path| display(&path));
    // On either side it looks at a certificate only if `sslmode` says so. But where no authority is named, it reads all of the system's
    // at the start, which takes four times as long as everything else.
    let authority = file("authority.pem", &materials.authority_pem(settings.server_tls.trust.unwrap_or(Ca::Own))?)?;
    match &settings.tls {
        None => set("client_tls_sslmode", "disable"),
        Some(tls) => {
            let certified = materials.certificate(&tls.certificate)?;
            let key = certified.key_pem().map_err(|problem| Error::Environment(problem.to_string()))?;
            set("client_tls_sslmode", if tls.required { "require" } else { "prefer" });
            set("client_tls_cert_file", &file("client-side.pem", &certified.chain_pem())?);
            set("client_tls_key_file", &file("client-side.key", &Zeroizing::new(key))?);
            set("client_tls_protocols", &protocols(tls.versions));
            set("client_tls_ciphers", &ciphers(&tls.suites));
            set("client_tls_dheparams", "auto");
            set("client_tls_ca_file", &authority);
        }
    }
    let tls = &settings.server_tls;
    set("server_tls_sslmode", word(tls.mode));
    if tls.mode != TlsMode::Disabled {
        set("server_tls_protocols", &protocols(tls.versions));
        set("server_tls_ciphers", &ciphers(&tls.suites));
        set("server_tls_ca_file", &authority);
    }
    folder.write(CONFIGURATION, text.as_bytes()).map(drop)
}

/// In the foreground.
pub(super) fn arguments(folder: &Folder) -> [String; 1] {
    [folder.path().join(CONFIGURATION).display().to_string()]
}

/// Whether it answers an SSLRequest, which it does by itself.
pub(super) async fn answers(address: SocketAddr) -> bool {
    const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];
    let Ok(mut stream) = TcpStream::connect(address).await else { return false };
    let mut answer = [0];
    stream.write_all(&SSL_REQUEST).await.is_ok()
        && stream.read_exact(&mut answer).await.is_ok()
        && matches!(&answer, b"S" | b"N")
}

/// A line for each user, with the password as it is: PgBouncer could not log in to the server with less.
fn user_lines(settings: &PgBouncer, materials: &Materials) -> Zeroizing<String> {
    let mut lines = Zeroizing::new(String::new());
    for (name, password) in &settings.users {
        let value = materials.secrets().value(password);
        // Writing to a string does not fail.
        let _ = writeln!(lines, "\"{name}\" \"{}\"", value.replace('"', "\"\""));
    }
    lines
}

fn protocols(range: TlsRange) -> String {
    let all = TlsVersion::ALL.into_iter().filter(|version| range.contains(*version));
    all.map(|version| format!("tlsv{}", version.number())).collect::<Vec<_>>().join(",")
}

/// At OpenSSL's security level 0, where TLS 1.0 and 1.1 still exist.
fn ciphers(suites: &[String]) -> String {
    let names = suites.iter().map(|name| Suite::by_name(name).map_or(name.as_str(), |suite| suite.name));
    let list = if suites.is_empty() { "ALL".to_owned() } else { names.collect::<Vec<_>>().join(":") };
    format!("{list}:@SECLEVEL=0")
}

const fn word(mode: TlsMode) -> &'static str {
    match mode {
        TlsMode::Disabled => "disable",
        TlsMode::Allowed => "allow",
        TlsMode::Preferred => "prefer",
        TlsMode::Required => "require",
        TlsMode::VerifyCa => "verify-ca",
        TlsMode::VerifyIdentity => "verify-full",
    }
}

fn display(path: &Path) -> String {
    path.display().to_string()
}
