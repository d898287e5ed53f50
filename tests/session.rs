//! Where calls go and in whose name.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;

use standin::{ACCESS_KEY, SECRET_KEY, Standin};

use crate::support::{Python, Sidetap, task_definition};

fn config(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

fn world() -> Standin {
    let standin = Standin::start();
    standin.service("main", "web", task_definition("web"));
    standin
}

#[test]
fn an_explicit_profile_beats_keys_in_the_environment() {
    let standin = world();
    let profiles = config(&format!(
        "[profile good]\nregion = eu-west-1\naws_access_key_id = {ACCESS_KEY}\naws_secret_access_key = {SECRET_KEY}\n"
    ));
    let run = |line: &str| {
        Sidetap::new(line)
            .env("AWS_CONFIG_FILE", profiles.path().to_str().unwrap())
            .env("AWS_ENDPOINT_URL", &standin.url())
            .env("AWS_ACCESS_KEY_ID", "WRONG")
            .env("AWS_SECRET_ACCESS_KEY", "wrong")
    };
    run("list clusters --profile good").exits(0).stdout_has("main");
    run("list clusters").env("AWS_REGION", "eu-west-1").exits(4);
    run("list clusters --profile absent --region eu-west-1").exits(4).stderr_has("absent");
}

#[test]
fn a_profile_that_assumes_a_role_knows_where_to_ask() {
    let standin = world();
    let profiles = config(&format!(
        "[profile source]\naws_access_key_id = {ACCESS_KEY}\naws_secret_access_key = {SECRET_KEY}\n\
         [profile role]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = source\nregion = eu-west-1\n"
    ));
    let finished = Sidetap::new("list clusters --profile role")
        .env("AWS_CONFIG_FILE", profiles.path().to_str().unwrap())
        .env("AWS_ENDPOINT_URL", &standin.url())
        .exits(0);
    finished.stdout_has("main");
    assert_eq!(standin.calls()[0].operation, "AssumeRole");
}

#[test]
fn the_region_comes_from_the_flag_then_the_environment_then_the_profile() {
    let standin = world();
    let profiles = config("[default]\nregion = eu-west-3\n");
    let region = |line: &str, environment: &[(&str, &str)]| {
        let mut sidetap = Sidetap::new(line)
            .env("AWS_CONFIG_FILE", profiles.path().to_str().unwrap())
            .env("AWS_ENDPOINT_URL", &standin.url())
            .env("AWS_ACCESS_KEY_ID", ACCESS_KEY)
            .env("AWS_SECRET_ACCESS_KEY", SECRET_KEY);
        for (name, value) in environment {
            sidetap = sidetap.env(name, value);
        }
        let stderr = sidetap.exits(0).stderr();
        stderr.split(" · ").nth(1).unwrap().to_owned()
    };
    let line = "inject --cluster main --service web --image i --dry-run";
    assert_eq!(region(line, &[]), "eu-west-3");
    assert_eq!(region(line, &[("AWS_REGION", "eu-west-2")]), "eu-west-2");
    assert_eq!(region(&format!("{line} --region eu-west-1"), &[("AWS_REGION", "eu-west-2")]), "eu-west-1");
}

#[test]
fn the_endpoint_is_a_flag_or_a_variable() {
    let standin = world();
    Sidetap::new(&format!("list clusters --endpoint-url {}", standin.url())).with_keys().exits(0).stdout_has("main");
    Sidetap::new("list clusters").with_keys().env("AWS_ENDPOINT_URL_ECS", &standin.url()).exits(0).stdout_has("main");
}

#[test]
fn variables_set_to_nothing_count_as_not_set_or_are_named() {
    let standin = world();
    let line = "list clusters";
    let region = Sidetap::new(line).against(&standin).env("AWS_REGION", "").env("AWS_DEFAULT_REGION", "eu-west-1");
    region.exits(0);
    Sidetap::new(line).against(&standin).env("AWS_REGION", "").exits(64).stderr_has("--region REGION");
    Sidetap::new(line).against(&standin).env("AWS_REGION", "eu west").exits(64).stderr_has("is no AWS region");
    Sidetap::new(line)
        .with_keys()
        .env("AWS_ENDPOINT_URL", "")
        .exits(64)
        .stderr_has("AWS_ENDPOINT_URL is set to nothing");
    Sidetap::new("list clusters --endpoint-url ftp://x").with_keys().exits(64).stderr_has("http://");
}

#[test]
fn who_and_where_is_said_before_anything_is_planned() {
    let standin = world();
    let finished = Sidetap::new("inject --cluster main --service web --image i --dry-run").against(&standin).exits(0);
    finished.stderr_has("account 123456789012 · eu-west-1 · arn:aws:iam::123456789012:user/tester");
    assert_eq!(standin.calls()[0].operation, "GetCallerIdentity");
}

#[test]
fn where_sts_cannot_be_reached_the_account_is_read_from_the_service() {
    let standin = world();
    let line = "inject --cluster main --service web --image i --dry-run";
    let finished = Sidetap::new(line)
        .with_keys()
        .env("AWS_ENDPOINT_URL_ECS", &standin.url())
        .env("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9")
        .exits(0);
    finished.stderr_has("account not known").stdout_has("for account 123456789012");
}

#[test]
fn a_region_that_the_account_has_not_enabled_is_told_from_wrong_credentials() {
    let standin = world();
    standin.refuse_region("af-south-1");
    let line = "inject --cluster main --service web --image i --dry-run --region";
    let run = Sidetap::new(&format!("{line} af-south-1")).against(&standin).exits(4);
    assert!(!run.stderr().contains("credentials"), "{run}");
    run.stderr_has("the account has not enabled the region af-south-1").stderr_has("aws account enable-region");
    for line in ["list clusters", "list task-definitions", "list services --cluster main", "status"] {
        let run = Sidetap::new(&format!("{line} --region af-south-1")).against(&standin).exits(4);
        assert!(!run.stderr().contains("credentials"), "{run}");
        run.stderr_has("the account has not enabled the region af-south-1");
    }
    // Where they are wrong everywhere, that is what is said.
    let wrong = Sidetap::new(&format!("{line} af-south-1")).against(&standin).env("AWS_SECRET_ACCESS_KEY", "wrong");
    wrong.exits(4).stderr_has("no valid credentials");
    Sidetap::new(&format!("{line} eu-west-1")).against(&standin).exits(0);
}

#[test]
fn a_ca_bundle_that_cannot_be_used_is_named() {
    let broken = config("not a certificate");
    let path = broken.path().to_str().unwrap();
    Sidetap::new("list clusters")
        .with_keys()
        .env("AWS_CA_BUNDLE", path)
        .exits(64)
        .stderr_has("holds no PEM certificate");
    let absent = Sidetap::new("list clusters").with_keys().env("AWS_CA_BUNDLE", "/nowhere");
    absent.exits(64).stderr_has("which cannot be read");
}

/// Answers every request with an empty list of clusters, over TLS, with a certificate of a CA of its own.
const TLS_SERVER: &str = r#"
import http.server, ssl, sys, trustme
ca = trustme.CA()
ca.cert_pem.write_to_path(sys.argv[1])
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers['content-length']))
        body = b'{"clusterArns": []}'
        self.send_response(200)
        self.send_header('content-type', 'application/x-amz-json-1.1')
        self.send_header('content-length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *arguments):
        pass
server = http.server.HTTPServer(('127.0.0.1', 0), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
ca.issue_cert('localhost').configure_cert(context)
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_port, flush=True)
server.serve_forever()
"#;

#[test]
fn a_ca_bundle_makes_its_certificates_trusted() {
    let Some(python) = Python::prepared("AWS_CA_BUNDLE") else { return };
    let bundle = tempfile::NamedTempFile::new().unwrap();
    let path = bundle.path().to_str().unwrap();
    let mut server = python.program("python").args(["-c", TLS_SERVER, path]).stdout(Stdio::piped()).spawn().unwrap();
    let mut port = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut port).unwrap();
    let line = format!("list clusters --endpoint-url https://localhost:{}", port.trim());
    let trusted = Sidetap::new(&line).with_keys().env("AWS_CA_BUNDLE", path).run();
    let untrusted = Sidetap::new(&line).with_keys().env("AWS_MAX_ATTEMPTS", "1").run();
    server.kill().unwrap();
    server.wait().unwrap();
    assert_eq!((trusted.code(), untrusted.code()), (0, 1), "{trusted}{untrusted}");
    untrusted.stderr_has("AWS_CA_BUNDLE");
}

#[test]
fn a_proxy_of_the_environment_is_used() {
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = proxy.local_addr().unwrap();
    let url = format!("http://{address}");
    let asked = std::thread::spawn(move || {
        let (mut stream, _) = proxy.accept().unwrap();
        let mut line = String::new();
        BufReader::new(&stream).read_line(&mut line).unwrap();
        let _ = stream.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
        line
    });
    let command = Sidetap::new("list clusters --region eu-west-1").with_keys();
    let finished = command.env("HTTPS_PROXY", &url).env("AWS_MAX_ATTEMPTS", "1").run();
    // If nobody asked the proxy, this ends its wait.
    drop(TcpStream::connect(address));
    assert_eq!(asked.join().unwrap(), "CONNECT ecs.eu-west-1.amazonaws.com:443 HTTP/1.1\r\n", "{finished}");
    assert_ne!(finished.code(), 0, "{finished}");
}

#[test]
fn calls_are_logged_on_request_and_bodies_never() {
    let standin = world();
    let line = "inject --cluster main --service web --image i --dry-run -vv";
    let finished = Sidetap::new(line).against(&standin).exits(0).stderr_has("DescribeTaskDefinition");
    assert!(!finished.stderr().contains("hunter2"), "{finished}");
}
