//! Writes an HTTP exchange as a span.
//!
//! A span is of kind CLIENT where only the client is here, and of kind SERVER otherwise. A remote procedure call has the
//! attributes of the conventions for those instead of method, URL and route, which would say the same in other words.

use super::attributes::Attributes;
use super::names::attribute;
use super::outcome::Failure;
use super::wire;
use crate::export::{rpc, url};
use crate::record::exchange::More;
use crate::record::{
    Annotations, CommunityId, Exchange, Lane, Record, Rpc, Sampling, SpanContext, Trace, Vantage, methods,
};

/// Fields of `Span`.
mod field {
    pub const TRACE_ID: u32 = 1;
    pub const SPAN_ID: u32 = 2;
    pub const TRACE_STATE: u32 = 3;
    pub const PARENT_SPAN_ID: u32 = 4;
    pub const NAME: u32 = 5;
    pub const KIND: u32 = 6;
    pub const START: u32 = 7;
    pub const END: u32 = 8;
    pub const ATTRIBUTES: u32 = 9;
    pub const DROPPED_ATTRIBUTES: u32 = 10;
    pub const LINKS: u32 = 13;
    pub const STATUS: u32 = 15;
    pub const FLAGS: u32 = 16;
}

/// Fields of `Span.Link`.
mod link {
    pub const TRACE_ID: u32 = 1;
    pub const SPAN_ID: u32 = 2;
    pub const FLAGS: u32 = 6;
}

/// The field of `Status` that says how it went, and what it says if it went wrong.
const STATUS_CODE: u32 = 3;
const STATUS_CODE_ERROR: i64 = 2;

/// `SpanKind`.
const SERVER: i64 = 2;
const CLIENT: i64 = 3;

/// W3C Trace Context Level 2 §3.2.3.5: the trace is recorded, and its id is random, or as good as that.
const SAMPLED_AND_RANDOM: u32 = 0x03;

/// `SpanFlags`: the field below is meant.
const HAS_IS_REMOTE: u32 = 0x100;

/// `SpanFlags`: the parent, or what a link points at, is somebody else's.
const IS_REMOTE: u32 = 0x200;

/// Hexadecimal digits of a rejection threshold of 56 bits.
const THRESHOLD_DIGITS: u32 = 14;

/// Writes one. Ids are taken as they are.
pub fn encode(record: &Record<'_>, exchange: &Exchange, annotations: &Annotations, out: &mut Vec<u8>) {
    let trace = &annotations.trace;
    wire::bytes(out, field::TRACE_ID, &trace.trace_id);
    wire::bytes(out, field::SPAN_ID, &trace.span_id);
    write_trace_state(out, annotations.sampling, annotations.trace.randomness);
    let mut flags = trace_flags(trace) | HAS_IS_REMOTE;
    if let Some(parent) = trace.parent {
        wire::bytes(out, field::PARENT_SPAN_ID, &parent);
        flags |= IS_REMOTE;
    }
    wire::fixed32(out, field::FLAGS, flags);
    let kind = match annotations.vantage {
        Vantage::Server | Vantage::Both => SERVER,
        Vantage::Client => CLIENT,
    };
    wire::integer(out, field::KIND, kind);
    let start = exchange.start_unix_nanos();
    wire::fixed64(out, field::START, start);
    wire::fixed64(out, field::END, start.saturating_add(exchange.duration_nanos()));
    wire::message(out, field::NAME, |out| write_name(out, exchange, annotations));

    let mut attributes = Attributes::new(out, field::ATTRIBUTES);
    match call(exchange) {
        Some(call) => add_rpc(&mut attributes, exchange, call),
        None => add_target(&mut attributes, record, exchange, annotations),
    }
    add_ends(&mut attributes, record, exchange, annotations.vantage);
    add_messages(&mut attributes, exchange);
    add_own(&mut attributes, exchange, annotations);
    attributes.whereabouts(&record.connection, record.source);
    let failure = Failure::of(exchange, annotations.vantage);
    if let Some(failure) = failure {
        attributes.written(attribute::ERROR_TYPE, |out| failure.write(out));
    }
    let left_out = attributes.left_out();
    if left_out > 0 {
        wire::integer(out, field::DROPPED_ATTRIBUTES, left_out.into());
    }

    if let Some(other) = &trace.link {
        wire::message(out, field::LINKS, |out| write_link(out, other));
    }
    if failure.is_some() {
        wire::message(out, field::STATUS, |out| wire::integer(out, STATUS_CODE, STATUS_CODE_ERROR));
    }
}

/// The flags of W3C Trace Context: those of the trace that is continued, or those of one of ours.
pub(super) fn trace_flags(trace: &Trace) -> u32 {
    match trace.parent {
        Some(_) => trace.flags.into(),
        None => SAMPLED_AND_RANDOM,
    }
}

/// What chance kept says with which chance, so that others can count, and by which number if that is not the trace id's
/// (OpenTelemetry's probability sampling).
fn write_trace_state(out: &mut Vec<u8>, sampling: Sampling, randomness: Option<u64>) {
    if let Sampling { lane: Lane::Fair, threshold: Some(threshold) } = sampling {
        wire::message(out, field::TRACE_STATE, |out| {
            out.extend_from_slice(b"ot=th:");
            // Zeros at the end say nothing, but one digit there must be.
            let zeros = (threshold.trailing_zeros() / 4).min(THRESHOLD_DIGITS - 1);
            write_digits(out, threshold, zeros);
            if let Some(randomness) = randomness {
                out.extend_from_slice(b";rv:");
                write_digits(out, randomness, 0);
            }
        });
    }
}

/// The digits of a number of 56 bits, without so many at the end.
fn write_digits(out: &mut Vec<u8>, number: u64, without: u32) {
    for place in (without..THRESHOLD_DIGITS).rev() {
        out.push(b"0123456789abcdef"[(number >> (4 * place)) as usize & 0xf]);
    }
}

fn write_link(out: &mut Vec<u8>, other: &SpanContext) {
    wire::bytes(out, link::TRACE_ID, &other.trace_id);
    wire::bytes(out, link::SPAN_ID, &other.span_id);
    wire::fixed32(out, link::FLAGS, u32::from(other.flags) | HAS_IS_REMOTE | IS_REMOTE);
}

/// What there are few of: the method and the template of the path, never the path itself.
fn write_name(out: &mut Vec<u8>, exchange: &Exchange, annotations: &Annotations) {
    if call(exchange).is_some() {
        out.extend_from_slice(rpc::method(exchange).unwrap_or(b"grpc"));
        return;
    }
    let method = exchange.get(exchange.method);
    out.extend_from_slice(if methods::is_known(method) { method } else { b"HTTP" });
    if !annotations.route.template.is_empty() {
        out.push(b' ');
        out.extend_from_slice(annotations.route.template.as_bytes());
    }
}

fn call(exchange: &Exchange) -> Option<&Rpc> {
    exchange.more.as_deref()?.rpc.as_ref()
}

fn add_rpc(attributes: &mut Attributes<'_>, exchange: &Exchange, call: &Rpc) {
    attributes.text(attribute::RPC_SYSTEM_NAME, b"grpc");
    match rpc::method(exchange) {
        Some(method) => attributes.text(attribute::RPC_METHOD, method),
        None => {
            attributes.text(attribute::RPC_METHOD, methods::OTHER.as_bytes());
            attributes.some_text(attribute::RPC_METHOD_ORIGINAL, exchange.get(exchange.path));
        }
    }
    if call.status.is_some() || call.status_name.is_some() {
        attributes.written(attribute::RPC_STATUS_CODE, |out| rpc::write_status(call, out));
    }
    attributes.integer(attribute::RPC_REQUEST_MESSAGES, call.request_messages);
    attributes.integer(attribute::RPC_RESPONSE_MESSAGES, call.response_messages);
}

/// What was asked for.
fn add_target(attributes: &mut Attributes<'_>, record: &Record<'_>, exchange: &Exchange, annotations: &Annotations) {
    attributes.method(exchange.get(exchange.method));
    if exchange.request.start_unix_nanos != 0 {
        attributes.text(attribute::URL_SCHEME, exchange.scheme.name().as_bytes());
        attributes.text(attribute::URL_PATH, exchange.get(exchange.path));
        attributes.some_text(attribute::URL_QUERY, exchange.get(exchange.query));
        if annotations.vantage == Vantage::Client {
            attributes.written(attribute::URL_FULL, |out| url::write(out, &record.connection, exchange));
        }
    }
    let route = &annotations.route;
    if !route.template.is_empty() {
        if annotations.vantage != Vantage::Client {
            attributes.text(attribute::HTTP_ROUTE, route.template.as_bytes());
        }
        attributes.text(attribute::URL_TEMPLATE, route.template.as_bytes());
        attributes.text(attribute::ROUTE_SOURCE, route.source.name().as_bytes());
    }
}

/// Between whom.
fn add_ends(attributes: &mut Attributes<'_>, record: &Record<'_>, exchange: &Exchange, vantage: Vantage) {
    let connection = &record.connection;
    attributes.server(connection, exchange.get(exchange.host), exchange.host_port);
    attributes.end([attribute::CLIENT_ADDRESS, attribute::CLIENT_PORT], connection.client);
    let (here, there) = match vantage {
        Vantage::Server | Vantage::Both => (connection.server, connection.client),
        Vantage::Client => (connection.client, connection.server),
    };
    attributes.end([attribute::NETWORK_PEER_ADDRESS, attribute::NETWORK_PEER_PORT], there);
    attributes.end([attribute::NETWORK_LOCAL_ADDRESS, attribute::NETWORK_LOCAL_PORT], here);
    attributes.text(attribute::NETWORK_PROTOCOL_NAME, b"http");
    attributes.text(attribute::NETWORK_PROTOCOL_VERSION, exchange.version.name().as_bytes());
    attributes.text(attribute::FLOW_COMMUNITY_ID, &CommunityId::of_tcp(connection).text());
}

/// What the two messages say.
fn add_messages(attributes: &mut Attributes<'_>, exchange: &Exchange) {
    if let Some(status) = exchange.status {
        attributes.integer(attribute::HTTP_RESPONSE_STATUS_CODE, status);
    }
    if exchange.request.start_unix_nanos != 0 {
        attributes.integer(attribute::HTTP_REQUEST_BODY_SIZE, exchange.request.body_len);
    }
    if exchange.response.start_unix_nanos != 0 {
        attributes.integer(attribute::HTTP_RESPONSE_BODY_SIZE, exchange.response.body_len);
    }
    attributes.some_text(attribute::USER_AGENT_ORIGINAL, exchange.get(exchange.user_agent));
    attributes.fields(attribute::HTTP_REQUEST_HEADER, exchange, exchange.request_fields);
    attributes.fields(attribute::HTTP_RESPONSE_HEADER, exchange, exchange.response_fields);
}

/// What the conventions have no names for.
fn add_own(attributes: &mut Attributes<'_>, exchange: &Exchange, annotations: &Annotations) {
    attributes.text(attribute::VANTAGE, annotations.vantage.name().as_bytes());
    attributes.text(attribute::COMPLETENESS, exchange.completeness.name().as_bytes());
    attributes.integer(attribute::TRANSACTION_INDEX, exchange.index);
    attributes.text(attribute::SAMPLING_LANE, annotations.sampling.lane.name().as_bytes());
    if exchange.request.start_unix_nanos != 0 {
        attributes.text(attribute::AUTH_SCHEME, annotations.auth.name().as_bytes());
    }
    if let Some([send, wait, receive]) = exchange.timings_nanos() {
        attributes.seconds(attribute::TIMING_SEND, send);
        attributes.seconds(attribute::TIMING_WAIT, wait);
        attributes.seconds(attribute::TIMING_RECEIVE, receive);
    }
    if let Some(stream) = exchange.stream {
        attributes.integer(attribute::HTTP2_STREAM, stream);
    }
    let Some(More { anomalies, upgrade, reset_code, hpack_lost, .. }) = exchange.more.as_deref() else { return };
    if let Some(upgrade) = upgrade {
        attributes.text(attribute::UPGRADE, upgrade.as_bytes());
    }
    if let Some(code) = reset_code {
        attributes.integer(attribute::HTTP2_RESET_CODE, *code);
    }
    if *hpack_lost {
        attributes.flag(attribute::HTTP2_HPACK_LOST, true);
    }
    attributes.texts(attribute::ANOMALIES, anomalies);
}

#[cfg(test)]
mod tests;
