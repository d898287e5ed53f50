//! What cannot be compared with tcpdump: errors, bounds, sockets, and what programs are put together from.

use std::fmt::Write;

use proptest::prelude::*;

use super::*;
use crate::packet::vlan::VlanTag;

const TCP_SYN: &[u8] = &[
    0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 2, 0, 0, 0, 0, 1, 0x08, 0x00, // Ethernet
    0x45, 0, 0, 40, 0, 0, 0x40, 0, 64, 6, 0, 0, 10, 1, 2, 3, 1, 2, 3, 4, // IPv4
    0x9c, 0x40, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 0x02, 0xff, 0xff, 0, 0, 0, 0, // TCP
];

fn compiled(expression: &str) -> Program {
    Filter::compile(expression, LinkType::Ethernet).unwrap_or_else(|error| panic!("{expression}: {error}"))
}

fn refusal(expression: &str) -> FilterError {
    Filter::compile(expression, LinkType::Ethernet).unwrap_err()
}

fn run(instructions: &[(u16, u8, u8, u32)], bytes: &[u8]) -> u32 {
    program(instructions).unwrap().run(bytes, 100)
}

fn program(instructions: &[(u16, u8, u8, u32)]) -> Result<Program, InvalidProgram> {
    let instructions = instructions.iter().map(|&(code, jt, jf, k)| Instruction { code, jt, jf, k });
    Program::from_instructions(instructions.collect())
}

#[test]
fn the_empty_expression_accepts_everything() {
    assert_eq!(compiled(" \n").run(&[], 0), DEFAULT_SNAP_LENGTH);
    assert_eq!(Program::accept_all(96).run(TCP_SYN, 60), 96);
    assert!(Program::accept_all(0).matches(TCP_SYN, 60));
}

#[test]
fn accepted_packets_are_cut_to_the_snap_length() {
    assert_eq!(compiled("tcp port 80").run(TCP_SYN, 60), DEFAULT_SNAP_LENGTH);
    assert_eq!(compiled("tcp port 80").with_snap_length(128).run(TCP_SYN, 60), 128);
    assert_eq!(compiled("udp").with_snap_length(128).run(TCP_SYN, 60), 0);
}

#[test]
fn programs_are_joined() {
    let (http, own) = (compiled("tcp port 80"), compiled("src host 10.1.2.3 and src port 40000"));
    assert!(own.matches(TCP_SYN, 60));
    let others = own.clone().negated(1500);
    assert!(!http.clone().and(&others).unwrap().matches(TCP_SYN, 60));
    let mut reply = TCP_SYN.to_vec();
    reply[26..34].copy_from_slice(&[1, 2, 3, 4, 10, 1, 2, 3]);
    assert_eq!(http.and(&others).unwrap().run(&reply, 60), 1500);
    let (mut long, part) = (Program::accept_all(1), compiled("net 10.1"));
    let joined = loop {
        match long.and(&part) {
            Ok(longer) => long = longer,
            Err(error) => break error,
        }
    };
    assert!(matches!(joined, InvalidProgram::TooLong(length) if length > MOST_INSTRUCTIONS));
}

#[test]
fn the_machine_computes_as_the_kernel_does() {
    // Hand-written programs: load, index, header length, scratch words, division by zero, jumps.
    assert_eq!(run(&[(0x20, 0, 0, 0), (0x15, 0, 1, 0x0102_0304), (6, 0, 0, 7), (6, 0, 0, 0)], &[1, 2, 3, 4]), 7);
    assert_eq!(run(&[(0x20, 0, 0, 1), (6, 0, 0, 7)], &[1, 2, 3, 4]), 0);
    assert_eq!(run(&[(0x28, 0, 0, u32::MAX), (6, 0, 0, 7)], &[1, 2]), 0);
    let header = &[(0xb1, 0, 0, 0), (0x50, 0, 0, 1), (0x15, 0, 1, 9), (6, 0, 0, 7), (6, 0, 0, 0)];
    assert_eq!(run(header, &[0x41, 0, 0, 0, 0, 9]), 7);
    assert_eq!(run(header, &[0x42, 0, 0, 0, 0, 9]), 0);
    assert_eq!(run(&[(1, 0, 0, u32::MAX), (0x50, 0, 0, 1), (6, 0, 0, 7)], &[1, 2]), 0);
    assert_eq!(run(&[(0, 0, 0, 5), (1, 0, 0, 0), (0x3c, 0, 0, 0), (6, 0, 0, 7)], &[]), 0);
    let shifted = &[(0, 0, 0, 5), (1, 0, 0, 40), (0x6c, 0, 0, 0), (0x15, 0, 1, 0), (6, 0, 0, 7), (6, 0, 0, 0)];
    assert_eq!(run(shifted, &[]), 7);
    let scratch = &[(0, 0, 0, 5), (2, 0, 0, 15), (0, 0, 0, 0), (0x61, 0, 0, 15), (0x1d, 1, 0, 0), (0x87, 0, 0, 0)];
    let scratch: Vec<_> = scratch.iter().copied().chain([(0x15, 0, 1, 5), (6, 0, 0, 7), (6, 0, 0, 0)]).collect();
    assert_eq!(run(&scratch, &[]), 7);
    assert_eq!(run(&[(0x80, 0, 0, 0), (0x25, 1, 0, 99), (6, 0, 0, 0), (5, 0, 0, 0), (6, 0, 0, 7)], &[]), 7);
    assert_eq!(run(&[(0, 0, 0, 1), (0x84, 0, 0, 0), (0x15, 0, 1, u32::MAX), (6, 0, 0, 7), (6, 0, 0, 0)], &[]), 7);
}

#[test]
fn invalid_programs_are_refused() {
    assert_eq!(program(&[]), Err(InvalidProgram::Empty));
    assert_eq!(program(&[(0, 0, 0, 0)]), Err(InvalidProgram::NoReturn));
    assert_eq!(program(&[(0x16, 0, 0, 0)]), Err(InvalidProgram::NoReturn));
    assert_eq!(program(&[(0x99, 0, 0, 0), (6, 0, 0, 0)]), Err(InvalidProgram::UnknownCode { at: 0, code: 0x99 }));
    assert_eq!(program(&[(0x15, 0, 1, 0), (6, 0, 0, 0)]), Err(InvalidProgram::JumpOutside { at: 0 }));
    assert_eq!(program(&[(5, 0, 0, u32::MAX), (6, 0, 0, 0)]), Err(InvalidProgram::JumpOutside { at: 0 }));
    assert_eq!(program(&[(2, 0, 0, 16), (6, 0, 0, 0)]), Err(InvalidProgram::NoSuchScratch { at: 0, word: 16 }));
    assert_eq!(program(&[(0x34, 0, 0, 0), (6, 0, 0, 0)]), Err(InvalidProgram::BadConstant { at: 0 }));
    assert_eq!(program(&[(0x64, 0, 0, 32), (6, 0, 0, 0)]), Err(InvalidProgram::BadConstant { at: 0 }));
    assert_eq!(program(&[(6, 0, 0, 1); 4097]), Err(InvalidProgram::TooLong(4097)));
}

#[test]
fn services_are_ports_of_their_protocols() {
    for (named, numbered) in [
        ("port http", "tcp port 80"),
        ("tcp port ssh or https", "tcp port 22 or 443"),
        ("port domain", "port 53"),
        ("udp port ntp", "udp port 123"),
        ("portrange http-https", "portrange 80-443"),
        ("portrange 22-http-alt", "portrange 22-8080"),
    ] {
        assert_eq!(compiled(named), compiled(numbered), "{named}");
    }
    assert_eq!(refusal("udp port http").to_string(), "`http` is a service of tcp");
}

#[test]
fn loopback_captures_have_either_byte_order() {
    let packet = TCP_SYN.get(14..).unwrap();
    for (link, family) in
        [(LinkType::Null, [2, 0, 0, 0]), (LinkType::Null, [0, 0, 0, 2]), (LinkType::Loop, [0, 0, 0, 2])]
    {
        let frame = [&family, packet].concat();
        assert!(Filter::compile("tcp dst port 80", link).unwrap().matches(&frame, 44), "{link:?} {family:?}");
        assert!(!Filter::compile("ip6", link).unwrap().matches(&frame, 44));
    }
    for family in [10, 24, 28, 30] {
        let frame = [0, 0, 0, family, 0x60];
        assert!(Filter::compile("ip6", LinkType::Loop).unwrap().matches(&frame, 5));
    }
}

#[test]
fn a_tag_that_the_kernel_took_out_is_found() {
    let socket = |expression| Filter::compile_for(expression, LinkType::Ethernet, Target::Socket).unwrap();
    let tagged = |tci| Ancillary { vlan: Some(VlanTag { tpid: 0x8100, tci }), ..Ancillary::default() };
    let program = socket("vlan 5 and tcp port 80");
    assert_ne!(program.run_with(TCP_SYN, 60, &tagged(0x6005)), 0);
    assert_eq!(program.run_with(TCP_SYN, 60, &tagged(6)), 0);
    assert_eq!(program.run_with(TCP_SYN, 60, &Ancillary::default()), 0);
    let mut in_frame = TCP_SYN.to_vec();
    in_frame.splice(12..12, [0x81, 0, 0x60, 5]);
    assert_ne!(program.run_with(&in_frame, 64, &Ancillary::default()), 0);
    assert_ne!(socket("vlan 7 and vlan 5 and tcp").run_with(&in_frame, 64, &tagged(7)), 0);
    assert!(compiled("vlan 5 and tcp port 80").matches(&in_frame, 64));
}

#[test]
fn the_direction_is_that_of_the_socket_or_the_cooked_header() {
    assert_eq!(refusal("ip and inbound").kind, FilterErrorKind::DirectionUnknown("inbound"));
    let outbound = Filter::compile_for("outbound", LinkType::Ethernet, Target::Socket).unwrap();
    assert_ne!(outbound.run_with(TCP_SYN, 60, &Ancillary { packet_type: 4, ..Ancillary::default() }), 0);
    assert_eq!(outbound.run_with(TCP_SYN, 60, &Ancillary::default()), 0);
    assert!(Filter::compile("inbound", LinkType::LinuxSll).unwrap().matches(&[0; 16], 16));
}

#[test]
fn errors_name_the_token_and_point_at_it() {
    for (expression, message, carets) in [
        ("tcp prot 80", "`prot` does not fit here: expected `and`, `or` or the end (did you mean `port`?)", "    ^^^^"),
        (
            "host example.com",
            "`example.com` is a name, and a filter looks no names up: give the address",
            "     ^^^^^^^^^^^",
        ),
        (
            "port htps",
            "`htps` is not a port that is known by name: give the number (did you mean `https`?)",
            "     ^^^^",
        ),
        ("tcp and 80", "`80` needs a qualifier before it, such as `host` or `port`", "        ^^"),
        (
            "tcp or dup",
            "`dup` needs a qualifier before it, such as `host` or `port` (did you mean `udp`?)",
            "       ^^^",
        ),
        (
            "ip proto tcp",
            "`tcp` does not fit here: expected a number, or a name behind a backslash such as `\\tcp`",
            "         ^^^",
        ),
        ("ip and ether", "`ether` says nothing by itself: give a qualifier such as `host`", "       ^^^^^"),
        ("ip protochain 6", "`protochain` is not supported", "   ^^^^^^^^^^"),
        ("ip and", "the expression ends early: expected a test such as `tcp`, `host` or `port`", "      ^"),
        ("(ip or arp", "the expression ends early: expected `)`", "          ^"),
        ("tcp[0:3] = 1", "3 bytes cannot be compared at once: 1, 2 or 4 can", "^^^^^^^^"),
        ("net 10.1.2.3/8", "`10.1.2.3` has bits set outside its mask", "    ^^^^^^^^^^"),
        ("src 10.0.0.0/8", "`10.0.0.0` is a network: write `net` before it", "    ^^^^^^^^^^"),
        ("udp host ::1", "`udp` does not apply to an IPv6 address", "         ^^^"),
        ("port 70000", "70000 is not a port: the highest is 65535", "     ^^^^^"),
        ("len > 3 + 1 / 0", "division by zero", "              ^"),
        ("tcp\nand é", "`é` is not a character of the filter language", "        ^"),
        ("ether proto 5", "0x0005 is a protocol over LLC, which is not supported", "            ^"),
        ("tcp and arp", "no packet can match the expression", "^^^^^^^^^^^"),
    ] {
        let error = refusal(expression);
        assert_eq!(error.to_string(), message, "{expression}");
        let line = expression.replace('\n', " ");
        assert_eq!(error.pointer(expression), format!("{line}\n{carets}"), "{expression}");
    }
    let other = Filter::compile("ip", LinkType::Other(105)).unwrap_err();
    assert_eq!(other.to_string(), "filters are not supported on the link type 105");
    let raw = Filter::compile("ether host aa:bb:cc:dd:ee:ff", LinkType::Raw).unwrap_err();
    assert_eq!(raw.to_string(), "`ether host` means nothing on the link type Raw");
}

#[test]
fn what_would_be_too_much_is_refused() {
    let nested = |depth| format!("{}ip{}", "(".repeat(depth), ")".repeat(depth));
    assert!(compiled(&nested(parser::MOST_NESTED - 1)).matches(TCP_SYN, 60));
    let too_deep = FilterErrorKind::TooDeep { most: parser::MOST_NESTED };
    assert_eq!(refusal(&nested(1_000_000)).kind, FilterErrorKind::TooManyWords { most: lexer::MOST_TOKENS });
    assert_eq!(refusal(&nested(1000)).kind, too_deep);
    assert_eq!(refusal(&"not ".repeat(4000)).kind, too_deep);
    assert_eq!(refusal(&format!("len > {}", "-".repeat(4000))).kind, too_deep);
    assert_eq!(refusal(&format!("len > 1{}", " + 1".repeat(2000))).kind, too_deep);
    assert_eq!(refusal(&format!("len > {}", "ip[".repeat(2000))).kind, too_deep);
    let right = format!("len > {}len{}", "len - (".repeat(20), ")".repeat(20));
    let left = format!("len > {}len", "len - ".repeat(50));
    let balanced = (0..8).fold("len".to_owned(), |side, _| format!("({side} - {side})"));
    for sum in [right, left, format!("len > {balanced}")] {
        assert!(compiled(&sum).instructions().len() < 1500, "{sum}");
    }
    let mut hosts = "ip host 10.0.0.1".to_owned();
    for host in 2..800 {
        write!(hosts, " or 10.0.{}.{}", host / 250, host % 250).unwrap();
    }
    assert!(!compiled(&hosts).matches(TCP_SYN, 60));
    assert!(compiled(&format!("{hosts} or 10.1.2.3")).matches(TCP_SYN, 60));
    let ports: Vec<String> = (0..2500).map(|port| format!("port {}", port * 2)).collect();
    assert_eq!(refusal(&ports.join(" or ")).kind, FilterErrorKind::TooLong { most: MOST_INSTRUCTIONS });
}

#[test]
fn far_jumps_arrive() {
    let hosts: Vec<String> = (0..400).map(|host| format!("10.7.{}.{}", host / 200, host % 200)).collect();
    let program = compiled(&format!("host ({}) and tcp port 80", hosts.join(" or ")));
    assert!(program.instructions().iter().any(|instruction| instruction.code == 0x05));
    for (host, expected) in [([10, 7, 0, 0], true), ([10, 7, 1, 199], true), ([10, 7, 1, 200], false)] {
        for at in [26, 30] {
            let mut packet = TCP_SYN.to_vec();
            packet[at..at + 4].copy_from_slice(&host);
            assert_eq!(program.matches(&packet, 60), expected, "{host:?} at {at}");
        }
    }
}

#[test]
fn common_beginnings_are_asked_once() {
    for (expression, most) in [
        ("tcp port 80", 20),
        ("tcp port 80 or tcp port 443", 28),
        ("port 80 or port 443", 32),
        ("host 10.1.2.3", 14),
        ("tcp and ip and tcp", 6),
        ("tcp[13] & 2 != 0", 11),
    ] {
        let length = compiled(expression).instructions().len();
        assert!(length <= most, "{expression}: {length} instructions");
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_compiler_panic(text in "\\PC{0,60}") {
        let _ = Filter::compile(&text, LinkType::Ethernet).map_err(|error| error.pointer(&text));
    }

    #[test]
    fn no_words_make_the_compiler_panic(
        words in proptest::collection::vec(
            proptest::sample::select(vec![
                "ip", "tcp", "ether", "host", "net", "port", "portrange", "proto", "src", "dst", "and", "or", "not",
                "(", ")", "[", "]", ":", "/", "mask", "10.1", "1.2.3.4", "::1", "aa:bb:cc:dd:ee:ff", "80", "5-6", "0",
                "vlan", "len", "=", "<", "+", "-", "%", "<<", "&", "\\tcp", "http", "é", "less", "multicast", "0xffffffff",
            ]),
            0..30,
        ),
        target in proptest::sample::select(vec![Target::File, Target::Socket]),
    ) {
        let text = words.join(" ");
        match Filter::compile_for(&text, LinkType::Ethernet, target) {
            Ok(program) => prop_assert!(Program::from_instructions(program.instructions().to_vec()).is_ok()),
            Err(error) => {
                prop_assert!(text.get(error.at.clone()).is_some());
                prop_assert_eq!(error.to_string().lines().count(), 1);
                prop_assert_eq!(error.pointer(&text).lines().count(), 2);
            }
        }
    }

    #[test]
    fn no_program_makes_the_machine_panic(
        codes in proptest::collection::vec((0..0xb2_u16, 0..4_u8, 0..4_u8, prop_oneof![0..40_u32, any::<u32>()]), 1..20),
        bytes in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        let known = |code: &u16| program(&[(*code, 0, 0, 1), (6, 0, 0, 0), (6, 0, 0, 0)]).is_ok();
        let codes: Vec<_> = codes.into_iter().filter(|(code, ..)| known(code)).chain([(6, 0, 0, 1); 4]).collect();
        if let Ok(program) = program(&codes) {
            prop_assert_eq!(program.run(&bytes, 40), program.clone().run(&bytes, 40));
        }
    }
}
