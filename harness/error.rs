//! Errors above the protocols, by who has to act, and the exit codes of the program.

use std::fmt;
use std::path::PathBuf;

/// Why the program could not do what was asked. The text is lower case, without a full stop, and never holds a secret.
///
/// A case that does not come out as expected is a verdict, not an error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The command line asks for something that does not exist or does not fit together.
    #[error("{0}")]
    Usage(String),
    /// A scenario, profile, realm or known-failures file cannot be understood.
    #[error(transparent)]
    Scenario(#[from] Box<ScenarioError>),
    /// The machine does not give what is needed: a port, a file, a program.
    #[error("{0}")]
    Environment(String),
    /// Our own fault.
    #[error("internal error: {0}")]
    Internal(String),
}

impl Error {
    /// The exit code of a program that ends with this error.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) | Self::Scenario(_) => exit::USAGE,
            Self::Environment(_) | Self::Internal(_) => exit::ENVIRONMENT,
        }
    }
}

impl From<ScenarioError> for Error {
    fn from(error: ScenarioError) -> Self {
        Self::Scenario(Box::new(error))
    }
}

/// A place in a scenario file that cannot be understood.
///
/// ```text
/// scenarios/mysql/tls.toml:7:12: unknown key 'engin', allowed are engine, accounts
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScenarioError {
    /// The file, as it was given or as it is called inside the program.
    pub file: PathBuf,
    /// Counted from 1.
    pub line: usize,
    /// Characters, counted from 1.
    pub column: usize,
    /// What stands there, if one word or value is to blame.
    pub written: Option<String>,
    /// What might stand there instead.
    pub allowed: Option<String>,
    /// What is wrong with it.
    pub problem: String,
}

impl ScenarioError {
    /// With the word or value that is to blame.
    #[must_use]
    pub fn writing(self, written: impl Into<String>) -> Self {
        Self { written: Some(written.into()), ..self }
    }

    /// With what might stand there instead.
    #[must_use]
    pub fn allowing(self, allowed: impl Into<String>) -> Self {
        Self { allowed: Some(allowed.into()), ..self }
    }
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file.display(), self.line, self.column, self.problem)?;
        if let Some(written) = &self.written {
            write!(f, " '{written}'")?;
        }
        match &self.allowed {
            Some(allowed) => write!(f, ", allowed: {allowed}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ScenarioError {}

/// Exit codes. Scripts rely on them: a number never changes its meaning.
pub mod exit {
    /// All cases came out as expected.
    pub const SUCCESS: u8 = 0;
    /// A case did not come out as expected.
    pub const CASE_FAILED: u8 = 1;
    /// The command line or a scenario file is wrong.
    pub const USAGE: u8 = 2;
    /// The machine does not give what is needed, or the program itself is at fault.
    pub const ENVIRONMENT: u8 = 3;
    /// Nothing ran; cases that were all skipped count as nothing.
    pub const NOTHING_RAN: u8 = 4;
    /// The load generator was saturated: the run says nothing about the server.
    pub const SATURATED: u8 = 5;
    /// `exec` failed before its command could run.
    pub const EXEC_FAILED: u8 = 125;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scenario_error_names_place_problem_and_what_is_allowed() {
        let error = ScenarioError {
            file: "scenarios/mysql/tls.toml".into(),
            line: 7,
            column: 12,
            written: Some("engin".to_owned()),
            allowed: Some("engine, accounts".to_owned()),
            problem: "unknown key".to_owned(),
        };
        assert_eq!(error.to_string(), "scenarios/mysql/tls.toml:7:12: unknown key 'engin', allowed: engine, accounts");
        assert_eq!(Error::from(error).exit_code(), exit::USAGE);
    }

    #[test]
    fn the_exit_code_says_who_has_to_act() {
        assert_eq!(Error::Usage(String::new()).exit_code(), 2);
        assert_eq!(Error::Environment(String::new()).exit_code(), 3);
        assert_eq!(Error::Internal(String::new()).exit_code(), 3);
    }
}
