//! What is wrong with a krb5.conf.

/// A line that the profile library does not read, or a value that is not allowed: which file, which line, what was written
/// and what is allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {problem}")]
pub struct InvalidConfiguration {
    /// The file, as it was named by the caller or by an `include`.
    pub file: String,
    /// The line, from 1 on; 0 where the file itself cannot be had.
    pub line: usize,
    /// What is wrong and what is allowed.
    pub problem: String,
}
