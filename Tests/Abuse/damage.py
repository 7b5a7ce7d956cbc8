"""Streams that are damaged, and networks that damage them."""

import random
import socket
import threading

import fixtures
from harness import BOTH, EACH_SELECTOR, scenario
from relay import KIND, UNKIND, Relay
from wire import connect, echo_once, frame, receive_to_end, split_messages


@scenario("the recorded streams come damaged", ways=BOTH)
def mutated(run):
    """Every stream of Fixtures/ is sent to a server with its framer, as it is and damaged: bytes flipped, left out, put in,
    repeated, cut off, in pieces. Passes if each connection ends in time, with messages or a complaint, and the server
    lives and serves the next one. The seed is in the figures."""
    chance, seed = random.Random(7), 7
    framers = fixtures.streams()
    count = 0
    for number, (spec, streams) in enumerate(sorted(framers.items())):
        if run.quick and number % 12:
            continue
        server = run.serve("--framer", spec, "--close-time", "1")
        for stream in streams:
            for _ in range(run.pick(4, 20)):
                count += 1
                send_damaged(run, server, spec, damaged(stream, chance) if count % 5 else stream, chance)
        run.check(server.is_alive(), f"{spec}: it ended with {server.process.returncode}")
        status = server.stop(10)
        run.check(status == 0, f"{spec}: it ended with {status}")
    run.check(count > 0, "there is no stream")
    run.figure(f"{count} streams of {len(framers)} framers, seed {seed}")


def send_damaged(run, server, spec, stream, chance):
    with connect(server.address) as client:
        try:
            at = 0
            while at < len(stream):
                size = chance.choice((1, 3, 1000, 1 << 20))
                client.sendall(stream[at:at + size])
                at += size
            client.shutdown(socket.SHUT_WR)
        except ConnectionError:
            pass  # Refused in the middle.
        try:
            receive_to_end(client)
        except Exception:
            run.check(server.is_alive(), f"{spec}: it ended with {server.process.poll()} after {stream[:80]!r}")
            raise


def damaged(stream, chance):
    """The stream with up to four damages."""
    bytes_ = bytearray(stream)
    for _ in range(chance.randrange(1, 5)):
        at = chance.randrange(len(bytes_) + 1)
        kind = chance.randrange(6)
        if kind == 0 and at < len(bytes_):
            bytes_[at] ^= 1 << chance.randrange(8)
        elif kind == 1 and at < len(bytes_):
            bytes_[at] = chance.choice((0, 0x0A, 0x0D, 0x7F, 0x80, 0xFF))
        elif kind == 2:
            del bytes_[at:at + chance.randrange(1, 9)]
        elif kind == 3:
            bytes_[at:at] = chance.randbytes(chance.randrange(1, 9))
        elif kind == 4:
            bytes_[at:at] = bytes_[at:at + 20]
        elif kind == 5 and chance.random() < 0.3:
            del bytes_[at:]
    return bytes(bytes_)


@scenario("the network delays, splits, merges, throttles and stalls", ways=EACH_SELECTOR)
def kind_relay(run):
    """Clients exchange messages of 0 to 60,000 bytes through a relay that does one of these to each connection, from a
    seed. Passes if every client gets exactly its messages back, and then the end."""
    outcomes = through_relay(run, KIND)
    for way, is_whole, text in outcomes:
        run.check(is_whole, f"{way}: {text}")


@scenario("the network cuts and resets connections", ways=EACH_SELECTOR)
def unkind_relay(run):
    """The same through a relay that ends connections in the middle. Passes if every client gets the first of its messages
    back, whole and in order, and then the end or an error, and the server keeps no descriptor of them and serves."""
    outcomes = through_relay(run, UNKIND)
    for way, _, text in outcomes:
        run.check("wrong" not in text, f"{way}: {text}")


def through_relay(run, ways, seed=11):
    server = run.serve()
    start = server.settle()
    relay = Relay(server.address, seed, ways)
    outcomes = []
    count = len(ways) * run.pick(4, 30)
    threads = [threading.Thread(target=lambda number=number: outcomes.append(exchange(relay, number, ways, run)))
               for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    relay.close()
    run.check(len(outcomes) == count, f"{count - len(outcomes)} of {count} clients did not come to an end")
    left = server.await_descriptors(start)
    run.check(left <= start, f"{left} descriptors at the end, {start} at the start")
    echo_once(server.address)
    whole = sum(is_whole for _, is_whole, _ in outcomes)
    run.figure(f"{whole} of {count} connections whole, seed {seed}")
    return outcomes


def exchange(relay, number, ways, run):
    """What became of one client: what was done to it, whether it got everything, and what it got."""
    chance = random.Random(number)
    messages = [chance.randbytes(chance.choice((0, 1, 30, 2000, 60_000))) for _ in range(run.pick(20, 60))]
    way = "/".join(ways)
    try:
        client = connect(relay.address, timeout=60)

        def send():
            try:
                for message in messages:
                    client.sendall(frame(message))
                client.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # The receiver is told.

        sender = threading.Thread(target=send)
        sender.start()
        bytes_, error = receive_to_end(client)
        sender.join()
        client.close()
    except Exception as error:
        return way, False, f"wrong: {error!r}"
    replies, rest = split_messages(bytes_)
    if replies != messages[:len(replies)]:
        return way, False, "wrong: replies are not the messages"
    is_whole = replies == messages and rest == 0 and error is None
    return way, is_whole, f"{len(replies)} of {len(messages)} replies, {rest} bytes behind them, {error or 'the end'}"
