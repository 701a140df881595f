//! What a program needs to reach a world: variables of its environment, and the files that they name.
//!
//! The same for clients of scenarios (`kind = "command"`), for `exec` and for `serve`. The names are documented in
//! `scenarios/README.md`.

use crate::error::Error;
use crate::scenario::party::{Ca, Client, GssMode, Server, TlsMode};
use crate::scenario::profile::Protocol;
use crate::testbed::attempt::Dialled;
use crate::testbed::iam;
use crate::testbed::materials::Materials;
use crate::testbed::process;
use std::collections::BTreeMap;
use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};

/// A folder for the files of one world, readable by its owner only.
#[derive(Debug)]
pub enum Folder {
    /// Goes when it is dropped.
    Temporary(process::Folder),
    /// Somebody asked for it, and keeps it.
    Given(PathBuf),
}

impl Folder {
    /// A new, empty folder.
    ///
    /// # Errors
    /// The machine has no room for it.
    pub fn create() -> Result<Self, Error> {
        process::Folder::for_files().map(Self::Temporary)
    }

    /// A folder that somebody gave; it is made if it is not there.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn at(path: &Path) -> Result<Self, Error> {
        let cannot = |problem: std::io::Error| {
            Error::Environment(format!("cannot use the folder {}: {problem}", path.display()))
        };
        std::fs::create_dir_all(path).map_err(cannot)?;
        // Clients that run elsewhere need the whole path.
        std::fs::canonicalize(path).map(Self::Given).map_err(cannot)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::Temporary(folder) => folder.path(),
            Self::Given(path) => path,
        }
    }

    /// Writes a file that only its owner can read.
    ///
    /// # Errors
    /// The machine has no room for it.
    pub fn write(&self, name: &str, contents: &[u8]) -> Result<PathBuf, Error> {
        let path = self.path().join(name);
        write_private(&path, contents)?;
        Ok(path)
    }
}

/// Writes a file that only its owner can read. One that is there already is replaced and not written into: it could be readable
/// for others, or a link to somewhere else.
///
/// # Errors
/// The file cannot be written.
pub fn write_private(path: &Path, contents: &[u8]) -> Result<(), Error> {
    let cannot = |problem| Error::Environment(format!("cannot write {}: {problem}", path.display()));
    let folder = path.parent().unwrap_or(Path::new("."));
    // Of mode 0600 from the beginning.
    let mut beside = tempfile::NamedTempFile::new_in(folder).map_err(cannot)?;
    beside.write_all(contents).map_err(cannot)?;
    beside.persist(path).map_err(|problem| cannot(problem.error))?;
    Ok(())
}

/// Makes a folder, and those above it that are not there, into which only their owner can look. One that is there already stays as
/// it is.
///
/// # Errors
/// It cannot be made.
pub fn create_private_folder(path: &Path) -> Result<(), Error> {
    let mut folder = std::fs::DirBuilder::new();
    folder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
    folder
        .create(path)
        .map_err(|problem| Error::Environment(format!("cannot make the folder {}: {problem}", path.display())))
}

/// Variables by name. `Debug` prints no value, as one of them is a password.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Variables(BTreeMap<String, String>);

impl Variables {
    /// Sets a variable.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.insert(name.to_owned(), value.into());
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The value of one.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// The variables of one client that is to log in to one server. `offers_tls` says whether it meets a certificate on the way.
///
/// # Errors
/// The files cannot be written.
pub fn of_login(
    client: &Client,
    server: &Server,
    dialled: Dialled<'_>,
    offers_tls: bool,
    materials: &Materials,
    folder: &Folder,
) -> Result<Variables, Error> {
    let Dialled { host, address } = dialled;
    let mut variables = Variables::default();
    variables.set("SHAKEDOWN_VERB", "connect");
    variables.set("SHAKEDOWN_HOST", host);
    variables.set("SHAKEDOWN_HOSTADDR", address.ip().to_string());
    variables.set("SHAKEDOWN_PORT", address.port().to_string());
    variables.set("SHAKEDOWN_ENGINE", protocol_word(server.protocol()));
    variables.set("SHAKEDOWN_USER", client.login.as_str());
    if client.offer.token {
        let now = materials.clock().shifted(client.clock_seconds).moment().party;
        let token = iam::token(client, dialled, now, materials);
        variables.set("SHAKEDOWN_PASSWORD", String::from_utf8_lossy(token.octets()));
    } else if let (Some(password), true) = (&client.password, client.offer.password) {
        variables.set("SHAKEDOWN_PASSWORD", materials.secrets().value(password).as_str());
    }
    variables.set("SHAKEDOWN_CLEARTEXT", if client.offer.token { "1" } else { "0" });
    if let Some(database) = &client.database {
        variables.set("SHAKEDOWN_DATABASE", database.as_str());
    }
    variables.set("SHAKEDOWN_TLS_MODE", tls_word(client.tls.mode));
    variables.set("SHAKEDOWN_TLS_MIN", client.tls.versions.min.number());
    variables.set("SHAKEDOWN_TLS_MAX", client.tls.versions.max.number());
    variables.set("SHAKEDOWN_TLS_SUITES", client.tls.suites.join(":"));
    variables.set("SHAKEDOWN_GSSENCMODE", gss_word(client.gssencmode));
    variables.set("SHAKEDOWN_MUTUAL", if client.mutual { "1" } else { "0" });
    if offers_tls {
        let pem = materials.authority_pem(client.tls.trust.unwrap_or(Ca::Own))?;
        variables.set("SHAKEDOWN_CA", text(&folder.write("ca.pem", pem.as_bytes())?));
    }
    if let Some(kerberos) = &server.kerberos {
        variables.set("SHAKEDOWN_SPN", kerberos.spn.as_str());
        variables.set("SHAKEDOWN_REALM", kerberos.realm.realm.as_str());
    }
    Ok(variables)
}

const fn protocol_word(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Mysql => "mysql",
        Protocol::Postgres => "postgres",
    }
}

const fn tls_word(mode: TlsMode) -> &'static str {
    match mode {
        TlsMode::Disabled => "DISABLED",
        TlsMode::Allowed => "ALLOWED",
        TlsMode::Preferred => "PREFERRED",
        TlsMode::Required => "REQUIRED",
        TlsMode::VerifyCa => "VERIFY_CA",
        TlsMode::VerifyIdentity => "VERIFY_IDENTITY",
    }
}

const fn gss_word(mode: GssMode) -> &'static str {
    match mode {
        GssMode::Disabled => "disable",
        GssMode::Preferred => "prefer",
        GssMode::Required => "require",
    }
}

/// A path as a variable holds it. Temporary folders have names that are text.
#[must_use]
pub fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_printed_without_their_values() {
        let mut variables = Variables::default();
        variables.set("SHAKEDOWN_PASSWORD", "hunter2");
        assert_eq!(format!("{variables:?}"), r#"{"SHAKEDOWN_PASSWORD"}"#);
        assert_eq!(variables.value("SHAKEDOWN_PASSWORD"), Some("hunter2"));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_is_there_is_replaced_and_not_written_into() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let elsewhere = folder.path().join("elsewhere");
        let (open, link) = (folder.path().join("open"), folder.path().join("link"));
        for path in [&elsewhere, &open] {
            std::fs::write(path, "theirs").unwrap();
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644)).unwrap();
        }
        symlink(&elsewhere, &link).unwrap();
        let given = Folder::at(folder.path()).unwrap();
        for name in ["open", "link"] {
            let path = given.write(name, b"secret").unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), b"secret");
            assert_eq!(std::fs::symlink_metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "{name}");
        }
        assert_eq!(std::fs::read(&elsewhere).unwrap(), b"theirs");
    }

    #[cfg(unix)]
    #[test]
    fn files_are_for_their_owner_only_and_go_with_the_folder() {
        use std::os::unix::fs::PermissionsExt;
        let folder = Folder::create().unwrap();
        let path = folder.write("secret", b"x").unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(folder.path())), (0o600, 0o700));
        drop(folder);
        assert!(!path.exists());
    }
}
