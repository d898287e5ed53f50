//! Where every transaction went.

/// Transactions by what became of them: `seen = emitted + dropped + pending`, always.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TransactionLedger {
    /// Transactions of which anything was seen.
    pub seen: u64,
    /// Handed to the exports.
    pub emitted: u64,
    /// Those of them that are not complete.
    pub incomplete: u64,
    /// Given up because too many were waiting for their response.
    pub dropped_table_full: u64,
    /// A head of which could not be read, was too long, or was cut off.
    pub dropped_unread: u64,
    /// A head of which came in parts, and was given up because too many others had.
    pub dropped_in_parts: u64,
    /// Still waiting for their response.
    pub pending: u64,
}

impl TransactionLedger {
    /// Whether every transaction is accounted for.
    pub fn balances(&self) -> bool {
        let dropped = self.dropped_table_full + self.dropped_unread + self.dropped_in_parts;
        self.seen == self.emitted + dropped + self.pending
    }
}
