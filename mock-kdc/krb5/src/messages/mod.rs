//! The messages of Kerberos 5, field by field (RFC 4120 §5).
//!
//! Each has `decode` and `encode` through the trait [`Codec`]. Decoding keeps what others signed or encrypted as it was
//! received: the body of a request ([`KdcRequest::body_octets`]) and tickets ([`Ticket::octets`]). What a KDC reads of a
//! request is there as [`view`] too, which borrows instead of copying. Times with a field for
//! microseconds beside them are one [`crate::Timestamp`] here. No `Debug` shows a key or a plaintext password.

mod ap_reply;
mod ap_request;
mod authenticator;
mod authorization_data;
mod checksum;
mod enc_kdc_reply_part;
mod enc_ticket_part;
mod encrypted_data;
mod encryption_key;
pub mod error_code;
mod etype_info;
pub mod flags;
mod host_address;
mod kdc_reply;
mod kdc_request;
mod kind;
mod krb_error;
mod pa_data;
mod preauth_timestamp;
mod principal_name;
mod ticket;
pub mod view;

pub use crate::der::{Codec, Error};
pub use ap_reply::{ApReply, EncApReplyPart};
pub use ap_request::ApRequest;
pub use authenticator::Authenticator;
pub use authorization_data::{AuthorizationElement, AuthorizationList, ad_type};
pub use checksum::Checksum;
pub use enc_kdc_reply_part::{EncKdcReplyPart, EncPartTag, LastRequest};
pub use enc_ticket_part::{EncTicketPart, Transited};
pub use encrypted_data::EncryptedData;
pub use encryption_key::EncryptionKey;
pub use etype_info::{EtypeInfo, EtypeInfo2, EtypeInfo2Entry, EtypeInfoEntry};
pub use host_address::HostAddress;
pub use kdc_reply::KdcReply;
pub use kdc_request::{Exchange, KdcRequest, KdcRequestBody};
pub use kind::MessageKind;
pub use krb_error::KrbError;
pub use pa_data::{MethodData, PaData, padata_type};
pub use preauth_timestamp::PreauthEncTimestamp;
pub use principal_name::PrincipalName;
pub use ticket::Ticket;

#[cfg(test)]
mod tests;
