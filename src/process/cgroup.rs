//! The memory that this process may use, as its control groups say.
//!
//! Every group from ours up to the root of what is mounted counts, and the smallest limit holds. In a container that
//! root is usually the container's own group; a limit above it can be read only in version 1, whose
//! `hierarchical_memory_limit` counts the groups that we cannot see.
//!
//! Version 1, version 2 and both at once (systemd's hybrid) are read from `/proc/self/mountinfo` and
//! `/proc/self/cgroup` (cgroups(7), `Documentation/admin-guide/cgroup-v2.rst`). What cannot be read is no limit.

use std::fs;
use std::path::{Component, Path, PathBuf};

use super::mounts::{Mount, mounts};

/// Version 1 writes the largest multiple of a page where there is no limit; pages are at most 64 KiB.
const UNLIMITED: u64 = 0x7fff_ffff_ffff_0000;

/// A limit of memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemoryLimit {
    /// How many bytes.
    pub bytes: u64,
    /// Where the control groups say so.
    pub file: PathBuf,
}

/// The version of control groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    V1,
    V2,
}

/// One of our groups, and those above it that can be seen.
struct Group {
    /// Where its hierarchy is mounted.
    top: PathBuf,
    /// Its own directory: `top` or below.
    own: PathBuf,
}

/// The smallest limit that holds for this process, if there is one. `root` is `/`, or in tests a directory that has a
/// `proc` and a `sys`.
pub fn memory_limit(root: &Path) -> Option<MemoryLimit> {
    let groups = fs::read_to_string(root.join("proc/self/cgroup")).unwrap_or_default();
    let mounted = fs::read_to_string(root.join("proc/self/mountinfo")).unwrap_or_default();
    let mounts: Vec<Mount> = mounts(&mounted).collect();
    let limits = |controller, version| {
        let group = Group::find(root, &groups, &mounts, controller)?;
        group.memory_limits(version).min_by_key(|limit| limit.bytes)
    };
    [limits(None, Version::V2), limits(Some("memory"), Version::V1)]
        .into_iter()
        .flatten()
        .min_by_key(|limit| limit.bytes)
}

impl Group {
    /// Our group in the hierarchy of a version 1 controller, or in version 2 if none is named.
    fn find(root: &Path, groups: &str, mounts: &[Mount], controller: Option<&str>) -> Option<Group> {
        let has = |list: &str, name: &str| list.split(',').any(|entry| entry == name);
        // Each line is `number:controllers:path`; a path may hold colons.
        let path = groups.lines().find_map(|line| {
            let mut fields = line.splitn(3, ':');
            let (number, controllers, path) = (fields.next()?, fields.next()?, fields.next()?);
            let ours = match controller {
                Some(controller) => has(controllers, controller),
                None => number == "0" && controllers.is_empty(),
            };
            ours.then_some(Path::new(path))
        })?;
        let is_hierarchy = |mount: &&Mount| match controller {
            Some(controller) => mount.kind == "cgroup" && has(mount.options, controller),
            None => mount.kind == "cgroup2",
        };
        // Of several mounts the one that shows our group is the one to ask; a container may show a part of the tree.
        let shows = |mount: &&Mount| below(&mount.root, path).is_some();
        let mut hierarchies = mounts.iter().filter(is_hierarchy);
        let mount = hierarchies.clone().find(shows).or_else(|| hierarchies.next())?;

        let top = root.join(mount.point.strip_prefix("/").unwrap_or(&mount.point));
        // Where our group is not below what is mounted, what is mounted is the nearest thing to it.
        let own = top.join(below(&mount.root, path).unwrap_or(Path::new("")));
        Some(Group { top, own })
    }

    /// The directories of our group and those above it, up to the top of what is mounted.
    fn upwards(&self) -> impl Iterator<Item = &Path> {
        self.own.ancestors().take_while(|directory| directory.starts_with(&self.top))
    }

    fn memory_limits(&self, version: Version) -> impl Iterator<Item = MemoryLimit> {
        let names: &[&str] = match version {
            Version::V1 => &["memory.limit_in_bytes", "memory.stat"],
            Version::V2 => &["memory.max", "memory.high"],
        };
        let files = self.upwards().flat_map(|directory| names.iter().map(|name| directory.join(name)));
        files.filter_map(move |file| {
            let bytes = if file.ends_with("memory.stat") { hierarchical(&file) } else { number(&file) };
            let bytes = bytes.filter(|bytes| *bytes < UNLIMITED)?;
            Some(MemoryLimit { bytes, file })
        })
    }
}

/// The rest of `path` below `root`; nothing if it is not below, or leads out again (`/..`, a group outside of our
/// namespace).
fn below<'a>(root: &Path, path: &'a Path) -> Option<&'a Path> {
    let rest = path.strip_prefix(root).ok()?;
    rest.components().all(|part| matches!(part, Component::Normal(_))).then_some(rest)
}

/// A file with a number; nothing where it says `max` or is not there.
fn number(file: &Path) -> Option<u64> {
    fs::read_to_string(file).ok()?.trim().parse().ok()
}

/// The smallest limit of a version 1 group and all above it, seen or not.
fn hierarchical(file: &Path) -> Option<u64> {
    let statistics = fs::read_to_string(file).ok()?;
    statistics.lines().find_map(|line| line.strip_prefix("hierarchical_memory_limit "))?.trim().parse().ok()
}

#[cfg(test)]
mod tests;
