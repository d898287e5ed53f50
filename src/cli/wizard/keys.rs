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
    /// It ends what is being done.
    Interrupts,
}

/// Decides on it. Where there is no terminal, nothing is to be decided.
#[cfg(unix)]
pub fn set(ctrl_c: CtrlC) {
    use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

    let terminal = std::io::stdin();
    let Ok(mut modes) = tcgetattr(&terminal) else { return };
    modes.local_modes.set(LocalModes::ISIG, ctrl_c == CtrlC::Interrupts);
    let _ = tcsetattr(&terminal, OptionalActions::Now, &modes);
}

#[cfg(not(unix))]
pub fn set(_: CtrlC) {}
