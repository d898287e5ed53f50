//! DNS messages, alone and as a stream.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sidetap::protocol::dns::{Data, MAX_NAME, Message, Name, Stream, looks_like_dns};
use sidetap_fuzz::dice::Dice;

fn check_name(name: &Name<'_>) {
    let octets: usize = name.labels().map(|label| label.len() + 1).sum::<usize>() + 1;
    assert_eq!(octets, name.octets());
    assert!(octets <= MAX_NAME);
    assert!(name.labels().all(|label| (1..64).contains(&label.len())));
    let (mut text, mut key) = (String::new(), String::new());
    name.write_to(&mut text);
    name.write_key(&mut key);
    assert_eq!(text, name.to_string());
    assert!(!text.contains(char::is_control) && text.len() <= 4 * MAX_NAME, "{text}");
    assert!(!text.is_empty());
    assert!(!key.contains(|character: char| character.is_ascii_uppercase()));
}

fn check_message(bytes: &[u8]) {
    let _ = looks_like_dns(bytes);
    let Ok(message) = Message::parse(bytes) else { return };
    if let Some(question) = &message.question {
        check_name(&question.name);
        let _ = format!("{} {:?}", question.kind, question.class);
    }
    let _ = format!("{} {:?}", message.rcode, message.opcode());
    assert!(message.trailing <= bytes.len());
    let mut answers = 0;
    for answer in message.answers() {
        answers += 1;
        let Ok(record) = answer else { break };
        check_name(&record.name);
        match record.data {
            Data::Cname(name) | Data::Ns(name) | Data::Ptr(name) => check_name(&name),
            Data::Mx { exchange, .. } => check_name(&exchange),
            Data::Srv { target, .. } | Data::Svcb { target, .. } | Data::Https { target, .. } => check_name(&target),
            Data::Txt { length } | Data::Other { length } | Data::Malformed { length } => {
                assert!(usize::from(length) <= bytes.len());
            }
            Data::A(_) | Data::Aaaa(_) => {}
        }
    }
    assert!(answers <= usize::from(message.counts.answers));
}

fn messages(pieces: &[&[u8]]) -> Vec<Vec<u8>> {
    let (mut stream, mut messages) = (Stream::new(), Vec::new());
    for piece in pieces {
        stream.push(piece, |message| messages.push(message.to_vec()));
        assert!(stream.buffered() <= usize::from(u16::MAX));
    }
    messages
}

fuzz_target!(|input: &[u8]| {
    let Some((seed, bytes)) = input.split_first_chunk() else { return };
    check_message(bytes);
    let pieces = Dice::new(u32::from_be_bytes(*seed)).cut(bytes);
    let whole = messages(&[bytes]);
    assert_eq!(whole, messages(&pieces));
    whole.iter().for_each(|message| check_message(message));
});
