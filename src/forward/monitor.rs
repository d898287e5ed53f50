//! What a forwarder says of itself to those who ask over HTTP.
//!
//! Each number of the line that is printed every now and then is there, with the same meaning. What the line adds up for
//! all destinations is told of each.

use std::time::Duration;

use super::outcome::Lot;
use super::status::{CollectorStatus, Shared, State, Status};
use crate::export::monitor::report::{Item, Report};
use crate::export::monitor::subject::Subject;

/// A forwarder that can be asked.
#[derive(Debug)]
pub struct Monitored {
    status: Shared,
    interfaces: Vec<String>,
}

impl Monitored {
    /// One that publishes here, and captures from these.
    pub fn new(status: Shared, interfaces: Vec<String>) -> Self {
        Monitored { status, interfaces }
    }
}

impl Subject for Monitored {
    fn silent(&self) -> Duration {
        self.status.age()
    }

    fn ready(&self) -> Result<(), String> {
        let Some(status) = self.status.get() else { return Err("it has not begun".to_owned()) };
        if status.live.gone >= self.interfaces.len() {
            return Err("every interface is gone".to_owned());
        }
        if status.collectors.iter().any(|collector| collector.address.is_some()) {
            return Ok(());
        }
        let why: Vec<String> = status.collectors.iter().map(why_no_address).collect();
        Err(format!("no destination has an address: {}", why.join("; ")))
    }

    fn describe(&self, report: &mut Report) {
        let status = self.status.get().unwrap_or_default();
        packets(&status, report);
        frames(&status, report);
        destinations(&status, report);
        report.gauge("sidetap_mtu_bytes", "The largest IP packet that is sent").is(status.mtu as u64);
        report
            .gauge("sidetap_frame_limit_bytes", "The longest frame that goes into one")
            .is(status.frame_budget as u64);
        report.gauge("sidetap_interfaces", "Interfaces that are listened on").is(self.interfaces.len() as u64);
        report.gauge("sidetap_interfaces_gone", "Those of them that are gone now").is(status.live.gone as u64);
        report.list("interfaces", self.interfaces.iter().map(|name| vec![("name", name.as_str().into())]));
        report.list("destinations", status.collectors.iter().map(item));
    }
}

fn why_no_address(collector: &CollectorStatus) -> String {
    let why = match (&collector.lookup_error, collector.state) {
        (Some(why), _) => why,
        (None, State::OwnAddress) => "it is this host",
        (None, _) => "not known yet",
    };
    format!("{}: {why}", collector.destination)
}

fn packets(status: &Status, report: &mut Report) {
    let (counts, live) = (&status.counts, &status.live);
    report
        .counter("sidetap_kernel_packets", "Packets that passed the filter, those that the kernel dropped included")
        .is(live.packets);
    report.counter("sidetap_captured_packets", "Packets that were read").is(counts.captured.packets);
    report.counter("sidetap_captured_bytes", "Their bytes on the wire").is(counts.captured.bytes);
    report.gauge("sidetap_unread_packets", "Packets that wait in the rings").is(live.unread);
    report
        .counter("sidetap_held_seconds", "Time in which nothing was read, to keep to the CPU limit")
        .is(live.held.as_secs());
    let ends = [
        ("encapsulated", counts.encapsulated),
        ("own", counts.own),
        ("rate_cap", counts.shed),
        ("dropped", counts.dropped),
    ];
    report
        .counter("sidetap_handled_packets", "What became of the packets that were read, each in one of these")
        .by("outcome", ends.map(|(end, amount)| (end, amount.packets)));
    report
        .counter("sidetap_handled_bytes", "Their bytes on the wire")
        .by("outcome", ends.map(|(end, amount)| (end, amount.bytes)));
    report.counter("sidetap_dropped_packets", "Packets that were not forwarded").by(
        "cause",
        [
            ("ring_full", live.dropped),
            ("rate_cap", counts.shed.packets),
            ("unknown_link", counts.segments.unknown_link),
        ],
    );
}

fn frames(status: &Status, report: &mut Report) {
    let segments = &status.counts.segments;
    report.counter("sidetap_frames", "Frames that were made, each sent to every destination").is(status.counts.frames);
    report
        .counter("sidetap_dropped_frames", "Frames that were not sent")
        .by("cause", [("too_long", segments.dropped_oversize)]);
    report
        .counter(
            "sidetap_cut_frames",
            "Frames that were cut: of an interface with offload, and others that did not fit",
        )
        .by("kind", [("offload", segments.super_frames), ("too_long", segments.split)]);
    report.counter("sidetap_segments", "What they were cut into").is(segments.segments);
    report
        .counter("sidetap_completed_checksums", "Checksums that were unfinished when captured, and were completed")
        .is(segments.checksums_completed);
    report
        .counter("sidetap_unfinished_checksum_frames", "Frames with a checksum that could not be completed")
        .is(segments.checksums_unfinished);
    report.counter("sidetap_truncated_frames", "Frames cut off at the longest that fits").is(segments.truncated);
    report
        .counter("sidetap_uncut_frames", "Frames cut off, too, that an interface was to cut inside of a tunnel")
        .is(segments.uncut);
    report
        .counter("sidetap_malformed_frames", "Frames whose headers contradict themselves, sent as they are")
        .is(segments.malformed);
    report.counter("sidetap_snapped_frames", "Frames of which less was captured than there was").is(segments.snapped);
}

fn destinations(status: &Status, report: &mut Report) {
    for collector in &status.collectors {
        let name = collector.destination.as_str();
        let of = [("destination", name)];
        let outcome = &collector.outcome;
        report.counter("sidetap_sent_datagrams", "Datagrams that the kernel took").of(&of, outcome.sent.datagrams);
        report.counter("sidetap_sent_bytes", "Bytes of their IP packets").of(&of, outcome.sent.bytes);
        for (cause, Lot { datagrams, bytes }) in outcome.drops() {
            let cause = cause.replace(' ', "_");
            let labels = [("destination", name), ("cause", cause.as_str())];
            report.counter("sidetap_dropped_datagrams", "Datagrams that were not sent").of(&labels, datagrams);
            report.counter("sidetap_dropped_datagram_bytes", "Bytes of their IP packets").of(&labels, bytes);
        }
        report
            .gauge("sidetap_destination_up", "Whether it has an address, and neither refuses nor is unreachable")
            .of(&of, (collector.address.is_some() && collector.state == State::Sending).into());
        report
            .counter("sidetap_destination_refusals", "How often its host said that nobody listens there")
            .of(&of, outcome.refusals);
        report
            .counter("sidetap_destination_failed_lookups", "How often its name could not be looked up")
            .of(&of, collector.lookups_failed);
        report
            .counter("sidetap_destination_own_addresses", "How often its name had an address of this host")
            .of(&of, collector.own_address);
    }
}

fn item(collector: &CollectorStatus) -> Item {
    vec![
        ("destination", collector.destination.as_str().into()),
        ("address", collector.address.map(|address| address.to_string()).into()),
        ("state", word(collector.state).into()),
        ("lookup_error", collector.lookup_error.clone().into()),
        ("sent_datagrams", collector.outcome.sent.datagrams.into()),
    ]
}

fn word(state: State) -> &'static str {
    match state {
        State::Sending => "sending",
        State::Refusing => "refusing",
        State::Unreachable => "unreachable",
        State::Unresolved => "unresolved",
        State::OwnAddress => "own address",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::monitor::exposition::assert_snapshot;
    use crate::forward::counts::Amount;
    use crate::forward::outcome::Outcome;
    use crate::packet::live::LiveCounts;

    fn lot(datagrams: u64) -> Lot {
        Lot { datagrams, bytes: datagrams * 100 }
    }

    fn collector(destination: &str, last: u8) -> CollectorStatus {
        let outcome = Outcome { sent: lot(1000), refused: lot(3), full: lot(2), refusals: 4, ..Outcome::default() };
        let address = Some(([10, 0, 0, last], 4789).into());
        CollectorStatus { destination: destination.to_owned(), address, outcome, ..CollectorStatus::default() }
    }

    fn status() -> Status {
        let mut status = Status { mtu: 1500, frame_budget: 1464, ..Status::default() };
        status.live = LiveCounts { packets: 1_015, dropped: 5, unread: 2, ..LiveCounts::default() };
        let amount = |packets| Amount { packets, bytes: packets * 60 };
        let counts = &mut status.counts;
        (counts.captured, counts.encapsulated, counts.own) = (amount(1008), amount(1000), amount(1));
        (counts.shed, counts.dropped, counts.frames) = (amount(4), amount(3), 1005);
        let segments = &mut counts.segments;
        (segments.super_frames, segments.split, segments.segments) = (2, 1, 80);
        (segments.checksums_completed, segments.checksums_unfinished) = (81, 6);
        (segments.truncated, segments.malformed, segments.snapped) = (7, 8, 9);
        (segments.dropped_oversize, segments.unknown_link, segments.uncut) = (10, 11, 12);
        status.collectors = vec![collector("one:4789", 1), collector("10.0.0.2:4789", 2)];
        status.collectors[1].state = State::Refusing;
        status
    }

    fn monitored(status: Status) -> Monitored {
        let shared = Shared::default();
        shared.publish(status);
        Monitored::new(shared, vec!["lo".to_owned(), "eth0".to_owned()])
    }

    #[test]
    fn every_number_has_a_metric() {
        assert_snapshot("metrics-forward", &monitored(status()));
    }

    #[test]
    fn it_is_ready_with_an_interface_and_a_destination_that_has_an_address() {
        let ready = |change: fn(&mut Status)| {
            let mut status = status();
            change(&mut status);
            monitored(status).ready()
        };
        assert_eq!(ready(|_| {}), Ok(()));
        assert_eq!(ready(|status| status.collectors[0].address = None), Ok(()));
        assert_eq!(ready(|status| status.live.gone = 1), Ok(()));
        assert_eq!(ready(|status| status.live.gone = 2), Err("every interface is gone".to_owned()));
        let nowhere = |status: &mut Status| {
            status.collectors.iter_mut().for_each(|collector| collector.address = None);
            status.collectors[0].lookup_error = Some("no such name".to_owned());
            status.collectors[1].state = State::OwnAddress;
        };
        let why = "no destination has an address: one:4789: no such name; 10.0.0.2:4789: it is this host";
        assert_eq!(ready(nowhere), Err(why.to_owned()));
        assert!(Monitored::new(Shared::default(), vec!["lo".to_owned()]).ready().is_err());
    }
}
