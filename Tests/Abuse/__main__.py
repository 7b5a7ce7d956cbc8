"""The command line of Scripts/abuse."""

import argparse
import resource
import sys
import textwrap

from harness import SCENARIOS, Run, perform
import crowds, damage, draining, endurance, ends, network, signals, slowness  # noqa: F401, E401: they register


def arguments():
    parser = argparse.ArgumentParser(prog="Scripts/abuse", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="part of the name of a scenario")
    parser.add_argument("--quick", action="store_true", help="the short set, with smaller figures")
    parser.add_argument("--network", action="store_true", help="only what needs a network of its own")
    parser.add_argument("--list", action="store_true", help="print the scenarios")
    parser.add_argument("--handler", help="only this handler")
    parser.add_argument("--selector", help="only this selector")
    parser.add_argument("--seconds", type=float, default=Run.seconds, help="how long what has no end of its own goes on")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def main():
    given = arguments()
    Run.seconds = given.seconds
    chosen = [
        one for one in SCENARIOS
        if (not given.names or any(name in one.name for name in given.names))
        and (one.quick or not given.quick)
        and (given.names or one.network == given.network or not (given.quick or given.network))]
    if not chosen:
        sys.exit(f"abuse: there is no scenario called {' or '.join(given.names)}; --list prints them")
    if given.list:
        for one in chosen:
            print(one.name + ("" if one.quick else " (not with --quick)"))
            print(textwrap.indent(textwrap.fill(one.story.replace("\n", " "), 110), "    "))
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if given.inside:
        return network.run_inside(chosen[0], (given.handler, given.selector), given.quick)
    counts = {"pass": 0, "FAIL": 0, "skip": 0}
    for one in chosen:
        for handler, selector in one.ways_of(given.quick and not given.selector):
            if given.handler not in (None, handler) or given.selector not in (None, selector):
                continue
            run = network.perform_inside if one.network else perform
            verdict, text, seconds = run(one, (handler, selector), given.quick)
            counts[verdict] += 1
            print(f"{verdict}  {one.name:<58} {handler + ' ' + selector:<12} {seconds:6.1f} s  {text}", flush=True)
    print(f"{counts['pass']} passed, {counts['FAIL']} failed, {counts['skip']} skipped")
    sys.exit(1 if counts["FAIL"] else 0)


main()
