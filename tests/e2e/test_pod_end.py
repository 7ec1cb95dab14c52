"""A pod of deploy/example begins and ends as a kubelet has it, with the configuration and hook that Wayside is given.

The hook runs while there is still a model server, which sleeps meanwhile; SIGTERM comes when that has ended.
"""

from __future__ import annotations

import contextlib
import signal
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.e2e.door import END_SECONDS, Door, new_door
from tests.e2e.test_drain import open_stream
from tests.fakes.oip import running_oip
from tests.harness.deployed import mounted, wayside
from tests.harness.running import accepts, wait_until
from tests.harness.wayside import COMMAND

pytestmark = pytest.mark.e2e

PHASE = "stand-in"
LONG = "10m"
"""Longer than any of this takes on any machine; nothing waits for so long unless it fails."""


def test_calls_end_before_the_server_and_wayside_after_its_last_counts_were_read(
    tmp_path: Path,
) -> None:
    door = new_door()
    with contextlib.ExitStack() as model_server:
        upstream, _ = model_server.enter_context(running_oip())
        with door.open(upstream, "-c", str(patient(tmp_path))) as sidecar:
            wait_until(lambda: door.status("/livez") == 200)
            assert door.status("/readyz") == 503, "nobody has scraped it"
            wait_until(lambda: is_scraped(door) and door.status("/readyz") == 200)
            with ThreadPoolExecutor() as kubelet, open_stream(door, threading.Event()):
                hooked = kubelet.submit(hook, door)
                wait_until(lambda: door.status("/readyz") == 503)
                wait_until(lambda: not accepts(door.listen))
                assert not hooked.done(), "a call is open"
            assert hooked.result(END_SECONDS) == "drained"
            model_server.close()
            assert door.status("/livez") == 200, "only the model server was told to end"
            sidecar.process.send_signal(signal.SIGTERM)
            # A page counts once it was made after the last call: the first one read may be older.
            wait_until(lambda: not is_scraped(door))
            assert sidecar.process.wait(END_SECONDS) == 0
            assert "scraped a last time" in sidecar.text()
            assert "cutting" not in sidecar.text()


def patient(folder: Path) -> Path:
    """Return the configuration; what is late here is not cut, and no scrape given up."""
    file = mounted(PHASE, folder)
    text = file.read_text()
    for duration in ("total: 18s", "final_scrape: 35s", "first_scrape: 35s"):
        assert duration in text
        text = text.replace(duration, f"{duration.partition(':')[0]}: {LONG}")
    file.write_text(text)
    return file


def is_scraped(door: Door) -> bool:
    """Read /metrics; tell whether it was there to be read."""
    return door.metric("wayside_metrics_lines") > 0


def hook(door: Door) -> str:
    """Run the command as the kubelet does, inside; the port alone is another."""
    command = wayside(PHASE)["lifecycle"]["preStop"]["exec"]["command"]
    assert command[0] == COMMAND.name
    words = [COMMAND, *command[1:], "--health", door.health]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1]
