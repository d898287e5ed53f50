//! Where every transaction went.

/// Why a transaction was not handed to the exports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DropStage {
    /// Too many were waiting for their response.
    TableFull,
    /// A head of it could not be read, was too long, or was cut off.
    UnreadHead,
    /// A head of it came in parts, and was given up because too many others had.
    HeadInParts,
    /// The user's rules for hosts and paths leave it out.
    Rule,
    /// It goes to where a task gets its credentials and metadata.
    Credentials,
    /// It is what this program itself sends.
    Own,
    /// Its endpoint has had its fair share.
    RateFair,
    /// More came at once than the rate limit takes.
    RateGuard,
    /// The bytes of this minute are used up.
    RateBytes,
}

impl DropStage {
    /// All of them, in the order of the way that a transaction goes.
    pub const ALL: [DropStage; 9] = [
        DropStage::TableFull,
        DropStage::UnreadHead,
        DropStage::HeadInParts,
        DropStage::Rule,
        DropStage::Credentials,
        DropStage::Own,
        DropStage::RateFair,
        DropStage::RateGuard,
        DropStage::RateBytes,
    ];

    /// As metrics show it.
    pub fn name(self) -> &'static str {
        match self {
            DropStage::TableFull => "table_full",
            DropStage::UnreadHead => "unread_head",
            DropStage::HeadInParts => "head_in_parts",
            DropStage::Rule => "rule",
            DropStage::Credentials => "credentials",
            DropStage::Own => "own",
            DropStage::RateFair => "rate_fair",
            DropStage::RateGuard => "rate_guard",
            DropStage::RateBytes => "rate_bytes",
        }
    }
}

/// Transactions by what became of them: `seen = emitted + dropped + pending`, always.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TransactionLedger {
    /// Transactions of which anything was seen.
    pub seen: u64,
    /// Handed to the exports.
    pub emitted: u64,
    /// Those of them that are not complete.
    pub incomplete: u64,
    /// Still waiting for their response.
    pub pending: u64,
    dropped: [u64; DropStage::ALL.len()],
}

impl TransactionLedger {
    /// Transactions that were not handed on for this reason.
    pub fn dropped(&self, stage: DropStage) -> u64 {
        self.dropped[stage as usize]
    }

    /// Counts transactions that were not handed on.
    pub fn drop(&mut self, stage: DropStage, transactions: u64) {
        self.dropped[stage as usize] += transactions;
    }

    /// Whether every transaction is accounted for.
    pub fn balances(&self) -> bool {
        self.seen == self.emitted + self.dropped.iter().sum::<u64>() + self.pending
    }
}
