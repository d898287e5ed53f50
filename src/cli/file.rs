//! Reads the files that people name, and writes theirs and ours: whole or not at all.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use anyhow::Context as _;
use serde_json::Value;
use tempfile::NamedTempFile;

use crate::taskdef::json;

/// Far more than any task definition or plan.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// Reads a JSON file; `-` is standard input.
pub fn read_json(path: &Path) -> anyhow::Result<Value> {
    let bytes = read(path)?;
    json::parse(&bytes).with_context(|| format!("cannot use {}", name(path)))
}

/// Reads a file; `-` is standard input.
pub fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = match is_stdin(path) {
        true => io::stdin().take(MAX_BYTES).read_to_end(&mut bytes),
        false => File::open(path).and_then(|file| file.take(MAX_BYTES).read_to_end(&mut bytes)),
    };
    read.with_context(|| format!("cannot read {}", name(path)))?;
    Ok(bytes)
}

/// Whether the path means standard input.
pub fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// The path as it is said in messages.
pub fn name(path: &Path) -> String {
    match is_stdin(path) {
        true => "standard input".to_owned(),
        false => format!("`{}`", path.display()),
    }
}

/// Who may read a file that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// As the file that is replaced.
    AsBefore,
    /// The owner alone.
    Private,
}

/// Puts `text` in the place of the file, which is complete before it is there. A symbolic link stays one; what is
/// there and is no regular file is refused, since a device or pipe would be gone.
pub fn replace(path: &Path, text: &str, access: Access) -> anyhow::Result<()> {
    write_whole(path, text, access).map_err(of_system).with_context(|| format!("cannot write {}", name(path)))
}

fn write_whole(path: &Path, text: &str, access: Access) -> io::Result<()> {
    let before = match path.metadata() {
        Ok(before) if before.is_file() => Some(before),
        Ok(_) => return Err(io::Error::other("it is there and is no regular file")),
        Err(error) if error.kind() == io::ErrorKind::NotFound && access == Access::Private => None,
        Err(error) => return Err(error),
    };
    let target = if before.is_some() { path.canonicalize()? } else { path.to_owned() };
    let directory = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // A temporary file is readable by its owner alone.
    let mut file = NamedTempFile::new_in(directory)?;
    file.write_all(text.as_bytes())?;
    if let Some(before) = before.filter(|_| access == Access::AsBefore) {
        #[cfg(unix)]
        {
            use std::os::unix::fs::{MetadataExt, fchown};
            // Only root may give a file away; for others it is theirs already, or stays so.
            let _ = fchown(file.as_file(), Some(before.uid()), Some(before.gid()));
        }
        file.as_file().set_permissions(before.permissions())?;
    }
    file.as_file().sync_all()?;
    file.persist(&target)?;
    Ok(())
}

/// What the system said, without the name of a temporary file, which nobody has given: `tempfile` puts it behind that.
fn of_system(error: io::Error) -> io::Error {
    if error.get_ref().is_none() {
        return error;
    }
    let text = error.to_string();
    io::Error::new(error.kind(), text.split(" at path ").next().unwrap_or_default())
}
