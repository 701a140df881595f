//! Key usage numbers, which separate the keys of one purpose from those of another.
//!
//! Source: RFC 4120 §7.5.1, where not said otherwise. The constants are named after what is protected.

/// A key usage number (RFC 3961 §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyUsage(pub u32);

/// PA-ENC-TIMESTAMP, with the client's long-term key.
pub const PA_ENC_TIMESTAMP: KeyUsage = KeyUsage(1);
/// The encrypted part of a Ticket, with the service's long-term key.
pub const TICKET: KeyUsage = KeyUsage(2);
/// The encrypted part of an AS-REP, with the reply key.
pub const AS_REP: KeyUsage = KeyUsage(3);
/// enc-authorization-data of a TGS-REQ, with the session key.
pub const TGS_REQ_AUTHORIZATION_DATA_SESSION_KEY: KeyUsage = KeyUsage(4);
/// enc-authorization-data of a TGS-REQ, with the authenticator's sub-key.
pub const TGS_REQ_AUTHORIZATION_DATA_SUBKEY: KeyUsage = KeyUsage(5);
/// The checksum over req-body in a PA-TGS-REQ's authenticator, with the session key.
pub const TGS_REQ_AUTHENTICATOR_CHECKSUM: KeyUsage = KeyUsage(6);
/// The authenticator of a PA-TGS-REQ, with the session key.
pub const TGS_REQ_AUTHENTICATOR: KeyUsage = KeyUsage(7);
/// The encrypted part of a TGS-REP, with the session key.
pub const TGS_REP_SESSION_KEY: KeyUsage = KeyUsage(8);
/// The encrypted part of a TGS-REP, with the authenticator's sub-key.
pub const TGS_REP_SUBKEY: KeyUsage = KeyUsage(9);
/// The checksum in an AP-REQ's authenticator, with the session key.
pub const AP_REQ_AUTHENTICATOR_CHECKSUM: KeyUsage = KeyUsage(10);
/// The authenticator of an AP-REQ, with the session key.
pub const AP_REQ_AUTHENTICATOR: KeyUsage = KeyUsage(11);
/// The encrypted part of an AP-REP, with the session key.
pub const AP_REP: KeyUsage = KeyUsage(12);
/// The encrypted part of a KRB-PRIV.
pub const KRB_PRIV: KeyUsage = KeyUsage(13);
/// The encrypted part of a KRB-CRED.
pub const KRB_CRED: KeyUsage = KeyUsage(14);
/// The checksum of a KRB-SAFE.
pub const KRB_SAFE_CHECKSUM: KeyUsage = KeyUsage(15);
/// The signatures of a PAC (MS-PAC 2.8, KERB_NON_KERB_CKSUM_SALT).
pub const PAC_CHECKSUM: KeyUsage = KeyUsage(17);
/// A sealed Wrap token of the acceptor (RFC 4121 §2).
pub const ACCEPTOR_SEAL: KeyUsage = KeyUsage(22);
/// A MIC token of the acceptor (RFC 4121 §2).
pub const ACCEPTOR_SIGN: KeyUsage = KeyUsage(23);
/// A sealed Wrap token of the initiator (RFC 4121 §2).
pub const INITIATOR_SEAL: KeyUsage = KeyUsage(24);
/// A MIC token of the initiator (RFC 4121 §2).
pub const INITIATOR_SIGN: KeyUsage = KeyUsage(25);
/// The checksum over a request in FAST, with the armor key (RFC 6113 §5.4.2).
pub const FAST_REQUEST_CHECKSUM: KeyUsage = KeyUsage(50);
/// A request within FAST, with the armor key (RFC 6113 §5.4.2).
pub const FAST_REQUEST: KeyUsage = KeyUsage(51);
/// A reply within FAST, with the armor key (RFC 6113 §5.4.3).
pub const FAST_REPLY: KeyUsage = KeyUsage(52);
/// The checksum over the ticket of a reply, with the armor key (RFC 6113 §5.4.3).
pub const FAST_FINISHED: KeyUsage = KeyUsage(53);
/// The client's encrypted challenge (RFC 6113 §5.4.6).
pub const ENCRYPTED_CHALLENGE_CLIENT: KeyUsage = KeyUsage(54);
/// The KDC's encrypted challenge (RFC 6113 §5.4.6).
pub const ENCRYPTED_CHALLENGE_KDC: KeyUsage = KeyUsage(55);
/// PA-REQ-ENC-PA-REP: the checksum over an AS-REQ, with the reply key (RFC 6806 §11).
pub const AS_REQ_CHECKSUM: KeyUsage = KeyUsage(56);
