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

#[cfg(all(test, target_os = "linux"))]
#[expect(clippy::unwrap_used, reason = "a helper of a test fails the test by panicking")]
mod tests {
    use super::*;
    use std::io::Read;
    use std::os::unix::process::CommandExt;

    /// Somebody who stands for a program of ours: a shell and its child, in a group of its own.
    fn stand(set: impl FnOnce(&mut Command)) -> Child {
        let mut command = Command::new("sh");
        command
            .args(["-c", "sleep 600 & echo started; wait"])
            .env_remove(MARKER)
            .process_group(0)
            .stdout(Stdio::piped());
        set(&mut command);
        let mut child = command.spawn().unwrap();
        let mut said = [0; 8];
        child.stdout.as_mut().unwrap().read_exact(&mut said).unwrap();
        child
    }

    /// Whether the shell and its child are gone: the last one closes the pipe.
    fn is_gone(child: &mut Child) -> bool {
        assert_eq!(child.stdout.as_mut().unwrap().read_to_end(&mut Vec::new()).unwrap(), 0);
        child.wait().is_ok()
    }

    fn put_away(mut child: Child) {
        crate::testbed::process::signal::kill_group(child.id());
        child.wait().unwrap();
    }

    /// What happens to the guard when this program is killed: the end of its pipe, without a word.
    fn as_if_killed(mut guard: Guard) {
        drop(guard.words);
        assert!(guard.shell.wait().unwrap().success());
    }

    #[test]
    fn when_the_program_is_gone_so_are_its_processes_and_folders() {
        let beside = tempfile::tempdir().unwrap();
        let (ours, removed) = (beside.path().join("ours $(x) 'y'"), beside.path().join("removed by us"));
        for folder in [&ours, &removed] {
            std::fs::create_dir(folder).unwrap();
        }
        let marker = "guard-test-one-0123456789abcdef";
        let mut guard = Guard::start(marker).unwrap();
        guard.say("folder", &ours).unwrap();
        guard.say("folder", &removed).unwrap();
        guard.say("gone", &removed).unwrap();
        let mut marked = stand(|command| {
            command.env(MARKER, marker);
        });
        let mut stranger = stand(|_| {});
        as_if_killed(guard);
        assert!(is_gone(&mut marked));
        assert!(!ours.exists());
        assert!(removed.exists(), "it was released, and may be somebody else's by now");
        assert!(stranger.try_wait().unwrap().is_none(), "it carries no marker");
        put_away(stranger);
    }

    #[test]
    fn who_works_in_a_home_is_ended_and_who_looks_at_files_is_not() {
        let beside = tempfile::tempdir().unwrap();
        let beside_path = std::fs::canonicalize(beside.path()).unwrap();
        let (home, files) = (beside_path.join("home"), beside_path.join("files"));
        for folder in [&home, &files] {
            std::fs::create_dir(folder).unwrap();
        }
        let mut guard = Guard::start("guard-test-two-0123456789abcdef").unwrap();
        guard.say(Meaning::Home.word(), &home).unwrap();
        guard.say(Meaning::Files.word(), &files).unwrap();
        // In a session of its own, and so without a terminal, as the children of PostgreSQL are.
        let in_session = |folder: &Path| {
            let mut command = Command::new("setsid");
            command.args(["sh", "-c", "echo started; exec sleep 600"]).stdout(Stdio::piped()).current_dir(folder);
            let mut child = command.env_remove(MARKER).spawn().unwrap();
            child.stdout.as_mut().unwrap().read_exact(&mut [0; 8]).unwrap();
            child
        };
        let (mut inhabitant, mut visitor) = (in_session(&home), in_session(&files));
        as_if_killed(guard);
        assert!(is_gone(&mut inhabitant));
        assert!(visitor.try_wait().unwrap().is_none());
        assert!(!home.exists() && !files.exists());
        put_away(visitor);
    }

    #[test]
    fn a_guard_that_is_told_that_nothing_is_left_touches_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let marker = "guard-test-three-0123456789abcdef";
        let mut guard = Guard::start(marker).unwrap();
        guard.say("folder", folder.path()).unwrap();
        let mut marked = stand(|command| {
            command.env(MARKER, marker);
        });
        guard.end();
        assert!(marked.try_wait().unwrap().is_none());
        assert!(folder.path().exists());
        put_away(marked);
    }

    #[test]
    fn a_path_that_would_be_two_is_refused() {
        for path in ["/tmp/a\nfolder /", "relative"] {
            assert!(watch_folder(Path::new(path), Meaning::Files).is_err(), "{path:?}");
        }
    }
}
