//! PrincipalName: a name without its realm (RFC 4120 §5.2.2).

use super::view::{NameView, View as _};
use crate::Principal;
use crate::der::{Codec, Error, Reader, Writer};

/// A name whose realm is in another field. As with [`Principal`], the name type does not distinguish.
#[derive(Debug, Clone)]
pub struct PrincipalName {
    /// One of [`crate::principal::name_type`].
    pub name_type: i32,
    /// Its components, octets that are UTF-8 in practice.
    pub components: Vec<Vec<u8>>,
}

impl PrincipalName {
    /// The principal of that name in `realm`.
    #[must_use]
    pub fn at(self, realm: Vec<u8>) -> Principal {
        Principal { components: self.components, realm, name_type: self.name_type }
    }
}

impl From<&Principal> for PrincipalName {
    fn from(principal: &Principal) -> Self {
        Self { name_type: principal.name_type, components: principal.components.clone() }
    }
}

impl PartialEq for PrincipalName {
    fn eq(&self, other: &Self) -> bool {
        self.components == other.components
    }
}

impl Eq for PrincipalName {}

impl Codec for PrincipalName {
    const NAME: &'static str = "PrincipalName";

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(NameView::read(reader)?.to_owned())
    }

    fn write(&self, writer: &mut Writer<'_>) {
        write(writer, self.name_type, &self.components);
    }
}

/// The name of a principal, without a detour over a copy.
pub(super) fn write_name(writer: &mut Writer<'_>, principal: &Principal) {
    write(writer, principal.name_type, &principal.components);
}

fn write(writer: &mut Writer<'_>, name_type: i32, components: &[Vec<u8>]) {
    writer.sequence(|w| {
        w.field(0, |w| w.integer(name_type.into()));
        w.field(1, |w| w.list(components, |w, component| w.string(component)));
    });
}
