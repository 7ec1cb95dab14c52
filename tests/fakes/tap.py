"""A tap that is none: the other end of control's seam, answering pulls with snapshots a test wrote."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from sidecar.tapclient import tap_pb2 as pb
from sidecar.tapclient.frames import FrameReader, encode
from tests.harness.running import START_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
EPOCH = 1_760_000_000_000_000_000


class FakeTap:
    """Holds what the tap would know; answers in a thread of its own. `snapshot` may be changed at any time."""

    def __init__(self, policy: pb.Policy, snapshot: pb.Snapshot | None = None) -> None:
        self.policy = policy
        self.snapshot = snapshot or pb.Snapshot(epoch_unix_nanos=EPOCH, sequence=1)
        self.snapshot.policy_generation = policy.generation
        self.changes: pb.Snapshot | None = None  # the answer to a pull that asks for changes alone
        self.pulls: list[int] = []
        self.offered: list[pb.Policy] = []
        self.named: list[list[str]] = []  # models that control said the server names
        self.scraped: list[int] = []  # snapshots of which control said that somebody has a page
        self.refuse = ""  # a reason to refuse every policy
        self.mute = False  # read pulls but never answer
        self.lines: list[str] = []  # control's log
        self.process: subprocess.Popen[str] | None = None
        self.admin = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._ours: socket.socket | None = None
        self._threads: list[threading.Thread] = []

    @property
    def admin_port(self) -> int:
        """Where control's pages are."""
        port: int = self.admin.getsockname()[1]
        return port

    def start_control(self) -> subprocess.Popen[str]:
        """Start a life of control on a fresh seam and the same admin socket."""
        self._end_life()
        ours, theirs = socket.socketpair()
        self._ours = ours
        fds = {"WAYSIDE_SEAM_FD": theirs.fileno(), "WAYSIDE_ADMIN_FD": self.admin.fileno()}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "sidecar.runtime"],
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                **{key: str(fd) for key, fd in fds.items()},
            },
            pass_fds=tuple(fds.values()),
            stderr=subprocess.PIPE,
            text=True,
            cwd="/",
        )
        theirs.close()
        self._threads = [
            threading.Thread(target=self._read_log, args=(self.process,), daemon=True),
            threading.Thread(target=self._serve, args=(ours,), daemon=True),
        ]
        for thread in self._threads:
            thread.start()
        return self.process

    def push(self, envelope: pb.Envelope) -> None:
        """Send something control did not ask for."""
        assert self._ours is not None
        self._ours.sendall(encode(envelope))

    def close(self) -> None:
        """End control and everything of ours."""
        self._end_life()
        self.admin.close()

    def _end_life(self) -> None:
        """End the present life of control, its threads and descriptors."""
        if self.process is None or self._ours is None:
            return
        self.process.kill()
        self.process.wait()
        with contextlib.suppress(OSError):
            self._ours.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._ours.close()
        assert self.process.stderr is not None
        self.process.stderr.close()
        self.process = None

    def hang_up(self) -> None:
        """Close the seam, as the kernel does when the tap dies."""
        assert self._ours is not None
        self._ours.shutdown(socket.SHUT_RDWR)

    def _serve(self, ours: socket.socket) -> None:
        reader = FrameReader()
        hello = pb.Hello(
            epoch_unix_nanos=self.snapshot.epoch_unix_nanos, tap_version="fake", policy=self.policy
        )
        try:
            ours.sendall(encode(pb.Envelope(hello=hello)))
            while data := ours.recv(65_536):
                for envelope in reader.feed(data):
                    self._take(ours, envelope)
        except OSError:
            return

    def _take(self, ours: socket.socket, envelope: pb.Envelope) -> None:
        body = envelope.WhichOneof("body")
        if body == "pull":
            since = envelope.pull.since
            self.pulls.append(since)
            if not self.mute:
                answer = self.changes if since and self.changes is not None else self.snapshot
                ours.sendall(encode(pb.Envelope(snapshot=answer)))
        elif body == "names":
            self.named.append(list(envelope.names.models))
        elif body == "scraped":
            self.scraped.append(envelope.scraped.sequence)
        elif body == "policy":
            self.offered.append(envelope.policy)
            self.snapshot.policy_error = self.refuse
            if not self.refuse:
                self.policy = envelope.policy
                self.snapshot.policy_generation = envelope.policy.generation

    def _read_log(self, process: subprocess.Popen[str]) -> None:
        assert process.stderr is not None
        for line in process.stderr:
            self.lines.append(line.rstrip("\n"))


def eventually(check: Callable[[], object], within_seconds: float = START_SECONDS) -> object:
    """Return the first true answer of a check; fails with what it last said when none comes in time."""
    deadline = time.monotonic() + within_seconds
    while True:
        answer = check()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"never became true within {within_seconds} s: {check}")
        time.sleep(0.02)
