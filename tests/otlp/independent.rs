//! A server of OTLP that we did not write: otelite, which `cargo xtask test` installs.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::capture::Capture;
use crate::peers::closed_port;
use crate::run::{Directory, Run};
use crate::skip;

/// It takes OTLP over HTTP here, whatever it is told.
const PORT: u16 = 4318;

struct Otelite {
    program: PathBuf,
    child: Child,
    endpoint: String,
    _directory: Directory,
}

impl Otelite {
    fn start() -> Option<Otelite> {
        let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/bin/otelite");
        let program = std::env::var_os("SIDETAP_TEST_OTELITE").map_or(installed, PathBuf::from);
        if !program.exists() {
            return skip("`otelite` is not installed: `cargo xtask test` installs it");
        }
        if std::net::TcpStream::connect(("127.0.0.1", PORT)).is_ok() {
            return skip("somebody else listens on port 4318");
        }
        let directory = Directory::new();
        let address = format!("127.0.0.1:{}", closed_port());
        let mut command = Command::new(&program);
        command.args(["serve", "--addr", &address]).env("OTELITE_DATA_DIR", directory.path("data"));
        command.env("HOME", directory.path("")).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().expect("it runs");
        let endpoint = format!("http://{address}");
        let otelite = Otelite { program, child, endpoint, _directory: directory };
        otelite.wait_for("it to listen", || std::net::TcpStream::connect(("127.0.0.1", PORT)).ok());
        Some(otelite)
    }

    fn list(&self, what: &str) -> Vec<Value> {
        let mut command = Command::new(&self.program);
        command.args(["--format", "json", "--no-color", "--no-pager", what, "list", "--limit", "1000"]);
        let output = command.env("OTELITE_ENDPOINT", &self.endpoint).output().expect("it runs");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
        match serde_json::from_str(&text) {
            Ok(Value::Array(list)) => list,
            Ok(Value::Object(object)) => {
                object.into_iter().find_map(|(_, value)| value.as_array().cloned()).unwrap_or_default()
            }
            other => panic!("{other:?}: {text}"),
        }
    }

    fn wait_for<T>(&self, what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
        let end = Instant::now() + Duration::from_secs(30);
        loop {
            if let Some(answer) = ask() {
                return answer;
            }
            assert!(Instant::now() < end, "waited for {what} in vain");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Otelite {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_server_that_we_did_not_write_takes_spans_logs_and_metrics_and_shows_them_by_our_names() {
    let Some(otelite) = Otelite::start() else { return };
    let run = Run::new().args(&["--export", &format!("otlp:http://127.0.0.1:{PORT}")]);
    let ended = run.env("OTEL_SERVICE_NAME", "interop-shop").read(Capture::of(60)).with(0).saying("nothing was lost");
    let ledger = ended.ledger();
    assert_eq!(ledger.spans("accepted"), 60);
    for signal in ["logs", "metrics"] {
        let account = ledger.account(signal);
        assert!(account.given > 0 && account.of("accepted") == account.given, "{}", ended.stderr);
    }
    let traces = otelite.wait_for("60 traces", || Some(otelite.list("traces")).filter(|traces| traces.len() == 60));
    let shown = serde_json::to_string(&traces).expect("JSON");
    assert!(shown.contains("interop-shop") && shown.contains("GET /items/{"), "{shown}");
    let logs = serde_json::to_string(&otelite.list("logs")).expect("JSON");
    assert!(logs.contains("sidetap.endpoint.discovered") || logs.contains("/items/{"), "{logs}");
    let metrics = serde_json::to_string(&otelite.list("metrics")).expect("JSON");
    assert!(metrics.contains("http.server.request.duration"), "{metrics}");
}
