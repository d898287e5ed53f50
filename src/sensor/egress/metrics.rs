//! What is told of sites as metrics: a copy, so that whoever asks does not hold up the packet path.

use super::name::OTHER;
use super::report::Totals;
use super::sites::Key;
use crate::export::monitor::Report;

/// What is told.
#[derive(Debug, Clone, Default)]
pub struct Metrics {
    pub(super) series: Vec<Series>,
    /// Of all that have no numbers of their own.
    pub(super) other: Totals,
    pub(super) sites: u64,
    pub(super) gone_sites: u64,
    pub(super) forgotten_addresses: u64,
    pub(super) forgotten_connections: u64,
    pub(super) unknown_names: u64,
    pub(super) unknown_sites: u64,
}

/// The numbers of one site.
#[derive(Debug, Clone)]
pub(super) struct Series {
    pub key: Key,
    pub totals: Totals,
}

impl Metrics {
    /// Adds all of it.
    pub fn describe(&self, report: &mut Report) {
        let bytes =
            report.counter("sidetap_egress_bytes", "Bytes of payload to and from the sites that were talked to");
        for Series { key, totals } in &self.series {
            let (address, port) = (key.label.text(), key.port.to_string());
            for (direction, number) in totals.directions() {
                let labels = [
                    ("server_address", address.as_str()),
                    ("server_port", port.as_str()),
                    ("protocol", key.protocol.name()),
                    ("direction", direction),
                ];
                bytes.of(&labels, number);
            }
        }
        for (direction, number) in self.other.directions() {
            bytes.of(&[("server_address", OTHER), ("direction", direction)], number);
        }
        let flows = report.counter("sidetap_egress_flows", "TCP connections to the sites that were talked to");
        for Series { key, totals } in &self.series {
            let (address, port) = (key.label.text(), key.port.to_string());
            let labels = [
                ("server_address", address.as_str()),
                ("server_port", port.as_str()),
                ("protocol", key.protocol.name()),
            ];
            flows.of(&labels, totals.flows);
        }
        flows.of(&[("server_address", OTHER)], self.other.flows);
        report.gauge("sidetap_egress_sites", "Sites that are told apart").is(self.sites);
        report.counter("sidetap_egress_forgotten", "What is not told apart any longer for lack of room").by(
            "what",
            [
                ("site", self.gone_sites),
                ("address", self.forgotten_addresses),
                ("connection", self.forgotten_connections),
                ("resolved_name", self.unknown_names),
                ("known_site", self.unknown_sites),
            ],
        );
    }
}
