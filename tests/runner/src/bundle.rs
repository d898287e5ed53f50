//! A container as `runc` wants it described: a directory with a `config.json` and a file system.
//!
//! Mounts, masked paths and capabilities are those that Docker gives a container, which are Fargate's.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use nix::sys::resource::{Resource, getrlimit};
use serde_json::{Value, json};

use crate::cgroup::Version;
use crate::container::Container;
use crate::image::{Image, run};
use crate::process::apart;

/// What a container on Fargate may do as root; nothing can be added but `SYS_PTRACE`.
const CAPABILITIES: [&str; 14] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "NET_RAW",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];
const MASKED: [&str; 10] = [
    "/proc/acpi",
    "/proc/asound",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/sys/firmware",
];
const READ_ONLY: [&str; 5] = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];
/// The name of a container's file system in its bundle.
const ROOT: &str = "root";
/// Fargate's usual limit of open files.
const OPEN_FILES: u64 = 65_535;

/// Where a container runs, beside what its definition and its image say.
pub(crate) struct Place<'a> {
    /// The network namespace's path.
    pub network: &'a Path,
    pub cgroup: &'a str,
    pub version: Version,
    pub hostname: &'a str,
    /// Variables that ECS sets, as `NAME=VALUE`.
    pub environment: &'a [String],
    /// A directory with `hosts` and `resolv.conf`.
    pub etc: &'a Path,
}

/// A bundle; its file system is taken down when dropped.
#[derive(Debug)]
pub(crate) struct Bundle {
    pub path: PathBuf,
    mounted: Option<PathBuf>,
}

impl Bundle {
    /// Makes a bundle in a new directory.
    pub fn make(path: &Path, container: &Container, image: &Image, place: &Place<'_>) -> Result<Self> {
        fs::create_dir_all(path)?;
        let mut bundle = Bundle { path: path.to_owned(), mounted: None };
        let root = bundle.mount(&image.root)?;
        let config = config(container, image, place, &root)?;
        fs::write(path.join("config.json"), serde_json::to_string_pretty(&config)?)?;
        Ok(bundle)
    }

    /// What is left of one whose process is no more, to be dropped.
    pub fn left(path: &Path) -> Self {
        Bundle { path: path.to_owned(), mounted: Some(path.join(ROOT)) }
    }

    /// The image's file system with one above it that takes what is written, mount points of `runc` included.
    fn mount(&mut self, lower: &Path) -> Result<PathBuf> {
        let [upper, work, merged] = ["upper", "work", ROOT].map(|name| self.path.join(name));
        for directory in [&upper, &work, &merged] {
            fs::create_dir_all(directory)?;
        }
        let options = format!("lowerdir={},upperdir={},workdir={}", lower.display(), upper.display(), work.display());
        run(apart("mount").args(["-t", "overlay", "overlay", "-o", &options]).arg(&merged))?;
        self.mounted = Some(merged.clone());
        Ok(merged)
    }
}

impl Drop for Bundle {
    fn drop(&mut self) {
        if let Some(mounted) = &self.mounted {
            let _ = nix::mount::umount2(mounted, nix::mount::MntFlags::MNT_DETACH);
        }
    }
}

/// Entry point and command: what the definition says counts more, and its entry point makes the image's command void.
pub(crate) fn arguments(container: &Container, image: &Image) -> Result<Vec<String>> {
    let entry_point = container.entry_point.as_ref().unwrap_or(&image.entry_point);
    let command = match (&container.command, &container.entry_point) {
        (Some(command), _) => command.as_slice(),
        (None, Some(_)) => &[],
        (None, None) => &image.command,
    };
    let arguments: Vec<String> = entry_point.iter().chain(command).cloned().collect();
    if arguments.is_empty() {
        bail!("container `{}` has nothing to run", container.name);
    }
    Ok(arguments)
}

fn user(container: &Container, image: &Image) -> Result<(u32, u32)> {
    let user = container.user.as_deref().unwrap_or(&image.user);
    if user.is_empty() || user == "root" {
        return Ok((0, 0));
    }
    let (user, group) = user.split_once(':').unwrap_or((user, "0"));
    let number = |text: &str| text.parse().with_context(|| format!("the user `{text}` is no number"));
    Ok((number(user)?, number(group)?))
}

fn capabilities(container: &Container) -> Vec<String> {
    let dropped = |name: &str| container.dropped_capabilities.iter().any(|other| other == name || other == "ALL");
    CAPABILITIES.iter().filter(|name| !dropped(name)).map(|name| format!("CAP_{name}")).collect()
}

/// Fargate's usual limit, or what this process may give.
fn open_files() -> (u64, u64) {
    let own = getrlimit(Resource::RLIMIT_NOFILE).map_or(OPEN_FILES, |(_, hard)| hard);
    (own.min(OPEN_FILES), own.min(OPEN_FILES))
}

fn config(container: &Container, image: &Image, place: &Place<'_>, root: &Path) -> Result<Value> {
    let (uid, gid) = user(container, image)?;
    let own = container.environment.iter().map(|(name, value)| format!("{name}={value}"));
    let environment: Vec<String> = image.environment.iter().chain(place.environment).cloned().chain(own).collect();
    let capabilities = capabilities(container);
    let (soft, hard) = container.open_files.unwrap_or_else(open_files);
    let directory = [container.working_directory.as_deref().unwrap_or_default(), &image.working_directory, "/"];
    let directory = directory.into_iter().find(|path| !path.is_empty());
    let bytes = |mib: Option<u64>| mib.map(|mib| mib << 20);
    let mut namespaces = vec![
        json!({ "type": "pid" }),
        json!({ "type": "ipc" }),
        json!({ "type": "uts" }),
        json!({ "type": "mount" }),
        json!({ "type": "network", "path": place.network }),
    ];
    if place.version == Version::V2 {
        // So that a container sees its own group at the root, as with Docker there.
        namespaces.push(json!({ "type": "cgroup" }));
    }
    let mut memory = json!({});
    if let Some(limit) = bytes(container.memory) {
        memory["limit"] = limit.into();
    }
    if let Some(reservation) = bytes(container.memory_reservation) {
        memory["reservation"] = reservation.into();
    }
    Ok(json!({
        "ociVersion": "1.0.2",
        "hostname": place.hostname,
        "root": { "path": root, "readonly": container.read_only_root },
        "process": {
            "terminal": false,
            "user": { "uid": uid, "gid": gid },
            "args": arguments(container, image)?,
            "env": environment,
            "cwd": directory,
            // As with Docker, those that a process which is not root loses when its program starts.
            "capabilities": { "bounding": capabilities, "effective": capabilities, "permitted": capabilities },
            "rlimits": [{ "type": "RLIMIT_NOFILE", "soft": soft, "hard": hard }],
            "noNewPrivileges": false
        },
        "mounts": mounts(place.etc),
        "linux": {
            "cgroupsPath": place.cgroup,
            // Two is the kernel's least, and what ECS makes of none.
            "resources": { "memory": memory, "cpu": { "shares": container.cpu.max(2) } },
            "namespaces": namespaces,
            "maskedPaths": MASKED,
            "readonlyPaths": READ_ONLY
        }
    }))
}

fn mounts(etc: &Path) -> Value {
    let quiet = ["nosuid", "noexec", "nodev"];
    let bind = |name: &str| json!({ "destination": format!("/etc/{name}"), "type": "bind", "source": etc.join(name), "options": ["rbind", "ro"] });
    json!([
        { "destination": "/proc", "type": "proc", "source": "proc", "options": quiet },
        { "destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "strictatime", "mode=755", "size=65536k"] },
        { "destination": "/dev/pts", "type": "devpts", "source": "devpts",
          "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"] },
        { "destination": "/dev/shm", "type": "tmpfs", "source": "shm",
          "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"] },
        { "destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue", "options": quiet },
        { "destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "noexec", "nodev", "ro"] },
        { "destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": ["nosuid", "noexec", "nodev", "ro"] },
        bind("hosts"),
        bind("resolv.conf")
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn container(definition: &Value) -> Container {
        let mut whole = json!({ "name": "app", "image": "app" });
        whole.as_object_mut().unwrap().extend(definition.as_object().unwrap().clone());
        Container::of(&whole).unwrap()
    }

    fn image() -> Image {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect();
        Image {
            entry_point: words("/sidetap"),
            command: words("capture"),
            user: "65534:65534".to_owned(),
            ..Image::default()
        }
    }

    #[test]
    fn entry_point_and_command_are_put_together_as_ecs_does() {
        let of = |definition: Value| arguments(&container(&definition), &image()).unwrap().join(" ");
        assert_eq!(of(json!({})), "/sidetap capture");
        assert_eq!(of(json!({ "command": ["forward"] })), "/sidetap forward");
        assert_eq!(of(json!({ "entryPoint": ["./bin/init"] })), "./bin/init");
        assert_eq!(of(json!({ "entryPoint": ["./bin/init"], "command": ["apidump"] })), "./bin/init apidump");
        assert!(arguments(&container(&json!({})), &Image::default()).is_err());
    }

    #[test]
    fn a_user_is_the_definitions_or_the_images() {
        let of = |definition: Value| user(&container(&definition), &image()).unwrap();
        assert_eq!(of(json!({})), (65534, 65534));
        assert_eq!(of(json!({ "user": "0" })), (0, 0));
        assert_eq!(of(json!({ "user": "1000:50" })), (1000, 50));
        assert!(user(&container(&json!({ "user": "www-data" })), &image()).is_err());
    }

    #[test]
    fn capabilities_can_only_be_dropped() {
        let drop = |names: Value| {
            capabilities(&container(&json!({ "linuxParameters": { "capabilities": { "drop": names } } })))
        };
        assert_eq!(drop(json!([])).len(), 14);
        assert!(!drop(json!(["NET_RAW"])).contains(&"CAP_NET_RAW".to_owned()));
        assert_eq!(drop(json!(["ALL"])).len(), 0);
    }
}
