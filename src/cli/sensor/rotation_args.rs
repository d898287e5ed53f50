//! `--rotate-…`: when `--export pcapng:PATH` begins another file.

use std::num::NonZeroUsize;
use std::time::Duration;

use bytesize::ByteSize;

use super::exports::ExportArg;
use super::options;
use crate::export::Rotation;

/// Less would be mostly heads of files.
const LEAST: u64 = 64 << 10;

/// Flags of rotation.
#[derive(Debug, clap::Args)]
pub struct RotationArgs {
    /// Begin another pcapng file when one has this size: PATH_00001_20261121040000.pcapng, and so on.
    #[arg(long, value_name = "SIZE", env = "SIDETAP_ROTATE_SIZE", value_parser = size)]
    rotate_size: Option<ByteSize>,
    /// Begin another pcapng file when packets have been added to one for so long, such as `1h`.
    #[arg(long, value_name = "DURATION", env = "SIDETAP_ROTATE_INTERVAL", value_parser = interval)]
    rotate_interval: Option<Duration>,
    /// Keep so many files, and delete older ones of this run. Default: all.
    #[arg(long, value_name = "N", env = "SIDETAP_ROTATE_FILES")]
    rotate_files: Option<NonZeroUsize>,
}

/// Rotation that there is nothing to rotate for.
#[derive(Debug, thiserror::Error)]
pub enum BadRotation {
    #[error("`--rotate-files` says how many files are kept, and nothing says when another is begun")]
    OnlyFiles,
    #[error("there is no capture file that could be rotated")]
    NoFile,
}

impl BadRotation {
    /// What to do about it.
    pub fn hints(&self) -> Vec<String> {
        vec![match self {
            BadRotation::OnlyFiles => "add `--rotate-size` or `--rotate-interval`".to_owned(),
            BadRotation::NoFile => "add `--export pcapng:PATH`; standard output cannot be rotated".to_owned(),
        }]
    }
}

impl RotationArgs {
    /// When files are rotated, if they are.
    pub fn rotation(&self, exports: &[ExportArg]) -> Result<Option<Rotation>, BadRotation> {
        let rotation = Rotation {
            bytes: self.rotate_size.map(|ByteSize(bytes)| bytes),
            interval: self.rotate_interval,
            files: self.rotate_files,
        };
        if rotation == Rotation::default() {
            return Ok(None);
        }
        if rotation.bytes.is_none() && rotation.interval.is_none() {
            return Err(BadRotation::OnlyFiles);
        }
        match exports.iter().any(|export| matches!(export, ExportArg::Pcapng(target) if target != "-")) {
            true => Ok(Some(rotation)),
            false => Err(BadRotation::NoFile),
        }
    }
}

fn size(text: &str) -> Result<ByteSize, String> {
    match options::size(text)? {
        ByteSize(bytes) if bytes < LEAST => Err(format!("it is less than {}", ByteSize(LEAST).display().iec())),
        size => Ok(size),
    }
}

fn interval(text: &str) -> Result<Duration, String> {
    match options::duration(text)? {
        Duration::ZERO => Err("it has to be longer than nothing".to_owned()),
        interval => Ok(interval),
    }
}
