//! Programs that make something and end: `initdb`, `psql`, `kdb5_util`.

use crate::error::Error;
use crate::testbed::process::owner::Owner;
use crate::testbed::process_group::ProcessGroup;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// How long such a program may take.
const DEADLINE: Duration = Duration::from_secs(60);

/// How much of what it says is kept.
const OUTPUT_MAX: u64 = 256 * 1024;

/// A command with nothing of our environment but where programs are, so that no `PGPORT` or `MYSQL_HOME` of somebody's decides what
/// happens. It works in `home`, where its temporary files are too (`owner` may not write into ours), under the name of `owner`, in the
/// language of the specification.
#[must_use]
pub fn command(program: &Path, home: &Path, owner: Option<&Owner>) -> Command {
    let mut command = Command::new(program);
    command.env_clear().current_dir(home).env("LC_ALL", "C").env("HOME", home).env("TMPDIR", home);
    for name in ["PATH", "LD_LIBRARY_PATH"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    if let Some(owner) = owner {
        owner.run(&mut command);
    }
    command
}

/// Runs a command to its end and gives what it printed on standard output. `input` is its standard input: secrets belong there, as
/// command lines can be read by everybody.
///
/// # Errors
/// It cannot be started, does not end within a minute, or fails; with the last lines of its standard error. Whoever hands secrets over
/// must have a program that does not repeat them.
pub async fn run(name: &str, command: Command, input: &[u8]) -> Result<String, Error> {
    let broken = |problem: String| Error::Environment(format!("{name} {problem}"));
    let mut command = tokio::process::Command::from(command);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child =
        ProcessGroup::lead(&mut command).spawn().map_err(|problem| broken(format!("cannot be started: {problem}")))?;
    let mut group = ProcessGroup::of(&child);
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let said = async {
        let told = async {
            if let Some(mut stdin) = stdin {
                // One that does not listen to the end says why by its exit code.
                let _ = stdin.write_all(input).await;
            }
        };
        let (_, stdout, stderr, status) = tokio::join!(told, kept(stdout), kept(stderr), child.wait());
        (stdout, stderr, status)
    };
    let (stdout, stderr, status) = tokio::time::timeout(DEADLINE, said)
        .await
        .map_err(|_| broken(format!("did not end within {} s", DEADLINE.as_secs())))?;
    group.ended();
    let status = status.map_err(|problem| broken(problem.to_string()))?;
    if status.success() {
        return Ok(stdout);
    }
    let lines: Vec<&str> = stderr.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let last = lines[lines.len().saturating_sub(4)..].join(" | ");
    Err(broken(format!("{}: {last}", super::signal::cause(status))))
}

async fn kept<R: tokio::io::AsyncRead + Unpin>(stream: Option<R>) -> String {
    let Some(mut stream) = stream else { return String::new() };
    let mut beginning = Vec::new();
    // A stream that breaks has ended.
    let _ = (&mut stream).take(OUTPUT_MAX).read_to_end(&mut beginning).await;
    let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
    String::from_utf8_lossy(&beginning).into_owned()
}
