//! The KDC's answers, in memory and beside MIT's.

mod against_mit;
mod as_codes;
mod deviations;
mod mit;
mod request;
mod tgs_codes;
mod world;
