//! What is said of an exchange beyond its messages.

use super::Reporter;
use super::findings::field;
use crate::packet::Timestamp;
use crate::record::{Body, Connection, Exchange, PrivacyLevel, Span, Vantage};
use crate::sensor::exchanges::Pending;
use crate::sensor::privacy::Privacy;
use crate::sensor::trace_context;

/// Ids mean the same to every sensor.
const SALT: &[u8] = b"";

impl Reporter {
    /// The ids that an exchange has by itself: of its connection, and its place there.
    pub(super) fn own_ids(&self, connection: &Connection, vantage: Vantage, pending: &Pending) -> ([u8; 16], [u8; 8]) {
        let exchange = &pending.exchange;
        trace_context::ids(
            connection,
            pending.sequence,
            exchange.stream,
            exchange.start_unix_nanos(),
            SALT,
            // Client and server of one connection are two spans of one trace.
            (vantage == Vantage::Client).then_some(vantage),
        )
    }

    /// Fills in where the exchange belongs in a trace.
    pub(super) fn annotate_trace(&mut self, connection: &Connection, vantage: Vantage, pending: &Pending) {
        let own = self.own_ids(connection, vantage, pending);
        let start = Timestamp::from_nanos(pending.exchange.start_unix_nanos());
        let mut trace = self.contexts.resolve(vantage, pending.context, own, start);
        if trace.trace_id != own.0 {
            trace.randomness = Some(trace_context::randomness(&own.0));
        }
        self.annotations.trace = trace;
    }

    /// Fills in what may leave of the bodies.
    pub(super) fn annotate_bodies(&mut self, exchange: &Exchange) {
        let annotations = &mut self.annotations;
        (annotations.request_body, annotations.response_body) = (None, None);
        if self.privacy.level() < PrivacyLevel::Redacted {
            return;
        }
        let Some(more) = &exchange.more else { return };
        annotations.request_body = body(
            &mut self.privacy,
            exchange,
            exchange.request_fields,
            &more.request_content,
            exchange.request.gap,
            exchange.request.body_len,
        );
        annotations.response_body = body(
            &mut self.privacy,
            exchange,
            exchange.response_fields,
            &more.response_content,
            exchange.response.gap,
            exchange.response.body_len,
        );
    }
}

fn body(
    privacy: &mut Privacy,
    exchange: &Exchange,
    fields: Span,
    content: &[u8],
    gap: bool,
    sent: u64,
) -> Option<Body> {
    // Behind a gap nobody knows where in the content one is.
    if content.is_empty() || gap {
        return None;
    }
    let media_type = String::from_utf8_lossy(field(exchange, fields, b"content-type"));
    privacy.body(&media_type, field(exchange, fields, b"content-encoding"), content, (content.len() as u64) < sent)
}
