use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener};
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

use super::*;
use crate::export::workload::metadata::tests::{EC2, FARGATE, OWN_ID};

const SHORT: Pauses = Pauses { first: Duration::from_millis(1), every: Duration::from_millis(1) };

/// Long enough for a thread that has to be waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// Answers each request with the next of these, and tells what was asked for. After the last it is gone.
fn endpoint(answers: Vec<(&'static str, Vec<u8>)>) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let uri = format!("http://{}/v4/id", listener.local_addr().unwrap());
    let (asked, paths) = channel();
    std::thread::spawn(move || {
        for (status, body) in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                head.push(byte[0]);
            }
            let path = String::from_utf8(head).unwrap().split(' ').nth(1).unwrap().to_owned();
            let _ = asked.send(path);
            let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
            let _ = stream.shutdown(Shutdown::Write);
        }
    });
    (uri, paths)
}

/// What is found, one after the other.
fn watch(uri: String, pauses: Pauses) -> (Watch, Receiver<Result<TaskMetadata, String>>) {
    let (tell, found) = channel();
    let watch = Watch::start_with(uri, pauses, move |result| {
        let _ = tell.send(result.cloned().map_err(ToString::to_string));
    });
    (watch.unwrap(), found)
}

fn own(id: &str) -> (&'static str, Vec<u8>) {
    ("200 OK", format!(r#"{{"DockerId":"{id}"}}"#).into_bytes())
}

#[test]
fn the_task_is_found_once_the_endpoint_answers() {
    let (uri, asked) = endpoint(vec![
        ("503 Service Unavailable", Vec::new()),
        own(OWN_ID),
        ("200 OK", b"<html>".to_vec()),
        ("200 OK", FARGATE.to_vec()),
    ]);
    let (_watch, found) = watch(uri, SHORT);
    let task = found.recv_timeout(PATIENCE).unwrap().unwrap();
    assert_eq!(task, TaskMetadata::parse(FARGATE, Some(OWN_ID)).unwrap());
    assert!(found.recv_timeout(PATIENCE).is_err(), "the thread has ended: nothing more is to come");
    assert_eq!(asked.iter().collect::<Vec<_>>(), ["/v4/id", "/v4/id", "/v4/id/task", "/v4/id/task"]);
}

#[test]
fn it_is_asked_again_until_every_container_has_started() {
    let answer = |document: &[u8]| ("200 OK", document.to_vec());
    let started = String::from_utf8(EC2.to_vec()).unwrap().replace("PULLED", "RUNNING");
    let (uri, _asked) =
        endpoint(vec![own("own"), answer(EC2), answer(EC2), ("500 Oh", Vec::new()), answer(started.as_bytes())]);
    let (_watch, found) = watch(uri, SHORT);
    let is_settled: Vec<bool> = found.iter().map(|task| task.unwrap().is_settled()).collect();
    assert_eq!(is_settled, [false, true], "what is the same as before is not told again");
}

#[test]
fn an_endpoint_that_is_not_there_is_given_up() {
    let uri = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}/v4/id", listener.local_addr().unwrap())
    };
    let (_watch, found) = watch(uri.clone(), SHORT);
    let error = format!("`{uri}` gives no task metadata");
    assert_eq!(found.iter().collect::<Vec<_>>(), [Err(error)]);
}

#[test]
fn a_document_that_is_too_long_is_not_read() {
    let long = vec![b' '; MAX_DOCUMENT as usize + 1];
    let (uri, _asked) = endpoint((0..ATTEMPTS).map(|_| ("200 OK", long.clone())).collect());
    let (_watch, found) = watch(uri, SHORT);
    assert!(found.recv_timeout(PATIENCE).unwrap().is_err());
}

#[test]
fn whoever_does_not_want_to_know_waits_for_nothing() {
    let (uri, asked) = endpoint(vec![own("own"), ("200 OK", EC2.to_vec())]);
    let pauses = Pauses { first: PATIENCE * 10, every: PATIENCE * 10 };
    let (watch, found) = watch(uri, pauses);
    assert!(found.recv_timeout(PATIENCE).unwrap().is_ok());
    assert_eq!(asked.iter().count(), 2);
    let before = Instant::now();
    drop(watch);
    assert!(found.recv_timeout(PATIENCE).is_err());
    assert!(before.elapsed() < PATIENCE, "the thread is still waiting");
}
