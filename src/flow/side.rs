//! The two ends of a connection.

/// Who sent something: the end that opened the connection, or the one that was called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    Client,
    Server,
}

impl Side {
    /// The other end.
    pub const fn peer(self) -> Self {
        match self {
            Side::Client => Side::Server,
            Side::Server => Side::Client,
        }
    }

    /// 0 for the client and 1 for the server, for arrays with a place for each.
    pub const fn index(self) -> usize {
        self as usize
    }
}
