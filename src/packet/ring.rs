//! The receive ring: frames of one interface, read in the memory into which the kernel put them.
//!
//! A ring is a packet socket (`AF_PACKET`) with a `TPACKET_V3` ring and `PACKET_VNET_HDR`. The kernel fills blocks
//! with frames and hands each over when it is full or [`RingOptions::retire`] has passed; [`Ring::next_block`] borrows
//! the oldest, and dropping it gives it back. A frame borrows from its block and a block from its ring, so nothing
//! can be read that the kernel may be writing. The memory is [`RingOptions::memory`] bytes, mapped once.
//!
//! When every block waits to be read, the kernel drops frames and counts them ([`RingStatistics`]); it never waits
//! for the reader, and so nor does the application whose traffic this is.
//!
//! All that is needed is `CAP_NET_RAW`, and that only to open. This and `send.rs` are where `unsafe` is allowed.

use std::io;
use std::mem::{self, offset_of};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use libc::{c_int, c_void, socklen_t};
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;

use super::LinkType;
use super::filter::Instruction;
use super::ring_options::RETURN_CONSTANT;
pub use super::ring_options::{Direction, FilterLock, RingError, RingOptions};
pub use super::ring_packet::{Checksum, GsoType, Offload, Packets, RingPacket};
pub use super::ring_statistics::RingStatistics;

/// Where in a block the word is that says whose it is.
const STATUS: usize = offset_of!(libc::tpacket_block_desc, hdr) + offset_of!(libc::tpacket_hdr_v1, block_status);

/// Reserved, so that no frame has it (IEEE 802 Numbers, EtherType 0xffff).
const NO_PROTOCOL: u16 = 0xffff;

/// What [`Ring::wait`] saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RingEvent {
    /// A block can be read.
    Ready,
    /// The time passed, or a signal came.
    Idle,
    /// The interface went down or vanished. Said once: blocks filled before can still be read, and if the interface
    /// comes up again, frames come again. One that is deleted never does, but another may get its name:
    /// [`Ring::rebind`].
    Down,
}

/// A receive ring on one interface.
#[derive(Debug)]
pub struct Ring {
    socket: OwnedFd,
    blocks: Blocks,
    /// The block to read next; less than the number of blocks.
    next: usize,
    interface: String,
    index: u32,
    link: LinkType,
    statistics: RingStatistics,
}

impl Ring {
    /// Opens a ring that sees the frames for which the filter returns a length; without instructions, all of them.
    ///
    /// The filter is in place before the first frame is. An interface that is down can be opened; the
    /// first [`Ring::wait`] says so.
    pub fn open(options: &RingOptions, filter: &[Instruction]) -> Result<Ring, RingError> {
        let (block_size, block_count) = (options.block_size, options.block_count);
        let layout = || RingError::Layout { block_size, block_count };
        let bytes = options.memory().ok_or_else(layout)?;

        let socket = packet_socket()?;
        let set = |name, value: c_int, call| set_option(&socket, libc::SOL_PACKET, name, &value).map_err(failed(call));
        set(libc::PACKET_VNET_HDR, 1, "PACKET_VNET_HDR")?;
        set(libc::PACKET_VERSION, libc::tpacket_versions::TPACKET_V3 as c_int, "PACKET_VERSION")?;
        attach(&socket, &options.cut(filter))?;

        // A "frame" as large as a block: version 3 packs frames of any length, but checks that these numbers agree.
        let request = libc::tpacket_req3 {
            tp_block_size: block_size,
            tp_block_nr: block_count,
            tp_frame_size: block_size,
            tp_frame_nr: block_count,
            tp_retire_blk_tov: options.retire_millis(),
            tp_sizeof_priv: 0,
            tp_feature_req_word: 0,
        };
        set_option(&socket, libc::SOL_PACKET, libc::PACKET_RX_RING, &request).map_err(|error| {
            match error.raw_os_error() {
                Some(libc::EINVAL) => layout(),
                Some(libc::ENOMEM) => RingError::Memory { bytes },
                _ => RingError::System { call: "PACKET_RX_RING", source: error },
            }
        })?;
        let blocks = Blocks::map(&socket, block_size as usize, block_count as usize, bytes)?;

        if options.direction == Direction::Incoming {
            set(libc::PACKET_IGNORE_OUTGOING, 1, "PACKET_IGNORE_OUTGOING")?;
        }
        let gone = || RingError::NoInterface { interface: options.interface.clone(), index: options.index };
        bind(&socket, options.index, libc::ETH_P_ALL as u16).map_err(|error| match error.raw_os_error() {
            Some(libc::ENODEV | libc::ENXIO) => gone(),
            _ => RingError::System { call: "bind", source: error },
        })?;
        if options.filter == FilterLock::Locked {
            let locked: c_int = 1;
            set_option(&socket, libc::SOL_SOCKET, libc::SO_LOCK_FILTER, &locked).map_err(failed("SO_LOCK_FILTER"))?;
        }

        let arphrd = hardware_type(&socket).map_err(failed("getsockname"))?.ok_or_else(gone)?;
        let unknown = || RingError::LinkType { interface: options.interface.clone(), arphrd };
        let link = link_of(arphrd).ok_or_else(unknown)?;
        let (interface, index) = (options.interface.clone(), options.index);
        Ok(Ring { socket, blocks, next: 0, interface, index, link, statistics: RingStatistics::default() })
    }

    /// The oldest block that was not read, if one is ready. Never waits.
    ///
    /// Several rings can each have a block out, so that a reader can merge their packets by time.
    #[inline]
    pub fn next_block(&mut self) -> Option<Block<'_>> {
        // Acquire: what the kernel wrote into the block before it handed it over is seen after this.
        let status = self.blocks.status(self.next).load(Ordering::Acquire);
        if status & libc::TP_STATUS_USER == 0 {
            return None;
        }
        // Only here, because dropping a block gives it back and moves on.
        Some(Block { ring: self })
    }

    /// How many blocks wait to be read, counted up to `most`. None if one of them is not full: it was handed over because
    /// its time was up, so that packets come slowly.
    pub fn full_blocks(&self, most: usize) -> usize {
        let most = most.min(self.blocks.count);
        for waiting in 0..most {
            let status = self.blocks.status((self.next + waiting) % self.blocks.count).load(Ordering::Relaxed);
            if status & libc::TP_STATUS_USER == 0 {
                return waiting;
            }
            if status & libc::TP_STATUS_BLK_TMO != 0 {
                return 0;
            }
        }
        most
    }

    /// Waits for a block, at most this long.
    ///
    /// A reader of several rings polls their descriptors ([`AsFd`]) for input instead, and for those that report an
    /// error calls this with no time to wait, which tells what happened and clears it.
    pub fn wait(&self, timeout: Duration) -> Result<RingEvent, RingError> {
        let timeout = Timespec::try_from(timeout).ok();
        let mut descriptors = [PollFd::new(&self.socket, PollFlags::IN)];
        match rustix::event::poll(&mut descriptors, timeout.as_ref()) {
            Ok(0) | Err(Errno::INTR) => return Ok(RingEvent::Idle),
            Ok(_) => {}
            Err(error) => return Err(failed("poll")(error.into())),
        }
        let events = descriptors[0].revents();
        if events.contains(PollFlags::ERR) {
            match rustix::net::sockopt::socket_error(&self.socket).map_err(|error| failed("SO_ERROR")(error.into()))? {
                Err(Errno::NETDOWN | Errno::NODEV) => return Ok(RingEvent::Down),
                Err(error) => return Err(failed("poll")(error.into())),
                Ok(()) => {}
            }
        }
        Ok(if events.contains(PollFlags::IN) { RingEvent::Ready } else { RingEvent::Idle })
    }

    /// The totals since the ring was opened. The kernel counts in 32 bits: ask at least every few minutes.
    ///
    /// Packets are counted when they enter a block, which is up to [`RingOptions::retire`] before they can be read.
    pub fn statistics(&mut self) -> Result<RingStatistics, RingError> {
        let mut counted = libc::tpacket_stats_v3 { tp_packets: 0, tp_drops: 0, tp_freeze_q_cnt: 0 };
        let mut length = mem::size_of_val(&counted) as socklen_t;
        // SAFETY: `counted` and `length` are ours for the call, and `length` is the size of `counted`, which the
        // kernel does not exceed.
        let result = unsafe {
            libc::getsockopt(
                self.socket.as_raw_fd(),
                libc::SOL_PACKET,
                libc::PACKET_STATISTICS,
                (&raw mut counted).cast(),
                &mut length,
            )
        };
        check(result).map_err(failed("PACKET_STATISTICS"))?;
        self.statistics.add(counted.tp_packets, counted.tp_drops, counted.tp_freeze_q_cnt);
        Ok(self.statistics)
    }

    /// Binds to another index: that of an interface that was deleted and made anew. Takes no capability.
    ///
    /// One of another link type is refused, since the filter and whoever reads expect the old one's frames.
    pub fn rebind(&mut self, index: u32) -> Result<(), RingError> {
        bind(&self.socket, index, libc::ETH_P_ALL as u16).map_err(failed("bind"))?;
        match hardware_type(&self.socket).map_err(failed("getsockname"))? {
            Some(arphrd) if link_of(arphrd) == Some(self.link) => {
                self.index = index;
                Ok(())
            }
            Some(arphrd) => {
                let _ = bind(&self.socket, index, NO_PROTOCOL);
                Err(RingError::LinkType { interface: self.interface.clone(), arphrd })
            }
            None => Err(RingError::NoInterface { interface: self.interface.clone(), index }),
        }
    }

    /// Sees from here on the frames for which another filter returns a length; without instructions, all of them. Those
    /// that are in a block by now stay. Takes no capability; there is no moment without a filter.
    ///
    /// The filter is taken as it is: the options' snap length does not lower what it returns. One that is refused
    /// leaves the old one in place, as does a ring whose filter is [`FilterLock::Locked`].
    pub fn replace_filter(&mut self, filter: &[Instruction]) -> Result<(), RingError> {
        match filter {
            [] => attach(&self.socket, &[Instruction { code: RETURN_CONSTANT, jt: 0, jf: 0, k: u32::MAX }]),
            filter => attach(&self.socket, filter),
        }
    }

    /// Lets no more frames in. Those that are in a block can be read within [`RingOptions::retire`].
    pub fn close(&mut self) -> Result<(), RingError> {
        // The kernel has no way to unbind; a protocol that no frame has comes to the same.
        match bind(&self.socket, self.index, NO_PROTOCOL).map_err(|error| (error.raw_os_error(), error)) {
            // The interface has gone, and the frames with it.
            Ok(()) | Err((Some(libc::ENODEV | libc::ENXIO), _)) => Ok(()),
            Err((_, error)) => Err(failed("bind")(error)),
        }
    }

    /// What the first byte of each frame belongs to.
    pub fn link_type(&self) -> LinkType {
        self.link
    }

    /// The interface's name when the ring was opened.
    pub fn interface(&self) -> &str {
        &self.interface
    }

    /// The interface's index.
    pub fn index(&self) -> u32 {
        self.index
    }
}

impl AsFd for Ring {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// A block of packets that the kernel has handed over; dropping it gives it back.
#[derive(Debug)]
pub struct Block<'a> {
    ring: &'a mut Ring,
}

impl Block<'_> {
    /// The packets, in the order in which the kernel saw them. None of them outlives the block.
    ///
    /// ```compile_fail,E0505
    /// # fn read(ring: &mut sidetap::packet::ring::Ring) {
    /// let block = ring.next_block().unwrap();
    /// let packet = block.packets().next();
    /// drop(block);
    /// println!("{packet:?}");
    /// # }
    /// ```
    #[inline]
    pub fn packets(&self) -> Packets<'_> {
        let blocks = &self.ring.blocks;
        // SAFETY: the index is less than the number of blocks, so that the range is inside of the mapping, which
        // lives as long as the ring that we borrow. The block is ours: `next_block` saw `TP_STATUS_USER`, after which
        // the kernel does not write to it until `drop` below, and nobody else writes to the mapping. `drop` takes
        // the block by unique reference, so that no slice from here is left.
        let bytes = unsafe { std::slice::from_raw_parts(blocks.start(self.ring.next).as_ptr(), blocks.size) };
        Packets::of(bytes)
    }
}

impl Drop for Block<'_> {
    #[inline]
    fn drop(&mut self) {
        let ring = &mut *self.ring;
        // The block is ours to give, because `next_block` makes none of one that the kernel owns. Release: whatever
        // was read of it was read before this.
        ring.blocks.status(ring.next).store(libc::TP_STATUS_KERNEL, Ordering::Release);
        ring.next = if ring.next + 1 == ring.blocks.count { 0 } else { ring.next + 1 };
    }
}

/// The mapped memory of a ring: `count` blocks of `size` bytes.
#[derive(Debug)]
struct Blocks {
    base: NonNull<u8>,
    size: usize,
    count: usize,
}

// SAFETY: the mapping belongs to the process, not to a thread, and `Blocks` is its only owner.
unsafe impl Send for Blocks {}

impl Blocks {
    /// Maps the ring of this socket, which has to be of just these `bytes` = `size` × `count`.
    fn map(socket: &OwnedFd, size: usize, count: usize, bytes: usize) -> Result<Self, RingError> {
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_SHARED | libc::MAP_POPULATE;
        // SAFETY: a new mapping at an address that the kernel chooses touches no memory that is in use.
        let base = unsafe { libc::mmap(ptr::null_mut(), bytes, protection, flags, socket.as_raw_fd(), 0) };
        if base == libc::MAP_FAILED {
            let error = io::Error::last_os_error();
            return Err(match error.raw_os_error() {
                Some(libc::ENOMEM | libc::EAGAIN) => RingError::Memory { bytes },
                _ => RingError::System { call: "mmap", source: error },
            });
        }
        let base = NonNull::new(base.cast()).ok_or(RingError::Memory { bytes })?;
        Ok(Blocks { base, size, count })
    }

    /// The first byte of a block.
    #[inline]
    fn start(&self, index: usize) -> NonNull<u8> {
        debug_assert!(index < self.count);
        // SAFETY: every caller's index is `Ring::next` or a remainder of `count`, so less than `count`; the mapping has
        // `count` blocks.
        unsafe { self.base.add(index * self.size) }
    }

    /// The word of a block that says whose it is. The kernel writes it, so that it is only ever read as an atomic
    /// while the kernel may own the block.
    #[inline]
    fn status(&self, index: usize) -> &AtomicU32 {
        // SAFETY: the word is inside of the block, which is at least a page; it is aligned, because the block is
        // aligned to a page and `STATUS` is 8; the mapping lives as long as `self`.
        unsafe { AtomicU32::from_ptr(self.start(index).add(STATUS).cast().as_ptr()) }
    }
}

impl Drop for Blocks {
    fn drop(&mut self) {
        // SAFETY: this is the mapping that `map` made, and nothing borrows from it any more.
        unsafe { libc::munmap(self.base.as_ptr().cast::<c_void>(), self.size * self.count) };
    }
}

/// A packet socket that sees nothing yet: protocol 0.
pub(super) fn packet_socket() -> Result<OwnedFd, RingError> {
    let kind = libc::SOCK_RAW | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
    // SAFETY: takes no memory.
    let descriptor =
        check(unsafe { libc::socket(libc::AF_PACKET, kind, 0) }).map_err(|error| match error.raw_os_error() {
            Some(libc::EPERM | libc::EACCES) => RingError::NotPermitted,
            _ => RingError::System { call: "socket(AF_PACKET)", source: error },
        })?;
    // SAFETY: the descriptor is new, so that nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
}

/// Values that the kernel takes as the bytes they are, with no pointer in them.
pub(super) trait OptionValue {}
impl OptionValue for c_int {}
impl OptionValue for libc::tpacket_req3 {}

pub(super) fn set_option<T: OptionValue>(socket: &OwnedFd, level: c_int, name: c_int, value: &T) -> io::Result<()> {
    let (value, length) = (ptr::from_ref(value).cast(), size_of::<T>() as socklen_t);
    // SAFETY: the kernel reads `length` bytes from `value`, which is borrowed for the call and that long.
    check(unsafe { libc::setsockopt(socket.as_raw_fd(), level, name, value, length) }).map(drop)
}

fn attach(socket: &OwnedFd, filter: &[Instruction]) -> Result<(), RingError> {
    // The kernel takes the two for one another below.
    const { assert!(size_of::<Instruction>() == size_of::<libc::sock_filter>()) };
    const { assert!(align_of::<Instruction>() == align_of::<libc::sock_filter>()) };

    let instructions = filter.len();
    let refused = || RingError::FilterRefused { instructions };
    let len = u16::try_from(instructions).map_err(|_| refused())?;
    let program = libc::sock_fprog { len, filter: filter.as_ptr().cast_mut().cast() };
    let (value, length) = ((&raw const program).cast(), size_of::<libc::sock_fprog>() as socklen_t);
    // SAFETY: the kernel reads `program`, which is that long, and copies the `len` instructions that it points to,
    // which have the layout of `sock_filter`; it writes to neither. Both are borrowed for the call.
    let result =
        unsafe { libc::setsockopt(socket.as_raw_fd(), libc::SOL_SOCKET, libc::SO_ATTACH_FILTER, value, length) };
    check(result).map(drop).map_err(|error| match error.raw_os_error() {
        Some(libc::ENOMEM) => RingError::FilterTooLong { instructions },
        Some(libc::EINVAL) => refused(),
        _ => RingError::System { call: "SO_ATTACH_FILTER", source: error },
    })
}

/// From here on the socket sees the frames of this protocol on this interface.
pub(super) fn bind(socket: &OwnedFd, index: u32, protocol: u16) -> io::Result<()> {
    let mut address = packet_address();
    address.sll_protocol = protocol.to_be();
    address.sll_ifindex = match i32::try_from(index) {
        // Index 0 would bind to every interface, whose link types differ.
        Ok(0) | Err(_) => return Err(io::Error::from_raw_os_error(libc::ENODEV)),
        Ok(index) => index,
    };
    let length = size_of::<libc::sockaddr_ll>() as socklen_t;
    // SAFETY: the kernel reads `length` bytes from `address`, which is that long.
    check(unsafe { libc::bind(socket.as_raw_fd(), (&raw const address).cast(), length) }).map(drop)
}

/// The ARPHRD number of the interface that the socket is bound to; by the socket and not by a name, which may by now
/// be another interface's. Nothing if the interface has gone.
fn hardware_type(socket: &OwnedFd) -> io::Result<Option<u16>> {
    let mut address = packet_address();
    let mut length = size_of::<libc::sockaddr_ll>() as socklen_t;
    // SAFETY: `address` and `length` are ours for the call, and the kernel writes no more than `length` bytes.
    check(unsafe { libc::getsockname(socket.as_raw_fd(), (&raw mut address).cast(), &mut length) })?;
    Ok((address.sll_ifindex > 0).then_some(address.sll_hatype))
}

fn packet_address() -> libc::sockaddr_ll {
    libc::sockaddr_ll {
        sll_family: libc::AF_PACKET as u16,
        sll_protocol: 0,
        sll_ifindex: 0,
        sll_hatype: 0,
        sll_pkttype: 0,
        sll_halen: 0,
        sll_addr: [0; 8],
    }
}

/// What the frames of an interface of this hardware type begin with.
fn link_of(arphrd: u16) -> Option<LinkType> {
    match arphrd {
        libc::ARPHRD_ETHER | libc::ARPHRD_LOOPBACK => Some(LinkType::Ethernet),
        libc::ARPHRD_NONE | ARPHRD_RAWIP | libc::ARPHRD_PPP => Some(LinkType::Raw),
        libc::ARPHRD_TUNNEL | libc::ARPHRD_TUNNEL6 | libc::ARPHRD_SIT => Some(LinkType::Raw),
        _ => None,
    }
}

/// `linux/if_arp.h`; not in `libc`.
const ARPHRD_RAWIP: u16 = 519;

/// The MTU of an interface; nothing if there is none of this name.
pub(super) fn mtu(interface: &str) -> Option<u32> {
    // SAFETY: an `ifreq` is bytes and numbers, for which zeroes are values.
    let mut request: libc::ifreq = unsafe { mem::zeroed() };
    // The last byte stays 0.
    if interface.len() >= request.ifr_name.len() {
        return None;
    }
    for (place, byte) in request.ifr_name.iter_mut().zip(interface.bytes()) {
        *place = byte as libc::c_char;
    }
    let socket = rustix::net::socket_with(
        rustix::net::AddressFamily::INET,
        rustix::net::SocketType::DGRAM,
        rustix::net::SocketFlags::CLOEXEC,
        None,
    )
    .ok()?;
    // SAFETY: SIOCGIFMTU reads the name from the `ifreq` and writes the MTU into it.
    check(unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCGIFMTU as _, &raw mut request) }).ok()?;
    // SAFETY: the kernel has just written this field of the union; any bytes are a number.
    u32::try_from(unsafe { request.ifr_ifru.ifru_mtu }).ok()
}

fn check(result: c_int) -> io::Result<c_int> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

fn failed(call: &'static str) -> impl Fn(io::Error) -> RingError {
    move |source| RingError::System { call, source }
}

#[cfg(test)]
mod tests;
