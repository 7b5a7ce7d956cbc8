"""A network that loses, refuses and forgets. Each scenario runs in a network namespace of its own, which needs no rights."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time

from harness import BOTH, EACH_SELECTOR, Failed, Skipped, perform, scenario
from server import EXECUTABLE, require_option, wait
from slowness import pump
from wire import connect, echo, echo_once, frame, payload, receive_message


def perform_inside(chosen, way, quick):
    """Like `perform`, in a new namespace, by a new process of this program."""
    command = [sys.executable, "-B", os.path.dirname(__file__), "--inside", "--handler", way[0], "--selector", way[1]]
    unshare = shutil.which("unshare")
    if not unshare or subprocess.run([unshare, "-rn", "true"], capture_output=True).returncode:
        return "skip", "no network namespace can be made here (unshare -rn)", 0
    begin = time.monotonic()
    result = subprocess.run(
        [unshare, "-rn", *command, *(["--quick"] if quick else []), chosen.name],
        capture_output=True, text=True, timeout=900)
    try:
        return json.loads(result.stdout.splitlines()[-1])
    except (ValueError, IndexError):
        return "FAIL", f"it ended with {result.returncode}: {result.stderr[-300:]!r}", time.monotonic() - begin


def run_inside(chosen, way, quick):
    ip("link", "set", "lo", "up")
    print(json.dumps(perform(chosen, way, quick)))


def command(name, package, *arguments, text=None, may_fail=False):
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if not path:
        raise Skipped(f"{name} is missing; it comes with the package {package}")
    done = subprocess.run([path, *arguments], input=text, capture_output=True, text=True, timeout=20)
    if "syntax error" in done.stderr:
        raise RuntimeError(done.stderr)  # Ours.
    if done.returncode and not may_fail:
        raise Skipped(f"{name} {' '.join(arguments)}: {(done.stderr.strip() or 'failed').splitlines()[0]}")
    return done


def ip(*arguments):
    return command("ip", "iproute2", *arguments)


def filter_input(*rules):
    """nftables rules for what comes in, instead of those before."""
    lines = "\n".join(rules)
    command("nft", "nftables", "-f", "-", text=(
        "table inet abuse\ndelete table inet abuse\n"
        f"table inet abuse {{\nchain input {{\ntype filter hook input priority 0\n{lines}\n}}\n}}\n"))


def forget_filters():
    command("nft", "nftables", "delete", "table", "inet", "abuse")


def set_kernel(key, value):
    try:
        with open("/proc/sys/" + key.replace(".", "/"), "w") as file:
            file.write(str(value))
    except OSError as error:
        raise Skipped(f"{key} cannot be set: {error.strerror}") from None


def exchange(run, server, total, **options):
    """Echoes so many bytes; the checksums have to be equal. Answers the seconds."""
    messages = [frame(payload(size, seed=size)) for size in (1, 70_000, 100, 0, 4097)]
    begin = time.monotonic()
    with connect(server.address, timeout=30, **options) as client:
        sent, received = pump(client, messages, total, lambda: None)
    run.check(sent == received, "the checksums differ")
    return time.monotonic() - begin


@scenario("network: every twentieth packet is lost", ways=EACH_SELECTOR, network=True)
def loss(run):
    """nftables drops 5 % of all packets, at random. Passes if the checksums of an echoed stream are equal."""
    server = run.serve()
    filter_input("numgen random mod 100 < 5 drop")
    total = run.pick(2 << 20, 20 << 20)
    run.figure(f"{total >> 20} MiB in {exchange(run, server, total):.1f} s")
    forget_filters()
    run.check(not server.complaints(), "it complained")


@scenario("network: a firewall resets a connection", ways=EACH_SELECTOR, network=True)
def rejected(run):
    """In the middle of an exchange, what the server sends to one client is rejected with a reset. Passes if the server
    closes that connection and says why at most, and another client is served all the time."""
    server = run.serve()
    start = server.settle()
    victim, other = connect(server.address), connect(server.address)
    echo(victim, b"before")
    echo(other, b"before")
    filter_input(f"tcp dport {victim.getsockname()[1]} reject with tcp reset")
    victim.sendall(frame(b"the reply to this is rejected"))
    left = server.await_descriptors(start + 1, 5)
    run.check(left <= start + 1, "the connection stays open")
    echo(other, b"after")
    victim.close()
    other.close()
    told = server.complaints()
    run.figure(f"{len(told)} lines")
    run.check(all("reset" in line.lower() for line in told), f"it said {told[:2]}")


@scenario("network: a peer vanishes without a word", ways=EACH_SELECTOR, network=True)
def black_hole(run):
    """All packets of two clients are dropped from some moment on: one has replies to take, the other is idle. With
    --write-time 2 and --idle-time 3, passes if both are closed within a few seconds, and another client is served."""
    server = run.serve("--write-time", "2", "--idle-time", "3", "--close-time", "1")
    start = server.settle()
    busy, idle = connect(server.address), connect(server.address)
    echo(busy, b"before")
    echo(idle, b"before")
    ports = [client.getsockname()[1] for client in (busy, idle)]
    busy.setblocking(False)
    try:  # It reads nothing, so that replies wait in the server.
        while True:
            busy.send(frame(payload(60_000)))
    except BlockingIOError:
        pass
    filter_input(*(f"tcp {side} {port} drop" for side in ("sport", "dport") for port in ports))
    begin = time.monotonic()
    left = server.await_descriptors(start, 10)
    run.figure(f"both closed after {time.monotonic() - begin:.1f} s")
    run.check(left <= start, f"{left - start} are open after 10 s")
    echo_once(server.address)


@scenario("network: a dead peer is noticed", ways=BOTH, network=True)
def dead_peer(run):
    """All packets of two clients are dropped, one idle and one with a small reply on its way, with --dead-peer-time 2 and
    no other limit. Passes if both connections are closed within 6 seconds."""
    require_option("--dead-peer-time")
    server = run.serve("--dead-peer-time", "2", "--write-time", "none", "--idle-time", "none", "--message-time", "none")
    start = server.settle()
    busy, idle = connect(server.address), connect(server.address)
    echo(busy, b"before")
    echo(idle, b"before")
    port = busy.getsockname()[1]
    filter_input(f"tcp dport {port} drop")
    busy.sendall(frame(b"the reply to this is lost"))
    filter_input(*(f"tcp {side} {one}  drop" for side in ("sport", "dport") for one in (port, idle.getsockname()[1])))
    begin = time.monotonic()
    left = server.await_descriptors(start, 10)
    run.figure(f"both closed after {time.monotonic() - begin:.1f} s")
    run.check(left <= start, f"{left - start} are open after 10 s")
    run.check(time.monotonic() - begin < 6.5, "it took longer than 6 s")


@scenario("network: packets are small", ways=EACH_SELECTOR, network=True)
def small_packets(run):
    """The loopback carries packets of 576 bytes, then of 68. Passes if the checksums of an echoed stream are equal."""
    server = run.serve()
    for mtu, total in ((576, run.pick(2 << 20, 50 << 20)), (68, run.pick(200_000, 2 << 20))):
        ip("link", "set", "lo", "mtu", str(mtu))
        run.figure(f"MTU {mtu}: {total / 1e6:.1f} MB in {exchange(run, server, total):.1f} s")


@scenario("network: the line carries four megabits a second", ways=BOTH, network=True)
def token_bucket(run):
    """A token bucket cuts the stream into reads of any size. Passes if the checksums are equal and the server grows by
    less than 2 MiB."""
    server = run.serve()
    server.settle()
    before = server.resident()
    ip("link", "set", "lo", "mtu", "1500")
    command("tc", "iproute2", "qdisc", "add", "dev", "lo", "root", "tbf", "rate", "4mbit", "burst", "32kbit",
            "latency", "400ms")
    total = run.pick(300_000, 4_000_000)
    run.figure(f"{total / 1e6:.1f} MB in {exchange(run, server, total):.1f} s")
    grown = server.resident() - before
    run.check(grown < 2 << 20, f"it grew by {grown >> 10} KiB")


@scenario("network: buffers are the smallest on both sides", ways=BOTH, network=True)
def smallest_both(run):
    """The kernel gives every socket of this namespace, the server's too, the smallest buffers. Passes if the checksums of an
    echoed stream are equal."""
    ip("link", "set", "lo", "mtu", "576")
    set_kernel("net.ipv4.tcp_rmem", "2304 2304 2304")
    set_kernel("net.ipv4.tcp_wmem", "4608 4608 4608")
    server = run.serve()
    total = run.pick(1 << 20, 100 << 20)
    run.figure(f"{total >> 20} MiB in {exchange(run, server, total):.1f} s")


@scenario("network: the line is down, and up again", ways=EACH_SELECTOR, network=True)
def line_down(run):
    """The loopback goes down, a client sends, and a second later it comes up. Passes if the server uses no processor while
    it is down, the message is answered then, and who connects then is served."""
    server = run.serve()
    server.settle()
    client = connect(server.address)
    echo(client, b"before")
    ip("link", "set", "lo", "down")
    client.sendall(frame(b"while it is down"))
    before = server.cpu_seconds()
    time.sleep(1)
    used = server.cpu_seconds() - before
    ip("link", "set", "lo", "up")
    run.check(receive_message(client) == b"while it is down", "the message was not answered")
    run.check(used < 0.05, f"it used {used:.2f} s of a second")
    echo_once(server.address)
    client.close()
    run.check(not server.complaints(), "it complained")


@scenario("network: nobody answers a client that connects", ways=[("sync", "epoll")], network=True)
def no_answer(run):
    """First packets are dropped. `framed-echo send --connect-time 2` has to give up after two seconds, within 10 %, and say
    so, with the status of a server that cannot be had (69)."""
    require_option("--connect-time", command="send")
    server = run.serve()
    filter_input(f"tcp dport {server.port} drop")
    begin = time.monotonic()
    done = send(server, "--connect-time", "2", "hello", timeout=20)
    seconds = time.monotonic() - begin
    run.figure(f"gave up after {seconds:.2f} s: {done.stderr.strip()}")
    run.check(done.returncode == 69, f"it ended with {done.returncode}")
    run.check(1.8 <= seconds <= 2.4, "it did not give up after 2 s")


def send(server, *arguments, timeout=10):
    return subprocess.run(
        [EXECUTABLE, "send", "--host", server.host, "--port", str(server.port), *arguments],
        capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL)


@scenario("network: a firewall limits connections", ways=BOTH, network=True)
def counted(run):
    """nftables lets ten connections in, and rejects others with a reset. Passes if ten clients are served, `framed-echo
    send` says in one line that nobody listens, with 69, and gets through when one of the ten has gone."""
    server = run.serve()
    filter_input(f"tcp dport {server.port} tcp flags & (syn|ack) == syn ct count over 10 reject with tcp reset")
    clients = [connect(server.address) for _ in range(10)]
    for client in clients:
        echo(client, b"in")
    done = send(server, "out")
    run.check(done.returncode == 69 and len(done.stderr.splitlines()) == 1, f"{done.returncode}: {done.stderr!r}")
    for client in clients:
        client.close()
    run.check(wait(lambda: send(server, "in").returncode, lambda found: found == 0, 10) == 0, "nobody gets in later")


@scenario("network: a firewall answers first", ways=BOTH, network=True)
def syn_proxy(run):
    """nftables' synproxy shakes hands for the server. Passes if 50 clients are served, and a stream is whole."""
    server = run.serve()
    set_kernel("net.netfilter.nf_conntrack_tcp_loose", 0)
    command("nft", "nftables", "-f", "-", text=(
        "table ip abuse {\n"
        f" chain raw {{ type filter hook prerouting priority -300; tcp dport {server.port} tcp flags syn notrack; }}\n"
        f" chain input {{ type filter hook input priority 0; tcp dport {server.port} ct state invalid,untracked "
        "synproxy mss 1460 wscale 7 timestamp sack-perm; ct state invalid drop; }\n}\n"))
    for _ in range(50):
        echo_once(server.address)
    exchange(run, server, 1 << 20)


@scenario("network: only one version of IP", ways=[("sync", "epoll")], network=True)
def versions(run):
    """Servers at 127.0.0.1, ::1, 0.0.0.0 and :: serve what they say, whatever net.ipv6.bindv6only is: one at :: serves IPv4
    only with --dual-stack."""
    for only in (0, 1):
        set_kernel("net.ipv6.bindv6only", only)
        for host, options, serves_four, serves_six in (
                ("127.0.0.1", (), True, False), ("0.0.0.0", (), True, False), ("::1", (), False, True),
                ("::", (), False, True), ("::", ("--dual-stack",), True, True)):
            server = run.serve(*options, host=host)
            for client, is_served in (("127.0.0.1", serves_four), ("::1", serves_six)):
                found = accepts((client, server.port))
                run.check(found == is_served, f"bindv6only={only}: {host} {' '.join(options)}"
                          f" {'serves' if found else 'refuses'} {client}")
            server.kill()


def accepts(address):
    try:
        echo_once(address)
        return True
    except OSError:
        return False


@scenario("network: a thousand clients come to a backlog of one", ways=BOTH, quick=False, network=True)
def backlog_of_one(run):
    """The listener has room for one connection that waits, and a thousand clients come, fifty at a time, with a message each.
    Most of their first packets are lost, which the kernel sends again, here every second. Passes if all are served; a
    client that the kernel has kept waiting in vain, with a reset, comes again, and is counted."""
    for key in ("tcp_syn_linear_timeouts", "tcp_syn_retries", "tcp_synack_retries"):
        set_kernel("net.ipv4." + key, 127)
    server = run.serve("--backlog", "1", "--handshake-time", "none")
    counts, lock = {"served": 0, "again": 0}, threading.Lock()
    begin = time.monotonic()

    def come():
        for _ in range(20):
            while time.monotonic() < begin + 240:
                try:
                    echo_once(server.address, timeout=60)
                    outcome = "served"
                except (OSError, Failed):
                    outcome = "again"
                with lock:
                    counts[outcome] += 1
                if outcome == "served":
                    break

    threads = [threading.Thread(target=come) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run.figure(f"{counts['served']} served in {time.monotonic() - begin:.1f} s, {counts['again']} came again")
    run.check(counts["served"] == 1000, "not all were served")


@scenario("network: packets are late and out of order", ways=BOTH, network=True)
def reordered(run):
    """`tc netem` delays packets by 50 to 150 ms and reorders a quarter. Passes if the checksums are equal."""
    server = run.serve()
    done = command("tc", "iproute2", "qdisc", "add", "dev", "lo", "root", "netem", "delay", "100ms", "50ms",
                   "reorder", "25%", may_fail=True)
    if done.returncode:
        raise Skipped("the kernel has no sch_netem")
    run.figure(f"1 MiB in {exchange(run, server, 1 << 20):.1f} s")


@scenario("network: one of two listeners of a port stops", ways=BOTH, network=True)
def one_of_two(run):
    """Two servers share a port (--reuse-port), and one is stopped with SIGTERM while clients come, without and with
    net.ipv4.tcp_migrate_req. Passes if with it every connection is served; without it, the loss is counted."""
    require_option("--reuse-port")
    for migrate in (0, 1):
        set_kernel("net.ipv4.tcp_migrate_req", migrate)
        first = run.serve("--reuse-port")
        second = run.serve("--reuse-port", port=first.port)
        lost, stopping = 0, None
        for number in range(run.pick(400, 4000)):
            if number == 200:
                second.signal(15)
            try:
                echo_once(first.address)
            except (OSError, Failed):
                lost += 1
        run.figure(f"tcp_migrate_req={migrate}: {lost} lost")
        run.check(migrate == 0 or lost == 0, f"{lost} connections were lost")
        first.kill()
        second.kill()
