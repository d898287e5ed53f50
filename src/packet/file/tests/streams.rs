//! Inputs that come in pieces, late, compressed, or not at all.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;

use super::super::order::ByteOrder::{Big, Little};
use super::build::{MICROS, Ng, Pcap, Put};
use super::*;

/// Gives one piece a read, and has nothing yet where a piece is empty or none is left.
struct Pipe(VecDeque<Vec<u8>>);

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(mut piece) = self.0.pop_front() else { return Err(ErrorKind::WouldBlock.into()) };
        if piece.is_empty() {
            return Err(ErrorKind::WouldBlock.into());
        }
        let read = piece.len().min(buffer.len());
        buffer[..read].copy_from_slice(&piece[..read]);
        if read < piece.len() {
            self.0.push_front(piece.split_off(read));
        }
        Ok(read)
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// One file of each format, with packets from empty to longer than the window's usual size.
fn samples() -> Vec<Vec<u8>> {
    let long = vec![0x33; MAX_CAPTURED as usize];
    let lengths = [0, 1, 60, 1514, 65_535, MAX_CAPTURED as usize, 3, 1514];
    let pcap = lengths.iter().fold(Pcap::new(Big, MICROS), |file, &length| file.record(1, 2, &long[..length]));
    let pcapng = lengths.iter().fold(Ng::ethernet(Little), |file, &length| {
        file.enhanced_with(0, 1, &long[..length], 0, &[(1, b"comment")]).block(5, |block| block.raw(b"statistics"))
    });
    let sections =
        Ng::ethernet(Big).simple(2, b"ab").then_section(Little).interface(113, 0, &[]).obsolete(0, 0, 1, b"c");
    vec![pcap.bytes, pcapng.bytes, sections.bytes]
}

#[test]
fn a_pipe_of_single_bytes_gives_the_same_frames() {
    for sample in samples() {
        let expected = read(&sample);
        let reading = pieces(&sample, &[1]);
        assert_eq!(reading.whole().len(), expected.whole().len());
        assert_eq!(reading.frames, expected.frames);
        assert_eq!(reading.interfaces, expected.interfaces);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn pieces_of_any_size_give_the_same_frames(
        sizes in prop::collection::vec(1..5000_usize, 1..20),
        compress in any::<bool>(),
    ) {
        for sample in samples() {
            let expected = read(&sample);
            let reading = pieces(&if compress { gzip(&sample) } else { sample }, &sizes);
            prop_assert!(reading.error.is_none());
            prop_assert_eq!(reading.frames, expected.frames);
        }
    }
}

#[test]
fn frames_are_given_as_soon_as_their_bytes_are_here() {
    let pcap = Pcap::new(Little, MICROS).bytes;
    let record = Pcap::new(Little, MICROS).record(0, 0, b"now").bytes.split_off(pcap.len());
    let pcapng = Ng::ethernet(Little).bytes;
    let block = Ng::ethernet(Little).enhanced(0, 0, b"now").bytes.split_off(pcapng.len());
    for (head, packet) in [(pcap, record), (pcapng, block)] {
        let pipe = Pipe([head, packet.clone(), packet].into());
        let mut file = CaptureFile::from_reader(Box::new(pipe)).unwrap();
        for _ in 0..2 {
            assert_eq!(file.next().unwrap().unwrap().bytes, b"now");
        }
        for _ in 0..2 {
            assert!(matches!(file.next(), Err(FileError::NotYet)));
        }
    }
}

#[test]
fn a_compressed_stream_gives_frames_as_they_come() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&Pcap::new(Little, MICROS).record(0, 0, b"now").bytes).unwrap();
    encoder.flush().unwrap();
    let pipe = Pipe([encoder.get_ref().clone()].into());
    let mut file = CaptureFile::from_reader(Box::new(pipe)).unwrap();
    assert_eq!(file.next().unwrap().unwrap().bytes, b"now");
    assert!(matches!(file.next(), Err(FileError::NotYet)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn nothing_is_lost_where_nothing_has_come_for_a_while(
        sizes in prop::collection::vec(1..60_000_usize, 1..20),
        compress in any::<bool>(),
    ) {
        for sample in samples() {
            let expected = read(&sample);
            let bytes = if compress { gzip(&sample) } else { sample };
            // All that is needed to open it comes at once.
            let (head, mut rest) = bytes.split_at(bytes.len().min(200));
            let mut pieces = VecDeque::from([head.to_vec()]);
            for size in sizes.iter().cycle() {
                let (piece, others) = rest.split_at((*size).min(rest.len()));
                pieces.extend([Vec::new(), piece.to_vec()]);
                rest = others;
                if rest.is_empty() {
                    break;
                }
            }
            let mut file = CaptureFile::from_reader(Box::new(Pipe(pieces))).unwrap();
            let (mut frames, mut waits) = (0, 0);
            while waits < 100_000 {
                match file.next() {
                    Ok(Some(frame)) => {
                        let Owned { nanos, interface, bytes, .. } = &expected.frames[frames];
                        prop_assert_eq!((frame.time.nanos(), frame.interface, frame.bytes), (*nanos, *interface, &bytes[..]));
                        frames += 1;
                        waits = 0;
                    }
                    Ok(None) => prop_assert!(false, "there is no end"),
                    Err(FileError::NotYet) if frames == expected.frames.len() => break,
                    Err(FileError::NotYet) => waits += 1,
                    Err(error) => prop_assert!(false, "{error}"),
                }
            }
            prop_assert_eq!(frames, expected.frames.len());
            prop_assert_eq!(file.interfaces(), &expected.interfaces[..]);
        }
    }
}

#[test]
fn a_header_is_enough_to_open_a_stream() {
    for head in [Pcap::new(Little, MICROS).bytes, Ng::section(Little).bytes] {
        assert!(CaptureFile::from_reader(Box::new(Pipe([head].into()))).is_ok());
    }
}

#[test]
fn compressed_files_are_read_as_others() {
    for sample in samples() {
        assert_eq!(read(&gzip(&sample)).frames, read(&sample).frames);
        // Members one after the other are one stream.
        let (first, second) = sample.split_at(sample.len() / 2);
        assert_eq!(read(&[gzip(first), gzip(second)].concat()).frames, read(&sample).frames);
    }
}

#[test]
fn a_compressed_stream_that_is_cut_gives_what_came_before() {
    // Bytes that do not compress, so that a cut of the stream is a cut of a packet.
    let mut state = 1_u32;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    })
    .take(1000)
    .collect();
    let file = (0..50).fold(Pcap::new(Little, MICROS), |file, second| file.record(second, 0, &noise));
    let stream = gzip(&file.bytes);
    for end in (2..stream.len()).step_by(7) {
        let reading = read(&stream[..end]);
        let (frames, offset) = reading.cut();
        let whole = 24 + 1016 * frames.len() as u64;
        assert!(offset == whole || (offset == 0 && frames.is_empty()), "{end}: {offset} after {whole}");
    }
    // The last packet is whole where only the checksum is missing.
    let reading = read(&stream[..stream.len() - 8]);
    assert_eq!(reading.cut(), (vec![&noise[..]; 50], file.bytes.len() as u64));
}

#[test]
fn a_compressed_stream_that_is_corrupt_is_an_error_of_input() {
    let mut stream = gzip(&samples()[0]);
    let middle = stream.len() / 2;
    stream.truncate(middle);
    stream.extend([0xff; 4000]);
    let error = read(&stream).error;
    assert!(matches!(error, Some(FileError::Io(_) | FileError::Truncated { .. })), "{error:?}");
}

#[test]
fn compression_of_something_else_is_named() {
    let error = |bytes: &[u8]| read(&gzip(bytes)).error.unwrap();
    assert!(matches!(error(b""), FileError::Empty));
    let json = error(b"{\"log\": {}}");
    assert_eq!(json.to_string(), "not a pcap or pcapng file in the gzip stream; it looks like JSON");
    let twice = error(&gzip(&samples()[2]));
    assert_eq!(twice.to_string(), "not a pcap or pcapng file in the gzip stream; it looks like gzip within gzip");
    let unknown = FileError::UnknownFormat { looks_like: None, compressed: true };
    assert_eq!(error(&[0; 100]).to_string(), unknown.to_string());
}

#[test]
fn a_file_that_is_not_there_is_an_error_of_input() {
    let error = CaptureFile::open(Path::new("/nonexistent/capture.pcap")).err();
    assert!(matches!(error, Some(FileError::Io(error)) if error.kind() == ErrorKind::NotFound));
}
