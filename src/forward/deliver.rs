//! Sends a batch of datagrams over one socket, and knows what each error of the kernel means.
//!
//! Every datagram is sent or counted under one cause. Nothing here waits: what a full queue does not take is dropped,
//! because a forwarder that waits would lose packets in the ring, where nobody knows which.

use std::io::{self, IoSlice};
use std::num::NonZeroU16;

use rustix::io::Errno;

use super::outcome::{Lot, Outcome};
use super::recut::recut;
use crate::packet::segment::Oversize;
use crate::packet::send::{MOST_MESSAGES, MOST_SEGMENTS, Message};

/// Parts of a datagram: headers, and what is borrowed from the ring.
pub const PARTS: usize = 2;

/// Datagrams of equal size, of which the last may be shorter, in the order in which they go out: one message.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    message: Message<'a>,
    /// Bytes of each datagram but the last.
    size: usize,
    /// Bytes of all of them.
    bytes: usize,
}

impl<'a> Run<'a> {
    /// Of these parts, [`PARTS`] a datagram, of [`MOST_SEGMENTS`] datagrams at most, whose sizes have to be as a run's
    /// are.
    #[inline]
    pub fn new(parts: &'a [IoSlice<'a>]) -> Self {
        let bytes = parts.iter().map(|part| part.len()).sum();
        Run::of(parts, parts.iter().take(PARTS).map(|part| part.len()).sum(), bytes)
    }

    /// As [`Run::new`], where the sizes are known: those of the first datagram, and of all together.
    #[inline]
    pub(super) fn of(parts: &'a [IoSlice<'a>], size: usize, bytes: usize) -> Self {
        let several = parts.len() > PARTS;
        let segment = if several { u16::try_from(size).ok().and_then(NonZeroU16::new) } else { None };
        Run { message: Message { parts, segment }, size, bytes }
    }

    /// What it consists of.
    pub fn parts(&self) -> &'a [IoSlice<'a>] {
        self.message.parts
    }

    /// The bytes of all datagrams, without headers of IP and UDP.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many datagrams it is.
    #[inline]
    pub fn datagrams(&self) -> usize {
        self.message.parts.len() / PARTS
    }

    fn each(&self) -> impl Iterator<Item = Run<'a>> {
        self.message.parts.chunks(PARTS).map(Run::new)
    }
}

impl<'a> AsRef<Message<'a>> for Run<'a> {
    #[inline]
    fn as_ref(&self) -> &Message<'a> {
        &self.message
    }
}

/// A connected socket.
pub trait Wire {
    /// Sends runs, each as a message, as [`crate::packet::send::send_messages`] does.
    fn send(&self, runs: &[Run<'_>]) -> io::Result<usize>;

    /// The largest IP packet that the path takes.
    fn path_mtu(&self) -> Option<usize>;

    /// Bytes of IP's and UDP's headers around a datagram.
    fn headers(&self) -> usize;
}

/// Sends all runs, at most [`MOST_MESSAGES`] a call. `segments` is whether the kernel cuts messages apart for this socket;
/// it goes off, for good, when it turns out that it does not. `oversize` is what is done with a datagram for which the path
/// has become too narrow.
pub fn deliver(wire: &impl Wire, segments: &mut bool, runs: &[Run<'_>], oversize: Oversize, outcome: &mut Outcome) {
    let mut delivery = Delivery { wire, outcome, oversize, recutting: false };
    for chunk in runs.chunks(MOST_MESSAGES) {
        let mut rest = chunk;
        while *segments && !rest.is_empty() {
            let taken = match delivery.send(rest) {
                End::All => rest.len(),
                End::At(failed) => {
                    // Either the kernel cannot cut this, or the path takes none of that size: one by one tells.
                    let before = *delivery.outcome;
                    delivery.send_each(&rest[failed]);
                    let after = *delivery.outcome;
                    let fits = (after.too_long, after.recut) == (before.too_long, before.recut);
                    if fits && after.sent.datagrams > before.sent.datagrams {
                        *segments = false;
                        delivery.outcome.unsegmented += 1;
                    }
                    failed + 1
                }
            };
            rest = &rest[taken..];
        }
        rest.iter().for_each(|run| delivery.send_each(run));
    }
}

struct Delivery<'d, W> {
    wire: &'d W,
    outcome: &'d mut Outcome,
    oversize: Oversize,
    /// What is sent was cut again already.
    recutting: bool,
}

/// How far a batch came.
enum End {
    /// Every datagram is accounted for.
    All,
    /// The run at this place has to be sent one by one; those before it are accounted for.
    At(usize),
}

/// What an error asks for.
enum Remedy {
    /// The error was of an earlier datagram; this one may go.
    Again,
    /// Nothing goes for now.
    GiveUp(fn(&mut Outcome) -> &mut Lot),
    /// This message does not go.
    Skip(fn(&mut Outcome) -> &mut Lot),
    /// This message does not go in one piece.
    OneByOne,
    /// This datagram is too long for the path.
    Recut,
}

impl<W: Wire> Delivery<'_, W> {
    /// Sends the datagrams of a run one by one.
    fn send_each(&mut self, run: &Run<'_>) {
        let mut singles = [Run::new(&[]); MOST_SEGMENTS];
        let mut count = 0;
        for (place, single) in singles.iter_mut().zip(run.each()) {
            *place = single;
            count += 1;
        }
        // Never ends early: what is one datagram is not cut apart.
        self.send(&singles[..count]);
    }

    /// Sends runs as one message each, at most [`MOST_MESSAGES`].
    fn send(&mut self, runs: &[Run<'_>]) -> End {
        let (mut at, mut failures) = (0, 0);
        while at < runs.len() {
            match self.wire.send(&runs[at..]) {
                Ok(0) => {
                    self.count(&runs[at..], |outcome| &mut outcome.full);
                    break;
                }
                Ok(sent) => {
                    self.count(&runs[at..at + sent], |outcome| &mut outcome.sent);
                    at += sent;
                    failures = 0;
                }
                Err(error) => {
                    failures += 1;
                    match self.remedy(&error, &runs[at], failures) {
                        Remedy::Again => {}
                        Remedy::GiveUp(cause) => {
                            self.count(&runs[at..], cause);
                            break;
                        }
                        Remedy::Skip(cause) => {
                            self.count(&runs[at..=at], cause);
                            at += 1;
                            failures = 0;
                        }
                        Remedy::Recut => {
                            self.recut(&runs[at]);
                            at += 1;
                            failures = 0;
                        }
                        Remedy::OneByOne => return End::At(at),
                    }
                }
            }
        }
        End::All
    }

    /// Sends a datagram that is too long for the path in smaller ones. Once: a path that becomes narrower again by then is
    /// too narrow.
    fn recut(&mut self, datagram: &Run<'_>) {
        let longest = self.wire.path_mtu().map(|mtu| mtu.saturating_sub(self.wire.headers()));
        let Some(longest) = longest.filter(|longest| !self.recutting && *longest < datagram.bytes) else {
            return self.count(&[*datagram], |outcome| &mut outcome.too_long);
        };
        self.recutting = true;
        let counts = recut(datagram, longest, self.oversize, |parts| {
            // Never ends early: what is one datagram is not cut apart.
            self.send(&[Run::new(parts)]);
        });
        self.recutting = false;
        if counts.frames_out == 0 {
            return self.count(&[*datagram], |outcome| &mut outcome.too_long);
        }
        self.outcome.recut += 1;
        self.outcome.recut_into += counts.frames_out;
        self.outcome.recut_truncated += counts.truncated;
    }

    fn remedy(&mut self, error: &io::Error, run: &Run<'_>, failures: u32) -> Remedy {
        let is_first = failures == 1;
        match Errno::from_io_error(error) {
            Some(Errno::INTR) if failures < 4 => Remedy::Again,
            Some(Errno::AGAIN | Errno::NOBUFS | Errno::NOMEM) => Remedy::GiveUp(|outcome| &mut outcome.full),
            // An answer to an earlier datagram. Asking for it has cleared it.
            Some(Errno::CONNREFUSED) => {
                self.outcome.refusals += 1;
                if is_first { Remedy::Again } else { Remedy::Skip(|outcome| &mut outcome.refused) }
            }
            Some(Errno::MSGSIZE) => {
                let fits = self.wire.path_mtu().is_none_or(|mtu| run.size + self.wire.headers() <= mtu);
                if is_first {
                    self.outcome.narrowed += 1;
                }
                match (fits && is_first, run.datagrams() > 1) {
                    // Said of an earlier datagram, too.
                    (true, _) => Remedy::Again,
                    (false, true) => Remedy::OneByOne,
                    (false, false) => Remedy::Recut,
                }
            }
            // A router's word on an earlier datagram, which this one cleared, too.
            _ if is_first => Remedy::Again,
            // Interfaces that do not complete checksums do not segment; kernels differ in how they say so.
            Some(Errno::IO | Errno::INVAL | Errno::OPNOTSUPP) if run.datagrams() > 1 => Remedy::OneByOne,
            // EINVAL is also said when the address that we send from has gone.
            Some(Errno::NETUNREACH | Errno::HOSTUNREACH | Errno::NETDOWN | Errno::ADDRNOTAVAIL | Errno::INVAL) => {
                self.outcome.broken += 1;
                Remedy::GiveUp(|outcome| &mut outcome.unreachable)
            }
            other => {
                self.outcome.broken += 1;
                self.outcome.last_error = other.map_or(-1, Errno::raw_os_error);
                Remedy::Skip(|outcome| &mut outcome.failed)
            }
        }
    }

    /// Counts all datagrams of these runs under one cause.
    #[inline]
    fn count(&mut self, runs: &[Run<'_>], cause: impl Fn(&mut Outcome) -> &mut Lot) {
        let headers = self.wire.headers();
        let mut lot = Lot::default();
        for run in runs {
            lot.datagrams += run.datagrams() as u64;
            lot.bytes += (run.bytes + run.datagrams() * headers) as u64;
        }
        *cause(self.outcome) += lot;
    }
}

#[cfg(test)]
mod tests;
