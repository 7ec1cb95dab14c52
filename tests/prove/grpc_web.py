"""A page in Chromium calls a real gRPC-Web server through Wayside, in both encodings: what it got, what was counted."""

from __future__ import annotations

import html
import json
import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.e2e.model_server import running_model_server
from tests.harness.samples import metric
from tests.harness.wayside import running_wayside
from tests.prove.proof import Figures, Outcome, Proof
from tests.provision.parts import require

PAGE = Path(__file__).with_name("grpc_web.html")
CONFIG = "slos: [{name: answers, objective: 99%, good: {available: true}}]\n"
PATIENCE_SECONDS = 120.0
# Of the page's own clock, which stands still while an answer is awaited.
VIRTUAL_MILLISECONDS = 30_000
ENCODINGS = ("binary", "text")
# Of each encoding, what the server says by the name in the request, and how many messages come before it.
SAID = {
    "ModelInfer iris": (1, "0"),
    "ModelInfer unloaded": (1, "14"),
    "ModelInfer missing": (0, "5"),
    "ModelInfer broken": (0, None),
    "Generate iris": (3, "0"),
    "Generate unloaded": (3, "14"),
}
CODES = {"0": "OK", "5": "NOT_FOUND", "14": "UNAVAILABLE"}
# Of these calls the server says that it failed; of `broken` with HTTP's status alone.
FAILED = {"14", None}


def shown_by_chromium(url: str) -> dict[str, dict[str, Any]]:
    """Open a page until it has made its calls; return what it understood of each."""
    with tempfile.TemporaryDirectory(prefix="wayside-chromium-") as profile:
        command: list[str | Path] = [
            require("chromium"),
            *("--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}"),
            *(f"--virtual-time-budget={VIRTUAL_MILLISECONDS}", "--dump-dom", url),
        ]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=True
        )
    found = re.search(r'<pre id="said">(.*?)</pre>', done.stdout, re.DOTALL)
    said: dict[str, dict[str, Any]] = json.loads(html.unescape(found[1])) if found else {}
    return said


def run(_: Sequence[str]) -> Outcome:
    """Open the page on both ways."""
    figures = Figures()
    with (
        running_model_server("grpc-web", "sonora_iris.py", "{}", str(PAGE), ready="/") as server,
        running_wayside(server.http, config=CONFIG) as wayside,
    ):
        direct = shown_by_chromium(f"http://{server.http}/")
        through = shown_by_chromium(f"http://{wayside.address}/")
        calls = len(ENCODINGS) * len(SAID)
        wayside.running.wait_for(lambda: calls <= sum(_counted(wayside.snapshot()).values()))
        counted, page = _counted(wayside.snapshot()), wayside.metrics()
    wanted = {f"{how} {what}": said for how in ENCODINGS for what, said in SAID.items()}
    understood = {
        what: (len(said.get("messages", ())), said.get("status")) for what, said in direct.items()
    }
    figures.equal("calls of the page", len(through), calls)
    figures.none(
        "calls that it understood otherwise than the server meant them",
        [what for what in wanted if understood.get(what) != wanted[what]],
    )
    figures.none(
        "calls that it understood otherwise through Wayside",
        [what for what in wanted if direct.get(what) != through.get(what)],
    )
    for status, code in CODES.items():
        meant = sum(status == said for _, said in wanted.values())
        figures.equal(f"`wayside_calls_total`, {code}", counted[code], meant)
    raised = sum(said is None for _, said in wanted.values())
    figures.equal("the same, of a handler that raised", counted["500"] + counted["UNKNOWN"], raised)
    bad = metric(page, "wayside_slo_events_total", slo="answers", outcome="bad")
    failed = sum(said in FAILED for _, said in wanted.values())
    figures.equal("bad events of an objective of availability", int(bad), failed)
    return figures.outcome(f"Chromium is Debian's: {_version()}.")


def _counted(snapshot: dict[str, Any]) -> Counter[str]:
    """Count inferences by code; the page itself is none."""
    counted: Counter[str] = Counter()
    for row in snapshot["calls"]:
        counted[row["code"]] += row["calls"] if row["kind"] == "inference" else 0
    return counted


def _version() -> str:
    said = subprocess.run(
        [require("chromium"), "--version"], capture_output=True, text=True, check=True
    )
    return said.stdout.strip()


PROOF = Proof(
    word="grpc-web",
    claim=(
        "A page in Chromium gets the same answers from a real gRPC-Web server through Wayside as without it, in binary "
        "and in base64, and each is counted by the status that the server said in the body."
    ),
    minutes=0.2,
    run=run,
    parts=("grpc-web", "chromium"),
)
