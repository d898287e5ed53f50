//! The report for people.

use bytesize::ByteSize;

use super::super::super::output::{count, counted, visible};
use super::{Bodies, Endpoint, How, Names, Report, SHOWN_ENDPOINTS};
use crate::record::{DropStage, PrivacyLevel};

/// Columns of a line, if names are not longer.
const WIDTH: usize = 100;
/// Columns of what stands before a list.
const TITLE: usize = 20;

pub fn render(report: &Report<'_>) -> String {
    let mut lines = vec![
        format!("What would leave of {}, of which nothing has left", visible(report.file)),
        format!("privacy level {}, policy {}: {}", report.level.name(), report.policy, in_words(report.level)),
        String::new(),
    ];
    let endpoints = report.endpoints();
    for (method, route, endpoint) in endpoints.iter().take(SHOWN_ENDPOINTS) {
        endpoint_lines(&mut lines, method, route, endpoint);
    }
    let rest = endpoints.iter().skip(SHOWN_ENDPOINTS);
    let known = rest.len();
    let (transactions, bytes) = rest.fold((0, 0), |(transactions, bytes), (_, _, endpoint)| {
        (transactions + endpoint.transactions, bytes + endpoint.bytes)
    });
    let others = report.gathered.others;
    if transactions + others.transactions > 0 {
        let and_more = if others.transactions > 0 { " and others" } else { "" };
        lines.push(format!(
            "{}{and_more}: {}, {}",
            counted(known as u64, "more endpoint"),
            counted(transactions + others.transactions, "transaction"),
            size(bytes + others.bytes)
        ));
        lines.push(String::new());
    }
    if endpoints.is_empty() {
        lines.extend(["no transaction".to_owned(), String::new()]);
    }
    lines.extend(other_records(report));
    let kept_back = report.privacy.redactions().map(|(rule, location, values)| {
        format!("  {:<TITLE$}{:<14}{:>9}", rule.name(), location.name(), count(values))
    });
    section(&mut lines, "kept back: what was found, where, how often", kept_back.collect());
    let judged =
        report.privacy.fail_closed().map(|(reason, values)| format!("  {:<34}{:>9}", reason.name(), count(values)));
    section(&mut lines, "left out because it could not be judged", judged.collect());
    let dropped =
        report.dropped().map(|(stage, transactions)| format!("  {:<34}{:>9}", why(stage), count(transactions)));
    section(&mut lines, "transactions that are not reported", dropped.collect());
    lines.join("\n") + "\n"
}

fn section(lines: &mut Vec<String>, title: &str, entries: Vec<String>) {
    match entries.is_empty() {
        true => lines.push(format!("{title}: nothing")),
        false => {
            lines.push(title.to_owned());
            lines.extend(entries);
        }
    }
}

fn endpoint_lines(lines: &mut Vec<String>, method: &str, route: &str, endpoint: &Endpoint) {
    lines.push(format!("{method} {}", if route.is_empty() { "-".to_owned() } else { visible(route) }));
    lines.push(format!("  {}, {}", counted(endpoint.transactions, "transaction"), size(endpoint.bytes)));
    names(lines, "request fields", &endpoint.request_fields);
    names(lines, "query", &endpoint.query);
    names(lines, "response fields", &endpoint.response_fields);
    let told = |bodies: Bodies, whose: &str| match bodies.count {
        0 => None,
        number => Some(format!("{} of {whose} ({})", count(number), size(bodies.bytes))),
    };
    let bodies: Vec<String> = [(endpoint.request_bodies, "requests"), (endpoint.response_bodies, "responses")]
        .into_iter()
        .filter_map(|(bodies, whose)| told(bodies, whose))
        .collect();
    let bodies = if bodies.is_empty() { "none".to_owned() } else { bodies.join(", ") };
    lines.push(format!("  {:<TITLE$}{bodies}", "bodies"));
    lines.push(String::new());
}

/// A list of names, those that leave the same way together.
fn names(lines: &mut Vec<String>, title: &str, names: &Names) {
    let mut title = title;
    let ways = [How::Scanned, How::Url, How::Typed, How::Names, How::Count, How::Length, How::Present, How::Masked];
    for how in ways {
        let of_it = names.known.iter().filter(|(_, its)| **its == how).map(|(name, _)| visible(name));
        let mut line = String::new();
        for name in of_it {
            if line.is_empty() {
                line = format!("  {title:<TITLE$}{}: {name}", how.name());
            } else if line.chars().count() + name.chars().count() + 2 > WIDTH {
                lines.push(line + ",");
                line = format!("  {:<TITLE$}  {name}", "");
            } else {
                line.push_str(&format!(", {name}"));
            }
            title = "";
        }
        if !line.is_empty() {
            lines.push(line);
        }
    }
    if names.left_out > 0 {
        lines.push(format!("  {:<TITLE$}and more", title));
    }
}

/// What leaves besides transactions.
fn other_records(report: &Report<'_>) -> Vec<String> {
    let records = report.gathered.records;
    let told: Vec<String> = [
        (records.dns, "DNS answer"),
        (records.tls, "TLS handshake"),
        (records.web_sockets, "WebSocket session"),
        (records.endpoints, "discovered endpoint"),
        (records.sites, "site report"),
    ]
    .into_iter()
    .filter(|(number, _)| *number > 0)
    .map(|(number, what)| counted(number, what))
    .collect();
    match told.is_empty() {
        true => Vec::new(),
        false => vec![format!("besides: {}", told.join(", ")), String::new()],
    }
}

fn size(bytes: u64) -> String {
    ByteSize(bytes).display().iec().to_string()
}

fn in_words(level: PrivacyLevel) -> &'static str {
    match level {
        PrivacyLevel::Metadata => "no value that anybody entered",
        PrivacyLevel::Schema => "no value that anybody entered, but of what types they are",
        PrivacyLevel::Redacted => "values and bodies in which nothing personal or secret is found",
        PrivacyLevel::Full => "all but credentials",
    }
}

fn why(stage: DropStage) -> &'static str {
    match stage {
        DropStage::Rule => "a rule for hosts or paths",
        DropStage::Credentials => "credentials or metadata of tasks",
        DropStage::Own => "sent by this program",
        DropStage::RateFair | DropStage::RateGuard | DropStage::RateBytes => "the rate limit",
        DropStage::TableFull => "too many waited for a response",
        DropStage::UnreadHead => "a head that cannot be read",
        DropStage::HeadInParts => "a head in parts",
    }
}
