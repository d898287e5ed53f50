//! `--openapi` and `--egress-report`: documents of what was found out, written anew now and then and at the end.
//!
//! A thread writes them, each to a file beside its own which then takes its name: who reads one finds it whole, and no
//! packet waits for a disk.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::report_args::ReportArgs;
use super::run::Input;
use crate::export::ExportError;
use crate::sensor::Engine;
use crate::sensor::egress::ReportFormat;
use crate::sensor::inventory::openapi;

/// How often they are written.
const EVERY: Duration = Duration::from_secs(60);
/// For how long the end of a capture waits for a disk.
const PATIENCE: Duration = Duration::from_secs(3);

/// The documents that were asked for.
#[derive(Default)]
pub struct Documents {
    wanted: Vec<Document>,
    next: Option<Instant>,
    to_writer: Option<SyncSender<(PathBuf, Vec<u8>)>>,
    /// Documents that the writer has not written yet.
    waiting: Arc<AtomicUsize>,
    writer: Option<JoinHandle<Option<ExportError>>>,
}

#[derive(Debug, Clone)]
enum Document {
    OpenApi(PathBuf),
    Egress(PathBuf, ReportFormat),
}

impl Document {
    fn path(&self) -> &Path {
        let (Document::OpenApi(path) | Document::Egress(path, _)) = self;
        path
    }

    fn render(&self, engine: &mut Engine) -> Vec<u8> {
        let findings = engine.reporter().findings();
        match self {
            Document::OpenApi(_) => {
                let document = findings.inventory.openapi(openapi::TITLE, env!("CARGO_PKG_VERSION"));
                // A document of texts and numbers can be written.
                let mut text = serde_json::to_vec_pretty(&document).unwrap_or_default();
                text.push(b'\n');
                text
            }
            Document::Egress(_, format) => findings.egress.report().render(*format).into_bytes(),
        }
    }
}

impl Documents {
    /// What the flags ask for.
    pub fn of(args: &ReportArgs) -> Self {
        let openapi = args.openapi.clone().map(Document::OpenApi);
        let egress = args.egress_report.clone().map(|path| {
            let format = ReportFormat::of(&path);
            Document::Egress(path, format)
        });
        Documents { wanted: openapi.into_iter().chain(egress).collect(), ..Documents::default() }
    }

    /// Starts the thread that writes, if there is anything to write. To be called with the rights that it will have: files
    /// that cannot be written to are told at once.
    pub fn start(&mut self) -> Result<(), ExportError> {
        for document in &self.wanted {
            let path = document.path();
            try_out(path).map_err(|source| failed(path, source))?;
        }
        let Some(first) = self.wanted.first() else { return Ok(()) };
        let (to_writer, documents) = sync_channel::<(PathBuf, Vec<u8>)>(self.wanted.len());
        let waiting = Arc::clone(&self.waiting);
        let work = move || {
            let mut failure = None;
            for (path, text) in documents {
                // A disk that is full now may have room when the last one is written.
                failure = write(&path, &text).err().map(|source| failed(&path, source));
                waiting.fetch_sub(1, Ordering::Relaxed);
            }
            failure
        };
        let writer = std::thread::Builder::new().name("documents".to_owned()).spawn(work);
        self.writer = Some(writer.map_err(|source| failed(first.path(), source))?);
        self.to_writer = Some(to_writer);
        self.next = Some(Instant::now() + EVERY);
        Ok(())
    }

    /// Writes them if it is time to. Where the last ones are not written yet, the next time will do.
    pub fn tick(&mut self, engine: &mut Engine, now: Instant) {
        if self.next.is_some_and(|next| now >= next) {
            self.next = Some(now + EVERY);
            if self.is_written() {
                self.send(engine);
            }
        }
    }

    /// Hands them to the writer for the last time, if it gets done with the ones before.
    pub fn hand_over(&mut self, engine: &mut Engine, input: Input) {
        if wait_until(input, || self.is_written()) {
            self.send(engine);
        }
        self.to_writer = None;
    }

    /// Whether the writer has nothing to do, or is no more.
    fn is_written(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) == 0 || self.writer.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Waits for the writer; what failed.
    pub fn finish(self, input: Input) -> Option<ExportError> {
        let writer = self.writer?;
        if !wait_until(input, || writer.is_finished()) {
            return Some(failed(self.wanted.first()?.path(), io::ErrorKind::TimedOut.into()));
        }
        writer.join().ok().flatten()
    }

    /// The writer has nothing to do, so that there is room for all of them.
    fn send(&self, engine: &mut Engine) {
        let Some(to_writer) = &self.to_writer else { return };
        for document in &self.wanted {
            self.waiting.fetch_add(1, Ordering::Relaxed);
            // Without a writer, the thread has ended: finishing tells why.
            let _ = to_writer.try_send((document.path().to_owned(), document.render(engine)));
        }
    }
}

/// Waits until something is so; whether it is. Whoever stops a capture that listens does not wait long, so that it takes no
/// more time than a disk that works may need.
fn wait_until(input: Input, is_so: impl Fn() -> bool) -> bool {
    let start = Instant::now();
    while !is_so() {
        if input == Input::Live && start.elapsed() >= PATIENCE {
            return false;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    true
}

fn part_of(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    path.with_file_name(name)
}

/// Whether a document can be written there, before there is one.
fn try_out(path: &Path) -> io::Result<()> {
    if path == Path::new("-") {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "documents cannot go to standard output; name a file"));
    }
    match Place::of(path)? {
        Place::File(path) => {
            let part = part_of(&path);
            fs::write(&part, b"").and_then(|()| fs::remove_file(&part))
        }
        Place::Other => fs::OpenOptions::new().write(true).open(path).map(drop),
    }
}

/// What is at the path of a document.
enum Place {
    /// A file, or nothing yet: another one takes its name.
    File(PathBuf),
    /// A device or a pipe, which stays what it is.
    Other,
}

impl Place {
    fn of(path: &Path) -> io::Result<Self> {
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
            // Behind a link, it is the file that changes, not the link.
            Ok(found) if found.is_file() => Ok(Place::File(fs::canonicalize(path)?)),
            Ok(_) => Ok(Place::Other),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Place::File(path.to_owned())),
            Err(error) => Err(error),
        }
    }
}

fn write(path: &Path, text: &[u8]) -> io::Result<()> {
    let Place::File(path) = Place::of(path)? else { return fs::write(path, text) };
    let part = part_of(&path);
    let written = fs::write(&part, text).and_then(|()| {
        if let Ok(before) = fs::metadata(&path) {
            fs::set_permissions(&part, before.permissions())?;
        }
        fs::rename(&part, &path)
    });
    if written.is_err() {
        // Half a document is of no use, and takes room that may be missing.
        let _ = fs::remove_file(&part);
    }
    written
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn links_devices_and_rights_stay_what_they_are() {
        use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _, symlink};

        let directory = std::env::temp_dir().join(format!("sidetap-documents-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let at = |name: &str| directory.join(name);
        fs::write(at("file"), b"before").unwrap();
        fs::set_permissions(at("file"), fs::Permissions::from_mode(0o600)).unwrap();
        symlink(at("file"), at("link")).unwrap();
        try_out(&at("link")).unwrap();
        write(&at("link"), b"after").unwrap();
        assert_eq!(fs::read(at("file")).unwrap(), b"after");
        assert!(fs::symlink_metadata(at("link")).unwrap().is_symlink());
        assert_eq!(fs::metadata(at("file")).unwrap().permissions().mode() & 0o777, 0o600);
        write(Path::new("/dev/null"), b"nothing").unwrap();
        assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
        assert!(try_out(&directory).is_err() && try_out(Path::new("-")).is_err());
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 2);
        fs::remove_dir_all(&directory).unwrap();
    }
}

fn failed(path: &Path, source: io::Error) -> ExportError {
    ExportError { target: path.display().to_string(), source }
}
