//! A program and all that it starts, ended together. The only place that knows Unix processes.

use crate::testbed::process::guard::{self, Watch};
use tokio::process::{Child, Command};

/// Ends a program that is given up, and what it has started itself: an adapter is often a script around the real client.
/// A program that has ended is left alone, as its number may be somebody else's by then.
#[derive(Debug)]
pub struct ProcessGroup {
    leader: Option<u32>,
    /// Without a shell there is no guard, and it ends with us only where we end in order.
    _watch: Option<Watch>,
}

impl ProcessGroup {
    /// Makes the command the first of a group of its own, which also keeps the terminal's signals from it.
    pub fn lead(command: &mut Command) -> &mut Command {
        #[cfg(unix)]
        command.process_group(0);
        command.env(guard::MARKER, guard::marker()).kill_on_drop(true)
    }

    /// The group of a command that [`ProcessGroup::lead`] has prepared.
    #[must_use]
    pub fn of(child: &Child) -> Self {
        Self { leader: child.id(), _watch: guard::watch().ok() }
    }

    /// Its leader has ended by itself.
    pub const fn ended(&mut self) {
        self.leader = None;
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        #[cfg(unix)]
        if let Some(leader) = self.leader.and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw)
        {
            // One that ended in this moment needs no end.
            let _ = rustix::process::kill_process_group(leader, rustix::process::Signal::KILL);
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::process::Stdio;
    use tokio::io::AsyncReadExt;

    #[tokio::test]
    async fn what_a_program_has_started_ends_with_it() {
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 600 & echo started; wait"]).stdout(Stdio::piped());
        let mut child = ProcessGroup::lead(&mut command).spawn().unwrap();
        let group = ProcessGroup::of(&child);
        let mut stdout = child.stdout.take().unwrap();
        let mut said = [0; 8];
        stdout.read_exact(&mut said).await.unwrap();
        drop(group);
        // The pipe ends when the last process that has it is gone: the shell and what it started.
        let rest = tokio::time::timeout(std::time::Duration::from_secs(20), stdout.read_to_end(&mut Vec::new())).await;
        assert_eq!(rest.expect("somebody still holds the pipe").unwrap(), 0);
    }
}
