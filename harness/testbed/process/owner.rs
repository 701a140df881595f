//! Under which name a server runs: servers refuse to run as root.

use crate::error::Error;
use std::path::Path;
use std::process::Command;

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
        let number = |option| {
            let said = Command::new("id").args([option, "--", name]).output().ok()?;
            std::str::from_utf8(&said.stdout).ok()?.trim().parse().ok()
        };
        let missing = || Error::Environment(format!("root cannot run a server, and the system has no user '{name}'"));
        Ok(Some(Self { uid: number("-u").ok_or_else(missing)?, gid: number("-g").ok_or_else(missing)? }))
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
