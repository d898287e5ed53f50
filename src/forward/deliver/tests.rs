//! A socket that fails as it is told to.

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
        Fake { script: RefCell::new(script.iter().copied().collect()), segments: true, mtu: 9001, ..Fake::default() }
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
