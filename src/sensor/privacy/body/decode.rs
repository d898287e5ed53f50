//! Content codings (RFC 9110 §8.4.1).

use std::io::Read;

use flate2::read::{DeflateDecoder, GzDecoder, ZlibDecoder};

use super::Stretch;
use crate::sensor::privacy::FailClosed;

/// How many times longer content may become. What grows more is meant to do harm, or says nothing.
const MAX_RATIO: usize = 100;

/// Decodes content into `decoded`, at most `limit` bytes of it. What is not coded stays where it is.
pub fn decode<'a>(
    coding: &[u8],
    content: Stretch<'a>,
    limit: usize,
    decoded: &'a mut Vec<u8>,
) -> Result<Stretch<'a>, FailClosed> {
    let is = |name: &str| coding.trim_ascii().eq_ignore_ascii_case(name.as_bytes());
    let Stretch { bytes, truncated } = content;
    let cut = if coding.trim_ascii().is_empty() || is("identity") {
        return Ok(content);
    } else if is("gzip") || is("x-gzip") {
        inflate(GzDecoder::new(bytes), content, limit, decoded)?
    } else if is("deflate") && has_zlib_header(bytes) {
        inflate(ZlibDecoder::new(bytes), content, limit, decoded)?
    } else if is("deflate") {
        inflate(DeflateDecoder::new(bytes), content, limit, decoded)?
    } else {
        return Err(FailClosed::Encoding);
    };
    Ok(Stretch { bytes: decoded, truncated: truncated || cut })
}

/// Says whether there was more than the limit.
fn inflate(
    mut decoder: impl Read,
    content: Stretch<'_>,
    limit: usize,
    decoded: &mut Vec<u8>,
) -> Result<bool, FailClosed> {
    const STEP: usize = 4 << 10;
    let mut buffer = [0; STEP];
    loop {
        let read = match decoder.read(&mut buffer) {
            Ok(0) => return Ok(false),
            Ok(read) => read,
            // The end is missing, as is to be expected.
            Err(_) if content.truncated && !decoded.is_empty() => return Ok(true),
            Err(_) => return Err(FailClosed::Encoding),
        };
        if decoded.len() + read > content.bytes.len() * MAX_RATIO {
            return Err(FailClosed::Bomb);
        }
        let room = limit - decoded.len();
        decoded.extend_from_slice(&buffer[..read.min(room)]);
        if read > room {
            return Ok(true);
        }
    }
}

/// RFC 1950 §2.2. Some servers leave it out.
fn has_zlib_header(bytes: &[u8]) -> bool {
    matches!(*bytes, [method, flags, ..] if method & 0x0f == 8 && (u16::from(method) << 8 | u16::from(flags)) % 31 == 0)
}
