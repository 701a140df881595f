//! A SEQUENCE OF that is iterated in place.

use super::View;
use crate::der::{Error, MAX_ELEMENTS, Problem, Reader};
use std::fmt;
use std::marker::PhantomData;

/// A list of elements, each decoded when it is asked for.
///
/// INVARIANT: `content` is the concatenated encodings of `length` elements, all of which decode.
pub struct ListView<'a, T> {
    content: &'a [u8],
    length: usize,
    element: PhantomData<fn() -> T>,
}

/// The elements of a [`ListView`].
#[derive(Clone)]
pub struct Elements<'a, T> {
    reader: Option<Reader<'a>>,
    element: PhantomData<fn() -> T>,
}

impl<'a, T: View<'a>> ListView<'a, T> {
    /// Reads a SEQUENCE OF, and each element once to be sure of it.
    ///
    /// # Errors
    /// As [`Reader::list`].
    pub fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        let mut elements = reader.sequence()?;
        let content = elements.clone().rest();
        let mut length = 0;
        while !elements.is_empty() {
            if length == MAX_ELEMENTS {
                return Err(elements.problem(Problem::TooManyElements));
            }
            T::read(&mut elements)?;
            length += 1;
        }
        Ok(Self { content, length, element: PhantomData })
    }

    /// From front to back.
    #[must_use]
    pub fn iter(&self) -> Elements<'a, T> {
        Elements { reader: Reader::new(T::NAME, self.content).ok(), element: PhantomData }
    }
}

impl<'a, T> ListView<'a, T> {
    /// A list of nothing.
    #[must_use]
    pub const fn empty() -> Self {
        Self { content: &[], length: 0, element: PhantomData }
    }

    /// How many elements there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.length
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The encodings of the elements as they were received, one after the other, without the SEQUENCE around them.
    #[must_use]
    pub const fn octets(&self) -> &'a [u8] {
        self.content
    }
}

impl<'a, T: View<'a>> Iterator for Elements<'a, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        let reader = self.reader.as_mut().filter(|reader| !reader.is_empty())?;
        Some(T::read(reader).expect("INVARIANT of ListView: all elements decode"))
    }
}

impl<'a, T: View<'a>> IntoIterator for ListView<'a, T> {
    type Item = T;
    type IntoIter = Elements<'a, T>;

    fn into_iter(self) -> Elements<'a, T> {
        self.iter()
    }
}

impl<T> Clone for ListView<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for ListView<'_, T> {}

impl<T> Default for ListView<'_, T> {
    fn default() -> Self {
        Self::empty()
    }
}

impl<T> fmt::Debug for ListView<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} elements", self.length)
    }
}
