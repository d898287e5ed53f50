//! One collector: its sockets, what became of what was sent to it, and how that goes.

use std::net::SocketAddr;
use std::time::Instant;

use super::deliver::Run;
use super::destination::Destination;
use super::link::Link;
use super::outcome::{Lot, Outcome};
use super::resolver::{Ask, News};
use super::status::{CollectorStatus, State};
use crate::packet::segment::Oversize;

/// A collector that was refusing is back after so many inspections between which something was sent and none refused.
const QUIET_REFUSING: u32 = 3;
/// The same of one whose host could not be reached: a neighbour is asked for three seconds before that is said of it.
const QUIET_UNREACHED: u32 = 6;
/// And of one to which nothing could be sent.
const QUIET_BROKEN: u32 = 1;

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
    pub asked: Option<Instant>,
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
            patience: 0,
            asked: None,
        }
    }

    pub fn address(&self) -> Option<SocketAddr> {
        self.link.as_ref().map(Link::address)
    }

    /// What came of the first attempt to connect.
    pub fn connect(&mut self, link: Result<Link, String>) {
        self.learn(link.map_or_else(News::Failed, News::Link));
    }

    /// Takes what the resolver found; whether datagrams go elsewhere now.
    pub fn learn(&mut self, news: News) -> bool {
        let before = self.address();
        self.status.lookup_error = None;
        match news {
            News::Link(link) => {
                self.link = Some(link);
                self.status.state = State::Sending;
            }
            News::Same => {}
            News::Failed(why) => {
                self.status.lookups_failed += 1;
                self.status.lookup_error = Some(why);
                if self.link.is_none() && self.status.state == State::Sending {
                    self.status.state = State::Unresolved;
                }
            }
            News::Own { used, .. } => {
                self.status.own_address += 1;
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
        self.status.address = now;
        before != now
    }

    #[inline]
    pub fn send(&mut self, port: u8, runs: &[Run<'_>]) {
        match &mut self.link {
            Some(link) => link.send(port, runs, self.oversize, &mut self.status.outcome),
            None => {
                for run in runs {
                    self.status.outcome.no_address +=
                        Lot { datagrams: run.datagrams() as u64, bytes: run.bytes() as u64 };
                }
            }
        }
    }

    /// Finds out how sending goes; what is to be asked of the resolver.
    pub fn inspect(&mut self) -> Option<Ask> {
        let link = self.link.as_mut()?;
        link.take_errors(&self.inspected, &mut self.status.outcome);
        let (now, before) = (self.status.outcome, self.inspected);
        self.inspected = now;
        let has_sent = now.sent.datagrams > before.sent.datagrams;
        let trouble = match () {
            () if now.broken > before.broken => Some((State::Unreachable, QUIET_BROKEN, Ask::Reopen)),
            () if now.unreached > before.unreached => Some((State::Unreachable, QUIET_UNREACHED, Ask::LookUp)),
            () if now.refusals > before.refusals => Some((State::Refusing, QUIET_REFUSING, Ask::LookUp)),
            () => None,
        };
        if let Some((state, patience, ask)) = trouble {
            (self.status.state, self.patience, self.quiet) = (state, patience, 0);
            return Some(ask);
        }
        self.quiet += u32::from(has_sent);
        let is_back = match self.status.state {
            State::Refusing | State::Unreachable => self.quiet >= self.patience,
            State::Sending | State::Unresolved | State::OwnAddress => true,
        };
        if is_back {
            self.status.state = State::Sending;
        }
        None
    }
}
