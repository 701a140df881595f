//! The client side of the AS and TGS exchanges.

/// Why there is no ticket.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KerberosFailure {
    /// Neither a ticket-granting ticket nor a password nor a keytab.
    #[error("no credentials")]
    NoCredentials,
    /// A KDC answered with this error code (RFC 4120 §7.5.9).
    #[error("krb {code}")]
    Kdc {
        /// The code.
        code: i32,
        /// The KDC's e-text.
        text: String,
    },
    /// No KDC could be reached.
    #[error("kdc unreachable")]
    Unreachable,
    /// No KDC answered in time.
    #[error("kdc timed out")]
    TimedOut,
    /// The reply does not match the request, by the name of the field that libkrb5 would refuse.
    #[error("reply rejected: {0}")]
    Rejected(&'static str),
}
