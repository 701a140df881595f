//! Bits of the three kinds of flags, as 32 bits of which bit 0 of the specification is the most significant.

/// TicketFlags (RFC 4120 §5.3, RFC 6806 §11, RFC 8062).
pub mod ticket {
    /// Bit 1.
    pub const FORWARDABLE: u32 = 1 << 30;
    /// Bit 2.
    pub const FORWARDED: u32 = 1 << 29;
    /// Bit 3.
    pub const PROXIABLE: u32 = 1 << 28;
    /// Bit 4.
    pub const PROXY: u32 = 1 << 27;
    /// Bit 5.
    pub const MAY_POSTDATE: u32 = 1 << 26;
    /// Bit 6.
    pub const POSTDATED: u32 = 1 << 25;
    /// Bit 7.
    pub const INVALID: u32 = 1 << 24;
    /// Bit 8.
    pub const RENEWABLE: u32 = 1 << 23;
    /// Bit 9.
    pub const INITIAL: u32 = 1 << 22;
    /// Bit 10.
    pub const PRE_AUTHENT: u32 = 1 << 21;
    /// Bit 11.
    pub const HW_AUTHENT: u32 = 1 << 20;
    /// Bit 12.
    pub const TRANSITED_POLICY_CHECKED: u32 = 1 << 19;
    /// Bit 13.
    pub const OK_AS_DELEGATE: u32 = 1 << 18;
    /// Bit 15: the reply has the checksum over the request.
    pub const ENC_PA_REP: u32 = 1 << 16;
    /// Bit 16.
    pub const ANONYMOUS: u32 = 1 << 15;
}

/// KDCOptions (RFC 4120 §5.4.1, RFC 6806 §3).
pub mod kdc_options {
    /// Bit 1.
    pub const FORWARDABLE: u32 = 1 << 30;
    /// Bit 2.
    pub const FORWARDED: u32 = 1 << 29;
    /// Bit 3.
    pub const PROXIABLE: u32 = 1 << 28;
    /// Bit 4.
    pub const PROXY: u32 = 1 << 27;
    /// Bit 5.
    pub const ALLOW_POSTDATE: u32 = 1 << 26;
    /// Bit 6.
    pub const POSTDATED: u32 = 1 << 25;
    /// Bit 8.
    pub const RENEWABLE: u32 = 1 << 23;
    /// Bit 14: constrained delegation.
    pub const CNAME_IN_ADDL_TKT: u32 = 1 << 17;
    /// Bit 15.
    pub const CANONICALIZE: u32 = 1 << 16;
    /// Bit 16.
    pub const REQUEST_ANONYMOUS: u32 = 1 << 15;
    /// Bit 26.
    pub const DISABLE_TRANSITED_CHECK: u32 = 1 << 5;
    /// Bit 27.
    pub const RENEWABLE_OK: u32 = 1 << 4;
    /// Bit 28: user-to-user.
    pub const ENC_TKT_IN_SKEY: u32 = 1 << 3;
    /// Bit 30.
    pub const RENEW: u32 = 1 << 1;
    /// Bit 31.
    pub const VALIDATE: u32 = 1;
}

/// APOptions (RFC 4120 §5.5.1).
pub mod ap_options {
    /// Bit 1: user-to-user.
    pub const USE_SESSION_KEY: u32 = 1 << 30;
    /// Bit 2.
    pub const MUTUAL_REQUIRED: u32 = 1 << 29;
}
