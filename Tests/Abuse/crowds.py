"""Many peers at once, or many in a row."""

import os
import random
import resource
import signal
import time

from harness import ALL, BOTH, EACH_SELECTOR, Failed, scenario
from server import wait
from wire import connect, echo, echo_once, frame, receive_exactly, receive_message, reset

#: One address has 28,232 ports, and each of them rests for a minute after its use; so clients have many addresses.
SOURCES = [f"127.0.{high}.{low}" for high in (1, 2) for low in range(1, 21)]


@scenario("descriptors are used up, and given back", ways=EACH_SELECTOR)
def starved(run):
    """The server may open five more descriptors, and 200 clients come, each with a message. While they wait it uses
    less than 5 % of a processor, and tells of it at most once a second. Then the limit is lifted: all 200 are served. A
    client that the server turned away comes again, which is counted."""
    server = run.serve()
    start = server.settle()
    soft, hard = resource.prlimit(server.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (start + 5, hard))
    clients = {}
    for number in range(200):
        clients[number] = connect(server.address)
        clients[number].sendall(frame(b"%d" % number))
    time.sleep(0.5)  # The first turns, in which it serves those that it can.
    before, told, seconds = server.cpu_seconds(), len(server.complaints()), run.pick(2, 5)
    time.sleep(seconds)
    share = (server.cpu_seconds() - before) / seconds * 100
    lines = len(server.complaints()) - told
    run.figure(f"{share:.2f} % CPU while starved, {lines} lines in {seconds} s")
    run.check(share < 5, f"it used {share:.1f} % of a processor")
    run.check(lines <= seconds + 1, f"it told {lines} lines in {seconds} s")
    resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (soft, hard))

    turned_away = 0
    for number, client in clients.items():
        try:
            reply = receive_message(client)
        except ConnectionError:
            reply = None
        client.close()
        if reply is None:
            turned_away += 1
            with connect(server.address) as again:
                echo(again, b"%d" % number)
        else:
            run.check(reply == b"%d" % number, f"client {number} got {reply!r}")
    run.figure(f"200 served, {turned_away} of them at the second try")
    left = server.await_descriptors(start)
    run.check(left <= start, f"{left} descriptors at the end, {start} at the start")


@scenario("ten thousand peers are idle, each used once", ways=ALL)
def idle(run):
    """Connections are opened, each echoes one message, and stay. Passes if the resident memory of the server has grown
    by at most 1536 bytes for each with the synchronous handler and 5120 with the other, which is a task for each, and
    the loop does not wake up while nothing happens. (`select` and `poll` look at every descriptor at each turn, so they get fewer. A thread of
    the Swift runtime, libdispatch's, wakes up once a second in any program.)"""
    count = run.pick(2000, 10_000) if run.selector == "epoll" else run.pick(500, 2000)
    server = run.serve()
    for _ in range(10):  # What is made once is not theirs.
        start, before = server.settle(), server.resident()
    body = b"x" * 64
    clients = []
    try:
        for number in range(count):
            clients.append(connect(server.address, source=SOURCES[number % len(SOURCES)]))
            echo(clients[-1], body)
        time.sleep(0.5)
        each = (server.resident() - before) / count
        run.figure(f"{count} connections, {each:.0f} resident bytes each")
        seconds = run.pick(1, 10)
        loop, used = server.loop_thread(), server.cpu_seconds()
        woken = server.wake_ups(loop)
        time.sleep(seconds)
        woken, used = server.wake_ups(loop) - woken, server.cpu_seconds() - used
        run.figure(f"{woken} wake-ups of the loop, {max(0, used) * 1000:.1f} ms CPU in {seconds} s")
        # A page is 4096 bytes: a small crowd cannot be measured to the byte.
        goal = 1536 if run.handler == "sync" else 5120
        run.check(each <= goal + 200_000 / count, f"{each:.0f} resident bytes for each, more than {goal}")
        run.check(woken == 0, f"the loop woke up {woken} times in {seconds} s")
        echo(clients[0], body)
        echo(clients[-1], body)
    finally:
        for client in clients:
            client.close()
    left = server.await_descriptors(start)
    run.check(left <= start, f"{left} descriptors at the end, {start} at the start")
    run.check(not server.complaints(), "it complained")


@scenario("descriptors have high numbers", ways=(("sync", "select"), ("async", "select"), ("sync", "poll")), quick=False)
def high_descriptors(run):
    """As many connections as the server may have descriptors, 20,000 at most, are open at once, which `select` with the
    set of the C library (1024) could not watch. Passes if the last ones are served, and the first ones still are."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = min(soft, 20_000) - 100
    server = run.serve("--idle-time", "none", "--handshake-time", "none")
    start = server.settle()
    clients = []
    try:
        for number in range(count):
            clients.append(connect(server.address, source=SOURCES[number % len(SOURCES)]))
        for client in clients[-100:] + clients[:100]:
            echo(client, b"used")
        run.figure(f"{server.descriptors()} descriptors")
    finally:
        for client in clients:
            client.close()
    left = server.await_descriptors(start, 30)
    run.check(left <= start, f"{left} descriptors at the end, {start} at the start")


@scenario("peers connect and close, half of them with a reset", ways=EACH_SELECTOR)
def connect_and_close(run):
    """A hundred thousand connections are opened and closed at once, every second one with a linger time of zero, which
    resets it. Passes if the server has as many descriptors as before, has printed nothing, and serves."""
    count = run.pick(3000, 100_000) if run.selector == "epoll" else run.pick(2000, 20_000)
    server = run.serve()
    start, before = server.settle(), server.resident()
    begin = time.monotonic()
    for number in range(count):
        client = connect(server.address, source=SOURCES[number % len(SOURCES)])
        if number % 2:
            reset(client)
        else:
            client.close()
    rate = count / (time.monotonic() - begin)
    left = server.await_descriptors(start)
    run.figure(f"{count} at {rate:.0f}/s, {(server.resident() - before) >> 10} KiB more resident")
    run.check(left <= start, f"{left} descriptors at the end, {start} at the start")
    run.check(not server.complaints(), f"it printed {len(server.complaints())} lines")
    echo_once(server.address)


@scenario("health checks connect and close", ways=BOTH)
def health_checks(run):
    """Every 10 ms somebody connects and closes without a byte, as load balancers do. Passes if not one line is printed,
    and clients are served meanwhile."""
    server = run.serve()
    for number in range(run.pick(50, 1000)):
        connect(server.address).close()
        if number % 10 == 0:
            echo_once(server.address)
        time.sleep(0.01)
    run.check(not server.complaints(), f"it printed {len(server.complaints())} lines")


@scenario("peers reset while they wait to be accepted", ways=ALL)
def reset_before_accept(run):
    """The server is stopped (SIGSTOP), 100 clients connect, half of them send a message, and all but every tenth reset
    their connection; then the server goes on. Passes if the tenths, which did not, are served, and so is whoever comes
    next, and no descriptor is left."""
    server = run.serve()
    start = server.settle()
    server.signal(signal.SIGSTOP)
    patient = []
    for number in range(100):
        client = connect(server.address)
        if number % 2:
            client.sendall(frame(b"never read"))
        if number % 10 == 0:
            client.sendall(frame(b"patient"))
            patient.append(client)
        else:
            reset(client)
    server.signal(signal.SIGCONT)
    for client in patient:
        reply = receive_message(client)
        run.check(reply == b"patient", f"a client that waited got {reply!r}")
        client.close()
    echo_once(server.address)
    left = server.await_descriptors(start)
    run.check(left <= start, f"{left} descriptors at the end, {start} at the start")


@scenario("client processes are killed at random", ways=BOTH)
def killed_clients(run):
    """A thousand processes, eight at a time, echo messages of up to 64 KiB until SIGKILL ends them within 30 ms. Passes if
    the server lives, leaks no descriptor, serves, and says of each connection at most what is true of it: that it was
    reset, or ended inside a frame."""
    count = run.pick(100, 1000)
    server = run.serve()
    start, chance = server.settle(), random.Random(1)
    running = []
    for number in range(count):
        child = os.fork()
        if child == 0:
            try:
                pester(server.address, number)
            finally:
                os._exit(0)
        running.append((time.monotonic() + chance.random() * 0.03, child))
        while len(running) == 8 or (number == count - 1 and running):
            running.sort()
            due, child = running.pop(0)
            time.sleep(max(0, due - time.monotonic()))
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    left = server.await_descriptors(start)
    run.check(left <= start, f"{left} descriptors at the end, {start} at the start")
    echo_once(server.address)
    expected = ("Connection reset by peer", "Broken pipe", "the stream ended")
    complaints = server.complaints()
    strange = [line for line in complaints if not any(text in line for text in expected)]
    run.figure(f"{count} killed, {len(complaints)} connections were cut or reset")
    run.check(not strange, f"it said: {strange[:3]}")


def pester(address, seed):
    """Sends and receives for as long as it lives, not always in step."""
    chance = random.Random(seed)
    client = connect(address)
    while True:
        messages = [frame(chance.randbytes(chance.randrange(1 << 16))) for _ in range(3)]
        for message in messages:
            client.sendall(message)
        receive_exactly(client, chance.randrange(1, len(messages[0])))
        if chance.random() < 0.2:
            client.close()
            client = connect(address)


@scenario("the connections in all are limited", ways=BOTH)
def capped(run):
    """With --max-connections 50, fifty are served, twenty more are reset or closed at once, and when the fifty have gone
    the next is served. The refusals are told at most once a second."""
    server = run.serve("--max-connections", "50")
    clients = [connect(server.address) for _ in range(50)]
    for client in clients:
        echo(client, b"in")
    for _ in range(20):
        try:
            with connect(server.address) as client:
                client.sendall(frame(b"out"))
                end = client.recv(10)
        except ConnectionError:
            end = b""
        run.check(end == b"", f"one too many was answered {end!r}")
    run.check(len(server.complaints()) <= 2, f"it printed {len(server.complaints())} lines")
    for client in clients:
        client.close()

    def is_served():
        try:
            echo_once(server.address)
            return True
        except (ConnectionError, Failed):  # Turned away while the others are being closed.
            return False

    run.check(wait(is_served, bool, 5), "nobody was served after all had gone")
