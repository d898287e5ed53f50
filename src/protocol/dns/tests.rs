mod writer;

use std::net::{Ipv4Addr, Ipv6Addr};

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use writer::{Labels, Writer, labels};

/// `www.example.com` is an alias of `host.example.com`, which has an address; with EDNS.
fn alias_and_address() -> Vec<u8> {
    let mut writer = Writer::header(0x1234, 0x8180, [1, 2, 0, 1]);
    writer.question(&labels("www.example.com"), 1, 1);
    writer.record(&labels("www.example.com"), 5, 1, 300, |data| data.name(&labels("host.example.com")));
    writer.record(&labels("host.example.com"), 1, 1, 60, |data| data.bytes.extend([192, 0, 2, 7]));
    writer.record(&[], 41, 1232, 0x8000, |_| {});
    writer.bytes
}

fn answers<'a>(message: &Message<'a>) -> Vec<Record<'a>> {
    message.answers().map(Result::unwrap).collect()
}

fn text(name: &Name<'_>) -> String {
    let mut text = String::new();
    name.write_to(&mut text);
    text
}

#[test]
fn an_answer_is_read() {
    let bytes = alias_and_address();
    let message = Message::parse(&bytes).unwrap();
    let question = message.question.unwrap();
    assert_eq!((message.id, message.opcode().name(), message.rcode.name()), (0x1234, Some("QUERY"), Some("NOERROR")));
    assert!(message.flags.response() && !message.flags.truncated() && !message.cut);
    assert_eq!(
        (text(&question.name).as_str(), question.kind, question.class),
        ("www.example.com", RecordType::A, Class::IN)
    );

    let [alias, address] = answers(&message).try_into().unwrap();
    assert_eq!((alias.name, alias.ttl), (question.name, 300));
    let Data::Cname(host) = alias.data else { panic!("{alias:?}") };
    assert_eq!(text(&host), "host.example.com");
    assert_eq!((address.name, address.data), (host, Data::A(Ipv4Addr::new(192, 0, 2, 7))));
    assert!(looks_like_dns(&bytes));
}

#[test]
fn every_kind_of_data_is_read() {
    let mut writer = Writer::header(1, 0x8000, [0, 11, 0, 0]);
    let (owner, target) = (labels("a.test"), labels("b.test"));
    writer.record(&owner, 28, 0x8001, 1, |data| data.bytes.extend([0x20; 16]));
    writer.record(&owner, 2, 1, 1, |data| data.name(&target));
    writer.record(&owner, 12, 1, 1, |data| data.name(&target));
    writer.record(&owner, 15, 1, 1, |data| {
        data.word(10);
        data.name(&target);
    });
    writer.record(&owner, 16, 1, 1, |data| data.bytes.extend([1, b'x', 0, 2, b'y', b'z']));
    writer.record(&owner, 33, 1, 1, |data| {
        [1, 2, 443].into_iter().for_each(|word| data.word(word));
        data.name(&target);
    });
    for kind in [64, 65] {
        writer.record(&owner, kind, 1, 1, |data| {
            data.word(1);
            data.name(&[]);
            data.bytes.extend([0, 1, 0, 3, 2, b'h', b'2']);
        });
    }
    writer.record(&owner, 99, 1, 1, |data| data.bytes.extend([0; 5]));
    writer.record(&owner, 1, 3, 1, |data| data.bytes.extend([0; 2]));
    writer.record(&owner, 1, 1, 1 << 31, |data| data.bytes.extend([0; 3]));

    let message = Message::parse(&writer.bytes).unwrap();
    let records = answers(&message);
    let data: Vec<_> = records.iter().map(|record| record.data).collect();
    assert_eq!(data[0], Data::Aaaa(Ipv6Addr::from([0x20; 16])));
    assert!(matches!((data[1], data[2]), (Data::Ns(one), Data::Ptr(other)) if text(&one) == "b.test" && one == other));
    assert!(matches!(data[3], Data::Mx { preference: 10, exchange } if text(&exchange) == "b.test"));
    assert_eq!(data[4], Data::Txt { length: 3 });
    assert!(matches!(data[5], Data::Srv { priority: 1, weight: 2, port: 443, target } if text(&target) == "b.test"));
    assert!(matches!(data[6], Data::Svcb { priority: 1, target } if text(&target) == "."));
    assert!(matches!(data[7], Data::Https { priority: 1, target } if text(&target) == "."));
    assert_eq!(data[8..], [Data::Other { length: 5 }, Data::Other { length: 2 }, Data::Malformed { length: 3 }]);
    assert_eq!(records[10].ttl, 0);
    assert!(looks_like_dns(&writer.bytes));
}

#[test]
fn edns_extends_the_response_code() {
    let mut writer = Writer::header(1, 0x8001, [0, 0, 0, 1]);
    writer.record(&[], 41, 512, 0x0100_0000, |_| {});
    let message = Message::parse(&writer.bytes).unwrap();
    assert_eq!((message.rcode, message.rcode.name()), (Rcode(17), Some("BADKEY")));
}

#[test]
fn names_are_escaped_and_compared_without_case() {
    let mut writer = Writer::header(1, 0, [1, 0, 0, 0]);
    let odd = vec![b"wWw".to_vec(), b"a.b\\c".to_vec(), vec![0, b' ', 255], b"\"$".to_vec()];
    writer.question(&odd, 1, 1);
    let message = Message::parse(&writer.bytes).unwrap();
    let name = message.question.unwrap().name;
    assert_eq!(text(&name), r#"wWw.a\046b\092c.\000\032\255."$"#);
    let mut key = String::from("KEPT ");
    name.write_key(&mut key);
    assert_eq!(key, r#"KEPT www.a\046b\092c.\000\032\255."$"#);

    let mut other = Writer::header(1, 0, [1, 0, 0, 0]);
    other.question(&[vec![b"WwW".to_vec()], odd[1..].to_vec()].concat(), 1, 1);
    let message = Message::parse(&other.bytes).unwrap();
    assert_eq!(message.question.unwrap().name, name);
}

/// A query whose name is these bytes, at offset 12.
fn query(name: &[u8]) -> Vec<u8> {
    [&Writer::header(1, 0, [1, 0, 0, 0]).bytes[..], name, &[0, 1, 0, 1]].concat()
}

#[test]
fn pointers_lead_backwards_or_nowhere() {
    let error = |name: &[u8]| Message::parse(&query(name)).unwrap_err();
    assert_eq!(error(&[0xc0, 12]), DnsError::Pointer { offset: 12, target: 12 });
    assert_eq!(error(&[1, b'a', 0xc0, 12]), DnsError::Pointer { offset: 14, target: 12 });
    assert_eq!(error(&[0xc0, 14, 0]), DnsError::Pointer { offset: 12, target: 14 });
    assert_eq!(error(&[0xff, 0xff]), DnsError::Pointer { offset: 12, target: 0x3fff });
    assert_eq!(error(&[0x40, 0]), DnsError::LabelKind { offset: 12, octet: 0x40 });
    assert_eq!(error(&[0x80, 0]), DnsError::LabelKind { offset: 12, octet: 0x80 });

    // Two answers whose names lead to each other.
    let mut writer = Writer::header(1, 0x8000, [0, 2, 0, 0]);
    writer.bytes.extend([0xc0, 24]);
    writer.bytes.extend([0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0, 12]);
    writer.bytes.extend([0, 1, 0, 1, 0, 0, 0, 0, 0, 0]);
    let message = Message::parse(&writer.bytes).unwrap();
    let read: Vec<_> = message.answers().collect();
    assert!(matches!(read[..], [Err(DnsError::Pointer { offset: 12, target: 24 })]));
}

#[test]
fn a_name_has_at_most_127_pointers_and_255_octets() {
    // A TXT record full of pointers, each to the one before; then names that enter the chain.
    let chain_of = |pointers: u16| {
        let mut writer = Writer::header(1, 0x8000, [0, 2, 0, 0]);
        writer.record(&[], 16, 3, 0, |data| {
            let start = data.bytes.len() as u16;
            data.word(0x0000);
            (0..pointers).for_each(|index| data.word(0xc000 | (start + 2 * index)));
        });
        let last = writer.bytes.len() as u16 - 2;
        writer.word(0xc000 | last);
        writer.bytes.extend([0, 1, 0, 3, 0, 0, 0, 0, 0, 0]);
        writer.bytes
    };
    let second =
        |bytes: &[u8]| Message::parse(bytes).unwrap().answers().nth(1).unwrap().map(|record| record.name.octets());
    assert_eq!(second(&chain_of(126)), Ok(1));
    assert!(matches!(second(&chain_of(127)), Err(DnsError::Pointers { .. })));

    let long = |last: usize| {
        [[&[63][..], &[b'x'; 63]].concat().repeat(3), vec![last as u8], vec![b'y'; last], vec![0]].concat()
    };
    let longest = query(&long(61));
    let name = Message::parse(&longest).unwrap().question.unwrap().name;
    assert_eq!((name.octets(), text(&name).len()), (MAX_NAME, 253));
    assert_eq!(Message::parse(&query(&long(62))).unwrap_err(), DnsError::NameLength { offset: 12 });
}

#[test]
fn what_is_no_message_is_an_error() {
    assert_eq!(Message::parse(&[0; 11]).unwrap_err(), DnsError::Short { length: 11 });
    assert!(
        !looks_like_dns(&[0; 12]) && !looks_like_dns(&[0; 40]) && !looks_like_dns(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    );
    let refusal = Writer::header(1, 0x8001, [0; 4]).bytes;
    assert!(looks_like_dns(&refusal));
    let mut trailing = alias_and_address();
    trailing.push(0);
    assert_eq!(Message::parse(&trailing).unwrap().trailing, 1);
    assert!(!looks_like_dns(&trailing));
}

#[test]
fn random_bytes_hardly_look_like_dns() {
    // A multiplicative generator: the same bytes in every run.
    let mut state = 1_u64;
    let mut byte = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    let taken = (0..100_000).filter(|index| looks_like_dns(&(0..12 + index % 200).map(|_| byte()).collect::<Vec<_>>()));
    assert!(taken.count() <= 10);
}

#[test]
fn a_name_that_overruns_is_no_cut() {
    // The second answer's name points to bytes that look like a label beyond the end of the message.
    let mut writer = Writer::header(1, 0x8000, [0, 2, 0, 0]);
    writer.record(&[], 99, 1, 0, |data| data.bytes.push(63));
    writer.bytes.extend([0xc0, 23, 0, 99, 0, 1, 0, 0, 0, 0, 0, 0]);
    let message = Message::parse(&writer.bytes).unwrap();
    assert!(!message.cut);
    assert!(matches!(message.answers().nth(1), Some(Err(DnsError::Cut { .. }))));
}

#[test]
fn a_stream_holds_on_to_nothing_it_need_not() {
    let mut stream = Stream::new();
    let mut seen = Vec::new();
    stream.push(&[0, 3, 1, 2, 3, 0, 0, 0, 2, 4], |message| seen.push(message.to_vec()));
    assert_eq!(seen, [vec![1, 2, 3], vec![]]);
    assert!(stream.buffered() > 0);
    stream.push(&[5, 0xff], |message| seen.push(message.to_vec()));
    assert_eq!(seen[2], [4, 5]);
    assert_eq!(stream.buffered(), 0);
    stream.push(&[0xff, 1], |_| panic!());
    assert!((1..=512).contains(&stream.buffered()));
    (0..65_533).for_each(|_| stream.push(&[1], |_| panic!()));
    assert_eq!(stream.buffered(), 65_535);
    stream.push(&[1], |message| assert_eq!(message.len(), 65_535));
    assert_eq!(stream.buffered(), 0);
}

/// Names that share their ends often; some bytes of any kind.
fn name() -> impl Strategy<Value = Labels> {
    let label = prop_oneof![
        4 => "[a-cA-C]{1,3}".prop_map(String::into_bytes),
        1 => vec(any::<u8>(), 1..=30),
    ];
    vec(label, 0..6)
}

#[derive(Debug, Clone)]
enum Content {
    Address([u8; 4]),
    Alias(Labels),
    Exchange(u16, Labels),
    Unknown(Vec<u8>),
}

fn content() -> impl Strategy<Value = Content> {
    prop_oneof![
        any::<[u8; 4]>().prop_map(Content::Address),
        name().prop_map(Content::Alias),
        (any::<u16>(), name()).prop_map(|(preference, name)| Content::Exchange(preference, name)),
        vec(any::<u8>(), 0..50).prop_map(Content::Unknown),
    ]
}

type Answer = (Labels, u32, Content);

fn write(id: u16, question: &Labels, records: &[Answer]) -> Vec<u8> {
    let mut writer = Writer::header(id, 0x8180, [1, records.len() as u16, 0, 0]);
    writer.question(question, 255, 1);
    for (owner, ttl, content) in records {
        match content {
            Content::Address(address) => writer.record(owner, 1, 1, *ttl, |data| data.bytes.extend(address)),
            Content::Alias(name) => writer.record(owner, 5, 1, *ttl, |data| data.name(name)),
            Content::Exchange(preference, name) => writer.record(owner, 15, 1, *ttl, |data| {
                data.word(*preference);
                data.name(name);
            }),
            Content::Unknown(bytes) => writer.record(owner, 999, 1, *ttl, |data| data.bytes.extend(bytes)),
        }
    }
    writer.bytes
}

fn same(name: &Name<'_>, labels: &Labels) -> bool {
    name.labels().eq(labels.iter().map(Vec::as_slice))
        && name.octets() == labels.iter().map(|label| label.len() + 1).sum::<usize>() + 1
}

fn records() -> impl Strategy<Value = Vec<Answer>> {
    vec((name(), 0..1u32 << 31, content()), 0..6)
}

/// Any bytes, and messages with a few bytes changed.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let changed = (name(), records(), vec((any::<prop::sample::Index>(), any::<u8>()), 0..4)).prop_map(
        |(question, records, changes)| {
            let mut bytes = write(7, &question, &records);
            for (index, byte) in changes {
                let index = index.index(bytes.len());
                bytes[index] = byte;
            }
            bytes
        },
    );
    prop_oneof![changed, vec(any::<u8>(), 0..200), vec(prop_oneof![Just(0xc0), 0..20u8], 12..600)]
}

proptest! {
    #[test]
    fn what_was_written_is_read(id: u16, question in name(), records in records()) {
        let bytes = write(id, &question, &records);
        let message = Message::parse(&bytes).unwrap();
        prop_assert_eq!((message.id, message.cut, message.trailing), (id, false, 0));
        prop_assert!(same(&message.question.unwrap().name, &question));
        let read = answers(&message);
        prop_assert_eq!(read.len(), records.len());
        for (record, (owner, ttl, content)) in read.iter().zip(&records) {
            prop_assert!(same(&record.name, owner) && record.ttl == *ttl);
            let as_written = match (record.data, content) {
                (Data::A(read), Content::Address(written)) => read.octets() == *written,
                (Data::Cname(read), Content::Alias(written)) => same(&read, written),
                (Data::Mx { preference, exchange }, Content::Exchange(written, name)) =>
                    preference == *written && same(&exchange, name),
                (Data::Other { length }, Content::Unknown(written)) => usize::from(length) == written.len(),
                _ => false,
            };
            prop_assert!(as_written, "{:?} is not {:?}", record, content);
        }
    }

    #[test]
    fn a_cut_message_gives_what_is_whole(question in name(), records in records(), cut: prop::sample::Index) {
        let bytes = write(1, &question, &records);
        let length = 12 + cut.index(bytes.len() - 12);
        let (message, whole) = (Message::parse(&bytes[..length]).unwrap(), Message::parse(&bytes).unwrap());
        prop_assert!(message.cut);
        let (read, all) = (answers(&message), answers(&whole));
        prop_assert!(read.len() < all.len() || all.is_empty());
        prop_assert!(read.iter().zip(&all).all(|(read, whole)| read.name == whole.name && read.data == whole.data));
    }

    #[test]
    fn any_bytes_come_to_an_end(bytes in bytes()) {
        let _ = looks_like_dns(&bytes);
        let Ok(message) = Message::parse(&bytes) else { return Ok(()) };
        let mut written = String::new();
        let mut count = 0;
        for record in message.answers().flatten() {
            count += 1;
            prop_assert!(record.name.octets() <= MAX_NAME);
            written.clear();
            record.name.write_key(&mut written);
            prop_assert!(written.len() < 4 * MAX_NAME);
        }
        prop_assert!(count * 11 <= bytes.len());
    }

    #[test]
    fn pieces_of_a_stream_do_not_matter(messages in vec(vec(any::<u8>(), 0..700), 0..6), sizes in vec(1..900usize, 1..6)) {
        let bytes: Vec<u8> = messages.iter().flat_map(|message| {
            [&(message.len() as u16).to_be_bytes()[..], message].concat()
        }).collect();
        let (mut stream, mut read, mut rest) = (Stream::new(), Vec::new(), &bytes[..]);
        for size in sizes.iter().cycle() {
            let (piece, others) = rest.split_at((*size).min(rest.len()));
            stream.push(piece, |message| read.push(message.to_vec()));
            prop_assert!(stream.buffered() <= 700);
            rest = others;
            if rest.is_empty() { break; }
        }
        prop_assert_eq!(read, messages);
        prop_assert_eq!(stream.buffered(), 0);
    }
}
