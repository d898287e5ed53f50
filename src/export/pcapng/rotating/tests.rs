use std::net::Ipv4Addr;

use proptest::prelude::*;

use super::*;
use crate::export::pcapng::{ENHANCED_PACKET, FEW, Pcapng};
use crate::export::{Export as _, Overflow};
use crate::packet::file::CaptureFile;
use crate::packet::{Frame, LinkType, Realm, Timestamp};
use crate::record::Source;

/// A directory of this test, which is removed at its end.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("sidetap-rotating-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Directory(path)
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn frame(interface: u32, bytes: &[u8]) -> Frame<'_> {
    Frame {
        time: Timestamp::from_nanos(1),
        interface,
        realm: Realm::OUTSIDE,
        link: LinkType::Ethernet,
        bytes,
        wire_len: bytes.len() as u32,
    }
}

/// Writes frames of these lengths, of two sources in turn, and gives the length and the sources' names of each file, and
/// the lengths of its frames.
fn written(name: &str, rotation: Rotation, lengths: &[usize]) -> Vec<(u64, Vec<String>, Vec<usize>)> {
    let directory = Directory::new(name);
    let path = directory.0.join("trace.pcapng");
    let mut pcapng =
        Pcapng::rotating("test".into(), RotatingFiles::start(&path, rotation).unwrap(), 1 << 20, Overflow::Wait)
            .unwrap();
    for number in 0..2 {
        pcapng.source(number, &Source { address: [10, 0, 0, number as u8].into(), vni: 7 });
    }
    for (place, &length) in lengths.iter().enumerate() {
        pcapng.frame(&frame(place as u32 % 2, &vec![place as u8; length]));
    }
    pcapng.finish().unwrap();
    let names = directory.names();
    assert!(names.is_sorted() && names.iter().all(|name| name.starts_with("trace_") && name.ends_with(".pcapng")));
    names.iter().map(|name| read(&directory.0.join(name))).collect()
}

fn read(path: &Path) -> (u64, Vec<String>, Vec<usize>) {
    let mut file = CaptureFile::open(path).unwrap();
    let mut frames = Vec::new();
    while let Some(frame) = file.next().unwrap() {
        frames.push(frame.bytes.len());
    }
    let names = file.interfaces().iter().map(|interface| interface.name.as_deref().unwrap().to_owned()).collect();
    (fs::metadata(path).unwrap().len(), names, frames)
}

#[test]
fn every_file_is_whole_and_no_longer_than_it_may_be() {
    let rotation = Rotation { bytes: Some(2000), ..Rotation::default() };
    let lengths: Vec<usize> = (0..50).map(|number| 100 + number * 7).collect();
    let files = written("size", rotation, &lengths);
    assert!(files.len() > 5, "{}", files.len());
    for (place, (length, names, frames)) in files.iter().enumerate() {
        assert!(*length <= 2000 && !frames.is_empty(), "{place}: {length}");
        let both = ["10.0.0.0 vni 7", "10.0.0.1 vni 7"];
        assert_eq!(names[..], both[..names.len()], "{place}");
        assert!(place == 0 || names.len() == 2);
    }
    let all: Vec<usize> = files.into_iter().flat_map(|(.., frames)| frames).collect();
    assert_eq!(all, lengths);
}

#[test]
fn a_file_has_the_sources_that_are_not_long_past() {
    let directory = Directory::new("past");
    let rotation = Rotation { bytes: Some(20_000), ..Rotation::default() };
    let files = RotatingFiles::start(&directory.0.join("trace.pcapng"), rotation).unwrap();
    let mut pcapng = Pcapng::rotating("test".into(), files, 1 << 20, Overflow::Wait).unwrap();
    let mut expected = Vec::new();
    // Eight sources at a time, each of which sends for as long as four files are written.
    for turn in 0..800_u32 {
        let number = turn % 8;
        let source = Source { address: Ipv4Addr::from(turn / 64 * 8 + number).into(), vni: 7 };
        pcapng.source(number as u16, &source);
        pcapng.frame(&frame(number, &[0; 1000]));
        pcapng.flush();
        expected.push(source.to_string());
    }
    pcapng.finish().unwrap();
    let mut frames = Vec::new();
    for name in directory.names() {
        let path = directory.0.join(name);
        let bytes = fs::read(&path).unwrap();
        assert_eq!(memchr::memmem::find_iter(&bytes, &SECTION_HEADER).count(), 1, "a file is one section");
        assert!(bytes.len() <= 20_000);
        let mut file = CaptureFile::open(&path).unwrap();
        let mut places = Vec::new();
        while let Some(frame) = file.next().unwrap() {
            places.push(frame.interface as usize);
        }
        assert!(file.interfaces().len() <= 3 * 8 + 8 + FEW, "{}", file.interfaces().len());
        frames.extend(places.iter().map(|place| file.interfaces()[*place].name.as_deref().unwrap().to_owned()));
    }
    assert_eq!(frames, expected);
}

#[test]
fn the_oldest_files_of_this_run_go_and_others_stay() {
    let directory = Directory::new("kept");
    let stranger = directory.0.join("trace_00000_20200101000000.pcapng");
    fs::write(&stranger, b"").unwrap();
    let rotation = Rotation { bytes: Some(1000), files: NonZeroUsize::new(3), ..Rotation::default() };
    let path = directory.0.join("trace.pcapng");
    let mut pcapng =
        Pcapng::rotating("test".into(), RotatingFiles::start(&path, rotation).unwrap(), 1 << 20, Overflow::Wait)
            .unwrap();
    (0..40).for_each(|_| pcapng.frame(&frame(0, &[0; 300])));
    pcapng.finish().unwrap();
    let names = directory.names();
    assert_eq!(names.len(), 4, "{names:?}");
    assert!(stranger.exists());
    // Two packets a file.
    assert!(names[3].starts_with("trace_00020_"), "{names:?}");
}

#[test]
fn what_is_written_has_its_name_only_when_it_is_whole() {
    let directory = Directory::new("names");
    let rotation = Rotation { interval: Some(Duration::from_millis(20)), ..Rotation::default() };
    let mut files = RotatingFiles::start(&directory.0.join("trace"), rotation).unwrap();
    let names = directory.names();
    assert!(names.len() == 1 && names[0].starts_with(".trace_00001_") && names[0].ends_with(".part"), "{names:?}");
    files.write(&[], 0).result.unwrap();
    std::thread::sleep(Duration::from_millis(30));
    files.write(&[], 0).result.unwrap();
    assert_eq!(directory.names().len(), 1, "nothing is in it");
    let packet = [&ENHANCED_PACKET[..], &12_u32.to_le_bytes(), &12_u32.to_le_bytes()].concat();
    files.write(&packet, 1).result.unwrap();
    files.write(&[], 0).result.unwrap();
    assert_eq!(directory.names().len(), 1, "it is as old as its first packet");
    std::thread::sleep(Duration::from_millis(30));
    files.write(&[], 0).result.unwrap();
    let names = directory.names();
    assert!(names[0].starts_with(".trace_00002_") && names[1].starts_with("trace_00001_"), "{names:?}");
    // Somebody takes the name that the next one was to have.
    let taken = names[0].trim_start_matches('.').trim_end_matches(".part").to_owned();
    fs::write(directory.0.join(&taken), b"theirs").unwrap();
    files.close().unwrap();
    assert_eq!(fs::read(directory.0.join(&taken)).unwrap(), b"theirs");
    assert!(directory.names()[2].starts_with("trace_00003_"));
}

#[test]
fn what_cannot_be_written_is_told_and_the_next_file_is_whole() {
    let directory = Directory::new("gone");
    let block = |kind: [u8; 4]| [&kind[..], &12_u32.to_le_bytes(), &12_u32.to_le_bytes()].concat();
    let [head, interface, packet] = [SECTION_HEADER, 1_u32.to_le_bytes(), ENHANCED_PACKET].map(block);
    let rotation = Rotation { bytes: Some(24), ..Rotation::default() };
    let mut files = RotatingFiles::start(&directory.0.join("trace"), rotation).unwrap();
    assert!(matches!(files.describe(&head), (12, Ok(()))));
    fs::remove_dir_all(&directory.0).unwrap();
    let two = [&packet[..], &packet].concat();
    // The first of them is in a file that is no longer anywhere.
    assert!(matches!(files.write(&two, 2), Written { lines: 1, result: Err(_) }));
    for _ in 0..3 {
        assert!(matches!(files.write(&packet, 1), Written { lines: 0, result: Err(_) }));
    }
    // While there is no file, interfaces are remembered for the next one.
    assert!(matches!(files.describe(&interface), (12, Ok(()))));
    fs::create_dir_all(&directory.0).unwrap();
    assert!(matches!(files.write(&packet, 1), Written { lines: 1, result: Ok(()) }));
    files.close().unwrap();
    let names = directory.names();
    assert!(names.len() == 1 && names[0].starts_with("trace_00002_"), "{names:?}");
    assert_eq!(fs::read(directory.0.join(&names[0])).unwrap(), [&head[..], &interface, &packet].concat());
}

#[test]
fn a_start_that_comes_to_nothing_leaves_nothing_behind() {
    let directory = Directory::new("nothing");
    let path = directory.0.join("trace.pcapng");
    let files = RotatingFiles::start(&path, Rotation::default()).unwrap();
    assert_eq!(directory.names().len(), 1);
    drop(files);
    assert_eq!(directory.names().len(), 0);
    // With its head, and a thread that writes it.
    let files = RotatingFiles::start(&path, Rotation::default()).unwrap();
    drop(Pcapng::rotating("test".into(), files, 1 << 20, Overflow::Wait).unwrap());
    let end = Instant::now() + Duration::from_secs(10);
    while !directory.names().is_empty() {
        assert!(Instant::now() < end, "{:?}", directory.names());
        std::thread::sleep(Duration::from_millis(5));
    }

    // What has a packet stays.
    let packet = [&ENHANCED_PACKET[..], &12_u32.to_le_bytes(), &12_u32.to_le_bytes()].concat();
    let mut files = RotatingFiles::start(&path, Rotation::default()).unwrap();
    files.write(&packet, 1).result.unwrap();
    drop(files);
    assert_eq!(directory.names().len(), 1);
}

#[test]
fn a_directory_that_is_missing_is_an_error_at_once() {
    let path = Path::new("/nowhere/at/all/trace.pcapng");
    assert!(RotatingFiles::start(path, Rotation::default()).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn nothing_is_lost_between_files(lengths in prop::collection::vec(0_usize..3000, 0..60), bytes in 0_u64..8000) {
        let rotation = Rotation { bytes: Some(bytes), ..Rotation::default() };
        let files = written("any", rotation, &lengths);
        let all: Vec<usize> = files.into_iter().flat_map(|(.., frames)| frames).collect();
        prop_assert_eq!(all, lengths);
    }

    #[test]
    fn any_bytes_come_to_an_end(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let directory = Directory::new("bytes");
        let rotation = Rotation { bytes: Some(1), ..Rotation::default() };
        let mut files = RotatingFiles::start(&directory.0.join("x"), rotation).unwrap();
        files.write(&bytes, 1).result.unwrap();
    }
}
