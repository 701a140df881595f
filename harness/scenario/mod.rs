//! Scenario files: from what is written (`file`) to what is to be played ([`plan`](mod@plan)).
//!
//! ```text
//! Source ──▶ file::File ──▶ Matrix ──▶ cells ──┬─▶ parties (templates filled in, profile and parameters applied)
//!  text       as written     axes              └─▶ steps   (the first rule that matches decides)      ──▶ plan::Plan
//! ```
//!
//! A scenario's expectations are written down in it; a mock behaves by its [`profile`]. Neither is computed from the other,
//! or a test would prove nothing. The format is described in `scenarios/README.md`.

mod client_profiles;
pub mod expect;
pub mod explained;
pub mod faults;
mod file;
pub mod filter;
pub mod known;
pub mod library;
mod matrix;
pub mod party;
pub mod pattern;
pub mod plan;
pub mod profile;
pub mod profiles;
mod reading;
pub mod requirements;
mod resolve;
mod rules;
mod selector;
pub mod sets;
pub mod source;
mod template;
pub mod trace_pattern;
pub mod version;
mod words;
pub(crate) mod written;

pub use client_profiles::ClientProfiles;
pub use explained::Explanations;
pub use filter::Filter;
pub use known::KnownFailures;
pub use library::Library;
pub use plan::{Case, Plan};
pub use resolve::plan as make_plan;
pub use source::Source;
