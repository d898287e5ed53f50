//! Captures that come through a pipe, from a program that goes on.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::exports::conversation;

/// `sidetap capture --read -`, which hears SIGHUP also when the tests run under `nohup`.
fn start() -> Child {
    Command::new("env")
        .args(["--default-signal=HUP", env!("CARGO_BIN_EXE_sidetap")])
        .args(["capture", "--read", "-", "--export", "ndjson:-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// How it ends: its code, and what it said.
fn end(mut child: Child) -> (Option<i32>, String) {
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    (child.wait().unwrap().code(), stderr)
}

#[test]
fn records_come_while_the_pipe_is_open_and_a_signal_ends_it_in_order() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let mut child = start();
        let mut input = child.stdin.take().unwrap();
        let file = conversation().file();
        // The last packet has come in part.
        input.write_all(&file[..file.len() - 3]).unwrap();
        let mut line = String::new();
        let mut records = BufReader::new(child.stdout.take().unwrap());
        records.read_line(&mut line).unwrap();
        assert!(line.starts_with(r#"{"type":"http""#) && line.ends_with('\n'), "{line}");
        let signalled = Instant::now();
        kill_process(Pid::from_child(&child), signal).unwrap();
        let (code, stderr) = end(child);
        assert_eq!(
            (code, &*stderr),
            (Some(130), "6 packets, 1 connection\n1 transaction\nnothing was lost\nledger: seen 1 = emitted 1\n")
        );
        assert!(signalled.elapsed() < Duration::from_secs(5), "{:?}", signalled.elapsed());
        drop(input);
    }
}

#[test]
fn a_pipe_that_ends_is_a_file_that_ends() {
    let mut child = start();
    let mut input = child.stdin.take().unwrap();
    for piece in conversation().file().chunks(100) {
        input.write_all(piece).unwrap();
        std::thread::sleep(Duration::from_millis(30));
    }
    drop(input);
    let (code, stderr) = end(child);
    assert_eq!(
        (code, &*stderr),
        (Some(0), "7 packets, 1 connection\n1 transaction\nnothing was lost\nledger: seen 1 = emitted 1\n")
    );
}

#[test]
fn before_anything_has_come_a_signal_ends_it_at_once() {
    let child = start();
    std::thread::sleep(Duration::from_millis(500));
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(end(child), (Some(130), String::new()));
}
