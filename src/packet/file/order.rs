//! The byte order of a file, or of one section of it.

/// In which order the bytes of a number stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ByteOrder {
    /// Least significant first.
    Little,
    /// Most significant first.
    Big,
}

impl ByteOrder {
    /// The number in the two bytes at `at`; zero if they are not there.
    #[inline]
    pub fn u16(self, bytes: &[u8], at: usize) -> u16 {
        let field = chunk(bytes, at);
        match self {
            ByteOrder::Little => u16::from_le_bytes(field),
            ByteOrder::Big => u16::from_be_bytes(field),
        }
    }

    /// The number in the four bytes at `at`; zero if they are not there.
    #[inline]
    pub fn u32(self, bytes: &[u8], at: usize) -> u32 {
        let field = chunk(bytes, at);
        match self {
            ByteOrder::Little => u32::from_le_bytes(field),
            ByteOrder::Big => u32::from_be_bytes(field),
        }
    }

    /// The number in the eight bytes at `at`; zero if they are not there.
    pub fn u64(self, bytes: &[u8], at: usize) -> u64 {
        let field = chunk(bytes, at);
        match self {
            ByteOrder::Little => u64::from_le_bytes(field),
            ByteOrder::Big => u64::from_be_bytes(field),
        }
    }
}

/// The bytes from `at`, or zeros.
#[inline]
fn chunk<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).copied().unwrap_or([0; N])
}
