//! The prompter of a real terminal. The only file that knows dialoguer.
//!
//! dialoguer has no rows that cannot be chosen (they are shown above the list), no way back from a line that is typed
//! (that one is drawn here), and hides the cursor and raises SIGINT on Ctrl-C: whoever asks has a handler in place, so
//! that the question ends as interrupted instead of the process with it, and the cursor is shown again. It draws again
//! only when a key is pressed, by counting lines: no line may be wider than the terminal. A resize waits for that key, too:
//! console takes any signal that ends its wait for a key, as SIGWINCH would with a handler, for Ctrl-C.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fmt;

use anstream::{AutoStream, ColorChoice};
use anstyle::Style;
use console::{Key, Term};
use dialoguer::theme::Theme;
use dialoguer::{Confirm, FuzzySelect, MultiSelect, Select};

use super::keys::{self, CtrlC};
use super::line::{Line, Typed};
use super::prompter::{Asked, Field, Interrupted, Prompter, Row, Tone};
use super::text::{cut, wrapped};
use crate::cli::output::{sanitise, style};

/// A list that is longer can be searched by typing.
const SEARCHED: usize = 10;
/// Lines of a question with its help.
const QUESTION: usize = 2;
/// Lines that a list needs at least.
const LEAST: usize = 3;
/// The most lines that rows which cannot be chosen take together.
const LOCKED: usize = 6;

const SELECT_HELP: &str = "arrows move, enter takes, esc goes back";
const SEARCH_HELP: &str = "type to search, arrows move, enter takes, esc goes back";
const MULTI_HELP: &str = "space marks, a marks all, enter goes on, esc goes back";
const INPUT_HELP: &str = "enter takes, esc goes back";
const READ_HELP: &str = "arrows and space move, enter or esc goes back";

/// Standard error as a terminal.
pub struct Terminal {
    term: Term,
    look: Look,
    /// Lines that the screen has so far.
    used: usize,
    begun: bool,
}

impl Terminal {
    pub fn new() -> Self {
        let colour = AutoStream::choice(&std::io::stderr()) != ColorChoice::Never;
        let term = Term::stderr();
        let size = Cell::new(term.size());
        Terminal { look: Look { colour, term: term.clone(), size }, term, used: 0, begun: false }
    }

    fn rows(&self) -> usize {
        self.term.size().0.into()
    }

    /// Lines that are left for a list below its question.
    fn room(&self) -> usize {
        self.rows().saturating_sub(self.used + QUESTION + 1).max(LEAST)
    }

    fn write(&mut self, style: Style, line: &str) {
        let _ = self.term.write_line(&self.look.paint(style, &self.look.cut(line)));
        self.used += 1;
    }

    /// Makes sense of what dialoguer said.
    fn asked<T>(&self, answer: dialoguer::Result<Option<T>>) -> Asked<T> {
        match answer {
            Ok(answer) => Ok(answer),
            Err(dialoguer::Error::IO(error)) => {
                self.restore();
                match error.kind() {
                    std::io::ErrorKind::Interrupted => Err(Interrupted.into()),
                    _ => Err(error.into()),
                }
            }
        }
    }

    /// Leaves the terminal as it was found, on a line of its own.
    fn restore(&self) {
        let _ = self.term.show_cursor().and_then(|()| self.term.write_line(""));
    }

    /// Draws a line that is typed; leaves the cursor in it. Returns how many lines are above that and below it.
    fn draw(&self, field: &Field<'_>, line: &Line, problem: Option<&str>) -> std::io::Result<(usize, usize)> {
        let columns = self.look.columns();
        let (shown, column) = line.view(columns.saturating_sub(2));
        let mut below = Vec::new();
        if let Some(problem) = problem {
            below = wrapped(&sanitise(problem), columns.saturating_sub(2));
        }
        let question = sanitise(field.question).replace('\n', " ");
        self.term.write_line(&self.look.paint(style::STRONG, &self.look.cut(&question)))?;
        let help = if field.help.is_empty() { String::new() } else { format!("{}; ", sanitise(field.help)) };
        let help = wrapped(&format!("{help}{INPUT_HELP}"), columns.saturating_sub(2));
        for line in &help {
            self.term.write_line(&self.look.paint(HELP, &format!("  {line}")))?;
        }
        self.term.write_line(&format!("> {shown}"))?;
        for line in &below {
            self.term.write_line(&self.look.paint(style::WARNING, &format!("  {line}")))?;
        }
        self.term.move_cursor_up(below.len() + 1)?;
        self.term.write_str("\r")?;
        self.term.move_cursor_right(column + 2)?;
        Ok((help.len() + 1, below.len() + 1))
    }

    fn type_line(&self, field: &Field<'_>) -> std::io::Result<(Typed, String)> {
        let mut line = Line::new(field.initial);
        let mut entered = false;
        loop {
            let text = line.text();
            let wrong = (field.check)(text.trim()).err();
            // An empty line is no mistake until it is given.
            let told = wrong.as_deref().filter(|_| entered || !text.is_empty());
            let (above, below) = self.draw(field, &line, told)?;
            let typed = line.press(&self.term.read_key_raw()?);
            entered |= typed == Typed::Done;
            if typed == Typed::Interrupted {
                self.term.move_cursor_down(below)?;
                return Ok((typed, text));
            }
            self.term.move_cursor_up(above)?;
            self.term.write_str("\r")?;
            self.term.clear_to_end_of_screen()?;
            match typed {
                Typed::Done if wrong.is_none() => return Ok((typed, text.trim().to_owned())),
                Typed::Back => return Ok((typed, text)),
                _ => {}
            }
        }
    }

    fn page(&self, title: &str, text: &str) -> std::io::Result<Typed> {
        let mut from = 0;
        self.term.hide_cursor()?;
        loop {
            let lines: Vec<String> =
                text.lines().flat_map(|line| wrapped(&sanitise(line), self.look.columns())).collect();
            let page = self.rows().saturating_sub(QUESTION + 1).max(1);
            let last = lines.len().saturating_sub(page);
            from = from.min(last);
            self.term.clear_screen()?;
            self.term.write_line(&self.look.paint(style::STRONG, &self.look.cut(title)))?;
            for line in lines.iter().skip(from).take(page) {
                self.term.write_line(&self.look.paint(style_of_change(line), line))?;
            }
            let to = (from + page).min(lines.len());
            let status = format!("lines {} to {to} of {}; {READ_HELP}", (from + 1).min(to), lines.len());
            self.term.write_str(&self.look.paint(HELP, &self.look.cut(&status)))?;
            match self.term.read_key_raw()? {
                Key::CtrlC => return Ok(Typed::Interrupted),
                Key::Enter | Key::Escape | Key::Char('q') => return Ok(Typed::Back),
                Key::ArrowDown | Key::Char('j') => from += 1,
                Key::ArrowUp | Key::Char('k') => from = from.saturating_sub(1),
                Key::Char(' ') | Key::PageDown => from += page,
                Key::PageUp | Key::Char('b') => from = from.saturating_sub(page),
                Key::Home | Key::Char('g') => from = 0,
                Key::End | Key::Char('G') => from = last,
                _ => {}
            }
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        keys::set(CtrlC::Interrupts);
    }
}

impl Prompter for Terminal {
    fn begin(&mut self, title: &str) {
        if !std::mem::replace(&mut self.begun, true) {
            // What was on the screen stays in the terminal's memory.
            let _ = self.term.write_str(&"\n".repeat(self.rows()));
        }
        let _ = self.term.clear_screen();
        self.look.size.set(self.term.size());
        self.used = 0;
        self.write(style::STRONG, title);
        self.write(Style::new(), "");
    }

    fn say(&mut self, tone: Tone, line: &str) {
        let style = match tone {
            Tone::Plain | Tone::Row => Style::new(),
            Tone::Strong => style::STRONG,
            Tone::Hint => HELP,
            Tone::Warning => style::WARNING,
            Tone::Trouble => style::ERROR,
        };
        if tone == Tone::Row {
            return self.write(style, &sanitise(line).replace('\n', " "));
        }
        let columns = self.look.columns();
        for line in line.split('\n').flat_map(|line| wrapped(&sanitise(line), columns)) {
            self.write(style, &line);
        }
    }

    fn lines_left(&self) -> usize {
        self.rows().saturating_sub(self.used + 1)
    }

    fn select(&mut self, question: &str, rows: &[String], start: usize) -> Asked<usize> {
        let room = self.room();
        let cut: Vec<String> = rows.iter().map(|row| self.look.item(row, 2)).collect();
        // A search finds a row by its text.
        let is_one_of_a_kind = cut.iter().collect::<BTreeSet<_>>().len() == cut.len();
        if rows.len() <= SEARCHED || !is_one_of_a_kind {
            let select = Select::with_theme(&self.look).with_prompt(self.look.question(question, SELECT_HELP));
            let select = select.items(&cut).default(start.min(rows.len().saturating_sub(1)));
            let answer = select.max_length(room).report(false).interact_on_opt(&self.term);
            return self.asked(answer);
        }
        // It begins at the top: what is pointed at first has to be there.
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order[..=start.min(rows.len() - 1)].rotate_right(1);
        let ordered: Vec<&String> = order.iter().map(|index| &cut[*index]).collect();
        let select = FuzzySelect::with_theme(&self.look).with_prompt(self.look.question(question, SEARCH_HELP));
        let select = select.items(ordered).default(0).max_length(room).highlight_matches(false).report(false);
        let answer = select.interact_on_opt(&self.term);
        Ok(self.asked(answer)?.map(|index| order[index]))
    }

    fn multi_select(&mut self, question: &str, rows: &[Row]) -> Asked<Vec<usize>> {
        let locked: Vec<&Row> = rows.iter().filter(|row| row.locked.is_some()).collect();
        let free: Vec<usize> = (0..rows.len()).filter(|index| rows[*index].locked.is_none()).collect();
        if !locked.is_empty() {
            self.say(Tone::Hint, "These cannot be chosen:");
            let fit = if locked.len() > LOCKED { LOCKED - 1 } else { LOCKED };
            for row in locked.iter().take(fit) {
                self.say(
                    Tone::Row,
                    &format!("  {}: {}", row.text.trim_end(), row.locked.as_deref().unwrap_or_default()),
                );
            }
            if locked.len() > fit {
                self.say(Tone::Row, &format!("  and {} more", locked.len() - fit));
            }
            self.say(Tone::Plain, "");
        }
        let items = free.iter().map(|index| (self.look.item(&rows[*index].text, 6), rows[*index].chosen));
        let select = MultiSelect::with_theme(&self.look).with_prompt(self.look.question(question, MULTI_HELP));
        let select = select.items_checked(items).max_length(self.room()).report(false);
        let answer = select.interact_on_opt(&self.term);
        Ok(self.asked(answer)?.map(|chosen| chosen.into_iter().map(|index| free[index]).collect()))
    }

    fn input(&mut self, field: &Field<'_>) -> Asked<String> {
        match self.type_line(field) {
            Ok((Typed::Back, _)) => Ok(None),
            Ok((Typed::Interrupted, _)) => {
                self.restore();
                Err(Interrupted.into())
            }
            Ok((_, text)) => Ok(Some(text)),
            Err(error) => {
                self.restore();
                Err(error.into())
            }
        }
    }

    fn confirm(&mut self, question: &str) -> Asked<bool> {
        let confirm = Confirm::with_theme(&self.look).with_prompt(sanitise(question)).default(false);
        let answer = confirm.interact_on_opt(&self.term);
        self.asked(answer)
    }

    fn ctrl_c(&self, ctrl_c: CtrlC) {
        keys::set(ctrl_c);
    }

    fn read(&mut self, title: &str, text: &str) -> anyhow::Result<()> {
        let read = self.page(&sanitise(title), text);
        if !matches!(read, Ok(Typed::Back)) {
            self.restore();
        }
        self.term.show_cursor()?;
        match read? {
            Typed::Interrupted => Err(Interrupted.into()),
            _ => Ok(()),
        }
    }
}

/// Clears the screen and goes to its beginning.
const CLEAR: &str = "\u{1b}[2J\u{1b}[H";
const HELP: Style = Style::new().dimmed();

/// The colour of a line of a diff; other texts have none.
fn style_of_change(line: &str) -> Style {
    match line.trim_start().as_bytes().first() {
        Some(b'+') => style::ADDED,
        Some(b'-') => style::REMOVED,
        Some(b'@') => style::HINT,
        _ => Style::new(),
    }
}

/// What questions look like. Lines are cut to the width that the terminal has when they are drawn.
struct Look {
    colour: bool,
    term: Term,
    /// Rows and columns that the terminal had when something was drawn last.
    size: Cell<(u16, u16)>,
}

impl Look {
    /// Columns that are used: some terminals go on in the next line when the last is written.
    fn columns(&self) -> usize {
        usize::from(self.term.size().1).saturating_sub(1)
    }

    fn cut(&self, line: &str) -> String {
        cut(line, self.columns())
    }

    fn paint(&self, style: Style, text: &str) -> String {
        if self.colour { style::paint(style, text) } else { text.to_owned() }
    }

    /// A row of a list behind its mark. dialoguer takes a row of more bytes than the terminal has columns for two lines.
    fn item(&self, text: &str, mark: usize) -> String {
        let columns = self.columns().saturating_sub(mark);
        let mut item = cut(&sanitise(text).replace('\n', " "), columns);
        while item.len() > columns {
            item.pop();
        }
        item
    }

    /// What clears the screen if the terminal has another size than before: lines may have moved away from where
    /// dialoguer, which counts them, takes them to be.
    fn cleared(&self) -> &'static str {
        let size = self.term.size();
        if self.size.replace(size) == size { "" } else { CLEAR }
    }

    fn question(&self, question: &str, help: &str) -> String {
        format!("{}\n  {help}", sanitise(question).replace('\n', " "))
    }
}

impl Theme for Look {
    fn format_prompt(&self, f: &mut dyn fmt::Write, prompt: &str) -> fmt::Result {
        let (question, help) = prompt.split_once('\n').unwrap_or((prompt, ""));
        let help = cut(help, self.columns().saturating_sub(" [Page 100/100] ".len()));
        let question = self.paint(style::STRONG, &self.cut(question));
        write!(f, "{}{question}\n{}", self.cleared(), self.paint(HELP, &help))
    }

    fn format_select_prompt_item(&self, f: &mut dyn fmt::Write, text: &str, active: bool) -> fmt::Result {
        let line = self.cut(&format!("{} {text}", if active { ">" } else { " " }));
        f.write_str(&self.paint(if active { style::HINT } else { Style::new() }, &line))
    }

    fn format_multi_select_prompt_item(
        &self,
        f: &mut dyn fmt::Write,
        text: &str,
        checked: bool,
        active: bool,
    ) -> fmt::Result {
        let mark = if checked { "[x]" } else { "[ ]" };
        let line = self.cut(&format!("{} {mark} {text}", if active { ">" } else { " " }));
        f.write_str(&self.paint(if active { style::HINT } else { Style::new() }, &line))
    }

    fn format_fuzzy_select_prompt(
        &self,
        f: &mut dyn fmt::Write,
        prompt: &str,
        search_term: &str,
        cursor: usize,
    ) -> fmt::Result {
        let (question, help) = prompt.split_once('\n').unwrap_or((prompt, ""));
        let question = format!("{}{}", self.cleared(), self.paint(style::STRONG, &self.cut(question)));
        if search_term.is_empty() {
            return write!(f, "{question}\n{}", self.paint(HELP, &self.cut(help)));
        }
        let (before, after) = search_term.split_at(cursor);
        write!(f, "{question}\n{}", self.cut(&format!("  search: {}|{}", sanitise(before), sanitise(after))))
    }
}
