//! One value for each signal.

use std::ops::{Index, IndexMut};

use super::Signal;

/// One value for each signal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BySignal<T> {
    pub traces: T,
    pub logs: T,
    pub metrics: T,
}

impl<T> BySignal<T> {
    /// What `make` makes for each.
    pub fn new(mut make: impl FnMut(Signal) -> T) -> Self {
        BySignal { traces: make(Signal::Traces), logs: make(Signal::Logs), metrics: make(Signal::Metrics) }
    }

    /// In the order of [`Signal::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        [&self.traces, &self.logs, &self.metrics].into_iter()
    }
}

impl BySignal<u64> {
    /// The sum for each signal.
    pub fn plus(&self, other: &Self) -> Self {
        Self::new(|signal| self[signal] + other[signal])
    }
}

impl<T> Index<Signal> for BySignal<T> {
    type Output = T;

    fn index(&self, signal: Signal) -> &T {
        match signal {
            Signal::Traces => &self.traces,
            Signal::Logs => &self.logs,
            Signal::Metrics => &self.metrics,
        }
    }
}

impl<T> IndexMut<Signal> for BySignal<T> {
    fn index_mut(&mut self, signal: Signal) -> &mut T {
        match signal {
            Signal::Traces => &mut self.traces,
            Signal::Logs => &mut self.logs,
            Signal::Metrics => &mut self.metrics,
        }
    }
}
