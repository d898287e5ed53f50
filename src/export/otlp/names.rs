//! Every name that goes out in OpenTelemetry's messages, in one place.
//!
//! The conventions are those of [`SCHEMA_URL`], where they have a name. `http.request.body.content` and its sibling are
//! merged and not yet released; `flow.community_id` is another tool's. What nobody has a name for begins with `sidetap.`.

/// The version of the conventions that the names are of.
pub const SCHEMA_URL: &str = "https://opentelemetry.io/schemas/1.44.0";

/// Attributes of spans and log records.
pub mod attribute {
    pub const CLIENT_ADDRESS: &str = "client.address";
    pub const CLIENT_PORT: &str = "client.port";
    pub const DNS_ANSWERS: &str = "dns.answers";
    pub const DNS_QUESTION_NAME: &str = "dns.question.name";
    pub const ERROR_TYPE: &str = "error.type";
    pub const FLOW_COMMUNITY_ID: &str = "flow.community_id";
    pub const HTTP_REQUEST_BODY_CONTENT: &str = "http.request.body.content";
    pub const HTTP_REQUEST_BODY_SIZE: &str = "http.request.body.size";
    /// The name of a field comes after it.
    pub const HTTP_REQUEST_HEADER: &str = "http.request.header.";
    pub const HTTP_REQUEST_METHOD: &str = "http.request.method";
    pub const HTTP_REQUEST_METHOD_ORIGINAL: &str = "http.request.method_original";
    pub const HTTP_RESPONSE_BODY_CONTENT: &str = "http.response.body.content";
    pub const HTTP_RESPONSE_BODY_SIZE: &str = "http.response.body.size";
    /// The name of a field comes after it.
    pub const HTTP_RESPONSE_HEADER: &str = "http.response.header.";
    pub const HTTP_RESPONSE_STATUS_CODE: &str = "http.response.status_code";
    pub const HTTP_ROUTE: &str = "http.route";
    pub const NETWORK_LOCAL_ADDRESS: &str = "network.local.address";
    pub const NETWORK_LOCAL_PORT: &str = "network.local.port";
    pub const NETWORK_PEER_ADDRESS: &str = "network.peer.address";
    pub const NETWORK_PEER_PORT: &str = "network.peer.port";
    pub const NETWORK_PROTOCOL_NAME: &str = "network.protocol.name";
    pub const NETWORK_PROTOCOL_VERSION: &str = "network.protocol.version";
    pub const RPC_METHOD: &str = "rpc.method";
    pub const RPC_METHOD_ORIGINAL: &str = "rpc.method_original";
    pub const RPC_STATUS_CODE: &str = "rpc.status_code";
    pub const RPC_SYSTEM_NAME: &str = "rpc.system.name";
    pub const SERVER_ADDRESS: &str = "server.address";
    pub const SERVER_PORT: &str = "server.port";
    pub const TLS_CIPHER: &str = "tls.cipher";
    pub const TLS_ESTABLISHED: &str = "tls.established";
    pub const TLS_NEXT_PROTOCOL: &str = "tls.next_protocol";
    pub const TLS_PROTOCOL_NAME: &str = "tls.protocol.name";
    pub const TLS_PROTOCOL_VERSION: &str = "tls.protocol.version";
    pub const TLS_RESUMED: &str = "tls.resumed";
    pub const URL_FULL: &str = "url.full";
    pub const URL_PATH: &str = "url.path";
    pub const URL_QUERY: &str = "url.query";
    pub const URL_SCHEME: &str = "url.scheme";
    pub const URL_TEMPLATE: &str = "url.template";
    pub const USER_AGENT_ORIGINAL: &str = "user_agent.original";

    pub const ANOMALIES: &str = "sidetap.anomalies";
    pub const AUTH_SCHEME: &str = "sidetap.auth.scheme";
    pub const COMPLETENESS: &str = "sidetap.transaction.completeness";
    pub const DNS_ID: &str = "sidetap.dns.id";
    pub const DNS_QUESTION_TYPE: &str = "sidetap.dns.question.type";
    pub const DNS_RESPONSE_CODE: &str = "sidetap.dns.response_code";
    pub const DNS_RTT: &str = "sidetap.dns.rtt";
    pub const DNS_TTL_MIN: &str = "sidetap.dns.ttl_min";
    pub const EGRESS_FIRST_EVER: &str = "sidetap.egress.first_ever";
    pub const EGRESS_FIRST_SEEN: &str = "sidetap.egress.first_seen";
    pub const EGRESS_FLOWS: &str = "sidetap.egress.flows";
    pub const EGRESS_LAST_SEEN: &str = "sidetap.egress.last_seen";
    pub const EGRESS_PROTOCOL: &str = "sidetap.egress.protocol";
    pub const EGRESS_RECEIVED_BYTES: &str = "sidetap.egress.received.bytes";
    pub const EGRESS_SENT_BYTES: &str = "sidetap.egress.sent.bytes";
    pub const ENDPOINT_REQUEST_CONTENT_TYPE: &str = "sidetap.endpoint.request.content_type";
    pub const ENDPOINT_REQUEST_SCHEMA: &str = "sidetap.endpoint.request.schema";
    pub const ENDPOINT_REQUESTS: &str = "sidetap.endpoint.requests";
    pub const ENDPOINT_RESPONSE_CONTENT_TYPE: &str = "sidetap.endpoint.response.content_type";
    pub const ENDPOINT_RESPONSE_SCHEMA: &str = "sidetap.endpoint.response.schema";
    pub const ENDPOINT_SCHEMA_HASH: &str = "sidetap.endpoint.schema.hash";
    pub const FQDN_AMBIGUOUS: &str = "sidetap.fqdn.ambiguous";
    pub const FQDN_MISMATCH: &str = "sidetap.fqdn.mismatch";
    pub const FQDN_SOURCE: &str = "sidetap.fqdn.source";
    pub const HTTP2_HPACK_LOST: &str = "sidetap.http2.hpack_lost";
    pub const HTTP2_RESET_CODE: &str = "sidetap.http2.reset_code";
    pub const HTTP2_STREAM: &str = "sidetap.http2.stream";
    pub const REQUEST_BODY_MEDIA_TYPE: &str = "sidetap.http.request.body.media_type";
    pub const REQUEST_BODY_TRUNCATED: &str = "sidetap.http.request.body.truncated";
    pub const RESPONSE_BODY_MEDIA_TYPE: &str = "sidetap.http.response.body.media_type";
    pub const RESPONSE_BODY_TRUNCATED: &str = "sidetap.http.response.body.truncated";
    pub const ROUTE_SOURCE: &str = "sidetap.route.source";
    pub const RPC_REQUEST_MESSAGES: &str = "sidetap.rpc.request.messages";
    pub const RPC_RESPONSE_MESSAGES: &str = "sidetap.rpc.response.messages";
    pub const SAMPLING_LANE: &str = "sidetap.sampling.lane";
    pub const SOURCE_ADDRESS: &str = "sidetap.source.address";
    pub const SOURCE_VNI: &str = "sidetap.source.vni";
    pub const TIMING_RECEIVE: &str = "sidetap.timing.receive";
    pub const TIMING_SEND: &str = "sidetap.timing.send";
    pub const TIMING_WAIT: &str = "sidetap.timing.wait";
    pub const TLS_ALERT: &str = "sidetap.tls.alert";
    pub const TLS_CLIENT_ALPN: &str = "sidetap.tls.client.alpn";
    pub const TRANSACTION_INDEX: &str = "sidetap.transaction.index";
    pub const UPGRADE: &str = "sidetap.upgrade";
    pub const VANTAGE: &str = "sidetap.vantage";
    pub const VXLAN_VNI: &str = "sidetap.vxlan.vni";
    pub const WEB_SOCKET_CLOSE_CODE: &str = "sidetap.websocket.close_code";
    pub const WEB_SOCKET_DURATION: &str = "sidetap.websocket.duration";
    pub const WEB_SOCKET_GAP: &str = "sidetap.websocket.gap";
    /// Of text messages, binary messages, frames and bytes, in this order.
    pub const WEB_SOCKET_RECEIVED: [&str; 4] = [
        "sidetap.websocket.received.text_messages",
        "sidetap.websocket.received.binary_messages",
        "sidetap.websocket.received.frames",
        "sidetap.websocket.received.bytes",
    ];
    /// In the same order.
    pub const WEB_SOCKET_SENT: [&str; 4] = [
        "sidetap.websocket.sent.text_messages",
        "sidetap.websocket.sent.binary_messages",
        "sidetap.websocket.sent.frames",
        "sidetap.websocket.sent.bytes",
    ];
}

/// Attributes of resources.
pub mod resource {
    pub const AWS_ECS_CLUSTER_ARN: &str = "aws.ecs.cluster.arn";
    pub const AWS_ECS_CONTAINER_ARN: &str = "aws.ecs.container.arn";
    pub const AWS_ECS_LAUNCH_TYPE: &str = "aws.ecs.launchtype";
    pub const AWS_ECS_TASK_ARN: &str = "aws.ecs.task.arn";
    pub const AWS_ECS_TASK_FAMILY: &str = "aws.ecs.task.family";
    pub const AWS_ECS_TASK_ID: &str = "aws.ecs.task.id";
    pub const AWS_ECS_TASK_REVISION: &str = "aws.ecs.task.revision";
    pub const CLOUD_ACCOUNT_ID: &str = "cloud.account.id";
    pub const CLOUD_AVAILABILITY_ZONE: &str = "cloud.availability_zone";
    pub const CLOUD_PLATFORM: &str = "cloud.platform";
    pub const CLOUD_PROVIDER: &str = "cloud.provider";
    pub const CLOUD_REGION: &str = "cloud.region";
    pub const CLOUD_RESOURCE_ID: &str = "cloud.resource_id";
    pub const CONTAINER_ID: &str = "container.id";
    pub const CONTAINER_IMAGE_NAME: &str = "container.image.name";
    pub const CONTAINER_IMAGE_TAGS: &str = "container.image.tags";
    pub const CONTAINER_NAME: &str = "container.name";
    pub const HOST_NAME: &str = "host.name";
    pub const PRIVACY_LEVEL: &str = "sidetap.privacy.level";
    pub const PRIVACY_POLICY_HASH: &str = "sidetap.privacy.policy_hash";
    pub const SERVICE_INSTANCE_ID: &str = "service.instance.id";
    pub const SERVICE_NAME: &str = "service.name";
    pub const SERVICE_VERSION: &str = "service.version";
    pub const VPC_ID: &str = "sidetap.aws.vpc.id";
}

/// What log records tell.
pub mod event {
    pub const DNS_RESPONSE: &str = "sidetap.dns.response";
    pub const EGRESS_SUMMARY: &str = "sidetap.egress.summary";
    pub const ENDPOINT_DISCOVERED: &str = "sidetap.endpoint.discovered";
    pub const HTTP_PAYLOAD: &str = "sidetap.http.payload";
    pub const TLS_HANDSHAKE: &str = "sidetap.tls.handshake";
    pub const WEB_SOCKET_SESSION: &str = "sidetap.websocket.session";
}

/// Metrics, and the labels that tell their numbers apart.
pub mod metric {
    /// What a label's value is.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Type {
        Text,
        Integer,
    }

    use Type::{Integer, Text};

    /// Labels of Prometheus that are attributes of the conventions. Others keep their name.
    const LABELS: [(&str, &str, Type); 27] = [
        ("client_address", "client.address", Text),
        ("client_port", "client.port", Integer),
        ("dns_question_name", "dns.question.name", Text),
        ("error_type", "error.type", Text),
        ("http_request_method", "http.request.method", Text),
        ("http_response_status_code", "http.response.status_code", Integer),
        ("http_route", "http.route", Text),
        ("network_interface_name", "network.interface.name", Text),
        ("network_io_direction", "network.io.direction", Text),
        ("network_local_address", "network.local.address", Text),
        ("network_local_port", "network.local.port", Integer),
        ("network_peer_address", "network.peer.address", Text),
        ("network_peer_port", "network.peer.port", Integer),
        ("network_protocol_name", "network.protocol.name", Text),
        ("network_protocol_version", "network.protocol.version", Text),
        ("network_transport", "network.transport", Text),
        ("network_type", "network.type", Text),
        ("rpc_method", "rpc.method", Text),
        ("rpc_status_code", "rpc.status_code", Text),
        ("rpc_system_name", "rpc.system.name", Text),
        ("server_address", "server.address", Text),
        ("server_port", "server.port", Integer),
        ("service_peer_name", "service.peer.name", Text),
        ("tls_protocol_version", "tls.protocol.version", Text),
        ("url_scheme", "url.scheme", Text),
        ("url_template", "url.template", Text),
        ("user_agent_original", "user_agent.original", Text),
    ];

    /// Families whose names do not follow the rule, with the unit.
    const NAMES: [(&str, &str, &str); 2] = [
        ("process_resident_memory_bytes", "process.memory.usage", "By"),
        ("process_start_time_seconds", "sidetap.process.start_time", "s"),
    ];

    /// Units by the last word of a family's name.
    const UNITS: [(&str, &str); 14] = [
        ("bytes", "By"),
        ("checksums", "{checksum}"),
        ("connections", "{connection}"),
        ("datagrams", "{datagram}"),
        ("endpoints", "{endpoint}"),
        ("frames", "{frame}"),
        ("packets", "{packet}"),
        ("records", "{record}"),
        ("requests", "{request}"),
        ("seconds", "s"),
        ("segments", "{segment}"),
        ("spans", "{span}"),
        ("sources", "{source}"),
        ("transactions", "{transaction}"),
    ];

    /// Families that count the traffic of the workload without a name of the conventions.
    const OF_THE_WORKLOAD: [&str; 1] = ["sidetap_egress_"];

    /// The attribute that a label is, and its type.
    pub fn of_label(label: &str) -> (&str, Type) {
        LABELS.iter().find(|(known, ..)| *known == label).map_or((label, Text), |&(_, name, kind)| (name, kind))
    }

    /// The name and the unit (UCUM) of a family that has none of the conventions: `sidetap_captured_bytes` is
    /// `sidetap.captured_bytes` in `By`. The unit stays in the name, so that whoever turns it into a name of Prometheus
    /// again comes to the one that our own text has.
    pub fn of_family(family: &str) -> (String, &'static str) {
        if let Some(&(_, name, unit)) = NAMES.iter().find(|(known, ..)| *known == family) {
            return (name.to_owned(), unit);
        }
        let last = family.rsplit('_').next().unwrap_or_default();
        let unit = UNITS.iter().find(|(word, _)| *word == last).map_or("", |&(_, unit)| unit);
        (format!("sidetap.{}", family.strip_prefix("sidetap_").unwrap_or(family)), unit)
    }

    /// Whether a family that has no name of the conventions counts the traffic of the workload all the same.
    pub fn is_of_the_workload(family: &str) -> bool {
        OF_THE_WORKLOAD.iter().any(|prefix| family.starts_with(prefix))
    }
}
