//! The command lines of Levo's sensor, and what a satellite is sent.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::conversation::Conversation;

const ORGANISATION: &str = "2c1f-org-77d0";

/// What a satellite does with a request.
#[derive(Clone, Copy)]
enum Answer {
    /// It takes it, and says so.
    Taken,
    /// It takes it, and says that it has no time.
    TakenInSilence,
    /// It says this.
    Status(u16),
}

/// A satellite that is strict with what it is sent.
#[derive(Clone, Default)]
struct Satellite {
    taken: Arc<Mutex<Vec<Value>>>,
    bytes: Arc<Mutex<Vec<u8>>>,
    problems: Arc<Mutex<Vec<String>>>,
}

impl Satellite {
    /// Answers one request after the other like this, and takes all that follow. Where it is.
    fn start(answers: &[Answer]) -> (Self, String) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let satellite = Satellite::default();
        let (its, answers) = (satellite.clone(), answers.to_vec());
        std::thread::spawn(move || {
            let mut answers = answers.into_iter();
            for stream in listener.incoming().flatten() {
                its.serve(&stream, &mut answers);
            }
        });
        (satellite, url)
    }

    fn serve(&self, stream: &TcpStream, answers: &mut impl Iterator<Item = Answer>) {
        let mut from = BufReader::new(stream);
        loop {
            let mut lines = from.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty());
            let Some(first) = lines.next() else { return };
            let headers: BTreeMap<String, String> = lines
                .filter_map(|line| {
                    line.split_once(':').map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
                })
                .collect();
            let mut body = vec![0; headers.get("content-length").map_or(0, |len| len.parse().unwrap())];
            from.read_exact(&mut body).unwrap();
            self.bytes.lock().unwrap().extend(&body);
            let objects = self.read(&first, &headers, &body);
            let answer = answers.next().unwrap_or(Answer::Taken);
            let status = match answer {
                Answer::Taken => 200,
                Answer::TakenInSilence => 503,
                Answer::Status(status) => status,
            };
            if !matches!(answer, Answer::Status(_)) {
                self.taken.lock().unwrap().extend(objects);
            }
            write!(&mut &*stream, "HTTP/1.1 {status} X\r\nContent-Length: 2\r\n\r\nok").unwrap();
        }
    }

    fn read(&self, first: &str, headers: &BTreeMap<String, String>, body: &[u8]) -> Vec<Value> {
        let mut problems = self.problems.lock().unwrap();
        let mut expect = |what: &str, is: bool| {
            if !is {
                problems.push(format!("{what}: {first} {headers:?} {}", String::from_utf8_lossy(body)));
            }
        };
        expect("the request", first == "POST /1.0/ebpf/traces HTTP/1.1");
        let header = |name: &str| headers.get(name).map(String::as_str);
        expect("the organisation", header("x-levo-organization-id") == Some(ORGANISATION));
        expect("the media type", header("content-type") == Some("application/json"));
        expect("no compression", header("content-encoding").is_none());
        expect("no other token", header("authorization").is_none());
        let objects: Vec<Value> = serde_json::from_slice(body).unwrap_or_default();
        expect("an array of objects", !objects.is_empty() && objects.iter().all(Value::is_object));
        for object in &objects {
            let texts = [
                "/http_scheme",
                "/trace_id",
                "/request/headers/:authority",
                "/request/headers/:method",
                "/request/headers/:path",
                "/request/body",
                "/response/headers/:status",
                "/response/body",
                "/local_net/ip",
                "/remote_net/ip",
                "/resource/service_name",
                "/resource/host_name",
                "/resource/levo_env",
                "/resource/telemetry_sdk_name",
                "/resource/telemetry_sdk_language",
                "/resource/telemetry_sdk_version",
            ];
            let numbers = ["/request_time_ns", "/duration_ns", "/local_net/port", "/remote_net/port"];
            let flags = ["/request/truncated", "/response/truncated"];
            let is =
                |paths: &[&str], is: fn(&Value) -> bool| paths.iter().all(|path| object.pointer(path).is_some_and(is));
            expect("texts", is(&texts, Value::is_string));
            expect("numbers", is(&numbers, Value::is_u64));
            expect("flags", is(&flags, Value::is_boolean));
            expect("the kind", object["span_kind"] == "SERVER");
        }
        objects
    }

    /// All that it took, if nothing was wrong with it.
    #[track_caller]
    fn taken(&self) -> Vec<Value> {
        assert_eq!(*self.problems.lock().unwrap(), [""; 0]);
        self.taken.lock().unwrap().clone()
    }
}

/// The exchanges of a shop, on one connection.
fn shop() -> Conversation {
    let mut conversation = Conversation::new();
    for number in 0..5 {
        conversation = conversation
            .client(format!(
                "POST /users/841234{number}/cards?token=hush-hush-{number}&page={number} HTTP/1.1\r\nHost: shop.example\r\n\
                 Authorization: Bearer hush-hush\r\nCookie: sid=hush-hush\r\nContent-Type: application/json\r\n\
                 Content-Length: 26\r\n\r\n{{\"password\":\"hush-hush-1\"}}"
            ))
            .server("HTTP/1.1 201 Created\r\nSet-Cookie: sid=hush-hush\r\nContent-Length: 2\r\n\r\n{}");
    }
    conversation
}

struct Ended {
    code: i32,
    stdout: String,
    stderr: String,
}

/// Runs sidetap with these words, and a capture file to read in place of interfaces to listen on.
fn run(name: &str, words: &[&str], environment: &[(&str, &str)]) -> Ended {
    let input = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("levo-{name}.pcap"));
    std::fs::write(&input, shop().file()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_sidetap"));
    command.args(words).arg("--read").arg(&input).envs(environment.iter().copied());
    let output = command.env_remove("OTEL_SERVICE_NAME").output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ended { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// What Levo's documents give as the entry point, after the program.
fn entry_point<'a>(url: &'a str, profile: &[&'a str]) -> Vec<&'a str> {
    let mut words = vec!["apidump", "--satellite-url", url, "--levo-env", "staging", "--levoai-org-id", ORGANISATION];
    words.extend(profile);
    words
}

#[test]
fn the_entry_points_of_levos_sensor_start_this_one() {
    let documented = ["--rate-limit", "1000"];
    let low_resource = [
        "--rate-limit",
        "100",
        "--trace-export-interval",
        "1.0",
        "--stream-timeout-seconds",
        "2.0",
        "--max-http-length",
        "1000000",
    ];
    let terraform = ["--rate-limit", "50.0", "--trace-export-interval", "1.0", "--stream-timeout-seconds", "1.0"];
    for (name, profile) in [("documented", &documented[..]), ("low", &low_resource), ("terraform", &terraform)] {
        let (satellite, url) = Satellite::start(&[]);
        let ended = run(name, &entry_point(&url, profile), &[("LEVO_AWS_REGION", "eu-central-1")]);
        assert_eq!(ended.code, 0, "{name}: {}", ended.stderr);
        assert_eq!(satellite.taken().len(), 5, "{name}: {}", ended.stderr);
        assert!(ended.stderr.contains("experimental: the satellite's format is inferred"), "{}", ended.stderr);
        let ledger = format!("levo:{url}: traces given 5 = accepted 5, resent 0");
        assert!(ended.stderr.contains(&ledger), "{}", ended.stderr);
        // A sensor that was told where to send does not fill the log.
        assert_eq!(ended.stdout, "", "{name}");
    }
}

#[test]
fn filters_of_levos_sensor_mean_the_same() {
    let (satellite, url) = Satellite::start(&[]);
    let filters = [
        "--filter",
        "tcp port 80",
        "--host-allow",
        "shop",
        "--host-exclusions",
        "^internal",
        "--path-allow",
        "^/users",
        "--path-exclusions",
        "/841234[34]/",
        "--rate-limit",
        "1000",
    ];
    let ended = run("filters", &entry_point(&url, &filters), &[]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert_eq!(satellite.taken().len(), 3);
}

#[test]
fn nothing_that_anybody_entered_leaves_unless_it_is_asked_for() {
    let (satellite, url) = Satellite::start(&[]);
    let ended = run("privacy", &entry_point(&url, &["--rate-limit", "1000", "--export", "ndjson:-"]), &[]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert_eq!(ended.stdout.lines().filter(|line| line.starts_with(r#"{"type":"http""#)).count(), 5);
    let bytes = String::from_utf8(satellite.bytes.lock().unwrap().clone()).unwrap();
    for secret in ["hush", "841234", "aHVzaC"] {
        assert!(!bytes.contains(secret), "`{secret}` is in {bytes}");
    }
    let first = &satellite.taken()[0];
    let path = first["request"]["headers"][":path"].as_str().unwrap();
    assert!(path.starts_with("/users/") && path.contains("/cards?token=") && path.contains("page="), "{path}");
    assert_eq!((&first["request"]["body"], &first["request"]["truncated"]), (&Value::from(""), &Value::from(true)));
    assert_eq!(first["resource"]["levo_env"], "staging");
    assert!(!ended.stderr.contains(ORGANISATION) && !ended.stdout.contains(ORGANISATION));
}

#[test]
fn a_satellite_that_fails_gets_it_again_and_knows_it_again() {
    let (satellite, url) = Satellite::start(&[Answer::TakenInSilence, Answer::Status(429), Answer::Taken]);
    let ended = run("again", &entry_point(&url, &["--rate-limit", "1000", "--trace-export-interval", "60"]), &[]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let key = |object: &Value| (object["trace_id"].to_string(), object["request_time_ns"].to_string());
    let taken: Vec<_> = satellite.taken().iter().map(key).collect();
    let distinct: BTreeSet<_> = taken.iter().collect();
    assert_eq!((taken.len(), distinct.len()), (10, 5), "{taken:?}");
    assert!(ended.stderr.contains("traces given 5 = accepted 5, resent 10"), "{}", ended.stderr);
}

#[test]
fn what_a_satellite_will_not_have_is_lost_and_told() {
    let (_, url) = Satellite::start(&[Answer::Status(400)]);
    let ended = run("refused", &entry_point(&url, &["--trace-export-interval", "60"]), &[]);
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    for told in ["traces given 5 = export.rejected 5, resent 0", "error: cannot write to `levo:http://"] {
        assert!(ended.stderr.contains(told), "no `{told}` in {}", ended.stderr);
    }
}

#[test]
fn levos_variables_stand_for_flags_that_are_not_given() {
    let (satellite, url) = Satellite::start(&[]);
    let variables = [
        ("LEVO_SATELLITE_URL", url.as_str()),
        ("LEVO_ORG_ID", ORGANISATION),
        ("SIDETAP_LEVO_ENV", "staging"),
        ("LEVO_FILTER", "tcp"),
        ("LEVO_RATE_LIMIT_NUMBER", "1000"),
        ("LEVO_TRACE_EXPORT_INTERVAL", "10s"),
        ("LEVO_HOST_ALLOW_RE", "shop"),
        ("LEVO_PATH_ALLOW_RE", ""),
        ("LEVO_HOST_EXCLUSIONS_RE", "^internal"),
        ("LEVO_PATH_EXCLUSIONS_RE", "/8412340/"),
    ];
    let ended = run("variables", &["apidump"], &variables);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert_eq!(satellite.taken().len(), 4);

    // Ours, and flags, beat them.
    let beaten = [&variables[..], &[("SIDETAP_PATH_EXCLUSIONS", "/cards")]].concat();
    let ended = run("variables-beaten", &["apidump"], &beaten);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let ended = run("variables-flag", &["apidump", "--path-exclusions", "/cards"], &variables);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert_eq!(satellite.taken().len(), 4);
}

#[test]
fn a_satellite_that_is_named_by_half_is_a_usage_error_that_names_the_rest() {
    for (words, missing) in [
        (&["--satellite-url", "http://127.0.0.1:9"][..], "needs `--levo-env` and `--levoai-org-id`, too"),
        (&["--satellite-url", "http://127.0.0.1:9", "--levo-env", "staging"], "needs `--levoai-org-id`, too"),
        (&["--levo-env", "staging", "--levoai-org-id", "o"], "needs `--satellite-url`, too"),
        (&["--satellite-url", "satellite:9999"], "it has no scheme"),
    ] {
        let ended = run("half", &[&["capture"], words].concat(), &[]);
        assert_eq!(ended.code, 64, "{words:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(missing), "{words:?}: {}", ended.stderr);
    }
}

#[test]
fn flags_that_mean_nothing_here_are_told_in_one_line() {
    let words = [
        "apidump",
        "--export",
        "none",
        "--levoai-workspace-id",
        "w",
        "--debug",
        "--repro-mode=false",
        "--gopacket-pages",
        "150000",
        "--stats-log-delay",
        "60",
        "--sample-rate",
        "1.0",
        "--randomized-start",
        "100",
    ];
    let ended = run("foreign", &words, &[]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let line = "of no effect here: `--randomized-start`, `--sample-rate`, `--gopacket-pages`, `--levoai-workspace-id`, \
                `--stats-log-delay`, `--debug`, `--repro-mode`\n";
    assert!(ended.stderr.contains(line), "{}", ended.stderr);
}

#[test]
fn flags_that_would_have_less_captured_are_refused() {
    for (flag, value, instead) in [("--sample-rate", "0.1", "--rate-limit"), ("--randomized-start", "50", "every task")]
    {
        let ended = run("less", &["apidump", "--export", "none", flag, value], &[]);
        assert_eq!(ended.code, 64, "{}", ended.stderr);
        assert!(ended.stderr.contains(&format!("error: `{flag} {value}` is not supported")), "{}", ended.stderr);
        assert!(ended.stderr.contains(instead), "{}", ended.stderr);
    }
}

#[test]
fn the_help_shows_the_satellite_as_experimental_and_none_of_the_flags_of_others() {
    let output = Command::new(env!("CARGO_BIN_EXE_sidetap")).args(["capture", "--help"]).output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    assert!(help.contains("Export to a Levo satellite (experimental):\n"), "{help}");
    for hidden in ["gopacket", "witness", "workspace", "sample-rate", "--interfaces"] {
        assert!(!help.contains(hidden), "`{hidden}` is in {help}");
    }
}
