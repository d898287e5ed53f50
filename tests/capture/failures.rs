//! Files that cannot be read, or not to their end, and command lines that would do harm.

use crate::conversation::Conversation;
use crate::exports::{Run, conversation};

#[test]
fn a_file_that_is_cut_off_gives_its_records_and_says_so() {
    let file = conversation().file();
    let run = Run::new("cut").input(&file[..file.len() - 3]).args(&["--export", "ndjson:-"]).run();
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert_eq!(run.stdout.lines().count(), 1, "{}", run.stdout);
    assert!(run.stderr.contains("6 packets, 1 connection\n1 transaction\n"), "{}", run.stderr);
    let told = "error: cannot read all of `INPUT`: the 6 packets before that were read and gave 1 record\n  the input ends \
                within the record at byte";
    assert!(run.stderr.contains(told), "{}", run.stderr);
}

#[test]
fn what_is_no_capture_file_is_a_failure() {
    let run = Run::new("text").input(b"GET / HTTP/1.1\r\n\r\n").run();
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert!(run.stderr.contains("cannot read `INPUT`\n  not a pcap or pcapng file"), "{}", run.stderr);
}

#[test]
fn the_file_that_is_read_is_not_written_over() {
    let file = conversation().file();
    for kind in ["pcapng", "ndjson"] {
        let run = Run::new(&format!("over-{kind}")).input(&file).export(kind, "./input").run();
        assert_eq!(run.code, 64, "{}", run.stderr);
        assert!(run.stderr.contains("it is the capture file that is read"), "{}", run.stderr);
        assert!(run.read("input") == file);
    }
    for flag in ["--openapi", "--egress-report"] {
        let run = Run::new(&format!("over{flag}")).input(&file).document(flag, "./input").run();
        assert_eq!(run.code, 64, "{}", run.stderr);
        assert!(run.read("input") == file);
    }
}

#[test]
fn two_exports_do_not_write_into_each_other() {
    let run = Run::new("twice").input(&conversation().file()).export("pcapng", "out").export("ndjson", "out").run();
    assert_eq!(run.code, 64, "{}", run.stderr);
    assert!(run.stderr.contains("two exports cannot write to"), "{}", run.stderr);
    let file = conversation().file();
    let run = Run::new("spelled").input(&file).export("ndjson", "out").document("--openapi", "./out").run();
    assert_eq!(run.code, 64, "{}", run.stderr);
    let run = Run::new("documents").input(&file);
    let run = run.document("--openapi", "out").document("--egress-report", "./out").run();
    assert_eq!(run.code, 64, "{}", run.stderr);
}

#[test]
fn a_filter_that_means_nothing_on_the_files_link_type_is_a_matter_of_usage() {
    let mut file = Conversation::new().file();
    // The link type of the file: raw IP (LINKTYPE_RAW) has no addresses of Ethernet.
    file[20] = 101;
    let run = Run::new("filter").input(&file).args(&["--filter", "ether host 02:00:00:00:00:01"]).run();
    assert_eq!(run.code, 64, "{}", run.stderr);
    assert!(run.stderr.contains("the filter cannot be used on frames of link type 101"), "{}", run.stderr);
}

#[test]
fn a_size_that_is_none_is_a_matter_of_usage() {
    for size in ["99999999999999999999", "much", "25 potatoes", ""] {
        let run = Run::new("size").args(&["--memory-limit", size]).run();
        assert_eq!(run.code, 64, "{}", run.stderr);
        assert!(run.stderr.contains("it is no size such as `25MiB`"), "{}", run.stderr);
    }
}

#[test]
fn captures_that_were_joined_end_to_end_are_told_apart() {
    let file = conversation().file();
    let run = Run::new("joined").input(&[&file[..], &file].concat()).args(&["--export", "ndjson:-"]).run();
    assert_eq!((run.code, run.stdout.lines().count()), (1, 1), "{}", run.stderr);
    let told = format!("a second capture begins at byte {}\n  hint: several captures make one file", file.len());
    assert!(run.stderr.contains(&told), "{}", run.stderr);
}

#[test]
fn a_filter_that_lets_nothing_through_is_blamed_for_it() {
    let run = Run::new("nothing").input(&conversation().file()).args(&["--filter", "udp"]).run();
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stderr.contains("no HTTP was seen: the filter let no packet through"), "{}", run.stderr);
}

#[test]
fn a_variable_that_is_set_to_nothing_is_not_set() {
    let mut run = Run::new("empty").input(&conversation().file());
    for name in ["INTERFACE", "FILTER", "EXPORT", "MEMORY_LIMIT", "STREAM_TIMEOUT_SECONDS", "STAT_DURATION", "READ"] {
        run = run.env(&format!("SIDETAP_{name}"), "");
    }
    let run = run.run();
    assert_eq!((run.code, run.stdout.lines().count()), (0, 1), "{}", run.stderr);
}

#[test]
fn a_flag_beats_the_environment_and_two_flags_do_not_agree() {
    let file = conversation().file();
    let run = Run::new("beats").input(&file).env("SIDETAP_INTERFACE", "lo").run();
    assert_eq!((run.code, run.stdout.lines().count()), (0, 1), "{}", run.stderr);
    let run = Run::new("both").input(&file).args(&["--interface", "lo"]).run();
    assert_eq!(run.code, 64, "{}", run.stderr);
    assert!(
        run.stderr.contains("error: the argument '--interface <NAME>' cannot be used with '--read"),
        "{}",
        run.stderr
    );
}
