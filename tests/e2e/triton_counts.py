"""A Triton called by its own client direct and through Wayside, and every count compared: for tests and proofs.

Nothing here asserts but that the client itself ran: what differs is returned as complaints.
"""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.e2e.triton import Triton
from tests.harness.samples import shapes
from tests.harness.wayside import Wayside, running_wayside
from tests.provision.parts import require

CLIENT = Path(__file__).resolve().parent / "triton_client.py"
CONNECTIONS = 16
FAIL_EVERY = 100
"""As in the client: one unary call in so many is to a model that fails."""
CLIENT_SECONDS = 900.0
UNARY = "inference.GRPCInferenceService/ModelInfer"
STREAM = "inference.GRPCInferenceService/ModelStreamInfer"


def established(address: str) -> int:
    """Count the established connections to an address, as the kernel has them."""
    port = address.rpartition(":")[2]
    command = [str(require("ss")), "-Htn", "state", "established", f"( dport = :{port} )"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return len(listed.splitlines())


def call(triton: Triton, address: str, unary: int, streamed: int) -> dict[str, Any]:
    """Run the client against an address, and check that its channels are as many connections."""
    words = [triton.python, CLIENT, address, CONNECTIONS, unary, streamed]
    with subprocess.Popen(
        [str(word) for word in words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as client:
        assert client.stdout is not None
        try:
            ready = client.stdout.readline().strip()
            assert ready == "ready", client.communicate()[1]
            assert established(address) == CONNECTIONS
            output, complaints = client.communicate("go\n", timeout=CLIENT_SECONDS)
            assert client.returncode == 0, complaints
        finally:
            client.kill()
    seen: dict[str, Any] = json.loads(output)
    return seen


@dataclass
class Compared:
    """What became of the same requests on both ways."""

    requests: int
    """Each way."""
    failing: int
    """Those of them to a model that fails."""
    complaints: list[str] = field(default_factory=list)


def differing(direct: dict[str, Any], through: dict[str, Any]) -> list[str]:
    """Say for which part of its work, on how many connections, the client got something else."""
    wrong = Counter(
        part
        for part in direct
        for here, there in zip(direct[part], through.get(part, ()), strict=False)
        if here != there
    )
    found = [f"{part}: {number} connections got something else" for part, number in wrong.items()]
    if direct.keys() != through.keys() or any(
        len(direct[part]) != len(through[part]) for part in direct
    ):
        found.append("the client did not do the same work")
    return found


def miscounted(wayside: Wayside, unary: int, streamed: int) -> list[str]:
    """Say which count is not what so many requests on each connection are, by model, code, outcome and shape."""
    failing = unary // FAIL_EVERY
    calls, of_unary, of_stream = CONNECTIONS, {"method": UNARY}, {"method": STREAM}
    simple = {"model": "simple", "version": "1", **of_unary}
    wayside.wait_for_total(calls * (unary - failing), "requests", **simple)
    wayside.wait_for_total(2 * calls * streamed, "requests", **of_stream)
    wayside.wait_for_total(2 * calls, "calls", **of_stream)
    wayside.wait_for_total(calls * failing, "calls", **of_unary, code="INTERNAL")
    wanted: list[tuple[int, str, dict[str, str]]] = [
        (calls * (unary - failing), "requests", simple),
        (calls * unary, "requests", of_unary),
        (calls * failing, "calls", {**of_unary, "code": "INTERNAL"}),
        (calls * failing, "calls", {**of_unary, "outcome": "server_error"}),
        (2 * calls, "calls", {**of_stream, "code": "OK"}),
        (2 * calls * streamed, "requests", of_stream),
        *(
            (calls * streamed, "requests", {**of_stream, "model": model})
            for model in ("decoupled", "simple")
        ),
    ]
    found = [
        f"{counted} {what} of {labels}, not {number}"
        for number, what, labels in wanted
        if (counted := wayside.total(what, **labels)) != number
    ]
    shape = {"INT32[-1,16]": calls * (unary - failing + streamed)}
    wayside.running.wait_for(
        lambda: sum(shapes(wayside.metrics(), "simple").values()) >= sum(shape.values())
    )
    if (shown := shapes(wayside.metrics(), "simple")) != shape:
        found.append(f"shapes {shown}, not {shape}")
    return found


def compare(triton: Triton, unary: int, streamed: int) -> Compared:
    """Make the same requests on each of 16 connections direct and through Wayside: unary, and on two streams."""
    direct = call(triton, triton.grpc_address, unary, streamed)
    with running_wayside(triton.grpc_address) as wayside:
        through = call(triton, wayside.address, unary, streamed)
        complaints = differing(direct, through) + miscounted(wayside, unary, streamed)
    return Compared(
        CONNECTIONS * (unary + 2 * streamed), CONNECTIONS * (unary // FAIL_EVERY), complaints
    )
