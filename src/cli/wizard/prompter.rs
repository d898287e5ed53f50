//! Asks somebody at a terminal, whatever draws the questions.
//!
//! Texts may come from AWS: an implementation takes out of them what controls a terminal, and cuts them to its width.

use super::keys::CtrlC;

/// What somebody answered; none if they went back with Esc.
///
/// # Errors
/// [`Interrupted`], or what the terminal says.
pub type Asked<T> = anyhow::Result<Option<T>>;

/// Somebody pressed Ctrl-C before anything was changed.
#[derive(Debug, thiserror::Error)]
#[error("interrupted; nothing was changed")]
pub struct Interrupted;

/// How a line is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Plain,
    /// A row of a table: cut to the width of the terminal, where others go on in the next line.
    Row,
    /// What matters most.
    Strong,
    /// What helps to answer.
    Hint,
    Warning,
    Trouble,
}

/// A row of a list of which several can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub text: String,
    /// Whether it is chosen to begin with.
    pub chosen: bool,
    /// Why it cannot be chosen.
    pub locked: Option<String>,
}

/// A line to be typed.
pub struct Field<'a> {
    pub question: &'a str,
    /// What is expected, and what an empty line means.
    pub help: &'a str,
    /// What stands there to begin with.
    pub initial: &'a str,
    /// What is wrong with a text; it is asked while somebody types, and a wrong text is not taken.
    pub check: &'a dyn Fn(&str) -> Result<(), String>,
}

/// Shows screens and asks questions on them.
pub trait Prompter {
    /// Begins a screen under a title; the one before is gone.
    fn begin(&mut self, title: &str);

    /// Adds a line to the screen.
    fn say(&mut self, tone: Tone, line: &str);

    /// Lines that the screen still has room for.
    fn lines_left(&self) -> usize;

    /// Asks for one row. `start` is the row that is pointed at first.
    fn select(&mut self, question: &str, rows: &[String], start: usize) -> Asked<usize>;

    /// Asks for any number of rows that are not locked; locked ones are shown with the reason. Answers with indices.
    fn multi_select(&mut self, question: &str, rows: &[Row]) -> Asked<Vec<usize>>;

    /// Asks for a line.
    fn input(&mut self, field: &Field<'_>) -> Asked<String>;

    /// Asks for yes or no; no is the usual answer.
    fn confirm(&mut self, question: &str) -> Asked<bool>;

    /// Says what Ctrl-C is to do between questions; without a terminal there is nothing to say.
    fn ctrl_c(&self, _: CtrlC) {}

    /// Shows a text of any length, until whoever reads it has read it.
    fn read(&mut self, title: &str, text: &str) -> anyhow::Result<()>;
}
