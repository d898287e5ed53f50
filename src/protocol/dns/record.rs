//! Resource records (RFC 1035 §4.1.3).

use std::net::{Ipv4Addr, Ipv6Addr};

use super::DnsError;
use super::code::{Class, RecordType};
use super::name::Name;

/// Type, class, time to live and length of the data.
const FIXED: usize = 10;

/// One record, borrowed from its message.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    /// Whom it is about.
    pub name: Name<'a>,
    pub kind: RecordType,
    /// In mDNS the top bit says that older records are void (RFC 6762 §10.2).
    pub class: Class,
    /// How long it may be kept, in seconds. Zero where the wire says more than 31 bits (RFC 2181 §8).
    pub ttl: u32,
    pub data: Data<'a>,
}

/// What a record says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Data<'a> {
    A(Ipv4Addr),
    Aaaa(Ipv6Addr),
    Cname(Name<'a>),
    Ns(Name<'a>),
    Ptr(Name<'a>),
    Mx {
        preference: u16,
        exchange: Name<'a>,
    },
    /// Bytes of text, over all its strings.
    Txt {
        length: u16,
    },
    /// RFC 2782.
    Srv {
        priority: u16,
        weight: u16,
        port: u16,
        target: Name<'a>,
    },
    /// RFC 9460 §2.2; the parameters are left alone.
    Svcb {
        priority: u16,
        target: Name<'a>,
    },
    /// As [`Data::Svcb`], for HTTPS (RFC 9460 §9).
    Https {
        priority: u16,
        target: Name<'a>,
    },
    /// Any other type or class; bytes of data.
    Other {
        length: u16,
    },
    /// A type that is known, but data that does not fit it; bytes of data.
    Malformed {
        length: u16,
    },
}

/// What stands between the name and the data.
#[derive(Debug, Clone, Copy)]
pub(super) struct FixedPart {
    pub kind: RecordType,
    pub class: Class,
    pub ttl: u32,
    pub data_length: u16,
}

impl FixedPart {
    pub fn read(message: &[u8], offset: usize) -> Result<Self, DnsError> {
        let Some(&[t1, t0, c1, c0, l3, l2, l1, l0, d1, d0]) = message.get(offset..).and_then(|rest| rest.first_chunk())
        else {
            return Err(DnsError::Cut { offset });
        };
        Ok(Self {
            kind: RecordType(u16::from_be_bytes([t1, t0])),
            class: Class(u16::from_be_bytes([c1, c0])),
            ttl: u32::from_be_bytes([l3, l2, l1, l0]),
            data_length: u16::from_be_bytes([d1, d0]),
        })
    }

    /// Where the data ends of a record that starts at `start` and whose name ends at `name_end`.
    pub fn data_end(&self, start: usize, name_end: usize, message: &[u8]) -> Result<usize, DnsError> {
        let end = name_end + FIXED + usize::from(self.data_length);
        if end > message.len() { Err(DnsError::Cut { offset: start }) } else { Ok(end) }
    }
}

/// The answers of a message, in order. An error is the last item. Where the message is cut, the whole ones are all.
#[derive(Debug, Clone)]
pub struct Answers<'a> {
    message: &'a [u8],
    offset: usize,
    left: u16,
    /// The message ends before its records do.
    cut: bool,
}

impl<'a> Answers<'a> {
    pub(super) fn new(message: &'a [u8], offset: usize, left: u16, cut: bool) -> Self {
        Self { message, offset, left, cut }
    }

    fn read(&mut self) -> Result<Record<'a>, DnsError> {
        let (name, name_end) = Name::read(self.message, self.offset)?;
        let fixed = FixedPart::read(self.message, name_end)?;
        let end = fixed.data_end(self.offset, name_end, self.message)?;
        let FixedPart { kind, class, ttl, .. } = fixed;
        let ttl = if ttl >> 31 == 0 { ttl } else { 0 };
        let data = Data::read(self.message, name_end + FIXED, end, kind, class);
        self.offset = end;
        Ok(Record { name, kind, class, ttl, data })
    }
}

impl<'a> Iterator for Answers<'a> {
    type Item = Result<Record<'a>, DnsError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let record = self.read();
        if record.is_err() {
            self.left = 0;
        }
        match record {
            Err(DnsError::Cut { .. }) if self.cut => None,
            record => Some(record),
        }
    }
}

impl<'a> Data<'a> {
    fn read(message: &'a [u8], start: usize, end: usize, kind: RecordType, class: Class) -> Self {
        // Both within 65,535, as they come from a field of two bytes.
        let length = (end - start) as u16;
        // No name of this record may run on behind it.
        let within = message.get(..end).unwrap_or_default();
        let bytes = within.get(start..).unwrap_or_default();
        Self::read_known(within, start, bytes, kind, class).unwrap_or(Self::Malformed { length })
    }

    /// `None` where the data is malformed.
    fn read_known(within: &'a [u8], start: usize, bytes: &'a [u8], kind: RecordType, class: Class) -> Option<Self> {
        let other = Self::Other { length: bytes.len() as u16 };
        // A dynamic update removes records by a class of its own and no data (RFC 2136 §2.5).
        if class.without_top_bit() != Class::IN {
            return Some(other);
        }
        let word = |index: usize| Some(u16::from_be_bytes(*bytes.get(2 * index..)?.first_chunk()?));
        let name_at = |skip: usize| {
            let (name, end) = Name::read(within, start + skip).ok()?;
            (end == within.len()).then_some(name)
        };
        Some(match kind {
            RecordType::A => Self::A(<[u8; 4]>::try_from(bytes).ok()?.into()),
            RecordType::AAAA => Self::Aaaa(<[u8; 16]>::try_from(bytes).ok()?.into()),
            RecordType::CNAME => Self::Cname(name_at(0)?),
            RecordType::NS => Self::Ns(name_at(0)?),
            RecordType::PTR => Self::Ptr(name_at(0)?),
            RecordType::MX => Self::Mx { preference: word(0)?, exchange: name_at(2)? },
            RecordType::TXT => Self::Txt { length: text_length(bytes)? },
            RecordType::SRV => Self::Srv { priority: word(0)?, weight: word(1)?, port: word(2)?, target: name_at(6)? },
            RecordType::SVCB | RecordType::HTTPS => {
                let (priority, (target, _)) = (word(0)?, Name::read(within, start + 2).ok()?);
                if kind == RecordType::SVCB {
                    Self::Svcb { priority, target }
                } else {
                    Self::Https { priority, target }
                }
            }
            _ => other,
        })
    }
}

/// The bytes in strings of a length byte each. No string at all is taken for an empty one (RFC 6763 §6.1).
fn text_length(mut strings: &[u8]) -> Option<u16> {
    let mut total = 0;
    while let Some((&length, rest)) = strings.split_first() {
        strings = rest.get(usize::from(length)..)?;
        total += u16::from(length);
    }
    Some(total)
}
