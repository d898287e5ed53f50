//! Network namespaces for tests: each test that needs one gets its own, with `lo` up and IPv6 off.
//!
//! A namespace belongs to the thread that made it, the programs that this thread starts, and the sockets that it
//! opens; it goes with the last of them.

use std::process::Command;
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::{Duration, Instant};

use nix::sched::{CloneFlags, unshare};

type Job = Box<dyn FnOnce() + Send>;

/// Runs the test in a namespace of its own; without the rights or tools for that, says so. Under `CI=true` that fails.
pub(crate) fn in_namespace(test: impl FnOnce() + Send + 'static) {
    let outcome = thread::spawn(|| enter().map(|()| test())).join();
    match outcome {
        Ok(Ok(())) => {}
        Ok(Err(reason)) => skip(&reason),
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

/// Says why a test cannot run; fails where that must not be.
pub(crate) fn skip(reason: &str) {
    crate::not_run::not_run(reason);
}

/// Runs `ip` with these words; it has to succeed.
pub(crate) fn ip(words: &str) {
    try_ip(words).unwrap_or_else(|error| panic!("ip {words}: {error}"));
}

/// Runs `ip` with these words, where a kernel may lack what they ask for.
pub(crate) fn try_ip(words: &str) -> Result<(), String> {
    let output = Command::new("ip").args(words.split(' ')).output().map_err(|error| format!("ip: {error}"))?;
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

/// Waits until an interface that was set up sends what it is given: the kernel tells it of its cable only a while after
/// (up to a second on a busy machine), and until then what it is to send is dropped without an error.
fn wait_for_link(interface: &str) {
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        let output = Command::new("ip").args(["-oneline", "link", "show", interface]).output().unwrap();
        let link = String::from_utf8_lossy(&output.stdout);
        if link.contains("state UP") && !link.contains("qdisc noop ") {
            return;
        }
        assert!(Instant::now() < end, "{interface} does not come up: {link}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// A second namespace, at the other end of a cable: `left` (10.9.0.1) here, `right` (10.9.0.2) there.
pub(crate) struct Cable {
    jobs: Sender<Job>,
}

impl Cable {
    pub(crate) fn new() -> Cable {
        let (jobs, received) = mpsc::channel::<Job>();
        let (tell, told) = mpsc::channel();
        thread::spawn(move || {
            enter().unwrap();
            tell.send(rustix::thread::gettid()).unwrap();
            received.into_iter().for_each(|job| job());
        });
        let thread = told.recv().unwrap().as_raw_nonzero();
        ip("link add left type veth peer name right");
        ip(&format!("link set right netns {thread}"));
        ip("addr add 10.9.0.1/24 dev left");
        ip("link set left up");
        let cable = Cable { jobs };
        cable.there(|| {
            ip("addr add 10.9.0.2/24 dev right");
            ip("link set right up");
            wait_for_link("right");
        });
        wait_for_link("left");
        cable
    }

    /// Runs something at the other end and waits for what it gives.
    pub(crate) fn there<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> T {
        let (done, result) = mpsc::channel();
        self.jobs.send(Box::new(move || drop(done.send(job())))).unwrap();
        result.recv().unwrap()
    }

    /// Starts something at the other end.
    pub(crate) fn start(&self, job: impl FnOnce() + Send + 'static) {
        self.jobs.send(Box::new(job)).unwrap();
    }
}

fn enter() -> Result<(), String> {
    unshare(CloneFlags::CLONE_NEWNET).map_err(|error| format!("no network namespace without root: {error}"))?;
    // Only for quiet: without IPv6 there is nothing to disable.
    for which in ["all", "default"] {
        let _ = std::fs::write(format!("/proc/sys/net/ipv6/conf/{which}/disable_ipv6"), "1");
    }
    try_ip("link set lo up")
}
