//! Expressions to compile: chosen ones, and random ones.

use proptest::prelude::*;
use proptest::sample::select;

/// For every link type; where one means nothing, both compilers have to say so.
pub const FIXED: &[&str] = &[
    "",
    "ip",
    "ip6",
    "arp",
    "rarp",
    "tcp",
    "udp",
    "sctp",
    "icmp",
    "icmp6",
    "igmp",
    "igrp",
    "pim",
    "vrrp",
    "carp",
    "ah",
    "esp",
    "host 1.2.3.4",
    "src host 1.2.3.4",
    "dst host 1.2.3.4",
    "src 1.2.3.4",
    "dst 1.2.3.4",
    "src or dst 1.2.3.4",
    "dst or src host 1.2.3.4",
    "src and dst host 1.2.3.4",
    "dst and src 10.1.2.3",
    "host 1.2.3.4 or 5.6.7.8",
    "host (1.2.3.4 or 5.6.7.8)",
    "host not 1.2.3.4",
    "not host 1.2.3.4",
    "host 1.2.3.4 and not 5.6.7.8",
    "ip host 1.2.3.4",
    "ip src 1.2.3.4",
    "arp host 1.2.3.4",
    "arp src host 1.2.3.4",
    "rarp host 1.2.3.4",
    "host 10",
    "host 10.1",
    "src host 10.1.2",
    "host 010.1.2.3",
    "net 10",
    "net 0",
    "net 300",
    "net 10.1",
    "net 10.1.2",
    "net 10.1.2.3",
    "net 10.1/16",
    "net 10.0.0.0/8",
    "net 10.0.0.0/7",
    "net 0.0.0.0/0",
    "net 0.0/0 and udp",
    "net 10.1.2.3/32",
    "src net 10.1.0.0/16 or 192.168",
    "dst net 10.1.0.0 mask 255.255.0.0",
    "net 10.1.2.1 mask 255.255.255.1",
    "ip net 10.1",
    "arp net 10",
    "host 2001:db8::1",
    "host ::1",
    "ip6 host fe80::200:ff:fe00:1",
    "src host 2001:db8::1 or 1.2.3.4",
    "net 2001:db8::/32",
    "ip6 net 2001:db8::/33",
    "src net 2001:db8:8000::/34",
    "net ::/0",
    "ip6 dst net ff00::/8",
    "host ::ffff:1.2.3.4",
    "port 80",
    "port 0",
    "port 65535",
    "src port 80",
    "dst port 80",
    "src and dst port 80",
    "src or dst port 80",
    "tcp port 80",
    "tcp port 80 or tcp port 443",
    "tcp port 80 or 443",
    "tcp port (80 or 443)",
    "port 80 and 443",
    "port 80 or 443 or 22 or 53",
    "udp port 53",
    "udp dst port 53",
    "sctp port 80",
    "tcp src port 80 and dst port 443",
    "portrange 1-80",
    "portrange 80-1",
    "portrange 80",
    "tcp portrange 22-80",
    "src portrange 0-65535",
    "udp dst portrange 5-5",
    "portrange 22-53 or 443",
    "proto 6",
    "proto \\tcp",
    "proto \\udp or \\icmp",
    "ip proto 17",
    "ip proto \\tcp",
    "ip proto 300",
    "ip6 proto 6",
    "ip6 proto \\ipv6-icmp",
    "ip6 proto 44",
    "ip proto \\sctp or \\gre",
    "ether proto 0x8864",
    "ether proto \\ip",
    "ether proto \\ip6 or \\arp",
    "ether proto 0x12345",
    "ether host aa:bb:cc:dd:ee:ff",
    "ether src 02-00-00-00-00-01",
    "ether src aabb.ccdd.eeff",
    "ether dst host 020000000001",
    "ether src or dst aa:bb:cc:dd:ee:ff",
    "ether src and dst aa:bb:cc:dd:ee:ff",
    "ether broadcast",
    "ether multicast",
    "broadcast",
    "multicast",
    "link multicast",
    "ip broadcast",
    "ip multicast",
    "ip6 multicast",
    "greater 60",
    "less 60",
    "len > 60",
    "len <= 60",
    "length = 60",
    "len - 40 > 20",
    "len = ip[2:2] + 14",
    "vlan",
    "vlan 5",
    "vlan (5)",
    "not vlan",
    "vlan and ip",
    "vlan and tcp port 80",
    "vlan 5 and vlan 6",
    "vlan and vlan 6 and host 1.2.3.4",
    "vlan 5 or vlan 6",
    "ip or vlan or ip6",
    "not vlan 5 and tcp",
    "vlan and ether host aa:bb:cc:dd:ee:ff",
    "vlan and tcp[13] & 2 != 0",
    "(vlan and ip) or (vlan and arp)",
    "vlan && ether[0] & 1 = 0 && ether proto 0x800",
    "tcp[13] & 2 != 0",
    "tcp[tcpflags] & (tcp-syn|tcp-fin) != 0",
    "tcp[tcpflags] = tcp-syn|tcp-ack",
    "tcp[tcpflags] & tcp-push != 0 and port 80",
    "tcp[tcpflags] == 0x12",
    "(tcp[0:2] > 80)",
    "tcp[((tcp[12] & 0xf0) >> 2):4] = 0x47455420",
    "ip[0:2] > 0x4500",
    "ip[6:2] & 0x1fff = 0",
    "ip[0] & 0xf != 5",
    "(ip[0] & 0xf) << 2 > 20",
    "ip[2:2] - ((ip[0] & 0xf) << 2) - ((tcp[12] & 0xf0) >> 2) != 0",
    "ip[ip[0] & 0xf] > 100",
    "tcp[ip[1]] < 128",
    "ip[8] < 65 and ip[9] != 6",
    "ether[12:2] = 0x800",
    "ether[0] & 1 = 0 and ip[16] >= 224",
    "udp[4:2] > 20",
    "udp[0:2] = udp[2:2]",
    "icmp[icmptype] = icmp-echo",
    "icmp[icmptype] != icmp-echo and icmp[0] != icmp-echoreply",
    "icmp6[icmp6type] = icmp6-neighborsolicit",
    "icmp6[0] = 128 or icmp6[icmp6code] > 1",
    "ip6[6] = 6",
    "ip6[40:4] & 0xffff > 80",
    "arp[6:2] = 1",
    "sctp[0:2] = 80",
    "pim[0] > 100",
    "vrrp[0] > 100",
    "-ip[8] + 64 = 0",
    "ip[0] * 3 % 4 = 1",
    "ip[0] % 4 * 2 = 1",
    "ip[0] ^ 3 + 1 = 65",
    "ip[1] / 3 > ip[8] / 2 and len >> 1 > 20",
    "ip[1] / ip[8] = 2",
    "ip[1] % ip[0] != 3",
    "1 << ip[8] > 3",
    "ip[1] | 1 & 2 = 3",
    "5 > 3",
    "5 - 3 > 3",
    "ip[1] = 7 or ip[1] > 128 and ip[1] < 130",
    "tcp or udp and host 1.2.3.4",
    "tcp and (host 1.2.3.4 or (net 10 and not port 80))",
    "not (tcp or udp) and ip",
    "not not tcp",
    "! tcp && ! udp || arp",
    "ip and not ip",
    "ip or not ip",
    "tcp and icmp",
    "port 80 or (host 1.2.3.4) or 90",
    "ip host 1.2.3.4 and tcp port 80 and not src 5.6.7.8",
    "tcp port 80 and (((ip[2:2] - ((ip[0]&0xf)<<2)) - ((tcp[12]&0xf0)>>2)) != 0)",
    "(tcp port 80 or 443 or 8080) and net 10.0.0.0/8 and not (host 10.1.2.3 and port 22)",
    "inbound and vlan 4096",
];

/// For live sockets, where a tag may have been taken out of the frame. `vlan` stands where it is always asked, since
/// what libpcap makes of the headers behind one that is not asked depends on memory that nothing has written.
pub const FOR_SOCKETS: &[&str] = &[
    "tcp port 80",
    "vlan",
    "vlan 5",
    "not vlan",
    "not vlan 6",
    "vlan and ip",
    "vlan 5 and tcp port 80",
    "vlan and vlan 6",
    "vlan and vlan and host 1.2.3.4",
    "vlan and tcp[13] & 2 != 0",
    "vlan and ip[ip[0] & 0xf] > 100",
    "vlan 5 and ether host aa:bb:cc:dd:ee:ff",
    "inbound",
    "outbound and ip",
    "vlan and inbound",
];

pub const REFUSED: &[&str] = &[
    "1.2.3.4",
    "80",
    "tcp 80",
    "tcp and 80",
    "(port 80) or 90",
    "host tcp",
    "host (1.2.3.4 or tcp)",
    "port",
    "tcp src 80",
    "ip port 80",
    "icmp host 1.2.3.4",
    "ip6 host 1.2.3.4",
    "ip host ::1",
    "ether host 1.2.3.4",
    "host aa:bb:cc:dd:ee:ff",
    "host 10.0.0.0/8",
    "src 10.0.0.0/8",
    "net 10.1.2.3/8",
    "net 10.0.0.0/33",
    "net 2001:db8::/129",
    "net 2001:db8::1/32",
    "port 65536",
    "portrange 5-70000",
    "port 1.2.3.4",
    "proto tcp",
    "proto \\nonsense",
    "udp proto 5",
    "src proto 5",
    "ip proto \\http",
    "vlan 4096",
    "tcp vlan",
    "tcp[0:3] = 0",
    "tcp[0]",
    "tcp[0] =",
    "ah[0] = 1",
    "ip[0] / 0 = 1",
    "ip[0] % 0 = 1",
    "ip[0] << 32 = 1",
    "len > 08",
    "len > 5000000000",
    "ether",
    "arp broadcast",
    "tcp multicast",
    "len <> 5",
    "ip[4-2] = 0",
    "ip and",
    "and ip",
    "(ip",
    "ip)",
    "not",
    "()",
    "host 1::2::3",
];

/// A random expression. Some are refused by both compilers.
pub fn random() -> impl Strategy<Value = String> {
    primitive().prop_recursive(4, 24, 4, |inside| {
        prop_oneof![
            (inside.clone(), select(vec!["and", "or", "&&", "||"]), inside.clone())
                .prop_map(|(left, joint, right)| format!("{left} {joint} {right}")),
            (inside.clone(), select(vec!["and", "or"]), inside.clone())
                .prop_map(|(left, joint, right)| format!("({left}) {joint} ({right})")),
            inside.clone().prop_map(|inside| format!("not ({inside})")),
            inside.clone().prop_map(|inside| format!("! {inside}")),
            (inside.clone(), bare()).prop_map(|(left, value)| format!("{left} or {value}")),
        ]
    })
}

fn primitive() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => select(vec!["ip", "ip6", "arp", "rarp", "tcp", "udp", "sctp", "icmp", "icmp6", "igmp", "pim", "ah", "esp"])
            .prop_map(str::to_owned),
        1 => select(vec!["broadcast", "multicast", "ip broadcast", "ip multicast", "ip6 multicast"])
            .prop_map(str::to_owned),
        5 => (protocol(&["", "", "ip ", "arp ", "rarp "]), direction(), select(vec!["host", "host", ""]), hosts())
            .prop_map(|(protocol, direction, kind, host)| {
                let kind = if direction.is_empty() { "host" } else { kind };
                format!("{protocol}{direction}{kind} {host}")
            }),
        4 => (protocol(&["", "", "ip "]), direction(), nets())
            .prop_map(|(protocol, direction, net)| format!("{protocol}{direction}net {net}")),
        2 => (protocol(&["", "ip6 "]), direction(), hosts6())
            .prop_map(|(protocol, direction, host)| format!("{protocol}{direction}host {host}")),
        2 => (protocol(&["", "ip6 "]), direction(), nets6())
            .prop_map(|(protocol, direction, net)| format!("{protocol}{direction}net {net}")),
        6 => (protocol(&["", "tcp ", "udp ", "sctp "]), direction(), ports())
            .prop_map(|(protocol, direction, port)| format!("{protocol}{direction}port {port}")),
        3 => (protocol(&["", "tcp ", "udp "]), direction(), ranges())
            .prop_map(|(protocol, direction, range)| format!("{protocol}{direction}portrange {range}")),
        3 => (protocol(&["", "ip ", "ip6 "]), protocols())
            .prop_map(|(protocol, number)| format!("{protocol}proto {number}")),
        1 => select(vec!["0x800", "\\ip", "\\ip6", "\\arp", "0x8864", "0x9000"])
            .prop_map(|number| format!("ether proto {number}")),
        2 => (direction(), select(vec!["aa:bb:cc:dd:ee:ff", "02:00:00:00:00:01", "ff:ff:ff:ff:ff:ff"]))
            .prop_map(|(direction, address)| format!("ether {direction}host {address}")),
        2 => select(vec!["vlan", "vlan 5", "vlan 6", "vlan 7"]).prop_map(str::to_owned),
        1 => (select(vec!["less", "greater"]), 0..200_u32).prop_map(|(word, length)| format!("{word} {length}")),
        6 => (sum(), select(vec!["=", "==", "!=", "<", "<=", ">", ">="]), sum())
            .prop_map(|(left, relation, right)| format!("{left} {relation} {right}")),
    ]
}

fn protocol(choices: &[&'static str]) -> impl Strategy<Value = &'static str> + use<> {
    select(choices.to_vec())
}

fn direction() -> impl Strategy<Value = &'static str> {
    select(vec!["", "", "src ", "dst ", "src or dst ", "src and dst ", "dst and src "])
}

fn hosts() -> impl Strategy<Value = String> {
    let host = select(vec!["1.2.3.4", "5.6.7.8", "10.1.2.3", "192.168.0.1", "255.255.255.255", "10.1", "10"]);
    listed(host)
}

fn nets() -> impl Strategy<Value = String> {
    listed(select(vec!["10", "10.1", "10.1.2", "10.0.0.0/8", "10.1.0.0/16", "192.168", "0.0.0.0/0", "10.0.0.0/9"]))
}

fn hosts6() -> impl Strategy<Value = String> {
    listed(select(vec!["2001:db8::1", "::1", "fe80::200:ff:fe00:1", "2001:db8:8000::2"]))
}

fn nets6() -> impl Strategy<Value = String> {
    listed(select(vec!["2001:db8::/32", "2001:db8::/33", "::/0", "fe80::/10", "::1", "2001:db8::/64"]))
}

fn ports() -> impl Strategy<Value = String> {
    listed(select(vec!["80", "443", "22", "53", "8080", "0", "1024"]))
}

fn ranges() -> impl Strategy<Value = String> {
    listed(select(vec!["22-80", "80-443", "0-65535", "1024-1", "80", "5-6"]))
}

fn protocols() -> impl Strategy<Value = String> {
    listed(select(vec!["6", "17", "\\tcp", "\\udp", "\\icmp", "44", "58", "300", "0"]))
}

/// One value, several in parentheses, or none of it.
fn listed(one: impl Strategy<Value = &'static str> + Clone + 'static) -> impl Strategy<Value = String> {
    prop_oneof![
        4 => one.clone().prop_map(str::to_owned),
        1 => one.clone().prop_map(|one| format!("not {one}")),
        1 => (one.clone(), select(vec!["or", "and"]), one.clone()).prop_map(|(a, joint, b)| format!("({a} {joint} {b})")),
        1 => (one.clone(), one.clone(), one).prop_map(|(a, b, c)| format!("({a} or not ({b} or {c}))")),
    ]
}

/// A value that takes over the qualifiers before it, if they fit.
fn bare() -> impl Strategy<Value = String> {
    select(vec!["80", "443", "1.2.3.4", "10.1", "::1", "(80 or 22)", "not 53", "not (1.2.3.4 or 5.6.7.8)", "5-90"])
        .prop_map(str::to_owned)
}

fn sum() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        4 => select(vec!["0", "1", "2", "5", "6", "20", "40", "80", "0x1fff", "0xffffffff"]).prop_map(str::to_owned),
        1 => Just("len".to_owned()),
        1 => select(vec!["tcpflags", "tcp-syn", "icmp-echo", "icmp6-echo"]).prop_map(str::to_owned),
        6 => (fields(), 0..44_u32, sizes()).prop_map(|(field, at, size)| format!("{field}[{at}{size}]")),
    ];
    leaf.prop_recursive(3, 8, 2, |inside| {
        prop_oneof![
            4 => (inside.clone(), operators(), inside.clone()).prop_map(|(left, sign, right)| format!("{left} {sign} {right}")),
            2 => (inside.clone(), operators(), inside.clone()).prop_map(|(left, sign, right)| format!("({left} {sign} {right})")),
            1 => inside.clone().prop_map(|inside| format!("-{inside}")),
            1 => (fields(), inside.clone(), sizes()).prop_map(|(field, index, size)| format!("{field}[({index}) & 63{size}]")),
        ]
    })
}

fn fields() -> impl Strategy<Value = &'static str> {
    select(vec!["ether", "ip", "ip", "ip6", "tcp", "tcp", "udp", "icmp", "icmp6", "arp", "sctp", "igmp", "vrrp", "pim"])
}

fn sizes() -> impl Strategy<Value = &'static str> {
    select(vec!["", "", ":1", ":2", ":4"])
}

fn operators() -> impl Strategy<Value = &'static str> {
    select(vec!["+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>"])
}
