//! What connections are made, and where to.

use std::io::{BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use super::receiver::{Receiver, Reply, head};
use super::run::{Run, S, options};
use crate::export::otlp::transport::Proxies;
use crate::export::otlp::transport::client::Client;
use crate::export::own_sockets::OwnSockets;

#[test]
fn a_connection_is_known_as_our_own_before_its_first_byte() {
    let own = Arc::new(OwnSockets::new());
    let (known, unknown) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let peek = {
        let (own, known, unknown) = (Arc::clone(&own), Arc::clone(&known), Arc::clone(&unknown));
        Arc::new(move |stream: &TcpStream| {
            let (here, there) = (stream.local_addr().unwrap(), stream.peer_addr().unwrap());
            let count = if own.contains(there, here) { &known } else { &unknown };
            count.fetch_add(1, Ordering::SeqCst);
        })
    };
    let receiver = Receiver::peeking(peek, |_| Reply::Bytes("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
    let mut options = options(&receiver.url());
    options.own_sockets = Arc::clone(&own);
    let mut run = Run::new(&options);
    for _ in 0..3 {
        run.push_spans(1);
        run.run_for(11 * S);
    }
    assert_eq!((known.load(Ordering::SeqCst), unknown.load(Ordering::SeqCst)), (3, 0));
    let from = receiver.received()[0].from;
    assert!(own.contains(from, receiver.address));
    drop(run);
    // It is known for a while after its end.
    assert!(own.contains(from, receiver.address));
}

/// Counts how often it is asked.
#[derive(Debug)]
struct Counting(Arc<AtomicUsize>);

impl Resolver for Counting {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        self.0.fetch_add(1, Ordering::SeqCst);
        DefaultResolver::default().resolve(uri, config, timeout)
    }
}

#[test]
fn a_connection_is_used_until_it_is_old_and_only_then_is_the_name_looked_up_again() {
    let connections = |age: Duration| {
        let receiver = Receiver::answering([Reply::status(200)]);
        let options = options(&format!("http://localhost:{}", receiver.address.port()));
        let lookups = Arc::default();
        let client = Client::with(&options, age, Counting(Arc::clone(&lookups))).unwrap();
        let mut run = Run::with(&options, client);
        for _ in 0..4 {
            run.push_spans(1);
            run.run_for(11 * S);
        }
        let received = receiver.received();
        assert_eq!(received.len(), 4);
        let connections = received.iter().map(|it| it.connection).max().unwrap() + 1;
        (connections, lookups.load(Ordering::SeqCst))
    };
    assert_eq!(connections(300 * S), (1, 1));
    assert_eq!(connections(Duration::ZERO), (4, 4));
}

#[test]
fn a_connection_that_the_receiver_has_closed_is_not_used_again() {
    let receiver = Receiver::answering([Reply::Bytes("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")]);
    let mut run = Run::to(&receiver.url());
    for _ in 0..3 {
        run.push_spans(1);
        run.run_for(11 * S);
        // So that the end of the connection arrives.
        std::thread::sleep(Duration::from_millis(20));
    }
    let counts = run.handle.counts();
    assert_eq!((counts.requests, counts.retries), (3, 0));
}

#[test]
fn a_redirect_is_not_followed_with_our_token() {
    let other = Receiver::answering([Reply::status(200)]);
    let location: &'static str = format!("Location: {}/v1/traces\r\n", other.url()).leak();
    let receiver = Receiver::answering([Reply::Status(307, location, Vec::new())]);
    let mut options = options(&receiver.url());
    options.headers.add("Authorization", "Bearer s3cr3t-t0ken").unwrap();
    let mut run = Run::new(&options);
    run.push_spans(1);
    run.run_for(100 * S);
    assert!(other.received().is_empty());
    assert!(run.failure().contains(&other.url()), "{}", run.failure());
}

/// A proxy that makes tunnels, and notes who asked for them and how.
fn proxy() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let all = Arc::clone(&asked);
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let mut from = BufReader::new(client.try_clone().unwrap());
            let (first, headers) = head(&mut from).unwrap();
            all.lock().unwrap().push(format!("{first} {headers:?}"));
            let target = first.split(' ').nth(1).unwrap().to_owned();
            let receiver = TcpStream::connect(target).unwrap();
            (&client).write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").unwrap();
            let (mut there, mut back) = (receiver.try_clone().unwrap(), receiver);
            std::thread::spawn(move || std::io::copy(&mut from, &mut there));
            std::thread::spawn(move || std::io::copy(&mut back, &mut &client));
        }
    });
    (format!("http://user:pa55word@{address}"), asked)
}

#[test]
fn requests_go_through_the_proxy_of_the_environment() {
    let (url, asked) = proxy();
    let receiver = Receiver::answering([Reply::status(200)]);
    let own = Arc::new(OwnSockets::new());
    let mut options = options(&receiver.url());
    options.own_sockets = Arc::clone(&own);
    options.headers.add("Authorization", "Bearer s3cr3t-t0ken").unwrap();
    options.proxies = Proxies::from_variables(|name| (name == "http_proxy").then(|| url.clone()));
    let mut run = Run::new(&options);
    run.push_spans(1);
    assert_eq!(run.run_for(11 * S).signals.traces.accepted, 1, "{}", run.failure());
    let asked = asked.lock().unwrap().join("");
    assert!(asked.starts_with(&format!("CONNECT {} HTTP/1.1", receiver.address)), "{asked}");
    assert!(asked.contains("Basic ") && !asked.contains("s3cr3t"), "{asked}");
    assert!(!format!("{options:?}").contains("pa55word"));

    options.proxies.none = Some("127.0.0.0/8".into());
    let mut run = Run::new(&options);
    run.push_spans(1);
    assert_eq!(run.run_for(11 * S).signals.traces.accepted, 1);
    assert!(own.contains(receiver.received()[1].from, receiver.address));
}

#[test]
fn a_proxy_that_refuses_is_tried_again() {
    let receiver = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = receiver.local_addr().unwrap();
    std::thread::spawn(move || {
        for client in receiver.incoming().flatten() {
            head(&mut BufReader::new(&client));
            let _ = (&client).write_all(b"HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n");
        }
    });
    let mut options = options("http://receiver.invalid:4318");
    options.proxies.all = Some(format!("http://user:pa55word@{address}"));
    let mut run = Run::new(&options);
    run.push_spans(1);
    let counts = run.run_for(30 * S);
    assert!(counts.retries > 0 && counts.signals.traces.in_flight == 1);
    assert!(run.failure().contains("407") && !run.failure().contains("pa55word"), "{}", run.failure());
}
