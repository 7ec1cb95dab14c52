"""Servers of many models and methods of which there is much to tell, as the tap would."""

from __future__ import annotations

from collections.abc import Sequence

from sidecar.model.profiles import Profile
from sidecar.model.snapshot import Snapshot
from sidecar.tapclient import tap_pb2 as pb
from tests.fakes import facts
from tests.fakes.facts import INFER, STREAM
from tests.fakes.published import published, server_reading

# Two that answer in one piece, and one that streams.
METHODS = (INFER, STREAM, "/v2/models/{model}/infer")


def many_models(models: int, codes: Sequence[str] = ("OK", "INTERNAL")) -> pb.Snapshot:
    """Return what there is of so many models with three methods each, and these codes of each method."""
    names = [f"model-{number}" for number in range(models)]
    answer = facts.snapshot(
        counters=[
            facts.calls(
                name, method=method, code=code, outcome="ok" if code == "OK" else "server_error"
            )
            for name in names
            for method in METHODS
            for code in codes
        ],
        timings=[
            facts.timing(name, method, failed=code != "OK")
            for name in names
            for method in METHODS
            for code in codes
        ],
        flights=[facts.flight(name, open_requests=1) for name in names],
        tokens=[
            facts.tokens(name, direction) for name in names for direction in ("input", "output")
        ],
        batch_limits=[facts.batch_limit(name) for name in names],
        shapes=[facts.shapes(name) for name in names],
    )
    for timing in answer.timings:
        timing.batch_size.CopyFrom(facts.sizes(1, 2, 8))
    return answer


def busy(models: int, profile: Profile = Profile.DEFAULT) -> Snapshot:
    """Publish the moment of such a server, which tells numbers of its own as well."""
    return published(many_models(models), server=server_reading(), profile=profile)
