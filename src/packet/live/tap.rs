//! One interface that is listened on.

use std::num::NonZeroU32;
use std::time::Duration;

use super::{LiveError, ageing};
use crate::packet::LinkType;
use crate::packet::filter::{Filter, Program, Target};
use crate::packet::interfaces::Interface;
use crate::packet::ring::{Direction, FilterLock, Ring, RingError, RingOptions};

/// A ring on an interface, with its filter.
pub(super) struct Tap {
    pub ring: Ring,
    pub link: LinkType,
    pub name: String,
    /// In user space, where the kernel has no room for the filter.
    pub program: Option<Program>,
    pub gone: bool,
    /// How many blocks may wait until they are read at once; none in a ring that a nap could fill.
    pub ageing: usize,
}

impl Tap {
    /// The layout is a block's size and how many there are.
    pub fn open(
        interface: &Interface,
        filter: &str,
        (block_size, block_count): (u32, u32),
        (lock, retire): (FilterLock, Duration),
    ) -> Result<Self, LiveError> {
        let name = interface.name.clone();
        let ageing = ageing(block_size, block_count);
        let options = RingOptions {
            block_size,
            block_count,
            retire,
            direction: if interface.loopback { Direction::Incoming } else { Direction::Both },
            snap_length: NonZeroU32::MAX,
            filter: lock,
            ..RingOptions::new(interface.index, name.clone())
        };
        let failed = |source| LiveError::Ring { interface: name.clone(), source };
        if filter.is_empty() {
            let ring = Ring::open(&options, &[]).map_err(failed)?;
            return Ok(Tap { link: ring.link_type(), ring, name, program: None, gone: false, ageing });
        }
        // The link type is known once the socket is bound; almost always it is Ethernet's.
        let mut link = LinkType::Ethernet;
        loop {
            let program = compile(filter, link, &name)?;
            let (ring, program) = match Ring::open(&options, program.instructions()) {
                Ok(ring) => (ring, None),
                Err(RingError::FilterTooLong { .. }) => (Ring::open(&options, &[]).map_err(failed)?, Some(program)),
                Err(source) => return Err(failed(source)),
            };
            if ring.link_type() == link {
                return Ok(Tap { link, ring, name, program, gone: false, ageing });
            }
            link = ring.link_type();
        }
    }

    /// Sees from here on what another filter accepts.
    pub fn replace_filter(&mut self, filter: &str) -> Result<(), LiveError> {
        let program = compile(filter, self.link, &self.name)?;
        let failed = |source| LiveError::Ring { interface: self.name.clone(), source };
        match self.ring.replace_filter(program.instructions()) {
            Ok(()) => self.program = None,
            Err(RingError::FilterTooLong { .. }) => {
                self.ring.replace_filter(&[]).map_err(failed)?;
                self.program = Some(program);
            }
            Err(source) => return Err(failed(source)),
        }
        Ok(())
    }
}

fn compile(filter: &str, link: LinkType, interface: &str) -> Result<Program, LiveError> {
    Filter::compile_for(filter, link, Target::Socket)
        .map_err(|source| LiveError::Filter { interface: interface.to_owned(), source })
}
