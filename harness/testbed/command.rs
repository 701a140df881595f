//! A client that is a program: it gets the case in its environment and says by its exit code how it came out.
//!
//! Exit code 0: logged in. 1: refused. 77: it cannot play this case, which is then skipped. Anything else, a signal, or no
//! end in time is a failure of the program and never counts as a refusal. On standard output it may print one line of JSON
//! (`tls`, `suite`, `error`).

use crate::error::Error;
use crate::handshake::{Outcome, Side, TlsVersion};
use crate::testbed::environment::Variables;
use crate::testbed::process_group::ProcessGroup;
use serde::Deserialize;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;

/// How long a program may take. Adapters have a shorter deadline of their own and say what hung.
const DEADLINE: Duration = Duration::from_secs(30);

/// How much of a program's output is kept.
const OUTPUT_MAX: u64 = 64 * 1024;

/// What a program says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// Exit code 0.
    LoggedIn(Words),
    /// Exit code 1.
    Refused(Words),
    /// Exit code 77, with its reason.
    CannotPlay(String),
}

/// The line of JSON.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// The TLS version in use: `TLS1.2`.
    pub tls: Option<String>,
    /// The suite in use under OpenSSL's name.
    pub suite: Option<String>,
    /// Why it was refused.
    pub error: Option<String>,
}

/// Runs a program to its end. A relative path is looked up from the folder of the scenario file.
///
/// # Errors
/// It cannot be started, does not end in time, crashes, or says something that the contract does not have.
pub async fn run(argv: &[String], scenario_folder: &Path, variables: &Variables) -> Result<Said, Error> {
    let (program, arguments) =
        argv.split_first().ok_or_else(|| Error::Usage("argv of a client is empty".to_owned()))?;
    let has_folder = program.contains(std::path::MAIN_SEPARATOR);
    let path = if has_folder { scenario_folder.join(program) } else { program.into() };
    let name = path.display().to_string();
    let broken = |problem: String| Error::Environment(format!("client {name}: {problem}"));
    let mut command = Command::new(&path);
    command.args(arguments).envs(variables.iter()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child =
        ProcessGroup::lead(&mut command).spawn().map_err(|problem| broken(format!("cannot be started: {problem}")))?;
    let mut group = ProcessGroup::of(&child);
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let all = async {
        let (stdout, stderr, status) = tokio::join!(kept(stdout), kept(stderr), child.wait());
        (stdout, stderr, status)
    };
    let (stdout, stderr, status) = tokio::time::timeout(DEADLINE, all)
        .await
        .map_err(|_| broken(format!("did not end within {} s", DEADLINE.as_secs())))?;
    group.ended();
    let status = status.map_err(|problem| broken(problem.to_string()))?;
    // Nothing that a program says leaves this function without that: drivers have been seen to repeat passwords.
    let hidden = |text: String| match variables.value("SHAKEDOWN_PASSWORD") {
        Some(password) if !password.is_empty() => text.replace(password, "(password)"),
        _ => text,
    };
    let last = |text: &str| text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default().trim().to_owned();
    let said = words(&stdout).map_err(|problem| broken(hidden(format!("its line of JSON: {problem}"))))?;
    let words = Words { tls: said.tls.map(hidden), suite: said.suite.map(hidden), error: said.error.map(hidden) };
    let reason = || words.error.clone().unwrap_or_else(|| hidden(last(&stderr)));
    match status.code() {
        Some(0) => Ok(Said::LoggedIn(words)),
        Some(1) => Ok(Said::Refused(words)),
        Some(77) => Ok(Said::CannotPlay(reason())),
        Some(code) => Err(broken(format!("exit code {code}: {}", reason()))),
        None => Err(broken(format!("ended by a signal: {}", hidden(last(&stderr))))),
    }
}

/// The outcome in the eyes of a program, with what the mock knows of it where that agrees.
///
/// A program tells logged in from refused. By whom and with which code is what the server saw; if a program says that it was
/// refused and the server that it let it in, the program itself has refused.
#[must_use]
pub fn outcome(logged_in: bool, words: &Words, server: Option<&Outcome>) -> Outcome {
    let tls = words.tls.as_deref().and_then(|text| text.parse::<TlsVersion>().ok());
    let mut outcome = match (logged_in, server) {
        (true, Some(seen)) if seen.is_established() => seen.clone(),
        (true, _) => Outcome { method: None, ..Outcome::established("") },
        (false, Some(seen)) if !seen.is_established() => seen.clone(),
        (false, _) => Outcome::refused(Side::Client, "refused"),
    };
    if tls.is_some() {
        outcome.tls = tls;
        outcome.suite.clone_from(&words.suite);
    }
    if !logged_in {
        outcome.message.clone_from(&words.error);
    }
    outcome
}

/// The last line of standard output that is JSON; none is fine.
fn words(stdout: &str) -> Result<Words, serde_json::Error> {
    match stdout.lines().rfind(|line| line.trim_start().starts_with('{')) {
        Some(line) => serde_json::from_str(line),
        None => Ok(Words::default()),
    }
}

/// The beginning of a stream; the rest is read and dropped, so that the program does not wait for a reader.
async fn kept<R: AsyncRead + Unpin>(stream: Option<R>) -> String {
    let Some(mut stream) = stream else { return String::new() };
    let mut beginning = Vec::new();
    // A stream that breaks has ended.
    let _ = (&mut stream).take(OUTPUT_MAX).read_to_end(&mut beginning).await;
    let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
    String::from_utf8_lossy(&beginning).into_owned()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    async fn shell(script: &str) -> Result<Said, Error> {
        let argv = ["sh", "-c", script].map(str::to_owned);
        run(&argv, Path::new("."), &Variables::default()).await
    }

    #[tokio::test]
    async fn the_exit_code_decides() {
        assert_eq!(shell("exit 0").await, Ok(Said::LoggedIn(Words::default())));
        assert_eq!(shell("exit 1").await, Ok(Said::Refused(Words::default())));
        assert_eq!(shell("echo no driver >&2; exit 77").await, Ok(Said::CannotPlay("no driver".to_owned())));
    }

    #[tokio::test]
    async fn a_crash_is_no_refusal() {
        let text = |said: Result<Said, Error>| said.unwrap_err().to_string();
        assert_eq!(text(shell("echo oops >&2; exit 2").await), "client sh: exit code 2: oops");
        assert_eq!(text(shell("kill -9 $$").await), "client sh: ended by a signal: ");
        let argv = ["/nonexistent/client".to_owned()];
        assert!(text(run(&argv, Path::new("."), &Variables::default()).await).contains("cannot be started"));
    }

    #[tokio::test]
    async fn the_line_of_json_is_read_and_a_wrong_one_is_an_error() {
        let said = shell(r#"echo hello; echo '{"tls": "TLS1.0", "suite": "DHE-RSA-AES128-SHA"}'"#).await.unwrap();
        let Said::LoggedIn(words) = said else { panic!("{said:?}") };
        assert_eq!((words.tls.as_deref(), words.suite.as_deref()), (Some("TLS1.0"), Some("DHE-RSA-AES128-SHA")));
        assert!(shell(r#"echo '{"tsl": "TLS1.0"}'"#).await.is_err());
    }

    #[tokio::test]
    async fn a_password_that_a_program_repeats_goes_no_further() {
        let mut variables = Variables::default();
        variables.set("SHAKEDOWN_PASSWORD", "hunter2");
        for script in [
            r#"echo '{"error": "hunter2 is wrong"}'; exit 1"#,
            r#"echo '{"tls": "hunter2", "suite": "hunter2"}'"#,
            r#"echo '{"hunter2": 1}'"#,
            "echo hunter2 >&2; exit 77",
            "echo hunter2 >&2; exit 2",
            "echo hunter2 >&2; kill -9 $$",
        ] {
            let argv = ["sh", "-c", script].map(str::to_owned);
            let said = format!("{:?}", run(&argv, Path::new("."), &variables).await);
            assert!(!said.contains("hunter2") && said.contains("(password)"), "{script}: {said}");
        }
    }

    #[tokio::test]
    async fn a_lot_of_output_neither_hangs_nor_grows() {
        assert_eq!(shell("head -c 3000000 /dev/zero").await, Ok(Said::LoggedIn(Words::default())));
    }

    #[test]
    fn a_program_and_a_server_that_disagree_are_not_made_to_agree() {
        let let_in = Outcome::established("password");
        let denied = Outcome::refused(Side::Server, "1045 28000");
        let words = Words::default();
        assert_eq!(outcome(true, &words, Some(&let_in)), let_in);
        assert_eq!(outcome(false, &words, Some(&denied)), denied);
        assert_eq!(outcome(false, &words, Some(&let_in)).to_string(), "refused by client: refused");
        assert_eq!(outcome(true, &words, Some(&denied)).to_string(), "established");
    }
}
