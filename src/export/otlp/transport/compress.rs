//! Bodies, compressed.

use std::io::{self, Read, Write};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use super::Format;
use super::envelope::Section;
use super::options::MOST_REQUEST_BYTES;

/// Ten times fewer bytes than the spans have; higher levels gain nothing.
const LEVEL: u32 = 6;

/// The request of these sections, compressed, and how long it was before.
pub fn request(format: Format, sections: &[Section<'_>]) -> io::Result<(Vec<u8>, usize)> {
    let len = sections.iter().map(|section| format.encoded_len(section)).sum::<usize>();
    // Mostly this is enough, and growing by copying needs twice the memory for a moment.
    let mut encoder = GzEncoder::new(Vec::with_capacity(len / 6 + 64), Compression::new(LEVEL));
    let mut result = Ok(());
    format.write(sections, &mut |piece| {
        if result.is_ok() {
            result = encoder.write_all(piece);
        }
    });
    result?;
    let mut body = encoder.finish()?;
    body.shrink_to_fit();
    Ok((body, len))
}

/// The request in a body, if it has no more than so many bytes.
pub fn expand(body: &[u8], len: usize) -> Option<Vec<u8>> {
    let mut request = Vec::with_capacity(len);
    let read = GzDecoder::new(body).take(len as u64 + 1).read_to_end(&mut request).ok()?;
    (read <= len).then_some(request)
}

/// The whole request in a body that [`request`] has made.
pub fn expand_all(body: &[u8]) -> Option<Vec<u8>> {
    // RFC 1952 §2.3.1: the last four bytes say how long it was.
    let len = u32::from_le_bytes(*body.last_chunk()?) as usize;
    // A single item may make a request too large by what surrounds it.
    expand(body, len.min(2 * MOST_REQUEST_BYTES))
}

#[cfg(test)]
mod tests {
    use super::super::envelope;
    use super::*;

    #[test]
    fn what_is_compressed_expands_to_no_more_than_was_said() {
        let item = [1; 5000];
        let sections = [Section { resource: b"resource", items: vec![&item; 20], ..Default::default() }];
        let (body, len) = request(Format::Otlp, &sections).unwrap();
        assert!(len > 100_000 && body.len() < 1000);
        assert_eq!(envelope::read(&expand(&body, len).unwrap()).unwrap(), sections);
        assert_eq!(expand_all(&body), expand(&body, len));
        assert_eq!(expand(&body, len - 1), None);
        assert_eq!(expand(&body[..body.len() / 2], len), None);
    }
}
