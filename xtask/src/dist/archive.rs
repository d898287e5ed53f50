//! Archives that are the same whoever makes them.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;

use anyhow::{Context, Result};
use flate2::{Compression, GzBuilder};
use tar::{Archive, Builder, EntryType, Header};

/// Packs a directory, under its own name, into a gzipped tar archive. Everything belongs to root, is of this time, and
/// may be read by everybody; what may be executed is what has no extension, or that of a program on Windows, at the top.
pub fn pack(directory: &Path, time: u64, archive: &Path) -> Result<()> {
    let file = File::create(archive).with_context(|| format!("cannot make {}", archive.display()))?;
    let compressed = GzBuilder::new().mtime(0).write(file, Compression::best());
    let mut builder = Builder::new(compressed);
    let name = directory.file_name().context("a directory has a name")?.to_str().context("its name is in UTF-8")?;
    add_directory(&mut builder, directory, name, time)?;
    builder.into_inner()?.finish()?.flush()?;
    Ok(())
}

/// Packs an archive anew, which is of the time at which it was made.
pub fn repack(archive: &Path, time: u64, to: &Path) -> Result<()> {
    let mut members = BTreeMap::new();
    for entry in Archive::new(File::open(archive)?).entries()? {
        let mut entry = entry?;
        let mut content = Vec::new();
        entry.read_to_end(&mut content)?;
        members.insert(entry.path()?.into_owned(), (entry.header().entry_type(), entry.header().mode()?, content));
    }
    let mut builder = Builder::new(File::create(to).with_context(|| format!("cannot make {}", to.display()))?);
    for (path, (kind, mode, content)) in members {
        builder.append_data(&mut header(kind, mode, content.len() as u64, time), path, &content[..])?;
    }
    builder.into_inner()?;
    Ok(())
}

fn add_directory(builder: &mut Builder<impl Write>, directory: &Path, name: &str, time: u64) -> Result<()> {
    builder.append_data(&mut header(EntryType::Directory, 0o755, 0, time), format!("{name}/"), &[][..])?;
    let mut entries = fs::read_dir(directory)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    entries.sort();
    for path in entries {
        let inner = format!("{name}/{}", path.file_name().context("a file has a name")?.display());
        if path.is_dir() {
            add_directory(builder, &path, &inner, time)?;
            continue;
        }
        let mode = if is_program(&path) { 0o755 } else { 0o644 };
        let content = fs::read(&path)?;
        builder.append_data(&mut header(EntryType::Regular, mode, content.len() as u64, time), inner, &content[..])?;
    }
    Ok(())
}

fn is_program(path: &Path) -> bool {
    path.file_stem().is_some_and(|name| name == "sidetap")
        && path.extension().is_none_or(|extension| extension == "exe")
}

fn header(kind: EntryType, mode: u32, size: u64, time: u64) -> Header {
    let mut header = Header::new_ustar();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size);
    header.set_mtime(time);
    header.set_uid(0);
    header.set_gid(0);
    header
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn the_same_files_are_the_same_bytes_wherever_and_whenever_they_were_made() {
        let made: Vec<Vec<u8>> = ["b/c a", "a b/c"]
            .iter()
            .map(|order| {
                let top = tempfile::tempdir().expect("a temporary directory");
                let directory = top.path().join("sidetap-1.0.0");
                fs::create_dir_all(directory.join("b")).expect("there is room");
                for file in order.split(' ').chain(["sidetap"]) {
                    fs::write(directory.join(file), file).expect("there is room");
                }
                let archive = top.path().join("archive.tar.gz");
                pack(&directory, 1_700_000_000, &archive).expect("an archive");
                let list = Command::new("tar").arg("-tvzf").arg(&archive).env("TZ", "UTC").output().expect("tar runs");
                let list = String::from_utf8_lossy(&list.stdout).into_owned();
                let names: Vec<&str> = list.lines().filter_map(|line| line.split(' ').next_back()).collect();
                let below = |name: &str| format!("sidetap-1.0.0/{name}");
                assert_eq!(names, ["", "a", "b/", "b/c", "sidetap"].map(below), "{list}");
                assert!(list.lines().last().expect("a line").starts_with("-rwxr-xr-x"), "{list}");
                fs::read(archive).expect("an archive")
            })
            .collect();
        assert_eq!(made[0], made[1]);
    }

    #[test]
    fn an_archive_of_today_becomes_one_of_the_commit() {
        let top = tempfile::tempdir().expect("a temporary directory");
        fs::create_dir(top.path().join("blobs")).expect("there is room");
        fs::write(top.path().join("blobs/one"), "content").expect("there is room");
        let made: Vec<Vec<u8>> = ["2001-02-03", "2004-05-06"]
            .iter()
            .map(|day| {
                let tar = ["--mtime", day, "-cf", "today.tar", "blobs"];
                assert!(Command::new("tar").args(tar).current_dir(top.path()).status().expect("tar runs").success());
                repack(&top.path().join("today.tar"), 1_700_000_000, &top.path().join("settled.tar")).expect("a tar");
                fs::read(top.path().join("settled.tar")).expect("a tar")
            })
            .collect();
        assert_eq!(made[0], made[1]);
        assert!(made[0].windows(7).any(|bytes| bytes == b"content"));
    }
}
