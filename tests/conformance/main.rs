//! Scenario files and what they say, without running them: the format, its errors, and the built-in scenarios against
//! literal lists. One binary, so that the library is linked once.

mod built_in;
mod cipher_suites;
mod data;
mod errors;
mod established;
mod format;
mod parties;
