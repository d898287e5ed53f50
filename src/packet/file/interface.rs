//! The interfaces that a capture file describes, and how each counts time.

use super::order::ByteOrder;
use crate::packet::{LinkType, Timestamp};

/// The longest name of an interface that is kept, in bytes; a longer one is cut.
pub const MAX_NAME: usize = 128;

/// An interface that packets were captured on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// Its name, where the file says it; at most [`MAX_NAME`] bytes.
    pub name: Option<Box<str>>,
    /// What the first byte of its frames belongs to.
    pub link: LinkType,
    /// The most bytes that were captured of a frame; zero for no limit.
    pub snap_len: u32,
    clock: Clock,
}

impl Interface {
    /// An interface; its name is cut after [`MAX_NAME`] bytes.
    pub fn new(name: Option<&str>, link: LinkType, snap_len: u32) -> Self {
        let name = name.map(|name| Box::from(&name[..name.floor_char_boundary(MAX_NAME)]));
        Interface { name, link, snap_len, clock: Clock::default() }
    }

    /// From the body of an Interface Description Block (draft-ietf-opsawg-pcapng §4.2), which has at least its eight
    /// fixed bytes. Options that make no sense count as absent.
    pub(super) fn parse(order: ByteOrder, body: &[u8]) -> Self {
        let mut interface = Interface::new(None, LinkType::from_number(order.u16(body, 0)), order.u32(body, 4));
        let mut rest = body.get(8..).unwrap_or_default();
        while let Some((code, value, after)) = split_option(order, rest) {
            match code {
                OPT_ENDOFOPT => break,
                IF_NAME => interface.name = Interface::new(Some(&text(value)), interface.link, 0).name,
                IF_TSRESOL => {
                    if let [resolution] = value {
                        interface.clock.unit = Unit::from_option(*resolution);
                    }
                }
                IF_TSOFFSET if value.len() == 8 => interface.clock.offset = order.u64(value, 0) as i64,
                _ => {}
            }
            rest = after;
        }
        interface
    }

    /// The time that a packet's time stamp means.
    #[inline]
    pub(super) fn time(&self, ticks: u64) -> Timestamp {
        self.clock.time(ticks)
    }
}

const OPT_ENDOFOPT: u16 = 0;
const IF_NAME: u16 = 2;
const IF_TSRESOL: u16 = 9;
const IF_TSOFFSET: u16 = 14;

/// The first option of a list: its code, its value and what follows; `None` if there is no whole one.
fn split_option(order: ByteOrder, options: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    let (header, rest) = options.split_first_chunk::<4>()?;
    let length = usize::from(order.u16(header, 2));
    let value = rest.get(..length)?;
    let after = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
    Some((order.u16(header, 0), value, after))
}

/// A name, without the NUL that some writers end it with.
fn text(value: &[u8]) -> String {
    let end = value.iter().position(|&byte| byte == 0).unwrap_or(value.len());
    // One byte more than is kept of any name, so that cutting it here cannot show.
    String::from_utf8_lossy(&value[..end.min(MAX_NAME + 1)]).into_owned()
}

/// How an interface counts time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Clock {
    unit: Unit,
    /// Seconds to add to every time stamp.
    offset: i64,
}

/// The length of one tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// So many nanoseconds.
    Nanoseconds(u64),
    /// So many ticks make a nanosecond.
    PerNanosecond(u64),
    /// Two to this power make a second; at most 127.
    BinaryPerSecond(u8),
}

impl Unit {
    /// From the option `if_tsresol`: a negative power of ten, or of two if the highest bit is set.
    fn from_option(resolution: u8) -> Self {
        let exponent = resolution & 0x7f;
        if resolution & 0x80 != 0 {
            return Unit::BinaryPerSecond(exponent);
        }
        match u32::from(exponent) {
            exponent @ 0..=9 => Unit::Nanoseconds(10_u64.pow(9 - exponent)),
            // Ticks so short that all of them are less than a nanosecond count as none.
            exponent => Unit::PerNanosecond(10_u64.checked_pow(exponent - 9).unwrap_or(u64::MAX)),
        }
    }
}

impl Default for Clock {
    fn default() -> Self {
        Clock { unit: Unit::Nanoseconds(1000), offset: 0 }
    }
}

impl Clock {
    /// The time after so many ticks; the first or last that there is, if it is before or after that.
    #[inline]
    fn time(self, ticks: u64) -> Timestamp {
        let nanos = match self.unit {
            Unit::Nanoseconds(nanos) => u128::from(ticks) * u128::from(nanos),
            Unit::PerNanosecond(ticks_per_nano) => u128::from(ticks / ticks_per_nano),
            Unit::BinaryPerSecond(exponent) => (u128::from(ticks) * 1_000_000_000) >> exponent,
        };
        // Neither term reaches 2^94, so neither the conversion nor the sum can overflow.
        let nanos = nanos as i128 + i128::from(self.offset) * 1_000_000_000;
        Timestamp::from_nanos(nanos.clamp(0, i128::from(u64::MAX)) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(resolution: u8, offset: i64) -> Clock {
        Clock { unit: Unit::from_option(resolution), offset }
    }

    #[test]
    fn ticks_are_powers_of_ten_or_of_two() {
        assert_eq!(Clock::default().time(1_500_000).nanos(), 1_500_000_000);
        assert_eq!(clock(0, 0).time(3).nanos(), 3_000_000_000);
        assert_eq!(clock(3, 0).time(7).nanos(), 7_000_000);
        assert_eq!(clock(9, 0).time(u64::MAX).nanos(), u64::MAX);
        assert_eq!(clock(12, 0).time(1_999).nanos(), 1);
        assert_eq!(clock(0x80 | 10, 0).time(1536).nanos(), 1_500_000_000);
        assert_eq!(clock(0x80 | 32, 0).time((5 << 32) | (1 << 31)).nanos(), 5_500_000_000);
        assert_eq!(clock(0x80, 0).time(4).nanos(), 4_000_000_000);
    }

    #[test]
    fn offsets_move_the_time_and_stop_at_its_ends() {
        assert_eq!(clock(6, 100).time(1).nanos(), 100_000_001_000);
        assert_eq!(clock(0, -2).time(5).nanos(), 3_000_000_000);
        assert_eq!(clock(0, i64::MIN).time(5).nanos(), 0);
        assert_eq!(clock(0, i64::MAX).time(u64::MAX).nanos(), u64::MAX);
    }

    #[test]
    fn every_resolution_takes_every_number_of_ticks() {
        for resolution in 0..=u8::MAX {
            for ticks in [0, 1, u64::from(u32::MAX), u64::MAX] {
                for offset in [i64::MIN, -1, 0, 1, i64::MAX] {
                    clock(resolution, offset).time(ticks);
                }
            }
        }
        assert_eq!(clock(127, 0).time(u64::MAX - 1).nanos(), 0);
        assert_eq!(clock(0xff, 0).time(u64::MAX).nanos(), 0);
    }

    #[test]
    fn a_name_is_cut_between_characters() {
        let name = "\u{e9}".repeat(MAX_NAME);
        let interface = Interface::new(Some(&name[..name.len() - 2]), LinkType::Ethernet, 0);
        assert_eq!(interface.name.map(|name| name.len()), Some(MAX_NAME));
        let interface = Interface::new(Some(&format!("x{name}")), LinkType::Ethernet, 0);
        assert_eq!(interface.name.map(|name| name.len()), Some(MAX_NAME - 1));
    }
}
