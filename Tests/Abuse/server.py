"""The server under test: its process, and what the kernel tells about it."""

import functools
import os
import re
import signal
import subprocess
import tempfile
import time

import wire
from harness import Failed, Skipped

EXECUTABLE = os.environ.get("FRAMED_ECHO", ".build/release/framed-echo")


@functools.cache
def help_of(command):
    """What `framed-echo COMMAND --help-all` prints."""
    return subprocess.run([EXECUTABLE, command, "--help-all"], capture_output=True, text=True, timeout=10).stdout


def require_option(option, command="serve"):
    """Skips the scenario if this build does not know the option."""
    if not re.search(rf"(^|\s){re.escape(option)}\b", help_of(command)):
        raise Skipped(f"framed-echo {command} has no option {option}")


class Server:
    """`framed-echo serve` at a free port of `host`."""

    def __init__(self, *options, host="127.0.0.1", prefix=(), port=0):
        # A file, as a pipe that nobody empties would stop the server.
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [*prefix, EXECUTABLE, "serve", "--host", host, "--port", str(port), *options],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.errors)
        self.pid = self.process.pid
        self.is_stopped = False
        line = self.process.stdout.readline().decode()
        match = re.match(r"listening on (.*):(\d+) \(", line)
        if not match:
            self.kill()
            raise Failed(f"serve {' '.join(options)} did not begin: {line!r} {self.complaints()}")
        self.host = match[1].strip("[]")
        self.port = int(match[2])
        self.address = (self.host, self.port)

    # What it says

    def complaints(self):
        """The lines of standard error so far."""
        if self.errors.closed:
            return []
        size = os.fstat(self.errors.fileno()).st_size
        return os.pread(self.errors.fileno(), size, 0).decode(errors="replace").splitlines()

    # What the kernel says

    def is_alive(self):
        return self.process.poll() is None

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def cpu_seconds(self):
        """Processor time of all threads, finer than the ticks of /proc/PID/stat where the kernel counts so."""
        total = 0
        for thread in os.listdir(f"/proc/{self.pid}/task"):
            try:
                with open(f"/proc/{self.pid}/task/{thread}/schedstat") as file:
                    total += int(file.read().split()[0])
            except FileNotFoundError:
                pass  # A thread that has ended, or a kernel that does not count.
        if total:
            return total / 1e9
        with open(f"/proc/{self.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def loop_thread(self):
        """The thread that has worked most: that of the event loop, once there was work."""

        def worked(thread):
            with open(f"/proc/{self.pid}/task/{thread}/schedstat") as file:
                return int(file.read().split()[0])

        return max(os.listdir(f"/proc/{self.pid}/task"), key=worked)

    def wake_ups(self, thread):
        """How often the thread has waited, and so how often it was woken."""
        with open(f"/proc/{self.pid}/task/{thread}/status") as file:
            return sum(int(line.split()[1]) for line in file if line.startswith("voluntary"))

    def resident(self):
        """Resident bytes that are its own."""
        with open(f"/proc/{self.pid}/smaps_rollup") as file:
            return sum(int(line.split()[1]) for line in file if line.startswith(("Private_", "Shared_Dirty"))) * 1024

    # What is waited for

    def settle(self):
        """Lets it serve one client, which makes what is made once, and answers how many descriptors it rests with."""
        wire.echo_once(self.address)
        looks = []

        def look():
            looks.append(self.descriptors())
            return looks[-5:]

        return wait(look, lambda last: len(last) == 5 and len(set(last)) == 1, 5)[-1]

    def await_descriptors(self, count, seconds=10):
        """Waits until it has at most `count` descriptors; answers how many it has then."""
        return wait(lambda: self.descriptors(), lambda found: found <= count, seconds)

    # Its end

    def signal(self, number):
        os.kill(self.pid, number)

    def stop(self, seconds=20):
        """SIGTERM; answers its exit status, or None if it did not end in time."""
        self.signal(signal.SIGTERM)
        return self.wait(seconds)

    def wait(self, seconds):
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def kill(self):
        """Ends it, whatever its state."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def wait(look, is_right, seconds):
    """Looks until what is found is right, or the time is over; answers what was found last."""
    end = time.monotonic() + seconds
    while True:
        found = look()
        if is_right(found) or time.monotonic() > end:
            return found
        time.sleep(0.02)
