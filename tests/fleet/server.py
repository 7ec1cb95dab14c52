"""The demo's model server, which fails a share of its calls when told to, and says at its end what it received.

`python -m tests.fleet.server SEED`: its first line is its address. A line `failing 0.08` on its standard input has so
many of its calls fail from then on, any other line none. Its last line is `received CALLS, CALLS distinct`.
"""

from __future__ import annotations

import asyncio
import re
import sys

from sidecar.demo.fault import FAILING, Fault
from sidecar.demo.proto import wayside_demo_oip_pb2 as oip
from sidecar.demo.server import Context, InferenceService, serve

_RECEIVED = re.compile(r"^received (\d+), (\d+) distinct$", re.M)


class FailingShare(Fault):
    """A share of the calls of every model fails; none at first."""

    def __init__(self) -> None:
        """Begin well."""
        super().__init__()
        self.ratio = 0.0

    def become(self, kind: str) -> None:
        """Fail the share that the line says."""
        word, _, ratio = kind.partition(" ")
        self.ratio = float(ratio) if word == FAILING else 0.0
        self.kind = kind if self.ratio else ""

    def fails(self, model: str, draw: float) -> bool:
        """Say whether a call fails; `draw`, even in [0, 1), decides."""
        return draw < self.ratio


class CountingService(InferenceService):
    """Knows each call by the id of its request, so that one that comes twice is seen."""

    def __init__(self, seed: int) -> None:
        """Have received nothing."""
        super().__init__(seed, FailingShare())
        self.received = 0
        self.ids: set[str] = set()

    async def infer(
        self, request: oip.ModelInferRequest, context: Context
    ) -> oip.ModelInferResponse:
        """Count, then answer."""
        self.received += 1
        self.ids.add(request.id)
        return await super().infer(request, context)


def received(log: str) -> tuple[int, int]:
    """Return (calls, distinct calls) of a server that has ended, from its log."""
    found = _RECEIVED.search(log)
    if found is None:
        raise ValueError(f"the server did not say what it received: {log[-500:]!r}")
    return int(found[1]), int(found[2])


async def main(seed: int) -> None:
    """Serve until told to end."""
    service = CountingService(seed)
    await serve("127.0.0.1:0", service)
    print(f"received {service.received}, {len(service.ids)} distinct", flush=True)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
