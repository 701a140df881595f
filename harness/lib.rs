#![doc = include_str!("ARCHITECTURE.md")]

pub mod engine;
pub mod error;
pub mod handshake;
pub mod net;
pub mod report;
pub mod scenario;
pub mod tls;
