//! Ordinary words come through word by word where values may leave.

use serde_json::{Value, json};

use crate::capture_file::CaptureFile;
use crate::run::Run;
use crate::wire;

const WORDS: &str = include_str!("../../src/sensor/privacy/detectors/ordinary.txt");

/// What the lines of JSON have of each transaction.
fn told(file: CaptureFile, name: &str) -> Vec<Value> {
    let run = Run::of(name, &file.into_bytes()).level("redacted").args(&["--allow-header", "x-word"]);
    let ended = run.args(&["--export", "ndjson:-"]).run().well();
    let lines = ended.stdout.lines().map(|line| serde_json::from_str(line).expect("it is JSON"));
    lines.filter(|line: &Value| line["type"] == "http").collect()
}

#[test]
fn no_ordinary_word_is_lost() {
    let words: Vec<&str> = WORDS.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
    assert!(words.len() > 500, "{}", words.len());
    let mut file = CaptureFile::new();
    for part in words.chunks(50) {
        let (list, text) = (json!(part).to_string(), part.join("\n"));
        let fields = |media_type: &str| -> Vec<(String, String)> {
            let words = part.iter().map(|word| ("X-Word".to_owned(), (*word).to_owned()));
            words.chain([("Content-Type".to_owned(), media_type.to_owned())]).collect()
        };
        let mut connection = file.connect([10, 0, 0, 1], ([10, 0, 0, 2], 80));
        connection.client(wire::http1("POST /words HTTP/1.1", &fields("application/json"), list.as_bytes()));
        connection.server(wire::http1("HTTP/1.1 200 OK", &fields("text/plain"), text.as_bytes()));
        connection.close();
    }
    let told = told(file, "ordinary");
    let all = |of: &dyn Fn(&Value) -> Vec<String>| told.iter().flat_map(of).collect::<Vec<String>>();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let list = |value: &Value| value.as_array().expect("a list").iter().map(text).collect::<Vec<String>>();
    let of_json = all(&|line| list(&serde_json::from_str(&text(&line["http.request.body.content"])).expect("JSON")));
    assert_eq!(of_json, words);
    let of_text = all(&|line| text(&line["http.response.body.content"]).split('\n').map(str::to_owned).collect());
    assert_eq!(of_text, words);
    for side in ["request", "response"] {
        let of_headers = all(&|line| list(&line[format!("http.{side}.header.x-word")]));
        assert_eq!(of_headers, words, "{side}");
    }
}
