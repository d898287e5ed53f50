//! The trace context of a request: `traceparent` (W3C Trace Context Level 2), `b3` and `X-B3-…`
//! (Zipkin), `X-Amzn-Trace-Id` (X-Ray and the load balancers of AWS).

use crate::record::SpanContext;

/// `sampled` and `random-trace-id` (W3C Trace Context Level 2 §3.2.2.5). Others have no meaning yet, and are not repeated.
const KNOWN_FLAGS: u8 = 3;
const SAMPLED: u8 = 1;

/// What the fields of one request say, their names in any case: the context of the first of `traceparent`, `b3`, `X-B3-…`
/// and `X-Amzn-Trace-Id` that has one. Load balancers write a trace id without a span; its span id is zeros.
pub fn read<'a>(fields: impl IntoIterator<Item = (&'a [u8], &'a [u8])>) -> Option<SpanContext> {
    let (mut parent, mut single, mut amazon) = (Field::default(), Field::default(), Field::default());
    let (mut trace, mut span, mut sampled, mut debug) =
        (Field::default(), Field::default(), Field::default(), Field::default());
    for (name, value) in fields {
        let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
        match name.first() {
            Some(b't' | b'T') if is("traceparent") => parent.add(value),
            Some(b'b' | b'B') if is("b3") => single.add(value),
            Some(b'x' | b'X') if is("x-amzn-trace-id") => amazon.add(value),
            Some(b'x' | b'X') if is("x-b3-traceid") => trace.add(value),
            Some(b'x' | b'X') if is("x-b3-spanid") => span.add(value),
            Some(b'x' | b'X') if is("x-b3-sampled") => sampled.add(value),
            Some(b'x' | b'X') if is("x-b3-flags") => debug.add(value),
            _ => {}
        }
    }
    let parent = parent.value().and_then(traceparent);
    parent
        .or_else(|| b3_single(single.value()?))
        .or_else(|| b3_multiple(trace.value()?, span.value()?, sampled.value(), debug.value()))
        .or_else(|| amzn_trace_id(amazon.value()?))
}

/// A field that may be there once. If it is there twice, nobody knows which one counts, unless they are the same.
#[derive(Debug, Clone, Copy, Default)]
struct Field<'a> {
    value: Option<&'a [u8]>,
    contradicted: bool,
}

impl<'a> Field<'a> {
    fn add(&mut self, value: &'a [u8]) {
        let value = value.trim_ascii();
        self.contradicted |= self.value.is_some_and(|known| known != value);
        self.value = Some(value);
    }

    fn value(self) -> Option<&'a [u8]> {
        self.value.filter(|_| !self.contradicted)
    }
}

/// A `traceparent`. One of a later version is read as far as this one goes (§3.2.4); there is no version 255.
pub fn traceparent(value: &[u8]) -> Option<SpanContext> {
    let (known, rest) = value.trim_ascii().split_at_checked(55)?;
    let (version, known) = known.split_at_checked(2)?;
    let version = u8::from_be_bytes(hex(version, Case::Lower)?);
    if version == 0xff || (version == 0 && !rest.is_empty()) || !matches!(rest.first(), None | Some(b'-')) {
        return None;
    }
    let (trace_id, known) = known.strip_prefix(b"-")?.split_at_checked(32)?;
    let (span_id, known) = known.strip_prefix(b"-")?.split_at_checked(16)?;
    let [flags] = hex(known.strip_prefix(b"-")?, Case::Lower)?;
    context(hex(trace_id, Case::Lower)?, hex(span_id, Case::Lower)?, flags & KNOWN_FLAGS)
}

/// A `b3` field: trace id, span id, and perhaps whether it is sampled and the parent's span id. One that says only whether
/// it is sampled names no span.
pub fn b3_single(value: &[u8]) -> Option<SpanContext> {
    let mut parts = value.trim_ascii().split(|&byte| byte == b'-');
    let (trace_id, span_id) = (parts.next()?, parts.next()?);
    let sampled = parts.next();
    let parent: Option<[u8; 8]> = match parts.next() {
        None => None,
        Some(parent) => Some(hex(parent, Case::Any)?),
    };
    if parts.next().is_some() || parent == Some([0; 8]) {
        return None;
    }
    let flags = match sampled {
        None | Some(b"0") => 0,
        Some(b"1" | b"d") => SAMPLED,
        Some(_) => return None,
    };
    context(b3_trace_id(trace_id)?, hex(span_id, Case::Any)?, flags)
}

/// `X-B3-TraceId`, `X-B3-SpanId`, `X-B3-Sampled` and `X-B3-Flags`.
pub fn b3_multiple(
    trace_id: &[u8],
    span_id: &[u8],
    sampled: Option<&[u8]>,
    debug: Option<&[u8]>,
) -> Option<SpanContext> {
    // Early senders wrote words.
    let sampled = debug == Some(b"1") || sampled.is_some_and(|it| it == b"1" || it.eq_ignore_ascii_case(b"true"));
    context(b3_trace_id(trace_id)?, hex(span_id, Case::Any)?, u8::from(sampled))
}

/// An `X-Amzn-Trace-Id`: `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1`, in any order. What
/// a load balancer writes has no `Parent`; the span id is zeros then.
pub fn amzn_trace_id(value: &[u8]) -> Option<SpanContext> {
    let (mut trace_id, mut span_id, mut flags) = (None, [0; 8], 0);
    for part in value.split(|&byte| byte == b';') {
        let part = part.trim_ascii();
        let Some(equals) = part.iter().position(|&byte| byte == b'=') else { continue };
        let (name, value) = (&part[..equals], &part[equals + 1..]);
        if name.eq_ignore_ascii_case(b"root") {
            let (time, rest) = value.strip_prefix(b"1-")?.split_at_checked(8)?;
            let (time, rest): ([u8; 4], [u8; 12]) = (hex(time, Case::Any)?, hex(rest.strip_prefix(b"-")?, Case::Any)?);
            let mut id = [0; 16];
            id[..4].copy_from_slice(&time);
            id[4..].copy_from_slice(&rest);
            trace_id = Some(id);
        } else if name.eq_ignore_ascii_case(b"parent") {
            // A parent that cannot be read is none.
            span_id = hex(value, Case::Any).unwrap_or_default();
        } else if name.eq_ignore_ascii_case(b"sampled") {
            flags = u8::from(value == b"1");
        }
    }
    let trace_id = trace_id.filter(|id| *id != [0; 16])?;
    Some(SpanContext { trace_id, span_id, flags })
}

fn context(trace_id: [u8; 16], span_id: [u8; 8], flags: u8) -> Option<SpanContext> {
    let valid = trace_id != [0; 16] && span_id != [0; 8];
    valid.then_some(SpanContext { trace_id, span_id, flags })
}

/// Of 128 bits, or of 64 with zeros in front.
fn b3_trace_id(digits: &[u8]) -> Option<[u8; 16]> {
    match digits.len() {
        16 => {
            let low: [u8; 8] = hex(digits, Case::Any)?;
            Some(u128::from(u64::from_be_bytes(low)).to_be_bytes())
        }
        _ => hex(digits, Case::Any),
    }
}

/// Which digits are allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Case {
    Lower,
    Any,
}

/// Exactly so many bytes in hexadecimal digits.
fn hex<const N: usize>(digits: &[u8], case: Case) -> Option<[u8; N]> {
    if digits.len() != 2 * N {
        return None;
    }
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' if case == Case::Any => Some(byte - b'A' + 10),
        _ => None,
    };
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests;
