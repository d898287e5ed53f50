//! The report as JSON.

use super::{EgressReport, SiteReport, rfc3339};
use crate::export::json::{member, number, string};

pub fn text(report: &EgressReport) -> String {
    let mut out = Vec::new();
    out.extend_from_slice(b"{\"format_version\":\"1.0\"");
    for (name, time) in [
        (member!("since"), report.period.map(|(since, _)| since)),
        (member!("until"), report.period.map(|(_, until)| until)),
    ] {
        out.extend_from_slice(name);
        match time {
            Some(time) => string(&mut out, rfc3339(time).as_bytes()),
            None => out.extend_from_slice(b"null"),
        }
    }
    out.extend_from_slice(member!("dns_seen"));
    flag(&mut out, report.dns_seen);
    out.extend_from_slice(member!("sites"));
    out.push(b'[');
    for (place, site) in report.sites.iter().enumerate() {
        out.extend_from_slice(if place > 0 { b",\n" } else { b"\n" });
        object(&mut out, site);
    }
    out.push(b']');
    out.extend_from_slice(member!("other"));
    out.extend_from_slice(b"{\"sites\":");
    number(&mut out, report.other_sites);
    for (name, value) in [
        (member!("flows"), report.other.flows),
        (member!("sent_bytes"), report.other.sent_bytes),
        (member!("received_bytes"), report.other.received_bytes),
    ] {
        out.extend_from_slice(name);
        number(&mut out, value);
    }
    out.extend_from_slice(b"}}\n");
    String::from_utf8(out).unwrap_or_default()
}

fn object(out: &mut Vec<u8>, site: &SiteReport) {
    out.extend_from_slice(b"{\"name\":");
    string(out, site.name.as_bytes());
    for (name, value) in
        [(member!("name_source"), site.name_source.name()), (member!("address"), &*site.address.to_string())]
    {
        out.extend_from_slice(name);
        string(out, value.as_bytes());
    }
    out.extend_from_slice(member!("port"));
    number(out, site.port.into());
    out.extend_from_slice(member!("protocol"));
    string(out, site.protocol.name().as_bytes());
    for (name, value) in [
        (member!("flows"), site.totals.flows),
        (member!("sent_bytes"), site.totals.sent_bytes),
        (member!("received_bytes"), site.totals.received_bytes),
    ] {
        out.extend_from_slice(name);
        number(out, value);
    }
    for (name, time) in [(member!("first_seen"), site.totals.first), (member!("last_seen"), site.totals.last)] {
        out.extend_from_slice(name);
        string(out, rfc3339(time).as_bytes());
    }
    out.extend_from_slice(member!("mismatches"));
    out.push(b'[');
    for (place, name) in site.mismatches.iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        string(out, name.as_bytes());
    }
    out.push(b']');
    out.extend_from_slice(member!("ambiguous"));
    flag(out, site.ambiguous);
    out.push(b'}');
}

fn flag(out: &mut Vec<u8>, flag: bool) {
    out.extend_from_slice(if flag { b"true" } else { b"false" });
}
