//! Writes attributes, and those that several kinds of items have in common.

use std::io::Write as _;
use std::net::IpAddr;

use super::names::attribute;
use super::wire;
use crate::export::{MAX_FIELD_NAMES, url};
use crate::record::methods;
use crate::record::{Connection, Endpoint, Exchange, Source, Span};

/// Fields of `KeyValue`.
mod key_value {
    pub const KEY: u32 = 1;
    pub const VALUE: u32 = 2;
}

/// Fields of `AnyValue`.
mod any_value {
    pub const TEXT: u32 = 1;
    pub const FLAG: u32 = 2;
    pub const INTEGER: u32 = 3;
    pub const DOUBLE: u32 = 4;
    pub const ARRAY: u32 = 5;
}

/// The field of `ArrayValue`.
const ARRAY_VALUES: u32 = 1;

const NANOS_A_SECOND: f64 = 1e9;

/// Adds attributes to an item. Nothing may be added twice: readers take one or the other, or refuse both.
pub struct Attributes<'a> {
    out: &'a mut Vec<u8>,
    /// The number that the item's attributes have.
    field: u32,
    left_out: u32,
}

impl<'a> Attributes<'a> {
    /// Those of an item that is being written, in whose type they have this number.
    pub fn new(out: &'a mut Vec<u8>, field: u32) -> Self {
        Attributes { out, field, left_out: 0 }
    }

    /// How many there were no room for.
    pub fn left_out(&self) -> u32 {
        self.left_out
    }

    fn add(&mut self, key: [&[u8]; 2], value: impl FnOnce(&mut Vec<u8>)) {
        wire::message(self.out, self.field, |out| {
            wire::message(out, key_value::KEY, |out| key.iter().for_each(|part| out.extend_from_slice(part)));
            wire::message(out, key_value::VALUE, value);
        });
    }

    /// Text of the wire or of ours. It need not be UTF-8.
    pub fn text(&mut self, name: &str, text: &[u8]) {
        self.add([name.as_bytes(), b""], |out| wire::text(out, any_value::TEXT, text));
    }

    /// Text, unless there is none.
    pub fn some_text(&mut self, name: &str, text: &[u8]) {
        if !text.is_empty() {
            self.text(name, text);
        }
    }

    /// Text that is written in parts, and is UTF-8.
    pub fn written(&mut self, name: &str, write: impl FnOnce(&mut Vec<u8>)) {
        self.add([name.as_bytes(), b""], |out| wire::message(out, any_value::TEXT, write));
    }

    /// A number. One that is too large for the format becomes the largest.
    pub fn integer(&mut self, name: &str, value: impl TryInto<i64>) {
        let value = value.try_into().unwrap_or(i64::MAX);
        self.add([name.as_bytes(), b""], |out| wire::integer(out, any_value::INTEGER, value));
    }

    /// Nanoseconds as seconds.
    pub fn seconds(&mut self, name: &str, nanos: u64) {
        let seconds = nanos as f64 / NANOS_A_SECOND;
        self.add([name.as_bytes(), b""], |out| wire::double(out, any_value::DOUBLE, seconds));
    }

    /// A time, as RFC 3339 writes it.
    pub fn time(&mut self, name: &str, unix_nanos: u64) {
        let time = std::time::UNIX_EPOCH + std::time::Duration::from_nanos(unix_nanos);
        // Writing into a vector does not fail, and nanoseconds end before the year 10000.
        self.written(name, |out| drop(write!(out, "{}", humantime::format_rfc3339_nanos(time))));
    }

    pub fn flag(&mut self, name: &str, value: bool) {
        self.add([name.as_bytes(), b""], |out| wire::integer(out, any_value::FLAG, value.into()));
    }

    /// A list of texts, unless it is empty.
    pub fn texts(&mut self, name: &str, texts: &[impl AsRef<str>]) {
        if !texts.is_empty() {
            self.list([name.as_bytes(), b""], texts.iter().map(|text| text.as_ref().as_bytes()));
        }
    }

    fn list<'b>(&mut self, key: [&[u8]; 2], texts: impl Iterator<Item = &'b [u8]>) {
        self.add(key, |out| {
            wire::message(out, any_value::ARRAY, |out| {
                for text in texts {
                    wire::message(out, ARRAY_VALUES, |out| wire::text(out, any_value::TEXT, text));
                }
            });
        });
    }

    pub fn address(&mut self, name: &str, address: IpAddr) {
        self.written(name, |out| url::address(out, address));
    }

    /// An end on the wire, under two names.
    pub fn end(&mut self, [address, port]: [&str; 2], end: Endpoint) {
        self.address(address, end.address);
        self.integer(port, end.port);
    }

    /// The method; any that is not [known](methods::is_known) beside its place.
    pub fn method(&mut self, name: &[u8]) {
        if name.is_empty() {
            return;
        }
        if methods::is_known(name) {
            self.text(attribute::HTTP_REQUEST_METHOD, name);
        } else {
            self.text(attribute::HTTP_REQUEST_METHOD, methods::OTHER.as_bytes());
            self.text(attribute::HTTP_REQUEST_METHOD_ORIGINAL, name);
        }
    }

    /// The server as the client named it, or else as it is on the wire.
    pub fn server(&mut self, connection: &Connection, host: &[u8], port: Option<u16>) {
        // Only a URL has brackets around an IPv6 address (RFC 3986 §3.2.2).
        match host.strip_prefix(b"[").and_then(|host| host.strip_suffix(b"]")).unwrap_or(host) {
            b"" => self.address(attribute::SERVER_ADDRESS, connection.server.address),
            host => self.text(attribute::SERVER_ADDRESS, host),
        }
        self.integer(attribute::SERVER_PORT, port.unwrap_or(connection.server.port));
    }

    /// In which network it was, and who mirrored it.
    pub fn whereabouts(&mut self, connection: &Connection, source: Option<&Source>) {
        if let Some(vni) = connection.realm.vni() {
            self.integer(attribute::VXLAN_VNI, vni);
        }
        if let Some(source) = source {
            self.address(attribute::SOURCE_ADDRESS, source.address);
            self.integer(attribute::SOURCE_VNI, source.vni);
        }
    }

    /// The fields of a message: of each name the list of its values.
    pub fn fields(&mut self, prefix: &str, exchange: &Exchange, fields: Span) {
        let mut told = [&b""[..]; MAX_FIELD_NAMES];
        let mut names = 0;
        let mut rest = exchange.text.fields(fields);
        while let Some((name, value)) = rest.next() {
            // RFC 9110 §5.1: names are tokens. What is none cannot be told from others once it is UTF-8.
            let is_name = !name.is_empty() && name.iter().all(u8::is_ascii_graphic);
            if !is_name || told.iter().take(names).any(|other| *other == name) {
                continue;
            }
            let Some(place) = told.get_mut(names) else {
                self.left_out = self.left_out.saturating_add(1);
                continue;
            };
            *place = name;
            names += 1;
            let more = rest.clone().filter(|(other, _)| *other == name).map(|(_, value)| value);
            self.list([prefix.as_bytes(), name], std::iter::once(value).chain(more));
        }
    }
}
