//! The ways to prove an identity: one file each, client and server side together.

pub mod md5;
pub mod scram;
