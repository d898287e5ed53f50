//! Where every byte went.

/// Bytes of TCP payload by what became of them, and packets that brought none.
///
/// `bytes_in = delivered + duplicate + gap + evicted + unparsed + held`, always; at the end nothing is held.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Bytes that were captured, and bytes that are known to have been sent and were not.
    pub bytes_in: u64,
    /// Handed on in order.
    pub delivered: u64,
    /// Seen before: retransmitted, or captured on a second interface.
    pub duplicate: u64,
    /// Sent and not captured.
    pub gap: u64,
    /// Captured and given up, because the room for early data was full or the connection was evicted.
    pub evicted: u64,
    /// Belonging to connections that nobody reads, such as encrypted ones, or sent with a reset or after a FIN.
    pub unparsed: u64,
    /// Waiting for earlier bytes.
    pub held: u64,
}

impl Ledger {
    /// Whether every byte is accounted for.
    pub fn balances(&self) -> bool {
        self.bytes_in == self.delivered + self.duplicate + self.gap + self.evicted + self.unparsed + self.held
    }
}

/// Events of the flow table, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FlowCounts {
    /// Connections seen.
    pub opened: u64,
    /// Of those, seen from their middle only.
    pub midstream: u64,
    /// Closed by FIN or RST.
    pub closed: u64,
    /// Given up to make room for others.
    pub evicted: u64,
    /// Gaps that were declared.
    pub gaps: u64,
    /// Packets that another interface had already shown.
    pub other_interface: u64,
    /// Segments whose RST lies outside what the receiver would accept.
    pub ignored_resets: u64,
}

#[cfg(test)]
mod tests;
