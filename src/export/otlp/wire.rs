//! Writes Protocol Buffers into a buffer, without building the message first.
//!
//! A span has some fifty attributes; as values of Rust's they would be a hundred allocations for one transaction. The
//! tests decode what is written here with the types that are generated of OpenTelemetry's `.proto` files.
//!
//! Source: the Protocol Buffers encoding specification. Fields are written in any order that suits; readers accept all.

/// How the bytes after a key are to be read.
const VARINT: u8 = 0;
const FIXED64: u8 = 1;
const LEN: u8 = 2;
const FIXED32: u8 = 5;

/// Most bytes of a varint of 64 bits.
const MAX_VARINT: usize = 10;

/// A varint: seven bits a byte, the lowest first.
#[inline]
fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// What a field begins with.
#[inline]
fn key(out: &mut Vec<u8>, field: u32, wire_type: u8) {
    varint(out, u64::from(field) << 3 | u64::from(wire_type));
}

/// A field of type `int64`, `uint32`, `bool` or an enumeration.
#[inline]
pub fn integer(out: &mut Vec<u8>, field: u32, value: i64) {
    key(out, field, VARINT);
    // Negative numbers are ten bytes long.
    varint(out, value as u64);
}

/// A field of type `fixed64`.
#[inline]
pub fn fixed64(out: &mut Vec<u8>, field: u32, value: u64) {
    key(out, field, FIXED64);
    out.extend_from_slice(&value.to_le_bytes());
}

/// A field of type `double`.
#[inline]
pub fn double(out: &mut Vec<u8>, field: u32, value: f64) {
    fixed64(out, field, value.to_bits());
}

/// A field of type `fixed32`.
#[inline]
pub fn fixed32(out: &mut Vec<u8>, field: u32, value: u32) {
    key(out, field, FIXED32);
    out.extend_from_slice(&value.to_le_bytes());
}

/// A field of type `bytes`.
#[inline]
pub fn bytes(out: &mut Vec<u8>, field: u32, value: &[u8]) {
    key(out, field, LEN);
    varint(out, value.len() as u64);
    out.extend_from_slice(value);
}

/// A field of type `string`. What is not UTF-8 in it becomes U+FFFD, as readers refuse the whole request otherwise.
#[inline]
pub fn text(out: &mut Vec<u8>, field: u32, value: &[u8]) {
    match value.is_ascii() || std::str::from_utf8(value).is_ok() {
        true => bytes(out, field, value),
        false => bytes(out, field, String::from_utf8_lossy(value).as_bytes()),
    }
}

/// A field that is a message, or a string that is written in parts.
#[inline]
pub fn message(out: &mut Vec<u8>, field: u32, write: impl FnOnce(&mut Vec<u8>)) {
    key(out, field, LEN);
    let place = out.len();
    // Most are shorter than 128 bytes, whose length is one byte.
    out.push(0);
    write(out);
    let len = out.len().saturating_sub(place + 1);
    match (u8::try_from(len), out.get_mut(place)) {
        (Ok(short @ ..0x80), Some(length)) => *length = short,
        _ => lengthen(out, place, len),
    }
}

/// Puts a length of more than one byte where there is room for one.
fn lengthen(out: &mut Vec<u8>, place: usize, len: usize) {
    let mut length = Vec::with_capacity(MAX_VARINT);
    varint(&mut length, len as u64);
    out.splice(place..=place, length);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use prost::Message as _;

    use super::*;

    /// What protobuf's own reader makes of it: a message with one field of bytes.
    #[derive(Clone, PartialEq, prost::Message)]
    struct Inner {
        #[prost(bytes = "vec", tag = "1")]
        bytes: Vec<u8>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    struct Outer {
        #[prost(int64, tag = "1")]
        integer: i64,
        #[prost(fixed64, tag = "2")]
        fixed64: u64,
        #[prost(double, tag = "3")]
        double: f64,
        #[prost(fixed32, tag = "16")]
        fixed32: u32,
        #[prost(string, tag = "5")]
        text: String,
        #[prost(message, optional, tag = "2000")]
        inner: Option<Inner>,
    }

    proptest! {
        #[test]
        fn another_reader_finds_what_was_written(
            (int, fixed, float, short) in any::<(i64, u64, f64, u32)>(),
            string in ".{0,200}",
            inner in proptest::collection::vec(any::<u8>(), 0..20_000),
        ) {
            let mut out = Vec::new();
            integer(&mut out, 1, int);
            fixed64(&mut out, 2, fixed);
            double(&mut out, 3, float);
            fixed32(&mut out, 16, short);
            text(&mut out, 5, string.as_bytes());
            message(&mut out, 2000, |out| bytes(out, 1, &inner));
            let outer = Outer::decode(&out[..]).unwrap();
            prop_assert_eq!(outer.double.to_bits(), float.to_bits());
            let inner = Some(Inner { bytes: inner });
            let expected = Outer { integer: int, fixed64: fixed, double: outer.double, fixed32: short, text: string, inner };
            prop_assert_eq!(outer, expected);
        }

        #[test]
        fn any_bytes_become_text(wire in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut out = Vec::new();
            text(&mut out, 5, &wire);
            prop_assert_eq!(Outer::decode(&out[..]).unwrap().text, String::from_utf8_lossy(&wire));
        }
    }

    #[test]
    fn lengths_are_as_short_as_they_can_be() {
        for (len, head) in [(0, 2), (127, 2), (128, 3), (16_383, 3), (16_384, 4)] {
            let mut out = Vec::new();
            message(&mut out, 1, |out| out.resize(out.len() + len, b'a'));
            assert_eq!(out.len(), head + len);
            assert_eq!(Inner::decode(&out[..]).unwrap().bytes.len(), len);
        }
    }
}
