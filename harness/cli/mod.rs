//! The command line: arguments in, exit code out. What a command does lies in the modules below and in the library.

mod case;
mod check;
mod diff;
mod exec;
mod interrupt;
mod plan;
mod playing;
mod requirements;
mod run;
mod serve;
mod survey;
mod token;

use crate::error::{Error, exit};
use case::OneCaseArguments;
use clap::{Parser, Subcommand};
use plan::{PlanArguments, Planned};
use std::io::Write;
use std::process::ExitCode;

/// Proves that database clients, proxies and servers set up connections correctly
#[derive(Debug, Parser)]
#[command(name = "shakedown", version, about, max_term_width = 110)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Play scenarios and say which cases do not come out as they should
    Run(run::RunArguments),
    /// Play scenarios on two backends and show where these differ
    Diff(diff::DiffArguments),
    /// Bring the mocks of one case up and keep them up for any client
    Serve(serve::ServeArguments),
    /// Bring the mocks of one case up around one command
    Exec(exec::ExecArguments),
    /// Validate scenario files and show what they expand to, without playing anything
    Check(check::CheckArguments),
    /// List the catalogue of requirements and the cases that show each
    Requirements(requirements::RequirementsArguments),
    /// Switch every known fault on, one by one, and say which case notices
    Survey(survey::SurveyArguments),
    /// Make an IAM token, with the access key of AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN
    Token(token::TokenArguments),
}

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(problem) => {
            let code = match problem.use_stderr() {
                false => exit::SUCCESS,
                // A command that is never run must not seem to have said 2.
                true if std::env::args_os().nth(1).is_some_and(|word| word == "exec") => exit::EXEC_FAILED,
                true => exit::USAGE,
            };
            // A closed pipe is not worth a second message.
            let _ = problem.print();
            return code.into();
        }
    };
    let result = match arguments.command {
        Command::Run(arguments) => run::run(arguments),
        Command::Diff(arguments) => diff::diff(arguments),
        Command::Serve(arguments) => serve::serve(arguments),
        Command::Exec(arguments) => return exec::exec(arguments),
        Command::Check(arguments) => check::check(arguments),
        Command::Requirements(arguments) => requirements::requirements(arguments),
        Command::Survey(arguments) => survey::survey(arguments),
        Command::Token(arguments) => token::token(arguments),
    };
    match result {
        Ok(code) => code.into(),
        Err(problem) => {
            say(&problem.to_string());
            problem.exit_code().into()
        }
    }
}

/// What was asked for, on standard output. A reader that has gone has seen enough; anything else that keeps it from being written
/// is the machine's failure.
fn print(text: &str) -> Result<(), Error> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(problem) if problem.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Error::Environment(format!("cannot write to standard output: {problem}")))
        }
        _ => Ok(()),
    }
}

/// A line of diagnostics. Whoever reads standard error may have gone; that changes nothing.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "shakedown: {text}");
}

/// A runtime for the commands that play: workers as many as cores.
fn runtime() -> Result<tokio::runtime::Runtime, Error> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|problem| Error::Environment(format!("cannot start the runtime: {problem}")))
}
