//! What a forwarder says: one line at first, one every now and then, one for each change, and one in the end.

use std::time::{Duration, Instant};

use bytesize::ByteSize;

use super::super::context::Context;
use super::super::interfaces::{self, Interfaces};
use super::super::output::{count, counted};
use super::super::pace::Pace;
use crate::forward::status::{CollectorStatus, State};
use crate::forward::{Forwarder, Status};
use crate::packet::live::Live;

/// What has been said so far.
pub struct Report {
    pace: Pace,
    interfaces: Interfaces,
    collectors: Vec<CollectorStatus>,
    mtu: usize,
}

impl Report {
    pub fn new(every: Duration) -> Self {
        Report { pace: Pace::new(every), interfaces: Interfaces::default(), collectors: Vec::new(), mtu: 0 }
    }

    /// The line at first: interfaces, destinations with addresses, MTU, ports.
    pub fn begin(&mut self, live: &Live, forwarder: &Forwarder, status: &Status, limit: u64, cx: &Context) {
        let interfaces: Vec<&str> = live.interfaces().collect();
        let collectors: Vec<String> = status.collectors.iter().map(named).collect();
        cx.printer.note(&format!(
            "forwarding from {} to {}; packets of at most {} bytes, source ports {}, at most {} of memory",
            interfaces.join(", "),
            collectors.join(", "),
            status.mtu,
            forwarder.ports(),
            ByteSize(limit).display().iec(),
        ));
        interfaces::filtered_outside(live).for_each(|news| cx.printer.note(&news));
        for collector in &status.collectors {
            if let Some(news) = troubled_at_first(collector) {
                cx.printer.note(&news);
            }
        }
        self.collectors.clone_from(&status.collectors);
        self.mtu = status.mtu;
    }

    /// Says what has changed, and how things are if it is time for that.
    pub fn observe(&mut self, live: &Live, status: &Status, cx: &Context) {
        self.interfaces.news(live).iter().for_each(|news| cx.printer.note(news));
        self.changes(status, cx);
        if self.pace.is_due(Instant::now()) {
            cx.printer.note(&format!("so far: {}", line(status)));
        }
    }

    /// The line in the end.
    pub fn end(&mut self, status: &Status, cx: &Context) {
        self.changes(status, cx);
        let unread = match status.live.unread {
            0 => String::new(),
            unread => format!("; {} not read before the end", counted(unread, "packet")),
        };
        cx.printer.note(&format!("stopped: {}{unread}", line(status)));
    }

    fn changes(&mut self, status: &Status, cx: &Context) {
        for (was, is) in self.collectors.iter_mut().zip(&status.collectors) {
            for change in changes(was, is) {
                cx.printer.note(&change);
            }
            if was != is {
                was.clone_from(is);
            }
        }
        if self.mtu != status.mtu {
            cx.printer.note(&format!("packets of at most {} bytes are sent now", status.mtu));
            self.mtu = status.mtu;
        }
    }
}

/// Why nothing can be sent to a collector yet.
fn troubled_at_first(collector: &CollectorStatus) -> Option<String> {
    let (why, until) = match (&collector.connect_error, &collector.lookup_error) {
        (Some(why), _) => (why, "can be reached"),
        (None, Some(why)) => (why, "has an address"),
        (None, None) => return None,
    };
    Some(format!("{}: {why}; packets to it are dropped until it {until}", collector.destination))
}

/// What has become different about a collector.
fn changes(was: &CollectorStatus, is: &CollectorStatus) -> Vec<String> {
    let name = &is.destination;
    let mut changes = Vec::new();
    if was.address != is.address {
        changes.push(match is.address {
            Some(address) => format!("{name} is at {address} now"),
            None => format!("{name} has no address to send to"),
        });
    }
    if was.own_address < is.own_address {
        changes.push(format!("{name} has an address of this host now, to which nothing is sent"));
    }
    match (&was.lookup_error, &is.lookup_error) {
        (None, Some(why)) => {
            let kept = if is.address.is_some() { "; its last address is kept" } else { "" };
            changes.push(format!("{name}: {why}{kept}"));
        }
        (Some(_), None) if was.address == is.address => changes.push(format!("{name} can be looked up again")),
        _ => {}
    }
    if let (None, Some(why)) = (&was.connect_error, &is.connect_error) {
        changes.push(format!("{name}: {why}"));
    }
    if was.state != is.state {
        match is.state {
            State::Refusing => {
                changes.push(format!("{name} refuses: nothing listens at its port; packets are sent all the same"));
            }
            State::Unreachable => changes.push(format!("{name} cannot be reached: packets to it are lost")),
            State::Sending if matches!(was.state, State::Refusing | State::Unreachable) => {
                changes.push(format!("{name} is back"));
            }
            State::Sending | State::Unresolved | State::OwnAddress => {}
        }
    }
    if was.outcome.unsegmented == 0 && is.outcome.unsegmented > 0 {
        changes.push(format!("the kernel does not segment datagrams to {name}: each is sent by itself, at more cost"));
    }
    if was.outcome.last_error != is.outcome.last_error && is.outcome.last_error > 0 {
        let error = std::io::Error::from_raw_os_error(is.outcome.last_error);
        changes.push(format!("sending to {name} fails: {error}"));
    }
    changes
}

/// A collector as it was given, and its address unless it was given as that.
fn named(collector: &CollectorStatus) -> String {
    match collector.address {
        Some(address) if address.to_string() == collector.destination => collector.destination.clone(),
        Some(address) => format!("{} ({address})", collector.destination),
        None => format!("{} (no address yet)", collector.destination),
    }
}

/// How things are since the beginning.
fn line(status: &Status) -> String {
    let counts = &status.counts;
    let mut parts = vec![
        format!("{} captured ({})", counted(counts.captured.packets, "packet"), bytes(counts.captured.bytes)),
        format!("{} sent ({})", counted(counts.outcome.sent.datagrams, "datagram"), bytes(counts.outcome.sent.bytes)),
        dropped(status),
    ];
    let segments = &counts.segments;
    if segments.segments > 0 {
        let cut = segments.super_frames + segments.split;
        parts.push(format!("{} cut into {}", counted(cut, "frame"), count(segments.segments)));
    }
    if segments.checksums_completed > 0 {
        parts.push(format!("{} completed", counted(segments.checksums_completed, "checksum")));
    }
    if counts.mirrored.packets > 0 {
        parts.push(format!("{} left out, mirrored already", counted(counts.mirrored.packets, "packet")));
    }
    for (number, what) in [
        (segments.truncated + counts.outcome.recut_truncated, "truncated"),
        (segments.checksums_unfinished, "with a checksum that could not be completed"),
        (segments.malformed, "malformed, and sent as they are"),
    ] {
        if number > 0 {
            parts.push(format!("{} {what}", counted(number, "frame")));
        }
    }
    if counts.outcome.recut > 0 {
        let again = counted(counts.outcome.recut, "datagram");
        parts.push(format!("{again} cut again for a narrower path into {}", count(counts.outcome.recut_into)));
    }
    let troubled = status.collectors.iter().filter_map(|collector| {
        let trouble = match collector.state {
            State::Sending => return None,
            State::Refusing => "refuses",
            State::Unreachable => "cannot be reached",
            State::Unresolved => "has no address",
            State::OwnAddress => "is this host",
        };
        Some(format!("{} {trouble}", collector.destination))
    });
    parts.extend(troubled);
    if let [_, _, ..] = status.collectors[..] {
        parts.extend(status.collectors.iter().map(to_one));
    }
    if status.live.gone > 0 {
        parts.push(format!("{} gone", counted(status.live.gone as u64, "interface")));
    }
    if !status.live.held.is_zero() {
        parts.push(format!("{:.1} s without reading, to keep to the CPU limit", status.live.held.as_secs_f64()));
    }
    parts.join("; ")
}

/// What of the datagrams to one of several collectors went and was dropped.
fn to_one(collector: &CollectorStatus) -> String {
    let outcome = &collector.outcome;
    let dropped: u64 = outcome.drops().iter().map(|(_, lot)| lot.datagrams).sum();
    let dropped = if dropped > 0 { format!(", {} dropped", count(dropped)) } else { String::new() };
    format!("{}: {} sent{dropped}", collector.destination, count(outcome.sent.datagrams))
}

/// What was lost, and why: `nothing dropped`, or `dropped: 5 packets kernel ring full, 3 datagrams refused`.
fn dropped(status: &Status) -> String {
    let counts = &status.counts;
    let packets = [
        (status.live.dropped, "packet", "ring full"),
        (counts.shed.packets, "packet", "over the rate cap"),
        (counts.segments.dropped_oversize, "frame", "too long"),
        (counts.segments.uncut, "frame", "cut off in a tunnel"),
        (counts.segments.unknown_link, "packet", "of an unknown link"),
    ];
    let datagrams = counts.outcome.drops().map(|(cause, lot)| (lot.datagrams, "datagram", cause));
    let lost = packets.into_iter().chain(datagrams).filter(|(number, ..)| *number > 0);
    let lost: Vec<String> = lost
        .map(|(number, what, cause)| match (number, cause) {
            (shed, "over the rate cap") => {
                format!("{} {cause} ({})", counted(shed, what), bytes(counts.shed.bytes))
            }
            _ => format!("{} {cause}", counted(number, what)),
        })
        .collect();
    match lost.is_empty() {
        true => "nothing dropped".to_owned(),
        false => format!("dropped: {}", lost.join(", ")),
    }
}

fn bytes(number: u64) -> bytesize::Display {
    ByteSize(number).display().iec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_what_came_what_went_and_what_was_lost() {
        let mut status = Status::default();
        assert_eq!(line(&status), "0 packets captured (0 B); 0 datagrams sent (0 B); nothing dropped");
        status.counts.captured.packets = 12_345;
        status.counts.captured.bytes = 8 << 20;
        status.counts.outcome.sent.datagrams = 1;
        status.counts.outcome.refused.datagrams = 3;
        status.counts.segments.super_frames = 2;
        status.counts.segments.segments = 80;
        status.counts.segments.checksums_completed = 81;
        status.counts.mirrored.packets = 4;
        status.live.dropped = 5;
        status.counts.shed.packets = 7;
        status.counts.shed.bytes = 2048;
        status.counts.segments.uncut = 4;
        status.collectors = vec![CollectorStatus {
            destination: "c:4789".into(),
            state: State::Refusing,
            ..CollectorStatus::default()
        }];
        assert_eq!(
            line(&status),
            "12,345 packets captured (8.0 MiB); 1 datagram sent (0 B); dropped: 5 packets ring full, 7 packets over the rate \
             cap (2.0 KiB), 4 frames cut off in a tunnel, 3 datagrams refused; 2 frames cut into 80; \
             81 checksums completed; 4 packets left out, mirrored already; c:4789 refuses"
        );
    }

    #[test]
    fn each_cause_of_loss_is_in_the_documentation() {
        let mut status = Status::default();
        status.live.dropped = 1;
        status.counts.shed.packets = 1;
        status.counts.segments.dropped_oversize = 1;
        status.counts.segments.uncut = 1;
        status.counts.segments.unknown_link = 1;
        let documentation = include_str!("../../../docs/forwarding.md");
        let said = dropped(&status);
        let ours = said.trim_start_matches("dropped: ").split(", ").map(|part| {
            let cause = part.splitn(3, ' ').last().unwrap_or_default();
            cause.split(" (").next().unwrap_or_default()
        });
        let all: Vec<&str> = ours.chain(status.counts.outcome.drops().map(|(cause, _)| cause)).collect();
        assert!(all.contains(&"of an unknown link") && all.contains(&"not sent"), "{all:?}");
        for cause in all {
            assert!(documentation.contains(&format!("\n| {cause} | ")), "`{cause}` is not in docs/forwarding.md");
        }
    }

    #[test]
    fn a_collector_that_cannot_be_connected_to_is_not_said_to_have_no_address() {
        let collector = CollectorStatus {
            destination: "10.9.9.9:4789".into(),
            address: Some(([10, 9, 9, 9], 4789).into()),
            state: State::Unreachable,
            connect_error: Some("cannot connect to 10.9.9.9:4789: no route".into()),
            ..CollectorStatus::default()
        };
        assert_eq!(named(&collector), "10.9.9.9:4789");
        let said = troubled_at_first(&collector).unwrap();
        assert!(said.ends_with("no route; packets to it are dropped until it can be reached"), "{said}");
    }

    #[test]
    fn each_change_is_said_once() {
        let was = CollectorStatus {
            destination: "c:4789".into(),
            address: Some(([10, 0, 0, 7], 4789).into()),
            ..CollectorStatus::default()
        };
        let said = |change: fn(&mut CollectorStatus)| {
            let mut is = was.clone();
            change(&mut is);
            assert_eq!(changes(&is, &is), [""; 0]);
            changes(&was, &is).join("\n")
        };
        assert_eq!(said(|is| is.address = Some(([10, 0, 0, 8], 4789).into())), "c:4789 is at 10.0.0.8:4789 now");
        assert!(said(|is| is.state = State::Refusing).starts_with("c:4789 refuses"));
        assert!(said(|is| is.lookup_error = Some("no such name".into())).ends_with("its last address is kept"));
        assert_eq!(
            said(|is| is.connect_error = Some("cannot connect to b: why".into())),
            "c:4789: cannot connect to b: why"
        );
        assert!(said(|is| is.own_address = 1).contains("an address of this host"));
        assert_eq!(said(|is| is.outcome.sent.datagrams = 9), "");
        let refusing = CollectorStatus { state: State::Refusing, ..was.clone() };
        assert_eq!(changes(&refusing, &was), ["c:4789 is back"]);
    }
}
