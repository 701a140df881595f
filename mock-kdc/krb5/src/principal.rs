//! Names: `alice@CORP.EXAMPLE.COM`, `postgres/db.test@CORP.EXAMPLE.COM`.

use std::fmt;
use std::str::FromStr;

/// A principal of a realm (RFC 4120 §6). Components and realm are octets, UTF-8 in practice.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Principal {
    /// `alice`, or `postgres` and `db.test`.
    pub components: Vec<Vec<u8>>,
    /// The realm; empty where a client's configuration decides.
    pub realm: Vec<u8>,
}

impl Principal {
    /// From text parts.
    pub fn new(components: &[&str], realm: &str) -> Self {
        Self {
            components: components.iter().map(|c| c.as_bytes().to_vec()).collect(),
            realm: realm.as_bytes().to_vec(),
        }
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name: Vec<_> = self.components.iter().map(|c| String::from_utf8_lossy(c)).collect();
        write!(f, "{}", name.join("/"))?;
        if self.realm.is_empty() { Ok(()) } else { write!(f, "@{}", String::from_utf8_lossy(&self.realm)) }
    }
}

/// A text that is no principal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no principal, expected name[/instance][@REALM]")]
pub struct InvalidPrincipal(pub String);

impl FromStr for Principal {
    type Err = InvalidPrincipal;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, realm) = text.split_once('@').unwrap_or((text, ""));
        if name.is_empty() {
            return Err(InvalidPrincipal(text.to_owned()));
        }
        Ok(Self::new(&name.split('/').collect::<Vec<_>>(), realm))
    }
}
