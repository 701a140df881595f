#![doc = include_str!("ARCHITECTURE.md")]

pub mod handshake;
pub mod postgres;
