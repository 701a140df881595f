//! Why a client has no ticket.

use crate::der;
use crate::messages::KrbError;

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
    /// The reply does not match the request, by the name of the field that libkrb5 would refuse; one of [`rejected`].
    #[error("reply rejected: {0}")]
    Rejected(&'static str),
    /// The reply cannot be read.
    #[error("malformed reply: {0}")]
    Malformed(#[from] der::Error),
}

impl From<KrbError> for KerberosFailure {
    fn from(error: KrbError) -> Self {
        Self::Kdc { code: error.error_code, text: error.text() }
    }
}

/// What a reply can be rejected for. libkrb5 calls most of these KRB5_KDCREP_MODIFIED, "KDC reply did not match
/// expectations".
pub mod rejected {
    /// Neither the reply of this exchange nor a KRB-ERROR.
    pub const MESSAGE_TYPE: &str = "message type";
    /// The encrypted part has an etype that was not asked for, or none of the KDC's etypes was.
    pub const ETYPE: &str = "etype";
    /// The encrypted part does not decrypt; with a password: the password is wrong.
    pub const INTEGRITY: &str = "integrity";
    /// No salt and parameters from which a key could be made, or no key of that etype.
    pub const LONG_TERM_KEY: &str = "long-term key";
    /// The session key is of an etype that is not known.
    pub const SESSION_KEY: &str = "session key";
    /// Another client than asked for.
    pub const CNAME: &str = "cname";
    /// Another service than asked for.
    pub const SNAME: &str = "sname";
    /// The ticket is for another service than the encrypted part says.
    pub const TICKET_SNAME: &str = "ticket sname";
    /// Not the nonce of the request.
    pub const NONCE: &str = "nonce";
    /// Valid for longer than asked for.
    pub const ENDTIME: &str = "endtime";
    /// Renewable for longer than asked for.
    pub const RENEW_TILL: &str = "renew-till";
    /// The ticket begins too far from now (KRB5_KDCREP_SKEW).
    pub const STARTTIME: &str = "starttime";
    /// The checksum over the request is missing or wrong (RFC 6806 §11).
    pub const REQUEST_CHECKSUM: &str = "checksum of the request";
    /// A chain of referrals that is too long or comes back to a realm (KRB5_KDC_UNREACH).
    pub const REFERRAL: &str = "referral";
}
