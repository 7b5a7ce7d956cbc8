"""How connections end, and what the lengths of messages may be."""

import os
import random
import socket
import struct
import time

from harness import ALL, BOTH, EACH_SELECTOR, scenario
from wire import (
    LIMIT, connect, echo, echo_once, frame, payload, receive_message, receive_to_end, reset, split_messages)


@scenario("peers half-close behind their messages", ways=ALL)
def half_close(run):
    """A client sends 300 messages of 0 to 60,000 bytes, ends its side (shutdown), and then reads. Passes if all replies
    come, whole and in order, then the end, and nothing is printed."""
    server = run.serve()
    chance = random.Random(2)
    messages = [chance.randbytes(chance.choice((0, 1, 3, 100, 5000, 60_000))) for _ in range(run.pick(300, 3000))]
    # Read beside: what is not taken would stop the server's reading, and so the sending.
    client = connect(server.address)
    child = os.fork()
    if child == 0:
        try:
            client.sendall(b"".join(map(frame, messages)))
            client.shutdown(socket.SHUT_WR)
        finally:
            os._exit(0)
    bytes_, error = receive_to_end(client)
    os.waitpid(child, 0)
    client.close()
    replies, rest = split_messages(bytes_)
    run.check(error is None, f"instead of the end came {error}")
    run.check(replies == messages and rest == 0, f"{len(replies)} of {len(messages)} replies came, and {rest} bytes")
    run.check(not server.complaints(), "it complained")


@scenario("a socket lives on in a child process", ways=EACH_SELECTOR)
def inherited(run):
    """The client's socket is inherited by a child process that lives on and does nothing. The parent ends its side with
    `shutdown`, and the server answers and closes, though the socket is open; a second client only closes its copy, and
    the server keeps the connection, without using its processor. When the child ends, so does that."""
    server = run.serve()
    start = server.settle()
    ended, closed = connect(server.address), connect(server.address)
    for client in (ended, closed):
        client.sendall(frame(b"one"))
    child = os.fork()
    if child == 0:
        time.sleep(60)
        os._exit(0)
    try:
        ended.shutdown(socket.SHUT_WR)
        bytes_, error = receive_to_end(ended)
        run.check(bytes_ == frame(b"one") and error is None, f"came {bytes_!r} and {error}")
        run.check(receive_message(closed) == b"one", "the second client was not answered")
        ended.close()
        closed.close()
        left = server.await_descriptors(start + 1)
        run.check(left == start + 1, f"{left - start} connections are open, not 1")
        before = server.cpu_seconds()
        time.sleep(1)
        used = server.cpu_seconds() - before
        run.check(used < 0.05, f"it used {used:.2f} s of a second for an idle connection")
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)
    left = server.await_descriptors(start)
    run.check(left <= start, f"{left} descriptors at the end, {start} at the start")
    run.check(not server.complaints(), "it complained")


@scenario("the peer is gone when a reply is written", ways=ALL)
def broken_pipe(run):
    """SIGPIPE has its default action, which is to end the process. Clients send messages and are gone before the replies:
    closed with replies unread, reset, or closed for reading only. Passes if the server lives, serves and leaks nothing."""
    count = run.pick(100, 1000)
    server = run.serve()
    with open(f"/proc/{server.pid}/status") as file:
        masks = {name: int(mask, 16) for name, mask in (line.split(":") for line in file if line.startswith("Sig"))
                 if name in ("SigIgn", "SigCgt")}
    disposition = "ignored" if masks["SigIgn"] >> 12 & 1 else "caught" if masks["SigCgt"] >> 12 & 1 else "default"
    run.figure(f"SIGPIPE: {disposition}")
    start = server.settle()
    body = frame(payload(20_000))
    for number in range(count):
        client = connect(server.address)
        client.sendall(body * (1 + number % 7))
        if number % 3 == 0:
            reset(client)
        elif number % 3 == 1:
            client.recv(10)
            client.close()
        else:
            client.shutdown(socket.SHUT_RD)
            client.sendall(body)
            client.close()
    run.check(server.is_alive(), f"it ended with {server.process.returncode}")
    left = server.await_descriptors(start)
    run.check(left <= start, f"{left} descriptors at the end, {start} at the start")
    echo_once(server.address)


@scenario("lengths of nothing, of the limit, one more, and all ones", ways=ALL)
def lengths(run):
    """The empty message and the one of 16 MiB are echoed. A length of one byte more, and one of 0xFFFFFFFF, each behind a
    good message, close that connection after the good reply, before any byte of the payload; the line on standard error
    says which length and which limit. The server grows by nothing that was only announced."""
    server = run.serve()
    with connect(server.address, timeout=30) as client:
        echo(client, b"")
        echo(client, payload(LIMIT))
        echo(client, b"")
    before = server.resident()
    for length in (LIMIT + 1, 0xFFFF_FFFF):
        with connect(server.address) as client:
            client.sendall(frame(b"good") + struct.pack(">I", length))
            bytes_, error = receive_to_end(client)
            run.check(bytes_ == frame(b"good"), f"before the length {length} came {bytes_!r}")
            run.check(error is None, f"instead of the end came {error}")
    grown = server.resident() - before
    run.check(grown < 1 << 20, f"it grew by {grown >> 10} KiB")
    for length in (LIMIT + 1, 0xFFFF_FFFF):
        told = [line for line in server.complaints() if str(length) in line and str(LIMIT) in line]
        run.check(len(told) == 1, f"{len(told)} lines name the length {length} and the limit")
    echo_once(server.address)


@scenario("peers stop inside a frame", ways=BOTH)
def cut_inside(run):
    """A client sends a good message and half of another, and ends its side. Passes if the good one is answered, the
    connection is closed, and the line on standard error says how many bytes were there and how many were expected."""
    server = run.serve()
    with connect(server.address) as client:
        client.sendall(frame(b"good") + frame(bytes(1000))[:500])
        client.shutdown(socket.SHUT_WR)
        bytes_, error = receive_to_end(client)
    run.check(bytes_ == frame(b"good") and error is None, f"came {bytes_!r} and {error}")
    run.check(any("500" in line and "1004" in line for line in server.complaints()), "it did not tell the numbers")
