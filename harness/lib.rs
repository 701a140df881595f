#![doc = include_str!("ARCHITECTURE.md")]

pub mod cli;
pub mod engine;
pub mod error;
pub mod handshake;
pub mod iam;
pub mod mysql;
pub mod net;
pub mod postgres;
pub mod report;
pub mod scenario;
pub mod testbed;
pub mod tls;
