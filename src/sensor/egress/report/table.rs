//! The report as a table for people.

use bytesize::ByteSize;

use super::{EgressReport, SiteReport, Totals, rfc3339};
use crate::packet::Timestamp;
use crate::sensor::egress::name::OTHER;

const COLUMNS: usize = 11;
const HEADER: [&str; COLUMNS] = [
    "NAME",
    "KNOWN BY",
    "ADDRESS",
    "PORT",
    "PROTOCOL",
    "FLOWS",
    "SENT",
    "RECEIVED",
    "FIRST SEEN",
    "LAST SEEN",
    "NOTES",
];
/// Columns of numbers.
const RIGHT: [bool; COLUMNS] = [false, false, false, true, false, true, true, true, false, false, false];

pub fn text(report: &EgressReport) -> String {
    let mut out = String::new();
    let Some((since, until)) = report.period else {
        return "No connection and no DNS answer was seen, so that nothing can be said of the sites that were talked to.\n"
            .to_owned();
    };
    out.push_str(&format!("Sites that were talked to, {} to {}\n\n", second(since), second(until)));
    if report.sites.is_empty() && report.other_sites == 0 {
        out.push_str("None: no TCP connection from here to another host was counted. One is when it ends.\n");
        return out;
    }
    let mut rows = vec![HEADER.map(str::to_owned)];
    rows.extend(report.sites.iter().map(row));
    if report.other_sites > 0 {
        rows.push(other(report));
    }
    let widths: [usize; COLUMNS] =
        std::array::from_fn(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0));
    for row in &rows {
        let mut line = String::new();
        for ((cell, width), right) in row.iter().zip(widths).zip(RIGHT) {
            let cell = if right { format!("{cell:>width$}  ") } else { format!("{cell:<width$}  ") };
            line.push_str(&cell);
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    if !report.dns_seen {
        out.push_str("\nNo DNS answer was seen: names are those that TLS and HTTP told.\n");
    }
    out
}

fn row(site: &SiteReport) -> [String; COLUMNS] {
    let mut notes = site.mismatches.clone();
    if site.ambiguous {
        notes.push("ambiguous");
    }
    let [flows, sent, received, first, last] = totals(&site.totals);
    [
        site.name.clone(),
        site.name_source.name().to_owned(),
        site.address.to_string(),
        site.port.to_string(),
        site.protocol.name().to_owned(),
        flows,
        sent,
        received,
        first,
        last,
        notes.join(", "),
    ]
}

fn other(report: &EgressReport) -> [String; COLUMNS] {
    let nothing = || "-".to_owned();
    let [flows, sent, received, first, last] = totals(&report.other);
    let sites = if report.other_sites == 1 { "site" } else { "sites" };
    let notes = format!("{} {sites} that there was no room for", report.other_sites);
    [OTHER.to_owned(), nothing(), nothing(), nothing(), nothing(), flows, sent, received, first, last, notes]
}

fn totals(totals: &Totals) -> [String; 5] {
    let bytes = |bytes| ByteSize(bytes).display().iec().to_string();
    [
        totals.flows.to_string(),
        bytes(totals.sent_bytes),
        bytes(totals.received_bytes),
        second(totals.first),
        second(totals.last),
    ]
}

fn second(time: Timestamp) -> String {
    let text = rfc3339(time);
    match text.split_once('.') {
        Some((second, _)) => format!("{second}Z"),
        None => text,
    }
}
