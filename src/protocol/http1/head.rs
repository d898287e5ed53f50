//! Reads a header block, and what it says about the message's length (RFC 9112 §3 to §6).

use std::mem::MaybeUninit;

use httparse::{Header, Status};

use super::anomaly::{Anomalies, Anomaly};
use crate::flow::Side;

/// Fields that one message may have.
const MAX_FIELDS: usize = 256;

/// The start line and fields of a message, as it has them.
#[derive(Debug)]
pub struct Head<'h, 'b> {
    pub start: StartLine<'b>,
    /// 0 for HTTP/1.0, 1 for HTTP/1.1.
    pub minor_version: u8,
    pub fields: &'h [Header<'b>],
    pub length: Length,
    /// The protocols that an Upgrade field names.
    pub upgrade: Option<&'b [u8]>,
    pub host: Option<&'b [u8]>,
    pub anomalies: Anomalies,
}

/// The first line.
#[derive(Debug, Clone, Copy)]
pub enum StartLine<'b> {
    Request { method: &'b str, target: &'b str },
    Response { status: u16, reason: &'b str },
}

/// What the fields say about the body, before the request's method and the status have their say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// Neither Content-Length nor Transfer-Encoding.
    Unsaid,
    /// By Content-Length.
    Sized(u64),
    /// The last transfer coding is chunked.
    Chunked,
    /// Another transfer coding comes last: a response ends with the connection, a request cannot be read.
    OtherEncoding,
    /// Contradictory or unreadable: nobody can tell.
    Invalid,
}

/// What came of reading.
pub enum Read<T> {
    /// `T`, and the length of the block with its empty line.
    Whole(T, usize),
    /// The block is not complete.
    Partial,
    Unreadable(Anomaly),
}

/// Reads the block at the beginning of `bytes` and gives it to `then`.
pub fn read<T>(bytes: &[u8], side: Side, then: impl FnOnce(&Head<'_, '_>) -> T) -> Read<T> {
    match read_as_it_is(bytes, side, Anomalies::NONE, then) {
        Ok(read) => read,
        Err((error, then)) => read_mended(bytes, side, error, then),
    }
}

fn read_as_it_is<T, F: FnOnce(&Head<'_, '_>) -> T>(
    bytes: &[u8],
    side: Side,
    anomalies: Anomalies,
    then: F,
) -> Result<Read<T>, (httparse::Error, F)> {
    let mut room = [const { MaybeUninit::uninit() }; MAX_FIELDS];
    let (length, start, minor_version, fields) = match side {
        Side::Client => {
            let mut request = httparse::Request::new(&mut []);
            match request.parse_with_uninit_headers(bytes, &mut room) {
                Ok(Status::Complete(length)) => {
                    let start = StartLine::Request {
                        method: request.method.unwrap_or_default(),
                        target: request.path.unwrap_or_default(),
                    };
                    (length, start, request.version, &*request.headers)
                }
                Ok(Status::Partial) => return Ok(Read::Partial),
                Err(error) => return Err((error, then)),
            }
        }
        Side::Server => {
            let mut response = httparse::Response::new(&mut []);
            let config = httparse::ParserConfig::default();
            match config.parse_response_with_uninit_headers(&mut response, bytes, &mut room) {
                Ok(Status::Complete(length)) => {
                    let start = StartLine::Response {
                        status: response.code.unwrap_or_default(),
                        reason: response.reason.unwrap_or_default(),
                    };
                    (length, start, response.version, &*response.headers)
                }
                Ok(Status::Partial) => return Ok(Read::Partial),
                Err(error) => return Err((error, then)),
            }
        }
    };
    let head = examine(start, minor_version.unwrap_or(1), fields, anomalies, &bytes[..length]);
    Ok(Read::Whole(then(&head), length))
}

/// Reads a block with folded lines or white space before a colon by undoing that in a copy.
fn read_mended<T>(bytes: &[u8], side: Side, error: httparse::Error, then: impl FnOnce(&Head<'_, '_>) -> T) -> Read<T> {
    match error {
        httparse::Error::TooManyHeaders => return Read::Unreadable(Anomaly::HeadTooLong),
        httparse::Error::HeaderName | httparse::Error::HeaderValue | httparse::Error::NewLine => {}
        _ => return Read::Unreadable(Anomaly::Malformed),
    }
    let Some(length) = block_len(bytes) else { return Read::Partial };
    let mut copy = bytes[..length].to_vec();
    let mut anomalies = Anomalies::NONE;
    mend(&mut copy, &mut anomalies);
    if anomalies.is_empty() {
        return Read::Unreadable(Anomaly::Malformed);
    }
    match read_as_it_is(&copy, side, anomalies, then) {
        Ok(Read::Whole(head, _)) => Read::Whole(head, length),
        _ => Read::Unreadable(Anomaly::Malformed),
    }
}

/// The length of a header block up to and with its empty line.
pub fn block_len(bytes: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'\n', bytes).find_map(|line_end| match &bytes[line_end + 1..] {
        [b'\n', ..] => Some(line_end + 2),
        [b'\r', b'\n', ..] => Some(line_end + 3),
        _ => None,
    })
}

/// Unfolds lines, and drops white space before colons, by moving bytes towards the front.
fn mend(block: &mut Vec<u8>, anomalies: &mut Anomalies) {
    let mut kept: Vec<u8> = Vec::with_capacity(block.len());
    for line in block.split_inclusive(|&byte| byte == b'\n') {
        if matches!(line.first(), Some(b' ' | b'\t')) && !kept.is_empty() {
            anomalies.add(Anomaly::ObsFold);
            while matches!(kept.last(), Some(b'\r' | b'\n')) {
                kept.pop();
            }
            kept.push(b' ');
            kept.extend_from_slice(line.trim_ascii_start());
            if !kept.ends_with(b"\n") {
                kept.extend_from_slice(b"\r\n");
            }
            continue;
        }
        match line.iter().position(|&byte| byte == b':') {
            Some(colon) if colon > 0 && !kept.is_empty() && matches!(line[colon - 1], b' ' | b'\t') => {
                anomalies.add(Anomaly::SpaceBeforeColon);
                kept.extend_from_slice(line[..colon].trim_ascii_end());
                kept.extend_from_slice(&line[colon..]);
            }
            _ => kept.extend_from_slice(line),
        }
    }
    *block = kept;
}

/// Gathers what the fields say about framing.
fn examine<'h, 'b>(
    start: StartLine<'b>,
    minor_version: u8,
    fields: &'h [Header<'b>],
    mut anomalies: Anomalies,
    block: &[u8],
) -> Head<'h, 'b> {
    let mut length = Length::Unsaid;
    let mut encoding: Option<&[u8]> = None;
    let mut upgrade = None;
    let mut host = None;
    let mut hosts = 0;
    for field in fields {
        match field.name.len() {
            4 if field.name.eq_ignore_ascii_case("host") => {
                hosts += 1;
                host = host.or(Some(field.value));
            }
            7 if field.name.eq_ignore_ascii_case("upgrade") => upgrade = Some(field.value),
            14 if field.name.eq_ignore_ascii_case("content-length") => {
                length = add_length(length, field.value, &mut anomalies);
            }
            // Of several fields the last one has the last coding.
            17 if field.name.eq_ignore_ascii_case("transfer-encoding") => encoding = Some(field.value),
            _ => {}
        }
    }
    if matches!(start, StartLine::Request { .. }) && minor_version == 1 && hosts != 1 {
        anomalies.add(Anomaly::HostCount);
    }
    if let Some(encoding) = encoding {
        if length != Length::Unsaid {
            anomalies.add(Anomaly::LengthAndEncoding);
        }
        if minor_version == 0 {
            anomalies.add(Anomaly::EncodingInHttp10);
        }
        // Empty members of a list are none (RFC 9110 §5.6.1.2).
        let mut codings = encoding.rsplit(|&byte| byte == b',').map(<[u8]>::trim_ascii);
        let last = codings.find(|coding| !coding.is_empty()).unwrap_or_default();
        length = match last.eq_ignore_ascii_case(b"chunked") {
            true => Length::Chunked,
            false => Length::OtherEncoding,
        };
        if length == Length::OtherEncoding && matches!(start, StartLine::Request { .. }) {
            anomalies.add(Anomaly::UnknownEncoding);
        }
    }
    if !block.ends_with(b"\r\n\r\n") || fields.iter().any(|field| ends_in_lf(field, block)) {
        anomalies.add(Anomaly::BareLf);
    }
    Head { start, minor_version, fields, length, upgrade, host, anomalies }
}

/// Whether the field's line ends without a CR.
fn ends_in_lf(field: &Header<'_>, block: &[u8]) -> bool {
    let end = field.value.as_ptr().addr().wrapping_sub(block.as_ptr().addr()).wrapping_add(field.value.len());
    block.get(end) == Some(&b'\n')
}

/// Content-Length may be a list, if all its members are the same (RFC 9110 §8.6).
fn add_length(so_far: Length, value: &[u8], anomalies: &mut Anomalies) -> Length {
    let mut length = so_far;
    for member in value.split(|&byte| byte == b',') {
        length = match (length, digits(member.trim_ascii())) {
            (Length::Unsaid, Some(number)) => Length::Sized(number),
            (Length::Sized(before), Some(number)) if before == number => {
                anomalies.add(Anomaly::RepeatedLength);
                length
            }
            _ => {
                anomalies.add(Anomaly::InvalidLength);
                Length::Invalid
            }
        };
    }
    length
}

/// A number of digits alone; a sign or a leading blank is not one.
fn digits(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0_u64, |number, &byte| match byte {
        b'0'..=b'9' => number.checked_mul(10)?.checked_add(u64::from(byte - b'0')),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn length_of(fields: &str) -> Length {
        let block = format!("POST / HTTP/1.1\r\nHost: a\r\n{fields}\r\n");
        match read(block.as_bytes(), Side::Client, |head| head.length) {
            Read::Whole(length, len) => {
                assert_eq!(len, block.len());
                length
            }
            _ => panic!("unreadable: {fields}"),
        }
    }

    #[test]
    fn lengths_are_what_the_rules_say() {
        for (fields, length) in [
            ("", Length::Unsaid),
            ("Content-Length: 0\r\n", Length::Sized(0)),
            ("content-length:  12 \r\n", Length::Sized(12)),
            ("Content-Length: 18446744073709551615\r\n", Length::Sized(u64::MAX)),
            ("Content-Length: 18446744073709551616\r\n", Length::Invalid),
            ("Content-Length: \r\n", Length::Invalid),
            ("Content-Length: 1,\r\n", Length::Invalid),
            ("Content-Length: 1, 1\r\n", Length::Sized(1)),
            ("Content-Length: 1\r\nContent-Length: 1\r\n", Length::Sized(1)),
            ("Content-Length: 1\r\nContent-Length: 2\r\n", Length::Invalid),
            ("Content-Length: x\r\nContent-Length: 2\r\n", Length::Invalid),
            ("Transfer-Encoding: chunked\r\n", Length::Chunked),
            ("Transfer-Encoding: gzip, Chunked\r\n", Length::Chunked),
            ("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", Length::Chunked),
            ("Transfer-Encoding: chunked, gzip\r\n", Length::OtherEncoding),
            ("Transfer-Encoding: chunked, ,\r\n", Length::Chunked),
            ("Transfer-Encoding: gzip,\r\n", Length::OtherEncoding),
            ("Transfer-Encoding: \r\n", Length::OtherEncoding),
            ("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", Length::Chunked),
            ("Content-Length: 5\r\n , 5\r\n", Length::Sized(5)),
            ("Content-Length : 5\r\n", Length::Sized(5)),
        ] {
            assert_eq!(length_of(fields), length, "{fields}");
        }
    }

    #[test]
    fn a_block_ends_at_its_empty_line() {
        assert_eq!(block_len(b"a\r\nb\r\n\r\nrest"), Some(8));
        assert_eq!(block_len(b"a\n\nrest"), Some(3));
        assert_eq!(block_len(b"a\n\r\nrest"), Some(4));
        assert_eq!(block_len(b"a\r\n\r"), None);
        assert_eq!(block_len(b""), None);
    }

    fn near_head() -> impl Strategy<Value = Vec<u8>> {
        let parts = vec![
            "GET / HTTP/1.1\r\n",
            "HTTP/1.1 200 OK\r\n",
            "HTTP/1.0 200\r\n",
            "Host: a\r\n",
            "X: y\n",
            " fold\r\n",
            "X : y\r\n",
            "\r\n",
            "\n",
            "\r",
            ":",
            "\0",
            "\t",
            "Content-Length: 9\r\n",
            "GET",
            " ",
            "/",
            "HTTP/1.1",
            "é",
        ];
        prop::collection::vec(prop::sample::select(parts), 0..12).prop_map(|parts| parts.concat().into_bytes())
    }

    proptest! {
        /// A block in parts is searched for its end and read once; in one piece it is read at once.
        #[test]
        fn a_block_that_can_be_read_ends_where_its_empty_line_is(bytes in near_head(), server in any::<bool>()) {
            let side = if server { Side::Server } else { Side::Client };
            let start = bytes.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(bytes.len());
            let bytes = &bytes[start..];
            if let Read::Whole((), len) = read(bytes, side, |_| ()) {
                prop_assert_eq!(Some(len), block_len(bytes));
            }
        }
    }
}
