//! What can be offered.

use crate::gss::frame::KRB5_OID;

/// A mechanism by its object identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mechanism {
    /// Kerberos, 1.2.840.113554.1.2.2 (RFC 1964).
    Krb5,
    /// Kerberos as Windows calls it, 1.2.840.48018.1.2.2; its tokens say the other (MS-SPNG).
    MicrosoftKrb5,
    /// NTLMSSP, 1.3.6.1.4.1.311.2.2.10.
    Ntlmssp,
    /// NEGOEX, 1.3.6.1.4.1.311.2.2.30.
    NegoEx,
}

impl Mechanism {
    /// What Windows offers, in its order.
    pub const WINDOWS: [Self; 4] = [Self::MicrosoftKrb5, Self::Krb5, Self::NegoEx, Self::Ntlmssp];

    /// The object identifier, with tag and length.
    #[must_use]
    pub const fn oid(self) -> &'static [u8] {
        match self {
            Self::Krb5 => KRB5_OID,
            Self::MicrosoftKrb5 => &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x82, 0xf7, 0x12, 0x01, 0x02, 0x02],
            Self::Ntlmssp => &[0x06, 0x0a, 0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x02, 0x0a],
            Self::NegoEx => &[0x06, 0x0a, 0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x02, 0x1e],
        }
    }

    /// Whether it is Kerberos under any name.
    #[must_use]
    pub const fn is_krb5(self) -> bool {
        matches!(self, Self::Krb5 | Self::MicrosoftKrb5)
    }
}

/// Whether an object identifier, with tag and length, is Kerberos under any name.
pub(super) fn is_krb5(oid: &[u8]) -> bool {
    [Mechanism::Krb5, Mechanism::MicrosoftKrb5].iter().any(|mechanism| mechanism.oid() == oid)
}
