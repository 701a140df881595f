//! What each fuzz target does with the octets that it is given. A body panics where something is wrong, and only then.
//!
//! `targets/` feeds them from libFuzzer; `tests/seeds` of mock-kdc feeds them the seeds, in every run of the tests.

// Each target has all bodies and uses one.
#![allow(dead_code, reason = "each target has all bodies and uses one")]

pub(crate) mod ccache;
pub(crate) mod client;
pub(crate) mod framing;
pub(crate) mod gss;
pub(crate) mod kdc;
pub(crate) mod keytab;
pub(crate) mod krb5_conf;
pub(crate) mod messages;
pub(crate) mod pac;
pub(crate) mod spnego;
pub(crate) mod transited;

mod fixed;

/// Seeds that no other program has written: target, name, octets.
pub(crate) fn sown() -> Vec<(&'static str, String, Vec<u8>)> {
    [ccache::sown(), gss::sown(), spnego::sown()].concat()
}
