//! What Wireshark's tools say of the same files. Where there are none, and no captures beside the checkout, these
//! tests are not run and say so; in CI that is a failure.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use super::*;
use crate::packet::Realm;

const CAPTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpus/pcap");

/// Runs a tool; `None` if it is not installed.
fn run(tool: &str, arguments: &[&str]) -> Option<Output> {
    match Command::new(tool).args(arguments).output() {
        Ok(output) => Some(output),
        Err(error) => missing(&format!("{tool}: {error}")),
    }
}

fn missing<T>(what: &str) -> Option<T> {
    crate::not_run::not_run(what);
    None
}

/// What a tool printed, provided that it found nothing to complain about.
fn content(output: &Output) -> String {
    let stderr = String::from_utf8_lossy(&output.stderr);
    // A remark on the user who runs the tests is not one on the file.
    let complaints: Vec<&str> = stderr.lines().filter(|line| !line.contains("Running as user")).collect();
    assert!(output.status.success() && complaints.is_empty(), "{complaints:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The packets of a file and their bytes, as capinfos counts them.
fn counted(path: &str) -> Option<(usize, usize)> {
    let text = content(&run("capinfos", &["-M", "-c", "-d", path])?);
    let number = |label: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(label)).expect(label);
        line.trim().trim_end_matches(" bytes").parse().expect(label)
    };
    Some((number("Number of packets:"), number("Data size:")))
}

fn captures() -> Option<Vec<PathBuf>> {
    let Ok(entries) = fs::read_dir(CAPTURES) else { return missing(CAPTURES) };
    Some(
        entries
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|it| it == "pcap"))
            .collect(),
    )
}

/// A path for a file of this test; two runs do not meet.
fn scratch(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("sidetap-{}-{name}", std::process::id()))
}

#[test]
fn captures_of_other_projects_are_read_completely() {
    let Some(captures) = captures() else { return };
    assert!(!captures.is_empty());
    for path in captures {
        let reading = read_from(fs::File::open(&path).unwrap());
        let packets = reading.whole().len();
        assert!(packets > 0, "{}", path.display());
        let Some(expected) = counted(path.to_str().unwrap()) else { return };
        let bytes = reading.frames.iter().map(|frame| frame.wire_len as usize).sum();
        assert_eq!((packets, bytes), expected, "{}", path.display());
    }
}

#[test]
fn a_capture_is_the_same_in_every_format_and_after_the_writer() {
    let Some(captures) = captures() else { return };
    let original = captures.iter().find(|path| path.to_str().unwrap().contains("pipelined")).expect("pipelined");
    let expected = read_from(fs::File::open(original).unwrap());
    for format in ["pcap", "nsecpcap", "pcapng"] {
        let converted = scratch(format);
        let Some(output) = run("editcap", &["-F", format, original.to_str().unwrap(), converted.to_str().unwrap()])
        else {
            return;
        };
        content(&output);
        let reading = read_from(fs::File::open(&converted).unwrap());
        fs::remove_file(&converted).unwrap();
        assert_eq!(reading.whole().len(), expected.whole().len());
        assert_eq!(reading.frames, expected.frames, "{format}");
    }

    let mut writer = PcapngWriter::new(Vec::new(), &Section::default()).unwrap();
    writer.interface(&expected.interfaces[0]).unwrap();
    for Owned { nanos, interface, link, bytes, wire_len } in &expected.frames {
        let time = Timestamp::from_nanos(*nanos);
        let frame =
            Frame { time, interface: *interface, realm: Realm::OUTSIDE, link: *link, bytes, wire_len: *wire_len };
        writer.packet(&frame, None).unwrap();
    }
    assert_eq!(read(&writer.into_inner()).frames, expected.frames);
}

#[test]
fn tshark_and_capinfos_read_what_is_written() {
    let path = scratch("written.pcapng");
    let longest = "\u{20ac}".repeat(MAX_TEXT / 3);
    let section = Section { os: Some("Linux"), application: Some("sidetap 0.1"), comment: Some("of the section") };
    let mut writer = PcapngWriter::new(fs::File::create(&path).unwrap(), &section).unwrap();
    writer.interface(&Interface::new(Some("eth0"), LinkType::Ethernet, 262_144)).unwrap();
    writer.interface(&Interface::new(Some("lo"), LinkType::LinuxSll2, 0)).unwrap();
    let time = Timestamp::from_nanos(1_700_000_000_123_456_789);
    let frame = |interface, bytes, wire_len| Frame {
        time,
        interface,
        realm: Realm::OUTSIDE,
        link: LinkType::Ethernet,
        bytes,
        wire_len,
    };
    writer.packet(&frame(0, &[0; 61], 1514), None).unwrap();
    writer.packet(&frame(1, &[0; 40], 40), Some("na\u{ef}ve")).unwrap();
    writer.packet(&frame(0, &[0; 62], 62), Some(&longest)).unwrap();
    writer.packet(&frame(0, &[0; 63], 63), None).unwrap();
    writer.flush().unwrap();

    let file = path.to_str().unwrap();
    let fields = ["time_epoch", "interface_name", "cap_len", "len", "comment"];
    let fields: Vec<String> = fields.iter().map(|field| format!("-eframe.{field}")).collect();
    let arguments = ["-r", file, "-Tfields", "-Eseparator=|"].into_iter().chain(fields.iter().map(String::as_str));
    let packets = run("tshark", &arguments.collect::<Vec<_>>()).map(|output| content(&output));
    let about = run("capinfos", &[file]).map(|output| content(&output));
    let counted = counted(file);
    fs::remove_file(&path).unwrap();

    if let Some(packets) = packets {
        let time = "1700000000.123456789";
        let lines: Vec<&str> = packets.lines().collect();
        assert_eq!(lines[0], format!("{time}|eth0|61|1514|"));
        assert_eq!(lines[1], format!("{time}|lo|40|40|na\u{ef}ve"));
        assert!(lines[2].starts_with(&format!("{time}|eth0|62|62|")) && lines[2].contains("|\u{20ac}\u{20ac}"));
        assert_eq!(lines.len(), 4);
    }
    if let Some(about) = about {
        for part in ["Linux", "sidetap 0.1", "of the section", "Name = eth0", "Name = lo", "nanoseconds (9)"] {
            assert!(about.contains(part), "{part} in {about}");
        }
    }
    assert!(counted.is_none_or(|counted| counted == (4, 1514 + 40 + 62 + 63)));
}
