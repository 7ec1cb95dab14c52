"""A model server over HTTP that fails every inference, and knows its models all the same.

`with broken_server(lists={"/v1/models": {...}}) as server: ...`: every POST is answered with 500, each path of `lists`
with that JSON, and `/v2/models/NAME` with 200 for the names of `describes`; everything else is 404.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.http_server import Answering, serving

DESCRIBED = "/v2/models/"


@dataclass
class Broken:
    """Where it is, and the paths that it was asked for with GET."""

    address: str = ""
    got: list[str] = field(default_factory=list)


@contextlib.contextmanager
def broken_server(
    lists: Mapping[str, Any] | None = None, describes: tuple[str, ...] = ()
) -> Iterator[Broken]:
    """Serve until the block ends."""
    server = Broken()

    class Handler(Answering):
        disable_nagle_algorithm = (
            True  # head and body are written apart: each answer would wait 40 ms
        )

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            self._answer(500, {"error": "CUDA error: an illegal memory access was encountered"})

        def do_GET(self) -> None:
            server.got.append(self.path)
            name = self.path.removeprefix(DESCRIBED)
            if lists and self.path in lists:
                self._answer(200, lists[self.path])
            elif name != self.path and name in describes:
                self._answer(200, {"name": name, "versions": ["1"]})
            else:
                self._answer(404, {"error": "not found"})

        def _answer(self, status: int, content: Any) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with serving(Handler) as address:
        server.address = address
        yield server
