"""Putting the demo on: server, Wayside, load, in that order; the view; and the way down again, in the other order."""

from __future__ import annotations

import contextlib
import importlib.resources
import signal
import socket
import sys
import tempfile
import threading
import time
import urllib.request
from collections import deque
from pathlib import Path
from types import FrameType

from sidecar.demo.children import Child, DemoError
from sidecar.demo.incident import KEYS, Incidents
from sidecar.demo.keys import Keys
from sidecar.demo.models import MODELS
from sidecar.demo.reading import Document, Sight, fetch, see
from sidecar.demo.show import make_show

HOST = "127.0.0.1"
# Tried first, so that the URLs stay the same from one demo to the next; any free port otherwise.
PREFERRED_PORTS = {"listen": 18001, "admin": 18080, "health": 18081}
START_SECONDS = 20.0
# Nobody waits for this Wayside: its only clients have ended before it.
DRAIN_AT_ONCE = ("--drain-delay=1ms", "--drain=500ms")
INTERVAL_SECONDS = 1.0
RATE_INTERVALS = 5
"""Rates are taken over this many intervals: short enough to move, long enough to be read."""


def perform(for_seconds: float | None, calls_per_second: float, incident: str = "") -> int:
    """Run the demo until its time is over or it is interrupted; return the exit status."""
    stopping = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    children: list[Child] = []
    with tempfile.TemporaryDirectory(prefix="wayside-demo-") as name:
        try:
            ports = {purpose: choose_port(port) for purpose, port in PREFERRED_PORTS.items()}
            start(children, ports, calls_per_second, Path(name))
            watch(children, ports, for_seconds, stopping, incident)
        except DemoError as error:
            print(f"wayside demo: {error}", file=sys.stderr)
            return 1
        finally:
            for child in reversed(children):
                child.stop()
    return 0


def choose_port(preferred: int) -> int:
    """Return the preferred port where it is free, else one that is."""
    for candidate in (preferred, 0):
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((HOST, candidate))
            port: int = probe.getsockname()[1]
            return port
    raise DemoError("no TCP port is free on 127.0.0.1.")


def start(
    children: list[Child], ports: dict[str, int], calls_per_second: float, folder: Path
) -> None:
    """Start the three processes, each once the one before it answers."""
    # -P (Python 3.11) keeps the current folder off the path: it may hold a `sidecar` of its own.
    python = [sys.executable, *(["-P"] if sys.version_info >= (3, 11) else []), "-m"]
    command = [*python, "sidecar.demo.server", f"{HOST}:0"]
    server = Child("model-server", command, folder, listens=True)
    children.append(server)
    server.wait_for("listening", lambda: first_line(server.log) != "", START_SECONDS)

    listen = f"{HOST}:{ports['listen']}"
    config = folder / "wayside.yaml"
    objectives = importlib.resources.files("sidecar.demo").joinpath("wayside.yaml").read_text()
    listeners = f'listeners: [{{listen: "{listen}", upstream: "{first_line(server.log)}"}}]\n'
    # Its protocol has no way to say so.
    limits = ", ".join(f"{model.name}: {model.max_batch}" for model in MODELS.values())
    config.write_text(f"{listeners}server: {{max_batch_size: {{{limits}}}}}\n{objectives}")
    run = ["sidecar", "run", "-c", str(config), *DRAIN_AT_ONCE]
    doors = [f"--{door}={HOST}:{ports[door]}" for door in ("admin", "health")]
    wayside = Child("wayside", [*python, *run, *doors], folder)
    children.append(wayside)
    ready = f"http://{HOST}:{ports['health']}/readyz"
    wayside.wait_for("getting ready", lambda: answers(ready), START_SECONDS)
    wayside.wait_for(
        "serving snapshots", lambda: answers(api_url(ports, "snapshot")), START_SECONDS
    )

    load = [*python, "sidecar.demo.load", listen, str(calls_per_second)]
    children.append(Child("load", load, folder))


def first_line(log: Path) -> str:
    """Return the first line of a log once it is whole."""
    line, end, _rest = log.read_text(errors="replace").partition("\n")
    return line if end else ""


def api_url(ports: dict[str, int], page: str) -> str:
    """Return where Wayside serves a page of its API."""
    return f"http://{HOST}:{ports['admin']}/api/v1/{page}"


def answers(url: str) -> bool:
    """Tell whether a URL answers with success."""
    try:
        with urllib.request.urlopen(url, timeout=1):
            return True
    except OSError:
        return False


def watch(
    children: list[Child],
    ports: dict[str, int],
    for_seconds: float | None,
    stopping: threading.Event,
    incident: str,
) -> None:
    """Show what Wayside sees, once each interval, until told to stop or the time is over."""
    began = time.monotonic()
    until = began + (for_seconds if for_seconds is not None else float("inf"))
    history: deque[Document] = deque(maxlen=RATE_INTERVALS + 1)
    incidents = Incidents(children[0].tell, incident, began)
    with Keys() as keys, make_show(urls_of(ports), hint_of(keys)) as show:
        over = False
        while not over:
            interrupted = stopping.wait(max(0.0, min(INTERVAL_SECONDS, until - time.monotonic())))
            over = interrupted or time.monotonic() >= until
            if not interrupted:
                for child in children:
                    child.check()
            if sight := look(history, ports):
                show.tell(incidents.step(time.monotonic(), sight.firing(), keys.pressed()))
                show.update(sight, last=over)


def urls_of(ports: dict[str, int]) -> list[str]:
    """Return what there is to look at."""
    return [
        f"gRPC, through Wayside: {HOST}:{ports['listen']}",
        f"metrics:               http://{HOST}:{ports['admin']}/metrics",
        f"snapshot:              {api_url(ports, 'snapshot')}",
        f"objectives:            wayside slo --watch --admin {HOST}:{ports['admin']}",
        f"probes:                http://{HOST}:{ports['health']}/readyz",
    ]


def hint_of(keys: Keys) -> str:
    """Say what can be done now."""
    made = ", ".join(f"{key}: {kind}" for key, kind in KEYS.items())
    return f"Ctrl-C ends the demo{f'; an incident: {made}' if keys.listening else ''}"


def look(history: deque[Document], ports: dict[str, int]) -> Sight | None:
    """Take one more snapshot; return what lies between the oldest kept and it, where there are two."""
    try:
        history.append(fetch(api_url(ports, "snapshot")))
        slo = fetch(api_url(ports, "slo"))
    except OSError as error:
        raise DemoError(f"Wayside's snapshot could not be read: {error}") from error
    return see(history[0], history[-1], slo) if len(history) > 1 else None
