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

/// What a reply can be rejected for, each with libkrb5's own name for it. Where none is given it is KRB5_KDCREP_MODIFIED, "KDC
/// reply did not match expectations".
pub mod rejected {
    /// All of them, with libkrb5's names.
    pub const ALL: [(&str, &str); 16] = [
        (MESSAGE_TYPE, "KRB5KRB_AP_ERR_MSG_TYPE"),
        (ETYPE, "KRB5_CONFIG_ETYPE_NOSUPP"),
        (INTEGRITY, "KRB5KRB_AP_ERR_BAD_INTEGRITY"),
        (LONG_TERM_KEY, "KRB5_KT_NOTFOUND"),
        (S2K_PARAMS, "KRB5_ERR_BAD_S2K_PARAMS"),
        (SESSION_KEY, "KRB5_BAD_ENCTYPE"),
        (CNAME, MODIFIED),
        (SNAME, MODIFIED),
        (TICKET_SNAME, MODIFIED),
        (NONCE, MODIFIED),
        (ENDTIME, MODIFIED),
        (RENEW_TILL, MODIFIED),
        (STARTTIME, "KRB5_KDCREP_SKEW"),
        (REQUEST_CHECKSUM, MODIFIED),
        (REFERRAL, "KRB5_KDC_UNREACH"),
        (LOOP, "KRB5_GET_IN_TKT_LOOP"),
    ];
    const MODIFIED: &str = "KRB5_KDCREP_MODIFIED";

    /// Neither the reply of this exchange nor a KRB-ERROR (KRB5KRB_AP_ERR_MSG_TYPE).
    pub const MESSAGE_TYPE: &str = "message type";
    /// The encrypted part has an etype that was not asked for, or none of the KDC's etypes was (KRB5_CONFIG_ETYPE_NOSUPP).
    pub const ETYPE: &str = "etype";
    /// The encrypted part does not decrypt; with a password: the password is wrong (KRB5KRB_AP_ERR_BAD_INTEGRITY).
    pub const INTEGRITY: &str = "integrity";
    /// The keytab has no key of that etype (KRB5_KT_NOTFOUND).
    pub const LONG_TERM_KEY: &str = "long-term key";
    /// The parameters of string-to-key are not four octets, or ask for fewer iterations than the etype's default or for more
    /// than 16,777,215 (KRB5_ERR_BAD_S2K_PARAMS). Few iterations would give the password away to whoever forges the hint.
    pub const S2K_PARAMS: &str = "string-to-key parameters";
    /// The session key is of an etype that is not known, or has another length (KRB5_BAD_ENCTYPE, KRB5_BAD_KEYSIZE).
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
    /// The ticket begins too far from now (KRB5_KDCREP_SKEW), or not when a postdated one was asked to.
    pub const STARTTIME: &str = "starttime";
    /// The checksum over the request is missing or wrong (RFC 6806 §11).
    pub const REQUEST_CHECKSUM: &str = "checksum of the request";
    /// A chain of referrals that is too long or comes back to a realm (KRB5_KDC_UNREACH).
    pub const REFERRAL: &str = "referral";
    /// The KDC asks to begin again, over and over (KRB5_GET_IN_TKT_LOOP).
    pub const LOOP: &str = "endless exchange";
}
