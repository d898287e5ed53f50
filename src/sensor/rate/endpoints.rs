//! The share of each endpoint.
//!
//! Once a second what the fair lane may take is poured over the endpoints like water: each has what it asks for, as far as
//! the level reaches, so that the busy ones are cut to the same rate and the rare ones are not cut at all (max-min
//! fairness). What an endpoint asks for is an average of its requests over [`MEMORY_SECONDS`]. The probability of a
//! request is the level by what its endpoint asks for. Health checks are filled to a tenth of the level.
//!
//! [`ENDPOINTS`] are known. One that did nothing for [`IDLE`] gives way to another; while there is none, what comes shares
//! one place, so that a scan with thousands of paths takes one share and forgets nobody.

use std::time::Duration;

use super::recent::Recent;

/// Endpoints that have a share of their own, at most.
pub const ENDPOINTS: usize = 4096;
/// In how many seconds all but a 1/e of what an endpoint asked for is forgotten.
pub const MEMORY_SECONDS: f64 = 20.0;
/// How long an endpoint does nothing before it gives way.
pub const IDLE: Duration = Duration::from_secs(60);
/// What a health check gets of what others get.
pub const HEALTH_CHECK: f64 = 0.1;
/// Requests a second below which an endpoint asks for nothing.
const NEGLIGIBLE: f64 = 1e-5;
/// A burst is more by so many standard deviations than averages say, and by so many requests.
const DEVIATIONS: f64 = 4.0;
const FEW: f64 = 16.0;
const SECOND: u64 = 1_000_000_000;

/// What is known of the endpoints.
#[derive(Debug)]
pub struct Endpoints {
    recent: Recent<Endpoint>,
    /// All for which there is no room.
    overflow: Endpoint,
    overflowed: u64,
    /// Requests a second to share out.
    supply: f64,
    /// How high it reaches, in requests a second; `None` if there is enough for all.
    level: Option<f64>,
    second: u64,
    /// Those that are not satisfied yet, while it is poured.
    thirsty: Vec<(f64, f64)>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Endpoint {
    /// Requests a second, on average.
    rate: f64,
    /// In the second that runs.
    requests: u32,
    health_check: bool,
    /// Nanoseconds of the limiter's clock.
    used: u64,
}

impl Endpoints {
    /// Bytes that are held, at most.
    pub const MEMORY_BYTES: usize = ENDPOINTS * (Recent::<Endpoint>::THING_BYTES + size_of::<(f64, f64)>());

    /// Shares out so many requests a second.
    pub fn new(supply: f64) -> Self {
        Endpoints {
            recent: Recent::with_capacity(ENDPOINTS),
            overflow: Endpoint::default(),
            overflowed: 0,
            supply,
            level: None,
            second: 0,
            thirsty: Vec::new(),
        }
    }

    /// From the next second on there is so much to share out.
    pub fn set_supply(&mut self, per_second: f64) {
        self.supply = per_second;
    }

    /// How many are known.
    pub fn len(&self) -> usize {
        self.recent.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.recent.is_empty()
    }

    /// Requests of endpoints that shared a place because there was no room.
    pub fn overflowed(&self) -> u64 {
        self.overflowed
    }

    /// A request came, at this time of the limiter's clock; the probability with which it is kept.
    pub fn arrive(&mut self, endpoint: u64, health_check: bool, now: u64) -> f64 {
        self.pour(now / SECOND);
        let level = self.level;
        let endpoint = self.place(endpoint, now);
        endpoint.requests = endpoint.requests.saturating_add(1);
        endpoint.health_check = health_check;
        let share = level.map_or(f64::INFINITY, |level| level * weight(health_check));
        if endpoint.rate <= share { 1.0 } else { share / endpoint.rate }
    }

    fn place(&mut self, endpoint: u64, now: u64) -> &mut Endpoint {
        let idle = |oldest: &Endpoint| now.saturating_sub(oldest.used) >= IDLE.as_nanos() as u64;
        if self.recent.use_mut(endpoint).is_none() {
            if self.recent.is_full() && !self.recent.oldest().is_some_and(idle) {
                self.overflowed += 1;
                return &mut self.overflow;
            }
            self.recent.add(endpoint, Endpoint::default());
        }
        let known = self.recent.use_mut(endpoint).unwrap_or(&mut self.overflow);
        known.used = now;
        known
    }

    /// Takes the seconds into account that have ended, and pours again if there are any.
    fn pour(&mut self, second: u64) {
        let ended = second.saturating_sub(self.second);
        if ended == 0 {
            return;
        }
        self.second = second;
        let kept = (-1.0 / MEMORY_SECONDS).exp();
        // In all but the first of them nothing came.
        let quiet = kept.powi((ended - 1).min(i32::MAX as u64) as i32);
        self.thirsty.clear();
        self.thirsty.reserve_exact(self.recent.len() + 1);
        let (mut came, mut usual) = (0.0, 0.0);
        for endpoint in self.recent.iter_mut().chain([&mut self.overflow]) {
            if endpoint.rate == 0.0 && endpoint.requests == 0 {
                continue;
            }
            let rate = (endpoint.rate * kept + f64::from(endpoint.requests) * (1.0 - kept)) * quiet;
            endpoint.rate = if rate < NEGLIGIBLE { 0.0 } else { rate };
            came += f64::from(std::mem::take(&mut endpoint.requests));
            usual += endpoint.rate;
            self.thirsty.push((endpoint.rate, weight(endpoint.health_check)));
        }
        let surge = if ended == 1 { surge(came, usual) } else { 1.0 };
        self.level = level(&mut self.thirsty, self.supply / surge);
    }
}

/// How many times as much came in the last second as averages know of, as far as that is no chance. Averages lag behind a
/// burst; without this the guard would have to refuse most of what they let through, and what is kept would stand for too
/// little. All endpoints are taken to grow alike.
fn surge(came: f64, usual: f64) -> f64 {
    let chance = usual + DEVIATIONS * usual.sqrt() + FEW;
    if came > chance { came / usual } else { 1.0 }
}

fn weight(health_check: bool) -> f64 {
    if health_check { HEALTH_CHECK } else { 1.0 }
}

/// How high the supply reaches when each of these, who ask for so much and have so much weight, is filled; `None` if it is
/// enough for all. Each turn satisfies those that the level of the turn before reaches, and what they leave raises it.
fn level(thirsty: &mut Vec<(f64, f64)>, mut supply: f64) -> Option<f64> {
    if thirsty.iter().map(|(rate, _)| rate).sum::<f64>() <= supply {
        return None;
    }
    loop {
        let weights: f64 = thirsty.iter().map(|(_, weight)| weight).sum();
        let level = supply / weights;
        let before = thirsty.len();
        thirsty.retain(|&(rate, weight)| {
            let satisfied = rate <= level * weight;
            if satisfied {
                supply -= rate;
            }
            !satisfied
        });
        // There is always one left, unless sums were rounded.
        if thirsty.len() == before || thirsty.is_empty() {
            return Some(level);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn second(number: u64) -> u64 {
        number * SECOND
    }

    #[test]
    fn the_busy_are_cut_to_the_same_rate_and_the_rare_are_not() {
        let mut endpoints = Endpoints::new(10.0);
        let mut last = [0.0; 3];
        for now in 0..200 {
            for (endpoint, requests) in [(0, 100), (1, 40), (2, 2)] {
                for _ in 0..requests {
                    last[endpoint as usize] = endpoints.arrive(endpoint, false, second(now));
                }
            }
        }
        // Two of the ten for the rare one, four for each of the others.
        let expected = [0.04, 0.1, 1.0];
        assert!(last.iter().zip(expected).all(|(a, b): (&f64, f64)| (a - b).abs() < 1e-3), "{last:?}");
    }

    #[test]
    fn health_checks_get_a_tenth() {
        let mut endpoints = Endpoints::new(11.0);
        let mut last = [0.0; 2];
        for now in 0..200 {
            for _ in 0..100 {
                last = [endpoints.arrive(0, false, second(now)), endpoints.arrive(1, true, second(now))];
            }
        }
        assert!((last[0] - 0.1).abs() < 1e-3 && (last[1] - 0.01).abs() < 1e-4, "{last:?}");
    }

    #[test]
    fn what_was_asked_for_is_forgotten_while_nobody_asks() {
        let mut endpoints = Endpoints::new(1.0);
        for now in 0..100 {
            (0..50).for_each(|_| _ = endpoints.arrive(7, false, second(now)));
        }
        assert!(endpoints.arrive(7, false, second(100)) < 0.03);
        assert!(endpoints.arrive(7, false, second(130)) < 0.1);
        assert_eq!(endpoints.arrive(7, false, second(400)), 1.0);
    }

    #[test]
    fn a_scan_forgets_nobody_who_is_active_and_takes_one_share() {
        let mut endpoints = Endpoints::new(10.0);
        let mut scanned = 1_000_000;
        for now in 0..30 {
            for _ in 0..1_000 {
                scanned += 1;
                endpoints.arrive(scanned, false, second(now));
                endpoints.arrive(scanned % 100, false, second(now));
            }
        }
        assert!(endpoints.overflowed() > 20_000);
        let [known, shared] = [5, scanned + 1].map(|key| endpoints.arrive(key, false, second(30)));
        assert!(shared < known / 10.0, "{shared} {known}");
        // Later there is room again.
        let before = endpoints.overflowed();
        endpoints.arrive(2_000_000, false, second(90));
        assert_eq!((endpoints.overflowed(), endpoints.len()), (before, ENDPOINTS));
    }

    proptest! {
        /// Every endpoint gets what it asks for, or the same as all others that do not; nothing is left over.
        #[test]
        fn all_of_the_supply_is_shared_out_fairly(
            demands in prop::collection::vec((0.0..1_000.0_f64, prop::bool::ANY), 1..100),
            supply in 0.1..10_000.0_f64,
        ) {
            let demands: Vec<_> = demands.into_iter().map(|(rate, health_check)| (rate, weight(health_check))).collect();
            let asked: f64 = demands.iter().map(|(rate, _)| rate).sum();
            match level(&mut demands.clone(), supply) {
                None => prop_assert!(asked <= supply),
                Some(level) => {
                    let given: f64 = demands.iter().map(|(rate, weight)| rate.min(level * weight)).sum();
                    prop_assert!((given - supply).abs() < 1e-6 * supply, "{} of {}", given, supply);
                }
            }
        }
    }
}
