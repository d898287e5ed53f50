//! Reads a capture file into the engine.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use super::Engine;
use crate::packet::LinkType;
use crate::packet::file::{CaptureFile, FileError};
use crate::packet::filter::{Filter, FilterError, Program};

/// How often the observer is asked whether to go on.
const TICK: Duration = Duration::from_millis(100);
/// Frames between two looks at the clock.
const FRAMES_A_LOOK: u32 = 1024;

/// What reading came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReadCounts {
    /// Frames of the file.
    pub frames: u64,
    /// Frames that the filter rejected.
    pub filtered: u64,
}

/// How reading ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// There is nothing more.
    Reached,
    /// The observer has had enough.
    Stopped,
}

/// Why reading stopped before the end of the file.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error(transparent)]
    File(#[from] FileError),
    /// The filter means nothing on one of the file's link types.
    #[error("the filter cannot be used on frames of link type {}", link.number())]
    Filter {
        link: LinkType,
        #[source]
        source: FilterError,
    },
}

/// Feeds every frame that the filter accepts to the engine, until the file ends or the observer has had enough.
pub fn read(
    file: &mut CaptureFile,
    filter: &str,
    engine: &mut Engine,
    mut observe: impl FnMut(&mut Engine) -> ControlFlow<()>,
) -> (ReadCounts, Result<End, ReadError>) {
    let mut counts = ReadCounts::default();
    let mut programs = Programs::new(filter);
    let mut next_tick = Instant::now() + TICK;
    loop {
        let frame = match file.next() {
            Ok(Some(frame)) => frame,
            Ok(None) => return (counts, Ok(End::Reached)),
            Err(FileError::NotYet) => match observe(engine) {
                ControlFlow::Break(()) => return (counts, Ok(End::Stopped)),
                ControlFlow::Continue(()) => continue,
            },
            Err(error) => return (counts, Err(error.into())),
        };
        counts.frames += 1;
        match programs.of(frame.link) {
            Ok(Some(program)) if !program.matches(frame.bytes, frame.wire_len) => counts.filtered += 1,
            Ok(_) => engine.frame(&frame),
            Err(error) => return (counts, Err(error)),
        }
        if counts.frames.is_multiple_of(u64::from(FRAMES_A_LOOK)) && Instant::now() >= next_tick {
            next_tick = Instant::now() + TICK;
            if observe(engine).is_break() {
                return (counts, Ok(End::Stopped));
            }
        }
    }
}

/// The filter, compiled for each link type that comes along.
struct Programs<'a> {
    expression: &'a str,
    compiled: Vec<(LinkType, Program)>,
}

impl<'a> Programs<'a> {
    fn new(expression: &'a str) -> Self {
        Programs { expression, compiled: Vec::new() }
    }

    /// The program for a link type; `None` if everything is wanted.
    #[inline]
    fn of(&mut self, link: LinkType) -> Result<Option<&Program>, ReadError> {
        if self.expression.is_empty() {
            return Ok(None);
        }
        let place = match self.compiled.iter().position(|(known, _)| *known == link) {
            Some(place) => place,
            None => {
                let program =
                    Filter::compile(self.expression, link).map_err(|source| ReadError::Filter { link, source })?;
                self.compiled.push((link, program));
                self.compiled.len() - 1
            }
        };
        Ok(Some(&self.compiled[place].1))
    }
}
