//! What `cargo xtask bench-forward` measures `sidetap forward` against: one copy and one `sendto` a packet.
//!
//! It captures through the same ring, puts each packet behind a VXLAN header in a buffer, and sends that from one socket,
//! without a hash of its flow. There are two of it:
//!
//! - `as-is` does what mirroring agents do: no checksum is completed, and what does not fit is cut into as many datagrams
//!   as it takes, without a look at its headers. That is less work than to cut it well, and an analyser cannot use it.
//! - `completed` sends the very frames that `sidetap forward` sends, made by the same segmenter.
//!
//! `forward_baseline INTERFACE ADDRESS:PORT MTU as-is|completed`, until SIGINT or SIGTERM.

#[cfg(target_os = "linux")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    baseline::run()
}

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
mod baseline {
    use std::error::Error;
    use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
    use std::ops::ControlFlow;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use sidetap::packet::Timestamp;
    use sidetap::packet::captured::Captured;
    use sidetap::packet::live::{Consumer, Live};
    use sidetap::packet::segment::{Oversize, Segmenter};
    use sidetap::packet::vxlan::{self, Vni};

    /// As much as `sidetap forward` takes by default, or a little more.
    const RING: u64 = 56 << 20;
    /// Headers of IPv4 and UDP.
    const HEADERS: usize = 20 + 8;

    struct Baseline {
        /// Makes frames that an analyser can use.
        segmenter: Option<Segmenter>,
        output: Output,
        captured: u64,
    }

    struct Output {
        socket: UdpSocket,
        collector: SocketAddr,
        /// Begins with the header of VXLAN; as long as the longest payload that is sent.
        buffer: Vec<u8>,
        sent: u64,
        failed: u64,
    }

    impl Output {
        fn send(&mut self, head: &[u8], body: &[u8]) {
            let mut end = vxlan::HEADER_LEN;
            for part in [head, body] {
                self.buffer[end..end + part.len()].copy_from_slice(part);
                end += part.len();
            }
            match self.socket.send_to(&self.buffer[..end], self.collector) {
                Ok(_) => self.sent += 1,
                Err(_) => self.failed += 1,
            }
        }
    }

    impl Consumer for Baseline {
        fn take<'b>(&mut self, packets: impl Iterator<Item = Captured<'b>>) {
            let Baseline { segmenter, output, captured } = self;
            let room = output.buffer.len() - vxlan::HEADER_LEN;
            for Captured { packet, link, .. } in packets {
                *captured += 1;
                match segmenter {
                    Some(segmenter) => segmenter.cut(&packet, link, &mut |head, body| output.send(head, body)),
                    None => packet.bytes.chunks(room).for_each(|piece| output.send(&[], piece)),
                }
            }
        }

        fn sweep(&mut self, _now: Timestamp) {}
    }

    pub fn run() -> Result<(), Box<dyn Error>> {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let usage = "usage: forward_baseline INTERFACE ADDRESS:PORT MTU as-is|completed";
        let [interface, collector, mtu, frames] = &arguments[..] else { return Err(usage.into()) };
        let collector: SocketAddr = collector.parse()?;
        let header = vxlan::header(Vni::new(1).ok_or("no such network")?);
        let mut buffer = header.to_vec();
        buffer.resize(mtu.parse::<usize>()?.checked_sub(HEADERS).filter(|room| *room > header.len()).ok_or("MTU")?, 0);
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        let own = socket.local_addr()?.port();
        let filter =
            format!("not (udp src port {own} and dst host {} and dst port {})", collector.ip(), collector.port());
        let mut live = Live::open(std::slice::from_ref(interface), &filter, RING, None)?;
        let stop = Arc::new(AtomicBool::new(false));
        for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
            signal_hook::flag::register(signal, Arc::clone(&stop))?;
        }

        let segmenter = match frames.as_str() {
            "as-is" => None,
            "completed" => Some(Segmenter::new(buffer.len() - header.len(), Oversize::Split)),
            _ => return Err(usage.into()),
        };
        let output = Output { socket, collector, buffer, sent: 0, failed: 0 };
        let mut baseline = Baseline { segmenter, output, captured: 0 };
        let counts = live.run(&mut baseline, |_, _, _| match stop.load(Ordering::Relaxed) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        })?;
        let Baseline { captured, output: Output { sent, failed, .. }, .. } = baseline;
        eprintln!(
            "{captured} packets captured; {sent} datagrams sent; {failed} datagrams not sent; {} packets ring full",
            counts.dropped
        );
        Ok(())
    }
}
