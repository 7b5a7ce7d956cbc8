"""Everything that peers do wrong, at once and for a long time."""

import random
import socket
import threading
import time

from harness import BOTH, Failed, scenario
from wire import LIMIT, connect, echo, frame, receive_message, receive_to_end, reset, split_messages

#: What may be called flat: allocators keep a little more from time to time.
SLACK = 1 << 20
#: What a loop may keep of the memory that it lends for reading, however late it first needs so much.
KEPT = 4 << 20
WORKERS = 12


@scenario("everybody misbehaves for as long as --seconds says", ways=BOTH, quick=False)
def endurance(run):
    """Twelve clients at a time stall, reset, vanish, send garbage, lengths beyond the limit and frames that are cut off,
    half-close, or read nothing, and one exchanges messages as it should. Three times in a row, each after the first third
    of which warms up, they pause: passes if the server has as many descriptors as at the start then, and no more memory
    than after the second third but 1 MiB, nor than after the first but what a loop keeps, if every well-behaved message
    was answered, and if it ends with 0."""
    server = run.serve("--message-time", "2", "--write-time", "2", "--close-time", "2")
    start = server.settle()
    held, descriptors, counts = [], [], {}
    for part in range(3):
        crowd = Crowd(server.address, seed=part)
        crowd.run(run.seconds / 3)
        run.check(server.is_alive(), f"it ended with {server.process.poll()}")
        if crowd.failure:
            raise Failed(crowd.failure)
        descriptors.append(server.await_descriptors(start, 15))
        server.settle()
        held.append(server.resident())
        for name, count in crowd.counts.items():
            counts[name] = counts.get(name, 0) + count
    run.figure(f"{sum(counts.values())} connections in {run.seconds:.0f} s: "
               + ", ".join(f"{count} {name}" for name, count in sorted(counts.items())))
    run.figure(f"resident KiB {' '.join(str(size // 1024) for size in held)}")
    run.figure(f"descriptors {start} at first, then {' '.join(map(str, descriptors))}")
    run.check(max(descriptors) <= start, "descriptors are left")
    for before, allowed in [(held[0], KEPT), (held[1], SLACK)]:
        run.check(held[-1] <= before + allowed, f"it has grown by {(held[-1] - before) // 1024} KiB")
    status = server.stop()
    run.check(status == 0, f"it ended with {status}")
    run.figure(f"{len(server.complaints())} lines told")


class Crowd:
    """Clients that misbehave, and one that does not, until the time is over."""

    def __init__(self, address, seed):
        self.address = address
        self.seed = seed
        self.counts = {name: 0 for name in [*MISDEEDS, "exchange"]}
        self.failure = None
        self.lock = threading.Lock()

    def run(self, seconds):
        self.end = time.monotonic() + seconds
        threads = [threading.Thread(target=self.misbehave, args=(number,)) for number in range(WORKERS)]
        threads.append(threading.Thread(target=self.exchange))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def count(self, name):
        with self.lock:
            self.counts[name] += 1

    def misbehave(self, number):
        chance = random.Random(self.seed * WORKERS + number)
        while time.monotonic() < self.end and not self.failure:
            name = chance.choice(list(MISDEEDS))
            try:
                with connect(self.address) as client:
                    MISDEEDS[name](client, chance)
            except ConnectionError:
                pass  # The server had enough of it.
            except Exception as error:
                self.failure = f"{name}: {type(error).__name__}: {error}"
            self.count(name)

    def exchange(self):
        chance = random.Random(self.seed)
        try:
            while time.monotonic() < self.end and not self.failure:
                with connect(self.address) as client:
                    for _ in range(20):
                        echo(client, chance.randbytes(chance.choice((0, 1, 100, 60_000))))
                self.count("exchange")
        except Exception as error:
            self.failure = f"exchange: {type(error).__name__}: {error}"


def stall(client, chance):
    """A part of a frame, and then nothing; longer, at times, than a message may take."""
    client.sendall(frame(bytes(1000))[:chance.randrange(1, 1004)])
    client.settimeout(chance.choice((0.1, 0.5, 4)))
    try:
        client.recv(1)
    except TimeoutError:
        pass


def vanish(client, chance):
    """Nothing at all."""
    if chance.random() < 0.5:
        reset(client)


def reset_inside(client, chance):
    """A reset, behind whole frames and a part of one, with replies unread."""
    client.sendall(frame(b"whole") * chance.randrange(20) + frame(bytes(5000))[:chance.randrange(5000)])
    reset(client)


def send_garbage(client, chance):
    """Random bytes, to the end."""
    client.sendall(chance.randbytes(chance.choice((1, 10, 10_000))))
    client.shutdown(socket.SHUT_WR)
    receive_to_end(client)


def announce_too_much(client, chance):
    """A length beyond the limit: the server says nothing, and closes."""
    client.sendall((LIMIT + 1 + chance.randrange(1 << 20)).to_bytes(4, "big"))
    if receive_to_end(client)[0]:
        raise Failed("there was a reply to a length beyond the limit")


def cut_off(client, chance):
    """Whole frames in small pieces, and the end inside one: the whole ones are answered."""
    bodies = [chance.randbytes(chance.randrange(50)) for _ in range(chance.randrange(5))]
    stream = b"".join(map(frame, bodies)) + frame(bytes(100))[:chance.randrange(1, 104)]
    while stream:
        size = chance.randrange(1, 30)
        client.sendall(stream[:size])
        stream = stream[size:]
    client.shutdown(socket.SHUT_WR)
    received, error = receive_to_end(client)
    if error is None and split_messages(received) != (bodies, 0):
        raise Failed("whole frames in front of one that was cut off were not answered")


def half_close(client, chance):
    """The end of its own side, behind many frames: all are answered."""
    bodies = [chance.randbytes(chance.randrange(2000)) for _ in range(chance.randrange(1, 50))]
    client.sendall(b"".join(map(frame, bodies)))
    client.shutdown(socket.SHUT_WR)
    for body in bodies:
        if receive_message(client) != body:
            raise Failed("a reply behind the end of the requests is missing or another one")
    if receive_message(client) is not None:
        raise Failed("there is one reply too many")


def read_nothing(client, chance):
    """Frames for as long as they are taken, and not one reply read; until the server has enough, at times."""
    client.settimeout(chance.choice((0.2, 4)))
    try:
        for _ in range(1000):
            client.sendall(frame(bytes(60_000)))
    except TimeoutError:
        pass
    if chance.random() < 0.5:
        reset(client)


MISDEEDS = {
    "stall": stall, "vanish": vanish, "reset inside": reset_inside, "garbage": send_garbage,
    "too long": announce_too_much, "cut off": cut_off, "half-close": half_close, "read nothing": read_nothing,
}
