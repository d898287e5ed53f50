//! One collector: its sockets, what became of what was sent to it, and how that goes.

use std::net::SocketAddr;
use std::time::Instant;

use super::backoff::Backoff;
use super::deliver::Run;
use super::destination::Destination;
use super::link::{Link, headers};
use super::lookup::{Ask, News};
use super::outcome::{Lot, Outcome};
use super::status::{CollectorStatus, State};
use crate::packet::segment::Oversize;

/// A collector that was refusing, or to which nothing could be sent, is back after so many inspections between which
/// something was sent and nothing went wrong.
const QUIET: u32 = 3;
/// The same of one whose host could not be reached: a neighbour is asked for three seconds before that is said of it.
const QUIET_UNREACHED: u32 = 6;

/// Somebody who receives.
#[derive(Debug)]
pub(super) struct Collector {
    pub destination: Destination,
    pub link: Option<Link>,
    oversize: Oversize,
    /// Where datagrams went before; some may still be in a ring.
    pub previous: Option<SocketAddr>,
    pub status: CollectorStatus,
    /// What was counted when it was last inspected.
    pub inspected: Outcome,
    /// Inspections since something was wrong, and how many it takes.
    quiet: u32,
    patience: u32,
    asks: Backoff,
}

impl Collector {
    pub fn new(destination: Destination, oversize: Oversize) -> Self {
        let status = CollectorStatus { destination: destination.to_string(), ..CollectorStatus::default() };
        let inspected = Outcome::default();
        Collector {
            destination,
            link: None,
            oversize,
            previous: None,
            status,
            inspected,
            quiet: 0,
            patience: QUIET,
            asks: Backoff::default(),
        }
    }

    pub fn address(&self) -> Option<SocketAddr> {
        self.link.as_ref().map(Link::address)
    }

    /// Takes what was found out; whether datagrams go elsewhere now.
    pub fn learn(&mut self, news: News) -> bool {
        let before = self.address();
        if !matches!(news, News::Failed(_) | News::Kept { .. }) {
            self.status.lookup_error = None;
        }
        match news {
            News::Link(link) => self.take_link(link),
            News::Kept { link, why } => {
                self.take_link(link);
                self.has_no_lookup(why);
            }
            News::Same => self.status.connect_error = None,
            News::Failed(why) => {
                self.has_no_lookup(why);
                if self.link.is_none() && self.status.state == State::Sending {
                    self.status.state = State::Unresolved;
                }
            }
            News::Unconnected { address, why } => {
                self.status.connects_failed += 1;
                self.status.connect_error = Some(format!("cannot connect to {address}: {why}"));
                if self.link.is_none() {
                    self.status.state = State::Unreachable;
                    self.status.address = Some(address);
                }
            }
            News::Own { used, .. } => {
                self.status.own_address += 1;
                self.status.connect_error = None;
                if used {
                    self.link = None;
                }
                if self.link.is_none() {
                    self.status.state = State::OwnAddress;
                }
            }
        }
        let now = self.address();
        if before != now {
            self.previous = before.or(self.previous);
        }
        self.status.address = now.or(self.status.address.filter(|_| self.status.state == State::Unreachable));
        before != now
    }

    /// Whether new sockets are better than the old ones, sending shows.
    fn take_link(&mut self, link: Link) {
        self.link = Some(link);
        self.status.connect_error = None;
        if matches!(self.status.state, State::Unresolved | State::OwnAddress) {
            self.status.state = State::Sending;
        }
        self.inspected = self.status.outcome;
        self.quiet = 0;
    }

    fn has_no_lookup(&mut self, why: String) {
        self.status.lookups_failed += 1;
        self.status.lookup_error = Some(why);
    }

    #[inline]
    pub fn send(&mut self, port: u8, runs: &[Run<'_>]) {
        match &mut self.link {
            Some(link) => link.send(port, runs, self.oversize, &mut self.status.outcome),
            None => {
                let headers = headers(self.status.address.is_some_and(|address| address.is_ipv6()));
                let lot = match self.status.state {
                    State::Unreachable => &mut self.status.outcome.unreachable,
                    _ => &mut self.status.outcome.no_address,
                };
                for run in runs {
                    let bytes = run.bytes() + run.datagrams() * headers;
                    *lot += Lot { datagrams: run.datagrams() as u64, bytes: bytes as u64 };
                }
            }
        }
    }

    /// Finds out how sending goes; what is to be asked of the resolver, if it is time.
    pub fn inspect(&mut self, now: Instant) -> Option<Ask> {
        let trouble = self.judge()?;
        self.asks.is_due(now, trouble.shortest_pause()).then_some(trouble)
    }

    /// The resolver was asked.
    pub fn has_asked(&mut self, now: Instant, ask: Ask) {
        self.asks.has_asked(now, ask.shortest_pause());
    }

    fn judge(&mut self) -> Option<Ask> {
        let link = self.link.as_mut()?;
        link.take_errors(&self.inspected, &mut self.status.outcome);
        let (now, before) = (self.status.outcome, self.inspected);
        self.inspected = now;
        let trouble = match () {
            () if now.broken > before.broken => Some((State::Unreachable, QUIET, Ask::Broken)),
            () if now.unreached > before.unreached => Some((State::Unreachable, QUIET_UNREACHED, Ask::Refused)),
            () if now.refusals > before.refusals => Some((State::Refusing, QUIET, Ask::Refused)),
            () => None,
        };
        if let Some((state, patience, ask)) = trouble {
            (self.status.state, self.patience, self.quiet) = (state, patience, 0);
            return Some(ask);
        }
        self.quiet += u32::from(now.sent.datagrams > before.sent.datagrams);
        let is_troubled = matches!(self.status.state, State::Refusing | State::Unreachable);
        if is_troubled && self.quiet >= self.patience {
            self.status.state = State::Sending;
            self.asks.has_helped();
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::io::IoSlice;
    use std::net::SocketAddr;
    use std::time::Duration;

    use super::super::lookup::tests::Fake;
    use super::*;

    const A: &str = "127.0.0.1:9";
    const B: &str = "127.0.0.2:9";
    const SECOND: Duration = Duration::from_secs(1);

    fn collector() -> Collector {
        Collector::new("collector.test".parse().unwrap(), Oversize::Split)
    }

    fn unconnected(address: &str) -> News {
        News::Unconnected { address: address.parse().unwrap(), why: "why".into() }
    }

    /// Sends so many bytes twice, and says what became of that.
    fn send(collector: &mut Collector) -> Outcome {
        let parts = [&b"head"[..], b"body", b"head", b"rest"].map(IoSlice::new);
        collector.send(0, &[Run::new(&parts)]);
        collector.status.outcome
    }

    #[test]
    fn where_nothing_can_be_sent_it_is_said_once_and_asked_ever_less() {
        let network = Fake::new(&[]);
        let (mut collector, start) = (collector(), Instant::now());
        collector.learn(News::Link(network.link(A)));
        let (mut states, mut asked) = (vec![collector.status.state], Vec::new());
        // Each second something is sent, to no avail, though sockets can be opened.
        for second in 0..200 {
            collector.status.outcome.failed.datagrams += 1;
            collector.status.outcome.broken += 1;
            let now = start + SECOND * second;
            if let Some(ask) = collector.inspect(now) {
                asked.push((second, ask));
                collector.has_asked(now, ask);
                collector.learn(News::Link(network.link(A)));
            }
            states.push(collector.status.state);
        }
        states.dedup();
        assert_eq!(states, [State::Sending, State::Unreachable]);
        assert_eq!(asked, [0, 1, 3, 7, 15, 31, 63, 123, 183].map(|second| (second, Ask::Broken)));
        // Silence says nothing; that something goes does.
        let mut inspect = |sent: u64| {
            collector.status.outcome.sent.datagrams += sent;
            assert_eq!(collector.inspect(start + SECOND * 300), None);
            collector.status.state
        };
        (0..9).for_each(|_| assert_eq!(inspect(0), State::Unreachable));
        assert_eq!([inspect(1), inspect(1), inspect(1)], [State::Unreachable, State::Unreachable, State::Sending]);
    }

    #[test]
    fn a_collector_that_refuses_is_asked_for_ever_less_until_it_is_back() {
        let network = Fake::new(&[]);
        let (mut collector, start) = (collector(), Instant::now());
        collector.learn(News::Link(network.link(A)));
        let mut run = |seconds: std::ops::Range<u32>, refuses: bool| {
            let mut asked = Vec::new();
            for second in seconds {
                collector.status.outcome.sent.datagrams += 1;
                collector.status.outcome.refusals += u64::from(refuses);
                let now = start + SECOND * second;
                if let Some(ask) = collector.inspect(now) {
                    assert_eq!(ask, Ask::Refused);
                    collector.has_asked(now, ask);
                    collector.learn(News::Link(network.link(if second % 2 == 0 { B } else { A })));
                    assert_eq!(collector.status.state, State::Refusing, "elsewhere is not better by itself");
                    asked.push(second);
                }
            }
            (asked, collector.status.state)
        };
        assert_eq!(run(0..100, true), (vec![0, 5, 15, 35, 75], State::Refusing));
        assert_eq!(run(100..103, false), (vec![], State::Sending));
        assert_eq!(run(103..110, true), (vec![103, 108], State::Refusing));
    }

    #[test]
    fn one_that_is_known_and_cannot_be_connected_to_is_no_name_without_an_address() {
        let mut collector = collector();
        assert!(!collector.learn(unconnected(A)), "nothing is sent anywhere yet");
        let status = &collector.status;
        assert_eq!((status.state, status.address), (State::Unreachable, A.parse().ok()));
        assert_eq!((status.lookups_failed, status.connects_failed), (0, 1));
        assert_eq!(status.lookup_error, None);
        assert_eq!(status.connect_error.as_deref(), Some("cannot connect to 127.0.0.1:9: why"));
        let outcome = send(&mut collector);
        assert_eq!((outcome.unreachable, outcome.no_address), (Lot { datagrams: 2, bytes: 72 }, Lot::default()));

        let network = Fake::new(&[]);
        assert!(collector.learn(News::Link(network.link(A))));
        assert_eq!(collector.status.connect_error, None);
        assert_eq!(collector.status.state, State::Unreachable, "until something was sent");
        // It moves to where nothing can be sent: what there is is kept.
        assert!(!collector.learn(unconnected(B)));
        assert_eq!((collector.address(), collector.status.address), (A.parse().ok(), A.parse().ok()));
    }

    #[test]
    fn what_a_name_without_an_address_loses_is_counted_with_headers_as_all_else() {
        let mut collector = collector();
        collector.learn(News::Failed("why".into()));
        assert_eq!((collector.status.state, collector.status.lookups_failed), (State::Unresolved, 1));
        let outcome = send(&mut collector);
        assert_eq!((outcome.no_address, outcome.unreachable), (Lot { datagrams: 2, bytes: 72 }, Lot::default()));
        let network = Fake::new(&[]);
        collector.learn(News::Link(network.link(A)));
        assert_eq!((collector.status.state, collector.status.lookup_error.take()), (State::Sending, None));
    }

    #[test]
    fn new_sockets_do_not_hide_that_the_name_cannot_be_looked_up() {
        let (network, mut collector) = (Fake::new(&[]), collector());
        collector.learn(News::Link(network.link(A)));
        collector.learn(News::Kept { link: network.link(A), why: "why".into() });
        assert_eq!((collector.status.lookups_failed, collector.status.lookup_error.as_deref()), (1, Some("why")));
        let address: SocketAddr = A.parse().unwrap();
        assert!(collector.learn(News::Own { address, used: true }));
        assert_eq!((collector.status.state, collector.status.address), (State::OwnAddress, None));
    }
}
