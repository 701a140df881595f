//! `shakedown exec`: the mocks of one case around one command, whose exit code is passed on.

use crate::cli::interrupt::{Interruption, Interruptions};
use crate::cli::{OneCaseArguments, runtime, say};
use crate::error::{Error, exit};
use crate::testbed::environment::Folder;
use crate::testbed::process::guard;
use crate::testbed::{Materials, World};
use clap::Args;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::process::Command;

/// Arguments of `exec`.
#[derive(Debug, Args)]
pub(super) struct ExecArguments {
    #[command(flatten)]
    case: OneCaseArguments,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    command: Vec<String>,
}

/// Runs the command; a failure of our own is 125, as it is for `env` and `timeout`.
pub(super) fn exec(arguments: ExecArguments) -> ExitCode {
    match play(arguments) {
        Ok(code) => code.into(),
        Err(problem) => {
            say(&problem.to_string());
            exit::EXEC_FAILED.into()
        }
    }
}

fn play(arguments: ExecArguments) -> Result<u8, Error> {
    let case = arguments.case.one_case()?;
    let (program, rest) =
        arguments.command.split_first().ok_or_else(|| Error::Usage("no command behind --".to_owned()))?;
    let folder = Folder::create()?;
    runtime()?.block_on(async {
        let mut interruptions = Interruptions::listen()?;
        let materials = Arc::new(Materials::prepare([&case])?);
        let mut world = World::of_mocks(&case, &materials, &arguments.case.listen()?).await?;
        let login = arguments.case.login(&case)?;
        world.arrive(&case, &login.from, &folder).await?;
        let variables = world.variables(&login.from, &login.to, login.host.as_deref(), &folder)?;
        let cannot = |problem| Error::Environment(format!("cannot run {program}: {problem}"));
        // It stays in the group that the terminal talks to. The marker has it end with us however we end.
        let mut command = Command::new(program);
        command.args(rest).envs(variables.iter()).env(guard::MARKER, guard::marker()).kill_on_drop(true);
        let mut command = command.spawn().map_err(cannot)?;
        loop {
            tokio::select! {
                status = command.wait() => return Ok(code(status.map_err(cannot)?)),
                interruption = interruptions.next() => match interruption {
                    // The terminal has told the command too: it decides what becomes of that.
                    Interruption::Interrupt => {}
                    Interruption::Terminate => {
                        command.kill().await.map_err(cannot)?;
                        return Ok(TERMINATED);
                    }
                },
            }
        }
    })
}

/// What shells say of a program that SIGTERM has ended.
const TERMINATED: u8 = 128 + 15;

/// The exit code, or 128 and the signal as shells have it.
fn code(status: std::process::ExitStatus) -> u8 {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return u8::try_from(128 + signal).unwrap_or(exit::EXEC_FAILED);
    }
    status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(exit::EXEC_FAILED)
}
