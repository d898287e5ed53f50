//! Frames, byte by byte.

use crate::flow::Side;
use crate::protocol::hpack::tests::encoder::{Block, Encoder, ordinary};

/// One frame.
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// SETTINGS with such parameters.
pub fn settings(parameters: &[(u16, u32)]) -> Vec<u8> {
    let payload: Vec<u8> = parameters
        .iter()
        .flat_map(|(name, value)| [&name.to_be_bytes()[..], &value.to_be_bytes()[..]].concat())
        .collect();
    frame(4, 0, 0, &payload)
}

pub fn settings_ack() -> Vec<u8> {
    frame(4, 1, 0, &[])
}

/// What each end begins with.
pub fn opening(side: Side) -> Vec<u8> {
    match side {
        Side::Client => [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &settings(&[])[..]].concat(),
        Side::Server => settings(&[]),
    }
}

/// How a header block is laid out in frames.
#[derive(Debug, Clone, Default)]
pub struct Layout {
    pub padding: Option<u8>,
    pub priority: bool,
    /// Octets of the block in each frame; one frame if 0.
    pub fragment: usize,
}

pub struct Writer {
    encoder: Encoder,
}

impl Writer {
    pub fn new() -> Self {
        Writer { encoder: Encoder::new() }
    }

    /// A block of fields without its frames.
    pub fn block(&mut self, fields: &[(&str, &str)]) -> Vec<u8> {
        self.encoder.encode(&ordinary(fields))
    }

    pub fn headers(&mut self, stream: u32, fields: &[(&str, &str)], end_stream: bool) -> Vec<u8> {
        self.headers_of(stream, &ordinary(fields), end_stream, &Layout::default())
    }

    pub fn headers_of(&mut self, stream: u32, block: &Block, end_stream: bool, layout: &Layout) -> Vec<u8> {
        let block = self.encoder.encode(block);
        let length = if layout.fragment == 0 { block.len().max(1) } else { layout.fragment };
        let mut fragments = block.chunks(length);
        let first = fragments.next().unwrap_or_default();
        let mut rest: Vec<&[u8]> = fragments.collect();

        let mut flags = u8::from(end_stream);
        let mut payload = Vec::new();
        if let Some(padding) = layout.padding {
            flags |= 0x8;
            payload.push(padding);
        }
        if layout.priority {
            flags |= 0x20;
            payload.extend([0, 0, 0, 0, 16]);
        }
        payload.extend(first);
        payload.resize(payload.len() + usize::from(layout.padding.unwrap_or(0)), 0);
        flags |= if rest.is_empty() { 0x4 } else { 0 };
        let mut out = frame(1, flags, stream, &payload);
        let last = rest.pop();
        rest.iter().for_each(|fragment| out.extend(frame(9, 0, stream, fragment)));
        last.iter().for_each(|fragment| out.extend(frame(9, 4, stream, fragment)));
        out
    }

    pub fn push_promise(&mut self, stream: u32, promised: u32, fields: &[(&str, &str)]) -> Vec<u8> {
        let block = self.block(fields);
        frame(5, 4, stream, &[&promised.to_be_bytes()[..], &block].concat())
    }
}
