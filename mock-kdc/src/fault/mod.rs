//! Scripted failure: rules that match requests and decide what happens to the answers.
//!
//! The KDC makes its answer as it would without rules. Then the first [`Rule`] that fits the request and has not been
//! used up puts an error in its place, bends it, cuts it, or changes how it is sent. Rules look at names, numbers and
//! transports only and count requests, so the same requests in the same order have the same fate.
//!
//! How rules are written in realm files, scenarios and the control API is in [`written`].

mod apply;
mod pattern;
mod rule;
mod rules;
mod sending;
pub mod written;

pub use pattern::Pattern;
pub use rule::{Delivery, ForcedError, Rule, Then, When};
pub use rules::RuleState;
pub(crate) use rules::Rules;
pub use sending::Sending;
pub(crate) use sending::{Afterwards, MAX_WRITING, send_datagram, write_message};
