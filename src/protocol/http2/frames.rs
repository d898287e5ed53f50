//! What each frame means, RFC 9113 §6, header blocks apart.

use super::anomaly::Anomalies;
use super::connection::{Connection, Turn};
use super::direction::{Frame, More, PartialHeader, Role, Walk};
use super::event::{Gap, Sink};
use super::frame::{ACK, END_HEADERS, END_STREAM, FrameHeader, Kind};
use super::settings::LARGEST_FRAME;
use crate::flow::Side;
use crate::packet::Timestamp;

impl Connection {
    /// A frame's header has come.
    pub(super) fn begin_frame<S: Sink>(&mut self, turn: &mut Turn<'_, S>, header: FrameHeader, started: Timestamp) {
        if self.is_no_frame(turn, &header) {
            return self.lose_frames(turn);
        }
        let allowed = self.direction(turn.from.peer()).settings.frame_size();
        turn.anomaly(header.stream, Anomalies::FRAME_SIZE.when(header.length > allowed));

        let valid = header.length_fits() && header.stream_fits();
        turn.anomaly(header.stream, Anomalies::FRAME_SIZE.when(!header.length_fits()));
        turn.anomaly(header.stream, Anomalies::WRONG_STREAM.when(!header.stream_fits()));
        let continues = self.block_continues(turn, &header);
        let role = match header.kind {
            _ if !valid => {
                if header.is_of_block() {
                    self.abandon_block(turn);
                }
                Role::Ignored
            }
            Kind::Data => self.begin_data(turn, header.stream),
            Kind::Headers | Kind::PushPromise => self.begin_block(turn, &header, started),
            Kind::Continuation if continues => self.continue_block(turn),
            Kind::RstStream => Role::Reset,
            Kind::Settings if header.has(ACK) => Role::SettingsAck,
            Kind::Settings => Role::Settings,
            Kind::GoAway => Role::GoAway,
            Kind::Continuation | Kind::Priority | Kind::Ping | Kind::WindowUpdate | Kind::Other => Role::Ignored,
        };
        self.direction(turn.from).walk = Walk::Payload(Frame::new(header, role));
    }

    /// Whether this cannot be a frame at all: the peer does not speak HTTP/2, or a place that looked like the beginning
    /// of a frame was none.
    fn is_no_frame<S: Sink>(&mut self, turn: &mut Turn<'_, S>, header: &FrameHeader) -> bool {
        let direction = self.direction(turn.from);
        let first = std::mem::take(&mut direction.first);
        let resynced = direction.resynced;
        if !first && !resynced {
            return false;
        }
        let plausible = header.is_plausible(turn.from, LARGEST_FRAME);
        if first && (header.kind != Kind::Settings || header.has(ACK)) {
            turn.anomaly(0, Anomalies::SETTINGS_NOT_FIRST);
            return !plausible;
        }
        let extension = header.kind == Kind::Other && header.length <= self.expected_frame_size(turn.from);
        resynced && !plausible && !extension
    }

    /// The fixed part of the current frame has come.
    pub(super) fn fixed_part<S: Sink>(&mut self, turn: &mut Turn<'_, S>, fixed: [u8; 8]) {
        let Walk::Payload(frame) = &mut self.directions[turn.from.index()].walk else { return };
        let (role, header) = (frame.role, frame.header);
        let padding = frame.pad_length(&fixed);
        if padding > frame.left {
            frame.ignore();
            turn.anomaly(header.stream, Anomalies::PADDING);
            if role == Role::Block {
                self.abandon_block(turn);
            }
            return;
        }
        frame.padding = padding;

        let [f0, f1, f2, f3, f4, f5, f6, f7] = fixed;
        match role {
            Role::Settings => {
                let direction = self.direction(turn.from);
                let anomalies = direction.settings.set([f0, f1, f2, f3, f4, f5]);
                self.allow_table(turn.from);
                turn.anomaly(0, anomalies);
            }
            Role::Reset => self.reset(turn, header.stream, Some(u32::from_be_bytes([f0, f1, f2, f3]))),
            Role::GoAway => {
                let last = u32::from_be_bytes([f0, f1, f2, f3]) & (u32::MAX >> 1);
                self.go_away(turn, last, u32::from_be_bytes([f4, f5, f6, f7]));
            }
            Role::Block if header.kind == Kind::PushPromise => {
                let padded = usize::from(header.has(super::frame::PADDED));
                let promised = fixed.get(padded..).and_then(<[u8]>::first_chunk::<4>).copied().unwrap_or_default();
                if let Some(block) = &mut self.direction(turn.from).block {
                    block.promised = Some(u32::from_be_bytes(promised) & (u32::MAX >> 1));
                }
            }
            Role::Block | Role::Data | Role::SettingsAck | Role::Ignored => {}
        }
    }

    /// Octets of the current frame that are neither fixed part nor padding.
    #[inline]
    pub(super) fn body<S: Sink>(&mut self, turn: &mut Turn<'_, S>, bytes: &[u8], more: More) {
        let Walk::Payload(frame) = &self.directions[turn.from.index()].walk else { return };
        let header = frame.header;
        match frame.role {
            Role::Data => self.data(turn, header.stream, bytes),
            Role::Block => {
                self.block_text(turn, bytes, if header.has(END_HEADERS) { more } else { More::Yes });
            }
            _ => {}
        }
    }

    /// The current frame has come to its end.
    pub(super) fn finish_frame<S: Sink>(&mut self, turn: &mut Turn<'_, S>) {
        let direction = &mut self.directions[turn.from.index()];
        let Walk::Payload(frame) = &direction.walk else { return };
        let (role, header) = (frame.role, frame.header);
        direction.walk = Walk::Header(PartialHeader::default());
        match role {
            Role::Settings => direction.settings.sent(),
            Role::SettingsAck => {
                self.direction(turn.from.peer()).settings.acknowledged();
                self.allow_table(turn.from.peer());
            }
            _ => {}
        }
        if header.is_of_block() && header.has(END_HEADERS) {
            self.finish_block(turn);
        } else if header.kind == Kind::Data && header.has(END_STREAM) && header.stream != 0 {
            self.end_half(turn, header.stream);
        }
    }

    /// Octets within the current frame's payload were missed.
    pub(super) fn gap_in_frame<S: Sink>(&mut self, turn: &mut Turn<'_, S>, bytes: u32) {
        let Walk::Payload(frame) = &mut self.directions[turn.from.index()].walk else { return };
        let (role, header) = (frame.role, frame.header);
        // Without the pad length nobody knows what of the rest is data.
        let data = frame.is_past_fixed().then(|| bytes.min(frame.left.saturating_sub(frame.padding)));
        frame.left = frame.left.saturating_sub(bytes);
        if role != Role::Data || data.is_none() {
            frame.ignore();
        }
        match role {
            Role::Data if data == Some(0) => {}
            Role::Data => {
                if let Some(stream) = self.streams.get(header.stream) {
                    stream.half(turn.from).gap = true;
                    let gap = Gap::Data { stream: header.stream, bytes: data.map(u64::from) };
                    turn.sink.gap(turn.from, gap, turn.time);
                }
            }
            Role::Block => {
                turn.sink.gap(turn.from, Gap::Headers { stream: header.stream }, turn.time);
                self.cut_block(turn);
            }
            Role::Settings => {
                self.direction(turn.from).settings.lose();
                self.allow_table(turn.from);
                turn.sink.gap(turn.from, Gap::Control, turn.time);
            }
            Role::Reset => {
                turn.sink.gap(turn.from, Gap::Control, turn.time);
                self.reset(turn, header.stream, None);
            }
            Role::GoAway | Role::SettingsAck | Role::Ignored => turn.sink.gap(turn.from, Gap::Control, turn.time),
        }
        if matches!(&self.direction(turn.from).walk, Walk::Payload(frame) if frame.left == 0) {
            self.finish_frame(turn);
        }
    }

    /// The other end's encoder obeys what `from` asks.
    fn allow_table(&mut self, from: Side) {
        let size = self.direction(from).settings.table_size();
        self.direction(from.peer()).decoder.allow(size);
    }
}
