//! Which realms a client came through: the transited field of tickets (RFC 4120 §3.3.3.2), the paths that realms may be
//! walked along (§1.2), and whether one fits the other.
//!
//! ```text
//!   client's realm            on the way                    service's realm
//!   A.EXAMPLE.COM  ─ krbtgt ─▶ EXAMPLE.COM ─ krbtgt ─▶ B.EXAMPLE.COM
//!                    nothing    adds nothing: the ticket     adds EXAMPLE.COM,
//!                               is of the client's realm     which issued the ticket
//! ```
//!
//! The field is DOMAIN-X500-COMPRESS: realms with commas between them, each shortened by what it has in common with the
//! one before. It comes from other realms and is believed no further than its bounds: [`MAX_REALM`] and [`MAX_REALMS`].

mod compress;
mod path;

pub use compress::{add, expand};
pub use path::{Capaths, hierarchical_path};

use crate::messages::error_code;
use crate::messages::flags::ticket;

/// The longest name of a realm, in octets (MIT's libkrb5 has the same).
pub const MAX_REALM: usize = 512;

/// How many realms a transited field may name.
pub const MAX_REALMS: usize = 128;

/// The only encoding that there is (RFC 4120 §5.3, tr-type).
pub const DOMAIN_X500_COMPRESS: i32 = 1;

/// A transited field that says nothing, or too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTransited {
    /// A realm whose name is longer than [`MAX_REALM`].
    #[error("a realm of more than {MAX_REALM} octets in the transited field")]
    LongRealm,
    /// A realm without a name, which an element of the field cannot say.
    #[error("a realm without a name in the transited field")]
    EmptyRealm,
    /// A name with a NUL in it, at which libkrb5 would cut it off.
    #[error("a NUL in the transited field")]
    Nul,
    /// A backslash at the end, which quotes nothing.
    #[error("a backslash at the end of the transited field")]
    QuotesNothing,
    /// More realms than [`MAX_REALMS`].
    #[error("more than {MAX_REALMS} realms in the transited field")]
    ManyRealms,
    /// An empty element between two realms that lie in no hierarchy.
    #[error("the transited field leaves out realms between two of which none is above the other")]
    NoHierarchy,
}

/// Why a client may not come along its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathRefused {
    /// The field cannot be read.
    #[error(transparent)]
    Invalid(#[from] InvalidTransited),
    /// A realm that does not lie on the path between the client's realm and the service's.
    #[error("the client came through a realm that is not on the path to the service's")]
    NotOnPath,
    /// Somebody who came a way, but is where the service is.
    #[error("the client came through other realms to its own")]
    SameRealm,
}

/// Whether all realms of a transited field lie on the path between the client's realm and the service's, as libkrb5's
/// krb5_check_transited_list decides it: the path of `capaths` where there is one, the hierarchy otherwise. A path may name
/// the client's realm, but not the service's.
///
/// # Errors
/// Why they do not.
pub fn check(contents: &[u8], client: &[u8], service: &[u8], capaths: &Capaths) -> Result<(), PathRefused> {
    if contents.is_empty() {
        return Ok(());
    }
    if client == service {
        return Err(PathRefused::SameRealm);
    }
    let mut path = capaths.path(client, service);
    path.pop();
    let transited = expand(contents, client, service)?;
    if transited.iter().all(|realm| path.contains(realm)) { Ok(()) } else { Err(PathRefused::NotOnPath) }
}

/// What whoever is presented a ticket of `issuer` checks of its path, as libkrb5's krb5_rd_req: nothing where the ticket's
/// `flags` say that the KDC has done so.
///
/// # Errors
/// Why the client may not come this way.
pub fn check_ticket(
    flags: u32,
    contents: &[u8],
    client: &[u8],
    issuer: &[u8],
    capaths: &Capaths,
) -> Result<(), PathRefused> {
    if flags & ticket::TRANSITED_POLICY_CHECKED != 0 { Ok(()) } else { check(contents, client, issuer, capaths) }
}

impl PathRefused {
    /// What a service answers: 43 (ILL_CR_TKT), and 60 where MIT's error has no number on the wire.
    #[must_use]
    pub const fn code(self) -> i32 {
        match self {
            Self::Invalid(_) | Self::NotOnPath => error_code::ILL_CR_TKT,
            Self::SameRealm => error_code::GENERIC,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capaths(entries: &[(&str, &str, &[&str])]) -> Capaths {
        entries.iter().fold(Capaths::default(), |capaths, (client, service, between)| {
            capaths.with(client.as_bytes(), service.as_bytes(), between.iter().map(|realm| realm.as_bytes()))
        })
    }

    #[test]
    fn a_client_may_come_along_the_hierarchy() {
        let none = Capaths::default();
        let check = |contents: &str| check(contents.as_bytes(), b"A.X.COM", b"B.X.COM", &none);
        assert_eq!(check(""), Ok(()), "a direct trust is nobody's business");
        assert_eq!(check("X.COM"), Ok(()));
        assert_eq!(check("A.X.COM"), Ok(()), "MIT lets a path name where it begins");
        assert_eq!(check("B.X.COM"), Err(PathRefused::NotOnPath), "but not where it ends");
        assert_eq!(check("COM"), Err(PathRefused::NotOnPath), "above the common parent");
        assert_eq!(check("X.COM,EVIL.COM"), Err(PathRefused::NotOnPath));
        assert_eq!(check("EVIL."), Err(PathRefused::NotOnPath));
        assert_eq!(super::check(b"COM", b"X.COM", b"X.COM", &none), Err(PathRefused::SameRealm));
        assert_eq!(check(",/X,"), Err(PathRefused::Invalid(InvalidTransited::NoHierarchy)));
    }

    #[test]
    fn written_paths_take_the_place_of_the_hierarchy() {
        let written = capaths(&[("A.X.COM", "B.X.COM", &["HUB"]), ("C.X.COM", "B.X.COM", &[])]);
        assert_eq!(check(b"HUB", b"A.X.COM", b"B.X.COM", &written), Ok(()));
        assert_eq!(check(b"X.COM", b"A.X.COM", b"B.X.COM", &written), Err(PathRefused::NotOnPath));
        assert_eq!(check(b"X.COM", b"C.X.COM", b"B.X.COM", &written), Err(PathRefused::NotOnPath), "direct only");
        assert_eq!(check(b"X.COM", b"B.X.COM", b"A.X.COM", &written), Ok(()), "the other direction is another path");
    }
}
