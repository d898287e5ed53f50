//! Programs that end with the test.

use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// A program that runs.
pub struct Child(std::process::Child);

impl Child {
    /// Starts it, without anything on its standard input.
    pub fn start(command: &mut Command) -> Child {
        let child = command.stdin(Stdio::null()).spawn();
        Child(child.unwrap_or_else(|error| panic!("cannot start {command:?}: {error}")))
    }

    /// Its number. `nsenter` and `setpriv` become the program that they start, so that this is the program's.
    pub fn id(&self) -> u32 {
        self.0.id()
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.0), signal).expect("it runs");
    }

    pub fn has_ended(&mut self) -> bool {
        self.0.try_wait().expect("it is ours").is_some()
    }

    /// Waits until it has ended, so long at most.
    pub fn ends_within(&mut self, time: Duration) -> Option<ExitStatus> {
        let end = Instant::now() + time;
        loop {
            if let Some(status) = self.0.try_wait().expect("it is ours") {
                return Some(status);
            }
            if Instant::now() >= end {
                return None;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
