//! Control groups in fake trees, and the real ones of the machine where it lets us.

use std::fs;
use std::path::{Path, PathBuf};

use super::*;
use crate::packet::namespace::skip;

const V2: &str = "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n";
const V1_MEMORY: &str = "33 23 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";
const V1_CPU: &str = "34 23 0:30 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n";

/// A directory that stands for `/`; gone when dropped.
struct Tree(PathBuf);

impl Tree {
    fn new(name: &str, mountinfo: &str, groups: &str) -> Tree {
        let root = std::env::temp_dir().join(format!("sidetap-cgroup-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        Tree(root).file("proc/self/mountinfo", mountinfo).file("proc/self/cgroup", groups)
    }

    fn file(self, path: &str, text: &str) -> Tree {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    fn expect(&self, bytes: u64, file: &str) {
        assert_eq!(memory_limit(&self.0), Some(MemoryLimit { bytes, file: self.0.join(file) }));
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn version_2_in_a_container() {
    let tree = Tree::new("v2", V2, "0::/\n")
        .file("sys/fs/cgroup/memory.max", "26214400\n")
        .file("sys/fs/cgroup/memory.high", "max\n");
    tree.expect(26_214_400, "sys/fs/cgroup/memory.max");
}

#[test]
fn version_2_takes_the_smallest_limit_of_the_groups_above() {
    let tree = Tree::new("v2-nested", V2, "0::/ecs/task/sensor\n")
        .file("sys/fs/cgroup/ecs/task/sensor/memory.max", "max\n")
        .file("sys/fs/cgroup/ecs/task/memory.max", "1000000\n")
        .file("sys/fs/cgroup/ecs/task/memory.high", "900000\n")
        .file("sys/fs/cgroup/ecs/memory.max", "5000000\n");
    tree.expect(900_000, "sys/fs/cgroup/ecs/task/memory.high");
}

#[test]
fn version_1_in_a_container_that_shows_only_its_own_group() {
    let memory = V1_MEMORY.replace(" / /sys", " /ecs/task/c\\040d /sys");
    let cpu = V1_CPU.replace(" / /sys", " /ecs/task/c\\040d /sys");
    let tree = Tree::new("v1", &(memory + &cpu), "9:memory:/ecs/task/c d\n4:cpu,cpuacct:/ecs/task/c d\n")
        .file("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n")
        .file("sys/fs/cgroup/memory/memory.stat", "cache 0\nhierarchical_memory_limit 536870912\n");
    tree.expect(536_870_912, "sys/fs/cgroup/memory/memory.stat");
}

#[test]
fn version_1_outside_of_a_container() {
    let groups = "9:memory:/user/a\n4:cpu,cpuacct:/user\n";
    let tree = Tree::new("v1-host", &[V1_MEMORY, V1_CPU].concat(), groups)
        .file("sys/fs/cgroup/memory/user/a/memory.limit_in_bytes", "9223372036854710272\n")
        .file("sys/fs/cgroup/memory/user/memory.limit_in_bytes", "800\n")
        .file("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    tree.expect(800, "sys/fs/cgroup/memory/user/memory.limit_in_bytes");
}

#[test]
fn both_versions_at_once() {
    let unified = V2.replace("/sys/fs/cgroup", "/sys/fs/cgroup/unified");
    let tree = Tree::new("hybrid", &[V1_MEMORY, &unified].concat(), "9:memory:/a\n1:name=systemd:/a\n0::/a\n")
        .file("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "700\n")
        .file("sys/fs/cgroup/unified/a/cgroup.controllers", "\n");
    tree.expect(700, "sys/fs/cgroup/memory/a/memory.limit_in_bytes");
}

#[test]
fn a_group_outside_of_the_namespace_is_taken_for_the_nearest_that_is_seen() {
    let tree = Tree::new("outside", V2, "0::/../../other\n")
        .file("sys/fs/cgroup/memory.max", "600\n")
        .file("other/memory.max", "1\n");
    tree.expect(600, "sys/fs/cgroup/memory.max");
}

#[test]
fn of_two_mounts_the_one_that_shows_our_group_is_asked() {
    let elsewhere = "29 23 0:26 /elsewhere /mnt rw - cgroup2 cgroup2 rw\n";
    let tree = Tree::new("two", &[elsewhere, V2].concat(), "0::/ours\n")
        .file("mnt/memory.max", "1\n")
        .file("sys/fs/cgroup/ours/memory.max", "500\n");
    tree.expect(500, "sys/fs/cgroup/ours/memory.max");
}

#[test]
fn no_groups_and_nonsense_are_no_limits() {
    assert_eq!(memory_limit(Path::new("/nonexistent")), None);
    let tree = Tree::new("nonsense", &["\n - \n1 2 3 - cgroup2\n", V2].concat(), "0::\n::\n0::/a:b\n0\n")
        .file("sys/fs/cgroup/memory.max", "-5\n")
        .file("sys/fs/cgroup/a:b/memory.max", "99999999999999999999999\n");
    assert_eq!(memory_limit(&tree.0), None);
}

/// The tests move a process into a real group; it reports from there what it finds.
#[test]
fn a_real_limit_is_found() {
    const CHILD: &str = "SIDETAP_TEST_CGROUP_CHILD";
    let bytes = 96 << 20;
    if std::env::var_os(CHILD).is_some() {
        let limit = memory_limit(Path::new("/"));
        assert_eq!(limit.as_ref().map(|limit| limit.bytes), Some(bytes), "{limit:?}");
        return;
    }
    let v1 = Path::new("/sys/fs/cgroup/memory");
    let (top, file) = if v1.join("memory.limit_in_bytes").exists() {
        (v1, "memory.limit_in_bytes")
    } else {
        (Path::new("/sys/fs/cgroup"), "memory.max")
    };
    let group = top.join(format!("sidetap-test-{}", std::process::id()));
    let made = fs::create_dir(&group).and_then(|()| fs::write(group.join(file), bytes.to_string()));
    if let Err(error) = made {
        let _ = fs::remove_dir(&group);
        return skip(&format!("cannot make the control group {}: {error}", group.display()));
    }
    // The shell moves itself, then becomes the test.
    let script = format!("echo $$ > {}/cgroup.procs && exec \"$0\" \"$@\"", group.display());
    let output = std::process::Command::new("sh")
        .args(["-c", &script])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "process::cgroup::tests::a_real_limit_is_found", "--nocapture"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    // A group can be removed a moment after its last process has gone.
    for _ in 0..50 {
        if fs::remove_dir(&group).is_ok() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("1 passed"), "{said}{}", String::from_utf8_lossy(&output.stderr));
}
