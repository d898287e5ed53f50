//! The sidecars that sidetap knows: its own sensor and forwarder, and two vendors' that it can put in for them.
//!
//! The vendors' names, images, entry points and defaults are the ones that their own instructions give, so that a
//! container which sidetap adds cannot be told from one that was pasted by hand, but for its size and labels.

use serde_json::Value;

use super::logs::LogDefaults;

/// Which sidecar.
#[derive(Debug, Clone, PartialEq)]
pub enum Preset {
    /// `sidetap capture`: HTTP transactions from packets.
    Sensor,
    /// `sidetap forward`: packets over VXLAN.
    Forwarder,
    /// Levo's PCAP sensor.
    Levo,
    /// Traceable's packet forwarder.
    Traceable,
    /// Any container definition.
    Custom(Value),
}

impl Preset {
    /// The value of the label `sidetap.preset`.
    pub fn label(&self) -> &'static str {
        match self {
            Preset::Sensor => "sensor",
            Preset::Forwarder => "forwarder",
            Preset::Levo => "levo",
            Preset::Traceable => "traceable",
            Preset::Custom(_) => "custom",
        }
    }

    /// The container's name unless told otherwise.
    pub fn container_name(&self) -> &str {
        match self {
            Preset::Sensor => "sidetap-sensor",
            Preset::Forwarder => "sidetap-forwarder",
            Preset::Levo => "levo-pcap-sensor",
            Preset::Traceable => "traceable-agent-packet-forwarder",
            Preset::Custom(definition) => definition["name"].as_str().unwrap_or_default(),
        }
    }

    /// The image repository by which a vendor's container is recognised without our labels.
    pub fn repository(&self) -> Option<&'static str> {
        match self {
            Preset::Levo => Some("levoai/pcap-sensor"),
            Preset::Traceable => Some("traceableai/packet-forwarder"),
            _ => None,
        }
    }

    /// Whether it is sidetap itself, in its own image.
    pub fn is_sidetap(&self) -> bool {
        matches!(self, Preset::Sensor | Preset::Forwarder)
    }

    /// Whether it reads packets, and so has to share the application's network namespace.
    pub fn captures(&self) -> bool {
        !matches!(self, Preset::Custom(_))
    }

    /// Where a sidetap answers the health check of its container.
    ///
    /// Containers of a task share its addresses, so that each needs a port of its own, and one that no application is
    /// likely to want: 9464 is where OpenTelemetry's libraries offer metrics.
    pub fn health_address(&self) -> Option<&'static str> {
        match self {
            Preset::Sensor => Some("127.0.0.1:19464"),
            Preset::Forwarder => Some("127.0.0.1:19465"),
            Preset::Levo | Preset::Traceable | Preset::Custom(_) => None,
        }
    }

    /// The least memory in MiB that it is known to run in.
    pub fn least_memory_mib(&self) -> Option<u64> {
        match self {
            Preset::Sensor | Preset::Forwarder => Some(25),
            // The memory that Levo's own profile for tight tasks names.
            Preset::Levo => Some(200),
            Preset::Traceable | Preset::Custom(_) => None,
        }
    }

    /// The least memory in MiB of a container in which it starts at all: sidetap ends at once where 80 % of that are less
    /// than it can divide.
    pub fn least_memory_to_start_mib(&self) -> Option<u64> {
        self.is_sidetap().then_some(15)
    }

    /// Whether its memory is both limited and reserved; the vendors' definitions only name a limit.
    pub fn names_reservation(&self) -> bool {
        self.is_sidetap()
    }

    pub(super) fn image(&self) -> Option<&str> {
        match self {
            Preset::Sensor | Preset::Forwarder => None,
            Preset::Levo => Some("levoai/pcap-sensor:0.1.9"),
            Preset::Traceable => Some("traceableai/packet-forwarder:1.0.10"),
            Preset::Custom(definition) => definition["image"].as_str(),
        }
    }

    pub(super) fn log_defaults<'a>(&self, region: Option<&'a str>) -> LogDefaults<'a> {
        let (stream_prefix, create_group) = match self {
            Preset::Levo => ("ecs-pcap", true),
            Preset::Traceable => ("ecs", false),
            _ => ("sidetap", true),
        };
        LogDefaults { stream_prefix, create_group, region }
    }
}
