//! The octets of keytab and credential cache files: counted fields, big-endian, with the place of each in the file.

/// A file that does not follow its format: which file, which field, where, and what was expected there.
/// It never quotes the file's content, which is mostly keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {field} at offset {offset}: {problem}")]
pub struct MalformedFile {
    /// `keytab` or `credential cache`.
    pub file: &'static str,
    /// The field, in the words of the format's description.
    pub field: &'static str,
    /// Where the field begins, in octets from the start of the file.
    pub offset: usize,
    /// What is wrong and what is allowed.
    pub problem: String,
}

/// What a file format has no room for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {field} of {principal} does not fit the width of its field")]
pub struct Unwritable {
    /// `keytab` or `credential cache`.
    pub file: &'static str,
    /// Whose entry.
    pub principal: String,
    /// Which field.
    pub field: &'static str,
}

/// Reads a file from front to back. The only place that compares lengths with what is there.
pub(crate) struct Reader<'a> {
    file: &'static str,
    octets: &'a [u8],
    offset: usize,
    little_endian: bool,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(file: &'static str, octets: &'a [u8]) -> Self {
        Self { file, octets, offset: 0, little_endian: false }
    }

    /// From here on, numbers have this machine's byte order, as old formats have that of the machine that wrote them.
    pub(crate) const fn use_native_order(&mut self) {
        self.little_endian = cfg!(target_endian = "little");
    }

    /// Where the next octet stands in the file.
    pub(crate) fn offset(&self) -> usize {
        self.offset
    }

    /// How many octets are left.
    pub(crate) fn left(&self) -> usize {
        self.octets.len()
    }

    pub(crate) fn fail(&self, field: &'static str, offset: usize, problem: impl Into<String>) -> MalformedFile {
        MalformedFile { file: self.file, field, offset, problem: problem.into() }
    }

    pub(crate) fn take(&mut self, count: usize, field: &'static str) -> Result<&'a [u8], MalformedFile> {
        let Some((taken, rest)) = self.octets.split_at_checked(count) else {
            let problem = format!("{count} octets expected, {} left", self.octets.len());
            return Err(self.fail(field, self.offset, problem));
        };
        self.octets = rest;
        self.offset += count;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], MalformedFile> {
        let taken = self.take(N, field)?;
        let mut octets: [u8; N] = taken.try_into().expect("take gives as many octets as asked for");
        if self.little_endian {
            octets.reverse();
        }
        Ok(octets)
    }

    pub(crate) fn u8(&mut self, field: &'static str) -> Result<u8, MalformedFile> {
        Ok(u8::from_be_bytes(self.array(field)?))
    }

    pub(crate) fn u16(&mut self, field: &'static str) -> Result<u16, MalformedFile> {
        Ok(u16::from_be_bytes(self.array(field)?))
    }

    pub(crate) fn i16(&mut self, field: &'static str) -> Result<i16, MalformedFile> {
        Ok(i16::from_be_bytes(self.array(field)?))
    }

    pub(crate) fn u32(&mut self, field: &'static str) -> Result<u32, MalformedFile> {
        Ok(u32::from_be_bytes(self.array(field)?))
    }

    pub(crate) fn i32(&mut self, field: &'static str) -> Result<i32, MalformedFile> {
        Ok(i32::from_be_bytes(self.array(field)?))
    }

    /// A 16-bit length and as many octets.
    pub(crate) fn counted16(&mut self, field: &'static str) -> Result<&'a [u8], MalformedFile> {
        let length = usize::from(self.u16(field)?);
        self.take(length, field)
    }

    /// A 32-bit length and as many octets.
    pub(crate) fn counted32(&mut self, field: &'static str) -> Result<&'a [u8], MalformedFile> {
        let at = self.offset;
        let length = self.u32(field)?;
        let length =
            usize::try_from(length).map_err(|_| self.fail(field, at, format!("length {length} is too large")))?;
        self.take(length, field)
    }

    /// The next `count` octets, as a reader that cannot run over their end.
    pub(crate) fn sub(&mut self, count: usize, field: &'static str) -> Result<Self, MalformedFile> {
        let offset = self.offset;
        Ok(Self { file: self.file, octets: self.take(count, field)?, offset, little_endian: self.little_endian })
    }
}
