"""Reads the recorded streams of Fixtures/, of which the bytes matter here: see Fixtures/README.md."""

import pathlib
import re

ROOT = pathlib.Path(__file__).parents[2] / "Fixtures"
ITEM = re.compile(rb'\s*(?:"((?:[^"\\]|\\.)*)"|([0-9A-Fa-f]+))(?:\*(\d+))?')
ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"0": b"\0"}


def streams(largest=1 << 16):
    """The bytes of each file that is not too large, by framer."""
    found = {}
    for path in sorted(ROOT.rglob("*.frames")):
        spec, bytes_ = None, b""
        for line in path.read_bytes().splitlines():
            line = line.lstrip(b" \t")
            if line.startswith(b"framer "):
                spec = line[7:].strip().decode()
            elif line.startswith(b">"):
                bytes_ += items(line[1:])
        if bytes_ and len(bytes_) <= largest:
            found.setdefault(spec, []).append(bytes_)
    return found


def items(text):
    bytes_, at = b"", 0
    while match := ITEM.match(text, at):
        quoted, pairs, count = match.groups()
        bytes_ += (bytes.fromhex(pairs.decode()) if quoted is None else unescape(quoted)) * int(count or 1)
        at = match.end()
    return bytes_


def unescape(text):
    def replace(match):
        escape = match[1]
        return bytes.fromhex(escape[1:].decode()) if escape[:1] == b"x" else ESCAPES.get(escape, escape)

    return re.sub(rb"\\(x[0-9A-Fa-f]{2}|.)", replace, text)
