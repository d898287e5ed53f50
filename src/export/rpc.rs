//! What remote procedure calls, and how they went, are called.

use crate::record::{Exchange, Rpc};

/// The whole name of a remote procedure, if the path is one: `pkg.Service/Method`. Not everything that says that it is
/// gRPC is, and a name must not be whatever anybody asks for.
pub fn method(exchange: &Exchange) -> Option<&[u8]> {
    let name = exchange.get(exchange.path).strip_prefix(b"/")?;
    let mut parts = name.split(|&byte| byte == b'/');
    let is_name = |part: &[u8]| {
        let is_letter = |byte: &u8| byte.is_ascii_alphabetic() || *byte == b'_';
        part.first().is_some_and(is_letter)
            && part.iter().all(|byte| is_letter(byte) || matches!(byte, b'0'..=b'9' | b'.'))
    };
    let is_method = matches!((parts.next(), parts.next(), parts.next()), (Some(service), Some(method), None)
        if is_name(service) && is_name(method));
    is_method.then_some(name)
}

/// Writes the name of a call's status, or its number if it has none; nothing if it is not known.
pub fn write_status(call: &Rpc, out: &mut Vec<u8>) {
    match (call.status_name, call.status) {
        (Some(name), _) => out.extend_from_slice(name.as_bytes()),
        (None, Some(code)) => super::json::number(out, code.into()),
        (None, None) => {}
    }
}
