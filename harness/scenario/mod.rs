//! Scenario files: from what is written ([`file`]) to what is to be played ([`plan`]).

pub mod expect;
pub mod party;
pub mod pattern;
pub mod plan;
pub mod profile;
pub mod trace_pattern;
pub mod version;
