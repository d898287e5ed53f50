//! Who is trusted. The certificates were made by openssl for a hundred years, and are of no use to anyone.

use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::receiver::{Received, Reply, serve};
use super::run::{Run, S, options};
use crate::export::otlp::transport::client::Client;

const AUTHORITY: &str = include_str!("certificates/authority.pem");
const STRANGER: &str = include_str!("certificates/stranger.pem");
const RECEIVER: &str = include_str!("certificates/receiver.pem");
const KEY: &str = include_str!("certificates/receiver.key");

fn receiver() -> (u16, Arc<Mutex<Vec<Received>>>) {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(RECEIVER.as_bytes()).unwrap()],
            PrivateKeyDer::from_pem_slice(KEY.as_bytes()).unwrap(),
        )
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let received = Arc::new(Mutex::new(Vec::new()));
    let all = Arc::clone(&received);
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().flatten().enumerate() {
            let from = stream.peer_addr().unwrap();
            let mut tls = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = stream;
            // Both halves are one object, so that it serves one request.
            let mut both = rustls::Stream::new(&mut tls, &mut stream);
            let mut first = Vec::new();
            let mut part = [0; 4096];
            while let Ok(len @ 1..) = std::io::Read::read(&mut both, &mut part) {
                first.extend_from_slice(&part[..len]);
                let Some(end) = first.windows(4).position(|it| it == b"\r\n\r\n") else { continue };
                let head = String::from_utf8_lossy(&first[..end]).to_ascii_lowercase();
                let len = head.split("content-length: ").nth(1).unwrap().lines().next().unwrap().parse::<usize>();
                if first.len() == end + 4 + len.unwrap() {
                    break;
                }
            }
            serve(&first[..], &mut both, (number, from), &all, &mut |_| Reply::status(200));
            tls.send_close_notify();
            let _ = tls.complete_io(&mut stream);
        }
    });
    (port, received)
}

fn file(name: &str, text: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("sidetap-otlp-{}-{name}", std::process::id()));
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn a_receiver_is_trusted_if_its_authority_is() {
    let (port, received) = receiver();
    for host in ["localhost", "127.0.0.1"] {
        let mut options = options(&format!("https://{host}:{port}"));
        options.timeout = 5 * S;
        options.ca_file = Some(file("right.pem", &format!("# ours\n{STRANGER}{AUTHORITY}")));
        let mut run = Run::new(&options);
        std::fs::remove_file(options.ca_file.unwrap()).unwrap();
        run.push_spans(2);
        assert_eq!(run.run_for(11 * S).signals.traces.accepted, 2, "{}", run.failure());
    }
    assert_eq!(received.lock().unwrap().len(), 2);
}

#[test]
fn a_receiver_of_an_unknown_authority_gets_nothing() {
    let (port, received) = receiver();
    let mut options = options(&format!("https://localhost:{port}"));
    options.timeout = 5 * S;
    options.ca_file = Some(file("wrong.pem", STRANGER));
    let mut run = Run::new(&options);
    std::fs::remove_file(options.ca_file.unwrap()).unwrap();
    run.push_spans(2);
    let counts = run.run_for(11 * S);
    assert_eq!((counts.signals.traces.accepted, counts.signals.traces.in_flight), (0, 2));
    assert!(run.failure().contains("`--otlp-ca FILE` names one"), "{}", run.failure());
    assert!(received.lock().unwrap().is_empty());
}

#[test]
fn a_receiver_of_another_name_gets_nothing() {
    let (port, received) = receiver();
    let mut options = options(&format!("https://127.0.0.2:{port}"));
    options.ca_file = Some(file("name.pem", AUTHORITY));
    let mut run = Run::new(&options);
    std::fs::remove_file(options.ca_file.unwrap()).unwrap();
    run.push_spans(2);
    assert_eq!(run.run_for(11 * S).signals.traces.accepted, 0);
    assert!(received.lock().unwrap().is_empty());
}

#[test]
fn certificates_that_cannot_be_read_are_an_error_at_once() {
    let mut options = options("https://localhost");
    options.ca_file = Some(file("none.pem", "no certificate"));
    let error = Client::new(&options).unwrap_err();
    assert!(error.to_string().starts_with("there is no certificate in `"), "{error}");
    std::fs::remove_file(options.ca_file.unwrap()).unwrap();
    options.ca_file = Some("/nowhere/ca.pem".into());
    let error = Client::new(&options).unwrap_err();
    assert_eq!(error.to_string(), "cannot read the certificates in `/nowhere/ca.pem`");
    assert!(error.hints()[0].contains("--otlp-ca"));
}
