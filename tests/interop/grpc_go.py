"""The interop cases of gRPC, by grpc-go's client against grpc-go's server.

Left out, because they need credentials of a cloud: compute_engine_creds, service_account_creds, jwt_token_creds,
per_rpc_creds, oauth2_auth_token, google_default_credentials, compute_engine_channel_credentials.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from tests.interop.route import Route, miscounted, odd, route_to, serving
from tests.interop.verdicts import PASSED, Report, failed
from tests.provision.parts import require

CASE_SECONDS = 300.0
SOAK_CALLS = 100
# The backend metrics cases judge a balancer that only this names.
ORCA_BALANCER = json.dumps({"loadBalancingConfig": [{"test_backend_metrics_load_balancer": {}}]})
SOAK = (f"--soak_iterations={SOAK_CALLS}", "--soak_overall_timeout_seconds=30")
ORCA = (f"--service_config_json={ORCA_BALANCER}",)
DATE = re.compile(r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d ")


@dataclass(frozen=True)
class Case:
    """A case: the calls that it makes, by code, as read in the client's source, and the flags that it needs."""

    calls: Mapping[str, int]
    flags: tuple[str, ...] = ()


COUNTED_CASES = {
    "empty_unary": Case({"OK": 1}),
    "large_unary": Case({"OK": 1}),
    "client_streaming": Case({"OK": 1}),
    "server_streaming": Case({"OK": 1}),
    "ping_pong": Case({"OK": 1}),
    "empty_stream": Case({"OK": 1}),
    "cancel_after_first_response": Case({"CANCELLED": 1}),
    "status_code_and_message": Case({"UNKNOWN": 2}),
    "special_status_message": Case({"UNKNOWN": 1}),
    "custom_metadata": Case({"OK": 2}),
    "unimplemented_method": Case({"UNIMPLEMENTED": 1}),
    "unimplemented_service": Case({"UNIMPLEMENTED": 1}),
    # This server tells no id, so that the case gives up after its first call, on either way.
    "pick_first_unary": Case({"OK": 1}),
    "rpc_soak": Case({"OK": SOAK_CALLS}, SOAK),
    "channel_soak": Case({"OK": SOAK_CALLS}, SOAK),
}

# Their number of calls is a matter of timing: a call that is given up at once, and often enough (1 of 15, direct, on a
# busy machine) before its head was sent; a deadline of 1 ms that may pass before that; and a balancer whose stream of
# reports may begin before the client leaves, or not.
UNCOUNTED_CASES = {
    "cancel_after_begin": Case({}),
    "timeout_on_sleeping_server": Case({}),
    "orca_per_rpc": Case({}, ORCA),
    "orca_oob": Case({}, ORCA),
}


@dataclass(frozen=True)
class GrpcGo:
    """grpc-go's interop client and server."""

    name: str = "grpc-go interop"
    tools: tuple[str, ...] = ("grpc-interop-client", "grpc-interop-server")

    def run(self, through: bool, only: Collection[str]) -> Report:
        """Run the cases one by one; those whose calls can be told before a Wayside of their own."""
        verdicts: dict[str, str] = {}
        complaints: list[str] = []
        for group in (COUNTED_CASES, UNCOUNTED_CASES):
            cases = {name: case for name, case in group.items() if not only or name in only}
            with (
                serving("grpc-interop-server", "--port") as server,
                route_to(server, through) as route,
            ):
                verdicts |= {name: run_case(name, case, route) for name, case in cases.items()}
                if account := route.account():
                    complaints += odd(account)
                    if group is COUNTED_CASES:
                        complaints += miscounted(account, expected_calls(cases))
        return Report(verdicts, tuple(complaints))


def run_case(name: str, case: Case, route: Route) -> str:
    """Run the client with one case and return the verdict."""
    where = ("--server_host=127.0.0.1", f"--server_port={route.port}")
    done = subprocess.run(
        [require("grpc-interop-client"), *where, f"--test_case={name}", *case.flags],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        timeout=CASE_SECONDS,
        check=False,
    )
    return PASSED if done.returncode == 0 else failed(reason_in(done.stderr))


def reason_in(log: str) -> str:
    """Find why the client gave up: its last line, without the date."""
    return DATE.sub("", (log.strip().splitlines() or ["no reason given"])[-1])


def expected_calls(cases: Mapping[str, Case]) -> dict[str, int]:
    """Add up the calls that cases make, by code."""
    calls: Counter[str] = Counter()
    for case in cases.values():
        calls.update(case.calls)
    return dict(calls)
