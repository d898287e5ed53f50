//! The report as CSV (RFC 4180), for spreadsheets. They take a cell for a formula that begins as one does, and names
//! come from strangers: such a cell gets an apostrophe in front.

use super::{EgressReport, SiteReport, rfc3339};
use crate::sensor::egress::name::OTHER;

const HEADER: [&str; 12] = [
    "name",
    "name_source",
    "address",
    "port",
    "protocol",
    "flows",
    "sent_bytes",
    "received_bytes",
    "first_seen",
    "last_seen",
    "mismatches",
    "ambiguous",
];

pub fn text(report: &EgressReport) -> String {
    let mut out = String::new();
    row(&mut out, &HEADER.map(str::to_owned));
    for site in &report.sites {
        row(&mut out, &cells(site));
    }
    if report.other_sites > 0 {
        let mut cells: [String; HEADER.len()] = Default::default();
        cells[0] = OTHER.to_owned();
        cells[5] = report.other.flows.to_string();
        cells[6] = report.other.sent_bytes.to_string();
        cells[7] = report.other.received_bytes.to_string();
        cells[8] = rfc3339(report.other.first);
        cells[9] = rfc3339(report.other.last);
        row(&mut out, &cells);
    }
    out
}

fn cells(site: &SiteReport) -> [String; HEADER.len()] {
    [
        site.name.clone(),
        site.name_source.name().to_owned(),
        site.address.to_string(),
        site.port.to_string(),
        site.protocol.name().to_owned(),
        site.totals.flows.to_string(),
        site.totals.sent_bytes.to_string(),
        site.totals.received_bytes.to_string(),
        rfc3339(site.totals.first),
        rfc3339(site.totals.last),
        site.mismatches.join(" "),
        site.ambiguous.to_string(),
    ]
}

fn row(out: &mut String, cells: &[String]) {
    for (place, text) in cells.iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        cell(out, text);
    }
    out.push_str("\r\n");
}

pub(super) fn cell(out: &mut String, text: &str) {
    let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { "'" } else { "" };
    if text.contains([',', '"', '\r', '\n']) {
        out.push('"');
        out.push_str(guard);
        out.push_str(&text.replace('"', "\"\""));
        out.push('"');
    } else {
        out.push_str(guard);
        out.push_str(text);
    }
}
