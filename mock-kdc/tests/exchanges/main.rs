//! The KDC's answers, in memory and beside MIT's.

mod as_codes;
mod deviations;
mod request;
mod tgs_codes;
mod world;
