//! A folder of ours in the system's temporary folder, which goes when it is dropped or this program ends.

use crate::error::Error;
use crate::handshake::Random;
use crate::testbed::process::guard::{self, Meaning, Watch};
use crate::testbed::process::owner::Owner;
use crate::testbed::random::Generator;
use std::fmt;
use std::path::{Path, PathBuf};

/// A folder that only its owner can look into.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    owner: Option<Owner>,
    /// INVARIANT: released after the folder is removed.
    _watch: Watch,
}

impl Folder {
    /// A new, empty folder with a name of its own behind `shakedown-`, for files.
    ///
    /// # Errors
    /// The machine has no room for it.
    pub fn for_files() -> Result<Self, Error> {
        Self::create("", Meaning::Files)
    }

    /// A new, empty folder for a server, which belongs to `owner` if that is somebody else.
    ///
    /// # Errors
    /// The machine has no room for it, or it cannot be given away.
    pub fn for_server(word: &str, owner: Option<&Owner>) -> Result<Self, Error> {
        let mut folder = Self::create(&format!("{word}-"), Meaning::Home)?;
        if let Some(barrier) = owner.and_then(|owner| owner.barred_from(&folder.path)) {
            let problem = "lets no other user pass, under whose name the server runs: set TMPDIR to a folder that does";
            return Err(Error::Environment(format!("{} {problem}", barrier.display())));
        }
        folder.owner = owner.cloned();
        folder.give_away(&folder.path)?;
        Ok(folder)
    }

    fn create(word: &str, meaning: Meaning) -> Result<Self, Error> {
        let cannot =
            |problem: &dyn fmt::Display| Error::Environment(format!("cannot make a temporary folder: {problem}"));
        // The guard compares with what the system says of processes, which is without links.
        let beside = std::fs::canonicalize(std::env::temp_dir()).map_err(|problem| cannot(&problem))?;
        let path = beside.join(format!("shakedown-{word}{}", name()));
        let watch = guard::watch_folder(&path, meaning)?;
        make(&path).map_err(|problem| cannot(&problem))?;
        Ok(Self { path, owner: None, _watch: watch })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A folder inside it, for its owner only.
    ///
    /// # Errors
    /// The machine has no room for it.
    pub fn inner(&self, name: &str) -> Result<PathBuf, Error> {
        let path = self.path.join(name);
        make(&path).map_err(|problem| Error::Environment(format!("cannot make {}: {problem}", path.display())))?;
        self.give_away(&path)?;
        Ok(path)
    }

    /// Writes a file that only its owner can read.
    ///
    /// # Errors
    /// The machine has no room for it.
    pub fn write(&self, name: &str, contents: &[u8]) -> Result<PathBuf, Error> {
        let path = self.path.join(name);
        crate::testbed::environment::write_private(&path, contents)?;
        self.give_away(&path)?;
        Ok(path)
    }

    /// Removes a file; one that is not there is as good.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn remove(&self, name: &str) -> Result<(), Error> {
        let path = self.path.join(name);
        match std::fs::remove_file(&path) {
            Err(problem) if problem.kind() != std::io::ErrorKind::NotFound => {
                Err(Error::Environment(format!("cannot remove {}: {problem}", path.display())))
            }
            _ => Ok(()),
        }
    }

    fn give_away(&self, path: &Path) -> Result<(), Error> {
        match &self.owner {
            Some(owner) => owner.give(path),
            None => Ok(()),
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed now is left to the system, as with all temporary files.
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// For its owner only from the beginning, and never one that is there already.
fn make(path: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn name() -> String {
    let mut bytes = [0; 8];
    Generator::from_system().fill(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
