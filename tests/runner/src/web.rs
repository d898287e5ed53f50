//! An application to put sidecars beside: nginx, which answers every request with 200 and logs it.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use crate::image::Image;
use crate::network::Network;
use crate::task::Task;

/// Far longer than anything takes, on a machine that is busy as well.
const PATIENCE: Duration = Duration::from_secs(120);

/// The name of its container and of its service.
pub const NAME: &str = "web";
/// The name of its image.
pub const IMAGE: &str = "nginx";
/// Where it listens.
pub const PORT: u16 = 8080;
/// What it answers.
pub const ANSWER: &str = "the answer";

const LOG: &str = "/var/log/access.log";
/// Two processes, so that more connections can be open than one may have.
const CONFIGURATION: &str = "daemon off;
user root;
worker_processes 2;
pid /run/nginx.pid;
worker_rlimit_nofile 20000;
events { worker_connections 15000; }
http {
  access_log /var/log/access.log;
  client_body_temp_path /tmp/body;
  proxy_temp_path /tmp/proxy;
  fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi;
  scgi_temp_path /tmp/scgi;
  keepalive_requests 1000000000;
  server {
    listen 8080 reuseport backlog=4096;
    default_type text/plain;
    location / { return 200 'the answer'; }
  }
}
";

/// Its task definition, for Fargate: CPU units and MiB of the task.
pub fn task_definition(cpu: u64, memory_mib: u64) -> Value {
    json!({
        "family": NAME,
        "cpu": cpu.to_string(),
        "memory": memory_mib.to_string(),
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "executionRoleArn": "arn:aws:iam::123456789012:role/ecsTaskExecutionRole",
        "containerDefinitions": [{
            "name": NAME,
            "image": IMAGE,
            "essential": true,
            "command": ["nginx", "-e", "/var/log/error.log", "-c", "/etc/nginx.conf"],
            "portMappings": [{ "containerPort": PORT, "protocol": "tcp" }],
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {
                    "awslogs-group": "/ecs/web", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "web"
                }
            }
        }]
    })
}

/// Its image, made of this machine's nginx below a new directory.
pub fn image(root: &Path) -> Result<Image> {
    fs::create_dir_all(root)?;
    let image = Image::of_programs(root, &["nginx"])?;
    fs::write(root.join("etc/nginx.conf"), CONFIGURATION).context("cannot write nginx's configuration")?;
    Ok(image)
}

/// How many requests it has logged.
pub fn logged(task: &Task) -> u64 {
    let log = fs::read(task.file(NAME, LOG)).unwrap_or_default();
    log.iter().filter(|byte| **byte == b'\n').count() as u64
}

/// A connection to it, from around its task.
pub struct Client(TcpStream);

impl Client {
    /// Connects.
    ///
    /// # Errors
    /// If it does not listen.
    pub fn connect(network: &Network) -> Result<Client> {
        let address = (network.address(), PORT).into();
        let stream = network.outside_do(|| TcpStream::connect_timeout(&address, PATIENCE))?;
        let stream = stream.context("the application does not answer")?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Client(stream))
    }

    /// Asks for a path and reads the answer.
    ///
    /// # Errors
    /// If there is none, or another than it gives.
    pub fn get(&mut self, path: &str) -> Result<()> {
        self.0.write_all(format!("GET {path} HTTP/1.1\r\nHost: shop.example\r\n\r\n").as_bytes())?;
        let mut answer = Vec::new();
        let mut piece = [0; 4096];
        while !answer.ends_with(ANSWER.as_bytes()) {
            match self.0.read(&mut piece) {
                Ok(0) => bail!("the application ends the connection"),
                Ok(length) => answer.extend_from_slice(&piece[..length]),
                // By a signal, after which the kernel does not go on by itself where there is a time limit.
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error).context("the application does not answer"),
            }
        }
        ensure!(answer.starts_with(b"HTTP/1.1 200 "), "the application answers otherwise");
        Ok(())
    }
}

/// Waits until it takes connections.
///
/// # Errors
/// If it does not.
pub fn wait_until_it_answers(task: &Task) -> Result<()> {
    task.wait_until_running(NAME, PATIENCE)?;
    let end = Instant::now() + PATIENCE;
    while let Err(error) = Client::connect(task.network()) {
        if Instant::now() > end {
            return Err(error.context(task.said(NAME)));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}
