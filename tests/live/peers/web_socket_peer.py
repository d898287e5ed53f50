"""A WebSocket server that counts, and its client.

usage: web_socket_peer.py server PORT none|deflate FILE | client ADDRESS PORT none|deflate CODE

The server writes what it has counted of its first session into the file.
"""

import asyncio
import json
import os
import sys

from websockets.asyncio.client import connect
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed


def compression(name):
    return "deflate" if name == "deflate" else None


async def serve_at(port, extension, file):
    async def session(socket):
        counts = dict(text_in=0, binary_in=0, text_out=0, binary_out=0)
        try:
            while True:
                message = await socket.recv()
                kind = "text" if isinstance(message, str) else "binary"
                counts[f"{kind}_in"] += 1
                await socket.send(message)
                counts[f"{kind}_out"] += 1
        except ConnectionClosed:
            pass
        with open(f"{file}.new", "w") as out:
            json.dump(counts, out)
        os.rename(f"{file}.new", file)

    # Binding to IPv4 alone: the namespace has nothing else.
    async with serve(session, "0.0.0.0", int(port), compression=compression(extension)):
        await asyncio.get_running_loop().create_future()


async def ask(address, port, extension, code):
    async with connect(f"ws://{address}:{port}/chat", compression=compression(extension)) as socket:
        for number in range(60):
            await socket.send(f"text {number} " * (number + 1))
            await socket.recv()
            if number % 3 == 0:
                await socket.send(bytes([number]) * (number * 50))
                await socket.recv()
            if number % 10 == 0:
                await (await socket.ping())
        await socket.send("")
        await socket.recv()
        # Lengths of 7, 16 and 64 bits, and a message in fragments.
        for size in (125, 126, 65535, 65536, 200_000):
            await socket.send(os.urandom(size))
            await socket.recv()
        await socket.send(iter(["in ", "three ", "parts"]))
        await socket.recv()
        await socket.close(int(code), "done")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["server", port, extension, file]:
            asyncio.run(serve_at(port, extension, file))
        case ["client", address, port, extension, code]:
            asyncio.run(ask(address, port, extension, code))
        case _:
            sys.exit(__doc__)
