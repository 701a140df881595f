#![doc = include_str!("ARCHITECTURE.md")]

pub mod engine;
pub mod handshake;
pub mod report;
