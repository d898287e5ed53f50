//! The parts of a form (RFC 7578): of each its name and its size.

use memchr::memmem::Finder;

use super::{Stretch, kind};
use crate::sensor::privacy::{FailClosed, Location, Privacy};

/// More parts than these are only counted.
const MAX_PARTS: usize = 64;

/// One line a part: `name: 12 bytes`.
pub fn describe(
    privacy: &mut Privacy,
    content_type: &str,
    content: Stretch<'_>,
    out: &mut String,
) -> Result<(), FailClosed> {
    // RFC 2046 §5.1.1.
    const LONGEST_BOUNDARY: usize = 70;
    let boundary = kind::parameter(content_type, "boundary").filter(|boundary| !boundary.is_empty());
    let boundary = boundary.filter(|boundary| boundary.len() <= LONGEST_BOUNDARY).ok_or(FailClosed::Malformed)?;
    let delimiter = format!("--{boundary}");
    let finder = Finder::new(&delimiter);
    let starts = finder.find_iter(content.bytes).map(|at| at + delimiter.len());
    let mut starts: Vec<usize> = starts.take(MAX_PARTS + 1).collect();
    if starts.is_empty() {
        return Err(FailClosed::Malformed);
    }
    if content.truncated && starts.len() <= MAX_PARTS {
        starts.push(content.bytes.len() + delimiter.len() + 2);
    }
    for pair in starts.windows(2) {
        let end = (pair[1] - delimiter.len()).saturating_sub(2).min(content.bytes.len());
        let Some(part) = content.bytes.get(pair[0]..end) else { continue };
        let head_end = memchr::memmem::find(part, b"\r\n\r\n");
        let head = &part[..head_end.unwrap_or(part.len())];
        let size = head_end.map_or(0, |head_end| part.len() - head_end - 4);
        let name = name_of(head).filter(|name| privacy.is_plain_name(Location::Body, name));
        let name = name.and_then(|name| std::str::from_utf8(name).ok()).unwrap_or("REDACTED");
        out.push_str(name);
        out.push_str(": ");
        out.push_str(itoa::Buffer::new().format(size));
        out.push_str(" bytes\n");
    }
    Ok(())
}

/// The `name` of a `Content-Disposition`.
fn name_of(head: &[u8]) -> Option<&[u8]> {
    const BEFORE: &[u8] = b" name=\"";
    let from = memchr::memmem::find(head, BEFORE)? + BEFORE.len();
    let end = memchr::memchr(b'"', &head[from..])?;
    Some(&head[from..from + end])
}
