//! Error codes of KRB-ERROR (RFC 4120 §7.5.9; 43 is RFC 1510's, 68 RFC 6806's, 90, 91 and 93 RFC 6113's).

/// `KDC_ERR_NONE`.
pub const NONE: i32 = 0;
/// `KDC_ERR_NAME_EXP`.
pub const NAME_EXP: i32 = 1;
/// `KDC_ERR_SERVICE_EXP`.
pub const SERVICE_EXP: i32 = 2;
/// `KDC_ERR_BAD_PVNO`.
pub const BAD_PVNO: i32 = 3;
/// `KDC_ERR_C_OLD_MAST_KVNO`.
pub const C_OLD_MAST_KVNO: i32 = 4;
/// `KDC_ERR_S_OLD_MAST_KVNO`.
pub const S_OLD_MAST_KVNO: i32 = 5;
/// `KDC_ERR_C_PRINCIPAL_UNKNOWN`: client not found.
pub const C_PRINCIPAL_UNKNOWN: i32 = 6;
/// `KDC_ERR_S_PRINCIPAL_UNKNOWN`: server not found.
pub const S_PRINCIPAL_UNKNOWN: i32 = 7;
/// `KDC_ERR_PRINCIPAL_NOT_UNIQUE`.
pub const PRINCIPAL_NOT_UNIQUE: i32 = 8;
/// `KDC_ERR_NULL_KEY`.
pub const NULL_KEY: i32 = 9;
/// `KDC_ERR_CANNOT_POSTDATE`.
pub const CANNOT_POSTDATE: i32 = 10;
/// `KDC_ERR_NEVER_VALID`.
pub const NEVER_VALID: i32 = 11;
/// `KDC_ERR_POLICY`.
pub const POLICY: i32 = 12;
/// `KDC_ERR_BADOPTION`.
pub const BADOPTION: i32 = 13;
/// `KDC_ERR_ETYPE_NOSUPP`: no common encryption type.
pub const ETYPE_NOSUPP: i32 = 14;
/// `KDC_ERR_SUMTYPE_NOSUPP`.
pub const SUMTYPE_NOSUPP: i32 = 15;
/// `KDC_ERR_PADATA_TYPE_NOSUPP`.
pub const PADATA_TYPE_NOSUPP: i32 = 16;
/// `KDC_ERR_TRTYPE_NOSUPP`.
pub const TRTYPE_NOSUPP: i32 = 17;
/// `KDC_ERR_CLIENT_REVOKED`: the client's account is locked or disabled.
pub const CLIENT_REVOKED: i32 = 18;
/// `KDC_ERR_SERVICE_REVOKED`.
pub const SERVICE_REVOKED: i32 = 19;
/// `KDC_ERR_TGT_REVOKED`.
pub const TGT_REVOKED: i32 = 20;
/// `KDC_ERR_CLIENT_NOTYET`.
pub const CLIENT_NOTYET: i32 = 21;
/// `KDC_ERR_SERVICE_NOTYET`.
pub const SERVICE_NOTYET: i32 = 22;
/// `KDC_ERR_KEY_EXPIRED`: the password has expired.
pub const KEY_EXPIRED: i32 = 23;
/// `KDC_ERR_PREAUTH_FAILED`: wrong password, or a timestamp that does not decrypt.
pub const PREAUTH_FAILED: i32 = 24;
/// `KDC_ERR_PREAUTH_REQUIRED`: another request with pre-authentication, please.
pub const PREAUTH_REQUIRED: i32 = 25;
/// `KDC_ERR_SERVER_NOMATCH`.
pub const SERVER_NOMATCH: i32 = 26;
/// `KDC_ERR_MUST_USE_USER2USER`.
pub const MUST_USE_USER2USER: i32 = 27;
/// `KDC_ERR_PATH_NOT_ACCEPTED`.
pub const PATH_NOT_ACCEPTED: i32 = 28;
/// `KDC_ERR_SVC_UNAVAILABLE`.
pub const SVC_UNAVAILABLE: i32 = 29;
/// `KRB_AP_ERR_BAD_INTEGRITY`: a decryption failed.
pub const BAD_INTEGRITY: i32 = 31;
/// `KRB_AP_ERR_TKT_EXPIRED`: the ticket is no longer valid.
pub const TKT_EXPIRED: i32 = 32;
/// `KRB_AP_ERR_TKT_NYV`: the ticket is not yet valid.
pub const TKT_NYV: i32 = 33;
/// `KRB_AP_ERR_REPEAT`: the authenticator was seen before.
pub const REPEAT: i32 = 34;
/// `KRB_AP_ERR_NOT_US`: the ticket is for somebody else.
pub const NOT_US: i32 = 35;
/// `KRB_AP_ERR_BADMATCH`: ticket and authenticator name different clients.
pub const BADMATCH: i32 = 36;
/// `KRB_AP_ERR_SKEW`: the clocks differ too much.
pub const SKEW: i32 = 37;
/// `KRB_AP_ERR_BADADDR`.
pub const BADADDR: i32 = 38;
/// `KRB_AP_ERR_BADVERSION`.
pub const BADVERSION: i32 = 39;
/// `KRB_AP_ERR_MSG_TYPE`.
pub const MSG_TYPE: i32 = 40;
/// `KRB_AP_ERR_MODIFIED`: a checksum does not match.
pub const MODIFIED: i32 = 41;
/// `KRB_AP_ERR_BADORDER`.
pub const BADORDER: i32 = 42;
/// `KRB_AP_ERR_ILL_CR_TKT`.
pub const ILL_CR_TKT: i32 = 43;
/// `KRB_AP_ERR_BADKEYVER`: the key of that version is not available.
pub const BADKEYVER: i32 = 44;
/// `KRB_AP_ERR_NOKEY`: the service has no key.
pub const NOKEY: i32 = 45;
/// `KRB_AP_ERR_MUT_FAIL`.
pub const MUT_FAIL: i32 = 46;
/// `KRB_AP_ERR_BADDIRECTION`.
pub const BADDIRECTION: i32 = 47;
/// `KRB_AP_ERR_METHOD`.
pub const METHOD: i32 = 48;
/// `KRB_AP_ERR_BADSEQ`.
pub const BADSEQ: i32 = 49;
/// `KRB_AP_ERR_INAPP_CKSUM`: a checksum is missing or of the wrong kind.
pub const INAPP_CKSUM: i32 = 50;
/// `KRB_AP_PATH_NOT_ACCEPTED`.
pub const AP_PATH_NOT_ACCEPTED: i32 = 51;
/// `KRB_ERR_RESPONSE_TOO_BIG`: the reply does not fit a datagram; ask over TCP.
pub const RESPONSE_TOO_BIG: i32 = 52;
/// `KRB_ERR_GENERIC`: any other; see e-text.
pub const GENERIC: i32 = 60;
/// `KRB_ERR_FIELD_TOOLONG`: a length is too large.
pub const FIELD_TOOLONG: i32 = 61;
/// `KRB_AP_ERR_NO_TGT`.
pub const NO_TGT: i32 = 67;
/// `KDC_ERR_WRONG_REALM`: the client is of another realm, which crealm names.
pub const WRONG_REALM: i32 = 68;
/// `KRB_AP_ERR_USER_TO_USER_REQUIRED`.
pub const USER_TO_USER_REQUIRED: i32 = 69;
/// `KDC_ERR_PREAUTH_EXPIRED`.
pub const PREAUTH_EXPIRED: i32 = 90;
/// `KDC_ERR_MORE_PREAUTH_DATA_REQUIRED`.
pub const MORE_PREAUTH_DATA_REQUIRED: i32 = 91;
/// `KDC_ERR_UNKNOWN_CRITICAL_FAST_OPTIONS`.
pub const UNKNOWN_CRITICAL_FAST_OPTIONS: i32 = 93;

/// The name of a code in the specification; `None` for codes that are not listed here.
#[must_use]
pub const fn name(code: i32) -> Option<&'static str> {
    Some(match code {
        NONE => "KDC_ERR_NONE",
        NAME_EXP => "KDC_ERR_NAME_EXP",
        SERVICE_EXP => "KDC_ERR_SERVICE_EXP",
        BAD_PVNO => "KDC_ERR_BAD_PVNO",
        C_OLD_MAST_KVNO => "KDC_ERR_C_OLD_MAST_KVNO",
        S_OLD_MAST_KVNO => "KDC_ERR_S_OLD_MAST_KVNO",
        C_PRINCIPAL_UNKNOWN => "KDC_ERR_C_PRINCIPAL_UNKNOWN",
        S_PRINCIPAL_UNKNOWN => "KDC_ERR_S_PRINCIPAL_UNKNOWN",
        PRINCIPAL_NOT_UNIQUE => "KDC_ERR_PRINCIPAL_NOT_UNIQUE",
        NULL_KEY => "KDC_ERR_NULL_KEY",
        CANNOT_POSTDATE => "KDC_ERR_CANNOT_POSTDATE",
        NEVER_VALID => "KDC_ERR_NEVER_VALID",
        POLICY => "KDC_ERR_POLICY",
        BADOPTION => "KDC_ERR_BADOPTION",
        ETYPE_NOSUPP => "KDC_ERR_ETYPE_NOSUPP",
        SUMTYPE_NOSUPP => "KDC_ERR_SUMTYPE_NOSUPP",
        PADATA_TYPE_NOSUPP => "KDC_ERR_PADATA_TYPE_NOSUPP",
        TRTYPE_NOSUPP => "KDC_ERR_TRTYPE_NOSUPP",
        CLIENT_REVOKED => "KDC_ERR_CLIENT_REVOKED",
        SERVICE_REVOKED => "KDC_ERR_SERVICE_REVOKED",
        TGT_REVOKED => "KDC_ERR_TGT_REVOKED",
        CLIENT_NOTYET => "KDC_ERR_CLIENT_NOTYET",
        SERVICE_NOTYET => "KDC_ERR_SERVICE_NOTYET",
        KEY_EXPIRED => "KDC_ERR_KEY_EXPIRED",
        PREAUTH_FAILED => "KDC_ERR_PREAUTH_FAILED",
        PREAUTH_REQUIRED => "KDC_ERR_PREAUTH_REQUIRED",
        SERVER_NOMATCH => "KDC_ERR_SERVER_NOMATCH",
        MUST_USE_USER2USER => "KDC_ERR_MUST_USE_USER2USER",
        PATH_NOT_ACCEPTED => "KDC_ERR_PATH_NOT_ACCEPTED",
        SVC_UNAVAILABLE => "KDC_ERR_SVC_UNAVAILABLE",
        BAD_INTEGRITY => "KRB_AP_ERR_BAD_INTEGRITY",
        TKT_EXPIRED => "KRB_AP_ERR_TKT_EXPIRED",
        TKT_NYV => "KRB_AP_ERR_TKT_NYV",
        REPEAT => "KRB_AP_ERR_REPEAT",
        NOT_US => "KRB_AP_ERR_NOT_US",
        BADMATCH => "KRB_AP_ERR_BADMATCH",
        SKEW => "KRB_AP_ERR_SKEW",
        BADADDR => "KRB_AP_ERR_BADADDR",
        BADVERSION => "KRB_AP_ERR_BADVERSION",
        MSG_TYPE => "KRB_AP_ERR_MSG_TYPE",
        MODIFIED => "KRB_AP_ERR_MODIFIED",
        BADORDER => "KRB_AP_ERR_BADORDER",
        ILL_CR_TKT => "KRB_AP_ERR_ILL_CR_TKT",
        BADKEYVER => "KRB_AP_ERR_BADKEYVER",
        NOKEY => "KRB_AP_ERR_NOKEY",
        MUT_FAIL => "KRB_AP_ERR_MUT_FAIL",
        BADDIRECTION => "KRB_AP_ERR_BADDIRECTION",
        METHOD => "KRB_AP_ERR_METHOD",
        BADSEQ => "KRB_AP_ERR_BADSEQ",
        INAPP_CKSUM => "KRB_AP_ERR_INAPP_CKSUM",
        AP_PATH_NOT_ACCEPTED => "KRB_AP_PATH_NOT_ACCEPTED",
        RESPONSE_TOO_BIG => "KRB_ERR_RESPONSE_TOO_BIG",
        GENERIC => "KRB_ERR_GENERIC",
        FIELD_TOOLONG => "KRB_ERR_FIELD_TOOLONG",
        NO_TGT => "KRB_AP_ERR_NO_TGT",
        WRONG_REALM => "KDC_ERR_WRONG_REALM",
        USER_TO_USER_REQUIRED => "KRB_AP_ERR_USER_TO_USER_REQUIRED",
        PREAUTH_EXPIRED => "KDC_ERR_PREAUTH_EXPIRED",
        MORE_PREAUTH_DATA_REQUIRED => "KDC_ERR_MORE_PREAUTH_DATA_REQUIRED",
        UNKNOWN_CRITICAL_FAST_OPTIONS => "KDC_ERR_UNKNOWN_CRITICAL_FAST_OPTIONS",
        _ => return None,
    })
}
