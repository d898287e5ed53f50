//! Whether Ctrl-C is a key or a signal.
//!
//! A question reads Ctrl-C as a key, but between two keys the terminal is as it was found, and would make a signal of it:
//! whoever reads the next key would wait for another one. So while questions are asked it makes none, and what was typed
//! too early is there for the next key.

/// What Ctrl-C does at this terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CtrlC {
    /// It is read by whoever asks.
    IsAKey,
    /// It ends what is being done, unless the terminal was found otherwise.
    Interrupts,
}

/// Decides on it. Where there is no terminal, nothing is to be decided.
#[cfg(unix)]
pub fn set(ctrl_c: CtrlC) {
    use std::sync::OnceLock;

    use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

    /// What it did when it was found.
    static FOUND: OnceLock<LocalModes> = OnceLock::new();

    let terminal = std::io::stdin();
    let Ok(mut modes) = tcgetattr(&terminal) else { return };
    // What is typed too early is shown by whoever reads it.
    let quiet = LocalModes::ISIG | LocalModes::ECHO;
    let found = *FOUND.get_or_init(|| modes.local_modes & quiet);
    modes.local_modes.remove(quiet);
    if ctrl_c == CtrlC::Interrupts {
        modes.local_modes.insert(found);
    }
    let _ = tcsetattr(&terminal, OptionalActions::Now, &modes);
}

/// Nothing has to be decided here: a console gives each program its own.
#[cfg(not(unix))]
pub fn set(_: CtrlC) {}

/// Leaves the terminal usable even if this program has a mistake that ends it.
pub fn restore_on_panic() {
    let told = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        set(CtrlC::Interrupts);
        let _ = console::Term::stderr().show_cursor();
        told(panic);
    }));
}
