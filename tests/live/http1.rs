//! HTTP/1 between nginx and clients that we did not write.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::support::lab::{CABLE, Lab, SERVER};
use crate::support::nginx::{LARGE, Logged, Nginx, PORT};
use crate::support::record::Record;
use crate::support::sensor::{ROOMY, Sensor};

#[test]
fn every_line_of_nginxs_log_is_one_complete_record() {
    // Beside other tests, a ring may overflow once. What was seen is true even then.
    for _ in 0..5 {
        let Some(lab) = Lab::with(&["nginx", "wrk"]) else { return };
        let nginx = Nginx::start(&lab);
        let sensor = Sensor::new(&lab).args(&["--interface", CABLE, "--memory-limit", ROOMY]).listen();
        let mix = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/live/peers/mix.lua");
        lab.client.run("wrk", &["-t1", "-c8", "-d2s", "-s", mix, &format!("http://{SERVER}:{PORT}/")]);
        let mut logged = nginx.finish();
        let ended = sensor.stop().well();

        assert!(logged.len() > 1000, "{} requests", logged.len());
        let mut seen: Vec<Logged> = ended.complete().map(logged_as).collect();
        logged.sort();
        seen.sort();
        assert_eq!(ended.transactions(), ended.records.len() as u64);
        if ended.stderr.contains("dropped by the kernel") {
            assert!(seen.len() <= logged.len() && seen.iter().all(|line| logged.binary_search(line).is_ok()));
            continue;
        }
        ended.without_loss();
        return assert_same(&seen, &logged);
    }
    panic!("the kernel dropped packets each time");
}

#[test]
fn bodies_have_the_size_that_their_client_measured_whatever_frames_them() {
    let Some(lab) = Lab::with(&["nginx", "curl"]) else { return };
    let nginx = Nginx::start(&lab);
    let body = lab.directory().join("body");
    std::fs::write(&body, vec![b'y'; 3_000_000]).expect("a file");
    let body = format!("@{}", body.display());
    let sensor = Sensor::new(&lab).args(&["--interface", CABLE, "--memory-limit", ROOMY]).listen();
    let cases: [(&str, &[&str]); 12] = [
        ("/get", &[]),
        ("/head", &["--head"]),
        ("/post", &["--data", "name=value"]),
        ("/put", &["--request", "PUT", "--data", "x"]),
        ("/absent", &[]),
        ("/empty", &[]),
        ("/old", &["--http1.0"]),
        ("/close", &["--header", "Connection: close"]),
        ("/files/text.txt", &["--header", "Accept-Encoding: gzip"]),
        ("/files/large", &[]),
        // Asks with `Expect: 100-continue` before it sends so much.
        ("/upload/length", &["--data-binary", &body]),
        ("/upload/chunked", &["--data-binary", &body, "--header", "Transfer-Encoding: chunked"]),
    ];
    let mut measured = Vec::new();
    for (path, words) in cases {
        let url = format!("http://{SERVER}:{PORT}{path}");
        let wanted =
            ["--silent", "--output", "/dev/null", "--write-out", "%{http_code} %{size_download} %{size_upload}"];
        let told = lab.client.run("curl", &[&wanted, words, &[&url]].concat());
        let numbers: Vec<u64> = told.split(' ').map(|number| number.parse().expect(&told)).collect();
        measured.push((path.to_owned(), numbers[0], numbers[1], numbers[2]));
    }
    let ended = sensor.stop().without_loss();

    let seen: Vec<_> = ended
        .complete()
        .map(|record| {
            let (path, status) = (record.path().to_owned(), record.status());
            (path, status, record.response_body(), record.request_body())
        })
        .collect();
    for measured in &mut measured {
        // What curl uploads in chunks it counts with their framing; what it was given is known.
        if measured.0 == "/upload/chunked" {
            measured.3 = 3_000_000;
        }
    }
    assert_eq!(seen, measured, "path, status, response, request\n{}", ended.stderr);
    assert!(seen.iter().any(|(path, status, size, _)| (&**path, *status, *size) == ("/files/large", 200, LARGE)));
    nginx.finish();
}

#[test]
fn pipelined_requests_get_their_own_responses() {
    const REQUESTS: usize = 200;
    let Some(lab) = Lab::with(&["nginx"]) else { return };
    let nginx = Nginx::start(&lab);
    let sensor = Sensor::new(&lab).args(&["--interface", CABLE]).listen();
    lab.client.enter(|| {
        let mut stream = TcpStream::connect((SERVER, PORT)).expect("nginx listens");
        let paths = (0..REQUESTS).map(|number| match number % 4 {
            0 => format!("HEAD /{number} HTTP/1.1\r\nHost: live\r\n\r\n"),
            1 => format!("POST /{number} HTTP/1.1\r\nHost: live\r\nContent-Length: 4\r\n\r\nGET "),
            2 => format!("GET /absent/{number} HTTP/1.1\r\nHost: live\r\n\r\n"),
            _ => format!("GET /{number} HTTP/1.1\r\nHost: live\r\n\r\n"),
        });
        let mut requests: String = paths.collect();
        requests.push_str("GET /last HTTP/1.1\r\nHost: live\r\nConnection: close\r\n\r\n");
        stream.write_all(requests.as_bytes()).expect("nginx reads");
        let mut responses = Vec::new();
        stream.read_to_end(&mut responses).expect("nginx answers");
    });
    let logged = nginx.finish();
    let ended = sensor.stop().without_loss();

    let seen: Vec<Logged> = ended.complete().map(logged_as).collect();
    assert_eq!(seen.len(), REQUESTS + 1, "{}", ended.stderr);
    assert_same(&seen, &logged);
    let indices: Vec<_> = ended.complete().filter_map(|record| record.number("sidetap.transaction.index")).collect();
    assert_eq!(indices, (0..=REQUESTS as u64).collect::<Vec<_>>());
}

/// The first difference tells more than both lists.
#[track_caller]
fn assert_same(seen: &[Logged], logged: &[Logged]) {
    let difference = seen.iter().zip(logged).enumerate().find(|(_, (seen, logged))| seen != logged);
    assert_eq!((seen.len(), difference), (logged.len(), None), "seen and logged");
}

/// A record as nginx would log it.
fn logged_as(record: &Record) -> Logged {
    (record.method().to_owned(), record.path().to_owned(), record.status(), record.response_body())
}
