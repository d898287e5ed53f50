//! Datagrams as anybody may send them to a collector: each is counted once, for the cause that RFC 7348 gives, and what is
//! a frame comes to the engine.

#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use sidetap::collect::{Datagram, Intake, Networks, Refusal};
use sidetap::flow::Limits;
use sidetap::packet::filter::Filter;
use sidetap::packet::{Address, LinkType, Timestamp};
use sidetap::sensor::{Engine, EngineLimits};
use sidetap_fuzz::lines::Lines;

const MOST_DATAGRAMS: usize = 300;
/// Room for fewer sources than there can be.
const SOURCES: usize = 3;
const HEADER: usize = 8;
const ETHERNET: usize = 14;

/// Why a datagram cannot be taken, as far as its first bytes tell; and its network.
fn expected(datagram: &[u8], networks: &[u32]) -> Result<u32, Refusal> {
    let Some((&[flags, a, b, c, high, middle, low, d], frame)) = datagram.split_first_chunk::<HEADER>() else {
        return Err(Refusal::TooShort);
    };
    let vni = u32::from_be_bytes([0, high, middle, low]);
    match () {
        () if flags & 8 == 0 => Err(Refusal::NotVxlan),
        () if flags != 8 || [a, b, c, d] != [0; 4] => Err(Refusal::ReservedBits),
        () if !networks.is_empty() && !networks.contains(&vni) => Err(Refusal::OtherNetwork),
        () if frame.len() < ETHERNET => Err(Refusal::InnerTooShort),
        () => Ok(vni),
    }
}

fuzz_target!(|input: &[u8]| {
    // How many networks are wanted, and whether there is a filter; then the networks, and the datagrams.
    let Some((&how, mut rest)) = input.split_first() else { return };
    let mut networks = Vec::new();
    while networks.len() < usize::from(how & 3)
        && let Some((&[high, middle, low], after)) = rest.split_first_chunk()
    {
        networks.push(u32::from_be_bytes([0, high, middle, low]));
        rest = after;
    }
    let filter = (how & 4 != 0).then(|| Filter::compile("tcp or vlan", LinkType::Ethernet).expect("it is valid"));
    let flows = Limits { connections: 4, early_bytes: 8 << 10, hole_timeout: Duration::from_secs(1) };
    let limits = EngineLimits { flows, exchanges: 3, buffer_bytes: 24 << 10 };
    let lines = Lines::default();
    let mut engine = Engine::new(limits, lines.exports());
    let mut intake = Intake::new(Networks::new(networks.clone()), SOURCES, filter.clone());
    let mut time = Timestamp::from_parts(1_000_000, 0);
    for number in 1..=MOST_DATAGRAMS as u64 {
        // How long, and from whom; a bit says that a header comes before it that is as it should be.
        let Some((&[length, who], after)) = rest.split_first_chunk() else { break };
        let (bytes, after) = after.split_at(usize::from(length).min(after.len()));
        rest = after;
        let mut datagram = Vec::new();
        if who & 0x80 != 0 {
            let vni = networks.get(usize::from(who >> 4 & 3)).copied().unwrap_or(u32::from(who >> 4 & 7));
            datagram.extend([8, 0, 0, 0]);
            datagram.extend((vni << 8).to_be_bytes());
        }
        datagram.extend_from_slice(bytes);
        // Long enough for a number to go to another source, now and then.
        time = time.after(if who & 0x48 == 0x48 { Duration::from_secs(4_000) } else { Duration::from_micros(7) });
        let source = Address::v4([192, 0, 2, who & 7]);

        let before = intake.counts();
        let packets = engine.counts().packets.frames;
        intake.take(&Datagram { time, source, bytes: &datagram }, &mut engine);
        let after = intake.counts();
        let packets = engine.counts().packets.frames - packets;

        assert_eq!(after.datagrams, number);
        let refused: Vec<Refusal> =
            Refusal::ALL.into_iter().filter(|&why| after.refused.of(why) > before.refused.of(why)).collect();
        let filtered = after.filtered - before.filtered;
        assert_eq!(after.refused.total() - before.refused.total(), refused.len() as u64);
        assert_eq!(refused.len() as u64 + filtered + packets, 1, "{refused:?} {filtered} {packets}");
        match expected(&datagram, &networks) {
            Err(why) => assert_eq!(refused, [why]),
            Ok(_) => {
                assert!(
                    refused.iter().all(|why| [Refusal::Nested, Refusal::TooManySources].contains(why)),
                    "{refused:?}"
                );
            }
        }
        if refused.is_empty() {
            let frame = &datagram[HEADER..];
            let passes = filter.as_ref().is_none_or(|filter| filter.matches(frame, frame.len() as u32));
            assert_eq!(packets == 1, passes);
        }
        assert!(after.sources <= SOURCES);
        let of_sources: u64 = intake.sources().iter().map(|counts| counts.packets).sum();
        // A number that went to another source took its counts along.
        assert!(of_sources <= after.datagrams - after.refused.total());
        let counts = engine.counts();
        assert!(counts.bytes.balances() && counts.transactions.balances(), "{counts:?}");
    }
    engine.finish();
    let counts = engine.counts();
    assert!(counts.bytes.balances() && counts.bytes.held == 0, "{:?}", counts.bytes);
    assert!(counts.transactions.balances() && counts.transactions.pending == 0, "{:?}", counts.transactions);
    lines.take();
});
