//! The real binary on a terminal: keys go in, and the screen is read as a person sees it.
//!
//! The terminal is a pseudoterminal of which sidetap, through util-linux's `setsid --ctty`, is the session leader, so
//! that Ctrl-C and a change of size reach it as they do from a real one. A thread reads what is written and keeps the
//! screen with [`vt100`].

use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::num::NonZero;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::fs::OFlags;
use rustix::io::ioctl_fionread;
use rustix::pty::{OpenptFlags, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};
use tempfile::TempDir;

/// How long anything may take on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(40);
/// How often the screen is looked at.
const LOOK: Duration = Duration::from_millis(5);
/// A screen that did not change for so long, while sidetap waits for a key, is drawn to its end.
const STILL: Duration = Duration::from_millis(40);
/// A key of which nothing has come for so long changes nothing.
const UNANSWERED: Duration = Duration::from_millis(500);
/// Lines kept that have left the screen at its top.
const SCROLLBACK: usize = 2000;

/// A key that is no letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    Enter,
    Esc,
    Space,
    Backspace,
    Up,
    Down,
    Left,
    Right,
    CtrlC,
}

impl Key {
    fn bytes(self) -> &'static str {
        match self {
            Key::Enter => "\r",
            Key::Esc => "\u{1b}",
            Key::Space => " ",
            Key::Backspace => "\u{7f}",
            Key::Up => "\u{1b}[A",
            Key::Down => "\u{1b}[B",
            Key::Right => "\u{1b}[C",
            Key::Left => "\u{1b}[D",
            Key::CtrlC => "\u{3}",
        }
    }
}

/// sidetap on a terminal.
pub struct Screen {
    line: String,
    child: Child,
    /// Our side of the terminal.
    keyboard: File,
    /// The path of sidetap's side.
    terminal: PathBuf,
    shown: Arc<Mutex<Shown>>,
    reader: Option<JoinHandle<()>>,
    _home: TempDir,
}

/// What has been written to the terminal.
struct Shown {
    parser: vt100::Parser,
    raw: Vec<u8>,
    /// When something was written last.
    changed: Instant,
    /// When a key was pressed of which nothing has come yet.
    pressed: Option<Instant>,
}

impl Shown {
    fn expect_change(&mut self) {
        self.pressed = Some(Instant::now());
    }

    /// Whether it is drawn to its end.
    fn is_still(&self) -> bool {
        let answered = self.pressed.is_none_or(|pressed| pressed.elapsed() > UNANSWERED);
        answered && self.changed.elapsed() > STILL
    }
}

impl Screen {
    /// Starts a command on a terminal of that size. Its environment is the command's, with `TERM` unless it has one.
    pub(super) fn open(command: &Command, line: &str, home: TempDir, columns: u16, rows: u16) -> Self {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).expect("a pseudoterminal");
        unlockpt(&ours).expect("a pseudoterminal of ours");
        let name = ptsname(&ours, Vec::new()).expect("its other side");
        let terminal = PathBuf::from(name.into_string().expect("a path"));
        tcsetwinsize(&ours, size(columns, rows)).expect("a size");

        let theirs = open_terminal(&terminal).expect("its other side opens");
        let side = || Stdio::from(theirs.try_clone().expect("a descriptor"));
        let mut leader = Command::new("setsid");
        leader.arg("--ctty").arg(command.get_program()).args(command.get_args());
        leader.env_clear().env("TERM", "xterm-256color");
        leader.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        if let Some(directory) = command.get_current_dir() {
            leader.current_dir(directory);
        }
        leader.stdin(side()).stdout(side()).stderr(side());
        let child = leader.spawn().expect("`setsid` of util-linux runs");
        // The last copy of the other side is the child's, so that reading ends when it does.
        drop((leader, theirs));

        let parser = vt100::Parser::new(at_least_one(rows), at_least_one(columns), SCROLLBACK);
        let shown = Arc::new(Mutex::new(Shown { parser, raw: Vec::new(), changed: Instant::now(), pressed: None }));
        let keyboard = File::from(ours);
        let reader = std::thread::spawn({
            let (mut terminal, shown) = (keyboard.try_clone().expect("a descriptor"), shown.clone());
            move || read(&mut terminal, &shown)
        });
        Screen { line: line.to_owned(), child, keyboard, terminal, shown, reader: Some(reader), _home: home }
    }

    /// Waits until the screen has this text, wherever it is.
    #[track_caller]
    pub fn wait_for(&mut self, text: &str) -> &mut Self {
        self.wait_until(&format!("`{text}` on the screen"), |screen| screen.contents().contains(text))
    }

    /// Waits until the screen no longer has this text.
    #[track_caller]
    pub fn wait_without(&mut self, text: &str) -> &mut Self {
        self.wait_until(&format!("a screen without `{text}`"), |screen| !screen.contents().contains(text))
    }

    /// Waits until something is so.
    #[track_caller]
    pub fn wait_until(&mut self, what: &str, mut there: impl FnMut(&mut Self) -> bool) -> &mut Self {
        let deadline = Instant::now() + PATIENCE;
        loop {
            // What had ended before the look is to be seen by it.
            let ended = self.reader.as_ref().is_none_or(JoinHandle::is_finished);
            if there(self) {
                return self;
            }
            assert!(!ended, "sidetap ended without {what}\n{self}");
            assert!(Instant::now() < deadline, "no {what} for {PATIENCE:?}\n{self}");
            std::thread::sleep(LOOK);
        }
    }

    /// Presses a key. All but Ctrl-C wait until sidetap reads keys, because a terminal would show them otherwise.
    #[track_caller]
    pub fn press(&mut self, key: Key) -> &mut Self {
        if key != Key::CtrlC {
            self.settle();
        }
        self.send(key.bytes())
    }

    /// Presses a key so many times.
    #[track_caller]
    pub fn press_times(&mut self, key: Key, times: usize) -> &mut Self {
        for _ in 0..times {
            self.press(key);
        }
        self
    }

    /// Sends SIGTERM, as whoever ends a session or a job does.
    #[track_caller]
    pub fn terminate(&mut self) -> &mut Self {
        self.settle();
        let process = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(process, rustix::process::Signal::TERM).expect("it runs");
        self
    }

    /// Types letters.
    #[track_caller]
    pub fn type_text(&mut self, text: &str) -> &mut Self {
        for letter in text.chars() {
            self.settle();
            self.send(letter.encode_utf8(&mut [0; 4]));
        }
        self
    }

    #[track_caller]
    fn send(&mut self, bytes: &str) -> &mut Self {
        self.keyboard.write_all(bytes.as_bytes()).expect("the terminal takes keys");
        self.shown().expect_change();
        self
    }

    /// Makes the terminal another size, which the kernel tells sidetap by SIGWINCH.
    pub fn resize(&mut self, columns: u16, rows: u16) -> &mut Self {
        self.shown().parser.set_size(at_least_one(rows), at_least_one(columns));
        tcsetwinsize(&self.keyboard, size(columns, rows)).expect("a size");
        self
    }

    /// The screen after sidetap has drawn it and waits for a key.
    #[track_caller]
    pub fn settled(&mut self) -> String {
        self.settle();
        self.contents()
    }

    /// Waits until sidetap has taken all keys and waits for the next, and the screen is still.
    #[track_caller]
    fn settle(&mut self) {
        self.wait_until("question that waits for a key", |screen| screen.reads_keys() && screen.shown().is_still());
    }

    /// Whether sidetap waits for a key: its terminal hands on keys at once, and none is left to read.
    fn reads_keys(&self) -> bool {
        let Ok(theirs) = open_terminal(&self.terminal) else { return false };
        let raw = tcgetattr(&theirs).is_ok_and(|modes| !modes.local_modes.contains(LocalModes::ICANON));
        raw && ioctl_fionread(&theirs).is_ok_and(|left| left == 0)
    }

    /// The lines on the screen, without spaces at their ends.
    pub fn contents(&self) -> String {
        lines(self.shown().parser.screen())
    }

    /// The lines on the screen and those that have left it at its top.
    pub fn history(&self) -> String {
        let mut shown = self.shown();
        let screen = shown.parser.screen_mut();
        let (rows, _) = screen.size();
        let mut text = String::new();
        let mut above = screen.scrollback_len();
        while above > 0 {
            screen.set_scrollback(above);
            for line in rows_of(screen).iter().take(above.min(rows.get().into())) {
                let _ = writeln!(text, "{line}");
            }
            above = above.saturating_sub(rows.get().into());
        }
        screen.set_scrollback(0);
        text + &lines(screen)
    }

    /// How many lines have left the screen at its top.
    pub fn scrolled(&self) -> usize {
        self.shown().parser.screen().scrollback_len()
    }

    /// The lines on the screen that were too long for it and go on in the next.
    pub fn wrapped_lines(&self) -> Vec<String> {
        let shown = self.shown();
        let screen = shown.parser.screen();
        let rows = rows_of(screen).into_iter().enumerate();
        rows.filter(|(row, _)| screen.row_wrapped(*row as u16)).map(|(_, line)| line).collect()
    }

    pub fn cursor_visible(&self) -> bool {
        !self.shown().parser.screen().hide_cursor()
    }

    /// Everything that was written to the terminal, escape sequences included.
    pub fn raw(&self) -> Vec<u8> {
        self.shown().raw.clone()
    }

    /// What was written that may do more to a terminal than move about in it, clear it and change colours as sidetap
    /// does, or makes text look other than it is. Empty unless somebody else's text got through.
    pub fn stray(&self) -> Vec<String> {
        let raw = self.raw();
        let raw = String::from_utf8_lossy(&raw);
        let mut stray = Vec::new();
        for (at, character) in raw.char_indices() {
            let is_fine = match character {
                '\r' | '\n' => true,
                '\u{1b}' => is_ours(&raw[at + 1..]),
                '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => false,
                '\u{ad}' | '\u{feff}' | char::REPLACEMENT_CHARACTER => false,
                other => !other.is_control(),
            };
            if !is_fine {
                stray.push(raw[at..].chars().take(12).collect());
            }
        }
        stray
    }

    /// Waits for the end, and requires this exit code and a cursor that is shown.
    #[track_caller]
    pub fn exits(&mut self, code: i32) -> &mut Self {
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            match self.child.try_wait().expect("a child of ours") {
                Some(status) => break status,
                None => assert!(Instant::now() < deadline, "still running after {PATIENCE:?}\n{self}"),
            }
            std::thread::sleep(LOOK);
        };
        if let Some(reader) = self.reader.take() {
            reader.join().expect("the reader ends with the terminal");
        }
        assert_eq!(status.code(), Some(code), "{status}\n{self}");
        assert!(self.cursor_visible(), "the cursor is left hidden\n{self}");
        self
    }

    fn shown(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // Both fail where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl std::fmt::Display for Screen {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(out, "$ sidetap {}", self.line)?;
        let (rows, columns) = self.shown().parser.screen().size();
        let frame = "-".repeat(columns.get().into());
        writeln!(out, "{frame}\n{}\n{frame} {columns}x{rows}", self.contents())
    }
}

/// Keeps what is written until nobody has the other side open any more.
fn read(terminal: &mut File, shown: &Mutex<Shown>) {
    let mut buffer = [0; 4096];
    loop {
        // Linux ends reading with EIO.
        let Ok(count @ 1..) = terminal.read(&mut buffer) else { return };
        let mut shown = shown.lock().unwrap();
        shown.parser.process(&buffer[..count]);
        shown.raw.extend_from_slice(&buffer[..count]);
        shown.changed = Instant::now();
        shown.pressed = None;
    }
}

/// Whether what follows an escape is a sequence that sidetap writes. Background colours are not among them.
fn is_ours(rest: &str) -> bool {
    let Some(sequence) = rest.strip_prefix('[') else { return false };
    let end = sequence.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(sequence.len());
    let (parameters, last) = (&sequence[..end], sequence[end..].chars().next());
    match last {
        Some('m') => !parameters.split(';').any(|number| number.len() == 2 && number.starts_with('4')),
        Some('A'..='D' | 'G' | 'H' | 'J' | 'K') => true,
        Some('h' | 'l') => parameters == "?25",
        _ => false,
    }
}

fn rows_of(screen: &vt100::Screen) -> Vec<String> {
    let (_, columns) = screen.size();
    screen.rows(0, columns.get()).map(|row| row.trim_end().to_owned()).collect()
}

fn lines(screen: &vt100::Screen) -> String {
    rows_of(screen).join("\n").trim_end().to_owned()
}

fn at_least_one(cells: u16) -> NonZero<u16> {
    NonZero::new(cells).unwrap_or(NonZero::<u16>::MIN)
}

fn open_terminal(path: &PathBuf) -> std::io::Result<OwnedFd> {
    use std::os::unix::fs::OpenOptionsExt;

    let flags = OFlags::NOCTTY.bits() as i32;
    OpenOptions::new().read(true).write(true).custom_flags(flags).open(path).map(OwnedFd::from)
}

fn size(columns: u16, rows: u16) -> Winsize {
    Winsize { ws_col: columns, ws_row: rows, ws_xpixel: 0, ws_ypixel: 0 }
}
