//! `shakedown exec`: the mocks of one case around one command, whose exit code is passed on.

use crate::cli::{OneCaseArguments, runtime};
use crate::error::{Error, exit};
use crate::testbed::environment::Folder;
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
            eprintln!("shakedown: {problem}");
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
        let materials = Arc::new(Materials::prepare([&case])?);
        let mut world = World::of_mocks(&case, &materials, &arguments.case.listen()?).await?;
        let login = arguments.case.login(&case)?;
        world.arrive(&case, &login.from, &folder).await?;
        let variables = world.variables(&login.from, &login.to, login.host.as_deref(), &folder)?;
        let status = Command::new(program)
            .args(rest)
            .envs(variables.iter())
            .kill_on_drop(true)
            .status()
            .await
            .map_err(|problem| Error::Environment(format!("cannot run {program}: {problem}")))?;
        Ok(code(status))
    })
}

/// The exit code, or 128 and the signal as shells have it.
fn code(status: std::process::ExitStatus) -> u8 {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return u8::try_from(128 + signal).unwrap_or(exit::EXEC_FAILED);
    }
    status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(exit::EXEC_FAILED)
}
