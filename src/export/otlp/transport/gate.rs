//! When the receiver may be asked again.
//!
//! What may pass is tried again after a random part of a time that doubles from [`FIRST_BACKOFF`] to [`MOST_BACKOFF`], so
//! that thousands of sensors do not come back at once; a receiver that asks for more is believed, up to
//! [`MOST_RETRY_AFTER`]. One that asks for less is not: whoever has no time says so again and again.
//! Who is turned away at the door, or has come to the wrong one, knocks every [`PROBE`] and keeps what it has.
//!
//! Each signal has a gate of its own: many receivers know only some of them.

use std::fmt;
use std::time::Duration;

use super::{Moment, Signal};

/// The first time to wait is at most this, and each that follows up to twice the one before.
pub const FIRST_BACKOFF: Duration = Duration::from_secs(1);
/// No time to wait is longer, unless the receiver asks for it.
pub const MOST_BACKOFF: Duration = Duration::from_secs(60);
/// A receiver that asks for more is asked again after this.
pub const MOST_RETRY_AFTER: Duration = Duration::from_secs(300);
/// How often a receiver that does not want us is asked whether it has changed its mind.
pub const PROBE: Duration = Duration::from_secs(60);

/// How it stands with one signal.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum State {
    /// The last request was taken, or there was none.
    #[default]
    Ok,
    /// The last request was taken, but for some items that the receiver does not want.
    Partial(String),
    /// The last request was dropped because the receiver will never take it; others may do better.
    Rejected(String),
    /// The receiver cannot be reached or has no time.
    Retrying(String),
    /// The receiver does not know our token, or does not allow it to write.
    Unauthorised(String),
    /// There is no receiver of this signal where we were sent to.
    Misconfigured(String),
}

impl State {
    /// Why, if it is not well.
    pub fn reason(&self) -> Option<&str> {
        match self {
            State::Ok => None,
            State::Partial(why)
            | State::Rejected(why)
            | State::Retrying(why)
            | State::Unauthorised(why)
            | State::Misconfigured(why) => Some(why),
        }
    }

    /// Whether the last request was not taken. What a receiver that is well does not want of one is only counted.
    pub fn is_failure(&self) -> bool {
        !matches!(self, State::Ok | State::Partial(_))
    }

    /// Whether nothing is sent but a probe from time to time.
    pub fn is_closed(&self) -> bool {
        matches!(self, State::Unauthorised(_) | State::Misconfigured(_))
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            State::Ok => f.write_str("ok"),
            State::Partial(why) => write!(f, "the receiver rejects some of what it is sent: {why}"),
            State::Rejected(why) => write!(f, "the receiver rejects what it is sent: {why}"),
            State::Retrying(why) => f.write_str(why),
            State::Unauthorised(why) => write!(f, "not allowed to send: {why}"),
            State::Misconfigured(why) => write!(f, "wrong endpoint: {why}"),
        }
    }
}

/// The gate of one signal.
#[derive(Debug)]
pub struct Gate {
    state: State,
    failures: u32,
    opens: Moment,
    /// When it was closed.
    closed: Moment,
    /// When a request was taken last, as a whole or in part.
    taken: Option<Moment>,
    /// The receiver has asked for more than the usual time.
    asked_to_wait: bool,
    random: u64,
}

impl Gate {
    /// An open one. The seed sets this sensor apart from others.
    pub fn new(signal: Signal, seed: u64) -> Self {
        let random = seed.wrapping_add(signal.index() as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        Gate {
            state: State::Ok,
            failures: 0,
            opens: Moment::ZERO,
            closed: Moment::ZERO,
            taken: None,
            asked_to_wait: false,
            random,
        }
    }

    /// How it stands.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// When the next request may be posted.
    pub fn opens(&self) -> Moment {
        self.opens
    }

    /// Whether a request may be posted.
    pub fn is_open(&self, now: Moment) -> bool {
        self.opens <= now
    }

    /// Whether the receiver cannot be had at the moment, but will be, so that it is worth keeping items for it.
    pub fn is_down(&self) -> bool {
        matches!(self.state, State::Retrying(_) | State::Unauthorised(_))
    }

    /// When a request was taken last.
    pub fn taken(&self) -> Option<Moment> {
        self.taken
    }

    /// Since when there has been no receiver of the signal, if there is none.
    pub fn missing_since(&self) -> Option<Moment> {
        matches!(self.state, State::Misconfigured(_)).then_some(self.closed)
    }

    /// A request was taken as a whole.
    pub fn succeeded(&mut self, now: Moment) {
        self.taken = Some(now);
        self.passed(State::Ok);
    }

    /// A request was taken in part.
    pub fn succeeded_in_part(&mut self, now: Moment, why: String) {
        self.taken = Some(now);
        self.passed(State::Partial(why));
    }

    /// A request was dropped, but the receiver is there.
    pub fn rejected(&mut self, why: String) {
        self.passed(State::Rejected(why));
    }

    fn passed(&mut self, state: State) {
        (self.state, self.failures, self.asked_to_wait) = (state, 0, false);
        self.opens = Moment::ZERO;
    }

    /// A request is to be posted again.
    pub fn failed(&mut self, now: Moment, after: Option<Duration>, why: String) {
        let window = FIRST_BACKOFF.saturating_mul(1 << self.failures.min(10)).min(MOST_BACKOFF);
        let usual = window.mul_f64(self.fraction());
        let asked = after.unwrap_or_default().min(MOST_RETRY_AFTER);
        self.state = State::Retrying(why);
        self.failures = self.failures.saturating_add(1);
        self.asked_to_wait = asked > usual;
        self.opens = now.saturating_add(asked.max(usual));
    }

    /// The receiver does not want us.
    pub fn closed(&mut self, now: Moment, state: State) {
        if std::mem::discriminant(&self.state) != std::mem::discriminant(&state) {
            self.closed = now;
        }
        self.state = state;
        self.opens = now.saturating_add(PROBE);
    }

    /// There is no time left to wait: whoever has not been told to wait may try once more.
    pub fn hurry(&mut self, now: Moment) {
        if matches!(self.state, State::Retrying(_)) && !self.asked_to_wait {
            self.opens = self.opens.min(now);
        }
    }

    /// More than 0 and at most 1 (xorshift64*).
    fn fraction(&mut self) -> f64 {
        self.random ^= self.random >> 12;
        self.random ^= self.random << 25;
        self.random ^= self.random >> 27;
        let bits = self.random.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11;
        (bits + 1) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Duration = Duration::from_secs(1);

    /// Whether the receiver says nothing, or `Retry-After: 0`, or a date that has passed.
    #[test]
    fn times_to_wait_double_up_to_a_minute_and_are_spread() {
        for after in [None, Some(Duration::ZERO)] {
            assert_doubles(after);
        }
    }

    #[track_caller]
    fn assert_doubles(after: Option<Duration>) {
        let mut longest = [Duration::ZERO; 9];
        let mut total = Duration::ZERO;
        for seed in 0..200 {
            let mut gate = Gate::new(Signal::Traces, seed);
            for longest in &mut longest {
                gate.failed(100 * S, after, "down".into());
                let wait = gate.opens() - 100 * S;
                *longest = wait.max(*longest);
                total += wait;
            }
        }
        for (longest, window) in longest.into_iter().zip([1, 2, 4, 8, 16, 32, 60, 60, 60]) {
            assert!(longest <= window * S && longest > window * S * 9 / 10, "{longest:?} of {window}");
        }
        // The mean of a fraction is a half.
        let mean = total / 200;
        assert!(mean > 105 * S && mean < 138 * S, "{mean:?}");
    }

    #[test]
    fn a_receiver_that_says_when_is_believed_up_to_five_minutes() {
        let mut gate = Gate::new(Signal::Logs, 1);
        gate.failed(S, Some(7 * S), "busy".into());
        assert_eq!(gate.opens(), 8 * S);
        gate.hurry(2 * S);
        assert_eq!(gate.opens(), 8 * S);
        gate.failed(S, Some(9999 * S), "busy".into());
        assert_eq!(gate.opens(), 301 * S);
        gate.succeeded(S);
        assert!(gate.is_open(S) && *gate.state() == State::Ok);
        gate.failed(S, None, "busy".into());
        assert!(gate.opens() <= 2 * S);
        gate.hurry(S);
        assert!(gate.is_open(S));
    }

    #[test]
    fn a_closed_gate_is_tried_every_minute() {
        let mut gate = Gate::new(Signal::Logs, 1);
        gate.closed(5 * S, State::Unauthorised("401".into()));
        assert!(gate.state().is_closed() && gate.is_down() && !gate.is_open(64 * S) && gate.is_open(65 * S));
        gate.hurry(6 * S);
        assert!(!gate.is_open(6 * S));
        gate.closed(5 * S, State::Misconfigured("404".into()));
        assert!(!gate.is_down());
    }
}
