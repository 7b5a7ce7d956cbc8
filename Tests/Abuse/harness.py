"""What a scenario is, how it is judged, and how a run of several is printed."""

import inspect
import sys
import time
import traceback

HANDLERS = ("sync", "async")
SELECTORS = ("epoll", "poll", "select")
#: Both handlers on the usual selector.
BOTH = tuple((handler, "epoll") for handler in HANDLERS)
#: Each selector, and each handler at least once.
EACH_SELECTOR = (("sync", "epoll"), ("async", "epoll"), ("sync", "poll"), ("async", "select"))
#: Every handler on every selector.
ALL = tuple((handler, selector) for selector in SELECTORS for handler in HANDLERS)

SCENARIOS = []


class Failed(Exception):
    """The server did not do what it should."""


class Skipped(Exception):
    """This machine, or this build, cannot do it; the text says why."""


class Scenario:
    def __init__(self, function, name, ways, quick, network, tries):
        self.function = function
        self.name = name
        self.ways = ways
        self.quick = quick
        self.network = network
        self.tries = tries

    @property
    def story(self):
        return inspect.getdoc(self.function)

    def ways_of(self, quick):
        """All of its ways, or two for a quick run: each handler once, on selectors that differ from scenario to scenario."""
        if not quick or len(self.ways) <= 2:
            return self.ways
        sync, async_ = ([way for way in self.ways if way[0] == handler] for handler in HANDLERS)
        turn = SCENARIOS.index(self)
        return sync[turn % len(sync)], async_[(turn + 1) % len(async_)]


def scenario(name, ways=BOTH, quick=True, network=False, tries=1):
    """Registers a function of one `Run` under a name in words.

    - ways: pairs of a handler and a selector; the function runs once for each.
    - quick: whether `--quick` runs it, with the smaller of its figures.
    - network: whether it needs a network of its own.
    - tries: how often a failure is tried again, for what a busy machine can spoil.
    """

    def register(function):
        SCENARIOS.append(Scenario(function, name, tuple(ways), quick, network, tries))
        return function

    return register


class Run:
    """One scenario in one way: what it may use, and what it found."""

    #: How long a scenario goes on that has no end of its own.
    seconds = 60

    def __init__(self, way, quick):
        self.handler, self.selector = way
        self.quick = quick
        self.figures = []
        self.servers = []

    def pick(self, quick, full):
        """The figure for a quick run, or for a full one."""
        return quick if self.quick else full

    def figure(self, text):
        """Notes a result that the table shows."""
        self.figures.append(text)

    def check(self, condition, text):
        if not condition:
            raise Failed(text)

    def serve(self, *options, **settings):
        """A server in the way of this run, stopped at the end of the run at the latest."""
        from server import Server

        server = Server("--handler", self.handler, "--selector", self.selector, *options, **settings)
        self.servers.append(server)
        return server

    def clean_up(self):
        for server in self.servers:
            server.kill()


def perform(chosen, way, quick):
    """Runs one scenario; answers its verdict, its figures or reason, and its seconds."""
    begin = time.monotonic()
    for attempt in range(chosen.tries):
        run = Run(way, quick)
        try:
            chosen.function(run)
            verdict, text = "pass", ", ".join(run.figures)
        except Skipped as reason:
            verdict, text = "skip", str(reason)
        except Failed as reason:
            verdict, text = "FAIL", "; ".join([str(reason), *run.figures])
        except Exception as error:  # Also one of ours must not end the other scenarios.
            place = traceback.extract_tb(error.__traceback__)[-1]
            verdict = "FAIL"
            text = f"{type(error).__name__}: {error} (line {place.lineno} of {place.name}); " + ", ".join(run.figures)
        finally:
            run.clean_up()
        # What it complained of is the better half of a failure.
        if verdict == "FAIL":
            complaint = " | ".join(line for server in run.servers for line in server.complaints()[-3:])
            if complaint:
                text += f"; it said: {complaint}"
        if verdict != "FAIL":
            break
        if attempt + 1 < chosen.tries:
            print(f"      {chosen.name}: again, after: {text}", file=sys.stderr)
    return verdict, text, time.monotonic() - begin
