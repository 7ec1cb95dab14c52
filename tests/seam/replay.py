"""Recorded frames played to a control process, one answer at a time, and the pages it then shows.

`python -m tests.seam.replay` writes the pages of tests/data/seam/pages anew: after a change that is meant to show.
"""

from __future__ import annotations

import gzip
import json
import re
import socket
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sidecar.tapclient import tap_pb2 as pb
from sidecar.tapclient.frames import FrameReader, encode
from tests.fakes.tap import FakeTap, eventually
from tests.seam.record import FRAMES, control_settings

PAGES = FRAMES.parent / "pages"
OPENMETRICS = "application/openmetrics-text; version=1.0.0"
PAGE_SECONDS = 60.0
# Name of the file: path, and what is accepted.
SHOWN = {
    "index.txt": ("/", "*/*"),
    "metrics.txt": ("/metrics", "text/plain"),
    "metrics.openmetrics": ("/metrics", OPENMETRICS),
    "snapshot.json": ("/api/v1/snapshot", "application/json"),
    "slo.json": ("/api/v1/slo", "application/json"),
    "blind.json": ("/api/v1/blind", "application/json"),
}
# What control costs, and for how long it has been looking, is its own and of the moment: everything else follows from
# the frames.
OWN = (
    (r"^(wayside_control_(?:cpu_seconds_total|resident_memory_bytes)) .*$", r"\1 0"),
    (r"^(wayside_replica_window_seconds\{.*\}) .*$", r"\1 0"),
    (r'(?<="control": {\n)(  "cpu_seconds":) .*(,\n  "resident_bytes":) [0-9]+', r"\1 0\2 0"),
    (r'("(?:covered_seconds|since_unix_nanos|fires_in_seconds)":) [0-9.]+', r"\1 0"),
)


def recorded() -> tuple[pb.Hello, list[list[pb.Envelope]]]:
    """Read the hello, and for each answer the frames that came with it, up to the flush."""
    envelopes = list(FrameReader().feed(gzip.decompress(FRAMES.read_bytes())))
    hello, answers = envelopes[0].hello, list[list[pb.Envelope]]()
    for envelope in envelopes[1:]:
        body = envelope.WhichOneof("body")
        if body == "flush":
            break
        if body == "snapshot":
            answers.append([])
        if answers:
            answers[-1].append(envelope)
    return hello, answers


class Replay(FakeTap):
    """A tap that says again what another one said, one answer when it is told to."""

    def __init__(self) -> None:
        hello, self.answers = recorded()
        hello.policy.control_settings = control_settings()
        super().__init__(hello.policy)
        self._hello = hello
        self._may_answer = threading.Semaphore(0)
        self._told = 0

    def tell_next(self) -> int:
        """Answer one more pull; return the sequence number of that answer."""
        answer = self.answers[self._told]
        self._told += 1
        self._may_answer.release()
        sequence: int = answer[0].snapshot.sequence
        return sequence

    def _serve(self, ours: socket.socket) -> None:
        reader = FrameReader()
        answers = iter(self.answers)
        try:
            ours.sendall(encode(pb.Envelope(hello=self._hello)))
            while data := ours.recv(65_536):
                for envelope in reader.feed(data):
                    if envelope.WhichOneof("body") == "pull":
                        self._may_answer.acquire()
                        ours.sendall(b"".join(encode(each) for each in next(answers)))
        except (OSError, StopIteration):
            return

    def close(self) -> None:
        """End control; a thread that waits to answer is let go."""
        self._may_answer.release(len(self.answers))
        super().close()

    def page(self, path: str, accept: str) -> str:
        """Fetch a page, without what control costs."""
        url = f"http://127.0.0.1:{self.admin_port}{path}"
        request = urllib.request.Request(url, headers={"accept": accept})
        with urllib.request.urlopen(request, timeout=PAGE_SECONDS) as got:
            text: str = got.read().decode()
        for pattern, replaced in OWN:
            text = re.sub(pattern, replaced, text, flags=re.MULTILINE)
        return text

    def sequence(self) -> int:
        """Read which answer the pages are of. The tap holds their socket: a dead control must not be waited for."""
        assert self.process is not None
        assert self.process.poll() is None, "\n".join(self.lines)
        found: int = json.loads(self.page("/api/v1/snapshot", "*/*"))["sequence"]
        return found


@contextmanager
def replaying() -> Iterator[Replay]:
    """Run a control process before recorded frames."""
    replay = Replay()
    try:
        replay.start_control()
        yield replay
    finally:
        replay.close()


def pages() -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the pages after each answer."""
    with replaying() as replay:
        for number in range(len(replay.answers)):
            sequence = replay.tell_next()
            eventually(lambda wanted=sequence: replay.sequence() == wanted, 60)  # type: ignore[misc]
            yield number, {name: replay.page(*how) for name, how in SHOWN.items()}


def chosen(count: int) -> set[int]:
    """Choose the answers whose pages are kept: the first, one in the middle, the last."""
    return {0, count // 2, count - 1}


def golden(number: int, name: str) -> Path:
    """Return where a page is kept."""
    return PAGES / f"{number:02}-{name}"


def main() -> None:
    """Write the pages."""
    PAGES.mkdir(exist_ok=True)
    for old in PAGES.iterdir():
        old.unlink()
    keep = chosen(len(recorded()[1]))
    for number, shown in pages():
        if number in keep:
            for name, text in shown.items():
                golden(number, name).write_text(text)


if __name__ == "__main__":
    main()
