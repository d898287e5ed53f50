//! WebSocket sessions between a server and clients of Python's `websockets`.

use serde_json::Value;

use crate::support::lab::{CABLE, Lab, SERVER};
use crate::support::python::Python;
use crate::support::record::Record;
use crate::support::sensor::Sensor;

const PORT: u16 = 8084;

#[test]
fn a_session_has_the_messages_that_its_server_counted() {
    session(false, 1000);
}

#[test]
fn a_compressed_session_has_the_messages_that_its_server_counted() {
    session(true, 4000);
}

/// One session of many messages in both directions, whole and in fragments, with pings between them.
fn session(deflate: bool, close_code: u64) {
    let Some(lab) = Lab::with(&[]) else { return };
    let Some(python) = Python::with("websockets") else { return };
    let extension = if deflate { "deflate" } else { "none" };
    let (port, code) = (PORT.to_string(), close_code.to_string());
    let counted = lab.directory().join("counted.json");
    let counted = counted.to_str().expect("UTF-8");
    let server = python.script(&lab.server, "web_socket_peer.py", &["server", &port, extension, counted]);
    let _server = lab.server.serve(server, PORT);
    let sensor = Sensor::new(&lab).args(&["--interface", CABLE]).listen();
    let words = ["client", SERVER, &port, extension, &code];
    let output = python.script(&lab.client, "web_socket_peer.py", &words).output().expect("Python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let ended = sensor.stop().without_loss();

    let counted = std::fs::read_to_string(counted).expect("the server has counted");
    let counted: Value = serde_json::from_str(&counted).expect("JSON");
    let sessions: Vec<&Record> = ended.records.iter().filter(|record| record.is("websocket")).collect();
    let [session] = sessions[..] else { panic!("not one session: {:#?}", ended.records) };
    for (ours, theirs) in [
        ("sent.text_messages", "text_in"),
        ("sent.binary_messages", "binary_in"),
        ("received.text_messages", "text_out"),
        ("received.binary_messages", "binary_out"),
    ] {
        let expected = counted[theirs].as_u64();
        assert!(expected > Some(0), "{counted}");
        assert_eq!(session.number(&format!("sidetap.websocket.{ours}")), expected, "{ours}: {session:?}");
    }
    assert_eq!(session.number("sidetap.websocket.close_code"), Some(close_code), "{session:?}");
    assert_eq!(session.text("sidetap.anomalies"), "", "{session:?}");
    let upgrade = ended.exchanges().find(|record| record.status() == 101);
    assert_eq!(upgrade.map(|record| record.text("sidetap.upgrade")), Some("websocket"), "{:#?}", ended.records);
}
