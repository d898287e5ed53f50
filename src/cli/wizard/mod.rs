//! The wizard: asks, step by step, for what a command line of `inject` would say, and does what that would do.
//!
//! Every answer is kept as what a flag would be given, and goes through the flags' own parsers, so that the wizard has no
//! rules of its own and can print the command line that does the same. Esc goes back a step with the answers kept; on
//! the first step, as Ctrl-C everywhere, it ends the wizard. Nothing is written before "Apply".

mod answers;
mod cluster;
mod fields;
mod keys;
mod line;
mod logs;
mod parameters;
mod place;
pub mod prompter;
mod regions;
mod review;
mod services;
mod sidecar;
mod size;
pub mod terminal;
#[cfg(test)]
mod tests;
mod text;

use self::answers::{Answers, Line, MASK};
use self::keys::CtrlC;
use self::place::Place;
use self::prompter::{Interrupted, Prompter, Tone};
use self::services::Seen;
use self::terminal::Terminal;
use super::context::Context;
use super::execute::on_ctrl_c;
use super::failure;
use super::output::sanitise;
use super::planning::{Connected, block_on};
use crate::ecs::Interrupt;
use crate::exit::Exit;
use crate::taskdef::Sidecar;

/// What the wizard asks for, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Place,
    Cluster,
    Services,
    Sidecar,
    Parameters,
    Size,
    Logs,
    Review,
}

const STEPS: [(Step, &str); 8] = [
    (Step::Place, "account and region"),
    (Step::Cluster, "cluster"),
    (Step::Services, "services"),
    (Step::Sidecar, "sidecar"),
    (Step::Parameters, "what the sidecar needs to know"),
    (Step::Size, "size"),
    (Step::Logs, "the sidecar's own log"),
    (Step::Review, "review"),
];

/// Where a step leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Go {
    Next,
    Back,
    /// Away, with nothing changed.
    Quit,
    /// The change has been made, or tried.
    Done(Exit),
}

/// The state of a run.
struct Wizard<'a> {
    cx: &'a Context,
    prompter: &'a mut dyn Prompter,
    interrupt: Interrupt,
    answers: Answers,
    /// The index of the step that is shown.
    step: usize,
    /// Whether somebody came to it from the step behind it.
    came_back: bool,
    place: Option<Place>,
    seen: Option<Seen>,
    /// The exit code of the last thing that went wrong, if it is what stands in the way.
    trouble: Option<Exit>,
    /// Whether a plan was saved.
    saved: bool,
}

/// Runs the wizard on the terminal.
pub fn run(cx: &mut Context) -> anyhow::Result<Exit> {
    block_on(async {
        let interrupt = on_ctrl_c().await;
        keys::restore_on_panic();
        let mut terminal = Terminal::new();
        Wizard::new(cx, &mut terminal, interrupt).run().await
    })
}

impl<'a> Wizard<'a> {
    fn new(cx: &'a Context, prompter: &'a mut dyn Prompter, interrupt: Interrupt) -> Self {
        Wizard {
            cx,
            prompter,
            interrupt,
            answers: Answers::new(cx),
            step: 0,
            came_back: false,
            place: None,
            seen: None,
            trouble: None,
            saved: false,
        }
    }

    async fn run(&mut self) -> anyhow::Result<Exit> {
        self.prompter.ctrl_c(CtrlC::IsAKey);
        let ended = self.steps().await;
        self.prompter.ctrl_c(CtrlC::Interrupts);
        ended
    }

    async fn steps(&mut self) -> anyhow::Result<Exit> {
        loop {
            let go = match STEPS[self.step].0 {
                Step::Place => place::step(self).await?,
                Step::Cluster => cluster::step(self).await?,
                Step::Services => services::step(self).await?,
                Step::Sidecar => sidecar::step(self)?,
                Step::Parameters => parameters::step(self)?,
                Step::Size => size::step(self)?,
                Step::Logs => logs::step(self)?,
                Step::Review => review::step(self).await?,
            };
            self.came_back = go == Go::Back;
            match go {
                Go::Next => self.step = (self.step + 1).min(STEPS.len() - 1),
                Go::Back if self.step > 0 => self.step -= 1,
                Go::Back | Go::Quit => return Ok(self.leave()),
                Go::Done(exit) => return Ok(exit),
            }
        }
    }

    /// Ends with nothing changed. What stood in the way gives the exit code, else it is that of an interruption.
    fn leave(&mut self) -> Exit {
        self.cx.printer.error("nothing was changed\n");
        match self.trouble {
            _ if self.saved => Exit::Done,
            Some(exit) => exit,
            None => Exit::Interrupted,
        }
    }

    /// Begins the screen of the step.
    fn begin(&mut self) {
        let title = format!("{} of {}: {}", self.step + 1, STEPS.len(), STEPS[self.step].1);
        self.begin_as(&title);
    }

    /// Begins a screen under a title of its own.
    fn begin_as(&mut self, title: &str) {
        self.prompter.begin(&format!("sidetap  {title}"));
        if self.step > 0 {
            let place = self.place.as_ref().map(Place::line).unwrap_or_default();
            self.prompter.say(Tone::Hint, &format!("{place}{}", self.answers.line()));
            self.prompter.say(Tone::Plain, "");
        }
    }

    /// ECS in the place that was chosen.
    fn connected(&self) -> anyhow::Result<&Connected> {
        let connected = self.place.as_ref().and_then(Place::connected);
        connected.ok_or_else(|| anyhow::anyhow!("no account was chosen"))
    }

    /// Does AWS's part, until that ends or somebody presses Ctrl-C.
    async fn wait<T>(&self, work: impl Future<Output = T>) -> Result<T, Interrupted> {
        let mut interrupt = self.interrupt.clone();
        self.prompter.ctrl_c(CtrlC::Interrupts);
        let done = tokio::select! {
            done = work => Ok(done),
            () = interrupt.raised() => Err(Interrupted),
        };
        self.prompter.ctrl_c(CtrlC::IsAKey);
        done
    }

    /// The sidecar that was answered so far.
    fn sidecar(&self) -> anyhow::Result<Sidecar> {
        let region = self.connected()?.ecs.region.clone();
        Line::of(&self.answers.words())?.sidecar.resolve(Some(region))
    }

    /// Says what went wrong, and what to do about it.
    fn tell(&mut self, error: &anyhow::Error) {
        let (exit, hints) = failure::judge(error);
        self.trouble = Some(exit);
        self.prompter.say(Tone::Trouble, &format!("{error:#}"));
        for hint in hints {
            self.prompter.say(Tone::Hint, &format!("hint: {hint}"));
        }
        self.prompter.say(Tone::Plain, "");
    }

    /// Says how to do the same without being asked.
    fn say_command_line(&self) {
        let region = self.place.as_ref().and_then(Place::region);
        let line = sanitise(&self.answers.command_line(region)).replace('\n', " ");
        let note = match line.contains(MASK) {
            true => format!("\n  ({MASK} stands for the values of variables: put them in first)"),
            false => String::new(),
        };
        self.cx.printer.error(&format!("\nThe same without questions:\n  {line}{note}\n"));
    }

    /// Asks what to do after something went wrong: none is to try again.
    fn after_trouble(&mut self) -> anyhow::Result<Option<Go>> {
        let rows = ["Try again", "Back", "Quit"].map(str::to_owned);
        Ok(match self.prompter.select("What now?", &rows, 0)? {
            Some(0) => {
                self.trouble = None;
                None
            }
            Some(2) => Some(Go::Quit),
            _ => {
                self.trouble = None;
                Some(Go::Back)
            }
        })
    }

    /// There is nothing to choose from.
    fn nothing_here(&mut self, what: &str) -> anyhow::Result<Go> {
        self.prompter.say(Tone::Warning, what);
        self.prompter.say(Tone::Plain, "");
        let rows = ["Back", "Quit"].map(str::to_owned);
        Ok(match self.prompter.select("What now?", &rows, 0)? {
            Some(1) => Go::Quit,
            _ => Go::Back,
        })
    }
}

/// The row that was taken, of rows that each stand for something.
fn choose<T: Copy>(
    prompter: &mut dyn Prompter,
    question: &str,
    rows: &[(T, String)],
    start: usize,
) -> prompter::Asked<T> {
    let texts: Vec<String> = rows.iter().map(|(_, text)| text.clone()).collect();
    Ok(prompter.select(question, &texts, start)?.map(|index| rows[index].0))
}

/// `1 service`, `2 services`.
fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
