use proptest::prelude::*;

use super::*;

const VALID: [u8; 8] = [0x08, 0, 0, 0, 0, 0, 42, 0];

/// An Ethernet frame with an IPv4 packet of this protocol, whose header tells this length.
fn ipv4(protocol: u8, total: u16, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![2; 12];
    frame.extend([0x08, 0x00, 0x45, 0]);
    frame.extend(total.to_be_bytes());
    frame.extend([0, 0, 0x40, 0, 64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
    frame.extend(payload);
    frame
}

fn udp(destination: u16, payload: &[u8]) -> Vec<u8> {
    let length = 8 + payload.len() as u16;
    let datagram = [&[0x12, 0x34], &destination.to_be_bytes()[..], &length.to_be_bytes(), &[0, 0], payload].concat();
    ipv4(17, 20 + length, &datagram)
}

fn datagram(header: [u8; 8], frame: &[u8]) -> Vec<u8> {
    [&header[..], frame].concat()
}

fn refusal(datagram: &[u8]) -> Option<Refusal> {
    decapsulate(datagram, &Networks::new(vec![7, 42])).err().map(|(why, _)| why)
}

#[test]
fn a_frame_is_taken_with_its_network() {
    let frame = udp(53, b"hello");
    let datagram = datagram(VALID, &frame);
    let inner = decapsulate(&datagram, &Networks::default()).unwrap();
    assert_eq!(inner, Inner { vni: 42, frame: &frame, wire_len: frame.len() as u32 });
}

#[test]
fn every_reserved_bit_has_to_be_zero_and_the_flag_set() {
    let frame = udp(53, b"hello");
    for bit in 0..64 {
        let mut header = VALID;
        header[bit / 8] ^= 0x80 >> (bit % 8);
        let expected = match bit {
            4 => Some(Refusal::NotVxlan),
            32..56 => Some(Refusal::OtherNetwork),
            _ => Some(Refusal::ReservedBits),
        };
        assert_eq!(refusal(&datagram(header, &frame)), expected, "bit {bit}");
    }
}

#[test]
fn a_network_that_is_not_wanted_is_refused() {
    let of = |vni: u8| refusal(&datagram([8, 0, 0, 0, 0, 0, vni, 0], &udp(53, b"")));
    assert_eq!([7, 42, 41, 0].map(of), [None, None, Some(Refusal::OtherNetwork), Some(Refusal::OtherNetwork)]);
}

#[test]
fn what_is_too_short_is_refused_outside_and_inside() {
    let whole = datagram(VALID, &[0; 14]);
    for length in 0..whole.len() {
        let expected = if length < 8 { Refusal::TooShort } else { Refusal::InnerTooShort };
        assert_eq!(refusal(&whole[..length]), Some(expected), "{length}");
    }
    assert_eq!(refusal(&whole), None);
}

#[test]
fn a_tunnel_in_a_tunnel_is_refused_behind_tags_and_cut_too() {
    let nested = udp(4789, &datagram(VALID, &udp(53, b"x")));
    assert_eq!(refusal(&datagram(VALID, &nested)), Some(Refusal::Nested));
    let tagged = [&nested[..12], &[0x81, 0, 0, 5], &nested[12..]].concat();
    assert_eq!(refusal(&datagram(VALID, &tagged)), Some(Refusal::Nested));
    // Cut behind the inner VXLAN header.
    assert_eq!(refusal(&datagram(VALID, &nested[..14 + 20 + 8 + 8])), Some(Refusal::Nested));
    // Nothing of it but the port, or the port and no flag.
    assert_eq!(refusal(&datagram(VALID, &udp(4789, b""))), None);
    assert_eq!(refusal(&datagram(VALID, &udp(4789, &[0; 60]))), None);
}

#[test]
fn a_cut_frame_has_the_length_that_its_header_tells() {
    // As AWS cuts it where it does not fit the target's MTU.
    let frame = ipv4(6, 1500, &[0; 200]);
    let length = |frame: &[u8]| decapsulate(&datagram(VALID, frame), &Networks::default()).unwrap().wire_len;
    assert_eq!(length(&frame), 14 + 1500);
    let mut ipv6 = vec![2; 12];
    ipv6.extend([0x86, 0xdd, 0x60, 0, 0, 0, 0x23, 0x28, 6, 64]);
    ipv6.extend([0; 32 + 100]);
    assert_eq!(length(&ipv6), 14 + 40 + 9000);
    // Padded to the least that Ethernet sends, or not IP at all.
    assert_eq!(length(&[ipv4(6, 40, &[0; 20]), vec![0; 6]].concat()), 60);
    assert_eq!(length(&[0xff; 60]), 60);
}

proptest! {
    #[test]
    fn any_bytes_are_taken_or_refused_for_one_cause(
        bytes in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..200),
            prop::collection::vec(any::<u8>(), 0..200).prop_map(|frame| datagram(VALID, &frame)),
            prop::collection::vec(any::<u8>(), 0..100).prop_map(|rest| datagram(VALID, &udp(4789, &rest))),
        ],
    ) {
        match decapsulate(&bytes, &Networks::default()) {
            Ok(inner) => {
                prop_assert_eq!(inner.frame, &bytes[8..]);
                prop_assert!(inner.wire_len as usize >= inner.frame.len());
            }
            Err((why, vni)) => {
                let mut refusals = Refusals::default();
                refusals.count(why);
                prop_assert_eq!(refusals.total(), 1);
                let counted: Vec<Refusal> = Refusal::ALL.into_iter().filter(|&why| refusals.of(why) > 0).collect();
                prop_assert_eq!(counted, [why]);
                prop_assert_eq!(vni.is_some(), matches!(why, Refusal::InnerTooShort | Refusal::Nested));
            }
        }
    }
}
