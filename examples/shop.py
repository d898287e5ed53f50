"""Writes shop.pcap: what a packet sniffer inside the task of a small web shop sees.

Two clients call the shop (10.0.2.20:8080). The shop looks names up, calls its payment provider over TLS, a partner in
clear, and an address that nothing names. All names, keys and persons are made up; the packets have valid checksums.

    python examples/shop.py examples/shop.pcap

Needs trustme, for the certificate of the payment provider (tests/requirements.txt has it).
"""

import json
import ssl
import struct
import sys

import trustme

SHOP, RESOLVER = "10.0.2.20", "10.0.0.2"
START = 1_767_225_600_000_000  # 2026-01-01T00:00:00Z, in microseconds


def address(text):
    return bytes(int(part) for part in text.split("."))


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Capture:
    def __init__(self, path):
        self.file = open(path, "wb")
        self.file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        self.now = START
        self.identification = 0

    def ip(self, protocol, source, destination, payload):
        self.identification += 1
        head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), self.identification, 0x4000, 64, protocol, 0)
        head += address(source) + address(destination)
        head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
        frame = b"\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x08\0" + head + payload
        seconds, micros = divmod(self.now, 1_000_000)
        self.file.write(struct.pack("<IIII", seconds, micros, len(frame), len(frame)) + frame)

    def checked(self, protocol, source, destination, head, place, payload):
        pseudo = address(source) + address(destination) + struct.pack("!BBH", 0, protocol, len(head) + len(payload))
        value = struct.pack("!H", checksum(pseudo + head + payload))
        self.ip(protocol, source, destination, head[:place] + value + head[place + 2 :] + payload)

    def udp(self, source, source_port, destination, port, payload):
        head = struct.pack("!HHHH", source_port, port, 8 + len(payload), 0)
        self.checked(17, source, destination, head, 6, payload)


class Tcp:
    """A connection, from its handshake to its end."""

    MSS = 1460

    def __init__(self, capture, client, server):
        self.capture, self.ends = capture, [client, server]
        self.next = [1_000_000 + client[1], 2_000_000 + client[1]]
        self.segment(0, 0x02)
        self.wait(0.0004)
        self.segment(1, 0x12)
        self.segment(0, 0x10)

    def wait(self, seconds):
        self.capture.now += int(seconds * 1_000_000)

    def segment(self, side, flags, payload=b""):
        (source, source_port), (destination, port) = self.ends[side], self.ends[1 - side]
        acknowledged = self.next[1 - side] if flags & 0x10 else 0
        head = struct.pack("!HHIIBBHHH", source_port, port, self.next[side], acknowledged, 5 << 4, flags, 65535, 0, 0)
        self.capture.checked(6, source, destination, head, 16, payload)
        self.next[side] += len(payload) + (flags & 0x03 != 0)
        self.capture.now += 20

    def send(self, side, data):
        for start in range(0, len(data), self.MSS):
            self.segment(side, 0x18, data[start : start + self.MSS])
        self.segment(1 - side, 0x10)

    def close(self):
        self.segment(0, 0x11)
        self.segment(1, 0x11)
        self.segment(0, 0x10)

    def exchange(self, request, response, seconds):
        self.send(0, request)
        self.wait(seconds)
        self.send(1, response)
        self.wait(0.05)


def request(method, target, host, fields=(), body=None):
    content = b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", *fields]
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def response(status, fields=(), body=None):
    content = b"" if body is None else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status}", "Server: shop/3.1", *fields]
    if body is not None:
        lines.append("Content-Type: application/json")
    lines.append(f"Content-Length: {len(content)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def look_up(capture, name, answer, identification):
    question = b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0" + b"\0\1\0\1"
    port = 40_000 + identification
    capture.udp(SHOP, port, RESOLVER, 53, struct.pack("!HHHHHH", identification, 0x0100, 1, 0, 0, 0) + question)
    capture.now += 1_500
    record = b"\xc0\x0c\0\1\0\1" + struct.pack("!IH", 60, 4) + address(answer)
    capture.udp(RESOLVER, 53, SHOP, port, struct.pack("!HHHHHH", identification, 0x8180, 1, 1, 0, 0) + question + record)
    capture.now += 200


def over_tls(connection, name):
    """A handshake of Python's own TLS, and something said behind it."""
    authority = trustme.CA()
    contexts = ssl.create_default_context(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.configure_trust(contexts[0])
    authority.issue_cert(name).configure_cert(contexts[1])
    for context in contexts:
        context.set_alpn_protocols(["h2"])
    pipes = [ssl.MemoryBIO() for _ in range(4)]
    client = contexts[0].wrap_bio(pipes[0], pipes[1], server_hostname=name)
    server = contexts[1].wrap_bio(pipes[2], pipes[3], server_side=True)
    ends = [(client, pipes[1], pipes[2]), (server, pipes[3], pipes[0])]

    def carry(side):
        _, out, other = ends[side]
        data = out.read()
        if data:
            connection.wait(0.004)
            connection.send(side, data)
            other.write(data)

    done = [False, False]
    while not all(done):
        for side, (end, _, _) in enumerate(ends):
            try:
                end.do_handshake()
                done[side] = True
            except ssl.SSLWantReadError:
                pass
            carry(side)
    for side, text in enumerate([b"charge " * 40, b"charged " * 60]):
        ends[side][0].write(text)
        carry(side)


def main(path):
    capture = Capture(path)
    host = "shop.example:8080"
    token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJlLW9mLWFkYS1sb3ZlbGFjZQ"
    fields = [
        "User-Agent: shop-app/2.4",
        "Accept: application/json",
        f"Authorization: Bearer {token}",
        "Cookie: session=7f3a9c; theme=dark",
        "X-Request-Id: 0b8e6f5e-52a0-4a6e-9b0e-8a4f0c6f7d11",
        "X-Tenant: acme",
    ]
    order = {
        "card": "4111 1111 1111 1111",
        "email": "ada@example.com",
        "items": [{"sku": "A-100", "count": 2}],
        "gift": True,
    }
    tracked = fields + ["traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"]

    ada = Tcp(capture, ("10.0.1.15", 50123), (SHOP, 8080))
    ada.exchange(
        request("POST", "/api/v1/customers/4711/orders?coupon=SPRING24&notify=ada@example.com", host, tracked, order),
        response(
            "201 Created",
            ["Location: /api/v1/customers/4711/orders/90017", "Set-Cookie: session=7f3a9d; Secure; HttpOnly"],
            {"id": 90017, "total": 49.9, "state": "paid"},
        ),
        0.0312,
    )
    # The shop's own calls, which the order needs.
    look_up(capture, "payments.example.com", "203.0.113.7", 1)
    payment = Tcp(capture, (SHOP, 41001), ("203.0.113.7", 443))
    over_tls(payment, "payments.example.com")
    payment.close()
    look_up(capture, "hooks.partner.example", "198.51.100.9", 2)
    hook = Tcp(capture, (SHOP, 41002), ("198.51.100.9", 80))
    hook.exchange(
        request("POST", "/v2/events/5b1f0c9e-8a7d-4c3b-9e2f-1a2b3c4d5e6f", "hooks.partner.example", [], {"order": 90017}),
        response("202 Accepted"),
        0.021,
    )
    hook.close()
    unnamed = Tcp(capture, (SHOP, 41003), ("192.0.2.44", 5432))
    unnamed.send(0, b"\0\0\0\x08\x04\xd2\x16\x2f")
    unnamed.send(1, b"N")
    unnamed.close()

    bob = Tcp(capture, ("10.0.1.16", 50999), (SHOP, 8080))
    for number, client in enumerate([ada, bob, ada, bob, ada]):
        client.exchange(
            request("GET", f"/api/v1/customers/{4711 + number}/orders?page={number + 1}", host, fields),
            response("200 OK", (), {"orders": [{"id": 90017 + number, "total": 49.9, "state": "paid"}]}),
            0.006 + number * 0.002,
        )
    for client in (ada, bob):
        client.exchange(
            request("GET", "/health", host, ["User-Agent: ELB-HealthChecker/2.0"]), response("200 OK"), 0.0009
        )
    bob.exchange(
        request("GET", "/api/v1/customers/4799/orders/90999", host, fields),
        response("503 Service Unavailable", ["Retry-After: 2"], {"error": "out of stock"}),
        2.004,
    )
    ada.close()
    bob.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
