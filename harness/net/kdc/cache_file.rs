//! A credential cache as a file that other programs use at the same time.

use shakedown_krb5::Credential;
use shakedown_krb5::ccache::{CredentialCache, MalformedFile, Record, Unwritable};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// A credential cache file, named as `KRB5CCNAME` names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheFile {
    path: PathBuf,
}

/// Why a credential cache cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CacheFileError {
    /// A type of cache other than a file.
    #[error("'{0}' is no credential cache of type FILE, which is the only one that is read here")]
    Type(String),
    /// It cannot be read or written.
    #[error("{path}: {problem}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        problem: io::Error,
    },
    /// It does not follow the format.
    #[error("{path}: {problem}", path = path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where and what.
        problem: MalformedFile,
    },
    /// The format has no room for what is to be written.
    #[error(transparent)]
    Unwritable(#[from] Unwritable),
}

/// The largest cache that is read.
const MOST_OCTETS: u64 = 16 * 1024 * 1024;

impl CacheFile {
    /// By a path, with or without `FILE:` before it.
    ///
    /// # Errors
    /// Another type is named (`KEYRING:`, `KCM:`, …).
    pub fn new(name: &str) -> Result<Self, CacheFileError> {
        let is_type = |word: &str| word.len() > 1 && word.bytes().all(|octet| octet.is_ascii_alphanumeric());
        let path = match name.split_once(':') {
            Some(("FILE", path)) => path,
            Some((word, _)) if is_type(word) => return Err(CacheFileError::Type(name.to_owned())),
            _ => name,
        };
        Ok(Self { path: path.into() })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads it.
    ///
    /// # Errors
    /// There is none, or it is malformed.
    pub fn read(&self) -> Result<CredentialCache, CacheFileError> {
        CredentialCache::read(&self.octets()?)
            .map_err(|problem| CacheFileError::Malformed { path: self.path.clone(), problem })
    }

    /// Replaces it at once: a new file that only its owner can read is written beside it and takes its name, so that no
    /// reader sees half of it.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, cache: &CredentialCache) -> Result<(), CacheFileError> {
        let octets = cache.write()?;
        let folder =
            self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
        // Made with mode 0600 and a name that was not there before; gone again if anything fails.
        let mut file = tempfile::Builder::new().prefix(".krb5cc_").tempfile_in(folder).map_err(|p| self.io(p))?;
        file.write_all(&octets).and_then(|()| file.as_file().sync_all()).map_err(|problem| self.io(problem))?;
        file.persist(&self.path).map(drop).map_err(|problem| self.io(problem.error))
    }

    /// Adds a ticket at the end in one write, as libkrb5 does. A file of an older version is replaced by one of version 4.
    ///
    /// # Errors
    /// There is no file, or it cannot be read or written.
    pub fn append(&self, credential: &Credential) -> Result<(), CacheFileError> {
        let record = Record::from(credential);
        if !CredentialCache::can_be_appended_to(&self.octets()?) {
            let mut cache = self.read()?;
            cache.records.push(record);
            return self.write(&cache);
        }
        let mut octets = Vec::new();
        record.write(&mut octets)?;
        let mut file = OpenOptions::new().append(true).open(&self.path).map_err(|problem| self.io(problem))?;
        file.write_all(&octets).map_err(|problem| self.io(problem))
    }

    fn octets(&self) -> Result<Vec<u8>, CacheFileError> {
        let mut octets = Vec::new();
        let read = File::open(&self.path).and_then(|file| file.take(MOST_OCTETS + 1).read_to_end(&mut octets));
        match read {
            Ok(length) if length as u64 > MOST_OCTETS => {
                Err(self.io(io::Error::new(io::ErrorKind::FileTooLarge, format!("more than {MOST_OCTETS} octets"))))
            }
            Ok(_) => Ok(octets),
            Err(problem) => Err(self.io(problem)),
        }
    }

    fn io(&self, problem: io::Error) -> CacheFileError {
        CacheFileError::Io { path: self.path.clone(), problem }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shakedown_krb5::crypto::{Etype, Key};
    use shakedown_krb5::{Principal, Timestamp};

    fn credential(service: &str) -> Credential {
        Credential {
            client: "alice@R".parse().unwrap(),
            server: service.parse().unwrap(),
            key: Key::new(Etype::Aes128Sha1, &[7; 16]).unwrap(),
            auth_time: Timestamp::from_seconds(1),
            start_time: Timestamp::from_seconds(1),
            end_time: Timestamp::from_seconds(2),
            renew_till: None,
            flags: 0,
            ticket: vec![1, 2, 3],
        }
    }

    #[test]
    fn a_cache_is_replaced_at_once_for_its_owner_alone_and_a_ticket_is_appended() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cc");
        let file = CacheFile::new(&format!("FILE:{}", path.display())).unwrap();
        assert!(file.read().unwrap_err().to_string().starts_with(path.to_str().unwrap()));
        let mut cache = CredentialCache::new(&Principal::new(&["alice"], "R"));
        cache.store(&credential("krbtgt/R@R"));
        file.write(&cache).unwrap();
        file.append(&credential("postgres/db.test@R")).unwrap();
        let servers: Vec<_> = file.read().unwrap().tickets().map(|record| record.server.to_string()).collect();
        assert_eq!(servers, ["krbtgt/R@R", "postgres/db.test@R"]);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        // Version 3: without a header, and the encryption type of each key twice.
        std::fs::write(&path, b"\x05\x03\0\0\0\x01\0\0\0\x01\0\0\0\x01R\0\0\0\x05alice").unwrap();
        file.append(&credential("postgres/db.test@R")).unwrap();
        assert_eq!((std::fs::read(&path).unwrap()[1], file.read().unwrap().tickets().count()), (4, 1));
    }

    #[test]
    fn only_files_are_caches_here() {
        assert_eq!(CacheFile::new("/tmp/krb5cc_0").unwrap().path(), Path::new("/tmp/krb5cc_0"));
        for other in ["KEYRING:persistent:0", "KCM:", "DIR:/tmp/cc", "MEMORY:x"] {
            let told = CacheFile::new(other).unwrap_err().to_string();
            assert!(told.starts_with(&format!("'{other}' is no credential cache of type FILE")), "{told}");
        }
    }
}
