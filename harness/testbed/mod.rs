//! Starts and stops what a case needs; judges nothing.

pub mod materials;
pub mod random;
pub mod secrets;
pub mod mysql;
pub mod postgres;
