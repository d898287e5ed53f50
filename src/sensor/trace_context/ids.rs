//! Ids that are made of where a request is, so that it has the same ones whenever it is told of, and from either end of
//! its connection.
//!
//! Neither addresses nor sequence numbers leave: an id is a part of a SHA-256 digest. Translated addresses, and proxies in
//! between, make two connections of one, with ids of their own.

use sha2::{Digest, Sha256};

use crate::packet::Address;
use crate::record::{Connection, Vantage};

/// Tells these digests from any others, and from those of another version.
const DOMAIN: &[u8] = b"sidetap span 1";

const NANOS_AN_HOUR: u64 = 3_600_000_000_000;

/// Which bits of a trace id are random (W3C Trace Context Level 2 §3.2.2.5).
const RANDOM_BITS: u64 = (1 << 56) - 1;

/// The trace id and the span id of a request. `sequence` is the TCP sequence number of its first byte as it was sent,
/// `stream` the HTTP/2 stream. The hour in which it began tells connections apart that use the same ports again; seen
/// around a full hour, the two ends of one connection may differ.
///
/// Both ends have the same span id, unless `vantage` is hashed into it. Ids are never nothing but zeros.
pub fn ids(
    connection: &Connection,
    sequence: u32,
    stream: Option<u32>,
    start_unix_nanos: u64,
    salt: &[u8],
    vantage: Option<Vantage>,
) -> ([u8; 16], [u8; 8]) {
    let end = |end: crate::record::Endpoint| (Address::from(end.address.to_canonical()), end.port);
    let (client, server) = (end(connection.client), end(connection.server));
    let mut digest = Sha256::new();
    digest.update(DOMAIN);
    digest.update((salt.len() as u64).to_be_bytes());
    digest.update(salt);
    for (address, port) in [client.min(server), client.max(server)] {
        digest.update(address.bits().to_be_bytes());
        digest.update(port.to_be_bytes());
    }
    digest.update(sequence.to_be_bytes());
    digest.update([u8::from(stream.is_some())]);
    digest.update(stream.unwrap_or_default().to_be_bytes());
    digest.update((start_unix_nanos / NANOS_AN_HOUR).to_be_bytes());
    let digest: [u8; 32] = digest.finalize().into();
    let [trace_id, rest] = [&digest[..16], &digest[16..]];
    let span_id = match vantage {
        None => first(rest),
        Some(vantage) => first(&Sha256::new().chain_update(digest).chain_update(vantage.name()).finalize()),
    };
    (not_zero(first(trace_id)), not_zero(span_id))
}

/// The 56 bits of a trace id that are as good as random, for sampling that agrees wherever it is done.
pub fn randomness(trace_id: &[u8; 16]) -> u64 {
    u128::from_be_bytes(*trace_id) as u64 & RANDOM_BITS
}

/// The first bytes; there are more.
fn first<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.first_chunk().copied().unwrap_or([0; N])
}

/// Zeros alone are no id (W3C Trace Context §3.2.2.3).
fn not_zero<const N: usize>(mut id: [u8; N]) -> [u8; N] {
    if id.iter().all(|&byte| byte == 0)
        && let Some(last) = id.last_mut()
    {
        *last = 1;
    }
    id
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use proptest::prelude::*;

    use super::*;
    use crate::packet::Realm;
    use crate::record::Endpoint;

    fn connection(client: (IpAddr, u16), server: (IpAddr, u16)) -> Connection {
        let end = |(address, port)| Endpoint { address, port };
        Connection { client: end(client), server: end(server), realm: Realm::OUTSIDE }
    }

    fn usual() -> Connection {
        connection((IpAddr::from([10, 0, 0, 5]), 40_000), (IpAddr::from([10, 0, 1, 9]), 8080))
    }

    /// Made with Python's `hashlib`: ids of other versions would not be the ids of these requests.
    #[test]
    fn ids_stay_what_they_are() {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let start = 1_700_000_000_000_000_000;
        let (trace_id, span_id) = ids(&usual(), 0x0102_0304, None, start, b"fleet", None);
        assert_eq!(
            (hex(&trace_id), hex(&span_id)),
            ("758dbbfd9bce1c27c6ee85cd9c517f98".to_owned(), "1654d4c82c4e3eb6".to_owned())
        );
        let (same, client) = ids(&usual(), 0x0102_0304, None, start, b"fleet", Some(Vantage::Client));
        assert_eq!((same, hex(&client)), (trace_id, "039a2511b6a8e3e7".to_owned()));
    }

    #[test]
    fn zeros_are_no_id() {
        assert_eq!(not_zero([0; 4]), [0, 0, 0, 1]);
        assert_eq!(not_zero([1, 0, 0, 0]), [1, 0, 0, 0]);
    }

    #[test]
    fn randomness_is_the_last_seven_bytes() {
        let id = [1, 2, 3, 4, 5, 6, 7, 8, 0xff, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16];
        assert_eq!(randomness(&id), 0x0010_1112_1314_1516);
    }

    #[test]
    fn the_randomness_of_made_ids_is_spread_evenly() {
        let half = 1 << 55;
        let above = (0..4000).filter(|&sequence| randomness(&ids(&usual(), sequence, None, 0, b"", None).0) >= half);
        let above = above.count();
        assert!((1800..2200).contains(&above), "{above} of 4000");
    }

    fn address() -> impl Strategy<Value = IpAddr> {
        prop_oneof![any::<[u8; 4]>().prop_map(IpAddr::from), any::<[u8; 16]>().prop_map(IpAddr::from)]
    }

    proptest! {
        #[test]
        fn both_ends_agree_and_ids_are_never_zero(
            client in (address(), any::<u16>()),
            server in (address(), any::<u16>()),
            sequence: u32,
            stream: Option<u32>,
            start: u64,
            salt in prop::collection::vec(any::<u8>(), 0..40),
        ) {
            let (there, back) = (connection(client, server), connection(server, client));
            let made = |connection, vantage| ids(connection, sequence, stream, start, &salt, vantage);
            let seen_by_other = Connection { realm: Realm::of_source(3), ..back };
            prop_assert_eq!(made(&there, None), made(&seen_by_other, None));
            prop_assert_eq!(made(&there, Some(Vantage::Server)), made(&back, Some(Vantage::Server)));
            let vantages = [None, Some(Vantage::Server), Some(Vantage::Client), Some(Vantage::Both)];
            let all: Vec<_> = vantages.into_iter().map(|vantage| made(&there, vantage)).collect();
            for (place, (trace_id, span_id)) in all.iter().enumerate() {
                prop_assert!(*trace_id != [0; 16] && *span_id != [0; 8]);
                prop_assert_eq!(*trace_id, all[0].0);
                prop_assert!(all[..place].iter().all(|(_, other)| other != span_id));
            }
        }

        #[test]
        fn whatever_is_different_has_other_ids(sequence: u32, stream: u32, hours in 0..400_000_u64, salt: [u8; 4]) {
            let start = hours * NANOS_AN_HOUR;
            let made = ids(&usual(), sequence, Some(stream), start, &salt, None);
            for other in [
                ids(&usual(), sequence.wrapping_add(1), Some(stream), start, &salt, None),
                ids(&usual(), sequence, Some(stream.wrapping_add(2)), start, &salt, None),
                ids(&usual(), sequence, None, start, &salt, None),
                ids(&usual(), sequence, Some(stream), start + NANOS_AN_HOUR, &salt, None),
                ids(&usual(), sequence, Some(stream), start, &salt[..3], None),
            ] {
                prop_assert!(made.0 != other.0 && made.1 != other.1);
            }
            let later = ids(&usual(), sequence, Some(stream), start + NANOS_AN_HOUR - 1, &salt, None);
            prop_assert_eq!(made, later);
        }
    }
}
