//! What a ring has seen and lost, as totals since it was opened.

/// Totals of one [`Ring`](super::ring::Ring).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RingStatistics {
    /// Packets that passed the filter, those dropped included.
    pub packets: u64,
    /// Packets of those that found no free block, or that the kernel could not describe (a GSO type that
    /// `virtio_net_hdr` has no number for).
    pub drops: u64,
    /// How often the ring was full: each time, nothing entered it until a block came back.
    pub freezes: u64,
}

impl RingStatistics {
    /// Packets that are in a block, read or yet to be read.
    pub const fn captured(&self) -> u64 {
        self.packets.saturating_sub(self.drops)
    }

    /// Adds what the kernel counted since it was last asked; it counts in 32 bits and starts again at 0 each time.
    pub(super) const fn add(&mut self, packets: u32, drops: u32, freezes: u32) {
        self.packets = self.packets.saturating_add(packets as u64);
        self.drops = self.drops.saturating_add(drops as u64);
        self.freezes = self.freezes.saturating_add(freezes as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_outgrow_the_kernels_32_bits() {
        let mut statistics = RingStatistics::default();
        for _ in 0..3 {
            statistics.add(u32::MAX, 1, 2);
        }
        assert_eq!(statistics, RingStatistics { packets: 3 * u64::from(u32::MAX), drops: 3, freezes: 6 });
        assert_eq!(statistics.captured(), 3 * u64::from(u32::MAX) - 3);
    }
}
