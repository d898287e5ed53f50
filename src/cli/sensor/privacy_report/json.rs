//! The report as one JSON object. `format_version` changes when a reader of today would misread it; members may be added.

use serde_json::{Value, json};

use super::{Bodies, Names, Report};

pub fn render(report: &Report<'_>) -> String {
    let gathered = report.gathered;
    let endpoints: Vec<Value> = report
        .endpoints()
        .into_iter()
        .map(|(method, route, endpoint)| {
            json!({
                "method": method,
                "route": route,
                "transactions": endpoint.transactions,
                "bytes": endpoint.bytes,
                "request_fields": names(&endpoint.request_fields),
                "response_fields": names(&endpoint.response_fields),
                "query": names(&endpoint.query),
                "request_bodies": bodies(endpoint.request_bodies),
                "response_bodies": bodies(endpoint.response_bodies),
            })
        })
        .collect();
    let redactions: Vec<Value> = report
        .privacy
        .redactions()
        .map(|(rule, location, values)| json!({"rule": rule.name(), "location": location.name(), "values": values}))
        .collect();
    let failed_closed: Vec<Value> = report
        .privacy
        .fail_closed()
        .map(|(reason, values)| json!({"reason": reason.name(), "values": values}))
        .collect();
    let dropped: Vec<Value> = report
        .dropped()
        .map(|(stage, transactions)| json!({"stage": stage.name(), "transactions": transactions}))
        .collect();
    let records = gathered.records;
    let report = json!({
        "format_version": "1.0",
        "file": report.file,
        "level": report.level.name(),
        "policy": report.policy,
        "endpoints": endpoints,
        "other_endpoints": {"transactions": gathered.others.transactions, "bytes": gathered.others.bytes},
        "records": {
            "dns": records.dns,
            "tls": records.tls,
            "websocket": records.web_sockets,
            "endpoint": records.endpoints,
            "egress": records.sites,
        },
        "redactions": redactions,
        "failed_closed": failed_closed,
        "dropped": dropped,
    });
    format!("{report:#}\n")
}

fn names(names: &Names) -> Value {
    let known: serde_json::Map<String, Value> =
        names.known.iter().map(|(name, how)| (name.clone(), how.name().into())).collect();
    json!({"names": known, "left_out": names.left_out})
}

fn bodies(bodies: Bodies) -> Value {
    json!({"count": bodies.count, "bytes": bodies.bytes})
}
