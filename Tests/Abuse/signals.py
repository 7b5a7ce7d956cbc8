"""Signals: to the server in a storm, and those that stop and continue it or its peer."""

import os
import signal
import threading
import time
import zlib

from harness import ALL, EACH_SELECTOR, scenario
from slowness import pump
from wire import connect, echo_once, frame, payload, receive_message


def stream(server, total):
    """Echoes so many bytes in messages of many sizes; answers whether the checksums are equal, and MB a second."""
    messages = [frame(payload(size, seed=size)) for size in (1, 70_000, 100, 65_536, 4097, 0)]
    begin = time.monotonic()
    with connect(server.address) as client:
        sent, received = pump(client, messages, total, lambda: None)
    return sent == received, total / (time.monotonic() - begin) / 1e6


@scenario("signals come a thousand times a second", ways=ALL)
def storm(run):
    """While a gigabyte is echoed, the server gets SIGWINCH a thousand times a second, and is stopped and continued a
    hundred times a second, which interrupts what it waits in (EINTR; it catches no signal, and one that is ignored
    interrupts nothing). Passes if the checksums are equal and it lives."""
    server = run.serve()
    echo_once(server.address)
    over, count = threading.Event(), 0

    def send():
        nonlocal count
        while not over.is_set():
            server.signal(signal.SIGWINCH)
            count += 1
            if count % 10 == 0:
                server.signal(signal.SIGSTOP)
                server.signal(signal.SIGCONT)
            time.sleep(0.001)

    sender = threading.Thread(target=send)
    sender.start()
    try:
        equal, rate = stream(server, run.pick(40 << 20, 1 << 30))
    finally:
        over.set()
        sender.join()
    run.figure(f"{count} signals, {rate:.0f} MB/s")
    run.check(equal, "the checksums differ")
    run.check(server.is_alive() and not server.complaints(), "it complained or ended")


@scenario("the server is stopped, and continued", ways=EACH_SELECTOR)
def stopped_server(run):
    """The server is stopped (SIGSTOP) in the middle of a stream for one second, or five in the full run. Passes if the
    stream is complete and no time limit has been charged to the client."""
    server = run.serve("--message-time", "2", "--write-time", "2", "--idle-time", "2")
    echo_once(server.address)

    def interrupt():
        time.sleep(0.1)
        server.signal(signal.SIGSTOP)
        time.sleep(run.pick(1, 5))
        server.signal(signal.SIGCONT)

    interruption = threading.Thread(target=interrupt)
    interruption.start()
    try:
        equal, _ = stream(server, run.pick(50 << 20, 200 << 20))
    finally:
        interruption.join()
    run.check(equal, "the checksums differ")
    run.check(not server.complaints(), "it complained")


@scenario("the client is stopped, and continued", ways=EACH_SELECTOR)
def stopped_client(run):
    """A client process is stopped in the middle of its messages for one second, or five in the full run. Passes if it gets
    all its replies, and another client is served meanwhile."""
    server = run.serve()
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            body = payload(50_000)
            count, sum_ = run.pick(2000, 20_000), 0
            with connect(server.address, timeout=60) as client:
                for _ in range(count):
                    client.sendall(frame(body))
                    sum_ = zlib.crc32(receive_message(client), sum_)
            expected = 0
            for _ in range(count):
                expected = zlib.crc32(body, expected)
            os.write(theirs, b"equal" if sum_ == expected else b"not equal")
        finally:
            os._exit(0)
    os.close(theirs)
    time.sleep(0.1)
    os.kill(child, signal.SIGSTOP)
    end = time.monotonic() + run.pick(1, 5)
    while time.monotonic() < end:
        echo_once(server.address)
        time.sleep(0.02)
    os.kill(child, signal.SIGCONT)
    result = os.read(ours, 100)
    os.waitpid(child, 0)
    os.close(ours)
    run.check(result == b"equal", f"the client found its replies {result.decode() or 'missing'}")
    run.check(not server.complaints(), "it complained")
