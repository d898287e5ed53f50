//! Exchanges that are unusual, and right.

use crate::conversation::Conversation;
use crate::exports::{Run, conversation};

#[test]
fn a_method_may_have_an_underscore() {
    let told = Conversation::new().client("CCM_POST / HTTP/1.1\r\nHost: a\r\n\r\n");
    let told = told.server("HTTP/1.1 405 No\r\nContent-Length: 0\r\n\r\n").read();
    assert_eq!(told.exchanges(), ["CCM_POST a / 405 complete -"]);
}

#[test]
fn connect_with_a_path_leaves_the_host_to_its_field() {
    let told = Conversation::new().client("CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n");
    let told = told.server("HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n").read();
    assert_eq!(told.exchanges(), ["CONNECT a / 400 complete -"]);
}

#[test]
fn a_body_with_a_hole_is_counted_and_told() {
    let told = Conversation::new().client("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    let told = told.server("HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n").server_missed(1000).server([b'x'; 1000]);
    let told = told.server([b'y'; 1000]).read();
    assert_eq!(told.exchanges(), ["GET a / 200 gap -"]);
    assert_eq!(
        told.summary,
        "10 packets, 1 connection\n1 transaction (1 incomplete)\nlost: 1,000 bytes sent but not in the capture\n\
         ledger: seen 1 = emitted 1\n"
    );
}

#[test]
fn a_whole_conversation_loses_nothing() {
    let told = Conversation::new().client("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    let told = told.server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").read();
    assert_eq!(told.summary, "7 packets, 1 connection\n1 transaction\nnothing was lost\nledger: seen 1 = emitted 1\n");
}

#[test]
fn times_may_be_as_long_as_a_number_can_say() {
    for flag in ["--stream-timeout-seconds", "--stat-duration"] {
        let run = Run::new("long").input(&conversation().file()).args(&[flag, "18446744073709551615"]).run();
        assert_eq!((run.code, run.stdout.lines().count()), (0, 1), "{flag}: {}", run.stderr);
    }
    // A hole, which is waited for.
    let file = conversation().server("HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n").server_missed(1000);
    let run = Run::new("longer").input(&file.server([b'x'; 1000]).file());
    let run = run.args(&["--stream-timeout-seconds", "18446744073709551615"]).run();
    assert_eq!(run.code, 0, "{}", run.stderr);
}
