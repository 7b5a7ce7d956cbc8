"""Raw sockets and the default framing, written anew: four bytes, big-endian, then so many bytes."""

import random
import socket
import struct
import time

from harness import Failed

LIMIT = 16 << 20


def frame(payload):
    return struct.pack(">I", len(payload)) + payload


def payload(size, seed=0):
    """Bytes that differ from place to place, so that a shifted or lost part shows."""
    return random.Random(seed).randbytes(size)


def connect(address, timeout=10, source=None, **options):
    """A connected socket; `options` are set before: sndbuf, rcvbuf, and segment (TCP_MAXSEG)."""
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    client = socket.socket(family, socket.SOCK_STREAM)
    try:
        if "sndbuf" in options:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, options["sndbuf"])
        if "rcvbuf" in options:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, options["rcvbuf"])
        if "segment" in options:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, options["segment"])
        if source:
            client.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
            client.bind((source, 0))
        client.settimeout(timeout)
        client.connect(address)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException:
        client.close()
        raise
    return client


#: ip(7); Python does not name it.
IP_BIND_ADDRESS_NO_PORT = 24


def reset(client):
    """Closes with a reset, by a linger time of zero."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def receive_exactly(client, count):
    """So many bytes, or fewer if the peer closed before."""
    bytes_ = bytearray(count)
    view, have = memoryview(bytes_), 0
    while have < count:
        got = client.recv_into(view[have:])
        if got == 0:
            break
        have += got
    return bytes(view[:have])


def receive_message(client):
    """One message, or None if the peer closed between two."""
    header = receive_exactly(client, 4)
    if not header:
        return None
    if len(header) < 4:
        raise Failed(f"a reply was cut inside its header, after {len(header)} bytes")
    size = struct.unpack(">I", header)[0]
    if size > LIMIT:
        raise Failed(f"a reply announces {size} bytes")
    body = receive_exactly(client, size)
    if len(body) < size:
        raise Failed(f"a reply was cut after {len(body)} of {size} bytes")
    return body


def receive_to_end(client):
    """All bytes up to the peer's close, and the error that came instead of it, if one did."""
    parts = []
    try:
        while part := client.recv(1 << 16):
            parts.append(part)
    except TimeoutError:
        raise Failed("the server did not close in time") from None
    except OSError as error:
        return b"".join(parts), error
    return b"".join(parts), None


def split_messages(bytes_):
    """The whole messages at the front, and how many bytes are behind them."""
    messages, at = [], 0
    while at + 4 <= len(bytes_):
        size = struct.unpack_from(">I", bytes_, at)[0]
        if at + 4 + size > len(bytes_):
            break
        messages.append(bytes_[at + 4:at + 4 + size])
        at += 4 + size
    return messages, len(bytes_) - at


def echo(client, body):
    """Sends one message and waits for its reply."""
    client.sendall(frame(body))
    reply = receive_message(client)
    if reply != body:
        raise Failed(f"sent {len(body)} bytes, came {'the end' if reply is None else f'{len(reply)} bytes'}, not equal")


def echo_once(address, body=b"hello", timeout=10):
    """One message over a connection of its own: whether the server serves."""
    with connect(address, timeout) as client:
        echo(client, body)


def round_trips(address, count, size=64):
    """Seconds for each of so many messages, one at a time."""
    body, times = payload(size), []
    with connect(address) as client:
        for _ in range(count):
            begin = time.perf_counter()
            echo(client, body)
            times.append(time.perf_counter() - begin)
    return times


def percentile(values, percent):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]
