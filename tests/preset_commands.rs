//! The command lines that the presets give to sidecars are ones that the engine takes.

use serde_json::Value;

use crate::support::Sidetap;

/// What the container of a sidecar that was injected like this runs, without the program.
fn command(container: &str, arguments: &str) -> Vec<String> {
    let line = format!("inject --file roomy.json {arguments}");
    let definition = Sidetap::new(&line).exits(0).json();
    let containers = definition["containerDefinitions"].as_array().expect("containers");
    let sidecar = containers.iter().find(|its| its["name"] == container).expect("the sidecar");
    let words = |key: &str| sidecar[key].as_array().cloned().unwrap_or_default();
    let entry_point = words("entryPoint").into_iter().skip(1);
    let words = entry_point.chain(words("command"));
    words.map(|word| Value::as_str(&word).expect("a word").to_owned()).collect()
}

/// Runs the engine with these words on a capture file without packets.
fn runs(mut words: Vec<String>) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("empty.pcap");
    let head: Vec<u8> = [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65535, 1].into_iter().flat_map(u32::to_le_bytes).collect();
    std::fs::write(&path, head).expect("a capture file");
    words.extend(["--read".to_owned(), path.display().to_string()]);
    Sidetap::of(words.iter().map(String::as_str)).exits(0);
}

#[test]
fn the_engine_takes_what_the_sensor_is_given() {
    let sensor = "--image example/sidetap:1 --sidecar sensor";
    for arguments in [
        "--export none",
        "--export none --export ndjson:- --filter tcp",
        "--export none --rate-limit 50.0",
        "--export none --rate-limit unlimited",
        "--export none --low-resource",
        "--export none --low-resource --rate-limit 7",
    ] {
        runs(command("sidetap-sensor", &format!("{sensor} {arguments}")));
    }
}

#[test]
fn the_engine_takes_the_exports_of_the_sensor() {
    let exports = "--export otlp:http://collector:4318 --export har:/tmp/har --export pcapng:/tmp/x.pcapng";
    let mut words = command("sidetap-sensor", &format!("--image example/sidetap:1 {exports} --low-resource"));
    // All that is before it is judged first.
    words.push("--help".to_owned());
    Sidetap::of(words.iter().map(String::as_str)).exits(0).stdout_has("sidetap capture");
    words.insert(1, "--no-such-flag".to_owned());
    Sidetap::of(words.iter().map(String::as_str)).exits(64).stderr_has("--no-such-flag");
}

#[test]
fn the_engine_takes_what_levos_sensor_is_given() {
    let levo = "--sidecar levo --satellite-url http://127.0.0.1:9 --levo-env staging --levoai-org-id org";
    for arguments in ["", "--rate-limit 50.0", "--low-resource"] {
        let words = command("levo-pcap-sensor", &format!("{levo} {arguments}"));
        assert_eq!(words[0], "apidump");
        runs(words);
    }
}
