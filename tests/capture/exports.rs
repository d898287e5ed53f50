//! Where records go, and what is told of it.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::conversation::Conversation;

/// One exchange on one connection.
pub fn conversation() -> Conversation {
    let conversation = Conversation::new().client("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    conversation.server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
}

/// `sidetap capture --read` in a directory of its own.
pub struct Run {
    directory: PathBuf,
    args: Vec<String>,
    environment: Vec<(String, String)>,
    stdout: Stdio,
}

/// How it ended. The directory is gone with it.
pub struct Ended {
    directory: PathBuf,
    pub code: i32,
    pub stdout: String,
    /// With `INPUT` in place of the path of the capture file.
    pub stderr: String,
}

impl Run {
    pub fn new(name: &str) -> Self {
        let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("capture-{name}"));
        let _ = std::fs::remove_dir_all(&directory);
        std::fs::create_dir_all(&directory).unwrap();
        Run { directory, args: Vec::new(), environment: Vec::new(), stdout: Stdio::piped() }
    }

    /// The capture file that is read.
    pub fn input(self, file: &[u8]) -> Self {
        std::fs::write(self.directory.join("input"), file).unwrap();
        self
    }

    /// A file that is there before.
    pub fn file(self, path: &str, bytes: &[u8]) -> Self {
        std::fs::write(self.directory.join(path), bytes).unwrap();
        self
    }

    pub fn args(mut self, args: &[&str]) -> Self {
        self.args.extend(args.iter().map(|&arg| arg.to_owned()));
        self
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Where a file of the directory is.
    pub fn path(&self, path: &str) -> String {
        self.directory.join(path).display().to_string()
    }

    /// A document at a path in the directory.
    pub fn document(self, flag: &str, path: &str) -> Self {
        let path = self.path(path);
        self.args(&[flag, &path])
    }

    /// An export to a path in the directory.
    pub fn export(self, kind: &str, path: &str) -> Self {
        let target = format!("{kind}:{}", self.directory.join(path).display());
        self.args(&["--export", &target])
    }

    pub fn stdout(mut self, stdout: impl Into<Stdio>) -> Self {
        self.stdout = stdout.into();
        self
    }

    pub fn run(self) -> Ended {
        let input = self.directory.join("input");
        let output = Command::new(env!("CARGO_BIN_EXE_sidetap"))
            .args(["capture", "--read"])
            .arg(&input)
            .args(&self.args)
            // Paths tell transactions apart.
            .env("SIDETAP_PRIVACY_LEVEL", "redacted")
            .envs(self.environment)
            .stdout(self.stdout)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
            .wait_with_output()
            .unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        let is_record = |line: &&str| !line.starts_with(r#"{"type":"endpoint""#);
        Ended {
            code: output.status.code().unwrap(),
            // What was found out over all transactions is no record of one.
            stdout: stdout.split_inclusive('\n').filter(is_record).collect(),
            stderr: stderr
                .replace(&input.display().to_string(), "INPUT")
                .replace(&self.directory.display().to_string(), "DIR"),
            directory: self.directory,
        }
    }
}

impl Ended {
    /// A file in the directory.
    pub fn read(&self, path: &str) -> Vec<u8> {
        std::fs::read(self.directory.join(path)).unwrap()
    }

    /// Whether there is such a file in the directory.
    pub fn has(&self, path: &str) -> bool {
        self.directory.join(path).exists()
    }
}

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

#[test]
fn what_a_har_file_has_no_place_for_is_told() {
    // The second response answers nothing that was seen.
    let midstream = Conversation::midstream().server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let run = Run::new("har").input(&midstream.file()).export("har", "har").run();
    assert_eq!(run.code, 0, "{}", run.stderr);
    let told = "nothing was lost\nhar:DIR/har: 1 record left out, since the format has no place for such\n";
    assert!(run.stderr.contains(told), "{}", run.stderr);
}

/// Elsewhere there is no disk that is always full.
#[test]
#[cfg(target_os = "linux")]
fn every_export_that_fails_is_named() {
    let file = conversation().file();
    let run = Run::new("full").input(&file).args(&["--export", "ndjson:/dev/full", "--export", "pcapng:/dev/./full"]);
    let run = run.run();
    assert_eq!(run.code, 1, "{}", run.stderr);
    for told in [
        "2 records that could not be written to ndjson:/dev/full",
        "7 packets that could not be written to pcapng:/dev/./full",
        "error: cannot write to `ndjson:/dev/full`",
        "error: cannot write to `pcapng:/dev/./full`",
    ] {
        assert!(run.stderr.contains(told), "no `{told}` in {}", run.stderr);
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let file = conversation().file();
    for kind in ["ndjson", "pcapng"] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let run = Run::new(&format!("gone-{kind}")).input(&file).args(&["--export", &format!("{kind}:-")]);
        let run = run.stdout(writer).run();
        assert_eq!(run.code, 0, "{kind}: {}", run.stderr);
    }
}

#[test]
fn a_line_that_a_killed_process_left_spoils_no_other() {
    let run = Run::new("torn").input(&conversation().file()).file("out", b"{}\n{\"type").export("ndjson", "out").run();
    assert_eq!(run.code, 0, "{}", run.stderr);
    let text = String::from_utf8(run.read("out")).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!((lines.len(), &lines[..2]), (4, &["{}", "{\"type"][..]));
    assert!(lines[2].starts_with(r#"{"type":"http""#) && lines[3].starts_with(r#"{"type":"endpoint""#), "{text}");
}
