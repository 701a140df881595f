//! The authenticator's checksum of type 0x8003, which is none: it carries flags and channel bindings
//! (RFC 4121 §4.1.1).

use super::frame::malformed;
use super::{Flags, GssError};
use crate::messages::Checksum;

/// The checksum type of GSS-API.
pub(super) const CHECKSUM_TYPE: i32 = 0x8003;

/// MD5 over the channel bindings, zeros if there are none.
pub(super) type BindingsHash = [u8; 16];

/// `Lgth` (16), `Bnd`, `Flags`; little-endian, unlike everything else in Kerberos.
pub(super) fn encode(bindings: BindingsHash, flags: Flags) -> Checksum {
    let mut checksum = Vec::with_capacity(24);
    checksum.extend_from_slice(&16u32.to_le_bytes());
    checksum.extend_from_slice(&bindings);
    checksum.extend_from_slice(&flags.0.to_le_bytes());
    Checksum { cksumtype: CHECKSUM_TYPE, checksum }
}

/// Reads the flags. Channel bindings are ignored, as an acceptor without bindings of its own does; a delegated
/// credential and extensions are read over, but must be complete.
pub(super) fn decode(checksum: &[u8]) -> Result<Flags, GssError> {
    let mut rest = checksum;
    let mut take = |count: usize| {
        let (taken, left) =
            rest.split_at_checked(count).ok_or_else(|| malformed("authenticator checksum too short"))?;
        rest = left;
        Ok::<_, GssError>((taken, left.len()))
    };
    if take(4)?.0 != 16u32.to_le_bytes() {
        return Err(malformed("channel bindings are not 16 octets"));
    }
    take(16)?;
    let (flags, mut left) = take(4)?;
    let flags = Flags(u32::from_le_bytes(flags.try_into().expect("four octets")));
    if flags.has(Flags::DELEG) && left >= 4 {
        // DlgOpt, which must be 1, and Dlgth, the length of a KRB-CRED.
        if take(2)?.0 != [1, 0] {
            return Err(malformed("unknown delegation option"));
        }
        let length = u16::from_le_bytes(take(2)?.0.try_into().expect("two octets"));
        left = take(length.into())?.1;
    }
    while left > 0 {
        take(4)?;
        let length = u32::from_be_bytes(take(4)?.0.try_into().expect("four octets"));
        left = take(usize::try_from(length).unwrap_or(usize::MAX))?.1;
    }
    Ok(flags)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::octets::octets;

    const WITHOUT_BINDINGS: &str = "10000000 00000000 00000000 00000000 00000000";

    #[test]
    fn flags_stand_after_the_bindings_in_little_endian() {
        let checksum = encode([0; 16], Flags(Flags::MUTUAL | Flags::CONF | Flags::INTEG));
        assert_eq!(checksum.cksumtype, 32771);
        assert_eq!(checksum.checksum, octets(&format!("{WITHOUT_BINDINGS} 32000000")));
        assert_eq!(decode(&checksum.checksum), Ok(Flags(0x32)));
    }

    #[test]
    fn a_delegated_credential_and_extensions_are_read_over() {
        let check = |tail: &str, expected: bool| {
            assert_eq!(decode(&octets(&format!("{WITHOUT_BINDINGS} {tail}"))).is_ok(), expected, "{tail}");
        };
        check("01000000 0100 0200 aabb", true);
        check("01000000 0100 0300 aabb", false);
        check("01000000 0200 0200 aabb", false);
        check("01000000", true);
        check("00000000 00000001 00000002 aabb", true);
        check("00000000 00000001 00000003 aabb", false);
        check("00000000 00000001 ffffffff aabb", false);
        check("00000000 aa", false);
        check("000000", false);
        assert!(decode(&octets(&format!("0f{} 00000000", &WITHOUT_BINDINGS[2..]))).is_err());
    }
}
