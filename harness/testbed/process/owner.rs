//! Under which name a server runs: servers refuse to run as root.

use crate::error::Error;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// A name of the system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    uid: u32,
    gid: u32,
}

impl Owner {
    /// The name that a server runs under: `None` is our own, which is right unless we are root.
    ///
    /// # Errors
    /// We are root, and the system has no such name.
    pub fn of_server(name: &str) -> Result<Option<Self>, Error> {
        if !is_root() {
            return Ok(None);
        }
        let missing = || Error::Environment(format!("root cannot run a server, and the system has no user '{name}'"));
        Self::of_system(name).ok_or_else(missing).map(Some)
    }

    /// The numbers of a name. The system is asked once for each.
    fn of_system(name: &str) -> Option<Self> {
        static ASKED: Mutex<BTreeMap<String, Owner>> = Mutex::new(BTreeMap::new());
        let mut asked = ASKED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = asked.get(name) {
            return Some(known.clone());
        }
        let number = |option| {
            let said = Command::new("id").args([option, "--", name]).output().ok()?;
            std::str::from_utf8(&said.stdout).ok()?.trim().parse().ok()
        };
        let owner = Self { uid: number("-u")?, gid: number("-g")? };
        asked.insert(name.to_owned(), owner.clone());
        Some(owner)
    }

    /// The first of the folders above `path` that this name may not pass through: what lies in there it cannot use.
    #[must_use]
    pub fn barred_from(&self, path: &Path) -> Option<PathBuf> {
        #[cfg(unix)]
        return path.ancestors().skip(1).find(|folder| self.is_kept_out_of(folder)).map(Path::to_owned);
        #[cfg(not(unix))]
        return None;
    }

    #[cfg(unix)]
    fn is_kept_out_of(&self, folder: &Path) -> bool {
        use std::os::unix::fs::MetadataExt;
        let Ok(folder) = std::fs::metadata(folder) else { return false };
        // Of the three sets of rights only the first that applies counts.
        let search = if folder.uid() == self.uid {
            0o100
        } else if folder.gid() == self.gid {
            0o010
        } else {
            0o001
        };
        folder.mode() & search == 0
    }

    /// Gives a file or folder to it.
    ///
    /// # Errors
    /// The system refuses.
    pub fn give(&self, path: &Path) -> Result<(), Error> {
        #[cfg(unix)]
        std::os::unix::fs::chown(path, Some(self.uid), Some(self.gid))
            .map_err(|problem| Error::Environment(format!("cannot give {} away: {problem}", path.display())))?;
        Ok(())
    }

    /// Has a command run under this name.
    pub fn run(&self, command: &mut Command) {
        #[cfg(unix)]
        std::os::unix::process::CommandExt::uid(std::os::unix::process::CommandExt::gid(command, self.gid), self.uid);
    }
}

fn is_root() -> bool {
    #[cfg(unix)]
    return rustix::process::geteuid().is_root();
    #[cfg(not(unix))]
    return false;
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    #[test]
    fn a_folder_that_lets_nobody_else_pass_is_found() {
        let outer = tempfile::tempdir().unwrap();
        let inner = outer.path().join("inner/most");
        std::fs::create_dir_all(&inner).unwrap();
        let ours = outer.path().metadata().unwrap();
        let stranger = Owner { uid: ours.uid() + 1, gid: ours.gid() + 1 };
        let barred_with = |mode| {
            std::fs::set_permissions(outer.path(), std::fs::Permissions::from_mode(mode)).unwrap();
            stranger.barred_from(&inner)
        };
        assert_eq!(barred_with(0o710).as_deref(), Some(outer.path()));
        assert_eq!(barred_with(0o711), None);
        std::fs::set_permissions(outer.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
        let ourselves = Owner { uid: ours.uid(), gid: ours.gid() };
        assert_eq!(ourselves.barred_from(&inner), None);
    }
}
