//! What we start and make is gone also when this program is killed: a process beside it waits for its end.
//!
//! The guard is a shell that reads [`guard.sh`](../../../../harness/testbed/process/guard.sh)'s four words from a pipe. The
//! system closes that pipe when this program ends, whichever way; then the guard ends our processes and removes our folders.
//! It knows processes by a marker in their environment, which everything that they start inherits, so that it can never hit one
//! that merely got the number of ours.
//!
//! It is there as long as there is a [`Watch`], and leads a group of its own, where Ctrl-C at a terminal does not reach it.
//! Processes are found in `/proc`: where there is none, only folders are removed.

use crate::error::Error;
use crate::handshake::Random;
use crate::testbed::random::Generator;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

/// The variable that marks processes as ours.
pub const MARKER: &str = "SHAKEDOWN_GUARD";

/// While it lives, so does the guard.
#[derive(Debug)]
pub struct Watch {
    folder: Option<PathBuf>,
}

/// What a folder means to the guard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// Files for clients: it is removed.
    Files,
    /// A server lives in it: whoever works there is ended, and it is removed.
    Home,
}

/// Has processes watched: those that carry [`marker`] in their environment.
///
/// # Errors
/// There is no shell.
pub fn watch() -> Result<Watch, Error> {
    state().enter(None)?;
    Ok(Watch { folder: None })
}

/// Has a folder watched. To be called before the folder is made, so that there is no moment at which nobody knows of it.
///
/// # Errors
/// There is no shell, or the path has a line break.
pub fn watch_folder(path: &Path, meaning: Meaning) -> Result<Watch, Error> {
    if path.to_str().is_none_or(|text| text.contains('\n') || !path.is_absolute()) {
        return Err(Error::Environment(format!("cannot work in the folder {}", path.display())));
    }
    state().enter(Some((path.to_owned(), meaning)))?;
    Ok(Watch { folder: Some(path.to_owned()) })
}

/// The value of [`MARKER`] for processes of this program.
#[must_use]
pub fn marker() -> &'static str {
    static VALUE: OnceLock<String> = OnceLock::new();
    VALUE.get_or_init(|| {
        let mut random = [0; 12];
        Generator::from_system().fill(&mut random);
        let random: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{}-{random}", std::process::id())
    })
}

impl Drop for Watch {
    fn drop(&mut self) {
        state().leave(self.folder.as_deref());
    }
}

/// Everything that is watched, and the guard if that is something.
#[derive(Debug)]
struct State {
    guard: Option<Guard>,
    folders: BTreeMap<PathBuf, Meaning>,
    watches: usize,
}

#[derive(Debug)]
struct Guard {
    shell: Child,
    words: ChildStdin,
}

fn state() -> MutexGuard<'static, State> {
    static STATE: Mutex<State> = Mutex::new(State { guard: None, folders: BTreeMap::new(), watches: 0 });
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    fn enter(&mut self, folder: Option<(PathBuf, Meaning)>) -> Result<(), Error> {
        let missing = |problem| Error::Environment(format!("cannot start the guard, a shell: {problem}"));
        // Somebody may have ended it; then the next one is told everything.
        if self.guard.as_mut().is_none_or(|guard| !matches!(guard.shell.try_wait(), Ok(None))) {
            let mut guard = Guard::start(marker()).map_err(missing)?;
            for (path, meaning) in &self.folders {
                guard.say(meaning.word(), path).map_err(missing)?;
            }
            self.guard = Some(guard);
        }
        if let (Some(guard), Some((path, meaning))) = (&mut self.guard, folder) {
            guard.say(meaning.word(), &path).map_err(missing)?;
            self.folders.insert(path, meaning);
        }
        self.watches += 1;
        Ok(())
    }

    fn leave(&mut self, folder: Option<&Path>) {
        self.watches -= 1;
        if let (Some(guard), Some(path)) = (&mut self.guard, folder) {
            self.folders.remove(path);
            // One that was ended by somebody is replaced when something new is to be watched.
            let _ = guard.say("gone", path);
        }
        if self.watches == 0
            && let Some(guard) = self.guard.take()
        {
            guard.end();
        }
    }
}

impl Meaning {
    const fn word(self) -> &'static str {
        match self {
            Self::Files => "folder",
            Self::Home => "home",
        }
    }
}

impl Guard {
    fn start(marker: &str) -> std::io::Result<Self> {
        let mut command = Command::new("sh");
        command.args(["-c", include_str!("guard.sh"), "shakedown-guard", marker]);
        // It is no process that another guard should end, and holds no folder of anybody.
        command.env_remove(MARKER).current_dir("/");
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut shell = command.spawn()?;
        let words = shell.stdin.take().expect("it was asked for");
        Ok(Self { shell, words })
    }

    fn say(&mut self, word: &str, path: &Path) -> std::io::Result<()> {
        // In one call, so that it is never told half a path.
        self.words.write_all(format!("{word} {}\n", path.display()).as_bytes())
    }

    /// Lets it go: nothing is left to do.
    fn end(mut self) {
        // One that has ended already needs no word, and there is nobody to tell how it ended.
        let _ = self.words.write_all(b"end\n");
        drop(self.words);
        let _ = self.shell.wait();
    }
}
