//! Which PostgreSQL is installed, and what it was built with.

use super::abilities::Build;
use crate::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The programs of one version.
#[derive(Debug)]
pub(super) struct Programs {
    /// `postgres 15.20`.
    pub(super) name: String,
    /// Its version, and what it was built with.
    pub(super) build: Build,
    folder: PathBuf,
}

impl Programs {
    /// The newest that is installed, or those in `path`: the folder of the programs, the one above it, or the server itself.
    ///
    /// # Errors
    /// There is none.
    pub(super) fn find(path: Option<PathBuf>) -> Result<Self, Error> {
        let folders = match &path {
            Some(path) => vec![path.clone(), path.join("bin"), path.parent().map(Path::to_owned).unwrap_or_default()],
            None => installed(),
        };
        let folder = folders.into_iter().find(|folder| folder.join("postgres").is_file()).ok_or_else(|| {
            Error::Environment(match &path {
                Some(path) => format!("{} is no PostgreSQL: there is no program 'postgres'", path.display()),
                None => "no PostgreSQL is installed: no program 'postgres' in PATH or where packages put it".to_owned(),
            })
        })?;
        let version = said(&folder, "postgres", "--version")
            .ok_or_else(|| Error::Environment(format!("{}/postgres does not say its version", folder.display())))?;
        // Without the program that knows, a server that does not have it will say so.
        let configured = said(&folder, "pg_config", "--configure");
        let has = |option: &str| configured.as_ref().is_none_or(|options| options.contains(option));
        let number = number(&version)
            .ok_or_else(|| Error::Environment(format!("{}/postgres says '{}'", folder.display(), version.trim())))?;
        Ok(Self {
            name: format!("postgres {number}"),
            build: Build {
                major: number.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default().to_owned(),
                gss: has("--with-gssapi"),
                tls: has("--with-openssl") || has("--with-ssl=openssl"),
            },
            folder,
        })
    }

    /// Where a program is.
    pub(super) fn path(&self, program: &str) -> PathBuf {
        self.folder.join(program)
    }
}

/// Where packages put it, the newest first, and then what is in PATH.
fn installed() -> Vec<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = Vec::new();
    // Debian and its kin: /usr/lib/postgresql/15/bin; Fedora and its kin: /usr/pgsql-15/bin.
    for (folder, prefix) in [("/usr/lib/postgresql", ""), ("/usr", "pgsql-")] {
        let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
        found.extend(entries.filter_map(|entry| {
            let version = entry.file_name().to_str()?.strip_prefix(prefix)?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        }));
    }
    found.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    let in_path = std::env::var_os("PATH");
    let in_path = in_path.iter().flat_map(std::env::split_paths);
    found.into_iter().map(|(_, folder)| folder).chain(in_path).collect()
}

fn said(folder: &Path, program: &str, option: &str) -> Option<String> {
    let output = Command::new(folder.join(program)).arg(option).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// `postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)`; a version that is not released yet is `18beta1`.
fn number(version: &str) -> Option<&str> {
    version.split_whitespace().nth(2).filter(|word| word.starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_the_third_word() {
        assert_eq!(number("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n"), Some("15.14"));
        assert_eq!(number("postgres (PostgreSQL) 18beta1\n"), Some("18beta1"));
        assert_eq!(number("something else entirely"), None);
        assert_eq!(number(""), None);
    }

    #[test]
    fn a_folder_without_a_server_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let problem = Programs::find(Some(folder.path().to_owned())).unwrap_err().to_string();
        assert!(problem.starts_with(&folder.path().display().to_string()), "{problem}");
    }
}
