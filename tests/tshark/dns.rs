//! A capture of DNS over UDP, since the corpus has none.

type Answer = (u16, &'static [u8]);

/// Questions, types and response codes, and the resource records that answer them: type, and data.
const ANSWERS: [(&str, u16, u16, &[Answer]); 4] = [
    ("www.example.com", 1, 0, &[(1, &[192, 0, 2, 1]), (1, &[192, 0, 2, 2])]),
    ("www.example.com", 28, 0, &[(28, &[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])]),
    ("gone.example.com", 1, 3, &[]),
    // The data is a name that ends with a pointer to `example.com` in the question.
    ("alias.example.com", 5, 0, &[(5, b"\x03www\xc0\x12")]),
];

/// The file: pcap, Ethernet, a question and its answer at a time.
pub fn capture() -> Vec<u8> {
    let mut file = Vec::new();
    for word in [0xa1b2_c3d4, 0x0004_0002, 0, 0, 65535, 1_u32] {
        file.extend(word.to_le_bytes());
    }
    for (place, (name, kind, code, answers)) in ANSWERS.into_iter().enumerate() {
        let id = 0x1000 + place as u16;
        let port = 40_000 + place as u16;
        file.extend(packet(
            place as u32,
            [10, 0, 0, 1],
            port,
            [10, 0, 0, 53],
            53,
            &message(id, 0x0100, name, kind, &[]),
        ));
        let answer = message(id, 0x8180 | code, name, kind, answers);
        file.extend(packet(place as u32, [10, 0, 0, 53], 53, [10, 0, 0, 1], port, &answer));
    }
    file
}

fn message(id: u16, flags: u16, name: &str, kind: u16, answers: &[Answer]) -> Vec<u8> {
    let mut message = Vec::new();
    for word in [id, flags, 1, answers.len() as u16, 0, 0] {
        message.extend(word.to_be_bytes());
    }
    for label in name.split('.') {
        message.push(label.len() as u8);
        message.extend(label.bytes());
    }
    message.push(0);
    message.extend(kind.to_be_bytes());
    message.extend([0, 1]);
    for (kind, data) in answers {
        // The name of the question, class IN, an hour to live.
        message.extend([0xc0, 12]);
        message.extend(kind.to_be_bytes());
        message.extend([0, 1, 0, 0, 0x0e, 0x10, 0, data.len() as u8]);
        message.extend(*data);
    }
    message
}

fn packet(second: u32, from: [u8; 4], from_port: u16, to: [u8; 4], to_port: u16, payload: &[u8]) -> Vec<u8> {
    let udp_len = 8 + payload.len() as u16;
    let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0];
    frame.extend((20 + udp_len).to_be_bytes());
    frame.extend([0, 0, 0x40, 0, 64, 17, 0, 0]);
    frame.extend(from);
    frame.extend(to);
    for word in [from_port, to_port, udp_len, 0] {
        frame.extend(word.to_be_bytes());
    }
    frame.extend(payload);
    let mut packet = Vec::new();
    for word in [1_700_000_000 + second, 0, frame.len() as u32, frame.len() as u32] {
        packet.extend(word.to_le_bytes());
    }
    packet.extend(frame);
    packet
}
