//! What was kept back, counted.

use super::detectors::Rule;

/// Where a value was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Location {
    Header,
    Query,
    Path,
    Method,
    Host,
    UserAgent,
    ServerName,
    Reason,
    Body,
}

impl Location {
    /// All of them.
    pub const ALL: [Location; 9] = [
        Location::Header,
        Location::Query,
        Location::Path,
        Location::Method,
        Location::Host,
        Location::UserAgent,
        Location::ServerName,
        Location::Reason,
        Location::Body,
    ];

    /// As metrics show it.
    pub fn name(self) -> &'static str {
        match self {
            Location::Header => "header",
            Location::Query => "query",
            Location::Path => "path",
            Location::Method => "method",
            Location::Host => "host",
            Location::UserAgent => "user_agent",
            Location::ServerName => "server_name",
            Location::Reason => "reason",
            Location::Body => "body",
        }
    }
}

/// Why something was left out because it could not be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailClosed {
    /// A content coding that is not decoded here, or one that does not decode.
    Encoding,
    /// Content that grows out of all proportion when decoded.
    Bomb,
    /// A charset that is not known, or text that is not of it.
    Charset,
    /// Content that is not what its media type says.
    Malformed,
    /// Content that is nested too deep.
    Depth,
    /// What would become much longer than it was.
    Length,
}

impl FailClosed {
    /// All of them.
    pub const ALL: [FailClosed; 6] = [
        FailClosed::Encoding,
        FailClosed::Bomb,
        FailClosed::Charset,
        FailClosed::Malformed,
        FailClosed::Depth,
        FailClosed::Length,
    ];

    /// As metrics show it.
    pub fn name(self) -> &'static str {
        match self {
            FailClosed::Encoding => "encoding",
            FailClosed::Bomb => "bomb",
            FailClosed::Charset => "charset",
            FailClosed::Malformed => "malformed",
            FailClosed::Depth => "depth",
            FailClosed::Length => "length",
        }
    }
}

/// Counts since the start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PrivacyCounts {
    redactions: [[u64; Location::ALL.len()]; Rule::ALL.len()],
    fail_closed: [u64; FailClosed::ALL.len()],
}

impl PrivacyCounts {
    /// Counts a value that a rule kept back.
    pub fn redacted(&mut self, rule: Rule, location: Location) {
        let count = &mut self.redactions[rule as usize][location as usize];
        *count = count.saturating_add(1);
    }

    /// Counts what could not be judged.
    pub fn failed_closed(&mut self, reason: FailClosed) {
        let count = &mut self.fail_closed[reason as usize];
        *count = count.saturating_add(1);
    }

    /// Values that each rule kept back in each place, those that it did.
    pub fn redactions(&self) -> impl Iterator<Item = (Rule, Location, u64)> {
        Rule::ALL.into_iter().flat_map(move |rule| {
            Location::ALL.into_iter().filter_map(move |location| {
                let count = self.redactions[rule as usize][location as usize];
                (count > 0).then_some((rule, location, count))
            })
        })
    }

    /// What was left out because it could not be judged, by reason.
    pub fn fail_closed(&self) -> impl Iterator<Item = (FailClosed, u64)> {
        FailClosed::ALL.into_iter().map(|reason| (reason, self.fail_closed[reason as usize])).filter(|&(_, n)| n > 0)
    }
}
