"""A receiver of OTLP over HTTP that is strict with what it is sent, and fails as it is told to.

Messages are read with the classes of `opentelemetry-proto`, which we did not write. The line that is printed is the
port that it listens on, of 127.0.0.1 or `--address`; with `--tls` there follows another one, without TLS, for those who
ask. Then:

    POST /v1/traces, /v1/logs, /v1/metrics    what a sender sends
    POST /1.0/ebpf/traces                      what a sender sends to a Levo satellite
    POST /fault                                {"mode": ..., "count": ..., ...}: how the next requests go wrong
    GET /seen                                  all that was accepted, and what is wrong with it
    GET /bytes                                 every byte of every body that came, whether it was accepted or not

Modes: `status` (with `status`, and perhaps `retry_after`, `body`), `partial` (with `rejected`), `hang`, `reset`,
`garbage` (200 with a body that is no message), `too_large` (413, or 400 with `status`, for bodies over `bytes`). A request
that is accepted although it is answered as a failure has `accept`: the sender cannot know, and sends it again. A fault
is for all requests, or for `count` of them, and with `path` for one signal only.
"""

import argparse
import collections
import gzip
import json
import socket
import ssl
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.logs.v1 import logs_service_pb2 as logs
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as metrics
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as traces

MESSAGES = {
    "/v1/traces": (traces.ExportTraceServiceRequest, traces.ExportTraceServiceResponse),
    "/v1/logs": (logs.ExportLogsServiceRequest, logs.ExportLogsServiceResponse),
    "/v1/metrics": (metrics.ExportMetricsServiceRequest, metrics.ExportMetricsServiceResponse),
}
SATELLITE = "/1.0/ebpf/traces"
KNOWN_METHODS = {"GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "CONNECT", "TRACE", "QUERY", "_OTHER"}
SERVER, CLIENT = 2, 3
ERROR = 2

lock = threading.Lock()
fault = {"mode": "ok", "count": 0}
requests = collections.Counter()
headers_seen = []
user_agents = set()
bodies = []
problems = []
spans, records, points, starts = [], [], {}, {}
resources = []


def value_of(value):
    kind = value.WhichOneof("value")
    if kind is None:
        return None
    if kind == "array_value":
        return [value_of(one) for one in value.array_value.values]
    if kind == "kvlist_value":
        return attributes_of(value.kvlist_value.values, "a list of keys and values")
    if kind == "bytes_value":
        return value.bytes_value.hex()
    return getattr(value, kind)


def attributes_of(attributes, where):
    keys = [attribute.key for attribute in attributes]
    for key in {key for key in keys if keys.count(key) > 1}:
        problems.append(f"{where} has {key} twice")
    if "" in keys:
        problems.append(f"{where} has an attribute without a name")
    return {attribute.key: value_of(attribute.value) for attribute in attributes}


def resource_of(resource):
    attributes = attributes_of(resource.attributes, "a resource")
    if not attributes.get("service.name"):
        problems.append("a resource has no service.name")
    if attributes.get("cloud.platform") == "aws_ecs" and not attributes.get("aws.ecs.task.arn"):
        problems.append("a resource on ECS has no aws.ecs.task.arn")
    if attributes not in resources:
        resources.append(attributes)
    return attributes


def check_span(span, attributes):
    where = f"span {span.name!r}"

    def wrong(what):
        problems.append(f"{where}: {what}")

    if len(span.trace_id) != 16 or not any(span.trace_id):
        wrong("no trace id")
    if len(span.span_id) != 8 or not any(span.span_id):
        wrong("no span id")
    if span.parent_span_id and (len(span.parent_span_id) != 8 or span.parent_span_id == span.span_id):
        wrong("a parent that cannot be")
    if not 0 < span.start_time_unix_nano <= span.end_time_unix_nano:
        wrong("it ends before it starts")
    if span.kind not in (SERVER, CLIENT):
        wrong(f"kind {span.kind}")
    method = attributes.get("http.request.method")
    if method is None and "rpc.system.name" not in attributes:
        if attributes.get("sidetap.transaction.completeness") != "response_only":
            wrong("a request without a method")
    if "rpc.system.name" in attributes:
        procedure = attributes.get("rpc.method")
        if not procedure or (procedure == "_OTHER") != ("rpc.method_original" in attributes):
            wrong(f"rpc.method {procedure}")
        if span.name != (attributes["rpc.system.name"] if procedure == "_OTHER" else procedure):
            wrong("it is not named after its method")
    if method is not None:
        if method not in KNOWN_METHODS:
            wrong(f"method {method}")
        if (method == "_OTHER") != ("http.request.method_original" in attributes):
            wrong("http.request.method_original does not fit")
        required = ["url.path", "url.scheme"] if span.kind == SERVER else ["url.full", "server.address", "server.port"]
        for name in required:
            if name not in attributes and method != "CONNECT":
                wrong(f"no {name}")
        template = attributes.get("http.route" if span.kind == SERVER else "url.template")
        shown = "HTTP" if method == "_OTHER" else method
        if "rpc.system.name" in attributes:
            wrong("a call is named by its procedure, not by HTTP's method")
        elif span.name != (f"{shown} {template}" if template else shown):
            wrong(f"it is not named after {template}")
    status = attributes.get("http.response.status_code")
    if status is not None:
        if type(status) is not int or not 100 <= status <= 999:
            wrong(f"status {status!r}")
        elif status >= 500 and span.status.code != ERROR:
            wrong("a server's error is none")
        elif 400 <= status < 500 and span.kind == SERVER and span.status.code == ERROR and "rpc.system.name" not in attributes:
            wrong("a client's error is the server's")
    for name in ("server.port", "client.port", "http.request.body.size", "http.response.body.size"):
        if name in attributes and type(attributes[name]) is not int:
            wrong(f"{name} is no number")
    for name, value in attributes.items():
        if name.startswith(("http.request.header.", "http.response.header.")) and type(value) is not list:
            wrong(f"{name} is no list")


def take(path, message):
    if path == "/v1/traces":
        for of_resource in message.resource_spans:
            resource = resource_of(of_resource.resource)
            for scope in of_resource.scope_spans:
                if not scope.scope.name:
                    problems.append("a scope has no name")
                for span in scope.spans:
                    attributes = attributes_of(span.attributes, f"span {span.name!r}")
                    check_span(span, attributes)
                    spans.append({
                        "name": span.name, "kind": span.kind, "trace_id": span.trace_id.hex(),
                        "span_id": span.span_id.hex(), "parent": span.parent_span_id.hex(), "flags": span.flags,
                        "trace_state": span.trace_state, "status": span.status.code, "attributes": attributes,
                        "links": [[link.trace_id.hex(), link.span_id.hex()] for link in span.links],
                        "service": resource.get("service.name"),
                    })
    if path == "/v1/logs":
        for of_resource in message.resource_logs:
            resource = resource_of(of_resource.resource)
            for scope in of_resource.scope_logs:
                for record in scope.log_records:
                    attributes = attributes_of(record.attributes, f"log {record.event_name!r}")
                    if not record.event_name:
                        problems.append("a log has no event name")
                    if not record.time_unix_nano:
                        problems.append(f"log {record.event_name!r} has no time")
                    records.append({
                        "event_name": record.event_name, "attributes": attributes, "trace_id": record.trace_id.hex(),
                        "span_id": record.span_id.hex(), "service": resource.get("service.name"),
                    })
    if path == "/v1/metrics":
        for of_resource in message.resource_metrics:
            resource_of(of_resource.resource)
            for scope in of_resource.scope_metrics:
                # A metric may come in pieces, but none of its points twice.
                seen = set()
                for metric in scope.metrics:
                    take_metric(metric, seen)


def take_metric(metric, seen):
    kind = metric.WhichOneof("data")
    if kind not in ("sum", "gauge", "histogram"):
        problems.append(f"metric {metric.name} is a {kind}")
        return
    data = getattr(metric, kind)
    if kind in ("sum", "histogram") and data.aggregation_temporality != 2:
        problems.append(f"metric {metric.name} is not cumulative")
    for point in data.data_points:
        attributes = attributes_of(point.attributes, f"metric {metric.name}")
        labels = ",".join(f"{name}={value}" for name, value in sorted(attributes.items()))
        if kind == "histogram":
            if len(point.bucket_counts) != len(point.explicit_bounds) + 1 or sum(point.bucket_counts) != point.count:
                problems.append(f"the buckets of {metric.name} do not add up")
            number = point.count
        else:
            number = point.as_int if point.WhichOneof("value") == "as_int" else point.as_double
        name = f"{metric.name}{{{labels}}}"
        if name in seen:
            problems.append(f"{name} comes twice")
        seen.add(name)
        # Another start is another process.
        start = point.start_time_unix_nano
        before = points.get(name, 0) if starts.get(name) == start else 0
        if kind in ("sum", "histogram"):
            if not 0 < start <= point.time_unix_nano:
                problems.append(f"metric {metric.name} has no start")
            if number < before:
                problems.append(f"metric {metric.name} went back from {before} to {number}")
        points[name], starts[name] = number, start


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", kind="application/x-protobuf", fields=()):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in fields:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        with lock:
            if self.path == "/bytes":
                return self.answer(200, b"\n".join(bodies), "application/octet-stream")
            ids = collections.Counter((span["trace_id"], span["span_id"]) for span in spans)
            seen = {
                "requests": requests, "problems": problems, "spans": spans, "logs": records, "metrics": points,
                "resources": resources, "unique_spans": len(ids), "headers": headers_seen,
                "duplicate_spans": sum(count - 1 for count in ids.values()), "user_agents": sorted(user_agents),
            }
            self.answer(200, json.dumps(seen).encode(), "application/json")

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/fault":
            with lock:
                fault.clear()
                fault.update({"mode": "ok", "count": 1 << 60}, **json.loads(body))
            return self.answer(200)
        if self.path == SATELLITE:
            return self.take_array(body)
        if self.path not in MESSAGES:
            return self.answer(404)
        with lock:
            requests[self.path] += 1
            headers_seen.append({name.lower(): value for name, value in self.headers.items()})
            user_agents.add(self.headers.get("User-Agent"))
            now = dict(fault) if fault["count"] > 0 and self.path.startswith(fault.get("path", "/")) else {"mode": "ok"}
            if now["mode"] != "ok":
                fault["count"] -= 1
                requests[now["mode"]] += 1
        plain = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
        with lock:
            bodies.append(plain)
        if now["mode"] == "too_large" and len(plain) > now["bytes"]:
            return self.answer(now.get("status", 413), b"request body too large", "text/plain")
        if now.get("accept") or now["mode"] in ("ok", "partial", "garbage", "too_large"):
            self.accept(plain, self.headers.get("Content-Type"))
        if now["mode"] == "reset":
            self.close_connection = True
            # With nothing left to send, the other side sees a reset and no orderly end.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        elif now["mode"] == "hang":
            time.sleep(now.get("seconds", 60))
        elif now["mode"] == "status":
            fields = [("Retry-After", now["retry_after"])] if "retry_after" in now else []
            self.answer(now["status"], now.get("body", "").encode(), "text/plain", fields)
        elif now["mode"] == "garbage":
            self.answer(200, b"\xff\xff\xff\xffnot a message")
        else:
            response = MESSAGES[self.path][1]()
            if now["mode"] == "partial" and self.path == "/v1/traces":
                response.partial_success.rejected_spans = now["rejected"]
                response.partial_success.error_message = "as it was told to"
            self.answer(200, response.SerializeToString())

    def take_array(self, body):
        plain = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
        with lock:
            requests[self.path] += 1
            bodies.append(plain)
            if type(json.loads(plain)) is not list:
                problems.append("no array")
        self.answer(200)

    def accept(self, plain, kind):
        with lock:
            if kind != "application/x-protobuf":
                problems.append(f"content of type {kind}")
            try:
                message = MESSAGES[self.path][0].FromString(plain)
            except Exception as error:
                problems.append(f"no message: {error}")
                return
            take(self.path, message)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--address", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--tls", nargs=2, metavar=("CERTIFICATE", "KEY"))
    arguments = parser.parse_args()
    server = Server((arguments.address, arguments.port), Handler)
    if arguments.tls:
        plain = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=plain.serve_forever, daemon=True).start()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*arguments.tls)
        # The handshake is the handler's, so that a client that breaks it off ends nothing but itself.
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        print(server.server_address[1], plain.server_address[1], flush=True)
    else:
        print(server.server_address[1], flush=True)
    server.serve_forever()


main()
