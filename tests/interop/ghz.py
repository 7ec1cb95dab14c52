"""ghz: calls at a constant rate, each of which must end as it would have without Wayside, and be counted once."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from tests.interop.route import miscounted, odd, route_to, serving
from tests.interop.verdicts import PASSED, Report, SuiteError, failed
from tests.provision.parts import require

CALLS_PER_SECOND = 500
CONNECTIONS = 4
WORKERS = 16
RESPONSE_BYTES = 256
SLACK_SECONDS = 600.0
PROTO = Path(__file__).resolve().parent / "test_service.proto"


@dataclass(frozen=True)
class Ghz:
    """ghz at a constant rate for some time, against grpc-go's interop server."""

    seconds: int
    tools: tuple[str, ...] = ("ghz", "grpc-interop-server")

    @property
    def name(self) -> str:
        """What the table calls it."""
        return f"ghz, {CALLS_PER_SECOND}/s for {self.seconds} s"

    def run(self, through: bool, only: Collection[str]) -> Report:
        """Make all calls; the cases are the statuses they ended with."""
        calls = CALLS_PER_SECOND * self.seconds
        with serving("grpc-interop-server", "--port") as server, route_to(server, through) as route:
            verdicts = verdicts_in(run_ghz(route.address, calls), calls)
            account = route.account()
        if account is None:
            return Report(verdicts)
        return Report(verdicts, (*odd(account), *miscounted(account, {"OK": calls})))


def run_ghz(address: str, calls: int) -> str:
    """Make calls at the constant rate and return ghz's report."""
    target = ("--insecure", f"--proto={PROTO}", "--call=grpc.testing.TestService/UnaryCall")
    load = (f"--total={calls}", f"--rps={CALLS_PER_SECOND}", f"--concurrency={WORKERS}")
    done = subprocess.run(
        [
            *(str(require("ghz")), *target, *load, f"--connections={CONNECTIONS}"),
            *(f"--data={json.dumps({'response_size': RESPONSE_BYTES})}", "--format=json", address),
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=calls / CALLS_PER_SECOND + SLACK_SECONDS,
        check=False,
    )
    if done.returncode:
        raise SuiteError(f"ghz failed: {done.stderr}")
    return done.stdout


def verdicts_in(report: str, calls: int) -> dict[str, str]:
    """Read ghz's report: one case for the number of calls, one for each status they ended with."""
    read = json.loads(report)
    statuses: dict[str, int] = read["statusCodeDistribution"]
    if not read["count"]:
        raise SuiteError("ghz made no calls")
    verdicts = {f"{calls} calls": PASSED if read["count"] == calls else failed(f"{read['count']}")}
    for status, number in statuses.items():
        verdicts[status] = PASSED if status == "OK" and number == calls else failed(f"{number}")
    return verdicts
