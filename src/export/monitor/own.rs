//! The packets of health checks and scrapes are nobody's traffic: they are left out of what is captured.

use std::net::{IpAddr, SocketAddr};

/// What a user wants, without packets to and from this address. Ours comes first: `vlan` in an expression changes what
/// follows it. If it is the unspecified one, connections come to the addresses of the host.
pub fn exclude_from(listening: SocketAddr, user: &str, host: impl IntoIterator<Item = IpAddr>) -> String {
    let port = listening.port();
    let addresses: Vec<IpAddr> = match listening.ip() {
        ip if !ip.is_unspecified() => vec![ip],
        any => {
            let mut host: Vec<IpAddr> = host.into_iter().filter(|ip| any.is_ipv6() || ip.is_ipv4()).collect();
            host.sort_unstable();
            host.dedup();
            host
        }
    };
    if addresses.is_empty() {
        return user.to_owned();
    }
    let ends: Vec<String> = ["dst", "src"]
        .into_iter()
        .map(|end| {
            let hosts: Vec<String> = addresses.iter().map(|ip| format!("{end} host {ip}")).collect();
            format!("(tcp {end} port {port} and ({}))", hosts.join(" or "))
        })
        .collect();
    let others = format!("not ({})", ends.join(" or "));
    match user.trim().is_empty() {
        true => others,
        false => format!("{others} and ({user})"),
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::packet::LinkType;
    use crate::packet::filter::{Filter, Target};

    const HOST: [[u8; 4]; 2] = [[10, 0, 0, 5], [127, 0, 0, 1]];
    const OTHER: [u8; 4] = [10, 0, 0, 9];

    /// Whether a segment passes what is left of a user's filter.
    fn passes(listening: &str, user: &str, from: ([u8; 4], u16), to: ([u8; 4], u16)) -> bool {
        let filter = exclude_from(listening.parse().unwrap(), user, HOST.map(IpAddr::from));
        let program = Filter::compile_for(&filter, LinkType::Ethernet, Target::Socket).unwrap();
        let mut frame = vec![2; 12];
        frame.extend([8, 0, 0x45, 0, 0, 40, 0, 0, 0x40, 0, 64, 6, 0, 0]);
        frame.extend([from.0, to.0].concat());
        frame.extend([from.1.to_be_bytes(), to.1.to_be_bytes()].concat());
        frame.extend([0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x10, 0, 9, 0, 0, 0, 0]);
        program.matches(&frame, frame.len() as u32)
    }

    #[test]
    fn only_packets_to_and_from_the_door_are_left_out() {
        for (listening, own) in [("10.0.0.5:9464", 1), ("0.0.0.0:9464", 2), ("[::]:9464", 2)] {
            for host in &HOST[..own] {
                assert!(!passes(listening, "", (OTHER, 40_000), (*host, 9464)), "{listening}");
                assert!(!passes(listening, "tcp", (*host, 9464), (OTHER, 40_000)), "{listening}");
                // Our own connection to the same port of another host.
                assert!(passes(listening, "", (*host, 40_000), (OTHER, 9464)), "{listening}");
                assert!(passes(listening, "tcp", (OTHER, 9464), (*host, 40_000)), "{listening}");
                assert!(passes(listening, "", (OTHER, 40_000), (*host, 9465)), "{listening}");
            }
        }
        assert!(passes("10.0.0.5:9464", "", (OTHER, 40_000), (HOST[1], 9464)), "nobody listens there");
        assert!(!passes("10.0.0.5:9464", "udp", (OTHER, 40_000), (HOST[0], 80)), "the user's filter holds");
    }

    #[test]
    fn every_form_of_a_filter_is_kept() {
        let filter = |listening: &str, user| exclude_from(listening.parse().unwrap(), user, []);
        assert_eq!(
            filter("[::1]:9464", "tcp or udp"),
            "not ((tcp dst port 9464 and (dst host ::1)) or (tcp src port 9464 and (src host ::1))) and (tcp or udp)"
        );
        assert_eq!(filter("0.0.0.0:9464", " tcp"), " tcp", "the host has no address");
        assert!(!filter("127.0.0.1:9464", " ").contains("()"));
    }
}
