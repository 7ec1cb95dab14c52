"""In the place of control: pulls as control does, and writes every frame of the tap to a file.

Started by wayside-tap as `python -m tests.seam.recorder FILE`.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator

from sidecar.tapclient import tap_pb2 as pb
from sidecar.tapclient.frames import FrameReader, encode

TICK_SECONDS = 1.0
WHOLE_EVERY = 5
"""So often everything is asked for, as control does now and then."""


def received(seam: socket.socket) -> Iterator[pb.Envelope | None]:
    """Yield what comes; None when it is time to pull again."""
    reader = FrameReader()
    seam.settimeout(TICK_SECONDS)
    while True:
        try:
            data = seam.recv(65_536)
        except TimeoutError:
            yield None
            continue
        if not data:
            return
        yield from reader.feed(data)


def without_places(hello: pb.Envelope) -> pb.Envelope:
    """Leave out where things lay on the machine of the recording: control is to look at none of it again."""
    del hello.hello.policy.control.argv[:]
    hello.hello.policy.control_settings = b""
    return hello


def main(file: str) -> None:
    """Record until the tap ends."""
    seam = socket.socket(fileno=int(os.environ["WAYSIDE_SEAM_FD"]))
    since, pulls = 0, 0
    with open(file, "wb") as record:
        for envelope in received(seam):
            if envelope is None or envelope.WhichOneof("body") == "hello":
                if envelope is not None:
                    record.write(encode(without_places(envelope)))
                since = 0 if pulls % WHOLE_EVERY == 0 else since
                pulls += 1
                seam.sendall(encode(pb.Envelope(pull=pb.Pull(since=since))))
                continue
            if envelope.WhichOneof("body") == "snapshot":
                since = envelope.snapshot.sequence
            record.write(encode(envelope))
            record.flush()


if __name__ == "__main__":
    main(sys.argv[1])
