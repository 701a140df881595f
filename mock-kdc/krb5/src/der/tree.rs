//! An encoding as a tree, any part of which can be changed: for messages that must be wrong on purpose.
//!
//! The message types of this crate cannot be wrong; whoever wants a field that is missing, of another type, or encoded
//! otherwise than DER has it, changes the tree. Nothing on the way of a good message uses this.

use super::{Codec, Error, Reader, Writer, tag};
use crate::Timestamp;

/// An element: tag octet and content. `Debug` shows the tag and the size only, as the content may hold a key.
#[derive(Clone, PartialEq, Eq)]
pub struct Element {
    /// The tag octet.
    pub tag: u8,
    /// What is within.
    pub content: Content,
    /// By how many octets its length is longer than DER has it.
    pub excess_length_octets: u8,
}

/// The content of an [`Element`].
#[derive(Clone, PartialEq, Eq)]
pub enum Content {
    /// Of a primitive encoding.
    Octets(Vec<u8>),
    /// Of a constructed one.
    Elements(Vec<Element>),
}

impl Element {
    /// A primitive element.
    #[must_use]
    pub const fn primitive(tag: u8, octets: Vec<u8>) -> Self {
        Self { tag, content: Content::Octets(octets), excess_length_octets: 0 }
    }

    /// A constructed element.
    #[must_use]
    pub const fn constructed(tag: u8, elements: Vec<Self>) -> Self {
        Self { tag, content: Content::Elements(elements), excess_length_octets: 0 }
    }

    /// A SEQUENCE, or a SEQUENCE OF.
    #[must_use]
    pub const fn sequence(elements: Vec<Self>) -> Self {
        Self::constructed(tag::SEQUENCE, elements)
    }

    /// An INTEGER.
    #[must_use]
    pub fn integer(value: i64) -> Self {
        Self::written(|w| w.integer(value))
    }

    /// An OCTET STRING.
    #[must_use]
    pub fn octet_string(octets: &[u8]) -> Self {
        Self::primitive(tag::OCTET_STRING, octets.to_vec())
    }

    /// A KerberosString.
    #[must_use]
    pub fn string(octets: &[u8]) -> Self {
        Self::primitive(tag::GENERAL_STRING, octets.to_vec())
    }

    /// A KerberosTime.
    #[must_use]
    pub fn time(time: Timestamp) -> Self {
        Self::written(|w| w.time(time))
    }

    /// KerberosFlags.
    #[must_use]
    pub fn flags(flags: u32) -> Self {
        Self::written(|w| w.flags(flags))
    }

    /// The encoding of a message.
    #[must_use]
    pub fn of(message: &impl Codec) -> Self {
        Self::written(|w| message.write(w))
    }

    fn written(write: impl FnOnce(&mut Writer<'_>)) -> Self {
        let mut octets = Vec::new();
        write(&mut Writer::new(&mut octets));
        Self::decode(&octets).expect("what the writer writes is one element")
    }

    /// The field `[number]` of the SEQUENCE that this is, or that is within this application tag: what is inside of the
    /// field's explicit tag.
    pub fn field_mut(&mut self, number: u8) -> Option<&mut Self> {
        let field = self.fields_mut()?.iter_mut().find(|field| field.tag == tag::context(number))?;
        match &mut field.content {
            Content::Elements(inner) => inner.first_mut(),
            Content::Octets(_) => None,
        }
    }

    /// The same, to look at.
    #[must_use]
    pub fn field(&self, number: u8) -> Option<&Self> {
        let field = self.fields()?.iter().find(|field| field.tag == tag::context(number))?;
        match &field.content {
            Content::Elements(inner) => inner.first(),
            Content::Octets(_) => None,
        }
    }

    /// Replaces the field `[number]`, or puts it in where it belongs by its number.
    pub fn set_field(&mut self, number: u8, value: Self) {
        let field = Self::constructed(tag::context(number), vec![value]);
        let Some(fields) = self.fields_mut() else { return };
        match fields.iter().position(|other| other.tag >= field.tag) {
            Some(place) if fields[place].tag == field.tag => fields[place] = field,
            Some(place) => fields.insert(place, field),
            None => fields.push(field),
        }
    }

    /// Takes the field `[number]` out.
    pub fn remove_field(&mut self, number: u8) {
        if let Some(fields) = self.fields_mut() {
            fields.retain(|field| field.tag != tag::context(number));
        }
    }

    /// What a SEQUENCE, or the one within this application tag, consists of.
    pub fn fields_mut(&mut self) -> Option<&mut Vec<Self>> {
        let is_application = self.is_application();
        let Content::Elements(elements) = &mut self.content else { return None };
        if is_application { elements.first_mut()?.fields_mut() } else { Some(elements) }
    }

    fn fields(&self) -> Option<&[Self]> {
        let Content::Elements(elements) = &self.content else { return None };
        if self.is_application() { elements.first()?.fields() } else { Some(elements) }
    }

    const fn is_application(&self) -> bool {
        self.tag & 0xc0 == 0x40
    }

    /// The content of a primitive element.
    #[must_use]
    pub fn octets(&self) -> Option<&[u8]> {
        match &self.content {
            Content::Octets(octets) => Some(octets),
            Content::Elements(_) => None,
        }
    }

    /// The content of a primitive element, to change.
    pub const fn octets_mut(&mut self) -> Option<&mut Vec<u8>> {
        match &mut self.content {
            Content::Octets(octets) => Some(octets),
            Content::Elements(_) => None,
        }
    }

    /// Encodes the lengths of this and of all that is within in so many octets more than are needed; at most two.
    pub fn lengthen(&mut self, octets: u8) {
        self.excess_length_octets = octets.min(2);
        if let Content::Elements(elements) = &mut self.content {
            elements.iter_mut().for_each(|element| element.lengthen(octets));
        }
    }
}

impl std::fmt::Debug for Element {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let size = match &self.content {
            Content::Octets(octets) => (octets.len(), "octets"),
            Content::Elements(elements) => (elements.len(), "elements"),
        };
        write!(f, "Element({:02x}, {} {})", self.tag, size.0, size.1)
    }
}

impl Codec for Element {
    const NAME: &'static str = "element";

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let (tag, mut inner) = reader.any()?;
        if tag & tag::CONSTRUCTED == 0 {
            return Ok(Self::primitive(tag, inner.rest().to_vec()));
        }
        let mut elements = Vec::new();
        while !inner.is_empty() {
            elements.push(Self::read(&mut inner)?);
        }
        Ok(Self::constructed(tag, elements))
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.element(self.tag, self.excess_length_octets, |w| match &self.content {
            Content::Octets(octets) => w.raw(octets),
            Content::Elements(elements) => elements.iter().for_each(|element| element.write(w)),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// An application tag around SEQUENCE { [0] 5, [2] "ab" }.
    const MESSAGE: [u8; 15] = [0x7e, 13, 0x30, 11, 0xa0, 3, 2, 1, 5, 0xa2, 4, 0x1b, 2, b'a', b'b'];

    #[test]
    fn fields_are_found_replaced_added_and_taken_out() {
        let mut tree = Element::decode(&MESSAGE).unwrap();
        assert_eq!(tree.field(2).and_then(Element::octets), Some(&b"ab"[..]));
        assert_eq!(tree.field(1), None);
        tree.set_field(1, Element::octet_string(b"x"));
        tree.set_field(2, Element::integer(-1));
        tree.remove_field(0);
        assert_eq!(tree.to_octets(), [0x7e, 12, 0x30, 10, 0xa1, 3, 4, 1, b'x', 0xa2, 3, 2, 1, 0xff]);
    }

    #[test]
    fn lengths_can_be_longer_than_they_need_to_be() {
        let mut tree = Element::integer(5);
        tree.lengthen(2);
        assert_eq!(tree.to_octets(), [2, 0x82, 0, 1, 5]);
        assert_eq!(Element::decode(&tree.to_octets()).unwrap(), Element::integer(5));
        let mut tree = Element::octet_string(&[7; 200]);
        tree.lengthen(1);
        assert_eq!(tree.to_octets()[..4], [4, 0x82, 0, 200]);
    }

    #[test]
    fn debug_shows_no_content() {
        let shown = format!("{:?}", Element::octet_string(b"SECRET"));
        assert_eq!(shown, "Element(04, 6 octets)");
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_again(octets in proptest::collection::vec(any::<u8>(), 0..60)) {
            if let Ok(tree) = Element::decode(&octets) {
                let written = tree.to_octets();
                prop_assert!(written.len() <= octets.len());
                prop_assert_eq!(Element::decode(&written).unwrap(), tree);
            }
        }
    }
}
