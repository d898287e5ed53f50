//! Sends a batch of datagrams over one socket, and knows what each error of the kernel means.
//!
//! Every datagram is sent or counted under one cause. Nothing here waits: what a full queue does not take is dropped,
//! because a forwarder that waits would lose packets in the ring, where nobody knows which.

use std::io::{self, IoSlice};
use std::num::NonZeroU16;
use std::ops::AddAssign;

use rustix::io::Errno;

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

/// So many datagrams, and the bytes of their IP packets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lot {
    pub datagrams: u64,
    pub bytes: u64,
}

impl AddAssign for Lot {
    fn add_assign(&mut self, other: Lot) {
        self.datagrams += other.datagrams;
        self.bytes += other.bytes;
    }
}

/// What became of datagrams, each of which is in one of the lots.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Given to the kernel, which takes them to the interface.
    pub sent: Lot,
    /// Dropped because the socket's or the interface's queue was full.
    pub full: Lot,
    /// Dropped because the path had become too narrow for them.
    pub too_long: Lot,
    /// Dropped for want of a route to the collector.
    pub unreachable: Lot,
    /// Dropped because the kernel said, time and again, that the collector refuses them.
    pub refused: Lot,
    /// Dropped because of any other error.
    pub failed: Lot,
    /// Dropped because the name of the collector had no address, or one of our own.
    pub no_address: Lot,
    /// How often we were told that nobody listens there. What was sent before may have been lost.
    pub refusals: u64,
    /// How often the path turned out to be narrower than was known.
    pub narrowed: u64,
    /// How often the socket was found to be of no use any more.
    pub broken: u64,
    /// How often the kernel turned out not to cut messages apart.
    pub unsegmented: u64,
    /// The last error that was not told apart, as the system numbers it; 0 if there was none.
    pub last_error: i32,
}

impl Outcome {
    /// All datagrams.
    pub fn all(&self) -> Lot {
        let mut all = self.sent;
        self.drops().iter().for_each(|(_, lot)| all += *lot);
        all
    }

    /// Those that were not sent, by cause.
    pub fn drops(&self) -> [(&'static str, Lot); 6] {
        [
            ("send buffer full", self.full),
            ("too long for the path", self.too_long),
            ("no route", self.unreachable),
            ("refused", self.refused),
            ("no address", self.no_address),
            ("not sent", self.failed),
        ]
    }
}

impl AddAssign for Outcome {
    fn add_assign(&mut self, other: Outcome) {
        self.sent += other.sent;
        self.full += other.full;
        self.too_long += other.too_long;
        self.unreachable += other.unreachable;
        self.refused += other.refused;
        self.failed += other.failed;
        self.no_address += other.no_address;
        self.refusals += other.refusals;
        self.narrowed += other.narrowed;
        self.broken += other.broken;
        self.unsegmented += other.unsegmented;
        if other.last_error != 0 {
            self.last_error = other.last_error;
        }
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
/// it goes off, for good, when it turns out that it does not.
pub fn deliver(wire: &impl Wire, segments: &mut bool, runs: &[Run<'_>], outcome: &mut Outcome) {
    let mut delivery = Delivery { wire, outcome };
    for chunk in runs.chunks(MOST_MESSAGES) {
        let mut rest = chunk;
        while *segments && !rest.is_empty() {
            let taken = match delivery.send(rest) {
                End::All => rest.len(),
                End::At(failed) => {
                    // Either the kernel cannot cut this, or the path takes none of that size: one by one tells.
                    let before = delivery.outcome.sent.datagrams;
                    let was_narrow = delivery.outcome.too_long.datagrams;
                    delivery.send_each(&rest[failed]);
                    let fits = delivery.outcome.too_long.datagrams == was_narrow;
                    if fits && delivery.outcome.sent.datagrams > before {
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
                        Remedy::OneByOne => return End::At(at),
                    }
                }
            }
        }
        End::All
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
                    (false, false) => Remedy::Skip(|outcome| &mut outcome.too_long),
                }
            }
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
mod tests {
    use std::cell::{Cell, RefCell};
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;

    /// A socket that fails as it is told to, and otherwise takes everything that fits the path.
    #[derive(Default)]
    struct Fake {
        /// What the next calls do: `Ok` takes so many messages at most.
        script: RefCell<VecDeque<Result<usize, Errno>>>,
        segments: bool,
        mtu: usize,
        taken: RefCell<Vec<Vec<u8>>>,
        calls: Cell<usize>,
    }

    impl Fake {
        fn new(script: &[Result<usize, Errno>]) -> Self {
            Fake {
                script: RefCell::new(script.iter().copied().collect()),
                segments: true,
                mtu: 9001,
                ..Fake::default()
            }
        }

        fn taken(&self) -> Vec<String> {
            self.taken.borrow().iter().map(|bytes| String::from_utf8_lossy(bytes).into_owned()).collect()
        }
    }

    impl Wire for Fake {
        fn send(&self, runs: &[Run<'_>]) -> io::Result<usize> {
            self.calls.set(self.calls.get() + 1);
            assert!(self.calls.get() < 10_000, "no end");
            let most = match self.script.borrow_mut().pop_front() {
                Some(Err(error)) => return Err(error.into()),
                Some(Ok(most)) => most,
                None => usize::MAX,
            };
            for (place, Run { message, .. }) in runs.iter().take(most).enumerate() {
                let bytes: Vec<u8> = message.parts.iter().flat_map(|part| part.iter().copied()).collect();
                let size = message.segment.map_or(bytes.len(), |size| usize::from(size.get()));
                let error = match (message.segment.is_some() && !self.segments, size + 28 > self.mtu) {
                    (true, _) => Errno::IO,
                    (_, true) => Errno::MSGSIZE,
                    _ => {
                        let mut taken = self.taken.borrow_mut();
                        taken.extend(bytes.chunks(size.max(1)).map(<[u8]>::to_vec));
                        continue;
                    }
                };
                return if place == 0 { Err(error.into()) } else { Ok(place) };
            }
            Ok(runs.len().min(most))
        }

        fn path_mtu(&self) -> Option<usize> {
            Some(self.mtu)
        }

        fn headers(&self) -> usize {
            28
        }
    }

    /// Delivers runs of these datagrams; what became of them, and whether the kernel still cuts.
    fn delivered(fake: &Fake, runs: &[&[&str]]) -> (Outcome, bool) {
        let parts: Vec<Vec<IoSlice<'_>>> = runs
            .iter()
            .map(|run| run.iter().flat_map(|text| [IoSlice::new(b""), IoSlice::new(text.as_bytes())]).collect())
            .collect();
        let runs: Vec<Run<'_>> = parts.iter().map(|parts| Run::new(parts)).collect();
        let (mut outcome, mut segments) = (Outcome::default(), true);
        deliver(fake, &mut segments, &runs, &mut outcome);
        let all: usize = runs.iter().map(Run::datagrams).sum();
        assert_eq!(outcome.all().datagrams, all as u64, "{outcome:?}");
        assert_eq!(outcome.sent.datagrams, fake.taken.borrow().len() as u64);
        (outcome, segments)
    }

    #[test]
    fn a_kernel_that_does_not_cut_gets_each_datagram_in_order_and_is_not_asked_again() {
        let fake = Fake { segments: false, ..Fake::new(&[]) };
        let (outcome, segments) = delivered(&fake, &[&["a"], &["bb", "cc", "d"], &["e", "f"]]);
        assert_eq!(fake.taken(), ["a", "bb", "cc", "d", "e", "f"]);
        assert_eq!((outcome.unsegmented, segments), (1, false));
        // Sent "a" and failed, failed again, then one by one twice.
        assert_eq!(fake.calls.get(), 4);
    }

    #[test]
    fn a_refusal_is_counted_and_what_met_it_goes_all_the_same() {
        let fake = Fake::new(&[Err(Errno::CONNREFUSED)]);
        let (outcome, segments) = delivered(&fake, &[&["a", "b"], &["c"]]);
        assert_eq!(fake.taken(), ["a", "b", "c"]);
        assert_eq!((outcome.refusals, outcome.refused.datagrams, segments), (1, 0, true));

        let fake = Fake::new(&[Err(Errno::CONNREFUSED), Err(Errno::CONNREFUSED)]);
        let (outcome, _) = delivered(&fake, &[&["a", "b"], &["c"]]);
        assert_eq!(fake.taken(), ["c"]);
        assert_eq!((outcome.refusals, outcome.refused), (2, Lot { datagrams: 2, bytes: 58 }));
    }

    #[test]
    fn a_full_queue_drops_the_rest_without_another_try() {
        for error in [Errno::AGAIN, Errno::NOBUFS] {
            let fake = Fake::new(&[Ok(1), Err(error)]);
            let (outcome, segments) = delivered(&fake, &[&["a"], &["b", "c"], &["d"]]);
            assert_eq!((fake.taken(), fake.calls.get(), segments), (vec!["a".to_owned()], 2, true));
            assert_eq!(outcome.full, Lot { datagrams: 3, bytes: 3 * 29 });
        }
    }

    #[test]
    fn no_route_drops_the_rest_and_says_that_the_socket_is_of_no_use() {
        for error in [Errno::NETUNREACH, Errno::HOSTUNREACH, Errno::INVAL] {
            let fake = Fake::new(&[Err(error)]);
            let (outcome, _) = delivered(&fake, &[&["a"], &["b"]]);
            assert_eq!((outcome.unreachable.datagrams, outcome.broken, fake.calls.get()), (2, 1, 1), "{error}");
        }
        // Said of several at once, it could be the segmentation; sending one shows that it is not.
        let fake = Fake::new(&[Err(Errno::INVAL), Err(Errno::INVAL)]);
        let (outcome, segments) = delivered(&fake, &[&["a", "b"]]);
        assert_eq!((outcome.unreachable.datagrams, segments), (2, true));
    }

    #[test]
    fn a_narrow_path_drops_what_is_too_long_and_nothing_else() {
        let long = "x".repeat(1473);
        let fake = Fake { mtu: 1500, ..Fake::new(&[]) };
        let (outcome, segments) = delivered(&fake, &[&["a"], &[&long, &long, "last"], &[&long], &[&long[1..], "z"]]);
        assert_eq!(fake.taken(), ["a", "last", &long[1..], "z"]);
        assert_eq!(outcome.too_long, Lot { datagrams: 3, bytes: 3 * 1501 });
        assert!(outcome.narrowed > 0 && segments, "{outcome:?}");

        // Said of an earlier datagram: this one fits.
        let fake = Fake::new(&[Err(Errno::MSGSIZE)]);
        let (outcome, segments) = delivered(&fake, &[&["a", "b"]]);
        assert_eq!((outcome.sent.datagrams, segments), (2, true));
    }

    #[test]
    fn an_unknown_error_costs_one_message_and_is_told() {
        let fake = Fake::new(&[Err(Errno::PERM)]);
        let (outcome, _) = delivered(&fake, &[&["a"], &["b"]]);
        assert_eq!((fake.taken(), outcome.failed.datagrams), (vec!["b".to_owned()], 1));
        assert_eq!(outcome.last_error, libc::EPERM);
    }

    proptest! {
        /// Whatever the kernel says, there is an end, every datagram is accounted for, and what is sent is in order.
        #[test]
        fn everything_is_accounted_for(
            lengths in prop::collection::vec(1..8_usize, 1..100),
            script in prop::collection::vec(
                prop_oneof![
                    3 => (0..5_usize).prop_map(Ok),
                    1 => prop::sample::select(vec![
                        Errno::AGAIN, Errno::CONNREFUSED, Errno::MSGSIZE, Errno::IO, Errno::INVAL, Errno::NETUNREACH,
                        Errno::INTR, Errno::PERM,
                    ]).prop_map(Err),
                ],
                0..40,
            ),
            segments: bool,
        ) {
            let texts: Vec<Vec<String>> = lengths
                .iter()
                .enumerate()
                .map(|(run, length)| (0..*length).map(|place| format!("{run:03}.{place:03}")).collect())
                .collect();
            let runs: Vec<Vec<&str>> = texts.iter().map(|run| run.iter().map(String::as_str).collect()).collect();
            let runs: Vec<&[&str]> = runs.iter().map(Vec::as_slice).collect();
            let fake = Fake { segments, ..Fake::new(&script) };
            delivered(&fake, &runs);
            prop_assert!(fake.taken().is_sorted());
        }
    }
}
