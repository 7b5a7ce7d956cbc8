#!/usr/bin/env python3
"""A peer that no one here wrote: the receivers of twisted.protocols.basic, with nothing added but the echo.

usage: peer.py client PORT PROTOCOL COUNT    sends COUNT messages of many sizes, and compares what comes back
       peer.py server PROTOCOL               prints its port, and echoes until its standard input ends

PROTOCOL is int8, int16, int32, netstring or line.
"""

import sys

from twisted.internet import protocol, reactor, stdio
from twisted.protocols import basic

#: The receiver, the method that gets a message, the one that sends one, and the longest message.
PROTOCOLS = {
    "int8": (basic.Int8StringReceiver, "stringReceived", "sendString", 255),
    "int16": (basic.Int16StringReceiver, "stringReceived", "sendString", 65_535),
    "int32": (basic.Int32StringReceiver, "stringReceived", "sendString", 300_000),
    "netstring": (basic.NetstringReceiver, "stringReceived", "sendString", 300_000),
    "line": (basic.LineReceiver, "lineReceived", "sendLine", 50_000),
}


def message(number, name):
    """The message of that number: its size covers none, a few bytes, and many segments."""
    largest = PROTOCOLS[name][3]
    case = number % 8
    size = {0: 0, 1: number % 256, 2: number * 7919 % (largest + 1)}.get(case, number * 31 % 200)
    if number % 64 == 3:
        size = largest
    bytes_ = bytes((at * 7 + number) % 256 for at in range(256)) * (size // 256 + 1)
    if name == "line":  # A line holds neither CR nor LF.
        bytes_ = bytes_.replace(b"\r", b"r").replace(b"\n", b"n")
    return bytes_[:min(size, largest)]


def peer(name, received, connected=lambda self: None, lost=lambda self: None):
    """The receiver of that name, with what it does at these events."""
    base, method, _, largest = PROTOCOLS[name]
    # Not told otherwise, Twisted forgets the replies that wait when its peer ends its side.
    return type("Peer", (base,), {
        "MAX_LENGTH": largest + 1, method: received,
        "connectionMade": lambda self: (base.connectionMade(self), connected(self)),
        "connectionLost": lambda self, reason: lost(self)})


class Client:
    """Sends in slices, so that it receives in between."""

    def __init__(self, name, count):
        self.name, self.count, self.replies, self.sent, self.fault = name, count, 0, 0, None
        self.send = PROTOCOLS[name][2]

    def connected(self, connection):
        for _ in range(20):
            if self.sent < self.count:
                getattr(connection, self.send)(message(self.sent, self.name))
                self.sent += 1
        if self.sent < self.count:
            reactor.callLater(0, self.connected, connection)

    def received(self, connection, reply):
        if reply != message(self.replies, self.name):
            self.fault = f"reply {self.replies} of {len(reply)} bytes is not its message"
            return connection.transport.abortConnection()
        self.replies += 1
        if self.replies == self.count:
            connection.transport.loseConnection()

    def lost(self, _):
        reactor.stop()


def run_client(port, name, count):
    client = Client(name, count)
    factory = protocol.ClientFactory()
    factory.protocol = peer(
        name, lambda self, reply: client.received(self, reply), client.connected, client.lost)
    factory.clientConnectionFailed = lambda _, reason: (print(reason, file=sys.stderr), reactor.stop())
    reactor.connectTCP("127.0.0.1", port, factory)
    reactor.run()
    if client.fault or client.replies != count:
        sys.exit(client.fault or f"the end came after {client.replies} of {count} replies")
    print(f"{count} messages echoed")


def run_server(name):
    factory = protocol.ServerFactory()
    factory.protocol = peer(name, lambda self, message: getattr(self, PROTOCOLS[name][2])(message))
    port = reactor.listenTCP(0, factory, interface="127.0.0.1")
    print(f"listening on {port.getHost().port}", flush=True)
    standard_input = protocol.Protocol()
    standard_input.connectionLost = lambda *_: reactor.stop()
    stdio.StandardIO(standard_input)
    reactor.run()


if sys.argv[1] == "client":
    run_client(int(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
else:
    run_server(sys.argv[2])
