//! Starts a task's containers in the order of their dependencies, watches them, restarts those that may be, and stops all
//! of them when an essential one ends or somebody asks for it.
//!
//! Source: "Container dependency", "Restart individual containers in Amazon ECS tasks", and the life of a task, in the ECS
//! developer guide.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use anyhow::Result;

use crate::bundle::Bundle;
use crate::cgroup::{TaskGroup, Usage};
use crate::container::{Condition, Container};
use crate::health::Checks;
use crate::process::{Run, Runc};

/// How often everything is looked at.
const TICK: Duration = Duration::from_millis(10);

/// What a health check has found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    Unknown,
    Healthy,
    Unhealthy,
}

/// Something that happened to a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub at: Instant,
    pub container: String,
    pub happened: Happened,
}

/// What that was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happened {
    Started,
    Health(Health),
    /// It was asked to end.
    Terminated,
    /// It did not in time, and was made to.
    Killed,
    Exited {
        code: i64,
        /// Whether the kernel ended it for want of memory.
        out_of_memory: bool,
    },
}

/// A container as it is now.
#[derive(Debug, Clone)]
pub(crate) struct Status {
    pub running: bool,
    pub ended: bool,
    pub runs: u32,
    pub health: Health,
    pub exit_code: Option<i64>,
    pub started: Option<SystemTime>,
    pub created: SystemTime,
    /// At the end of the run that was last, if the kernel told.
    pub usage: Option<Usage>,
}

/// What the supervisor and others know of a task.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub containers: BTreeMap<String, Status>,
    pub events: Vec<Event>,
    /// Somebody asked for the end.
    pub stop: bool,
    /// Signals to send, by container.
    pub signals: Vec<(String, String)>,
    /// All containers have ended, or it could not go on.
    pub done: bool,
    /// Why the task ended, if nobody had asked.
    pub reason: Option<String>,
}

/// Shared by the supervisor and whoever looks at the task.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until something is so; what it then is, or nothing if that takes longer.
    pub fn wait<T>(&self, longest: Duration, mut ask: impl FnMut(&State) -> Option<T>) -> Option<T> {
        let end = Instant::now() + longest;
        let mut state = self.lock();
        loop {
            if let Some(answer) = ask(&state) {
                return Some(answer);
            }
            let left = end.checked_duration_since(Instant::now())?;
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// One container of the task.
pub(crate) struct Member {
    pub container: Container,
    pub bundle: Bundle,
    run: Option<Run>,
    /// Whether the first process of that run has been started.
    running: bool,
    checks: Option<Checks>,
    started: Instant,
    runs: u32,
    /// The exit code, once it is not to run again.
    ended: Option<i64>,
    /// When it is made to end, after it was asked to.
    deadline: Option<Instant>,
}

impl Member {
    pub fn new(container: Container, bundle: Bundle) -> Self {
        let started = Instant::now();
        let (run, checks, ended, deadline) = (None, None, None, None);
        Member { container, bundle, run, running: false, checks, started, runs: 0, ended, deadline }
    }
}

/// Runs the containers until the last has ended.
pub(crate) struct Supervisor {
    pub members: Vec<Member>,
    pub runc: Runc,
    pub group: Arc<TaskGroup>,
    pub shared: Arc<Shared>,
    pub logs: PathBuf,
    /// With what the ids of containers begin.
    pub prefix: String,
    pub stopping: bool,
}

impl Supervisor {
    /// Runs to the end. Returns the bundles, whose file systems are still there.
    pub fn run(mut self) -> Vec<Bundle> {
        loop {
            let went_on = self.step();
            let mut state = self.shared.lock();
            if let Err(error) = &went_on {
                state.reason.get_or_insert_with(|| format!("{error:#}"));
            }
            state.done = !matches!(went_on, Ok(true));
            let done = state.done;
            self.shared.changed.notify_all();
            drop(state);
            if done {
                return self.members.into_iter().map(|member| member.bundle).collect();
            }
            std::thread::sleep(TICK);
        }
    }

    /// One look at everything; whether there is something left to watch.
    fn step(&mut self) -> Result<bool> {
        let (stop, signals) = {
            let mut state = self.shared.lock();
            (state.stop, std::mem::take(&mut state.signals))
        };
        self.stopping |= stop;
        self.send(signals);
        for index in 0..self.members.len() {
            if !self.stopping && self.is_due(index) {
                self.start(index)?;
            }
            self.watch(index)?;
            if self.stopping {
                self.end(index);
            }
        }
        Ok(self.members.iter().any(|member| member.run.is_some() || (member.ended.is_none() && !self.stopping)))
    }

    /// Sends signals; to a container that is just being started, later.
    fn send(&mut self, signals: Vec<(String, String)>) {
        for (name, signal) in signals {
            match self.members.iter().find(|member| member.container.name == name) {
                Some(Member { run: Some(run), running: true, .. }) => run.signal(&signal),
                Some(Member { run: Some(_), .. }) => self.shared.lock().signals.push((name, signal)),
                _ => {}
            }
        }
    }

    /// Whether a container is to be started now. A condition that can no longer come true ends the task.
    fn is_due(&mut self, index: usize) -> bool {
        let member = &self.members[index];
        if member.runs > 0 || member.run.is_some() || member.ended.is_some() {
            return false;
        }
        let mut hopeless = None;
        let due = member.container.depends_on.iter().all(|(name, condition)| {
            let Some(other) = self.members.iter().find(|other| other.container.name == *name) else { return false };
            let healthy = other.checks.as_ref().is_some_and(|checks| checks.health == Health::Healthy);
            let come_true = match condition {
                Condition::Start => other.running || other.runs > 1 || other.ended.is_some(),
                Condition::Complete => other.ended.is_some(),
                Condition::Success => other.ended == Some(0),
                Condition::Healthy => healthy,
            };
            let over = other.ended.is_some() && matches!(condition, Condition::Success | Condition::Healthy);
            if !come_true && over {
                hopeless = Some(format!("`{name}`, which `{}` waits for, has ended", member.container.name));
            }
            come_true
        });
        if let Some(reason) = hopeless {
            self.stop_for(reason);
        }
        due && !self.stopping
    }

    fn start(&mut self, index: usize) -> Result<()> {
        let member = &mut self.members[index];
        member.runs += 1;
        let name = &member.container.name;
        let id = format!("{}-{name}-{}", self.prefix, member.runs);
        member.run = Some(self.runc.run(&id, &member.bundle, &self.logs.join(name))?);
        Ok(())
    }

    /// Takes note that a container's first process has been started.
    fn started(&mut self, index: usize) {
        let member = &mut self.members[index];
        member.running = true;
        member.started = Instant::now();
        member.checks = member.container.health_check.as_ref().map(Checks::begin);
        self.tell(index, Happened::Started);
    }

    fn watch(&mut self, index: usize) -> Result<()> {
        let member = &mut self.members[index];
        let Some(run) = &mut member.run else { return Ok(()) };
        let ended = run.ended()?;
        if !member.running && (ended.is_some() || run.has_started()) {
            self.started(index);
        }
        let member = &mut self.members[index];
        let Some(run) = &mut member.run else { return Ok(()) };
        let Some(code) = ended else {
            if let Some(checks) = &mut member.checks
                && !self.stopping
                && checks.step(run)?
            {
                let health = checks.health;
                self.tell(index, Happened::Health(health));
            }
            return Ok(());
        };
        let usage = self.group.usage(&member.container.name).ok();
        let ran = member.started.elapsed();
        member.checks = None;
        member.running = false;
        // What runc remembers of it goes, and its cgroup with it.
        member.run = None;
        let out_of_memory = usage.is_some_and(|usage| usage.oom_kills > 0);
        self.publish(index, |status| status.usage = usage);
        self.tell(index, Happened::Exited { code, out_of_memory });
        let container = &self.members[index].container;
        let again = container
            .restart
            .as_ref()
            .is_some_and(|restart| ran >= restart.attempt_period && !restart.ignored_exit_codes.contains(&code));
        if again && !self.stopping {
            return self.start(index);
        }
        let (name, essential) = (container.name.clone(), container.essential);
        self.members[index].ended = Some(code);
        self.publish(index, |status| status.ended = true);
        if essential && !self.stopping {
            self.stop_for(format!("essential container `{name}` has ended with {code}"));
        }
        Ok(())
    }

    fn stop_for(&mut self, reason: String) {
        self.stopping = true;
        self.shared.lock().reason.get_or_insert(reason);
    }

    /// Asks a container to end once nobody that depends on it runs, and makes it in the end.
    fn end(&mut self, index: usize) {
        let name = &self.members[index].container.name;
        let needed = self.members.iter().any(|other| {
            other.run.is_some() && other.container.depends_on.iter().any(|(dependency, _)| dependency == name)
        });
        let member = &mut self.members[index];
        let Some(run) = member.run.as_ref().filter(|_| member.running && !needed) else { return };
        match member.deadline {
            None => {
                run.signal("TERM");
                member.deadline = Some(Instant::now() + member.container.stop_timeout);
                self.tell(index, Happened::Terminated);
            }
            Some(deadline) if Instant::now() >= deadline => {
                run.signal("KILL");
                member.deadline = Some(Instant::now() + member.container.stop_timeout);
                self.tell(index, Happened::Killed);
            }
            Some(_) => {}
        }
    }

    fn tell(&self, index: usize, happened: Happened) {
        let member = &self.members[index];
        let container = member.container.name.clone();
        self.publish(index, |status| match happened {
            Happened::Started => {
                (status.running, status.started) = (true, Some(SystemTime::now()));
                (status.runs, status.health) = (member.runs, Health::Unknown);
            }
            Happened::Health(health) => status.health = health,
            Happened::Exited { code, .. } => (status.running, status.exit_code) = (false, Some(code)),
            Happened::Terminated | Happened::Killed => {}
        });
        self.shared.lock().events.push(Event { at: Instant::now(), container, happened });
    }

    fn publish(&self, index: usize, change: impl FnOnce(&mut Status)) {
        let name = &self.members[index].container.name;
        if let Some(status) = self.shared.lock().containers.get_mut(name) {
            change(status);
        }
    }
}
