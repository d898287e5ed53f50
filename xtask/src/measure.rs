//! What a program costs: CPU time and peak memory, as the kernel counts them for a process that has ended.
//!
//! The kernel sums up the CPU time of all children of a process, and keeps only the largest of their peaks. So each
//! program is started by a small process of its own, `xtask measure COMMAND`, which has no other child.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// What a run came to.
#[derive(Debug, Clone)]
pub struct Usage {
    /// In user space and in the kernel, of all threads.
    pub cpu: Duration,
    pub peak_kib: u64,
    /// What the program wrote to standard error.
    pub said: String,
}

impl Usage {
    pub fn cpu_seconds(&self) -> f64 {
        self.cpu.as_secs_f64()
    }

    pub fn peak_mib(&self) -> f64 {
        self.peak_kib as f64 / 1024.0
    }

    /// The number that begins the last line in which it stands before a phrase.
    pub fn number_of_line(&self, phrase: &str) -> Option<u64> {
        let number = |line: &str| {
            let (number, rest) = line.split_at_checked(line.find(' ')?)?;
            if rest.starts_with(phrase) { parse(number) } else { None }
        };
        self.said.lines().rev().find_map(number)
    }

    /// The number of what, such as packets, stands last before a phrase.
    pub fn number_before(&self, phrase: &str) -> Option<u64> {
        let mut words = self.said[..self.said.rfind(phrase)?].split_whitespace().rev();
        let _what = words.next()?;
        parse(words.next()?)
    }
}

/// A number, perhaps with its thousands apart.
fn parse(number: &str) -> Option<u64> {
    number.replace(',', "").parse().ok()
}

/// A program that is being measured.
pub struct Running {
    wrapper: Child,
    answers: BufReader<ChildStdout>,
    pid: Pid,
}

/// Runs a command line to its end.
pub fn run(command: &[String]) -> Result<Usage> {
    start(command)?.finish()
}

/// Starts a command line. Its standard output goes nowhere.
pub fn start(command: &[String]) -> Result<Running> {
    let mut wrapper = Command::new(std::env::current_exe()?)
        .arg("measure")
        .args(command)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut answers = BufReader::new(wrapper.stdout.take().context("no answers")?);
    let mut pid = String::new();
    answers.read_line(&mut pid)?;
    let pid = pid.trim().parse().with_context(|| format!("cannot run {command:?}"))?;
    Ok(Running { wrapper, answers, pid: Pid::from_raw(pid) })
}

impl Running {
    /// Asks it to stop, and waits for its end.
    pub fn interrupt(self) -> Result<Usage> {
        kill(self.pid, Signal::SIGINT)?;
        self.finish()
    }

    /// The same with a program that says by its exit code that something was lost.
    pub fn interrupt_though_it_fails(self) -> Result<Usage> {
        kill(self.pid, Signal::SIGINT)?;
        Ok(self.wait()?.1)
    }

    /// The CPU time that its threads have had until now.
    pub fn cpu_until_now(&self) -> Result<Duration> {
        let mut nanoseconds = 0;
        for thread in fs::read_dir(format!("/proc/{}/task", self.pid))? {
            let times = fs::read_to_string(thread?.path().join("schedstat"))?;
            nanoseconds += times.split(' ').next().unwrap_or_default().parse::<u64>()?;
        }
        Ok(Duration::from_nanos(nanoseconds))
    }

    /// Waits for its end.
    pub fn finish(self) -> Result<Usage> {
        let (success, usage) = self.wait()?;
        if !success {
            bail!("a measured program failed: {}", usage.said);
        }
        Ok(usage)
    }

    fn wait(mut self) -> Result<(bool, Usage)> {
        let mut said = String::new();
        if let Some(stderr) = &mut self.wrapper.stderr {
            stderr.read_to_string(&mut said)?;
        }
        let mut answer = String::new();
        self.answers.read_to_string(&mut answer)?;
        let success = self.wrapper.wait()?.success();
        let numbers: Vec<u64> = answer.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
        let [microseconds, peak_kib] = numbers[..] else { bail!("unexpected measurement: {answer}{said}") };
        Ok((success, Usage { cpu: Duration::from_micros(microseconds), peak_kib, said }))
    }
}

/// Runs a command, and prints its process ID, then its CPU time in microseconds and its peak memory in KiB.
pub fn wrap(command: &[&str]) -> Result<()> {
    let [program, arguments @ ..] = command else { bail!("`measure` wants a command") };
    let mut child = Command::new(program).args(arguments).stdout(Stdio::null()).spawn()?;
    println!("{}", child.id());
    let status = child.wait()?;
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let microseconds: i64 =
        [usage.user_time(), usage.system_time()].iter().map(|time| time.tv_sec() * 1_000_000 + time.tv_usec()).sum();
    println!("{microseconds} {}", usage.max_rss());
    if !status.success() {
        bail!("{status}");
    }
    Ok(())
}

/// The one in the middle.
pub fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    match numbers.len() {
        0 => 0.0,
        len if len % 2 == 1 => numbers[len / 2],
        len => (numbers[len / 2 - 1] + numbers[len / 2]) / 2.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_read() {
        let of = |said: &str| Usage { cpu: Duration::ZERO, peak_kib: 0, said: said.to_owned() };
        let summary = of("listening on eth0\n9 packets, 0 dropped, 1 transaction, 3/s\n1,234 packets, 2 connections\n\
                          56 transactions (1 incomplete)\nlost:\n  1,007 packets dropped by the kernel because the ring \
                          was full\n  3 transactions given up for lack of room\n");
        assert_eq!(summary.number_of_line(" transaction"), Some(56));
        assert_eq!(summary.number_before(" dropped by the kernel"), Some(1007));
        let tcpdump = of("12 packets captured\n15 packets received by filter\n3 packets dropped by kernel\n");
        assert_eq!(tcpdump.number_before(" dropped by kernel"), Some(3));
        assert_eq!(of("1 transaction\nnothing was lost\n").number_before(" dropped by the kernel"), None);
    }
}
