//! Clears away what is left of processes that were killed while they ran a task: nobody else does.
//!
//! Each name tells the process that made what it names. What belongs to one that is there is never touched, nor what is
//! named otherwise.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::{Pid, geteuid};
use tempfile::TempDir;

use crate::bundle::Bundle;
use crate::cgroup::{TaskGroup, Version};
use crate::network::Network;

/// What a directory's name has behind the task's, and before what makes it another than all that are there.
const MARK: &str = ".task-";
/// Where a task's directory has the bundles of its containers.
pub(crate) const BUNDLES: &str = "bundles";

/// A directory that goes when it is dropped, or, where this process is killed before that, when another starts a task.
///
/// # Errors
/// If none can be made.
pub fn directory() -> Result<TempDir> {
    directory_of(&format!("sidetap-{}-0", std::process::id()))
}

/// The directory of a task.
pub(crate) fn directory_of(task: &str) -> Result<TempDir> {
    let prefix = format!("{task}{MARK}");
    tempfile::Builder::new().prefix(&prefix).tempdir().context("no directory for the task")
}

/// Clears away what is left. What cannot go yet, as a group of a process that is still ending, goes the next time.
pub(crate) fn sweep(version: Version) {
    // First, because that ends what runs in them.
    for name in Network::names().into_iter().filter(|name| is_left(name, "sidetap-task-")) {
        drop(Network::left(name));
    }
    for name in names(&std::env::temp_dir()) {
        if name.split_once(MARK).is_some_and(|(task, _)| is_left(task, "sidetap-")) {
            remove(&std::env::temp_dir().join(name));
        }
    }
    for name in TaskGroup::names(version).into_iter().filter(|name| is_left(name, "sidetap-")) {
        drop(TaskGroup::left(name, version));
    }
}

/// Whether a name is the prefix, the number of a process that is no more, and a number of its own.
fn is_left(name: &str, prefix: &str) -> bool {
    let Some((pid, number)) = name.strip_prefix(prefix).and_then(|rest| rest.split_once('-')) else { return false };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let gone = |pid: i32| pid > 0 && kill(Pid::from_raw(pid), None) == Err(Errno::ESRCH);
    is_number(pid) && is_number(number) && pid.parse().is_ok_and(gone)
}

/// Removes a directory of ours, and the mounts below it before.
fn remove(directory: &Path) {
    let is_ours = |found: fs::Metadata| found.is_dir() && found.uid() == geteuid().as_raw();
    if !fs::symlink_metadata(directory).is_ok_and(is_ours) {
        return;
    }
    let bundles = directory.join(BUNDLES);
    for name in names(&bundles) {
        drop(Bundle::left(&bundles.join(name)));
    }
    // What is mounted is not ours to remove.
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    if !mounts.is_empty() && !mounts.lines().any(|line| is_mounted_below(line, directory)) {
        let _ = fs::remove_dir_all(directory);
    }
}

/// Whether a line of the kernel's table tells of a mount below a directory.
fn is_mounted_below(line: &str, directory: &Path) -> bool {
    line.split(' ').nth(1).is_some_and(|point| Path::new(point).starts_with(directory))
}

/// The names in a directory, as far as they are text.
pub(crate) fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The number of a process that has just ended.
    fn ended() -> u32 {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        child.wait().unwrap();
        child.id()
    }

    #[test]
    fn only_names_of_ours_and_of_processes_that_are_no_more_are_left() {
        let (own, ended) = (std::process::id(), ended());
        assert!(is_left(&format!("sidetap-{ended}-12"), "sidetap-"));
        assert!(is_left(&format!("sidetap-task-{ended}-0"), "sidetap-task-"));
        for other in [
            format!("sidetap-{own}-12"),
            format!("sidetap-{ended}"),
            format!("sidetap-{ended}-"),
            format!("sidetap-{ended}-backup"),
            format!("sidetap-{ended}-1-2"),
            format!("sidetap--{ended}-1"),
            format!("sidetap-+{ended}-1"),
            format!("other-{ended}-1"),
            "sidetap-0-1".to_owned(),
            "sidetap-99999999999-1".to_owned(),
        ] {
            assert!(!is_left(&other, "sidetap-"), "{other}");
        }
    }

    #[test]
    fn mounts_below_a_directory_are_told_from_those_beside_it() {
        let of = |line: &str| is_mounted_below(line, Path::new("/tmp/sidetap-1-0.task-a"));
        assert!(of("overlay /tmp/sidetap-1-0.task-a/bundles/app/root overlay rw 0 0"));
        assert!(!of("overlay /tmp/sidetap-1-0.task-ab overlay rw,lowerdir=/tmp/sidetap-1-0.task-a 0 0"));
        assert!(!of(""));
    }
}
