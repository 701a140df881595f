//! What a KDC decides that RFC 4120 leaves to it: MIT's and Active Directory's differ here, and realms are set up
//! differently.

pub(crate) mod lockout;
pub(crate) mod salt;
