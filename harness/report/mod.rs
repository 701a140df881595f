//! Folds the events of a run into what people and machines read. Runs nothing, and adds nothing that no event says.
//!
//! | report | for | where |
//! | --- | --- | --- |
//! | [`Text`] | who sits before it | progress to standard error, failures and the summary to standard output |
//! | [`TwinsText`] | the same, of a comparison | differences and a table to standard output |
//! | [`Directory`] | machines, and whoever comes later | `results.json`, `junit.xml`, `summary.md` in one directory |
//!
//! The three files are functions of a [`Record`], so that a stored run can be reported again. They appear under their names
//! only when they are complete ([`mod@file`]).

pub mod comparison;
pub mod directory;
mod error;
pub mod file;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod progress;
pub mod record;
pub mod replay;
#[cfg(test)]
mod sample;
pub mod survey;
pub mod text;
pub mod twins;
pub mod twins_json;

pub use directory::Directory;
pub use error::Error;
pub use json::Results;
pub use record::Record;
pub use text::Text;
pub use twins::TwinsText;

use crate::engine::event::Event;

/// What takes the events of a run, in their order.
pub trait Report {
    /// Takes one event.
    ///
    /// # Errors
    /// The report cannot be written; the run itself is not affected.
    fn handle(&mut self, event: &Event) -> Result<(), Error>;
}
