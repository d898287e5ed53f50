//! Where the sidecars of a task send to, read from their own command lines and variables.

use serde_json::Value;

use super::document::TaskDefinition;
use super::recognise::kind_of;
use super::told::{Setting, Told};

/// The UDP port of VXLAN (RFC 7348 §5), which packets go to unless told otherwise.
const VXLAN_PORT: u16 = 4789;
/// Variables by which programs are told of a proxy, in small letters.
const PROXIES: [&str; 3] = ["http_proxy", "https_proxy", "all_proxy"];

/// What data travels in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    Udp,
    Tcp,
}

/// A place that a sidecar sends to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receiver {
    /// A name or an address.
    pub host: String,
    pub port: u16,
    pub transport: Transport,
    /// The variable that names a proxy, which is where data goes first.
    pub proxy: Option<String>,
}

/// Why it is not known where a sidecar sends.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoReceiver {
    #[error("where a container of your own sends is not known to sidetap")]
    Custom,
    #[error("its settings come from a file in the image (`{0}`)")]
    File(String),
    #[error("`{0}` comes from a secret")]
    Secret(String),
    #[error("`{0}` is no place to send to")]
    Malformed(String),
}

/// The sidecars in a task: ours by their labels, vendors' by their image. The label of the preset, and the container.
pub fn sidecars(task: &TaskDefinition) -> Vec<(&str, &Value)> {
    task.containers().iter().filter_map(|container| Some((kind_of(container)?, container))).collect()
}

/// Where a sidecar of that preset sends; nothing where its output stays in the task or its log.
pub fn receivers(preset: &str, container: &Value) -> Result<Vec<Receiver>, NoReceiver> {
    let settings = Told::by(container);
    let urls = match preset {
        "sensor" => {
            settings.no_file()?;
            let exports = settings.of("--export", &["SIDETAP_EXPORT"])?;
            let otlp = exports.iter().filter_map(|export| export.strip_prefix("otlp:")).map(str::to_owned);
            otlp.chain(settings.of("--satellite-url", &["SIDETAP_SATELLITE_URL"])?).collect()
        }
        "levo" => settings.of("--satellite-url", &["SIDETAP_SATELLITE_URL", "LEVO_SATELLITE_URL"])?,
        "forwarder" => {
            settings.no_file()?;
            return packets(settings.of("--destination", &["SIDETAP_DESTINATION", "DESTINATION"])?);
        }
        "traceable" => return packets(settings.of("--destination", &["DESTINATION"])?),
        _ => return Err(NoReceiver::Custom),
    };
    let proxy = settings.proxy();
    urls.iter().map(|url| of_url(url, proxy.clone()).ok_or_else(|| NoReceiver::Malformed(url.clone()))).collect()
}

/// Whether a sidecar of that preset writes its records to its log, as far as its own command line and variables tell:
/// what the sensor does unless it is told of another place.
pub fn writes_records(preset: &str, container: &Value) -> bool {
    let settings = Told::by(container);
    if preset != "sensor" || settings.no_file().is_err() {
        return false;
    }
    let exports = settings.of("--export", &["SIDETAP_EXPORT"]);
    let elsewhere = settings.of("--satellite-url", &["SIDETAP_SATELLITE_URL"]);
    match (exports, elsewhere) {
        (Ok(exports), Ok(elsewhere)) if exports.is_empty() => elsewhere.is_empty(),
        (Ok(exports), _) => exports.iter().any(|export| export == "ndjson:-"),
        (Err(_), _) => false,
    }
}

fn packets(destinations: Vec<String>) -> Result<Vec<Receiver>, NoReceiver> {
    let receiver = |text: String| match host_and_port(&text) {
        Some((host, port)) => {
            Ok(Receiver { host, port: port.unwrap_or(VXLAN_PORT), transport: Transport::Udp, proxy: None })
        }
        None => Err(NoReceiver::Malformed(text)),
    };
    destinations.into_iter().map(receiver).collect()
}

impl Told<'_> {
    /// The values of a flag, else of the first variable that is set; lists are split.
    fn of(&self, flag: &str, variables: &[&str]) -> Result<Vec<String>, NoReceiver> {
        let mut given: Vec<String> = self.flag(flag).into_iter().map(str::to_owned).collect();
        if given.is_empty() {
            for name in variables {
                if self.has_secret(name) {
                    return Err(NoReceiver::Secret((*name).to_owned()));
                }
                if let Some(value) = self.variable(name) {
                    given.push(value.to_owned());
                    break;
                }
            }
        }
        let split = |text: &str| text.split([',', ' ']).map(str::to_owned).collect::<Vec<_>>();
        Ok(given.iter().flat_map(|text| split(text)).filter(|text| !text.is_empty()).collect())
    }

    fn no_file(&self) -> Result<(), NoReceiver> {
        match self.file() {
            Some(Setting::Value(file)) => Err(NoReceiver::File(file.to_owned())),
            Some(Setting::Secret) => Err(NoReceiver::Secret("SIDETAP_CONFIG".to_owned())),
            None => Ok(()),
        }
    }

    fn proxy(&self) -> Option<String> {
        let mut proxies = self.variables().filter(|name| PROXIES.contains(&name.to_lowercase().as_str()));
        proxies.find(|name| self.variable(name).is_some()).map(str::to_owned)
    }
}

/// `http(s)://[user@]host[:port][/…]` (RFC 3986 §3.2).
fn of_url(url: &str, proxy: Option<String>) -> Option<Receiver> {
    let (scheme, rest) = url.split_once("://")?;
    let default = match scheme.to_lowercase().as_str() {
        "http" => 80,
        "https" => 443,
        _ => return None,
    };
    let authority = rest.split(['/', '?', '#']).next()?;
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (host, port) = host_and_port(authority)?;
    Some(Receiver { host, port: port.unwrap_or(default), transport: Transport::Tcp, proxy })
}

/// `HOST`, `HOST:PORT`, an IPv6 address, or one in brackets.
fn host_and_port(text: &str) -> Option<(String, Option<u16>)> {
    let text = text.trim();
    if let Some(rest) = text.strip_prefix('[') {
        let (host, rest) = rest.split_once(']')?;
        let port = match rest.strip_prefix(':') {
            Some(port) => Some(port.parse().ok()?),
            None => rest.is_empty().then_some(None)?,
        };
        return Some((host.to_owned(), port));
    }
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') => (host, Some(port.parse().ok()?)),
        _ => (text, None),
    };
    (!host.is_empty()).then(|| (host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(preset: &str, container: Value) -> Result<Vec<String>, NoReceiver> {
        let text = |receiver: Receiver| {
            let transport = if receiver.transport == Transport::Udp { "udp" } else { "tcp" };
            format!("{transport} {} {}", receiver.host, receiver.port)
        };
        receivers(preset, &container).map(|receivers| receivers.into_iter().map(text).collect())
    }

    #[test]
    fn a_sidecar_says_where_it_sends() {
        let sensor =
            json!({ "command": ["capture", "--export", "otlp:https://u:p@x.example/base", "--export=ndjson:-"] });
        assert_eq!(of("sensor", sensor).unwrap(), ["tcp x.example 443"]);
        let sensor = json!({
            "command": ["capture"],
            "environment": [{ "name": "SIDETAP_EXPORT", "value": "otlp:http://[2001:db8::1]:4318,none" }]
        });
        assert_eq!(of("sensor", sensor).unwrap(), ["tcp 2001:db8::1 4318"]);
        assert_eq!(of("sensor", json!({ "command": ["capture"] })).unwrap(), Vec::<String>::new());
        let forwarder = json!({ "command": ["forward", "--destination", "a:4790", "--destination", "10.0.0.1"] });
        assert_eq!(of("forwarder", forwarder).unwrap(), ["udp a 4790", "udp 10.0.0.1 4789"]);
        let traceable = json!({ "environment": [{ "name": "DESTINATION", "value": "mirror.example" }] });
        assert_eq!(of("traceable", traceable).unwrap(), ["udp mirror.example 4789"]);
        let levo = json!({ "entryPoint": ["./bin/init", "apidump", "--satellite-url", "http://levo.internal:9999"] });
        assert_eq!(of("levo", levo).unwrap(), ["tcp levo.internal 9999"]);
    }

    #[test]
    fn what_cannot_be_known_is_said() {
        assert_eq!(of("custom", json!({})), Err(NoReceiver::Custom));
        let file = json!({ "command": ["capture", "--config", "/etc/sidetap.toml"] });
        assert_eq!(of("sensor", file), Err(NoReceiver::File("/etc/sidetap.toml".into())));
        let secret = json!({ "secrets": [{ "name": "SIDETAP_EXPORT", "valueFrom": "arn" }] });
        assert_eq!(of("sensor", secret), Err(NoReceiver::Secret("SIDETAP_EXPORT".into())));
        let odd = json!({ "command": ["forward", "--destination", "a:b"] });
        assert_eq!(of("forwarder", odd), Err(NoReceiver::Malformed("a:b".into())));
    }

    #[test]
    fn a_sensor_writes_its_records_to_its_log_unless_told_otherwise() {
        let told = |container: Value| writes_records("sensor", &container);
        assert!(told(json!({ "command": ["capture", "--listen", "127.0.0.1:9464"] })));
        assert!(told(json!({ "command": ["capture", "--export=otlp:http://x:1", "--export", "ndjson:-"] })));
        assert!(told(json!({ "environment": [{ "name": "SIDETAP_EXPORT", "value": "ndjson:-" }] })));
        assert!(!told(json!({ "command": ["capture", "--export", "otlp:http://x:1"] })));
        assert!(!told(json!({ "command": ["capture", "--satellite-url", "https://x.example"] })));
        assert!(!told(json!({ "command": ["capture", "--config", "/etc/sidetap.toml"] })));
        assert!(!told(json!({ "secrets": [{ "name": "SIDETAP_EXPORT", "valueFrom": "arn" }] })));
        assert!(!writes_records("forwarder", &json!({ "command": ["forward"] })));
    }

    #[test]
    fn a_proxy_is_noticed() {
        let container = json!({
            "command": ["capture", "--export", "otlp:http://x:1"],
            "environment": [{ "name": "https_proxy", "value": "http://proxy:3128" }]
        });
        assert_eq!(receivers("sensor", &container).unwrap()[0].proxy.as_deref(), Some("https_proxy"));
    }
}
