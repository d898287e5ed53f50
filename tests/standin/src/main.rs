//! Runs the stand-in by hand.
//!
//! - `cargo run --package standin [ADDRESS:PORT]` has a small world in it, and runs until it is stopped.
//! - `cargo run --package standin demo [ADDRESS:PORT]` has the account of the demo, and runs until its standard input
//!   ends: with whoever started it.

use std::net::SocketAddr;

use serde_json::json;
use standin::{ACCESS_KEY, REGION, SECRET_KEY, Script, Standin};

const USAGE: &str = "usage: standin [demo] [ADDRESS:PORT]";

fn main() {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let demo = arguments.first().is_some_and(|first| first == "demo");
    if demo {
        arguments.remove(0);
    }
    let address: SocketAddr = match arguments.first().map(|address| address.parse()) {
        None => ([127, 0, 0, 1], 4599).into(),
        Some(Ok(address)) => address,
        Some(Err(error)) => {
            eprintln!("{USAGE}: {error}");
            std::process::exit(64);
        }
    };
    let standin = Standin::start_at(address);
    match demo {
        true => standin.demo(),
        false => small_world(&standin),
    };
    println!("export AWS_ENDPOINT_URL={}", standin.url());
    println!("export AWS_ACCESS_KEY_ID={ACCESS_KEY} AWS_SECRET_ACCESS_KEY={SECRET_KEY} AWS_REGION={REGION}");
    if demo {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        return;
    }
    loop {
        std::thread::park();
    }
}

fn small_world(standin: &Standin) -> &Standin {
    for (name, cpu, app_cpu) in [("web", "512", 384), ("api", "256", 128), ("orders", "256", 256)] {
        standin.service("main", name, definition(name, cpu, app_cpu));
    }
    standin.script("orders", [Script::RollsBack]);
    standin.service("main", "blue-green", definition("blue-green", "256", 128));
    standin.edit_service("blue-green", json!({ "deploymentController": { "type": "CODE_DEPLOY" } }));
    standin.cluster("staging")
}

fn definition(family: &str, cpu: &str, app_cpu: u64) -> serde_json::Value {
    let memory = cpu.parse::<u64>().unwrap_or(256) * 2;
    json!({
        "family": family,
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "executionRoleArn": "arn:aws:iam::123456789012:role/execution",
        "cpu": cpu,
        "memory": memory.to_string(),
        "containerDefinitions": [{
            "name": "app",
            "image": format!("example/{family}:1"),
            "cpu": app_cpu,
            "memory": memory / 2,
            "essential": true,
            "environment": [{ "name": "DATABASE_PASSWORD", "value": "hunter2" }],
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {
                    "awslogs-group": format!("/ecs/{family}"),
                    "awslogs-region": REGION,
                    "awslogs-stream-prefix": family
                }
            }
        }]
    })
}
