//! Runs `sidetap capture --read` in a directory of its own, which is gone with it.

use std::path::PathBuf;
use std::process::{Command, Stdio};

pub struct Run {
    pub directory: PathBuf,
    args: Vec<String>,
}

/// How it ended.
pub struct Ended {
    pub directory: PathBuf,
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    /// Reads this capture file.
    pub fn of(name: &str, file: &[u8]) -> Self {
        let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("readers-{name}"));
        let _ = std::fs::remove_dir_all(&directory);
        std::fs::create_dir_all(&directory).expect("the target directory takes one");
        std::fs::write(directory.join("input"), file).expect("there is room");
        Run { directory, args: Vec::new() }
    }

    pub fn args(mut self, args: &[&str]) -> Self {
        self.args.extend(args.iter().map(|&arg| arg.to_owned()));
        self
    }

    /// A flag whose value ends in a path in the directory.
    pub fn path(mut self, flag: &str, kind: &str, path: &str) -> Self {
        self.args.extend([flag.to_owned(), format!("{kind}{}", self.directory.join(path).display())]);
        self
    }

    /// A level. `full` is acknowledged for the next hour.
    pub fn level(self, level: &str) -> Self {
        let run = self.args(&["--privacy-level", level]);
        if level != "full" {
            return run;
        }
        let end = std::time::SystemTime::now() + std::time::Duration::from_secs(3600);
        let end = humantime::format_rfc3339_seconds(end).to_string();
        run.args(&["--privacy-acknowledge", "TEST-1", "--privacy-expires", &end])
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sidetap"));
        command.args(["capture", "--read"]).arg(self.directory.join("input")).args(&self.args);
        command
    }

    pub fn run(self) -> Ended {
        let output = self.command().stdin(Stdio::null()).output().expect("sidetap runs");
        self.ended(output)
    }

    /// With a wide terminal as standard output.
    #[cfg(target_os = "linux")]
    pub fn on_a_terminal(self) -> Ended {
        let command = self.command();
        let words = [command.get_program()].into_iter().chain(command.get_args());
        let words: Vec<String> = words.map(|word| format!("'{}'", word.to_string_lossy())).collect();
        let line = format!("stty cols 4000; {}", words.join(" "));
        let script = Command::new("script").args(["--quiet", "--return", "--command", &line, "/dev/null"]).output();
        let output = script.expect("`script` is in Debian's `bsdutils`, which every system has");
        self.ended(output)
    }

    fn ended(self, output: std::process::Output) -> Ended {
        Ended {
            directory: self.directory,
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Ended {
    /// It went well.
    #[track_caller]
    pub fn well(self) -> Self {
        assert_eq!(self.code, Some(0), "{}\n{}", self.stdout, self.stderr);
        self
    }

    /// A file in the directory.
    pub fn read(&self, path: &str) -> Vec<u8> {
        std::fs::read(self.directory.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// The HAR files in a directory, by their names.
    pub fn har_files(&self, directory: &str) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.directory.join(directory)).expect("the directory is there");
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("it can be read").path()).collect();
        files.retain(|path| path.extension().is_some_and(|extension| extension == "har"));
        files.sort();
        files
    }
}

impl Drop for Ended {
    fn drop(&mut self) {
        // What failed can be looked at.
        if !std::thread::panicking() {
            let _ = std::fs::remove_dir_all(&self.directory);
        }
    }
}
