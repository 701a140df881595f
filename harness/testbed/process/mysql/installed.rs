//! Which product is installed, what it has, and how its program is called.

use crate::error::Error;
use crate::handshake::TlsVersion;
use crate::scenario::version::Version;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Who made a server that speaks MySQL's protocol. They differ in words of the option file and of SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Brand {
    /// MariaDB's `mariadbd`.
    MariaDb,
    /// MySQL's `mysqld`.
    MySql,
}

/// A server that is installed: `mariadb 10.11`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// Who made it.
    pub brand: Brand,
    /// Its version with the third number: `10.11.19`.
    pub version: Version,
    program: PathBuf,
    /// The root of the system that it was made for, if that is not this one.
    root: Option<PathBuf>,
}

impl Installed {
    /// The product at a path (the program, or the root of a system of its own that holds it), or the installed one:
    /// MariaDB if there are both.
    ///
    /// # Errors
    /// There is none, or it does not say which version it is.
    pub fn find(path: Option<&Path>) -> Result<Self, Error> {
        let program = match path {
            Some(path) => at(path).ok_or_else(|| {
                Error::Environment(format!("no mariadbd and no mysqld at {}, nor in it", path.display()))
            })?,
            None => installed().ok_or_else(|| {
                let text = "neither mariadbd nor mysqld is installed";
                Error::Environment(format!("{text} (tests/support/install-peers installs MariaDB on Debian)"))
            })?,
        };
        let root = foreign_root(&program);
        let cannot =
            |problem: &dyn fmt::Display| Error::Environment(format!("cannot run {}: {problem}", program.display()));
        let said = command(&program, root.as_deref()).args(["--no-defaults", "--version"]).output();
        let said = said.map_err(|problem| cannot(&problem))?;
        let Some((brand, version)) = read_version(&String::from_utf8_lossy(&said.stdout)) else {
            let said = String::from_utf8_lossy(&said.stderr);
            return Err(cannot(&format!("it does not say its version: {}", said.trim())));
        };
        Ok(Self { brand, version, program, root })
    }

    /// One that lies in the image of a container; `None` if that is no number of a version.
    pub(in crate::testbed) fn in_an_image(brand: Brand, version: &str) -> Option<Self> {
        let version = version.parse().ok()?;
        Some(Self { brand, version, program: PathBuf::new(), root: None })
    }

    /// One that need not be there, for tests of what it is told.
    #[cfg(test)]
    pub(super) fn assumed(brand: Brand, version: &str, root: Option<&Path>) -> Self {
        Self { brand, version: number(version), program: "/usr/sbin/mysqld".into(), root: root.map(Path::to_owned) }
    }

    /// The server, without arguments.
    #[must_use]
    pub fn server(&self) -> Command {
        command(&self.program, self.root.as_deref())
    }

    /// MariaDB's program that makes a data directory.
    #[must_use]
    pub fn install_db(&self) -> Command {
        let beside = self.program.with_file_name("mariadb-install-db");
        let in_bin = self.usr().map(|usr| usr.join("bin/mariadb-install-db"));
        let found = [Some(beside), in_bin].into_iter().flatten().find(|path| path.is_file());
        Command::new(found.unwrap_or_else(|| "mariadb-install-db".into()))
    }

    /// Whether it has this version of TLS. MySQL took 1.0 and 1.1 away in 8.0.28.
    #[must_use]
    pub fn has_tls_version(&self, version: TlsVersion) -> bool {
        version >= TlsVersion::Tls1_2 || self.brand == Brand::MariaDb || self.version < number("8.0.28")
    }

    /// Whether it can be kept to this suite. MySQL 8.4 and later refuse to start with any outside of their list of blessed ones
    /// ("Configuring Encryption TLS Protocols and Ciphers" in the manual).
    #[must_use]
    pub fn has_suite(&self, name: &str) -> bool {
        let is_blessed =
            ["ECDHE-RSA-AES", "DHE-RSA-AES"].iter().any(|start| name.starts_with(start)) && name.contains("-GCM-");
        is_blessed || self.brand == Brand::MariaDb || self.version < number("8.4")
    }

    /// Plugins of accounts that it has and this project knows.
    #[must_use]
    pub fn plugins(&self) -> Vec<&'static str> {
        match self.brand {
            Brand::MariaDb => vec!["mysql_native_password"],
            Brand::MySql if self.version < number("8") => vec!["mysql_native_password", "sha256_password"],
            // 8.4 switches the old plugin off, 9.0 has it no more.
            Brand::MySql if self.version < number("8.4") => {
                vec!["mysql_native_password", "caching_sha2_password", "sha256_password"]
            }
            Brand::MySql => vec!["caching_sha2_password", "sha256_password"],
        }
    }

    /// The plugin that its greeting names, if that cannot be set.
    #[must_use]
    pub fn fixed_greeting(&self) -> Option<&'static str> {
        match self.brand {
            Brand::MariaDb => Some("mysql_native_password"),
            Brand::MySql if self.version < number("8.4") => None,
            // Whatever `authentication_policy` says: that decides about new accounts alone.
            Brand::MySql => Some("caching_sha2_password"),
        }
    }

    /// Where its files lie if it was made for another root (`/opt/sid/usr`); `None` where it finds them by itself.
    #[must_use]
    pub fn base(&self) -> Option<PathBuf> {
        self.root.as_ref().map(|root| root.join("usr"))
    }

    fn usr(&self) -> Option<&Path> {
        self.program.parent()?.parent()
    }
}

/// `mariadb 10.11`, `mysql 9.7`: as reasons and explanations name it.
impl fmt::Display for Installed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.version.to_string();
        let line: Vec<&str> = text.split('.').take(2).collect();
        write!(f, "{} {}", self.brand.word(), line.join("."))
    }
}

impl Brand {
    /// `mariadb`, `mysql`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::MariaDb => "mariadb",
            Self::MySql => "mysql",
        }
    }
}

/// A program of some system. One that was made for another root takes its libraries from there, by that system's own
/// loader: so it runs as it is, without `chroot`, and sees our files under our names.
fn command(program: &Path, root: Option<&Path>) -> Command {
    let Some((root, loader)) = root.and_then(|root| Some((root, loader(root)?))) else { return Command::new(program) };
    let mut command = Command::new(loader);
    command.arg("--library-path").arg(libraries(root)).arg(program);
    command
}

fn number(text: &str) -> Version {
    text.parse().expect("written here")
}

const PROGRAMS: [&str; 2] = ["mariadbd", "mysqld"];

/// Where servers are installed, beside the folders of `PATH`: Debian's `PATH` of an ordinary user has no sbin.
const FOLDERS: [&str; 4] = ["/usr/sbin", "/usr/local/sbin", "/usr/libexec", "/usr/local/mysql/bin"];

fn installed() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).chain(FOLDERS.map(PathBuf::from)).collect();
    PROGRAMS.iter().find_map(|name| folders.iter().map(|folder| folder.join(name)).find(|program| program.is_file()))
}

fn at(path: &Path) -> Option<PathBuf> {
    let path = std::fs::canonicalize(path).ok()?;
    if path.is_file() {
        return Some(path);
    }
    let folders = ["", "bin", "sbin", "usr/sbin", "usr/bin", "libexec"].map(|below| path.join(below));
    PROGRAMS.iter().find_map(|name| folders.iter().map(|folder| folder.join(name)).find(|program| program.is_file()))
}

/// The system that a program lies in, if it has a loader of its own: `/opt/sid` of `/opt/sid/usr/sbin/mysqld`.
fn foreign_root(program: &Path) -> Option<PathBuf> {
    let root = program.ancestors().skip(1).find(|folder| folder.join("etc").is_dir() && folder.join("usr").is_dir())?;
    (root != Path::new("/") && loader(root).is_some()).then(|| root.to_owned())
}

/// The dynamic loader of a system.
fn loader(root: &Path) -> Option<PathBuf> {
    let names = ["lib64/ld-linux-x86-64.so.2", "lib/ld-linux-aarch64.so.1"];
    names.iter().map(|name| root.join(name)).find(|loader| loader.exists())
}

/// Where Debian keeps libraries.
fn libraries(root: &Path) -> OsString {
    let triplet = format!("{}-linux-gnu", std::env::consts::ARCH);
    let folders = ["usr/lib", "lib"].map(|lib| root.join(lib).join(&triplet).into_os_string());
    folders.join(std::ffi::OsStr::new(":"))
}

/// `mariadbd  Ver 10.11.19-MariaDB-0+deb12u1 for debian-linux-gnu on x86_64 (Debian 12)`,
/// `/usr/sbin/mysqld  Ver 9.7.4-2 for Linux on x86_64 ((Debian))`.
fn read_version(text: &str) -> Option<(Brand, Version)> {
    let (_, behind) = text.split_once("Ver ")?;
    let brand = if behind.contains("MariaDB") { Brand::MariaDb } else { Brand::MySql };
    let end = behind.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    Some((brand, behind[..end].parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_is_known_by_what_it_says() {
        let said = |text| read_version(text).map(|(brand, version)| format!("{} {version}", brand.word()));
        let mariadb = "/usr/sbin/mariadbd  Ver 10.11.19-MariaDB-0+deb12u1 for debian-linux-gnu on x86_64 (Debian 12)";
        assert_eq!(said(mariadb).as_deref(), Some("mariadb 10.11.19"));
        let mysql = "/usr/sbin/mysqld  Ver 9.7.4-2 for Linux on x86_64 ((Debian))";
        assert_eq!(said(mysql).as_deref(), Some("mysql 9.7.4"));
        assert_eq!(said("mysqld: cannot open shared object file"), None);
    }

    #[test]
    fn a_program_in_a_system_of_its_own_is_run_by_that_systems_loader() {
        let folder = tempfile::tempdir().unwrap();
        let root = std::fs::canonicalize(folder.path()).unwrap();
        for below in ["etc", "usr/sbin", "lib64", "lib"] {
            std::fs::create_dir_all(root.join(below)).unwrap();
        }
        let program = root.join("usr/sbin/mysqld");
        std::fs::write(&program, "").unwrap();
        assert_eq!(at(&root), Some(program.clone()));
        assert_eq!(foreign_root(&program), None, "without a loader it is none of its own");
        std::fs::write(root.join("lib64/ld-linux-x86-64.so.2"), "").unwrap();
        assert_eq!(foreign_root(&program).as_deref(), Some(root.as_path()));

        let installed =
            Installed { brand: Brand::MySql, version: "9.7.4".parse().unwrap(), root: Some(root.clone()), program };
        let command = installed.server();
        assert_eq!(Path::new(command.get_program()), root.join("lib64/ld-linux-x86-64.so.2"));
        assert_eq!(command.get_args().last().map(Path::new), Some(root.join("usr/sbin/mysqld").as_path()));
        assert_eq!(installed.to_string(), "mysql 9.7");
    }

    #[test]
    fn what_is_not_there_is_named() {
        let problem = Installed::find(Some(Path::new("/nowhere/at/all"))).unwrap_err();
        assert_eq!(problem.to_string(), "no mariadbd and no mysqld at /nowhere/at/all, nor in it");
        let folder = tempfile::tempdir().unwrap();
        assert!(Installed::find(Some(folder.path())).is_err());
    }
}
