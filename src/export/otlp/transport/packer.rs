//! Items to requests, which are posted or wait on disk.

use std::io::ErrorKind;
use std::time::{Duration, SystemTime};

use super::compress;
use super::desk::{Desk, Request};
use super::envelope::{self, Section};
use super::options::MOST_REQUEST_BYTES;
use super::spool::{Record, Spool};
use super::{Batch, Envelope, Envelopes, Format, Moment, Signal, SpoolOptions};

/// How long a spool that could not be written to is left alone.
const SPOOL_PATIENCE: Duration = Duration::from_secs(60);

/// Makes requests and spools them. The sending thread has it, or in the end whoever puts things away in its place.
pub struct Packer {
    format: Format,
    envelopes: Box<dyn Envelopes>,
    spool: Option<Spool>,
    batch: Batch,
    /// When [`Moment::ZERO`] was.
    started: SystemTime,
    /// Bytes of a compressed request that there is memory for.
    most: usize,
}

impl Packer {
    /// One without a spool.
    pub fn new(format: Format, envelopes: Box<dyn Envelopes>, started: SystemTime, most: usize) -> Self {
        Packer { format, envelopes, spool: None, batch: Batch::new(Signal::Traces), started, most }
    }

    /// What time it is for others.
    pub fn wall_clock(&self, now: Moment) -> SystemTime {
        self.started.checked_add(now).unwrap_or(self.started)
    }

    /// Opens the spool; or why it cannot, and sending goes on in memory.
    pub fn open_spool(&mut self, options: &SpoolOptions) -> Result<&mut Spool, String> {
        match Spool::open(options, self.started) {
            Ok(spool) => Ok(self.spool.insert(spool)),
            Err(error) => Err(format!("cannot spool in `{}`: {error}", options.directory.display())),
        }
    }

    /// The requests for the items that [`Desk::gather`] puts into this.
    pub fn batch(&mut self) -> &mut Batch {
        &mut self.batch
    }

    /// Makes what was gathered into a request; or several, if the resources alone make it too large. In order.
    pub fn pack(&mut self, since: Moment, generation: u64) -> Vec<Request> {
        let mut resources: Vec<u16> = self.batch.iter().map(|(resource, _)| resource).collect();
        resources.sort_unstable();
        resources.dedup();
        let signal = self.batch.signal();
        let envelopes: Vec<_> = resources
            .into_iter()
            .map(|number| {
                let mut envelope = Envelope::default();
                self.envelopes.write(signal, number, &mut envelope);
                (number, envelope)
            })
            .collect();
        let like = Request { signal, items: 0, body: Vec::new(), expanded: 0, since, tried: false, generation };
        let mut requests = Vec::with_capacity(1);
        compress_into(self.format, &envelope::sections(&self.batch, &envelopes), &like, &mut requests);
        requests
    }

    /// The request in halves; `None` if it cannot be split.
    pub fn split(&self, request: &Request) -> Option<Vec<Request>> {
        if request.items <= 1 {
            return None;
        }
        let bytes = compress::expand(&request.body, request.expanded)?;
        let sections = self.format.read(&bytes)?;
        let (front, back) = envelope::split(&sections, usize::try_from(request.items / 2).ok()?);
        let mut halves = Vec::with_capacity(2);
        compress_into(self.format, &front, request, &mut halves);
        compress_into(self.format, &back, request, &mut halves);
        (halves.iter().map(|half| half.items).sum::<u64>() == request.items).then_some(halves)
    }

    /// Puts a request into the spool. What cannot be put there is given back.
    pub fn spill(
        &mut self,
        request: Request,
        now: Moment,
        desk: impl FnOnce(&mut dyn FnMut(&mut Desk)),
    ) -> Option<Request> {
        let wall_clock = self.wall_clock(now);
        let Some(spool) = &mut self.spool else { return Some(request) };
        let (Ok(items), Ok(expanded)) = (u32::try_from(request.items), u32::try_from(request.expanded)) else {
            return Some(request);
        };
        let result = spool.append((request.signal, items, expanded), &request.body, wall_clock);
        let mut given_back = None;
        let mut request = Some(request);
        desk(&mut |desk| match (&result, request.take()) {
            (Ok(()), Some(done)) => desk.spilled(done.signal, done.items, spool),
            (Err(error), Some(failed)) => {
                let why = match error.kind() {
                    ErrorKind::StorageFull => "the disk of the spool is full".to_owned(),
                    _ => format!("cannot write to the spool: {error}"),
                };
                desk.spool_failed(why, Some(now.saturating_add(SPOOL_PATIENCE)));
                desk.see_spool(spool);
                given_back = Some(failed);
            }
            (_, None) => {}
        });
        given_back
    }

    /// The first request of the spool.
    pub fn first(&mut self, now: Moment) -> Option<Record> {
        let wall_clock = self.wall_clock(now);
        let most = self.most;
        self.spool.as_mut()?.first(most, wall_clock)
    }

    /// The spool, if there is one.
    pub fn spool(&mut self) -> Option<&mut Spool> {
        self.spool.as_mut()
    }

    /// Nothing is spooled any more.
    pub fn close(&mut self) -> std::io::Result<()> {
        self.spool.take().map_or(Ok(()), |mut spool| spool.close())
    }
}

fn compress_into(format: Format, sections: &[Section<'_>], like: &Request, requests: &mut Vec<Request>) {
    let items: usize = sections.iter().map(|section| section.items.len()).sum();
    let len: usize = sections.iter().map(|section| format.encoded_len(section)).sum();
    if items == 0 {
        return;
    }
    if len > MOST_REQUEST_BYTES && items > 1 {
        let (front, back) = envelope::split(sections, items / 2);
        compress_into(format, &front, like, requests);
        compress_into(format, &back, like, requests);
    } else if let Ok((body, expanded)) = compress::request(format, sections) {
        requests.push(Request { items: items as u64, body, expanded, ..*like });
    }
}
