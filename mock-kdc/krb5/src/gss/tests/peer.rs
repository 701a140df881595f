//! Against the `krb5` crate.
