//! The task definitions of the demo that are special: with a sidecar, deployed by others, on instances, or without
//! traffic that a sidecar could see.

use serde_json::{Value, json};

use super::parts::{fargate, image, logs, on_instances, parameter, port, secret};
use crate::REGION;

pub fn notifications() -> Value {
    fargate(
        "notifications",
        512,
        1024,
        json!([{
            "name": "app", "image": image("notifications", "5.0.3"), "cpu": 384, "memory": 768, "essential": true,
            "portMappings": port(8080), "logConfiguration": logs("/ecs/notifications")
        }]),
    )
}

/// With the sensor as an older version of sidetap put it there.
pub fn with_older_sensor(mut definition: Value) -> Value {
    let mut sensor = json!({
        "name": "sidetap-sensor", "image": image("sidetap", "0.0.9"), "cpu": 25, "memory": 51,
        "memoryReservation": 51, "essential": false, "command": ["capture", "--export", "otlp:http://otel.shop.internal:4318"],
        "environment": [{ "name": "SIDETAP_LISTEN", "value": "127.0.0.1:19464" }],
        "readonlyRootFilesystem": true, "stopTimeout": 30,
        "healthCheck": { "command": ["CMD", "sidetap", "health"], "interval": 30, "timeout": 5, "retries": 3, "startPeriod": 10 },
        "logConfiguration": logs("/ecs/notifications"),
        "dockerLabels": { "sidetap.preset": "sensor", "sidetap.version": "0.0.9", "sidetap.undo": "{}" }
    });
    sensor["logConfiguration"]["options"]["awslogs-stream-prefix"] = json!("sidetap");
    definition["containerDefinitions"].as_array_mut().expect("a list").push(sensor);
    definition["tags"] = json!([{ "key": "sidetap:created-by", "value": "sidetap 0.0.9" }]);
    definition
}

/// Somebody pasted Levo's container from its page.
pub fn customer_profile() -> Value {
    fargate(
        "customer-profile",
        1024,
        2048,
        json!([
            {
                "name": "profile", "image": image("customer-profile", "2.4.0"), "cpu": 384, "memory": 1024,
                "essential": true, "portMappings": port(8080), "logConfiguration": logs("/ecs/customer-profile")
            },
            {
                "name": "levo-pcap-sensor", "image": "levoai/pcap-sensor:0.1.9", "cpu": 512, "memory": 512,
                "essential": false,
                "entryPoint": [
                    "./bin/init", "apidump", "--satellite-url", "https://collector.levo.example", "--levo-env", "production",
                    "--levoai-org-id", "7f1d0c52-8f55-4d0e-b3c5-2f8a0c3b9d11", "--rate-limit", "1000"
                ],
                "environment": [{ "name": "LEVO_AWS_REGION", "value": REGION }],
                "logConfiguration": logs("/ecs/customer-profile-pcap")
            }
        ]),
    )
}

pub fn payments() -> Value {
    fargate(
        "payments",
        1024,
        2048,
        json!([{
            "name": "app", "image": image("payments", "12.3.0"), "cpu": 768, "memory": 1536, "essential": true,
            "portMappings": port(8443), "secrets": [secret("HSM_PIN", "payments/hsm"), secret("DB_PASSWORD", "payments/db")],
            "readonlyRootFilesystem": true, "logConfiguration": logs("/ecs/payments")
        }]),
    )
}

pub fn fraud_scoring() -> Value {
    fargate(
        "fraud-scoring",
        2048,
        4096,
        json!([{
            "name": "scorer", "image": image("fraud-scoring", "0.31.0"), "cpu": 1024, "memory": 3072, "essential": true,
            "portMappings": port(8080), "logConfiguration": logs("/ecs/fraud-scoring")
        }]),
    )
}

pub fn partner_portal() -> Value {
    fargate(
        "partner-portal",
        1024,
        2048,
        json!([{
            "name": "Main", "image": image("partner-portal", "1.2.0"), "essential": true, "portMappings": port(80),
            "logConfiguration": logs("/aws/ecs/production/partner-portal")
        }]),
    )
}

pub fn batch_reports() -> Value {
    fargate(
        "batch-reports",
        512,
        1024,
        json!([{
            "name": "reports", "image": image("batch-reports", "2019-04"), "essential": true,
            "logConfiguration": logs("/ecs/batch-reports")
        }]),
    )
}

/// Run by a schedule.
pub fn nightly_invoices() -> Value {
    fargate(
        "nightly-invoices",
        512,
        1024,
        json!([{
            "name": "invoices", "image": image("nightly-invoices", "8"), "cpu": 256, "memory": 768, "essential": true,
            "logConfiguration": logs("/ecs/nightly-invoices")
        }]),
    )
}

/// One on each instance, in its network.
pub fn node_exporter() -> Value {
    let mut definition = on_instances(
        "node-exporter",
        "host",
        json!([{
            "name": "node-exporter", "image": "quay.io/prometheus/node-exporter:v1.8.2", "cpu": 64, "memory": 128,
            "essential": true, "command": ["--path.rootfs=/host"], "portMappings": port(9100),
            "mountPoints": [{ "sourceVolume": "root", "containerPath": "/host", "readOnly": true }]
        }]),
    );
    definition["pidMode"] = json!("host");
    definition["volumes"] = json!([{ "name": "root", "host": { "sourcePath": "/" } }]);
    definition
}

pub fn event_consumer() -> Value {
    on_instances(
        "event-consumer",
        "awsvpc",
        json!([{
            "name": "consumer", "image": image("event-consumer", "6.2.0"), "cpu": 512, "memory": 1024, "essential": true,
            "secrets": [parameter("KAFKA_BROKERS", "events/brokers")], "linuxParameters": { "initProcessEnabled": true },
            "logConfiguration": logs("/ecs/event-consumer")
        }]),
    )
}

/// Without any size but a soft limit.
pub fn session_cache() -> Value {
    on_instances(
        "session-cache",
        "awsvpc",
        json!([{
            "name": "redis", "image": "public.ecr.aws/docker/library/redis:7.4", "memoryReservation": 2048,
            "essential": true, "portMappings": port(6379), "systemControls": [{ "namespace": "net.core.somaxconn", "value": "1024" }]
        }]),
    )
}

pub fn edge_proxy() -> Value {
    on_instances(
        "edge-proxy",
        "bridge",
        json!([{
            "name": "haproxy", "image": "public.ecr.aws/docker/library/haproxy:3.0", "cpu": 256, "memory": 256,
            "essential": true, "portMappings": [{ "containerPort": 8080, "hostPort": 0, "protocol": "tcp" }],
            "logConfiguration": logs("/ecs/edge-proxy")
        }]),
    )
}

/// It has no network on purpose.
pub fn license_signer() -> Value {
    on_instances(
        "license-signer",
        "none",
        json!([{
            "name": "signer", "image": image("license-signer", "1.0.1"), "cpu": 128, "memory": 256, "essential": true,
            "mountPoints": [{ "sourceVolume": "spool", "containerPath": "/spool" }]
        }]),
    )
}

pub fn legacy_crm() -> Value {
    let mut definition = fargate(
        "legacy-crm",
        2048,
        4096,
        json!([{
            "name": "iis", "image": image("legacy-crm", "2016.4"), "cpu": 2048, "memory": 4096, "essential": true,
            "portMappings": port(80), "logConfiguration": logs("/ecs/legacy-crm")
        }]),
    );
    definition["runtimePlatform"]["operatingSystemFamily"] = json!("WINDOWS_SERVER_2022_CORE");
    definition
}
