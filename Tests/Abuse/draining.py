"""SIGTERM while there is work."""

import selectors
import signal
import socket
import threading
import time

from harness import ALL, BOTH, EACH_SELECTOR, scenario
from server import require_option, wait
from slowness import Talker, stalled, talk
from wire import connect, echo_once, frame, payload, receive_message, receive_to_end, split_messages


@scenario("SIGTERM comes under load", ways=EACH_SELECTOR)
def under_load(run):
    """Clients send numbered messages as fast as they are answered, eight in flight each, when SIGTERM comes. A message
    that was sent before the signal has to be answered; one that was sent after it may be, and otherwise its client has to
    see the end of the stream, or a reset, behind whole replies, so that it knows what to send again. Passes if so for
    each client in each of several rounds, and the server ends with 0."""
    rounds, late = run.pick(3, 20), 0
    answered = 0
    for _ in range(rounds):
        server = run.serve()
        clients = [Pipeliner(server.address, window=8) for _ in range(16)]
        over = threading.Event()
        worker = threading.Thread(target=drive, args=(clients, over))
        worker.start()
        time.sleep(0.3)
        signalled = time.monotonic()
        status = server.stop(20)
        over.set()
        worker.join()
        run.check(status == 0, f"it ended with {status}")
        for client in clients:
            run.check(client.is_right, "a reply was cut, or not what was sent")
            lost = [sent for sent in client.unanswered if sent < signalled]
            run.check(not lost, f"{len(lost)} messages that were sent before SIGTERM were not answered"
                      f" (the stream ended with {client.end})")
            late += len(client.unanswered)
            answered += client.answered
    run.figure(f"{answered} answered in {rounds} rounds; {late} sent after the signal were not, and their clients know")


@scenario("SIGTERM comes while replies wait", ways=EACH_SELECTOR)
def replies_wait(run):
    """Twenty clients send messages without reading, until the server takes no more. It is stopped (SIGSTOP), and the kernel
    tells how many bytes it has taken from each: those that were sent less those that wait in either socket. Then come
    SIGTERM and SIGCONT, and the clients send the rest of the message that they have begun, and read. Passes if every message of which the server had taken the last byte is
    answered, no reply is cut, and it ends with 0."""
    server = run.serve()
    message = frame(payload(3000))
    crowd = [Talker(server.address, message, 1 << 20) for _ in range(20)]
    talk(crowd, reading=False, until=lambda: stalled(crowd), seconds=30)
    server.signal(signal.SIGSTOP)
    time.sleep(0.1)
    waiting = queues(server.port)
    for one in crowd:
        port = one.socket.getsockname()[1]
        one.taken = (one.sent - waiting.get(port, 0)) // len(message)
    server.signal(signal.SIGTERM)
    server.signal(signal.SIGCONT)
    for one in crowd:
        one.left, one.expected = (1 if one.at else 0), None  # The rest of the message that has begun; up to the end.
    talk(crowd, reading=True, until=lambda: all(one.error for one in crowd), seconds=20)
    taken = answered = sent = 0
    for one in crowd:
        replies, rest = divmod(one.received, len(message))
        run.check(one.is_right, "a reply is not the message")
        run.check(isinstance(one.error, EOFError), f"instead of the end came {one.error or 'nothing for 20 s'}")
        run.check(rest == 0, f"a reply was cut after {rest} bytes")
        run.check(replies >= one.taken, f"{one.taken} were taken, {replies} answered")
        answered, taken, sent = answered + replies, taken + one.taken, sent + one.sent // len(message)
    status = server.wait(20)
    run.figure(f"{sent} sent, {taken} taken at the signal, {answered} answered, exit status {status}")
    run.check(taken > 1000, "it had taken nothing worth the test")
    run.check(status == 0, f"it ended with {status}")


def queues(server_port):
    """For each client's port, the bytes that wait in its socket to be sent, or in the server's to be read."""
    waiting = {}
    with open("/proc/net/tcp") as file:
        for line in file.readlines()[1:]:
            _, local, remote, _, sizes = line.split()[:5]
            local, remote = (int(one.rpartition(":")[2], 16) for one in (local, remote))
            unsent, unread = (int(one, 16) for one in sizes.split(":"))
            if remote == server_port:
                waiting[local] = waiting.get(local, 0) + unsent
            elif local == server_port:
                waiting[remote] = waiting.get(remote, 0) + unread
    return waiting


@scenario("SIGTERM comes when a thousand messages are half sent", ways=BOTH)
def mid_message(run):
    """A thousand connections have sent half of a message when SIGTERM comes; 300 ms later each sends the other half.
    Passes if each is answered and then sees the end of the stream, and the server ends with 0."""
    count = run.pick(300, 1000)
    server = run.serve()
    message = frame(payload(1000))
    clients = [connect(server.address) for _ in range(count)]
    for client in clients:
        client.sendall(message[:500])
    # The last byte to come is read when a later connection is answered: turns are in order.
    echo_once(server.address)
    time.sleep(0.3)
    server.signal(signal.SIGTERM)
    time.sleep(0.3)
    unanswered, endings = 0, {}
    for client in clients:
        try:
            client.sendall(message[500:])
        except OSError as error:
            endings[str(error)] = endings.get(str(error), 0) + 1
    for client in clients:
        bytes_, error = receive_to_end(client)
        unanswered += bytes_ != message
        if error:
            endings[str(error)] = endings.get(str(error), 0) + 1
        client.close()
    status = server.wait(20)
    run.figure(f"{count - unanswered} of {count} answered, exit status {status}")
    run.check(unanswered == 0, f"{unanswered} of {count} were not answered {endings}")
    run.check(status == 0, f"it ended with {status}")


@scenario("SIGTERM comes to idle connections", ways=ALL)
def idle_connections(run):
    """Fifty connections have been used and are idle when SIGTERM comes. Passes if each sees the end of the stream and no
    error, nobody can connect then, and the server ends with 0 within three seconds though the clients stay open."""
    server = run.serve()
    clients = [connect(server.address) for _ in range(50)]
    for client in clients:
        client.sendall(frame(b"used"))
        run.check(receive_message(client) == b"used", "a message was not answered")
    begin = time.monotonic()
    server.signal(signal.SIGTERM)
    for client in clients:
        bytes_, error = receive_to_end(client)
        run.check(bytes_ == b"" and error is None, f"an idle client saw {bytes_!r} and {error}")
    try:
        connect(server.address, timeout=1).close()
        run.check(server.wait(0) is not None, "it still accepts when its clients have seen the end")
    except OSError:
        pass
    status = server.wait(10)
    run.figure(f"ended after {time.monotonic() - begin:.2f} s")
    run.check(status == 0, f"it ended with {status}")
    run.check(time.monotonic() - begin < 3, "it took longer than three seconds")
    for client in clients:
        client.close()


@scenario("SIGTERM comes, and the health port tells", ways=EACH_SELECTOR)
def health(run):
    """The health port says ready. With --drain-delay 1, after SIGTERM it says draining while new clients are still served, for
    about a second; then nobody can connect, a message that has begun is awaited, and the port still says draining. Passes
    if so, and the server ends with 0 when the message is whole."""
    require_option("--health-port")
    server = run.serve("--health-port", "0", "--drain-delay", "1")
    line = server.process.stdout.readline().decode()
    port = int(line.rsplit(":", 1)[1])

    def state():
        with connect((server.host, port)) as client:
            return receive_to_end(client)[0]

    begun = connect(server.address)
    begun.sendall(frame(b"begun")[:6])
    echo_once(server.address)
    run.check(state() == b"ready\n", f"it said {state()!r}")
    server.signal(signal.SIGTERM)
    begin = time.monotonic()
    said = wait(state, lambda said: said == b"draining\n", 1)
    run.check(said == b"draining\n", f"after SIGTERM it said {said!r}")
    echo_once(server.address)

    def is_refused():
        try:
            connect(server.address).close()
            return False
        except ConnectionRefusedError:
            return True

    run.check(wait(is_refused, bool, 5), "it accepted for more than five seconds")
    seconds = time.monotonic() - begin
    run.figure(f"accepted for {seconds:.2f} s after the signal")
    run.check(seconds > 0.9, "it did not accept for a second")
    run.check(state() == b"draining\n", "the health port says nothing while a message is awaited")
    begun.sendall(frame(b"begun")[6:])
    bytes_, error = receive_to_end(begun)
    run.check(bytes_ == frame(b"begun") and error is None, f"the message that had begun was answered with {bytes_!r}")
    begun.close()
    status = server.wait(10)
    run.check(status == 0, f"it ended with {status}")


@scenario("a peer never ends its message, and SIGTERM comes twice", ways=BOTH)
def twice(run):
    """A client has sent half of a message, and does not go on. SIGTERM comes, and half a second later another, which skips
    what the first one waits for. Passes if the server ends within two seconds of the second, says how many connections it
    has cut, and ends with 75, which is not 0."""
    server = run.serve()
    client = connect(server.address)
    client.sendall(frame(bytes(1000))[:500])
    echo_once(server.address)
    time.sleep(0.1)
    server.signal(signal.SIGTERM)
    time.sleep(0.5)
    run.check(server.is_alive(), "it did not wait for the message at all")
    server.signal(signal.SIGTERM)
    status = server.wait(2)
    client.close()
    run.figure(f"exit status {status}")
    run.check(status is not None, "it did not end within two seconds of the second signal")
    run.check(status == 75, f"it ended with {status}")
    run.check(any("cut" in line and line.endswith("1") for line in server.complaints()), "it does not say what it cut")


class Pipeliner:
    """A client with so many numbered messages in flight."""

    def __init__(self, address, window):
        self.socket = connect(address)
        self.socket.setblocking(False)
        self.window = window
        self.number = 0
        self.answered = 0
        self.received = b""
        self.unanswered = []  # When the last byte of each was handed to the kernel.
        self.bodies = []
        self.rest = b""
        self.end = None
        self.is_right = True

    def fill(self):
        """Sends while there is room in the window; a message counts from its last byte on."""
        while self.end is None and (self.rest or len(self.unanswered) < self.window):
            if not self.rest:
                body = b"%d " % self.number + b"x" * (self.number * 37 % 2000)
                self.number += 1
                self.bodies.append(body)
                self.rest = frame(body)
            try:
                count = self.socket.send(self.rest)
            except BlockingIOError:
                return
            except OSError:
                # What came before has still to be read.
                self.rest = b""
                self.window = 0
                return
            self.rest = self.rest[count:]
            if not self.rest:
                self.unanswered.append(time.monotonic())

    def take(self):
        try:
            part = self.socket.recv(1 << 16)
        except BlockingIOError:
            return
        except OSError as error:
            self.end = error.strerror
            return
        if not part:
            self.end = "the end"
            self.is_right = self.is_right and not self.received
            return
        replies, rest = split_messages(self.received + part)
        self.received = (self.received + part)[-rest:] if rest else b""
        for reply in replies:
            self.is_right = self.is_right and self.bodies.pop(0) == reply
            self.unanswered.pop(0)
            self.answered += 1


def drive(clients, over):
    """Lets the clients send and receive until all of their streams have ended."""
    readiness = selectors.DefaultSelector()
    for client in clients:
        readiness.register(client.socket, selectors.EVENT_READ, client)
        client.fill()
    deadline = None
    while readiness.get_map():
        for key, _ in readiness.select(0.1):
            client = key.data
            client.take()
            if client.end is None:
                client.fill()
            else:
                readiness.unregister(client.socket)
                client.socket.close()
        if over.is_set():
            deadline = deadline or time.monotonic() + 3
            if time.monotonic() > deadline:
                break
