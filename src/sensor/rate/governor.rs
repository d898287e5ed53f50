//! What gives way when the sensor needs more of the processor than it should.
//!
//! Pure: it is told what the sensor used in the last [`WINDOW`] and says what to do without. A step takes a while to show,
//! because the window still holds what was before it; whoever steps again at once steps too far. So after each step
//! it waits for [`SETTLING`], until a whole window is measured under it. It steps back only after it was well below the
//! target for some time, and for twice that time whenever stepping back proved to be too early.

use std::time::Duration;

use super::clock::Clock;
use crate::packet::Timestamp;

/// What usage is measured over.
pub const WINDOW: Duration = Duration::from_secs(10);
/// How long nothing is done after a step.
pub const SETTLING: Duration = Duration::from_secs(20);
/// Below this part of the target there is room to step back.
pub const CALM: f64 = 0.7;
/// How long it must be calm before a step back, at first.
pub const LEAST_CALM: Duration = Duration::from_secs(60);
/// And at most.
pub const MOST_CALM: Duration = Duration::from_secs(960);
/// Of flows, one in so many is read at the last level.
const FLOWS: u64 = 4;

/// What is done without. Each does without what those before it do without, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Level {
    #[default]
    Normal = 0,
    /// Content of messages.
    NoBodies = 1,
    /// Half of the transactions that are kept.
    HalfRate = 2,
    /// Three quarters of them, and of the flows.
    FewFlows = 3,
}

impl Level {
    /// All of them, from nothing to most.
    pub const ALL: [Level; 4] = [Level::Normal, Level::NoBodies, Level::HalfRate, Level::FewFlows];

    /// As a metric shows it, 0 to 3.
    pub fn number(self) -> u8 {
        self as u8
    }

    /// Whether content of messages is looked at.
    pub fn keeps_bodies(self) -> bool {
        self == Level::Normal
    }

    /// Whether a flow is read, by a hash that is the same for all of its packets, in both directions and at every
    /// sensor that sees it: whole flows are kept or left out.
    pub fn keeps_flow(self, hash: u64) -> bool {
        self != Level::FewFlows || spread(hash).is_multiple_of(FLOWS)
    }

    /// How many quarters of the rate limit are left.
    pub fn quarters(self) -> u64 {
        match self {
            Level::Normal | Level::NoBodies => 4,
            Level::HalfRate => 2,
            Level::FewFlows => 1,
        }
    }

    fn next(self) -> Self {
        Level::ALL[(self as usize + 1).min(3)]
    }

    fn previous(self) -> Self {
        Level::ALL[(self as usize).saturating_sub(1)]
    }
}

/// So that it does not matter in which bits hashes differ.
fn spread(hash: u64) -> u64 {
    hash.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32
}

/// Decides on the level.
#[derive(Debug, Clone)]
pub struct Governor {
    target: f64,
    clock: Clock,
    level: Level,
    /// Nanoseconds of the clock, as all times here: since when the level is what it is.
    since: u64,
    /// Since when it is calm without interruption.
    calm_since: Option<u64>,
    /// How long it must be calm.
    patience: u64,
    /// The last step went back.
    stepped_back: bool,
}

impl Governor {
    /// Keeps usage below the target: both are parts of what the task has, such as 0.05.
    pub fn new(target: f64) -> Self {
        Governor {
            target,
            clock: Clock::default(),
            level: Level::Normal,
            since: 0,
            calm_since: None,
            patience: nanos(LEAST_CALM),
            stepped_back: false,
        }
    }

    /// What is done without.
    pub fn level(&self) -> Level {
        self.level
    }

    /// Takes into account what was used in the last [`WINDOW`]; what is done without from now on. What is no number changes
    /// nothing.
    pub fn observe(&mut self, used: f64, now: Timestamp) -> Level {
        let now = self.clock.tell(now);
        let settled = now - self.since >= nanos(SETTLING);
        if used > self.target {
            self.calm_since = None;
            if settled && self.level != Level::FewFlows {
                self.step_on(now);
            }
        } else if used <= self.target * CALM {
            let calm = now - *self.calm_since.get_or_insert(now);
            if calm >= self.patience && settled {
                self.step_back(now);
            }
        } else {
            self.calm_since = None;
        }
        self.level
    }

    fn step_on(&mut self, now: u64) {
        // It was calm for long enough under the level before, and is not under this one.
        let too_early = self.stepped_back && now - self.since < 2 * nanos(LEAST_CALM);
        if too_early {
            self.patience = (self.patience * 2).min(nanos(MOST_CALM));
        }
        self.level = self.level.next();
        (self.since, self.stepped_back) = (now, false);
    }

    /// At the first level there is nothing to take back: so long a calm forgets what went wrong before.
    fn step_back(&mut self, now: u64) {
        if self.level == Level::Normal {
            self.patience = nanos(LEAST_CALM);
            return;
        }
        self.level = self.level.previous();
        (self.since, self.stepped_back) = (now, true);
        self.calm_since = None;
    }
}

fn nanos(duration: Duration) -> u64 {
    duration.as_nanos() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How often in a minute.
    const MEASURED: u64 = 12;

    /// A sensor that needs so much of the processor at each level, measured over windows that lag behind it.
    struct Plant {
        governor: Governor,
        needs: [f64; 4],
        recent: [f64; 2],
        now: u64,
    }

    impl Plant {
        fn new(needs: [f64; 4]) -> Self {
            Plant { governor: Governor::new(0.05), needs, recent: [0.0; 2], now: 1_000 }
        }

        /// Measures every five seconds; the levels, each as often as it was measured.
        fn run(&mut self, minutes: u64) -> Vec<u8> {
            let measure = |_| {
                self.now += 5;
                self.recent = [self.recent[1], self.needs[self.governor.level() as usize]];
                let used = (self.recent[0] + self.recent[1]) / 2.0;
                self.governor.observe(used, Timestamp::from_parts(self.now, 0)).number()
            };
            (0..minutes * MEASURED).map(measure).collect()
        }
    }

    #[test]
    fn one_step_is_enough_when_it_helps() {
        let mut plant = Plant::new([0.08, 0.04, 0.02, 0.01]);
        let levels = plant.run(30);
        assert!(levels.is_sorted() && levels.last() == Some(&1), "{levels:?}");
    }

    #[test]
    fn it_goes_no_further_than_the_last_step_and_comes_back() {
        let mut plant = Plant::new([0.5, 0.4, 0.3, 0.2]);
        let levels = plant.run(3);
        assert!(levels.is_sorted() && levels.last() == Some(&3), "{levels:?}");
        assert!(levels.chunk_by(|a, b| a == b).skip(1).all(|level| level.len() >= 4), "no haste: {levels:?}");
        plant.needs = [0.01; 4];
        let levels = plant.run(6);
        assert!(levels.is_sorted_by(|a, b| a >= b) && levels.last() == Some(&0), "{levels:?}");
    }

    #[test]
    fn the_usual_is_left_alone() {
        let mut plant = Plant::new([0.049, 0.03, 0.02, 0.01]);
        assert!(plant.run(20).iter().all(|&level| level == 0));
    }

    /// The load is such that each level without is calm and each level with is too much.
    #[test]
    fn stepping_back_in_vain_is_tried_more_and_more_seldom() {
        let mut plant = Plant::new([0.08, 0.01, 0.01, 0.01]);
        let levels = plant.run(240);
        assert!(levels.iter().all(|&level| level < 2), "{levels:?}");
        // How often it was measured without, each time but the last, which is not over.
        let mut without: Vec<_> = levels.chunk_by(|a, b| a == b).filter(|run| run[0] == 1).map(<[u8]>::len).collect();
        without.pop();
        assert_eq!(without[..5], [14, 26, 50, 98, 194]);
        assert!(without[5..].iter().all(|&long| long == 194), "{without:?}");
    }

    #[test]
    fn what_is_no_number_and_clocks_that_jump_change_nothing() {
        let mut governor = Governor::new(0.05);
        let levels = [(f64::NAN, 100), (9.0, 100), (9.0, 50), (9.0, 60), (f64::NAN, 119), (9.0, 125)]
            .map(|(used, time)| governor.observe(used, Timestamp::from_parts(time, 0)).number());
        assert_eq!(levels, [0, 0, 0, 0, 0, 1]);
    }

    #[test]
    fn a_quarter_of_the_flows_is_read_at_the_last_level() {
        let read = (0..10_000).filter(|&flow| Level::FewFlows.keeps_flow(flow)).count();
        assert!((2_300..2_700).contains(&read), "{read}");
        assert!((0..100).all(|flow| Level::HalfRate.keeps_flow(flow)));
    }
}
