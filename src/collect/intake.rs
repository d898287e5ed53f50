//! What happens to a datagram, whoever received it: it is refused for one cause, filtered out, or a frame for the engine.

use super::CollectCounts;
use super::decapsulate::{Inner, Networks, Refusal, decapsulate};
use super::receiver::Datagram;
use super::replay::Replay;
use super::sources::{Numbered, SourceCounts, Sources};
use crate::packet::filter::Program;
use crate::packet::{Frame, LinkType, Realm};
use crate::sensor::Engine;

/// Takes datagrams in, one by one. Sockets are somebody else's.
pub struct Intake {
    pub(super) networks: Networks,
    pub(super) sources: Sources,
    pub(super) filter: Option<Program>,
    pub(super) replay: Option<Replay>,
    pub(super) counts: CollectCounts,
}

impl Intake {
    /// For frames of these networks, of so many sources at most, that this filter lets through.
    pub fn new(networks: Networks, sources: usize, filter: Option<Program>) -> Self {
        let sources = Sources::with_capacity(sources);
        Intake { networks, sources, filter, replay: None, counts: CollectCounts::default() }
    }

    /// What became of the datagrams.
    pub fn counts(&self) -> CollectCounts {
        CollectCounts {
            sources: self.sources.counts().len(),
            replay: self.replay.as_ref().map(Replay::counts).unwrap_or_default(),
            ..self.counts
        }
    }

    /// Everybody who has sent something, by number.
    pub fn sources(&self) -> &[SourceCounts] {
        self.sources.counts()
    }

    /// Takes in one datagram.
    #[inline]
    pub fn take(&mut self, datagram: &Datagram<'_>, engine: &mut Engine) {
        self.counts.datagrams += 1;
        let Datagram { time, source, bytes } = *datagram;
        let Inner { vni, frame, wire_len } = match decapsulate(bytes, &self.networks) {
            Ok(inner) => inner,
            Err((why, vni)) => {
                self.counts.refused.count(why);
                if let Some(vni) = vni {
                    self.sources.refuse(source, vni, time);
                }
                return;
            }
        };
        let number = match self.sources.number(source, vni, time) {
            Some(Numbered::Known(number)) => number,
            Some(Numbered::New(number)) => {
                engine.exports().source(number, self.sources.counts()[usize::from(number)].source);
                number
            }
            None => return self.counts.refused.count(Refusal::TooManySources),
        };
        self.sources.count(number, frame.len(), time);
        if self.filter.as_ref().is_some_and(|filter| !filter.matches(frame, wire_len)) {
            self.counts.filtered += 1;
            return;
        }
        if let Some(replay) = &mut self.replay {
            replay.frame(frame);
        }
        engine.frame(&Frame {
            time,
            interface: number.into(),
            realm: Realm::of_source(number),
            link: LinkType::Ethernet,
            bytes: frame,
            wire_len,
        });
    }
}
