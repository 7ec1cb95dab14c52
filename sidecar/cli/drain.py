"""`wayside drain`: what SIGTERM does before the end, without the end. A preStop hook: it returns when it is over."""

from __future__ import annotations

import select
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sidecar.cli.exit_codes import BAD_CONFIG, FAILED, OK

if TYPE_CHECKING:
    import argparse
    import http.client

DEFAULT_HEALTH = "127.0.0.1:9465"
# The tap answers when it is over; whoever looks on is told this often that it is still waited for.
WORD_SECONDS = 5.0
# Sentences for people; nothing that is longer is one of the tap's.
MAX_ANSWER_BYTES = 4096

_EPILOG = """\
what happens: /readyz fails at once; new connections are taken for drain.delay, so that load balancers have time to
notice; then the port closes, each open connection is told to move on, and what is left at drain.total is cut. The
process goes on until SIGTERM, and answers probes and /metrics.

with drain.final_scrape: the process stays after SIGTERM until somebody has read /metrics; a read between the drain and
SIGTERM will do. This command does not wait for it, so that the model server may end.
terminationGracePeriodSeconds must hold drain.total, drain.final_scrape and 6 s.

as a preStop hook of Wayside's own container (health must be on, e.g. --health :9465):
  lifecycle: {preStop: {exec: {command: [wayside, drain]}}}

from another container of the pod, which shares its loopback: POST http://127.0.0.1:9465/drain
From anywhere else, the kubelet's httpGet included, it is refused but for who sends what the file holds of
`health: {listen: ":9465", drain_token_file: FILE}`:
  curl -X POST -H "authorization: Bearer $(cat FILE)" http://POD:9465/drain

exit status: 0 drained, 1 not (the reason and what to do are on stderr), 2 bad flags or configuration
"""


class _NotDrained(Exception):
    """It could not be done; the text says why and what to do."""


class _BadConfig(Exception):
    """The configuration does not say where to ask; the text says what to do."""


@dataclass(frozen=True)
class _Place:
    """Where to ask, and as who."""

    host: str
    port: int
    token: str = ""

    def __str__(self) -> str:
        """Write it as people do."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `drain`."""
    import argparse

    parser = subparsers.add_parser(
        "drain",
        help="let calls finish, then return",
        description="Drain the Wayside that runs here: take no new connections, let calls finish, return when done.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "-c",
        "--config",
        metavar="FILE",
        default="",
        help="wayside.yaml: its health address counts, and its drain_token_file",
    )
    where.add_argument(
        "--health",
        metavar="H:P",
        default=DEFAULT_HEALTH,
        help=f"where its probes are answered; `:9465` means this machine (default {DEFAULT_HEALTH})",
    )
    parser.add_argument(
        "--timeout",
        metavar="D",
        default="",
        help="wait no longer than this, e.g. 25s; the drain goes on without (default: until it is over, "
        "which drain.total bounds)",
    )
    parser.set_defaults(main=_drain, parser=parser)


def _drain(arguments: argparse.Namespace) -> int:
    from sidecar.config.quantities import QuantityError, duration_nanos, listen_address

    try:
        patience = duration_nanos(arguments.timeout) / 1e9 if arguments.timeout else None
        place = _within(listen_address(arguments.health))
        if arguments.config:
            place = _configured(arguments.config)
        _ask(place, patience)
    except QuantityError as error:
        arguments.parser.error(f"{error.what}. {error.hint}")
    except _BadConfig as error:
        print(error, file=sys.stderr)
        return BAD_CONFIG
    except _NotDrained as error:
        print(f"not drained: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("no longer waited for; the drain goes on", file=sys.stderr)
        raise
    print("drained")
    return OK


def _configured(file: str) -> _Place:
    """Return where a configuration has its probes answered. Raises _BadConfig."""
    from sidecar.config.compile import compile_policy
    from sidecar.config.sources import Sources

    compiled = compile_policy(Sources(file))
    policy = compiled.policy
    if policy is None:
        raise _BadConfig(f"{compiled.problems[0]}\nsee `wayside check {file}`")
    if not policy.health:
        raise _BadConfig(
            f'{file}: health is off. Write `health: ":9465"` and restart Wayside, or name the address that it was '
            "started with: wayside drain --health :9465"
        )
    return _within(policy.health, _token(policy.drain_token_file))


def _token(file: str) -> str:
    """Return what a token file holds. Where that is nothing, loopback may do without: the tap will say."""
    try:
        with open(file, encoding="latin-1") as handle:
            return handle.read(MAX_ANSWER_BYTES).strip()
    except OSError:
        return ""


def _within(address: str, token: str = "") -> _Place:
    """Return where to connect so that the peer is loopback: what listens on every interface does so there, too."""
    host, _, port = address.rpartition(":")
    everywhere = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "[::]": "::1"}
    return _Place(everywhere.get(host, host.strip("[]")), int(port), token)


def _ask(place: _Place, patience: float | None) -> None:
    """Ask to drain and wait for the answer. Raises _NotDrained."""
    # Here, as every command loads this file: `wayside run` would start later by 25 ms.
    import http.client

    began = time.monotonic()
    connection = http.client.HTTPConnection(place.host, place.port, timeout=patience)
    headers = {"authorization": f"Bearer {place.token}"} if place.token else {}
    try:
        connection.request("POST", "/drain", headers=headers)
        print(f"draining {place}: waiting until the last call is over", flush=True)
        _wait(connection, began, patience)
        answer = connection.getresponse()
        text = answer.read(MAX_ANSWER_BYTES).decode(errors="replace").strip()
    except TimeoutError as error:
        raise _NotDrained(
            f"{place} has not answered within {patience:g} s; the drain may go on. Give --timeout more than drain.total"
        ) from error
    except OSError as error:
        raise _NotDrained(
            f"{place}: {error.strerror or error}. Is `wayside run` up, and are its probes there? They are off unless "
            "--health or `health:` says where"
        ) from error
    except http.client.HTTPException as error:
        raise _NotDrained(
            f"{place} does not speak HTTP. Is it what --health of `wayside run` says?"
        ) from error
    finally:
        connection.close()
    if (answer.status, text) != (http.HTTPStatus.OK, "drained"):
        raise _NotDrained(f"{place} answered {answer.status}: {text}")


def _wait(connection: http.client.HTTPConnection, began: float, patience: float | None) -> None:
    """Wait until the answer begins, with a word now and then. Raises TimeoutError."""
    while True:
        waited = time.monotonic() - began
        if patience is not None and waited >= patience:
            raise TimeoutError
        pause = WORD_SECONDS if patience is None else min(WORD_SECONDS, patience - waited)
        if select.select([connection.sock], [], [], pause)[0]:
            return
        print(f"still waiting, {time.monotonic() - began:.0f} s", flush=True)
