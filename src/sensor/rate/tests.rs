//! What the limiter promises, for traffic of any shape.

use std::collections::VecDeque;

use proptest::prelude::*;

use super::clock::Clock;
use super::*;
use crate::packet::Timestamp;
use crate::record::{Lane, Sampling};

const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60 * SECOND;
const SURE: u64 = u64::MAX;

/// A limiter, and the times at which it decided to keep something.
struct Bench {
    limiter: Limiter,
    now: u64,
    kept: VecDeque<u64>,
    most: usize,
}

impl Bench {
    fn new(limiter: Limiter) -> Self {
        Bench { limiter, now: 1_000_000 * SECOND, kept: VecDeque::new(), most: 0 }
    }

    fn per_minute(limit: u32) -> Self {
        Bench::new(Limiter::new(RateLimit::PerMinute(limit)))
    }

    fn time(&self) -> Timestamp {
        Timestamp::from_nanos(self.now)
    }

    fn begin(&mut self, endpoint: u64, random: u64) -> Share {
        let share = self.limiter.begin(endpoint, false, random, self.time());
        if matches!(share, Share::Kept(_)) {
            self.note();
        }
        share
    }

    fn end(&mut self, share: Share, kind: u64, failed: bool) -> Result<Sampling, Refusal> {
        let end = self.limiter.end(share, kind, failed, self.time());
        if matches!(share, Share::Refused(_)) && end.is_ok() {
            self.note();
        }
        end
    }

    fn whole(&mut self, endpoint: u64, kind: u64, failed: bool, random: u64) -> Result<Sampling, Refusal> {
        let share = self.begin(endpoint, random);
        self.end(share, kind, failed)
    }

    /// Counts what was kept in the 60 seconds that end now.
    fn note(&mut self) {
        let now = self.limiter.clock().passed();
        self.kept.push_back(now);
        while self.kept.front().is_some_and(|&then| now - then >= MINUTE) {
            self.kept.pop_front();
        }
        self.most = self.most.max(self.kept.len());
    }
}

/// Kept, in whichever lane.
fn kept(counts: &RateCounts) -> u64 {
    counts.kept_unlimited + counts.kept_fair + counts.kept_novelty + counts.kept_error
}

/// Refused, for whichever reason.
fn refused(counts: &RateCounts) -> u64 {
    counts.refused_fair + counts.refused_guard + counts.refused_off
}

fn lane(end: Result<Sampling, Refusal>) -> Result<Lane, Refusal> {
    end.map(|sampling| sampling.lane)
}

#[test]
fn what_fits_is_kept_for_certain() {
    let mut bench = Bench::per_minute(1_000);
    for _ in 0..1_000 {
        bench.now += SECOND / 10;
        let kept = bench.whole(1, 1, false, 0);
        assert_eq!(kept, Ok(Sampling { lane: Lane::Fair, threshold: Some(0) }));
    }
}

#[test]
fn what_a_busy_endpoint_keeps_stands_for_all_of_its_requests() {
    let mut bench = Bench::per_minute(1_000);
    let (mut random, mut estimate) = (1_u64, 0.0);
    let begun = 200_000;
    for step in 0..begun {
        bench.now += SECOND / 200;
        random = random.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        let end = bench.whole(step % 2, step % 2, false, random >> 8);
        if let Ok(Sampling { threshold: Some(threshold), .. }) = end {
            estimate += 1.0 / (1.0 - threshold as f64 / (1_u64 << 56) as f64);
        }
    }
    let guarded = bench.limiter.counts().refused_guard;
    assert!((estimate / begun as f64 - 1.0).abs() < 0.05, "{estimate} of {begun}, {guarded} by the guard");
}

#[test]
fn the_first_of_a_kind_are_kept_and_then_those_that_fail() {
    let mut bench = Bench::per_minute(1_000);
    // All chances are used up.
    while bench.begin(1, SURE) != Share::Refused(Refusal::Guard) {}
    let ends = [(7, false), (7, false), (7, false), (7, false), (7, true), (8, true), (7, false)]
        .map(|(kind, failed)| lane(bench.whole(1, kind, failed, SURE)));
    let (novelty, error, refused) = (Ok(Lane::Novelty), Ok(Lane::Error), Err(Refusal::Guard));
    assert_eq!(ends, [novelty, novelty, novelty, refused, error, novelty, refused]);
}

#[test]
fn what_the_fair_share_kept_is_not_new_any_more() {
    let mut bench = Bench::per_minute(1_000);
    (0..3).for_each(|_| assert_eq!(lane(bench.whole(1, 7, false, SURE)), Ok(Lane::Fair)));
    while bench.begin(1, SURE) != Share::Refused(Refusal::Guard) {}
    assert_eq!(bench.whole(1, 7, false, SURE), Err(Refusal::Guard));
}

#[test]
fn nothing_is_kept_at_zero_and_all_without_a_limit() {
    let mut off = Bench::per_minute(0);
    let mut all = Bench::new(Limiter::new(RateLimit::Unlimited));
    for step in 0..10_000 {
        assert_eq!(off.whole(step, step, true, SURE), Err(Refusal::Off));
        assert_eq!(all.whole(1, 1, false, 0), Ok(Sampling { lane: Lane::Unlimited, threshold: None }));
    }
    assert_eq!(off.limiter.counts().refused_off, 10_000);
    assert_eq!(all.limiter.counts().kept_unlimited, 10_000);
}

#[test]
fn what_is_not_wanted_after_all_is_neither_kept_nor_new() {
    let mut bench = Bench::per_minute(1_000);
    while bench.begin(1, SURE) != Share::Refused(Refusal::Guard) {}
    bench.limiter.abandon();
    (0..200).for_each(|_| {
        bench.begin(1, SURE);
        bench.limiter.abandon();
    });
    let counts = bench.limiter.counts();
    assert_eq!((kept(&counts), refused(&counts), counts.abandoned), (0, 0, 201));
    // All hundred tokens of novelty are there.
    let new = (1..=101).filter(|&kind| lane(bench.whole(1, kind, false, SURE)) == Ok(Lane::Novelty)).count();
    assert_eq!(new, 100);
}

#[test]
fn the_governor_leaves_a_quarter() {
    let mut bench = Bench::per_minute(1_000);
    bench.limiter.set_level(Level::FewFlows);
    for step in 0..60_000 {
        bench.now += SECOND / 200;
        bench.whole(step % 50, step, step % 3 == 0, SURE).ok();
    }
    let kept = kept(&bench.limiter.counts());
    assert!(bench.most <= 312 && (1_000..=1_313).contains(&kept), "{} {kept}", bench.most);
}

#[test]
fn a_day_ahead_is_worth_a_burst_and_a_day_back_nothing() {
    let mut bench = Bench::per_minute(1_000);
    let drain = |bench: &mut Bench| (0..2_000).filter(|&step| bench.whole(1, step, true, SURE).is_ok()).count();
    // 133 and a third, a hundred, 16 and two thirds: whole ones of each.
    assert_eq!(drain(&mut bench), 249);
    bench.now += 24 * 60 * MINUTE;
    assert_eq!(drain(&mut bench), 249);
    bench.now -= 24 * 60 * MINUTE;
    assert_eq!(drain(&mut bench), 0);
    // After a minute of the time that it was set back to, it goes on.
    (0..61).for_each(|_| {
        bench.now += SECOND;
        bench.whole(1, 1, false, 0).ok();
    });
    bench.now += 2 * SECOND;
    let kept = drain(&mut bench);
    assert!((1..=50).contains(&kept), "{kept}: more than three seconds are worth");
}

#[test]
fn the_smallest_limits_keep_something_of_everything() {
    for limit in 1..=60 {
        let mut bench = Bench::per_minute(limit);
        let mut kept = 0;
        for step in 0..60_000_u64 {
            bench.now += SECOND / 100;
            let random = step.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 8;
            kept += u32::from(bench.whole(step % 3, step % 3, step % 10 == 0, random).is_ok());
        }
        assert!(kept >= limit * 10 * 2 / 3 && kept <= limit * 10 + limit.div_ceil(4), "{limit}: {kept}");
        assert!(4 * bench.most <= 5 * limit as usize, "{limit}: {}", bench.most);
    }
}

#[test]
fn what_is_remembered_is_bounded_and_small() {
    let mut bench = Bench::per_minute(1_000);
    for step in 0..100_000_u64 {
        bench.now += SECOND / 1_000;
        bench.whole(step, step, true, SURE).ok();
    }
    assert!(bench.limiter.counts().overflowed > 80_000);
    const { assert!(Limiter::MEMORY_BYTES < 600 << 10) };
}

#[derive(Debug, Clone)]
enum Step {
    Wait(i64),
    Level(usize),
    Begin { endpoint: u64, random: u64 },
    End { which: prop::sample::Index, kind: u64, failed: bool },
    Abandon { which: prop::sample::Index },
    Burst { endpoint: u64, failed: bool, times: u16 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let millis = prop_oneof![
        4 => 0..100_i64,
        4 => 0..20_000_i64,
        1 => -5_000..0_i64,
        1 => -100_000..100_000_i64,
        1 => prop::sample::select(vec![-86_400_000, 86_400_000_i64]),
    ];
    let step = prop_oneof![
        4 => millis.prop_map(Step::Wait),
        1 => (0..4_usize).prop_map(Step::Level),
        4 => (0..20_u64, any::<u64>()).prop_map(|(endpoint, random)| Step::Begin { endpoint, random }),
        4 => (any::<prop::sample::Index>(), 0..40_u64, any::<bool>())
            .prop_map(|(which, kind, failed)| Step::End { which, kind, failed }),
        1 => any::<prop::sample::Index>().prop_map(|which| Step::Abandon { which }),
        6 => (0..20_u64, any::<bool>(), 1..2_000_u16)
            .prop_map(|(endpoint, failed, times)| Step::Burst { endpoint, failed, times }),
    ];
    prop::collection::vec(step, 0..120)
}

proptest! {
    /// By the limiter's clock, which never runs backwards; whatever the times of packets do.
    #[test]
    fn no_minute_has_more_than_the_limit_and_a_quarter_and_all_are_counted(
        limit in prop_oneof![1..100_u32, 1..5_000_u32],
        steps in steps(),
    ) {
        let mut bench = Bench::per_minute(limit);
        let mut open: Vec<Share> = Vec::new();
        let (mut begun, mut kept, mut refused, mut abandoned) = (0_u64, 0_u64, 0_u64, 0_u64);
        for step in steps {
            match step {
                Step::Wait(millis) => bench.now = bench.now.saturating_add_signed(millis * 1_000_000),
                Step::Level(level) => bench.limiter.set_level(Level::ALL[level]),
                Step::Begin { endpoint, random } => {
                    begun += 1;
                    open.push(bench.begin(endpoint, random));
                }
                Step::End { which, kind, failed } if !open.is_empty() => {
                    let share = open.swap_remove(which.index(open.len()));
                    let end = bench.end(share, kind, failed);
                    if let Share::Kept(sampling) = share {
                        prop_assert_eq!(end, Ok(sampling));
                    }
                    *(if end.is_ok() { &mut kept } else { &mut refused }) += 1;
                }
                Step::Abandon { which } if !open.is_empty() => {
                    open.swap_remove(which.index(open.len()));
                    bench.limiter.abandon();
                    abandoned += 1;
                }
                Step::End { .. } | Step::Abandon { .. } => {}
                Step::Burst { endpoint, failed, times } => for turn in 0..u64::from(times) {
                    bench.now += 100_000;
                    begun += 1;
                    let end = bench.whole(endpoint + turn % 3, turn / 4, failed, SURE);
                    *(if end.is_ok() { &mut kept } else { &mut refused }) += 1;
                },
            }
            prop_assert!(4 * bench.most as u64 <= 5 * u64::from(limit), "{} at {}", bench.most, limit);
            let counts = bench.limiter.counts();
            let ended = (super::tests::kept(&counts), super::tests::refused(&counts), counts.abandoned);
            prop_assert_eq!((counts.begun, ended), (begun, (kept, refused, abandoned)));
            prop_assert_eq!(begun - kept - refused - abandoned, open.len() as u64);
        }
    }

    /// No time is worth more than it was: at most what lies between the earliest and the latest, and what is gained by
    /// believing a clock that was set back.
    #[test]
    fn the_clock_never_runs_backwards_nor_ahead_of_the_steps(
        steps in prop::collection::vec(prop_oneof![-100_i64..100, -5_000_i64..5_000], 0..200),
    ) {
        let mut clock = Clock::default();
        let mut now = 1_000_000_i64;
        let mut ahead = 0;
        let mut passed = clock.tell(Timestamp::from_parts(now as u64, 0));
        for step in steps {
            now += step;
            ahead += step.max(0) as u64 * SECOND;
            let then = clock.tell(Timestamp::from_parts(now as u64, 0));
            prop_assert!(then >= passed && then <= ahead);
            passed = then;
        }
    }
}
