#![doc = include_str!("ARCHITECTURE.md")]

pub mod handshake;
pub mod net;
pub mod tls;
