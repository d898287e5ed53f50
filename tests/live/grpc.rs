//! gRPC between a server and a client of grpcio.

use crate::support::lab::{CABLE, Lab, SERVER};
use crate::support::python::Python;
use crate::support::record::Record;
use crate::support::sensor::{Ended, Sensor};

const PORT: u16 = 8083;

#[test]
fn every_call_has_its_method_status_and_number_of_messages() {
    let Some(lab) = Lab::with(&[]) else { return };
    let Some(python) = Python::with("grpc") else { return };
    let ended = calls(&lab, &python);

    let seen: Vec<_> = ended
        .exchanges()
        .filter(|record| record.path() != "/live.Calls/Slow")
        .map(|record| {
            let messages = |side: &str| record.number(&format!("sidetap.rpc.{side}.messages"));
            let method = record.text("rpc.method");
            (method, record.text("rpc.status_code"), messages("request"), messages("response"))
        })
        .collect();
    let expected = [
        ("live.Calls/Echo", "OK", Some(1), Some(1)),
        ("live.Calls/Echo", "OK", Some(1), Some(1)),
        ("live.Calls/Count", "OK", Some(1), Some(5)),
        ("live.Calls/Sum", "OK", Some(3), Some(1)),
        ("live.Calls/Chat", "OK", Some(4), Some(4)),
        ("live.Calls/Find", "NOT_FOUND", Some(1), Some(0)),
        ("live.Calls/Late", "DEADLINE_EXCEEDED", Some(1), Some(2)),
        ("live.Calls/Unknown", "UNIMPLEMENTED", Some(1), Some(0)),
    ];
    assert_eq!(seen, expected, "{:#?}", ended.records);
    assert!(ended.exchanges().all(|record| record.text("rpc.system.name") == "grpc"));
    assert!(
        ended.exchanges().all(|record| (record.method(), record.text("network.protocol.version")) == ("POST", "2"))
    );
}

#[test]
fn a_call_that_its_client_gives_up_has_no_status_and_is_a_reset() {
    let Some(lab) = Lab::with(&[]) else { return };
    let Some(python) = Python::with("grpc") else { return };
    let ended = calls(&lab, &python);
    let slow: Vec<&Record> = ended.exchanges().filter(|record| record.path() == "/live.Calls/Slow").collect();
    assert_eq!(slow.len(), 1, "{ended:#?}");
    // CANCEL (RFC 9113 §7).
    assert_eq!(slow[0].number("sidetap.http2.reset_code"), Some(8), "{slow:?}");
    assert!(!slow[0].is_complete(), "{slow:?}");
    assert_eq!(slow[0].text("rpc.status_code"), "");
}

/// What the sensor says of one client's calls.
fn calls(lab: &Lab, python: &Python) -> Ended {
    let port = PORT.to_string();
    let server = python.script(&lab.server, "grpc_peer.py", &["server", &port]);
    let _server = lab.server.serve(server, PORT);
    let sensor = Sensor::new(lab).args(&["--interface", CABLE]).listen();
    let output = python.script(&lab.client, "grpc_peer.py", &["client", SERVER, &port]).output().expect("Python runs");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));
    let expected = "OK OK OK OK OK NOT_FOUND DEADLINE_EXCEEDED UNIMPLEMENTED CANCELLED";
    assert_eq!(told.split_whitespace().collect::<Vec<_>>().join(" "), expected, "as the client saw it");
    sensor.stop().without_loss()
}
