//! Keytab files, version 2.

/// Keys of services (or users) by principal, kvno and etype.
#[derive(Debug, Clone, Default)]
pub struct Keytab {
    _p: (),
}
