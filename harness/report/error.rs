//! Why a report could not be written or read back.

use std::io;
use std::path::PathBuf;

/// Something outside this program that a report needs and does not have.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A directory or file of the report cannot be written.
    #[error("cannot write report {path}: {source}")]
    NotWritable {
        /// The file or directory.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Standard output or standard error does not take any more.
    #[error("cannot write to {stream}: {source}")]
    Stream {
        /// `standard output` or `standard error`.
        stream: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// Stored results cannot be read.
    #[error("cannot read results {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Stored results are not what this program writes.
    #[error("{path}: {message}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong and where, and what is allowed.
        message: String,
    },
}
