//! The task definitions of the demo's applications on Fargate, in the ways that people write them.

use serde_json::{Value, json};

use super::parts::{family, fargate, image, logs, parameter, port, secret};
use crate::REGION;

/// nginx before a Node.js application.
pub fn storefront(cluster: &str) -> Value {
    let family = family("storefront", cluster);
    fargate(
        &family,
        1024,
        2048,
        json!([
            {
                "name": "nginx", "image": "public.ecr.aws/nginx/nginx:1.27", "cpu": 128, "memoryReservation": 128,
                "essential": true, "portMappings": port(8080),
                "dependsOn": [{ "containerName": "app", "condition": "HEALTHY" }],
                "logConfiguration": logs(&format!("/ecs/{family}"))
            },
            {
                "name": "app", "image": image("storefront", "2026.11.18-3"), "cpu": 640, "memory": 1536,
                "essential": true, "portMappings": port(3000),
                "environment": [
                    { "name": "NODE_ENV", "value": "production" },
                    { "name": "SESSION_COOKIE_KEY", "value": "c0ffee-is-not-a-secret-store" }
                ],
                "secrets": [secret("DATABASE_URL", "storefront/database")],
                "healthCheck": { "command": ["CMD-SHELL", "wget -qO- http://localhost:3000/health || exit 1"], "startPeriod": 20 },
                "ulimits": [{ "name": "nofile", "softLimit": 65536, "hardLimit": 65536 }],
                "logConfiguration": logs(&format!("/ecs/{family}"))
            }
        ]),
    )
}

/// A Java application with the X-Ray daemon.
pub fn checkout_api(cluster: &str) -> Value {
    let family = family("checkout-api", cluster);
    fargate(
        &family,
        1024,
        3072,
        json!([
            {
                "name": "app", "image": image("checkout-api", "4.12.0"), "cpu": 896, "memory": 2560, "essential": true,
                "portMappings": port(8080),
                "environment": [{ "name": "JAVA_TOOL_OPTIONS", "value": "-XX:MaxRAMPercentage=75" }],
                "secrets": [secret("DB_PASSWORD", "checkout/db"), secret("STRIPE_KEY", "checkout/stripe")],
                "logConfiguration": logs(&format!("/ecs/{family}"))
            },
            {
                "name": "xray-daemon", "image": "public.ecr.aws/xray/aws-xray-daemon:3.x", "cpu": 32,
                "memoryReservation": 256, "essential": false,
                "portMappings": [{ "containerPort": 2000, "protocol": "udp" }]
            }
        ]),
    )
}

/// Logs through Fluent Bit.
pub fn orders(cluster: &str) -> Value {
    let options = json!({
        "Name": "cloudwatch", "region": REGION, "log_group_name": "/ecs/orders", "log_stream_prefix": "orders-",
        "auto_create_group": "true"
    });
    fargate(
        &family("orders", cluster),
        512,
        1024,
        json!([
            {
                "name": "log_router", "image": "public.ecr.aws/aws-observability/aws-for-fluent-bit:stable",
                "essential": true, "memoryReservation": 50,
                "firelensConfiguration": { "type": "fluentbit", "options": { "enable-ecs-log-metadata": "true" } },
                "logConfiguration": logs("/ecs/orders-firelens")
            },
            {
                "name": "orders", "image": image("orders", "1.88.1"), "cpu": 256, "memoryReservation": 640,
                "essential": true, "portMappings": port(3000),
                "dependsOn": [{ "containerName": "log_router", "condition": "START" }],
                "environment": [{ "name": "QUEUE", "value": "orders.fifo" }],
                "secrets": [parameter("DATABASE_URL", "orders/database-url")],
                "logConfiguration": { "logDriver": "awsfirelens", "options": options }
            }
        ]),
    )
}

/// Files on EFS.
pub fn catalog(cluster: &str) -> Value {
    let mut definition = fargate(
        &family("catalog", cluster),
        512,
        2048,
        json!([{
            "name": "catalog", "image": image("catalog", "9f2c1e7"), "essential": true, "portMappings": port(8000),
            "mountPoints": [{ "sourceVolume": "media", "containerPath": "/srv/media", "readOnly": true }],
            "logConfiguration": logs("/ecs/catalog")
        }]),
    );
    definition["volumes"] = json!([{
        "name": "media",
        "efsVolumeConfiguration": { "fileSystemId": "fs-0a1b2c3d4e5f67890", "transitEncryption": "ENABLED" }
    }]);
    definition
}

pub fn search(cluster: &str) -> Value {
    fargate(
        &family("search", cluster),
        2048,
        8192,
        json!([{
            "name": "search", "image": "docker.io/opensearchproject/opensearch:2.17.0", "cpu": 1792, "memory": 7168,
            "essential": true, "portMappings": port(9200), "stopTimeout": 120,
            "environment": [{ "name": "discovery.type", "value": "single-node" }],
            "logConfiguration": logs("/ecs/search")
        }]),
    )
}

/// On Graviton, with room on disk.
pub fn image_resizer() -> Value {
    let mut definition = fargate(
        "image-resizer",
        1024,
        2048,
        json!([{
            "name": "resizer", "image": image("image-resizer", "0.7.2"), "cpu": 768, "memory": 1792, "essential": true,
            "portMappings": port(8080), "logConfiguration": logs("/ecs/image-resizer")
        }]),
    );
    definition["runtimePlatform"]["cpuArchitecture"] = json!("ARM64");
    definition["ephemeralStorage"] = json!({ "sizeInGiB": 60 });
    definition
}

/// Its container takes all that the task has.
pub fn pricing_engine() -> Value {
    fargate(
        "pricing-engine",
        256,
        512,
        json!([{
            "name": "pricing", "image": image("pricing-engine", "3.1.4"), "cpu": 256, "memory": 512, "essential": true,
            "portMappings": port(50051), "secrets": [secret("RATES_API_KEY", "pricing/rates")],
            "logConfiguration": logs("/ecs/pricing-engine")
        }]),
    )
}

pub fn inventory_sync() -> Value {
    fargate(
        "inventory-sync",
        256,
        1024,
        json!([{
            "name": "worker", "image": image("inventory-sync", "17"), "cpu": 128, "memory": 768, "essential": true,
            "command": ["bundle", "exec", "sidekiq"], "logConfiguration": logs("/ecs/inventory-sync")
        }]),
    )
}

pub fn recommendations() -> Value {
    fargate(
        "recommendations",
        1024,
        4096,
        json!([{
            "name": "app", "image": image("recommendations", "2026-11-02"), "cpu": 512, "memory": 3584, "essential": true,
            "portMappings": port(8501), "logConfiguration": logs("/ecs/recommendations")
        }]),
    )
}
