//! Session.

/// `server_version` unless told otherwise.
pub(super) const DEFAULT_VERSION: &str = "15.20";
