//! The file itself, and places in it.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::BadConfig;

/// The largest file that is read, in bytes: no settings take as much.
pub const MAX_BYTES: u64 = 1 << 20;

/// The text of a configuration file.
#[derive(Debug)]
pub struct ConfigFile {
    name: String,
    pub text: String,
}

/// A place in a file, as editors and compilers name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    file: Box<str>,
    /// From 1, as the column, which is in characters.
    line: u32,
    column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

impl ConfigFile {
    /// Reads it.
    pub fn read(path: &Path) -> Result<Self, BadConfig> {
        let name = path.display().to_string();
        let bytes = match read(path) {
            Ok(bytes) if bytes.len() as u64 > MAX_BYTES => return Err(BadConfig::TooLarge { file: name }),
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::IsADirectory => {
                return Err(BadConfig::Directory { file: name });
            }
            Err(source) => return Err(BadConfig::Unreadable { file: name, source }),
        };
        match String::from_utf8(bytes) {
            Ok(text) => Ok(ConfigFile { name, text }),
            Err(error) => {
                let end = error.utf8_error().valid_up_to();
                let text = String::from_utf8_lossy(&error.as_bytes()[..end]).into_owned();
                let file = ConfigFile { name, text };
                Err(BadConfig::NotText { place: file.place(end) })
            }
        }
    }

    /// Where a byte is.
    pub fn place(&self, byte: usize) -> Place {
        let before = &self.text[..self.text.floor_char_boundary(byte)];
        let lines = before.bytes().filter(|byte| *byte == b'\n').count();
        let columns = before.chars().rev().take_while(|c| *c != '\n').count();
        // A file has [`MAX_BYTES`].
        Place { file: self.name.as_str().into(), line: lines as u32 + 1, column: columns as u32 + 1 }
    }
}

#[cfg(test)]
impl ConfigFile {
    /// One that is on no disk.
    pub fn of(name: &str, text: &str) -> Self {
        ConfigFile { name: name.to_owned(), text: text.to_owned() }
    }
}

/// What is in a file, and one byte more than may be if there is too much.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
