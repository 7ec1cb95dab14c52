"""Control stays small: what it imports, and what it weighs."""

from __future__ import annotations

import subprocess
import sys

import pytest

from sidecar.config.compile import compile_policy
from sidecar.config.sources import Sources
from sidecar.tapclient.encode import policy_message
from tests.fakes import facts
from tests.fakes.tap import FakeTap, eventually

# Each of these costs control more memory than all that it knows.
FORBIDDEN = (
    "pydantic",
    "yaml",
    "grpc",
    "opentelemetry",
    "jinja2",
    "argparse",
    "numpy",
    "aiohttp",
    "sidecar.config.load",
    # Only where somebody is to be told.
    "exporters.alertmanager",
)

# The promise is 45 MB; 31 were measured with 20 series. The rest is for other allocators and interpreters.
MAX_RESIDENT_BYTES = 40_000_000

PROGRAM = """\
import asyncio, os, sys
from sidecar.runtime import __main__ as program

async def scrape(loop):
    from exporters.prometheus.render import MetricsPage
    from sidecar.net.http_server import Request
    from sidecar.web.pages import Pages
    for path in ("/", "/metrics", "/api/v1/snapshot", "/api/v1/slo", "/api/v1/blind"):
        assert Pages(loop.snapshot, MetricsPage().render).handle(Request(path, "")).status == 200

from sidecar.runtime import loop
async def run(self):
    await self.tick()
    await scrape(self)
    print(*sys.modules, sep="\\n", file=sys.stderr)
    print("END", file=sys.stderr)
loop.Loop.run = run
sys.exit(program.main())
"""


@pytest.fixture
def policy() -> object:
    """The design's smallest configuration."""
    overrides: dict[tuple[str, ...], object] = {
        ("listeners",): [{"listen": ":7", "upstream": ":8"}]
    }
    compiled = compile_policy(Sources(overrides=overrides))
    assert compiled.policy is not None
    return policy_message(compiled.policy)


def test_a_tick_and_every_page_import_nothing_heavy(
    policy: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[list[str]] = []
    original = subprocess.Popen

    def instead(argv: list[str], **more: object) -> subprocess.Popen[str]:
        started.append(argv)
        return original([sys.executable, "-c", PROGRAM], **more)  # type: ignore[call-overload,no-any-return]

    monkeypatch.setattr(subprocess, "Popen", instead)
    tap = FakeTap(policy, facts.snapshot())  # type: ignore[arg-type]
    try:
        process = tap.start_control()
        eventually(lambda: "END" in tap.lines or process.poll() is not None)
        modules = set(tap.lines)
        assert "END" in modules, tap.lines
        assert "sidecar.runtime.loop" in modules
        loaded = {
            name
            for name in modules
            if any(name == each or name.startswith(f"{each}.") for each in FORBIDDEN)
        }
        assert loaded == set()
    finally:
        tap.close()


def test_control_with_twenty_series_is_small(policy: object) -> None:
    models = [f"m{n}" for n in range(20)]
    moment = facts.snapshot(
        counters=[facts.calls(model) for model in models],
        timings=[facts.timing(model) for model in models],
    )
    tap = FakeTap(policy, moment)  # type: ignore[arg-type]
    try:
        process = tap.start_control()
        import urllib.request

        for _ in range(20):
            with urllib.request.urlopen(f"http://127.0.0.1:{tap.admin_port}/metrics") as page:
                assert page.read()
        with open(f"/proc/{process.pid}/statm") as statm:
            resident = int(statm.read().split()[1]) * 4096
        assert resident < MAX_RESIDENT_BYTES
    finally:
        tap.close()
