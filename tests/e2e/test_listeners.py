"""Several listeners from one file, before a TCP and a Unix socket, on two data threads."""

from __future__ import annotations

import socket as taken
from pathlib import Path

from sidecar.demo.proto import wayside_demo_oip_pb2 as oip
from tests.fakes.oip import running_oip
from tests.harness.asking import asking
from tests.harness.compiled import h2load
from tests.harness.ports import free_ports
from tests.harness.running import accepts, running, wait_until
from tests.harness.samples import metric
from tests.harness.wayside import COMMAND

CALLS = 400
CONNECTIONS = 8
REQUEST = oip.ModelInferRequest(model_name="resnet50").SerializeToString()


def test_two_listeners_two_kinds_of_upstream_two_threads(tmp_path: Path) -> None:
    """Calls on both listeners arrive, and are told apart where it matters: by upstream."""
    socket = f"unix:{tmp_path}/server.sock"
    first, second, admin, health = (f"127.0.0.1:{port}" for port in free_ports(4))
    with running_oip() as (over_tcp, _), running_oip(socket):
        config = tmp_path / "wayside.yaml"
        config.write_text(
            f"""
listeners:
  - {{listen: "{first}", upstream: "{over_tcp}", name: tcp}}
  - {{listen: "{second}", upstream: "{socket}", name: unix}}
admin: "{admin}"
health: "{health}"
limits: {{threads: 2}}
drain: {{delay: 1ms, total: 1s}}
"""
        )
        with running([COMMAND, "run", "-c", config]) as process:
            for address in (first, second, admin):  # one after another: each is looked at once only
                process.wait_for(lambda at=address: accepts(at))  # type: ignore[misc]
            for address in (first, second):
                load = h2load(address, REQUEST, calls=CALLS, connections=CONNECTIONS, streams=4)
                assert load.statuses == [200] * CALLS
            with asking(f"http://{admin}/metrics", 0.2) as scrapes:
                wait_until(
                    lambda: (
                        bool(scrapes.answers)
                        and metric_or_zero(scrapes.answers[-1], "wayside_calls_total") == 2 * CALLS
                    )
                )
            page = scrapes.answers[-1]
            # One more of each was the look whether it listens.
            for name in ("tcp", "unix"):
                assert metric(page, "wayside_upstream_up", listener=name) == 1
                counted = metric(page, "wayside_upstream_connections_total", listener=name)
                assert CONNECTIONS <= counted <= CONNECTIONS + 2
                assert metric(page, "wayside_upstream_connections_open", listener=name) == 0
            threads = {
                entry.read_text().strip()
                for entry in Path(f"/proc/{process.pid}/task").glob("*/comm")
            }
            assert {"data-0", "data-1"} <= threads


def metric_or_zero(page: str, name: str) -> float:
    """Read a metric that may not be there yet."""
    try:
        return metric(page, name)
    except KeyError:
        return 0


def test_an_admin_port_that_is_taken_does_not_stop_traffic() -> None:
    """Somebody else listens on --admin: that is said, with a remedy, and calls go through all the same."""
    (port,) = free_ports(1)
    listen = f"127.0.0.1:{port}"
    with running_oip() as (upstream, _), taken.create_server(("127.0.0.1", 0)) as other:
        admin = f"127.0.0.1:{other.getsockname()[1]}"
        command: list[str | Path] = [COMMAND, "run", f"--listen={listen}", f"--upstream={upstream}"]
        with running([*command, f"--admin={admin}", "--drain-delay=1ms", "--drain=1s"]) as process:
            process.wait_for(lambda: accepts(listen))
            assert h2load(listen, REQUEST, calls=50).statuses == [200] * 50
            process.wait_for(lambda: f"cannot listen on {admin}" in process.text())
            assert "going on without it" in process.text()
