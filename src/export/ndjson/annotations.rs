//! Writes what the sensor knows of an exchange beyond its messages.

use std::io::Write as _;

use crate::export::json::{self, member};
use crate::record::{Annotations, AuthScheme, Lane, Vantage};

/// Adds members to the object of an exchange.
pub fn write(out: &mut Vec<u8>, annotations: &Annotations) {
    let Annotations { vantage, route, trace, sampling, auth, request_body, response_body, .. } = annotations;
    let word = |out: &mut Vec<u8>, member: &[u8], text: &str| {
        out.extend_from_slice(member);
        json::string(out, text.as_bytes());
    };
    word(out, member!("sidetap.vantage"), vantage.name());
    if !route.template.is_empty() {
        word(out, template_member(*vantage), &route.template);
        word(out, member!("sidetap.route.source"), route.source.name());
    }
    if trace.span_id != [0; 8] {
        hex(out, member!("trace_id"), &trace.trace_id);
        hex(out, member!("span_id"), &trace.span_id);
        if let Some(parent) = &trace.parent {
            hex(out, member!("parent_span_id"), parent);
        }
    }
    if *auth != AuthScheme::None {
        word(out, member!("sidetap.auth.scheme"), auth.name());
    }
    if sampling.lane != Lane::Unlimited {
        word(out, member!("sidetap.sampling.lane"), sampling.lane.name());
    }
    for (member, body) in
        [(member!("http.request.body.content"), request_body), (member!("http.response.body.content"), response_body)]
    {
        if let Some(body) = body {
            word(out, member, &body.text);
        }
    }
}

/// The member that has the template of a path: only the server that has it calls it its route.
pub fn template_member(vantage: Vantage) -> &'static [u8] {
    match vantage {
        Vantage::Client => member!("url.template"),
        Vantage::Server | Vantage::Both => member!("http.route"),
    }
}

fn hex(out: &mut Vec<u8>, member: &[u8], bytes: &[u8]) {
    out.extend_from_slice(member);
    out.push(b'"');
    for byte in bytes {
        // Writing into a vector does not fail.
        let _ = write!(out, "{byte:02x}");
    }
    out.push(b'"');
}
