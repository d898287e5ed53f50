//! Writes JSON (RFC 8259) into a buffer. Text from the wire need not be UTF-8; what is not becomes U+FFFD.

/// The name of a member, with all that JSON wants around it: `,"name":`.
macro_rules! member {
    ($name:literal) => {
        concat!(",\"", $name, "\":").as_bytes()
    };
}
pub(crate) use member;

/// A string with its quotes.
#[inline]
pub fn string(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    // To the end in any case: without a branch for each byte, many are looked at together.
    if text.iter().fold(true, |plain, &byte| plain & is_plain(byte)) {
        out.extend_from_slice(text);
    } else {
        escaped(out, text);
    }
    out.push(b'"');
}

/// Whether JSON shows a byte as it is.
#[inline]
fn is_plain(byte: u8) -> bool {
    (b' '..0x7f).contains(&byte) & (byte != b'"') & (byte != b'\\')
}

#[cold]
fn escaped(out: &mut Vec<u8>, text: &[u8]) {
    for chunk in text.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '"' => out.extend_from_slice(b"\\\""),
                '\\' => out.extend_from_slice(b"\\\\"),
                '\n' => out.extend_from_slice(b"\\n"),
                '\r' => out.extend_from_slice(b"\\r"),
                '\t' => out.extend_from_slice(b"\\t"),
                // DEL and the C1 controls are allowed, and could still rewrite a terminal.
                control if control.is_control() => {
                    out.extend_from_slice(format!("\\u{:04x}", control as u32).as_bytes());
                }
                other => out.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        if !chunk.invalid().is_empty() {
            out.extend_from_slice("\u{fffd}".as_bytes());
        }
    }
}

/// A whole number.
#[inline]
pub fn number(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Nanoseconds as seconds, without zeros at the end.
#[inline]
pub fn seconds(out: &mut Vec<u8>, nanos: u64) {
    decimal::<9>(out, nanos);
}

/// Nanoseconds as milliseconds, without zeros at the end.
#[inline]
pub fn milliseconds(out: &mut Vec<u8>, nanos: u64) {
    decimal::<6>(out, nanos);
}

/// A number whose last so many digits, at most 19, are a fraction.
#[inline]
fn decimal<const DIGITS: usize>(out: &mut Vec<u8>, value: u64) {
    let one = const { 10_u64.pow(DIGITS as u32) };
    number(out, value / one);
    let fraction = value % one;
    if fraction == 0 {
        return;
    }
    // A one in front keeps the zeros behind the point.
    let mut buffer = itoa::Buffer::new();
    let digits = &buffer.format(fraction + one).as_bytes()[1..];
    let len = digits.iter().rposition(|&digit| digit != b'0').map_or(0, |last| last + 1);
    out.push(b'.');
    out.extend_from_slice(&digits[..len]);
}

const NANOS_A_SECOND: u64 = 1_000_000_000;

/// A time as RFC 3339 writes it, in UTC with nine digits. Times of the same second are cheap.
#[derive(Debug, Default)]
pub struct Rfc3339 {
    second: u64,
    text: String,
}

impl Rfc3339 {
    /// Writes a time with its quotes.
    #[inline]
    pub fn write(&mut self, out: &mut Vec<u8>, unix_nanos: u64) {
        let second = unix_nanos / NANOS_A_SECOND;
        if second != self.second || self.text.is_empty() {
            let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(second);
            self.text = humantime::format_rfc3339_seconds(time).to_string();
            self.text.pop();
            self.second = second;
        }
        out.push(b'"');
        out.extend_from_slice(self.text.as_bytes());
        out.push(b'.');
        // A one in front keeps the zeros behind the point.
        let mut buffer = itoa::Buffer::new();
        out.extend_from_slice(&buffer.format(unix_nanos % NANOS_A_SECOND + NANOS_A_SECOND).as_bytes()[1..]);
        out.extend_from_slice(b"Z\"");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn durations_lose_nothing_but_zeros() {
        for (nanos, in_seconds, in_milliseconds) in [
            (0, "0", "0"),
            (1, "0.000000001", "0.000001"),
            (1_500_000, "0.0015", "1.5"),
            (60_000_000_000, "60", "60000"),
            (u64::MAX, "18446744073.709551615", "18446744073709.551615"),
        ] {
            assert_eq!(written(|out| seconds(out, nanos)), in_seconds);
            assert_eq!(written(|out| milliseconds(out, nanos)), in_milliseconds);
        }
    }
}
