//! The exit codes, each with its meaning. Scripts may rely on them; `sidetap help exit-codes` lists them.

use std::process::ExitCode;

/// How a run of `sidetap` ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done, or nothing had to be done.
    Done = 0,
    /// Failed, with a message that says why.
    Failed = 1,
    /// There are changes to make; only with `--dry-run --detailed-exitcode`.
    Changes = 2,
    /// Some of several services were done, others were not.
    Partly = 3,
    /// Credentials are missing, expired or lack a permission.
    Auth = 4,
    /// Refused: unsupported, a precondition that does not hold, or a stale plan. No service was changed. Or `doctor` found
    /// problems.
    Blocked = 5,
    /// The deployment failed, was rolled back, or was superseded by another one.
    Deployment = 6,
    /// Watching timed out; the deployment goes on.
    TimedOut = 7,
    /// The command line is incomplete or wrong.
    Usage = 64,
    /// Interrupted by Ctrl-C or another signal before it was done. To a capture that listens, a signal is its end: that
    /// is [`Exit::Done`].
    Interrupted = 130,
}

impl Exit {
    /// Every code, in the order of their numbers.
    pub const ALL: [Exit; 10] = [
        Exit::Done,
        Exit::Failed,
        Exit::Changes,
        Exit::Partly,
        Exit::Auth,
        Exit::Blocked,
        Exit::Deployment,
        Exit::TimedOut,
        Exit::Usage,
        Exit::Interrupted,
    ];

    /// The number that the shell sees.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The name by which scripts know it.
    pub fn name(self) -> &'static str {
        match self {
            Exit::Done => "done",
            Exit::Failed => "failed",
            Exit::Changes => "changes",
            Exit::Partly => "partly",
            Exit::Auth => "auth",
            Exit::Blocked => "blocked",
            Exit::Deployment => "deployment",
            Exit::TimedOut => "timed-out",
            Exit::Usage => "usage",
            Exit::Interrupted => "interrupted",
        }
    }

    /// One line for `sidetap help exit-codes`.
    pub fn meaning(self) -> &'static str {
        match self {
            Exit::Done => "done, or nothing had to be done",
            Exit::Failed => "failed",
            Exit::Changes => "there are changes to make (only with --dry-run --detailed-exitcode)",
            Exit::Partly => "partly done: some services were done, others were not",
            Exit::Auth => "credentials missing or expired, or a permission is missing",
            Exit::Blocked => "refused, no service changed: unsupported, a precondition, a stale plan; doctor: problems",
            Exit::Deployment => "the deployment failed, was rolled back or superseded",
            Exit::TimedOut => "timed out watching; the deployment goes on",
            Exit::Usage => "the command line is incomplete or wrong",
            Exit::Interrupted => "interrupted by Ctrl-C or SIGTERM before it was done (listening ends so, with 0)",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}
