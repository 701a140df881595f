//! What a KDC decides that RFC 4120 leaves to it: MIT's and Active Directory's differ here, and realms are set up
//! differently. The exchanges ask these modules; the order in which they ask is theirs.

pub(crate) mod accounts;
pub(crate) mod error_data;
pub(crate) mod etypes;
pub(crate) mod hints;
pub(crate) mod lockout;
pub(crate) mod names;
pub(crate) mod options;
pub(crate) mod salt;
pub(crate) mod user_to_user;
