//! Whether a client wants a PAC (MS-KILE 2.2.3).

use shakedown_krb5::der::{Error, Reader};
use shakedown_krb5::messages::padata_type;
use shakedown_krb5::messages::view::KdcRequestView;
use shakedown_krb5::pac::Attributes;

/// What PA-PAC-REQUEST says; `None`: no PAC. Without it, or if it cannot be read, there is one.
pub(crate) fn wanted(request: &KdcRequestView<'_>) -> Option<Attributes> {
    match request.padata(padata_type::PAC_REQUEST).and_then(|octets| include_pac(octets).ok()) {
        Some(true) => Some(Attributes::Requested),
        Some(false) => None,
        None => Some(Attributes::GivenImplicitly),
    }
}

/// KERB-PA-PAC-REQUEST ::= SEQUENCE { include-pac [0] BOOLEAN }
fn include_pac(octets: &[u8]) -> Result<bool, Error> {
    Reader::new("KERB-PA-PAC-REQUEST", octets)?.sequence()?.field(0, "include-pac", Reader::boolean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_boolean_decides() {
        assert_eq!(include_pac(&[0x30, 5, 0xa0, 3, 1, 1, 0xff]), Ok(true));
        assert_eq!(include_pac(&[0x30, 5, 0xa0, 3, 1, 1, 0]), Ok(false));
        assert!(include_pac(&[0x30, 0]).is_err() && include_pac(&[]).is_err());
    }
}
