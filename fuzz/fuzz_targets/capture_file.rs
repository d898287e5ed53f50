//! Capture files, compressed or not: never more out than in, the same from a stream in small parts, and what is
//! written is what is read.

#![no_main]

use std::io::{Cursor, Read, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use libfuzzer_sys::fuzz_target;
use sidetap::packet::file::{CaptureFile, Interface, MAX_CAPTURED, MAX_INTERFACES, PcapngWriter, Section};
use sidetap::packet::{Frame, LinkType, Realm, Timestamp};
use sidetap_fuzz::dice::Dice;

/// Frames that are read of one input: a compressed one may hold any number.
const MOST_FRAMES: usize = 1 << 12;

/// A stream that gives a few bytes at a time.
struct Trickle {
    bytes: Cursor<Vec<u8>>,
    dice: Dice,
}

impl Read for Trickle {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = buffer.len().min(1 + self.dice.below(64));
        self.bytes.read(&mut buffer[..length])
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Kept {
    time: Timestamp,
    interface: u32,
    link: LinkType,
    bytes: Vec<u8>,
    wire_len: u32,
}

/// The frames, the interfaces, and how it ended.
fn read(source: Box<dyn Read + Send>) -> (Vec<Kept>, Vec<Interface>, Option<String>) {
    let mut file = match CaptureFile::from_reader(source) {
        Ok(file) => file,
        Err(error) => return (Vec::new(), Vec::new(), Some(format!("{error}: {error:?}"))),
    };
    let (mut frames, mut described) = (Vec::new(), 0);
    let end = loop {
        if frames.len() == MOST_FRAMES {
            break None;
        }
        match file.next() {
            Ok(Some(Frame { time, interface, link, bytes, wire_len, .. })) => {
                assert!(bytes.len() <= MAX_CAPTURED as usize);
                frames.push(Kept { time, interface, link, bytes: bytes.to_vec(), wire_len });
            }
            Ok(None) => break None,
            Err(error) => {
                assert!(matches!(file.next(), Ok(None)), "after an error nothing comes");
                break Some(format!("{error}: {error:?}"));
            }
        }
        if file.interfaces().len() < described {
            // Those of earlier sections have given way, and the frames' numbers are no places any more.
            return (Vec::new(), Vec::new(), Some("more interfaces than are kept".to_owned()));
        }
        described = file.interfaces().len();
        let last = frames.last().expect("one was just added");
        assert!(last.interface < file.interfaces().len() as u32);
        assert!(file.interfaces().len() <= MAX_INTERFACES);
    };
    let interfaces = file.interfaces();
    (frames, interfaces.iter().map(|i| Interface::new(i.name.as_deref(), i.link, i.snap_len)).collect(), end)
}

fn write(frames: &[Kept], interfaces: &[Interface]) -> Vec<u8> {
    let mut writer = PcapngWriter::new(Vec::new(), &Section::default()).expect("a vector takes everything");
    for interface in interfaces {
        writer.interface(interface).expect("an interface that was read can be written");
    }
    for Kept { time, interface, link, bytes, wire_len } in frames {
        let frame = Frame {
            time: *time,
            interface: *interface,
            realm: Realm::OUTSIDE,
            link: *link,
            bytes,
            wire_len: *wire_len,
        };
        writer.packet(&frame, None).expect("a frame that was read can be written");
    }
    writer.into_inner()
}

fuzz_target!(|input: &[u8]| {
    let Some((seed, bytes)) = input.split_first_chunk() else { return };
    let mut dice = Dice::new(u32::from_be_bytes(*seed));
    let trickle = |bytes: &[u8], dice: &Dice| {
        Box::new(Trickle { bytes: Cursor::new(bytes.to_vec()), dice: dice.clone() }) as Box<dyn Read + Send>
    };
    let whole = read(Box::new(Cursor::new(bytes.to_vec())));
    assert_eq!(format!("{whole:?}"), format!("{:?}", read(trickle(bytes, &dice))));
    let (frames, interfaces, end) = whole;
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        assert!(frames.iter().map(|frame| frame.bytes.len()).sum::<usize>() <= bytes.len());
        if dice.below(4) == 0 {
            let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
            gzip.write_all(bytes).expect("a vector takes everything");
            let compressed = read(trickle(&gzip.finish().expect("a vector takes everything"), &dice));
            assert_eq!((&compressed.0, compressed.2.is_some()), (&frames, end.is_some()));
        }
    }
    if !frames.is_empty() {
        let (again, _, end) = read(Box::new(Cursor::new(write(&frames, &interfaces))));
        assert_eq!(end, None);
        assert_eq!(again, frames);
    }
});
