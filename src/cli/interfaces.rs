//! What is told of the interfaces that a command listens on.

use crate::packet::live::Live;

/// Says on which interfaces the kernel has no room for the filter.
pub fn filtered_outside(live: &Live) -> impl Iterator<Item = String> {
    live.filtered_outside()
        .map(|name| format!("the filter is too long for the kernel and runs outside of it on {name}"))
}

/// Interfaces that come and go.
#[derive(Debug, Default)]
pub struct Interfaces {
    /// Those that were gone when last looked at.
    gone: Vec<String>,
}

impl Interfaces {
    /// Which have gone or come back since the last time.
    pub fn news(&mut self, live: &Live) -> Vec<String> {
        if live.gone().eq(self.gone.iter().map(String::as_str)) {
            return Vec::new();
        }
        let now: Vec<String> = live.gone().map(str::to_owned).collect();
        let went = now.iter().filter(|name| !self.gone.contains(name));
        let came = self.gone.iter().filter(|name| !now.contains(name));
        let news = went
            .map(|name| format!("{name} is down or gone; it is captured again when it is back"))
            .chain(came.map(|name| format!("{name} is back")))
            .collect();
        self.gone = now;
        news
    }
}
