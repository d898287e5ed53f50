//! Everything that was talked to, for people, spreadsheets and scripts.
//!
//! The JSON is one object. `format_version` changes when a reader of today would misread it; members may be added:
//!
//! ```json
//! {"format_version":"1.0","since":TIME,"until":TIME,"dns_seen":true,
//!  "sites":[{"name":"api.example.com","name_source":"tls_sni","address":"192.0.2.1","port":443,"protocol":"tls",
//!    "flows":2,"sent_bytes":1,"received_bytes":1,"first_seen":TIME,"last_seen":TIME,
//!    "mismatches":["sni_never_resolved"],"ambiguous":false}],
//!  "other":{"sites":0,"flows":0,"sent_bytes":0,"received_bytes":0}}
//! ```
//!
//! Times are those of RFC 3339; `since` and `until` are `null` if nothing was seen at all. `other` is what there was no
//! room to tell apart.

mod csv;
mod json;
mod table;
#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::path::Path;

use super::Protocol;
use crate::packet::Timestamp;
use crate::record::NameSource;

/// Everything since the start.
#[derive(Debug, Clone, Default)]
pub struct EgressReport {
    /// From when to when anything was seen.
    pub period: Option<(Timestamp, Timestamp)>,
    /// DNS answers were.
    pub dns_seen: bool,
    /// The most bytes first.
    pub sites: Vec<SiteReport>,
    /// What was counted of sites that there was no room for.
    pub other: Totals,
    /// How many they were; one that comes again counts again.
    pub other_sites: u64,
}

/// A site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteReport {
    /// Its name, or its address where there is no name.
    pub name: String,
    /// The best evidence that there was.
    pub name_source: NameSource,
    /// The last address of it.
    pub address: IpAddr,
    pub port: u16,
    pub protocol: Protocol,
    pub totals: Totals,
    /// DNS named it, and gave another name for its address, too.
    pub ambiguous: bool,
    /// Names of what does not fit together.
    pub mismatches: Vec<&'static str>,
}

/// What was counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Connections.
    pub flows: u64,
    /// Bytes of payload to the site.
    pub sent_bytes: u64,
    /// Bytes of payload from it.
    pub received_bytes: u64,
    /// The first and the last packet.
    pub first: Timestamp,
    pub last: Timestamp,
}

impl Totals {
    /// Both ways.
    pub fn bytes(&self) -> u64 {
        self.sent_bytes.saturating_add(self.received_bytes)
    }

    /// Bytes by the name of the direction.
    pub(super) fn directions(&self) -> [(&'static str, u64); 2] {
        [("sent", self.sent_bytes), ("received", self.received_bytes)]
    }

    pub(super) fn is_nothing(&self) -> bool {
        self.flows == 0 && self.bytes() == 0
    }

    pub(super) fn add(&mut self, other: &Totals) {
        if other.is_nothing() {
            return;
        }
        let first = if self.is_nothing() { other.first } else { self.first.min(other.first) };
        *self = Totals {
            flows: self.flows.saturating_add(other.flows),
            sent_bytes: self.sent_bytes.saturating_add(other.sent_bytes),
            received_bytes: self.received_bytes.saturating_add(other.received_bytes),
            first,
            last: self.last.max(other.last),
        };
    }
}

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReportFormat {
    /// A table for people.
    #[default]
    Text,
    Json,
    /// RFC 4180, with a header.
    Csv,
}

impl ReportFormat {
    /// What the extension of a file asks for: `.json` or `.csv`, else text.
    pub fn of(path: &Path) -> Self {
        let extension = path.extension().map(|extension| extension.to_ascii_lowercase());
        match extension.as_deref().and_then(|extension| extension.to_str()) {
            Some("json") => ReportFormat::Json,
            Some("csv") => ReportFormat::Csv,
            _ => ReportFormat::Text,
        }
    }

    /// The media type, for HTTP.
    pub fn media_type(self) -> &'static str {
        match self {
            ReportFormat::Text => "text/plain; charset=utf-8",
            ReportFormat::Json => "application/json",
            ReportFormat::Csv => "text/csv; charset=utf-8; header=present",
        }
    }
}

impl EgressReport {
    /// The report as text, which ends in a line end.
    pub fn render(&self, format: ReportFormat) -> String {
        match format {
            ReportFormat::Text => table::text(self),
            ReportFormat::Json => json::text(self),
            ReportFormat::Csv => csv::text(self),
        }
    }
}

/// A time as RFC 3339 has it, in UTC, to the millisecond.
fn rfc3339(time: Timestamp) -> String {
    // Beyond the year 9999, which a timestamp does not reach, this would panic.
    let time = std::time::UNIX_EPOCH + std::time::Duration::from_nanos(time.nanos());
    humantime::format_rfc3339_millis(time).to_string()
}
