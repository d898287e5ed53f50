//! What a reader reports.

/// Whether a message is text or bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MessageKind {
    Text,
    Binary,
}

/// Something that came to its end in one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event<'a> {
    /// A whole message.
    Message {
        kind: MessageKind,
        /// Payload as sent, that is, compressed where `compressed`.
        bytes: u64,
        /// Frames it was made of, without control frames in between.
        frames: u32,
        /// By `permessage-deflate` (RFC 7692 §6).
        compressed: bool,
    },
    Ping,
    Pong,
    Close {
        /// Why, if the frame says so (RFC 6455 §7.4).
        code: Option<u16>,
        /// As far as it is UTF-8; at most 123 bytes.
        reason: &'a str,
    },
    /// Something against the protocol. The reader goes on.
    Anomaly(Anomaly),
    /// The reader cannot tell where the next frame begins, and takes all bytes from now on.
    Lost,
}

/// What is against the protocol. Sections are those of RFC 6455.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Anomaly {
    /// An opcode without a meaning (§5.2). The frame is stepped over.
    ReservedOpcode(u8),
    /// Reserved bits that no extension in use accounts for (§5.2), as the lower three bits of the number.
    ReservedBits(u8),
    /// A control frame without FIN (§5.5).
    FragmentedControl,
    /// A control frame of more than 125 bytes (§5.5).
    LongControl,
    /// A length of more than 63 bits (§5.2). The reader is lost.
    LengthTopBit,
    /// A length in more bytes than it needs (§5.2).
    NonMinimalLength,
    /// A client must mask (§5.1).
    UnmaskedClient,
    /// A server must not mask (§5.1).
    MaskedServer,
    /// A continuation of nothing (§5.4). Its payload counts for no message.
    StrayContinuation,
    /// A message began before the last one ended (§5.4), which is given up.
    UnfinishedMessage,
    /// A close frame with half a code, with a code that must not be sent, or with a reason that is not UTF-8 (§5.5.1,
    /// §7.4).
    InvalidClose,
    /// A frame after the close frame (§5.5.1).
    AfterClose,
}

impl Anomaly {
    /// As records show it.
    pub const fn name(self) -> &'static str {
        match self {
            Anomaly::ReservedOpcode(_) => "reserved_opcode",
            Anomaly::ReservedBits(_) => "reserved_bits",
            Anomaly::FragmentedControl => "fragmented_control_frame",
            Anomaly::LongControl => "long_control_frame",
            Anomaly::LengthTopBit => "length_top_bit",
            Anomaly::NonMinimalLength => "non_minimal_length",
            Anomaly::UnmaskedClient => "unmasked_client_frame",
            Anomaly::MaskedServer => "masked_server_frame",
            Anomaly::StrayContinuation => "stray_continuation",
            Anomaly::UnfinishedMessage => "unfinished_message",
            Anomaly::InvalidClose => "invalid_close",
            Anomaly::AfterClose => "frame_after_close",
        }
    }
}

/// What one direction amounts to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Whole text messages.
    pub text_messages: u64,
    /// Whole binary messages.
    pub binary_messages: u64,
    /// Frames whose header was read, control frames among them.
    pub frames: u64,
    /// Bytes of payload that passed or are known to be missing, of every frame.
    pub payload_bytes: u64,
    pub pings: u64,
    pub pongs: u64,
    pub anomalies: u64,
    /// Of the first close frame that has one.
    pub close_code: Option<u16>,
}

impl Totals {
    pub(super) fn count(&mut self, event: &Event<'_>) {
        match event {
            Event::Message { kind: MessageKind::Text, .. } => self.text_messages += 1,
            Event::Message { kind: MessageKind::Binary, .. } => self.binary_messages += 1,
            Event::Ping => self.pings += 1,
            Event::Pong => self.pongs += 1,
            Event::Close { code, .. } => self.close_code = self.close_code.or(*code),
            Event::Anomaly(_) => self.anomalies += 1,
            Event::Lost => {}
        }
    }
}
