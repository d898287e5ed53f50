//! The header, the question and what EDNS adds.

use super::DnsError;
use super::code::{Class, Opcode, Rcode, RecordType};
use super::name::Name;
use super::record::{Answers, FixedPart};

/// Bytes before the first question (RFC 1035 §4.1.1).
pub(super) const HEADER: usize = 12;

/// One message, borrowed from its bytes.
#[derive(Debug, Clone)]
pub struct Message<'a> {
    pub id: u16,
    pub flags: Flags,
    /// With the upper bits of EDNS, if there are any.
    pub rcode: Rcode,
    pub counts: Counts,
    /// The first question. In practice there is no other.
    pub question: Option<Question<'a>>,
    /// The bytes end before the message does: a snapshot length cut it, or it lies about its records. What is whole is
    /// reported. Not the same as the sender's own [`Flags::truncated`].
    pub cut: bool,
    /// Bytes after the last record.
    pub trailing: usize,
    bytes: &'a [u8],
    answers_start: usize,
}

/// How many entries the header claims for each section.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub questions: u16,
    pub answers: u16,
    pub authorities: u16,
    pub additionals: u16,
}

/// What was asked.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    pub name: Name<'a>,
    pub kind: RecordType,
    /// In mDNS the top bit asks for a unicast answer (RFC 6762 §5.4).
    pub class: Class,
}

/// The second word of the header (RFC 1035 §4.1.1, RFC 4035 §3.1.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flags(pub u16);

impl Flags {
    const fn has(self, bit: u16) -> bool {
        self.0 & bit != 0
    }

    /// QR.
    pub const fn response(self) -> bool {
        self.has(0x8000)
    }

    /// TC: the sender left something out; the client may ask again over TCP.
    pub const fn truncated(self) -> bool {
        self.has(0x0200)
    }

    /// What is asked for, or was.
    pub const fn opcode(self) -> Opcode {
        Opcode((self.0 >> 11 & 0xf) as u8)
    }

    /// Z, which must be zero.
    pub const fn reserved(self) -> bool {
        self.has(0x0040)
    }
}

impl<'a> Message<'a> {
    /// Reads the header and the first question, and walks the records to learn whether they are whole and what EDNS
    /// adds to the response code. The answers are read by [`Message::answers`].
    ///
    /// # Errors
    ///
    /// If there is no header, or if a name that was met is malformed.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, DnsError> {
        let (header, _) = bytes.split_first_chunk::<HEADER>().ok_or(DnsError::Short { length: bytes.len() })?;
        let word = |index: usize| u16::from_be_bytes([header[2 * index], header[2 * index + 1]]);
        let flags = Flags(word(1));
        let mut message = Self {
            id: word(0),
            flags,
            rcode: Rcode(flags.0 & 0xf),
            counts: Counts { questions: word(2), answers: word(3), authorities: word(4), additionals: word(5) },
            question: None,
            cut: false,
            trailing: 0,
            bytes,
            answers_start: bytes.len(),
        };
        match message.walk() {
            Ok(end) => message.trailing = bytes.len() - end,
            Err(DnsError::Cut { .. }) => message.cut = true,
            Err(error) => return Err(error),
        }
        Ok(message)
    }

    pub fn opcode(&self) -> Opcode {
        self.flags.opcode()
    }

    /// The records that answer the question, in order.
    pub fn answers(&self) -> Answers<'a> {
        Answers::new(self.bytes, self.answers_start, self.counts.answers, self.cut)
    }

    /// Walks all sections and gives where they end.
    fn walk(&mut self) -> Result<usize, DnsError> {
        let mut offset = HEADER;
        for index in 0..self.counts.questions {
            let start = offset;
            let (name, end) = match index {
                0 => Name::read(self.bytes, start).map(|(name, end)| (Some(name), end))?,
                _ => (None, Name::skip(self.bytes, start)?),
            };
            let &[kind_high, kind_low, class_high, class_low] =
                self.bytes.get(end..).and_then(|rest| rest.first_chunk()).ok_or(DnsError::Cut { offset: start })?;
            offset = end + 4;
            if let Some(name) = name {
                let kind = RecordType(u16::from_be_bytes([kind_high, kind_low]));
                self.question =
                    Some(Question { name, kind, class: Class(u16::from_be_bytes([class_high, class_low])) });
            }
        }
        self.answers_start = offset;
        for _ in 0..u32::from(self.counts.answers) + u32::from(self.counts.authorities) {
            let name_end = Name::skip(self.bytes, offset)?;
            offset = FixedPart::read(self.bytes, name_end)?.data_end(offset, name_end, self.bytes)?;
        }
        let mut extended = false;
        for _ in 0..self.counts.additionals {
            let name_end = Name::skip(self.bytes, offset)?;
            let fixed = FixedPart::read(self.bytes, name_end)?;
            offset = fixed.data_end(offset, name_end, self.bytes)?;
            if fixed.kind == RecordType::OPT && !extended {
                extended = true;
                self.extend_rcode(fixed.ttl);
            }
        }
        Ok(offset)
    }

    /// EDNS puts the upper bits of the response code where other records have their time to live (RFC 6891 §6.1.3).
    fn extend_rcode(&mut self, ttl: u32) {
        let [rcode, ..] = ttl.to_be_bytes();
        self.rcode = Rcode(u16::from(rcode) << 4 | self.flags.0 & 0xf);
    }
}
