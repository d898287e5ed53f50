//! The text of a record, in one buffer that is used again for the next.

/// Longest piece of text that is kept; the rest is cut off.
pub const MAX_TEXT: usize = 8 << 10;

/// The text of a usual request, in bytes: what an allocation of 240 holds.
pub const USUAL_TEXT: usize = 232;

/// Longest value of a field that is kept.
const MAX_FIELD: usize = 1 << 10;

/// Where a stretch begins that is added to in parts.
#[derive(Debug, Clone, Copy)]
pub struct Start(usize);

/// A stretch of a [`Text`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Span {
    start: u16,
    len: u16,
}

impl Span {
    /// Whether there is nothing in it.
    pub fn is_empty(self) -> bool {
        self.len == 0
    }
}

/// Holds the texts of one record, at most 64 KiB together; what is more is left out. The bytes are those of the wire and
/// need not be UTF-8.
#[derive(Debug, Clone, Default)]
pub struct Text {
    bytes: Vec<u8>,
}

impl Text {
    /// Keeps a copy.
    pub fn add(&mut self, bytes: &[u8]) -> Span {
        let start = self.start();
        self.push(&bytes[..bytes.len().min(MAX_TEXT)]);
        self.since(start)
    }

    /// Where the next stretch begins.
    pub fn start(&self) -> Start {
        Start(self.bytes.len())
    }

    /// Adds to the stretch that was begun last, as far as there is room.
    pub fn push(&mut self, bytes: &[u8]) {
        let room = usize::from(u16::MAX) - self.bytes.len();
        self.bytes.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// Adds a field, its name in small letters. One that there is no room for is left out.
    pub fn push_field(&mut self, name: &[u8], value: &[u8]) {
        let value = &value[..value.len().min(MAX_FIELD)];
        let Ok(name_len) = u8::try_from(name.len()) else { return };
        if self.bytes.len() + 3 + name.len() + value.len() <= usize::from(u16::MAX) {
            self.bytes.push(name_len);
            self.bytes.extend_from_slice(&(value.len() as u16).to_le_bytes());
            self.bytes.extend(name.iter().map(u8::to_ascii_lowercase));
            self.bytes.extend_from_slice(value);
        }
    }

    /// The stretch from a start to here.
    pub fn since(&self, start: Start) -> Span {
        Span { start: start.0 as u16, len: (self.bytes.len() - start.0) as u16 }
    }

    /// The fields that a stretch holds: name in small letters, and value.
    pub fn fields(&self, span: Span) -> impl Iterator<Item = (&[u8], &[u8])> + Clone {
        let mut rest = self.get(span);
        std::iter::from_fn(move || {
            let (&[name_len, low, high], after) = rest.split_first_chunk::<3>()?;
            let (name, after) = after.split_at_checked(usize::from(name_len))?;
            let (value, after) = after.split_at_checked(usize::from(u16::from_le_bytes([low, high])))?;
            rest = after;
            Some((name, value))
        })
    }

    /// What a stretch holds.
    pub fn get(&self, span: Span) -> &[u8] {
        let start = usize::from(span.start);
        self.bytes.get(start..start + usize::from(span.len)).unwrap_or_default()
    }

    /// Makes room for the text of a usual request, in one step.
    pub fn reserve_usual(&mut self) {
        if self.bytes.capacity() == 0 {
            self.bytes.reserve_exact(USUAL_TEXT);
        }
    }

    /// Forgets everything and gives the room back.
    pub fn free(&mut self) {
        self.bytes = Vec::new();
    }

    /// Forgets everything and keeps the room, unless it is unusually much.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(1024);
    }

    /// Bytes of text.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Bytes of memory.
    pub fn capacity(&self) -> usize {
        self.bytes.capacity()
    }
}
