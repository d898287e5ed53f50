//! `--listen ADDRESS[:PORT]`.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use crate::packet::vxlan;

/// Where mirrors send to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListenArg(pub SocketAddr);

impl FromStr for ListenArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
        text.parse::<SocketAddr>()
            .or_else(|_| bare.parse::<IpAddr>().map(|address| SocketAddr::new(address, vxlan::PORT)))
            .map(ListenArg)
            .map_err(|_| "it is no address such as `0.0.0.0:4789`, `10.0.0.5` or `[::]:4789`".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_may_be_left_out() {
        for (text, address) in [
            ("0.0.0.0:4789", "0.0.0.0:4789"),
            ("10.0.0.5", "10.0.0.5:4789"),
            ("10.0.0.5:9000", "10.0.0.5:9000"),
            ("::1", "[::1]:4789"),
            ("[::]", "[::]:4789"),
            ("[::1]:5000", "[::1]:5000"),
        ] {
            assert_eq!(text.parse::<ListenArg>().unwrap().0.to_string(), address);
        }
        for text in ["", "localhost", "1.2.3.4:", "4789", "1.2.3.4:70000", "[::1"] {
            assert!(text.parse::<ListenArg>().is_err(), "{text}");
        }
    }
}
