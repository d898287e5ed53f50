//! How signals end a command that runs until it is told to stop.
//!
//! While things are still being opened, a signal ends the process at once: nothing is lost, and opening a pipe may wait
//! without end. Afterwards the first signal ends the work in order, with a summary. Another one ends the process at
//! once, but not within [`TWICE`]: `timeout` and some supervisors signal a process and then its whole group.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use signal_hook::consts::{SIGINT, SIGTERM};

use crate::exit::Exit;

/// Signals that come together mean one thing.
const TWICE: Duration = Duration::from_millis(500);
/// How often the first signal is looked for.
const LOOK: Duration = Duration::from_millis(100);

const NO_SIGNALS: &str = "cannot listen for signals";

/// Listens for the signals that end a command.
pub struct Ending {
    stop: Arc<AtomicBool>,
    /// Whether the next signal ends the process.
    at_once: Arc<AtomicBool>,
}

impl Ending {
    /// From now on a signal ends the process at once, with a code of its own.
    pub fn at_once() -> anyhow::Result<Self> {
        let ending = Ending { stop: Arc::default(), at_once: Arc::new(AtomicBool::new(true)) };
        let code = i32::from(Exit::Interrupted.code());
        for signal in signals() {
            signal_hook::flag::register_conditional_shutdown(signal, code, Arc::clone(&ending.at_once))
                .and_then(|_| signal_hook::flag::register(signal, Arc::clone(&ending.stop)))
                .context(NO_SIGNALS)?;
        }
        Ok(ending)
    }

    /// From now on a signal sets the flag that is returned. Starts a thread.
    pub fn in_order(self) -> anyhow::Result<Arc<AtomicBool>> {
        let Ending { stop, at_once } = self;
        at_once.store(false, Ordering::Relaxed);
        let stopped = Arc::clone(&stop);
        let wait = move || {
            while !stopped.load(Ordering::Relaxed) {
                std::thread::sleep(LOOK);
            }
            std::thread::sleep(TWICE);
            at_once.store(true, Ordering::Relaxed);
        };
        std::thread::Builder::new().name("ending".to_owned()).spawn(wait).context(NO_SIGNALS)?;
        Ok(stop)
    }
}

#[cfg(target_os = "linux")]
fn signals() -> Vec<i32> {
    use signal_hook::consts::SIGHUP;

    let mut signals = vec![SIGINT, SIGTERM];
    // Under `nohup`, the end of the terminal is not to be the end of the work.
    if !crate::process::signals::is_ignored(SIGHUP) {
        signals.push(SIGHUP);
    }
    signals
}

#[cfg(not(target_os = "linux"))]
fn signals() -> Vec<i32> {
    vec![SIGINT, SIGTERM]
}
