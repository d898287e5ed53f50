//! What a capture came to, in a few lines: how much was seen, what was lost and why, and why nothing was seen.

#[cfg(target_os = "linux")]
mod collected;

use super::super::context::Context;
use super::super::output::{count, counted};
use super::trouble;
#[cfg(target_os = "linux")]
use crate::collect::{CollectCounts, Collector};
use crate::export::{ExportCounts, Exports, ItemLedger, Unit};
#[cfg(target_os = "linux")]
use crate::packet::live::LiveCounts;
use crate::record::DropStage;
use crate::sensor::EngineCounts;
use crate::sensor::conversation::ConversationCounts;
use crate::sensor::read::ReadCounts;

/// After a file.
pub fn of_file(engine: &EngineCounts, read: &ReadCounts, filter: &str, exports: &Exports, cx: &Context) {
    let has_filter = !filter.is_empty();
    let seen = Seen { packets: read.frames, has_filter, filtered: read.filtered, ..Seen::default() };
    cx.printer.note(&text(engine, seen, &Exported::of(exports)));
}

/// After listening.
#[cfg(target_os = "linux")]
pub fn of_interfaces(engine: &EngineCounts, live: LiveCounts, filter: &str, exports: &Exports, cx: &Context) {
    let has_filter = !filter.is_empty();
    let losses = vec![
        (live.dropped, "packet", "dropped by the kernel because the ring was full"),
        (live.unread, "packet", "not read before the end"),
    ];
    let held = live.held.as_secs_f64();
    let more = match held > 0.0 {
        true => vec![format!("{held:.1} s without reading, to keep to the CPU limit")],
        false => Vec::new(),
    };
    let seen = Seen { packets: live.packets, has_filter, losses, more, ..Seen::default() };
    cx.printer.note(&text(engine, seen, &Exported::of(exports)));
}

/// After collecting.
#[cfg(target_os = "linux")]
pub fn of_collector(
    engine: &EngineCounts,
    collected: &CollectCounts,
    collector: &Collector,
    filter: &str,
    exports: &Exports,
    cx: &Context,
) {
    let seen = Seen { has_filter: !filter.is_empty(), ..collected::seen(collected, collector) };
    cx.printer.note(&text(engine, seen, &Exported::of(exports)));
}

/// Packets before they reached the engine.
#[derive(Debug, Clone, Default)]
struct Seen {
    /// What they came in.
    came: Option<String>,
    packets: u64,
    /// Whether there is a filter.
    has_filter: bool,
    /// Those that the filter rejected, as far as that is known.
    filtered: u64,
    /// What else is to be said, a line each.
    more: Vec<String>,
    losses: Vec<Loss>,
}

/// How many of what, and why.
type Loss = (u64, &'static str, &'static str);

/// What became of records.
#[derive(Debug, Clone, Default)]
struct Exported<'a> {
    records: u64,
    by_export: Vec<ExportCounts<'a>>,
    /// Of exports that account for all that they were given.
    ledgers: Vec<(&'a str, ItemLedger)>,
}

impl<'a> Exported<'a> {
    fn of(exports: &'a Exports) -> Self {
        Exported {
            records: exports.records(),
            by_export: exports.counts().collect(),
            ledgers: exports.ledgers().collect(),
        }
    }
}

fn text(engine: &EngineCounts, seen: Seen, exported: &Exported<'_>) -> String {
    let filtered = match seen.filtered {
        0 => String::new(),
        filtered => format!(" ({} not wanted by the filter)", count(filtered)),
    };
    let transactions = &engine.transactions;
    let incomplete = match transactions.incomplete {
        0 => String::new(),
        incomplete => format!(" ({} incomplete)", count(incomplete)),
    };
    let others = match exported.records.saturating_sub(transactions.emitted) {
        0 => String::new(),
        others => format!(", {} of TLS, DNS or WebSocket", counted(others, "record")),
    };
    let came = seen.came.map_or(String::new(), |came| format!("{came}, "));
    let mut lines = vec![
        format!("{came}{}{filtered}, {}", counted(seen.packets, "packet"), counted(engine.flows.opened, "connection")),
        format!("{}{incomplete}{others}", counted(transactions.emitted, "transaction")),
    ];
    lines.splice(1..1, protocols(engine));
    lines.extend(seen.more);
    let left_out = list("left out", told(left_out(engine)).collect());
    lines.extend(left_out);
    let lost = told(seen.losses.into_iter().chain(losses(engine)));
    let lost = list("lost", lost.chain(exported.by_export.iter().flat_map(losses_of_export)).collect());
    match lost.is_empty() {
        true => lines.push("nothing was lost".to_owned()),
        false => lines.extend(lost),
    }
    for export in exported.by_export.iter().filter(|export| export.left_out > 0) {
        let records = counted(export.left_out, "record");
        lines.push(format!("{}: {records} left out, since the format has no place for such", export.target));
    }
    match engine.packets.frames {
        0 if seen.has_filter => lines.push("no HTTP was seen: the filter let no packet through".to_owned()),
        _ => lines.extend(engine.unread.why(engine)),
    }
    lines.push(ledger(engine, exported));
    lines.join("\n")
}

/// The last line, for programs: equations of what became of each transaction, and of each thing that was sent.
fn ledger(engine: &EngineCounts, exported: &Exported<'_>) -> String {
    let transactions = &engine.transactions;
    let dropped = DropStage::ALL.map(|stage| (stage.name(), transactions.dropped(stage)));
    let mut line = format!("ledger: seen {} = emitted {}", transactions.seen, transactions.emitted);
    for (fate, number) in std::iter::once(("pending", transactions.pending)).chain(dropped) {
        if number > 0 {
            line.push_str(&format!(" + {fate} {number}"));
        }
    }
    for (target, ItemLedger { accounts, resent }) in &exported.ledgers {
        let accounts: Vec<String> = accounts.iter().map(ToString::to_string).collect();
        line.push_str(&format!("; {target}: {}, resent {resent}", accounts.join(", ")));
    }
    line
}

/// What connections spoke, where that was not HTTP/1 alone.
fn protocols(engine: &EngineCounts) -> Option<String> {
    let ConversationCounts { http1, http2, tls, web_socket, dns, unknown, .. } = engine.conversations;
    let others =
        [(http2, "HTTP/2"), (tls, "TLS"), (web_socket, "WebSocket"), (dns, "DNS over TCP"), (unknown, "unknown")];
    if others.iter().all(|(connections, _)| *connections == 0) {
        return None;
    }
    let kinds = [(http1, "HTTP/1")].into_iter().chain(others).filter(|(connections, _)| *connections > 0);
    let list: Vec<String> = kinds.map(|(connections, kind)| format!("{} {kind}", count(connections))).collect();
    Some(format!("connections: {}", list.join(", ")))
}

/// Things under a title: on its line if it is one, below it if there are several.
fn list(title: &str, things: Vec<String>) -> Vec<String> {
    match &things[..] {
        [] => Vec::new(),
        [one] => vec![format!("{title}: {one}")],
        several => [format!("{title}:")].into_iter().chain(several.iter().map(|thing| format!("  {thing}"))).collect(),
    }
}

/// Losses as people read them, as far as there are some.
fn told(losses: impl Iterator<Item = Loss>) -> impl Iterator<Item = String> {
    losses.filter(|(lost, ..)| *lost > 0).map(|(lost, what, why)| format!("{} {why}", counted(lost, what)))
}

/// What was seen and is not told one by one, as the user wants it.
fn left_out(engine: &EngineCounts) -> impl Iterator<Item = Loss> {
    let dropped = |stage| engine.transactions.dropped(stage);
    let causes = [
        (dropped(DropStage::Rule), "transaction", "by the rules for hosts and paths"),
        (dropped(DropStage::Credentials), "transaction", "with what hands out credentials and metadata"),
        (dropped(DropStage::Own), "transaction", "of sidetap's own"),
        (dropped(DropStage::RateFair) + dropped(DropStage::RateGuard), "transaction", "by the rate limit"),
        (dropped(DropStage::RateBytes), "transaction", "as the bytes of the minute were used up"),
    ];
    causes.into_iter()
}

/// What was lost, and why.
fn losses(engine: &EngineCounts) -> impl Iterator<Item = Loss> {
    let causes = [
        (engine.bytes.gap, "byte", "sent but not in the capture"),
        (engine.bytes.evicted, "byte", "given up for lack of room"),
        (engine.flows.evicted, "connection", "given up for others"),
        (engine.transactions.dropped(DropStage::TableFull), "transaction", "given up for lack of room"),
        (
            engine.transactions.dropped(DropStage::HeadInParts),
            "message",
            "whose head came in parts, given up for lack of room",
        ),
        (engine.transactions.dropped(DropStage::UnreadHead), "message", "whose head could not be read"),
        (
            engine.conversations.http2_given_up,
            "connection",
            "of HTTP/2 not read to the end for lack of room, so that later transactions are missing",
        ),
        (engine.conversations.shed, "connection", "of TLS, WebSocket, DNS or unknown kind not read for lack of room"),
        (engine.conversations.spared, "connection", "not read so that less CPU is used"),
        (engine.packets.malformed, "packet", "malformed"),
        (engine.packets.truncated, "packet", "cut in the headers"),
        (engine.packets.unknown_link, "packet", "of an unknown link type"),
        (engine.packets.too_deep, "packet", "in too many tunnels"),
        (engine.fragments.abandoned, "packet", "of which not all fragments came"),
    ];
    causes.into_iter()
}

/// What an export lost.
fn losses_of_export(export: &ExportCounts<'_>) -> impl Iterator<Item = String> {
    let ExportCounts { target, unit, queue, .. } = export;
    let what = trouble::unit(*unit);
    let causes = match unit {
        Unit::Item => [(queue.dropped, what, "that were not brought to"), (queue.failed, what, "refused by")],
        Unit::Record | Unit::Frame => {
            [(queue.dropped, what, "not taken in time by"), (queue.failed, what, "that could not be written to")]
        }
    };
    told(causes.into_iter()).map(move |lost| format!("{lost} {target}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::{Account, QueueCounts};

    /// What a file came to, without a ledger that says no more than the line of transactions.
    fn summary(change: impl FnOnce(&mut EngineCounts, &mut Seen, &mut Exported<'_>)) -> String {
        let (mut engine, mut seen, mut exported) = (EngineCounts::default(), Seen::default(), Exported::default());
        change(&mut engine, &mut seen, &mut exported);
        engine.packets.frames = seen.packets - seen.filtered;
        let dropped = DropStage::ALL.iter().map(|&stage| engine.transactions.dropped(stage)).sum::<u64>();
        engine.transactions.seen = engine.transactions.emitted + dropped;
        let text = text(&engine, seen, &exported);
        let emitted = engine.transactions.emitted;
        let plain = format!("\nledger: seen {emitted} = emitted {emitted}");
        text.strip_suffix(&plain).unwrap_or(&text).to_owned()
    }

    #[test]
    fn one_of_each_is_no_plural() {
        let text = summary(|engine, seen, exported| {
            seen.packets = 1;
            engine.flows.opened = 1;
            engine.transactions.emitted = 1;
            exported.records = 2;
        });
        assert_eq!(text, "1 packet, 1 connection\n1 transaction, 1 record of TLS, DNS or WebSocket\nnothing was lost");
    }

    #[test]
    fn what_is_left_out_as_the_user_wants_it_is_no_loss() {
        let text = summary(|engine, _, exported| {
            (engine.transactions.emitted, exported.records) = (5, 5);
            engine.transactions.drop(DropStage::RateFair, 1_000);
            engine.transactions.drop(DropStage::RateGuard, 1);
        });
        assert!(text.contains("\nleft out: 1,001 transactions by the rate limit\nnothing was lost"), "{text}");
    }

    #[test]
    fn what_was_lost_is_told_with_its_cause() {
        let text = summary(|engine, seen, exported| {
            *seen = Seen { packets: 1_234_567, filtered: 1000, ..Seen::default() };
            engine.flows.opened = 13;
            engine.transactions.emitted = 31;
            engine.transactions.incomplete = 1;
            engine.bytes.gap = 7240;
            exported.records = 31;
        });
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines,
            [
                "1,234,567 packets (1,000 not wanted by the filter), 13 connections",
                "31 transactions (1 incomplete)",
                "lost: 7,240 bytes sent but not in the capture",
            ]
        );
    }

    fn export(target: &str, unit: Unit, queue: QueueCounts, left_out: u64) -> ExportCounts<'_> {
        ExportCounts { target, unit, queue, left_out, failure: None }
    }

    #[test]
    fn several_losses_have_a_line_each() {
        let text = summary(|engine, seen, exported| {
            let losses = vec![(2, "packet", "dropped by the kernel because the ring was full")];
            *seen = Seen { packets: 20, losses, ..Seen::default() };
            engine.transactions.emitted = 1;
            engine.packets.malformed = 1;
            let queue = QueueCounts { written: 0, dropped: 0, failed: 3 };
            exported.by_export.push(export("ndjson:/full", Unit::Record, queue, 0));
        });
        assert!(text.ends_with(
            "lost:\n  2 packets dropped by the kernel because the ring was full\n  1 packet malformed\n  3 records that \
             could not be written to ndjson:/full"
        ));
    }

    #[test]
    fn each_export_tells_of_its_own_losses_and_of_what_it_writes() {
        let text = summary(|engine, _, exported| {
            engine.transactions.emitted = 9;
            let queue = QueueCounts { written: 5, dropped: 1, failed: 0 };
            exported.by_export.push(export("pcapng:a", Unit::Frame, queue, 0));
            exported.by_export.push(export("ndjson:-", Unit::Record, queue, 0));
        });
        assert!(
            text.ends_with("lost:\n  1 packet not taken in time by pcapng:a\n  1 record not taken in time by ndjson:-")
        );
    }

    #[test]
    fn what_a_format_has_no_place_for_is_told_and_is_no_loss() {
        let text = summary(|engine, _, exported| {
            engine.transactions.emitted = 9;
            exported.by_export.push(export("har:out", Unit::Record, QueueCounts::default(), 4));
        });
        let end = "nothing was lost\nhar:out: 4 records left out, since the format has no place for such";
        assert!(text.ends_with(end), "{text}");
    }

    #[test]
    fn a_filter_that_lets_nothing_through_is_blamed_for_it() {
        for (packets, has_filter, why) in
            [(9, true, "the filter let no packet through"), (0, false, "no packets at all")]
        {
            let text = summary(|_, seen, _| *seen = Seen { packets, has_filter, filtered: packets, ..Seen::default() });
            assert!(text.ends_with(&format!("\nno HTTP was seen: {why}")), "{text}");
        }
    }

    #[test]
    fn what_connections_spoke_is_told_unless_it_was_http_1_alone() {
        let told = |http2, unknown| {
            summary(|engine, _, _| {
                engine.transactions.emitted = 1;
                engine.conversations = ConversationCounts { http1: 1_200, http2, unknown, ..Default::default() };
            })
        };
        assert!(!told(0, 0).contains("HTTP/1"));
        assert_eq!(told(3, 1).lines().nth(1), Some("connections: 1,200 HTTP/1, 3 HTTP/2, 1 unknown"));
    }

    #[test]
    fn connections_that_gave_way_are_told_with_what_that_means() {
        let text = summary(|engine, _, _| {
            engine.transactions.emitted = 1;
            engine.conversations.http2_given_up = 2;
            engine.transactions.drop(DropStage::HeadInParts, 1);
        });
        let lines: Vec<&str> = text.lines().skip(3).collect();
        assert_eq!(
            lines,
            [
                "  1 message whose head came in parts, given up for lack of room",
                "  2 connections of HTTP/2 not read to the end for lack of room, so that later transactions are missing",
                "ledger: seen 2 = emitted 1 + head_in_parts 1",
            ]
        );
    }

    #[test]
    fn the_last_line_accounts_for_every_transaction_and_everything_sent() {
        let text = summary(|engine, _, exported| {
            engine.transactions.emitted = 990;
            engine.transactions.drop(DropStage::Rule, 10);
            let fates = vec![("accepted", 980), ("queue.full", 10), ("shutdown", 0)];
            let traces = Account { kind: "traces", given: 990, recovered: 0, fates };
            exported.ledgers.push(("otlp:http://a", ItemLedger { accounts: vec![traces], resent: 512 }));
        });
        let last = text.lines().last();
        let told = "ledger: seen 1000 = emitted 990 + rule 10; otlp:http://a: traces given 990 = accepted 980 + \
                    queue.full 10, resent 512";
        assert_eq!(last, Some(told));
    }

    #[test]
    fn nothing_seen_says_why() {
        let text = summary(|engine, seen, _| {
            seen.packets = 9;
            engine.unread.encrypted(443, Some("api.example.com"));
            engine.unread.unknown(5432);
        });
        let why = text.lines().last().unwrap();
        assert_eq!(
            why,
            "no HTTP was seen: only encrypted traffic: port 443 (1 connection), name api.example.com; traffic that is not \
             HTTP: port 5432 (1 connection)"
        );
    }
}
