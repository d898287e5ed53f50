//! Writes what was found out over several connections.

use super::annotations::template_member;
use super::{address, flag, names};
use crate::export::json::{self, Rfc3339, member};
use crate::record::{DiscoveredEndpoint, EgressSummary, Finding};

/// Writes one finding and the end of its line.
pub fn write(out: &mut Vec<u8>, clock: &mut Rfc3339, finding: &Finding<'_>) {
    match finding {
        Finding::Endpoint(endpoint) => write_endpoint(out, clock, endpoint),
        Finding::Egress(summary) => write_egress(out, clock, summary),
    }
    out.extend_from_slice(b"}\n");
}

fn write_endpoint(out: &mut Vec<u8>, clock: &mut Rfc3339, endpoint: &DiscoveredEndpoint) {
    out.extend_from_slice(br#"{"type":"endpoint","start_time":"#);
    clock.write(out, endpoint.time_unix_nanos);
    for (member, text) in [
        (member!("http.request.method"), endpoint.method.as_str()),
        (template_member(endpoint.vantage), &endpoint.route),
        (member!("sidetap.route.source"), endpoint.route_source.name()),
        (member!("sidetap.vantage"), endpoint.vantage.name()),
        (member!("server.address"), &endpoint.host),
        (member!("network.protocol.version"), endpoint.version),
        (member!("sidetap.auth.scheme"), endpoint.auth.name()),
        (member!("sidetap.endpoint.request.content_type"), &endpoint.request_content_type),
        (member!("sidetap.endpoint.response.content_type"), &endpoint.response_content_type),
        (member!("sidetap.endpoint.schema.hash"), &endpoint.schema_hash),
    ] {
        if !text.is_empty() {
            out.extend_from_slice(member);
            json::string(out, text.as_bytes());
        }
    }
    if let Some(status) = endpoint.status {
        out.extend_from_slice(member!("http.response.status_code"));
        json::number(out, status.into());
    }
    out.extend_from_slice(member!("sidetap.endpoint.requests"));
    json::number(out, endpoint.requests);
    // Schemas are JSON themselves.
    for (member, schema) in [
        (member!("sidetap.endpoint.request.schema"), &endpoint.request_schema),
        (member!("sidetap.endpoint.response.schema"), &endpoint.response_schema),
    ] {
        if !schema.is_empty() {
            out.extend_from_slice(member);
            out.extend_from_slice(schema.as_bytes());
        }
    }
}

fn write_egress(out: &mut Vec<u8>, clock: &mut Rfc3339, summary: &EgressSummary) {
    out.extend_from_slice(br#"{"type":"egress","start_time":"#);
    clock.write(out, summary.first_seen_unix_nanos);
    out.extend_from_slice(member!("sidetap.egress.last_seen"));
    clock.write(out, summary.last_seen_unix_nanos);
    out.extend_from_slice(member!("server.address"));
    json::string(out, summary.name.as_bytes());
    out.extend_from_slice(member!("server.port"));
    json::number(out, summary.port.into());
    out.extend_from_slice(member!("network.peer.address"));
    address(out, summary.address);
    out.extend_from_slice(member!("network.protocol.name"));
    json::string(out, summary.protocol.as_bytes());
    out.extend_from_slice(member!("sidetap.fqdn.source"));
    json::string(out, summary.name_source.name().as_bytes());
    for (member, number) in [
        (member!("sidetap.egress.flows"), summary.flows),
        (member!("sidetap.egress.sent.bytes"), summary.sent_bytes),
        (member!("sidetap.egress.received.bytes"), summary.received_bytes),
    ] {
        out.extend_from_slice(member);
        json::number(out, number);
    }
    flag(out, member!("sidetap.egress.first_ever"), summary.first_ever);
    flag(out, member!("sidetap.fqdn.ambiguous"), summary.ambiguous);
    names(out, member!("sidetap.fqdn.mismatch"), &summary.mismatches);
}
