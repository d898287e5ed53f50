"""A gRPC server and its client, whose messages are plain bytes: no generated code is needed.

usage: grpc_peer.py server PORT | client ADDRESS PORT

The client prints the status of each call.
"""

import sys
import time
from concurrent.futures import ThreadPoolExecutor

import grpc


def echo(request, context):
    return request


def count(request, context):
    for number in range(5):
        yield request + str(number).encode()


def total(requests, context):
    return str(sum(int(request) for request in requests)).encode()


def chat(requests, context):
    yield from requests


def find(request, context):
    context.abort(grpc.StatusCode.NOT_FOUND, "there is none: \u00fc")


def late(request, context):
    yield b"one"
    yield b"two"
    context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, "too late")


def slow(request, context):
    time.sleep(2)
    return request


def serve(port):
    handlers = {
        "Echo": grpc.unary_unary_rpc_method_handler(echo),
        "Count": grpc.unary_stream_rpc_method_handler(count),
        "Sum": grpc.stream_unary_rpc_method_handler(total),
        "Chat": grpc.stream_stream_rpc_method_handler(chat),
        "Find": grpc.unary_unary_rpc_method_handler(find),
        "Late": grpc.unary_stream_rpc_method_handler(late),
        "Slow": grpc.unary_unary_rpc_method_handler(slow),
    }
    server = grpc.server(ThreadPoolExecutor(4))
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("live.Calls", handlers)])
    server.add_insecure_port(f"0.0.0.0:{port}")
    server.start()
    server.wait_for_termination()


def status(call):
    try:
        result = call()
        if hasattr(result, "code"):
            for _ in result:
                pass
            return result.code().name
        return "OK"
    except grpc.RpcError as error:
        return error.code().name


def ask(address, port):
    with grpc.insecure_channel(f"{address}:{port}") as channel:
        unary = lambda name: channel.unary_unary(f"/live.Calls/{name}")
        print(status(lambda: unary("Echo")(b"short")))
        print(status(lambda: unary("Echo")(b"l" * 200_000)))
        print(status(lambda: channel.unary_stream("/live.Calls/Count")(b"n")))
        print(status(lambda: channel.stream_unary("/live.Calls/Sum")(iter([b"1", b"2", b"3"]))))
        print(status(lambda: channel.stream_stream("/live.Calls/Chat")(iter([b"a", b"b", b"c", b"d"]))))
        print(status(lambda: unary("Find")(b"x")))
        print(status(lambda: channel.unary_stream("/live.Calls/Late")(b"x")))
        print(status(lambda: unary("Unknown")(b"x")))
        call = unary("Slow").future(b"x")
        time.sleep(0.3)
        call.cancel()
        print(call.code().name)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["server", port]:
            serve(port)
        case ["client", address, port]:
            ask(address, port)
        case _:
            sys.exit(__doc__)
