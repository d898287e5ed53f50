//! nginx in the server's namespace.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::Signal;

use super::child::Child;
use super::lab::Lab;

/// Where it listens.
pub const PORT: u16 = 8080;
/// The size of `/large`: many frames of segmentation offload.
pub const LARGE: u64 = 20 << 20;

/// An nginx that runs.
pub struct Nginx {
    child: Child,
    log: PathBuf,
}

/// One line of its access log: method, path without query, status, bytes of the body.
pub type Logged = (String, String, u64, u64);

impl Nginx {
    /// One that answers every path with its own name, takes every POST, and has some files below `/files/`.
    pub fn start(lab: &Lab) -> Nginx {
        let directory = lab.directory().join("nginx");
        let files = directory.join("files");
        fs::create_dir_all(&files).expect("a directory");
        let text: String = (0..4000).map(|line| format!("line {line}\n")).collect();
        fs::write(files.join("text.txt"), text).expect("a file");
        fs::write(files.join("large"), vec![b'x'; LARGE as usize]).expect("a file");
        let configuration = directory.join("nginx.conf");
        fs::write(&configuration, configure(&directory)).expect("a file");
        let mut command = lab.server.command("nginx");
        command.arg("-p").arg(&directory).arg("-c").arg(&configuration).arg("-e").arg(directory.join("error.log"));
        Nginx { child: lab.server.serve(command, PORT), log: directory.join("access.log") }
    }

    /// Has it end its work; everything that it has logged.
    pub fn finish(mut self) -> Vec<Logged> {
        self.child.signal(Signal::QUIT);
        self.child.ends_within(Duration::from_secs(5)).expect("nginx ends when asked to");
        let log = fs::read_to_string(&self.log).expect("an access log");
        log.lines().map(parse).collect()
    }
}

fn configure(directory: &Path) -> String {
    let directory = directory.display();
    format!(
        "daemon off;
worker_processes 1;
user root;
pid {directory}/pid;
worker_rlimit_nofile 4096;
events {{ worker_connections 2048; }}
http {{
    log_format all '$request_method $uri $status $body_bytes_sent';
    access_log {directory}/access.log all;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    client_max_body_size 64m;
    keepalive_requests 100000;
    types {{ text/plain txt; }}
    server {{
        listen {PORT};
        location / {{ return 200 '$uri'; }}
        location /absent {{ return 404 'not here'; }}
        location /empty {{ return 204; }}
        # Read to its end, as only a proxy reads it.
        location /upload {{ proxy_pass http://127.0.0.1:{PORT}/; proxy_set_header Connection close; }}
        location /files/ {{ alias {directory}/files/; gzip on; gzip_min_length 1; gzip_http_version 1.0; }}
    }}
}}
"
    )
}

fn parse(line: &str) -> Logged {
    let words: Vec<&str> = line.split(' ').collect();
    let [method, path, status, bytes] = words[..] else { panic!("no line of an access log: {line}") };
    let number = |word: &str| word.parse().unwrap_or_else(|_| panic!("no number: {line}"));
    (method.to_owned(), path.to_owned(), number(status), number(bytes))
}
