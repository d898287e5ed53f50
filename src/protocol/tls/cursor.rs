//! Reads the fields of a handshake message off the front of a slice; `None` where it ends too soon.

#[derive(Clone, Copy)]
pub(super) struct Cursor<'a>(pub &'a [u8]);

impl<'a> Cursor<'a> {
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    pub fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    pub fn u8(&mut self) -> Option<u8> {
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first)
    }

    pub fn u16(&mut self) -> Option<u16> {
        let (first, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u16::from_be_bytes(*first))
    }

    /// A vector with a length of one byte.
    pub fn vector8(&mut self) -> Option<Cursor<'a>> {
        let length = self.u8()?;
        self.take(length.into()).map(Cursor)
    }

    /// A vector with a length of two bytes.
    pub fn vector16(&mut self) -> Option<Cursor<'a>> {
        let length = self.u16()?;
        self.take(length.into()).map(Cursor)
    }

    /// The rest, if it is a vector with a length of one byte and nothing behind it.
    pub fn whole_vector8(mut self) -> Option<Cursor<'a>> {
        self.vector8().filter(|_| self.is_empty())
    }

    /// The rest, if it is a vector with a length of two bytes and nothing behind it.
    pub fn whole_vector16(mut self) -> Option<Cursor<'a>> {
        self.vector16().filter(|_| self.is_empty())
    }

    /// The rest as numbers of two bytes; `None` where it has an odd length.
    pub fn numbers(self) -> Option<impl Iterator<Item = u16> + use<'a>> {
        let (pairs, []) = self.0.as_chunks() else { return None };
        Some(pairs.iter().map(|pair| u16::from_be_bytes(*pair)))
    }
}
