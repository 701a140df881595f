//! The privilege attribute certificate (MS-PAC): what Active Directory says about a client in the authorization data of
//! its tickets, signed by the KDC.
//!
//! ```text
//!   AD-IF-RELEVANT ( AD-WIN2K-PAC (128): PACTYPE )
//!   PACTYPE: count, version 0, for each buffer: type, size, offset; then the buffers, each at a multiple of 8
//!     1 logon info · 10 client info · 12 UPN and DNS name · 17 attributes, 18 requestor (ticket-granting tickets)
//!     6 signature of the service's key over all, signatures zeroed · 7 signature of the KDC's key over signature 6
//!     16 signature of the KDC's key over the ticket, 19 the same over all (tickets for services)
//! ```
//!
//! All integers are little-endian. Text is UTF-16; times count tenths of a microsecond since 1601 ([`FileTime`]).
//! [`Pac`] reads one where it lies, [`Signed`] writes one; neither allocates.

mod attributes;
mod client_info;
mod container;
mod error;
mod file_time;
mod logon_info;
mod ndr;
mod sid;
mod upn_dns_info;
mod verify;
mod write;

pub use attributes::Attributes;
pub use client_info::ClientInfo;
pub use container::{Buffer, BufferIter, Pac};
pub use error::PacError;
pub use file_time::FileTime;
pub use logon_info::{Group, LogonInfo};
pub use sid::Sid;
pub use upn_dns_info::UpnDnsInfo;
pub use write::{Piece, Signed};

/// Types of buffers (MS-PAC 2.4).
pub mod kind {
    /// KERB_VALIDATION_INFO, [`super::LogonInfo`].
    pub const LOGON_INFO: u32 = 1;
    /// Signature of the service's key.
    pub const SERVER_CHECKSUM: u32 = 6;
    /// Signature of the KDC's key over that of the service's.
    pub const KDC_CHECKSUM: u32 = 7;
    /// PAC_CLIENT_INFO, [`super::ClientInfo`].
    pub const CLIENT_INFO: u32 = 10;
    /// UPN_DNS_INFO, [`super::UpnDnsInfo`].
    pub const UPN_DNS_INFO: u32 = 12;
    /// Signature of the KDC's key over the ticket.
    pub const TICKET_CHECKSUM: u32 = 16;
    /// PAC_ATTRIBUTES_INFO, [`super::Attributes`].
    pub const ATTRIBUTES_INFO: u32 = 17;
    /// PAC_REQUESTOR: the client's SID.
    pub const REQUESTOR: u32 = 18;
    /// Signature of the KDC's key over the whole PAC.
    pub const FULL_CHECKSUM: u32 = 19;

    /// Whether a buffer is one of the four signatures.
    #[must_use]
    pub const fn is_signature(kind: u32) -> bool {
        matches!(kind, SERVER_CHECKSUM | KDC_CHECKSUM | TICKET_CHECKSUM | FULL_CHECKSUM)
    }
}

/// The content of the PAC in a ticket over which signature 16 is made (MS-PAC 2.8.3).
pub const PLACEHOLDER: &[u8] = &[0];

#[cfg(test)]
mod tests;
