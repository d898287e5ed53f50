//! What the writer makes.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::packet::Realm;

fn frame(nanos: u64, interface: u32, bytes: &[u8], wire_len: u32) -> Frame<'_> {
    Frame {
        time: Timestamp::from_nanos(nanos),
        interface,
        realm: Realm::OUTSIDE,
        link: LinkType::Ethernet,
        bytes,
        wire_len,
    }
}

#[test]
fn a_file_is_exact_to_the_byte() {
    let section = Section { os: Some("Linux"), application: Some("sidetap"), comment: Some("caf\u{e9}") };
    let mut writer = PcapngWriter::new(Vec::new(), &section).unwrap();
    assert_eq!(writer.written(), 68);
    let interface = Interface::new(Some("eth0"), LinkType::Ethernet, 65_535);
    assert_eq!(writer.interface(&interface).unwrap(), 40);
    assert_eq!(writer.packet(&frame(0x1122_3344_5566_7788, 0, b"abcde", 60), Some("hi")).unwrap(), 52);
    assert_eq!(writer.packet(&frame(1, 0, b"abcd", 4), None).unwrap(), 36);
    assert_eq!(writer.written(), 68 + 40 + 52 + 36);

    #[rustfmt::skip]
    let expected = [
        // Section header
        &[0x0a, 0x0d, 0x0d, 0x0a, 68, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0][..],
        &[0xff; 8],
        &[1, 0, 5, 0], b"caf\xc3\xa9\0\0\0",
        &[3, 0, 5, 0], b"Linux\0\0\0",
        &[4, 0, 7, 0], b"sidetap\0",
        &[0, 0, 0, 0, 68, 0, 0, 0],
        // Interface
        &[1, 0, 0, 0, 40, 0, 0, 0, 1, 0, 0, 0, 0xff, 0xff, 0, 0],
        &[2, 0, 4, 0], b"eth0",
        &[9, 0, 1, 0, 9, 0, 0, 0],
        &[0, 0, 0, 0, 40, 0, 0, 0],
        // Packet
        &[6, 0, 0, 0, 52, 0, 0, 0, 0, 0, 0, 0],
        &[0x44, 0x33, 0x22, 0x11, 0x88, 0x77, 0x66, 0x55, 5, 0, 0, 0, 60, 0, 0, 0],
        b"abcde\0\0\0",
        &[1, 0, 2, 0], b"hi\0\0",
        &[0, 0, 0, 0, 52, 0, 0, 0],
        // Packet without options
        &[6, 0, 0, 0, 36, 0, 0, 0, 0, 0, 0, 0],
        &[0, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0],
        b"abcd",
        &[36, 0, 0, 0],
    ];
    assert_eq!(writer.into_inner(), expected.concat());
}

#[test]
fn nothing_is_noted_where_there_is_nothing_to_note() {
    let mut writer = PcapngWriter::new(Vec::new(), &Section::default()).unwrap();
    assert_eq!(writer.written(), 28);
    writer.interface(&Interface::new(None, LinkType::Raw, 0)).unwrap();
    assert_eq!(writer.packet(&frame(0, 0, b"", 0), Some("")).unwrap(), 32);
}

#[test]
fn a_packet_needs_an_interface_and_a_sane_length() {
    let mut writer = PcapngWriter::new(Vec::new(), &Section::default()).unwrap();
    let error = writer.packet(&frame(0, 0, b"x", 1), None).unwrap_err();
    assert!(matches!(error, FileError::NoInterface { offset: 28, interface: 0 }));
    writer.interface(&Interface::new(None, LinkType::Raw, 0)).unwrap();
    let long = vec![0; MAX_CAPTURED as usize + 1];
    let written = writer.written();
    let error = writer.packet(&frame(0, 0, &long, 0), None).unwrap_err();
    assert!(matches!(error, FileError::TooLong { length: 262_145, .. }));
    assert_eq!(writer.written(), written);
    writer.packet(&frame(0, 0, &long[1..], 0), None).unwrap();
    assert_eq!(read(&writer.into_inner()).whole(), [&long[1..]]);
}

#[test]
fn a_comment_is_cut_before_the_character_that_does_not_fit() {
    let comment = format!("{}\u{20ac}", "c".repeat(MAX_TEXT - 1));
    let mut writer = PcapngWriter::new(Vec::new(), &Section::default()).unwrap();
    writer.interface(&Interface::new(None, LinkType::Raw, 0)).unwrap();
    let start = writer.written() as usize;
    writer.packet(&frame(0, 0, b"", 0), Some(&comment)).unwrap();
    let file = writer.into_inner();
    let option = &file[start + 28..];
    assert_eq!(option[..4], [1, 0, 0xfe, 0xff]);
    assert_eq!(option[4..4 + MAX_TEXT + 1], *format!("{}\0\0", "c".repeat(MAX_TEXT - 1)).as_bytes());
    assert_eq!(read(&file).whole(), [b""]);
}

#[test]
fn an_output_that_fails_is_an_error_of_output() {
    let mut full = [0; 40];
    let mut writer = PcapngWriter::new(&mut full[..], &Section::default()).unwrap();
    let error = writer.interface(&Interface::new(None, LinkType::Raw, 0)).unwrap_err();
    assert!(matches!(error, FileError::Io(_)));
    assert!(writer.flush().is_ok());
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(
        interfaces in vec((any::<Option<String>>(), any::<u16>(), any::<u32>()), 1..5),
        packets in vec(
            (any::<u64>(), any::<prop::sample::Index>(), vec(any::<u8>(), 0..200), any::<u32>(), any::<Option<String>>()),
            0..20,
        ),
    ) {
        let interfaces: Vec<Interface> = interfaces
            .iter()
            .map(|(name, link, snap_len)| {
                // A NUL ends a name.
                let name = name.as_ref().map(|name| name.replace('\0', "")).filter(|name| !name.is_empty());
                Interface::new(name.as_deref(), LinkType::from_number(*link), *snap_len)
            })
            .collect();
        let mut writer = PcapngWriter::new(Vec::new(), &Section::default()).unwrap();
        for interface in &interfaces {
            writer.interface(interface).unwrap();
        }
        let mut expected = Vec::new();
        for (nanos, index, bytes, wire_len, comment) in packets {
            let interface = index.index(interfaces.len());
            let link = interfaces[interface].link;
            let wire_len = wire_len.max(bytes.len() as u32);
            let interface = interface as u32;
            let frame = Frame { time: Timestamp::from_nanos(nanos), interface, realm: Realm::OUTSIDE, link, bytes: &bytes, wire_len };
            let before = writer.written();
            let written = writer.packet(&frame, comment.as_deref()).unwrap();
            prop_assert_eq!(writer.written(), before + written);
            expected.push(Owned { nanos, interface, link, bytes, wire_len });
        }
        let total = writer.written();
        let file = writer.into_inner();
        prop_assert_eq!(file.len() as u64, total);
        let reading = read(&file);
        prop_assert!(reading.error.is_none());
        prop_assert_eq!(reading.frames, expected);
        for (read, written) in reading.interfaces.iter().zip(&interfaces) {
            prop_assert_eq!((&read.name, read.link, read.snap_len), (&written.name, written.link, written.snap_len));
        }
        prop_assert_eq!(reading.interfaces.len(), interfaces.len());
    }
}
