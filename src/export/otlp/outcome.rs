//! Whether an exchange failed, and what one calls that.
//!
//! A response that was not seen is no failure: the sensor may have missed it. What was seen and is an error by the
//! conventions for HTTP and gRPC is one, as seen from the side that the span is of.

use std::io::Write as _;

use crate::record::{Exchange, Rpc, Vantage};

/// RFC 9113 §7: the stream was not needed any longer, or ended well. Clients leave endless responses so.
const HARMLESS_RESETS: [u32; 2] = [0x0, 0x8];

/// Codes of gRPC that are the server's fault: UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE,
/// DATA_LOSS. The others are the client's.
const SERVER_FAULTS: [u32; 6] = [2, 4, 12, 13, 14, 15];

/// How it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    Status(u16),
    Rpc {
        code: u32,
        name: Option<&'static str>,
    },
    /// The stream of the response was reset in the middle.
    Incomplete,
}

impl Failure {
    /// How an exchange failed, if it did.
    pub fn of(exchange: &Exchange, vantage: Vantage) -> Option<Failure> {
        let status = exchange.status?;
        let more = exchange.more.as_deref();
        if let Some(Rpc { status: Some(code), status_name, .. }) = more.and_then(|more| more.rpc.as_ref()) {
            let failed = match vantage {
                Vantage::Client => *code != 0,
                Vantage::Server | Vantage::Both => SERVER_FAULTS.contains(code),
            };
            if failed {
                return Some(Failure::Rpc { code: *code, name: *status_name });
            }
        }
        let failed = match status {
            100..400 => false,
            400..500 => vantage == Vantage::Client,
            _ => true,
        };
        if failed {
            return Some(Failure::Status(status));
        }
        let reset = more.and_then(|more| more.reset_code).is_some_and(|code| !HARMLESS_RESETS.contains(&code));
        (reset && !exchange.response.whole).then_some(Failure::Incomplete)
    }

    /// As `error.type` has it.
    pub fn write(self, out: &mut Vec<u8>) {
        // Writing into a vector does not fail.
        let _ = match self {
            Failure::Status(status) => write!(out, "{status}"),
            Failure::Rpc { name: Some(name), .. } => write!(out, "{name}"),
            Failure::Rpc { code, name: None } => write!(out, "{code}"),
            Failure::Incomplete => write!(out, "response_incomplete"),
        };
    }
}
