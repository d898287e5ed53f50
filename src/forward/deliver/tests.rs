//! A socket that fails as it is told to.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use proptest::prelude::*;

use super::super::flow::tests::{ipv4, transport};
use super::*;
use crate::packet::vxlan::{self, Vni};

/// A socket that fails as it is told to, and otherwise takes everything that fits the path.
#[derive(Default)]
struct Fake {
    /// What the next calls do: `Ok` takes so many messages at most.
    script: RefCell<VecDeque<Result<usize, Errno>>>,
    segments: bool,
    mtu: Cell<usize>,
    /// At which call the path becomes narrower, and how narrow.
    narrows: Option<(usize, usize)>,
    oversize: Oversize,
    taken: RefCell<Vec<Vec<u8>>>,
    calls: Cell<usize>,
}

impl Fake {
    fn new(script: &[Result<usize, Errno>]) -> Self {
        Fake {
            script: RefCell::new(script.iter().copied().collect()),
            segments: true,
            mtu: Cell::new(9001),
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
        if let Some((_, mtu)) = self.narrows.filter(|(call, _)| *call == self.calls.get()) {
            self.mtu.set(mtu);
        }
        let most = match self.script.borrow_mut().pop_front() {
            Some(Err(error)) => return Err(error.into()),
            Some(Ok(most)) => most,
            None => usize::MAX,
        };
        for (place, Run { message, .. }) in runs.iter().take(most).enumerate() {
            let bytes: Vec<u8> = message.parts.iter().flat_map(|part| part.iter().copied()).collect();
            let size = message.segment.map_or(bytes.len(), |size| usize::from(size.get()));
            let error = match (message.segment.is_some() && !self.segments, size + 28 > self.mtu.get()) {
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
        Some(self.mtu.get())
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
    deliver(fake, &mut segments, &runs, fake.oversize, &mut outcome);
    let all = runs.iter().map(Run::datagrams).sum::<usize>() as u64;
    assert_eq!(outcome.all().datagrams + outcome.recut, all + outcome.recut_into, "{outcome:?}");
    assert_eq!(outcome.sent.datagrams, fake.taken.borrow().len() as u64);
    (outcome, segments)
}

#[test]
fn a_kernel_that_does_not_cut_gets_each_datagram_in_order_and_is_not_asked_again() {
    let fake = Fake { segments: false, ..Fake::new(&[]) };
    let (outcome, segments) = delivered(&fake, &[&["a"], &["bb", "cc", "d"], &["e", "f"]]);
    assert_eq!(fake.taken(), ["a", "bb", "cc", "d", "e", "f"]);
    assert_eq!((outcome.unsegmented, segments), (1, false));
    // Sent "a", failed, failed again, then one by one twice.
    assert_eq!(fake.calls.get(), 5);
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
        let fake = Fake::new(&[Err(error), Err(error)]);
        let (outcome, _) = delivered(&fake, &[&["a"], &["b"]]);
        assert_eq!((outcome.unreachable.datagrams, outcome.broken, fake.calls.get()), (2, 1, 2), "{error}");
    }
    // Said of several at once, it could be the segmentation; sending one shows that it is not.
    let fake = Fake::new(&[Err(Errno::INVAL); 4]);
    let (outcome, segments) = delivered(&fake, &[&["a", "b"]]);
    assert_eq!((outcome.unreachable.datagrams, segments), (2, true));
}

#[test]
fn what_cannot_be_cut_for_a_narrow_path_is_dropped_and_nothing_else() {
    let long = "x".repeat(1473);
    let fake = Fake { mtu: Cell::new(1500), oversize: Oversize::Drop, ..Fake::new(&[]) };
    let (outcome, segments) = delivered(&fake, &[&["a"], &[&long, &long, "last"], &[&long], &[&long[1..], "z"]]);
    assert_eq!(fake.taken(), ["a", "last", &long[1..], "z"]);
    assert_eq!(outcome.too_long, Lot { datagrams: 3, bytes: 3 * 1501 });
    assert!(outcome.narrowed > 0 && segments, "{outcome:?}");

    // Whether the path takes it or not, the kernel does not.
    let fake = Fake::new(&[Err(Errno::MSGSIZE), Err(Errno::MSGSIZE)]);
    let (outcome, _) = delivered(&fake, &[&["a"], &["b"]]);
    assert_eq!((outcome.too_long.datagrams, outcome.recut, fake.taken()), (1, 0, vec!["b".to_owned()]));

    // Said of an earlier datagram: this one fits.
    let fake = Fake::new(&[Err(Errno::MSGSIZE)]);
    let (outcome, segments) = delivered(&fake, &[&["a", "b"]]);
    assert_eq!((outcome.sent.datagrams, segments), (2, true));
}

/// A datagram with a segment of these bytes, the first of which has number 1.
fn tcp(port: u16, payload: &[u8]) -> Vec<u8> {
    let numbers = [0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x18, 1, 0, 0, 0, 0, 0];
    let segment = transport(port, 80, &[&numbers[..], payload].concat());
    [&vxlan::header(Vni::new(5).unwrap())[..], &ipv4(6, [10, 7, 0, 1], [10, 7, 0, 2], &segment)].concat()
}

/// The bytes of segments, each of which has to be the next.
fn stream(segments: &[Vec<u8>]) -> Vec<u8> {
    segments.iter().fold(Vec::new(), |mut stream, segment| {
        let number = u32::from_be_bytes(segment[46..50].try_into().unwrap());
        assert_eq!(number as usize, 1 + stream.len());
        stream.extend_from_slice(&segment[62..]);
        stream
    })
}

#[test]
fn what_a_narrow_path_does_not_take_is_cut_again_in_its_place() {
    let payload: Vec<u8> = (0..3000_u32).map(|at| at as u8).collect();
    let (one, two) = (tcp(1000, &payload), tcp(1001, &payload));
    let udp = ipv4(17, [10, 7, 0, 1], [10, 7, 0, 2], &transport(1, 2, &payload));
    let udp = [&vxlan::header(Vni::new(5).unwrap())[..], &udp].concat();
    // Heads as they are written anew, and as they are where they were not.
    let cuts = [(&one, 62), (&two, 62), (&udp, 8), (&one, 8)];
    let parts: Vec<IoSlice<'_>> =
        cuts.iter().flat_map(|(bytes, at)| [&bytes[..*at], &bytes[*at..]]).map(IoSlice::new).collect();
    let runs = [Run::new(&parts[..4]), Run::new(&parts[4..6]), Run::new(&parts[6..])];
    let fake = Fake { mtu: Cell::new(1500), ..Fake::new(&[]) };
    let (mut outcome, mut segments) = (Outcome::default(), true);
    deliver(&fake, &mut segments, &runs, Oversize::Split, &mut outcome);

    let taken = fake.taken.borrow();
    assert!(taken.iter().all(|datagram| datagram.len() + 28 <= 1500 && datagram[..8] == one[..8]));
    let ports: Vec<u16> = taken.iter().map(|datagram| u16::from_be_bytes([datagram[42], datagram[43]])).collect();
    assert_eq!(ports, [1000, 1000, 1000, 1001, 1001, 1001, 1, 1000, 1000, 1000]);
    for segments in [&taken[..3], &taken[3..6], &taken[7..]] {
        assert_eq!(stream(segments), payload);
    }
    assert_eq!(taken[6][..], udp[..1472], "as much as fits");
    assert_eq!((outcome.sent.datagrams, outcome.all()), (10, outcome.sent));
    assert_eq!((outcome.recut, outcome.recut_into, outcome.recut_truncated), (4, 10, 1));
    assert!(segments && outcome.narrowed > 0 && outcome.unsegmented == 0, "{outcome:?}");
}

#[test]
fn an_unknown_error_costs_one_message_and_is_told() {
    let fake = Fake::new(&[Err(Errno::PERM), Err(Errno::PERM)]);
    let (outcome, _) = delivered(&fake, &[&["a"], &["b"]]);
    assert_eq!((fake.taken(), outcome.failed.datagrams), (vec!["b".to_owned()], 1));
    assert_eq!(outcome.last_error, libc::EPERM);
}

/// With `IP_RECVERR`, whatever a router says of a datagram is an error of the next one.
#[test]
fn an_error_of_an_earlier_datagram_costs_nothing() {
    for error in [Errno::HOSTUNREACH, Errno::NETUNREACH, Errno::PROTO, Errno::OPNOTSUPP, Errno::HOSTDOWN] {
        let fake = Fake::new(&[Err(error), Ok(1), Err(error)]);
        let (outcome, segments) = delivered(&fake, &[&["a", "b"], &["c"]]);
        assert_eq!((fake.taken(), segments), (["a", "b", "c"].map(str::to_owned).to_vec(), true), "{error}");
        assert_eq!((outcome.sent, outcome.broken, outcome.last_error), (outcome.all(), 0, 0), "{error}");
    }
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
        // Longer than any, or so narrow that nothing can be made of it.
        mtu in prop::sample::select(vec![9001_usize, 40, 33, 20]),
    ) {
        let texts: Vec<Vec<String>> = lengths
            .iter()
            .enumerate()
            .map(|(run, length)| (0..*length).map(|place| format!("{run:03}.{place:03}")).collect())
            .collect();
        let runs: Vec<Vec<&str>> = texts.iter().map(|run| run.iter().map(String::as_str).collect()).collect();
        let runs: Vec<&[&str]> = runs.iter().map(Vec::as_slice).collect();
        let fake = Fake { segments, mtu: Cell::new(mtu), ..Fake::new(&script) };
        delivered(&fake, &runs);
        prop_assert!(fake.taken().is_sorted());
    }

    /// A path that becomes narrower at any time loses no byte of a segment.
    #[test]
    fn whenever_a_path_becomes_narrower_all_bytes_arrive(
        lengths in prop::collection::vec((1..6_usize, 1..4000_usize), 1..20),
        call in 1..30_usize,
        mtu in 576..4100_usize,
        segments: bool,
    ) {
        let payload: Vec<u8> = (0..4000_u32).map(|at| (at >> 3) as u8).collect();
        let datagrams: Vec<(u16, &[u8])> = lengths
            .iter()
            .flat_map(|(count, length)| std::iter::repeat_n(&payload[..*length], *count))
            .zip(1..)
            .map(|(payload, port)| (port, payload))
            .collect();
        let bytes: Vec<Vec<u8>> = datagrams.iter().map(|(port, payload)| tcp(*port, payload)).collect();
        let parts: Vec<IoSlice<'_>> =
            bytes.iter().flat_map(|bytes| [&bytes[..8], &bytes[8..]]).map(IoSlice::new).collect();
        let mut rest = &parts[..];
        let runs: Vec<Run<'_>> = lengths
            .iter()
            .map(|(count, _)| {
                let (run, others) = rest.split_at(count * PARTS);
                rest = others;
                Run::new(run)
            })
            .collect();
        let fake = Fake { segments, narrows: Some((call, mtu)), ..Fake::new(&[]) };
        let (mut outcome, mut segments) = (Outcome::default(), true);
        deliver(&fake, &mut segments, &runs, Oversize::Split, &mut outcome);

        prop_assert_eq!(outcome.all(), outcome.sent);
        prop_assert_eq!(outcome.sent.datagrams + outcome.recut, bytes.len() as u64 + outcome.recut_into);
        let taken = fake.taken.borrow();
        let port = |datagram: &Vec<u8>| u16::from_be_bytes([datagram[42], datagram[43]]);
        let arrived: Vec<(u16, Vec<u8>)> =
            taken.chunk_by(|one, other| port(one) == port(other)).map(|all| (port(&all[0]), stream(all))).collect();
        let sent: Vec<(u16, Vec<u8>)> = datagrams.iter().map(|(port, payload)| (*port, payload.to_vec())).collect();
        prop_assert_eq!(arrived, sent);
    }
}
