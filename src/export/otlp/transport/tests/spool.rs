use super::*;

const S: Duration = Duration::from_secs(1);

fn directory(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("sidetap-segments-{}-{name}", std::process::id()));
    let _ = fs::remove_dir_all(&path);
    path
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + seconds)
}

fn open(path: &Path, max_bytes: u64) -> Spool {
    let options = SpoolOptions { directory: path.to_owned(), max_bytes, max_age: 3600 * S };
    Spool::open(&options, at(0)).unwrap()
}

fn append(spool: &mut Spool, items: u32, len: usize, now: u64) {
    spool.append((Signal::Logs, items, 7), &vec![items as u8; len], at(now)).unwrap();
}

fn next(spool: &mut Spool, now: u64) -> Option<u32> {
    let record = spool.first(1 << 20, at(now))?;
    assert_eq!((record.signal, record.expanded), (Signal::Logs, 7));
    assert!(record.body.iter().all(|&byte| byte == record.items as u8));
    assert!(spool.remove(&record));
    assert!(!spool.remove(&record));
    Some(record.items)
}

fn segments(path: &Path) -> Vec<PathBuf> {
    let mut found: Vec<_> = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| path.extension().is_some());
    found.sort();
    found
}

#[test]
fn records_come_out_in_order_and_over_runs() {
    let path = directory("order");
    let mut spool = open(&path, 1 << 20);
    for items in 1..=100 {
        append(&mut spool, items, 10_000, 0);
    }
    assert_eq!(spool.items().logs, 5050 - spool.take_lost().full.logs);
    drop(spool);
    let mut spool = open(&path, 1 << 20);
    for items in 101..=103 {
        append(&mut spool, items, 10, 0);
    }
    let all: Vec<_> = std::iter::from_fn(|| next(&mut spool, 0)).collect();
    assert_eq!(all, (1..=103).collect::<Vec<_>>());
    assert_eq!((spool.items(), spool.bytes(), segments(&path).len()), (ItemCounts::default(), 0, 0));
    fs::remove_dir_all(path).unwrap();
}

#[cfg(unix)]
#[test]
fn nobody_else_may_read_what_waits() {
    use std::os::unix::fs::PermissionsExt as _;
    let path = directory("private");
    let mut spool = open(&path, 1 << 20);
    append(&mut spool, 1, 10, 0);
    let modes = segments(&path).into_iter().map(|path| fs::metadata(path).unwrap().permissions().mode() & 0o777);
    assert_eq!(modes.collect::<Vec<_>>(), [0o600]);
    drop(spool);
    fs::remove_dir_all(path).unwrap();
}

#[test]
fn the_oldest_segment_makes_room_and_is_counted() {
    let path = directory("full");
    let mut spool = open(&path, 100_000);
    for _ in 0..100 {
        append(&mut spool, 2, 5000, 0);
        assert!(spool.bytes() <= 100_000);
    }
    let lost = spool.take_lost();
    assert_eq!((lost.full.logs + spool.items().logs, lost.expired.logs), (200, 0));
    assert!(spool.items().logs >= 2 * 15, "{:?}", spool.items());
    assert!(spool.append((Signal::Logs, 1, 1), &[0; 100_000], at(0)).is_err());
    fs::remove_dir_all(path).unwrap();
}

#[test]
fn what_is_too_old_is_counted_as_expired() {
    let path = directory("old");
    let mut spool = open(&path, 1 << 20);
    append(&mut spool, 1, 10, 0);
    append(&mut spool, 2, 10, 700);
    append(&mut spool, 3, 10, 3000);
    assert_eq!(next(&mut spool, 3601), Some(2));
    assert_eq!(spool.take_lost().expired.logs, 1);
    // A clock that jumps back makes nothing old.
    assert_eq!(next(&mut spool, 0), Some(3));
    fs::remove_dir_all(path).unwrap();
}

#[test]
fn a_torn_end_is_cut_off_wherever_it_is() {
    let path = directory("torn");
    for cut in 1..=127 {
        let mut spool = open(&path, 1 << 20);
        append(&mut spool, 1, 100, 0);
        append(&mut spool, 2, 110, 0);
        drop(spool);
        let [segment] = &segments(&path)[..] else { panic!() };
        let len = fs::metadata(segment).unwrap().len();
        assert_eq!(len, 117 + 127);
        File::options().write(true).open(segment).unwrap().set_len(len - cut).unwrap();
        let mut spool = open(&path, 1 << 20);
        assert_eq!(spool.items().logs, 1);
        let counted = if cut <= 110 { 2 } else { 0 };
        assert_eq!(spool.take_lost().full.logs, counted, "its head tells how many items were in it");
        assert_eq!(fs::metadata(segment).unwrap().len(), 117);
        append(&mut spool, 3, 10, 0);
        assert_eq!((next(&mut spool, 0), next(&mut spool, 0), next(&mut spool, 0)), (Some(1), Some(3), None));
    }
    fs::remove_dir_all(path).unwrap();
}

#[test]
fn a_record_that_was_changed_is_not_sent() {
    let path = directory("changed");
    for byte in 0..127 {
        let mut spool = open(&path, 1 << 20);
        append(&mut spool, 1, 100, 0);
        append(&mut spool, 2, 110, 0);
        let [segment] = &segments(&path)[..] else { panic!() };
        let mut bytes = fs::read(segment).unwrap();
        bytes[117 + byte] ^= 1;
        fs::write(segment, &bytes).unwrap();
        // While it runs, the rest of the segment is lost and counted.
        assert_eq!((next(&mut spool, 0), next(&mut spool, 0)), (Some(1), None), "{byte}");
        assert_eq!(spool.take_lost().full.logs, 2);
        assert_eq!(spool.items().logs, 0);
        drop(spool);
        // At start, it is cut off.
        fs::write(path.join("0000000100-1700000000-0000000.spool"), &bytes).unwrap();
        let mut spool = open(&path, 1 << 20);
        assert_eq!((spool.items().logs, next(&mut spool, 0), next(&mut spool, 0)), (1, Some(1), None));
    }
    fs::remove_dir_all(path).unwrap();
}

#[test]
fn what_is_cut_off_behind_a_record_that_was_changed_is_counted() {
    let path = directory("behind");
    let mut spool = open(&path, 1 << 20);
    (1..=5).for_each(|items| append(&mut spool, items, 100, 0));
    drop(spool);
    let [segment] = &segments(&path)[..] else { panic!() };
    let mut bytes = fs::read(segment).unwrap();
    bytes[2 * 117 + 50] ^= 1;
    fs::write(segment, &bytes).unwrap();
    let mut spool = open(&path, 1 << 20);
    assert_eq!((spool.items().logs, spool.take_lost().full.logs), (1 + 2, 3 + 4 + 5));
    assert_eq!((next(&mut spool, 0), next(&mut spool, 0), next(&mut spool, 0)), (Some(1), Some(2), None));
    fs::remove_dir_all(path).unwrap();
}

#[test]
fn a_segment_that_cannot_be_opened_costs_no_other() {
    let path = directory("obstacle");
    let mut spool = open(&path, 1 << 20);
    append(&mut spool, 1, 10, 0);
    drop(spool);
    let obstacle = path.join("0000000007-1700000000-0000000.spool");
    fs::create_dir_all(&obstacle).unwrap();
    let mut spool = open(&path, 1 << 20);
    append(&mut spool, 2, 10, 0);
    assert_eq!((next(&mut spool, 0), next(&mut spool, 0), next(&mut spool, 0)), (Some(1), Some(2), None));
    assert!(obstacle.exists());
    fs::remove_dir_all(path).unwrap();
}

#[test]
fn what_was_sent_before_a_clean_end_is_not_sent_again() {
    let path = directory("clean");
    let mut spool = open(&path, 1 << 20);
    (1..=3).for_each(|items| append(&mut spool, items, 10, 0));
    assert_eq!(next(&mut spool, 0), Some(1));
    spool.close().unwrap();
    drop(spool);
    let mut spool = open(&path, 1 << 20);
    assert_eq!((spool.items().logs, next(&mut spool, 0)), (5, Some(2)));
    // After a crash it is.
    drop(spool);
    assert_eq!(next(&mut open(&path, 1 << 20), 0), Some(2));
    fs::remove_dir_all(path).unwrap();
}

#[test]
fn a_record_that_there_is_no_memory_for_is_lost() {
    let path = directory("large");
    let mut spool = open(&path, 1 << 20);
    append(&mut spool, 1, 1000, 0);
    append(&mut spool, 2, 10, 0);
    assert_eq!(spool.first(100, at(0)).unwrap().items, 2);
    assert_eq!((spool.take_lost().full.logs, spool.items().logs), (1, 2));
    fs::remove_dir_all(path).unwrap();
}

#[test]
fn files_of_others_are_left_alone() {
    let path = directory("others");
    fs::create_dir_all(&path).unwrap();
    for name in ["notes.txt", "1-2.spool", "a-b-c.spool", "1-2-3-4.spool"] {
        fs::write(path.join(name), "x").unwrap();
    }
    let mut spool = open(&path, 1 << 20);
    append(&mut spool, 1, 10, 0);
    assert_eq!((next(&mut spool, 0), next(&mut spool, 0)), (Some(1), None));
    assert_eq!(fs::read_dir(&path).unwrap().count(), 5);
    fs::remove_dir_all(path).unwrap();
}

/// `/dev/full` takes nothing.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_changes_nothing() {
    let path = directory("disk");
    let mut spool = open(&path, 1 << 20);
    append(&mut spool, 1, 10, 0);
    let writer = spool.writer.replace(File::options().write(true).open("/dev/full").unwrap());
    let error = spool.append((Signal::Logs, 9, 7), &[9; 10], at(0)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StorageFull);
    assert_eq!(spool.items().logs, 1);
    // It cannot be cut, either, so that another segment is begun.
    assert!(spool.writer.is_none());
    drop(writer);
    append(&mut spool, 2, 10, 0);
    assert_eq!((next(&mut spool, 0), next(&mut spool, 0), next(&mut spool, 0)), (Some(1), Some(2), None));
    fs::remove_dir_all(path).unwrap();
}

#[test]
fn what_comes_first_is_known_without_the_disk() {
    let path = directory("first");
    let mut spool = open(&path, 1 << 20);
    assert_eq!(spool.first_signal(), None);
    for signal in [Signal::Metrics, Signal::Logs, Signal::Traces] {
        spool.append((signal, 1, 7), b"body", at(0)).unwrap();
    }
    drop(spool);
    let mut spool = open(&path, 1 << 20);
    for expected in [Signal::Metrics, Signal::Logs, Signal::Traces] {
        let found = segments(&path);
        let away = path.join("away");
        fs::rename(&found[0], &away).unwrap();
        assert_eq!(spool.first_signal(), Some(expected));
        fs::rename(&away, &found[0]).unwrap();
        let record = spool.first(1 << 20, at(0)).unwrap();
        assert_eq!(record.signal, expected);
        assert!(spool.remove(&record));
    }
    assert_eq!(spool.first_signal(), None);
    fs::remove_dir_all(path).unwrap();
}
