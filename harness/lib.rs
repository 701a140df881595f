#![doc = include_str!("ARCHITECTURE.md")]

pub mod error;
pub mod handshake;
pub mod scenario;
