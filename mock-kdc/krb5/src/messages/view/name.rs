//! Names, wherever their octets are: in a message, in a [`Principal`], in a constant.

use super::{Elements, ListView, View};
use crate::Principal;
use crate::der::{Error, Reader, Writer};
use crate::messages::PrincipalName;
use crate::principal::{append_plain, name_type, write_escaped};
use std::borrow::Borrow;
use std::fmt;
use std::hash::{Hash, Hasher};

/// A name whose realm is in another field (RFC 4120 §5.2.2). As with [`Principal`], the name type does not distinguish.
#[derive(Clone, Copy)]
pub struct NameView<'a> {
    /// One of [`crate::principal::name_type`].
    pub name_type: i32,
    components: Components<'a>,
}

#[derive(Clone, Copy)]
enum Components<'a> {
    Encoded(ListView<'a, &'a [u8]>),
    Held(&'a [Vec<u8>]),
    Given(&'a [&'a [u8]]),
}

/// A name and its realm. Displays as [`Principal`] does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PrincipalView<'a> {
    /// `alice`, `postgres/db.test`.
    pub name: NameView<'a>,
    /// `CORP.EXAMPLE.COM`.
    pub realm: &'a [u8],
}

impl<'a> NameView<'a> {
    /// A name of these components.
    #[must_use]
    pub const fn new(name_type: i32, components: &'a [&'a [u8]]) -> Self {
        Self { name_type, components: Components::Given(components) }
    }

    /// Its components, octets that are UTF-8 in practice.
    pub fn components(self) -> impl Iterator<Item = &'a [u8]> + Clone {
        match self.components {
            Components::Encoded(list) => Iterated::Encoded(list.iter()),
            Components::Held(list) => Iterated::Held(list.iter()),
            Components::Given(list) => Iterated::Given(list.iter()),
        }
    }

    /// The principal of that name in `realm`.
    #[must_use]
    pub const fn at(self, realm: &'a [u8]) -> PrincipalView<'a> {
        PrincipalView { name: self, realm }
    }

    /// Appends the encoding.
    pub fn write(self, writer: &mut Writer<'_>) {
        writer.sequence(|w| {
            w.field(0, |w| w.integer(self.name_type.into()));
            w.field(1, |w| w.list(self.components(), Writer::string));
        });
    }

    /// A copy that borrows nothing.
    #[must_use]
    pub fn to_owned(self) -> PrincipalName {
        PrincipalName { name_type: self.name_type, components: self.components().map(<[u8]>::to_vec).collect() }
    }
}

impl<'a> View<'a> for NameView<'a> {
    const NAME: &'static str = "PrincipalName";

    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        let mut name = reader.sequence()?;
        let name_type = name.field(0, "name-type", Reader::int32)?;
        let components = name.field(1, "name-string", ListView::read)?;
        Ok(Self { name_type, components: Components::Encoded(components) })
    }
}

impl<'a> From<&'a PrincipalName> for NameView<'a> {
    fn from(name: &'a PrincipalName) -> Self {
        Self { name_type: name.name_type, components: Components::Held(&name.components) }
    }
}

impl PartialEq for NameView<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.components().eq(other.components())
    }
}

impl Eq for NameView<'_> {}

impl<'a> PrincipalView<'a> {
    /// Of which realm this is the ticket-granting service; `None` if it is none.
    #[must_use]
    pub fn krbtgt_realm(self) -> Option<&'a [u8]> {
        let mut components = self.name.components();
        match (components.next(), components.next(), components.next()) {
            (Some(b"krbtgt"), Some(realm), None) => Some(realm),
            _ => None,
        }
    }

    /// Appends what it displays as; of ordinary names without what formatting costs.
    pub fn append_to(self, text: &mut String) {
        use fmt::Write as _;
        let before = text.len();
        for (index, component) in self.name.components().enumerate() {
            if index > 0 {
                text.push('/');
            }
            if !append_plain(component, text) {
                text.truncate(before);
                return write!(text, "{self}").expect("a String takes all that is written");
            }
        }
        if !self.realm.is_empty() {
            text.push('@');
            if !append_plain(self.realm, text) {
                text.truncate(before);
                write!(text, "{self}").expect("a String takes all that is written");
            }
        }
    }

    /// A copy that borrows nothing.
    #[must_use]
    pub fn to_owned(self) -> Principal {
        self.name.to_owned().at(self.realm.to_vec())
    }
}

impl<'a> From<&'a Principal> for PrincipalView<'a> {
    fn from(principal: &'a Principal) -> Self {
        let components = Components::Held(&principal.components);
        Self { name: NameView { name_type: principal.name_type, components }, realm: &principal.realm }
    }
}

/// What has a principal's name: lets a map whose keys are [`Principal`] be asked with a [`PrincipalView`], as in
/// `accounts.get(&view as &dyn Named)`.
pub trait Named {
    /// The name.
    fn named(&self) -> PrincipalView<'_>;
}

impl Named for Principal {
    fn named(&self) -> PrincipalView<'_> {
        self.into()
    }
}

impl Named for PrincipalView<'_> {
    fn named(&self) -> PrincipalView<'_> {
        *self
    }
}

impl<'a> Borrow<dyn Named + 'a> for Principal {
    fn borrow(&self) -> &(dyn Named + 'a) {
        self
    }
}

impl Hash for dyn Named + '_ {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.named().hash(state);
    }
}

impl PartialEq for dyn Named + '_ {
    fn eq(&self, other: &Self) -> bool {
        self.named() == other.named()
    }
}

impl Eq for dyn Named + '_ {}

/// INVARIANT: a [`Principal`] hashes the same, as [`Borrow`] demands.
impl Hash for PrincipalView<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.components().for_each(|component| component.hash(state));
        self.realm.hash(state);
    }
}

impl PartialEq<Principal> for PrincipalView<'_> {
    fn eq(&self, other: &Principal) -> bool {
        *self == PrincipalView::from(other)
    }
}

impl fmt::Display for PrincipalView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, component) in self.name.components().enumerate() {
            if index > 0 {
                f.write_str("/")?;
            }
            write_escaped(f, component)?;
        }
        if !self.realm.is_empty() {
            f.write_str("@")?;
            write_escaped(f, self.realm)?;
        }
        Ok(())
    }
}

impl fmt::Debug for PrincipalView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for NameView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.at(&[]), f)
    }
}

/// The name of a ticket-granting service: `krbtgt` and this realm.
impl<'a> NameView<'a> {
    /// `krbtgt/REALM`, of the components `["krbtgt", realm]`.
    #[must_use]
    pub const fn krbtgt(components: &'a [&'a [u8]; 2]) -> Self {
        Self::new(name_type::SRV_INST, components)
    }
}

#[derive(Clone)]
enum Iterated<'a> {
    Encoded(Elements<'a, &'a [u8]>),
    Held(std::slice::Iter<'a, Vec<u8>>),
    Given(std::slice::Iter<'a, &'a [u8]>),
}

impl<'a> Iterator for Iterated<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        match self {
            Self::Encoded(list) => list.next(),
            Self::Held(list) => list.next().map(Vec::as_slice),
            Self::Given(list) => list.next().copied(),
        }
    }
}
