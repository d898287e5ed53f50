//! Messages of the protocols, as bytes.

use std::io::Write;

/// HTTP/1.1: a first line, fields, and a body with its length.
pub fn http1(first: &str, fields: &[(String, String)], body: &[u8]) -> Vec<u8> {
    let mut message = format!("{first}\r\n");
    for (name, value) in fields {
        message.push_str(&format!("{name}: {value}\r\n"));
    }
    message.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
    [message.as_bytes(), body].concat()
}

/// HTTP/1.1 with a body in chunks, and fields behind it.
pub fn chunked(first: &str, fields: &[(String, String)], body: &[u8], trailers: &[(String, String)]) -> Vec<u8> {
    let lines = |fields: &[(String, String)]| -> String {
        fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect()
    };
    let mut message = format!("{first}\r\n{}Transfer-Encoding: chunked\r\n\r\n", lines(fields)).into_bytes();
    for chunk in body.chunks(700) {
        message.extend(format!("{:x}\r\n", chunk.len()).bytes());
        message.extend(chunk);
        message.extend(b"\r\n");
    }
    message.extend(format!("0\r\n{}\r\n", lines(trailers)).bytes());
    message
}

pub fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

/// What a client of HTTP/2 begins with (RFC 9113 §3.4).
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
/// What its server begins with: its settings.
pub const SETTINGS: &[u8] = b"\0\0\0\x04\0\0\0\0\0";

/// A HEADERS frame whose fields are written out (RFC 7541 §6.2.2).
pub fn headers(stream: u32, fields: &[(String, String)], is_last: bool) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(0);
        literal(&mut block, name.to_ascii_lowercase().as_bytes());
        literal(&mut block, value.as_bytes());
    }
    frame(1, 4 | u8::from(is_last), stream, &block)
}

/// A DATA frame.
pub fn data(stream: u32, content: &[u8], is_last: bool) -> Vec<u8> {
    frame(0, u8::from(is_last), stream, content)
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    assert!(payload.len() <= 16_384, "a frame is that long at most");
    let mut frame = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// A string that is not compressed (RFC 7541 §5.2).
fn literal(block: &mut Vec<u8>, text: &[u8]) {
    match text.len() {
        len @ 0..127 => block.push(len as u8),
        len => {
            block.push(127);
            let mut rest = len - 127;
            while rest >= 128 {
                block.push((rest % 128 + 128) as u8);
                rest /= 128;
            }
            block.push(rest as u8);
        }
    }
    block.extend(text);
}

/// A DNS query for an address, and the response with an alias, an address and a text (RFC 1035 §4).
pub fn dns(id: u16, question: &[&str], alias: &[&str], text: &str) -> (Vec<u8>, Vec<u8>) {
    let head = |flags: u16, answers: u16| -> Vec<u8> {
        let mut message: Vec<u8> = [id, flags, 1, answers, 0, 0].into_iter().flat_map(u16::to_be_bytes).collect();
        message.extend(name(question));
        message.extend([0, 1, 0, 1]);
        message
    };
    let record = |kind: u16, data: &[u8]| -> Vec<u8> {
        let mut record = vec![0xc0, 12];
        record.extend(kind.to_be_bytes());
        record.extend([0, 1, 0, 0, 0, 60]);
        record.extend((data.len() as u16).to_be_bytes());
        record.extend(data);
        record
    };
    let text = &text.as_bytes()[..text.len().min(255)];
    let mut response = head(0x8180, 3);
    response.extend(record(5, &name(alias)));
    response.extend(record(1, &[203, 0, 113, 7]));
    response.extend(record(16, &[&[text.len() as u8], text].concat()));
    (head(0x0100, 0), response)
}

fn name(labels: &[&str]) -> Vec<u8> {
    let mut name = Vec::new();
    for label in labels {
        assert!(label.len() < 64, "{label}");
        name.push(label.len() as u8);
        name.extend(label.bytes());
    }
    name.push(0);
    name
}

/// A ClientHello of TLS 1.2 with a name and a protocol (RFC 5246 §7.4.1.2, RFC 6066 §3, RFC 7301 §3.1).
pub fn client_hello(server_name: &str, protocol: &str) -> Vec<u8> {
    let u16 = |number: usize| (number as u16).to_be_bytes();
    let name = [&[0][..], &u16(server_name.len()), server_name.as_bytes()].concat();
    let name = [&u16(name.len())[..], &name].concat();
    let protocols = [&[protocol.len() as u8][..], protocol.as_bytes()].concat();
    let protocols = [&u16(protocols.len())[..], &protocols].concat();
    let extensions = [&[0, 0][..], &u16(name.len()), &name, &[0, 16], &u16(protocols.len()), &protocols].concat();
    let mut hello = vec![3, 3];
    hello.extend([7; 32]);
    hello.extend([0, 0, 2, 0xc0, 0x2f, 1, 0]);
    hello.extend(u16(extensions.len()));
    hello.extend(extensions);
    let handshake = [&[1, 0][..], &u16(hello.len()), &hello].concat();
    [&[22, 3, 1][..], &u16(handshake.len()), &handshake].concat()
}
