//! `ADDRESS[:PORT]`, with a port that is meant where none is given.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

/// An address to listen on, or to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListenArg<const PORT: u16>(pub SocketAddr);

impl<const PORT: u16> FromStr for ListenArg<PORT> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
        text.parse::<SocketAddr>()
            .or_else(|_| bare.parse::<IpAddr>().map(|address| SocketAddr::new(address, PORT)))
            .map(ListenArg)
            .map_err(|_| format!("it is no address such as `0.0.0.0:{PORT}`, `10.0.0.5` or `[::]:{PORT}`"))
    }
}

impl<const PORT: u16> fmt::Display for ListenArg<PORT> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
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
            assert_eq!(text.parse::<ListenArg<4789>>().unwrap().to_string(), address);
        }
        for text in ["", "localhost", "1.2.3.4:", "4789", ":4789", "1.2.3.4:70000", "[::1"] {
            let error = text.parse::<ListenArg<9464>>().unwrap_err();
            assert_eq!(error, "it is no address such as `0.0.0.0:9464`, `10.0.0.5` or `[::]:9464`");
        }
    }
}
