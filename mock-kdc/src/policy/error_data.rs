//! KERB-ERROR-DATA: the NTSTATUS that Active Directory puts into the e-data of some errors (MS-KILE 2.2.1).

use shakedown_krb5::der::Writer;
use shakedown_krb5::messages::error_code;

/// KERB_ERR_TYPE_EXTENDED.
const EXTENDED: i64 = 3;

/// An NTSTATUS (MS-ERREF 2.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Status(u32);

impl Status {
    pub(crate) const PASSWORD_EXPIRED: Self = Self(0xc000_0071);
    pub(crate) const ACCOUNT_DISABLED: Self = Self(0xc000_0072);
    pub(crate) const ACCOUNT_EXPIRED: Self = Self(0xc000_0193);
    pub(crate) const PASSWORD_MUST_CHANGE: Self = Self(0xc000_0224);
    pub(crate) const ACCOUNT_LOCKED_OUT: Self = Self(0xc000_0234);

    /// Appends the e-data of an error with this code; nothing where such errors have none. Those of 24 and 25 have
    /// METHOD-DATA in its place.
    pub(crate) fn write(self, code: i32, out: &mut Vec<u8>) {
        if ![error_code::POLICY, error_code::BADOPTION, error_code::CLIENT_REVOKED, error_code::KEY_EXPIRED]
            .contains(&code)
        {
            return;
        }
        // KERB_EXT_ERROR: the status, a reserved word, and the flag that a client should look at it.
        let mut value = [0; 12];
        value[..4].copy_from_slice(&self.0.to_le_bytes());
        value[8..].copy_from_slice(&1_u32.to_le_bytes());
        Writer::new(out).sequence(|w| {
            w.field(1, |w| w.integer(EXTENDED));
            w.field(2, |w| w.octets(&value));
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_written_as_ms_kile_has_it() {
        let mut out = Vec::new();
        Status::ACCOUNT_LOCKED_OUT.write(error_code::CLIENT_REVOKED, &mut out);
        let expected = [
            0x30, 0x15, // SEQUENCE
            0xa1, 0x03, 0x02, 0x01, 0x03, // data-type: KERB_ERR_TYPE_EXTENDED
            0xa2, 0x0e, 0x04, 0x0c, // data-value
            0x34, 0x02, 0x00, 0xc0, // STATUS_ACCOUNT_LOCKED_OUT, little-endian
            0x00, 0x00, 0x00, 0x00, // reserved
            0x01, 0x00, 0x00, 0x00, // flags
        ];
        assert_eq!(out, expected);
    }

    #[test]
    fn only_some_errors_have_one() {
        let mut out = Vec::new();
        Status::ACCOUNT_DISABLED.write(error_code::PREAUTH_FAILED, &mut out);
        Status::ACCOUNT_DISABLED.write(error_code::C_PRINCIPAL_UNKNOWN, &mut out);
        assert!(out.is_empty());
    }
}
