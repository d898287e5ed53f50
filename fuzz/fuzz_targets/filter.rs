//! Filter expressions, any text and any words of the language: they compile to a valid program or say where they are
//! wrong, and mean the same however they are written.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sidetap::packet::LinkType;
use sidetap::packet::filter::{Ancillary, Filter, Program, Target};
use sidetap::packet::vlan::{self, VlanTag};

const LINKS: [u16; 8] = [1, 0, 101, 108, 113, 228, 229, 276];

const WORDS: [&str; 96] = [
    "ip",
    "ip6",
    "arp",
    "rarp",
    "tcp",
    "udp",
    "icmp",
    "icmp6",
    "sctp",
    "igmp",
    "ether",
    "link",
    "vlan",
    "mpls",
    "host",
    "net",
    "port",
    "portrange",
    "proto",
    "src",
    "dst",
    "and",
    "or",
    "not",
    "(",
    ")",
    "[",
    "]",
    "!",
    "&&",
    "||",
    "=",
    "==",
    "!=",
    "<",
    ">",
    "<=",
    ">=",
    "+",
    "-",
    "*",
    "/",
    "%",
    "&",
    "|",
    "^",
    "<<",
    ">>",
    ":",
    "0",
    "1",
    "2",
    "4",
    "6",
    "13",
    "80",
    "255",
    "443",
    "0x1fff",
    "65535",
    "65536",
    "4294967295",
    "0xffffffff",
    "1.2.3.4",
    "10.0.0.0/8",
    "10",
    "10.1",
    "mask",
    "255.255.0.0",
    "2001:db8::1",
    "2001:db8::/32",
    "fe80::/10",
    "aa:bb:cc:dd:ee:ff",
    "http",
    "https",
    "domain",
    "\\tcp",
    "\\ip",
    "broadcast",
    "multicast",
    "greater",
    "less",
    "len",
    "tcpflags",
    "tcp-syn",
    "tcp-fin",
    "icmptype",
    "icmp-echo",
    "inbound",
    "outbound",
    "80-443",
    "ip6[6]",
    "tcp[13]",
    "ip[2:2]",
    "ether[0]",
    "1.2.3.4/31",
];

fn compile(expression: &str, link: LinkType, target: Target) -> Option<Program> {
    match Filter::compile_for(expression, link, target) {
        Ok(program) => {
            let again = Program::from_instructions(program.instructions().to_vec());
            assert_eq!(again.as_ref(), Ok(&program));
            Some(program)
        }
        Err(error) => {
            assert!(expression.get(error.at.clone()).is_some(), "{error:?}");
            assert!(!error.to_string().contains(char::is_control), "{error}");
            assert_eq!(error.pointer(expression).lines().count(), 2);
            None
        }
    }
}

fn check(expression: &str, link: LinkType, target: Target, packet: &[u8]) {
    let Some(program) = compile(expression, link, target) else { return };
    let vlan = packet.first().is_some_and(|first| first & 1 != 0).then_some(VlanTag { tpid: vlan::CUSTOMER, tci: 5 });
    let ancillary = Ancillary { packet_type: packet.len() as u8 % 5, vlan };
    // What comes out, whole and cut short.
    for kept in [packet.len(), packet.len() / 2, 0] {
        let bytes = &packet[..kept];
        let wire_len = packet.len() as u32;
        let run = |program: &Program| program.run_with(bytes, wire_len, &ancillary) != 0;
        let accepted = run(&program);
        assert!(!(accepted && run(&program.clone().negated(1))));
        assert_eq!(program.clone().with_snap_length(7).run_with(bytes, wire_len, &ancillary), u32::from(accepted) * 7);
        if let Ok(twice) = program.clone().and(&program) {
            assert_eq!(run(&twice), accepted);
        }
        for other in [
            format!("({expression})"),
            format!("({expression}) and ({expression})"),
            format!("not (not ({expression}))"),
        ] {
            // A tag that was tested for moves what comes after it, so that twice is not the same as once.
            if !expression.contains("vlan")
                && !expression.trim().is_empty()
                && let Some(other) = compile(&other, link, target)
            {
                assert_eq!(run(&other), accepted, "{expression}");
            }
        }
    }
}

fuzz_target!(|input: &[u8]| {
    // Which link and target, how much of the rest is an expression, and whether it is text or words.
    let Some((&[how, length], rest)) = input.split_first_chunk() else { return };
    let (expression, packet) = rest.split_at(usize::from(length).min(rest.len()));
    let link = LinkType::from_number(LINKS[usize::from(how & 7)]);
    let target = if how & 8 == 0 { Target::File } else { Target::Socket };
    let text = match how & 0x10 {
        0 => String::from_utf8_lossy(expression).into_owned(),
        _ => {
            let words = expression.iter().map(|byte| WORDS[usize::from(*byte) % WORDS.len()]);
            words.collect::<Vec<_>>().join(" ")
        }
    };
    check(&text, link, target, packet);
});
