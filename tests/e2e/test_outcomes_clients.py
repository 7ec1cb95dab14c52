"""Clients as people use them leave a call in their own way, and are told apart: served, changed their mind, gave up."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.e2e.outcome_calls import CHAT, DONE, GENERATE, HTTP1, LINES, MESSAGES, event, line, token
from tests.fakes.http_server import Answering, serving
from tests.harness.samples import metric
from tests.harness.wayside import Wayside, running_wayside
from tests.provision.parts import require

SCRIPT = Path(__file__).with_name("leaving_clients.py")
CLIENTS = ("openai", "responses", "anthropic", "ollama", "httpx")
LIMIT_SECONDS = 300.0
TIMEOUT_SECONDS = 2.0
"""Of a client that is not answered: twenty times what `give_up` is where it has given up."""
GIVE_UP, LONGER = "100ms", "10m"
LATE = ("hung", "late", "late_stream")
CALL = re.compile(r"wayside_calls_total\{([^}]*)\} (\S+)")
LABEL = re.compile(r'(\w+)="([^"]*)"')
Told: TypeAlias = "dict[str, dict[tuple[str, ...], int]]"
"""By model: how many calls ended with which code, by whom, and as what."""
SERVED, CHANGED, GAVE_UP, FAILED = (
    {("200", "server", "ok"): 1},
    {("LOST", "client", "cancelled"): 1},
    {("LOST", "client", "timeout"): 1},
    {("200", "server", "server_error"): 1},
)


def responses_event(kind: str, **more: object) -> bytes:
    """One event of a response."""
    return event({"type": kind, "sequence_number": 0, **more}, kind)


FINISH = event(
    {
        "id": "c-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}],
    }
)
DELTA = {"output_index": 0, "content_index": 0, "item_id": "i", "delta": "a", "logprobs": []}
RESPONSE = {
    "id": "r",
    "object": "response",
    "created_at": 1,
    "model": "m",
    "output": [],
    "status": "completed",
}
TEXT = {"type": "text_delta", "text": "a"}
STREAMS: dict[str, tuple[str, bytes, bytes]] = {
    CHAT: ("text/event-stream", token(), FINISH + DONE),
    "/v1/responses": (
        "text/event-stream",
        responses_event("response.output_text.delta", **DELTA),
        responses_event("response.completed", response=RESPONSE),
    ),
    MESSAGES: (
        "text/event-stream",
        event({"type": "content_block_delta", "index": 0, "delta": TEXT}, "content_block_delta"),
        event({"type": "message_stop"}, "message_stop"),
    ),
    GENERATE: (
        LINES,
        line({"model": "m", "response": "a", "done": False}),
        line({"model": "m", "response": "", "done": True, "eval_count": 1}),
    ),
}
"""By path: the content type, a first output, and all that follows it up to the end mark."""
FAULT = {"type": "server_error", "code": "server_error", "message": "it broke", "param": None}
BROKEN = {
    CHAT: event({"error": FAULT}),
    "/v1/responses": responses_event("error", **FAULT, error=FAULT),
    MESSAGES: event({"type": "error", "error": FAULT}, "error"),
    GENERATE: line({"error": "it broke"}),
}
"""How an answer that began well fails."""


class Leaving(Answering):
    """Does what the model's name says, and waits for the client to leave; `late` answers only then."""

    def do_POST(self) -> None:
        """Answer."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        kind, first, rest = STREAMS[self.path]
        does = asked["model"].partition("-")[2]
        begun = HTTP1.begins(kind) + HTTP1.goes_on(first)
        whole = begun + HTTP1.goes_on(rest)
        self.close_connection = True
        with contextlib.suppress(ConnectionError):
            failed = begun + HTTP1.goes_on(BROKEN[self.path])
            said = {"served": whole, "stopped": begun, "failed": failed}
            self.wfile.write(said.get(does, b""))
            self.rfile.read(1)
            late = {"late": HTTP1.answers(200), "late_stream": whole + HTTP1.finishes()}
            self.wfile.write(late.get(does, b""))


def config(models: Sequence[str], give_up: str) -> str:
    """Know the models from the start."""
    good = f"{{available: {{give_up: {give_up}}}}}"
    return (
        "control: {tick: 100ms}\nserver: {probe_models: false}\n"
        f"models: [{', '.join(models)}]\nslos: [{{name: up, objective: 99%, good: {good}}}]\n"
    )


@dataclass(frozen=True)
class Place:
    """A Wayside before that server."""

    wayside: Wayside

    def wait(self, calls: int) -> None:
        """Wait until so many calls have ended."""
        self.wayside.wait_for_total(calls, "calls")

    def told(self) -> Told:
        """Return by model how its calls have ended."""
        told: Told = {}
        for labels, value in CALL.findall(self.wayside.metrics()):
            held = dict(LABEL.findall(labels))
            key = held["code"], held["ended_by"], held["outcome"]
            told.setdefault(held["model"], {})[key] = int(float(value))
        return told

    def events(self) -> tuple[int, ...]:
        """Return the good, the bad and the excluded events."""
        page, name = self.wayside.metrics(), "wayside_slo_events_total"
        kinds = ("good", "bad", "excluded")
        return tuple(int(metric(page, name, slo="up", outcome=each)) for each in kinds)


@contextlib.contextmanager
def place(upstream: str, models: Sequence[str], give_up: str) -> Iterator[Place]:
    """Run a Wayside before that server."""
    with running_wayside(upstream, config=config(models, give_up)) as wayside:
        yield Place(wayside)


@dataclass(frozen=True)
class Left:
    """What all clients made of their calls, before a Wayside that takes silence for long and one that does not."""

    patient: Place
    impatient: Place
    understood: dict[str, str]

    def ended(self, place: Place, clients: Sequence[str], does: Sequence[str]) -> Told:
        """Return how the calls of these clients ended."""
        told = place.told()
        return {name: told.get(name, {}) for name in named(clients, does)}

    def read(self, does: Sequence[str]) -> set[bool]:
        """Say which of the clients of other makers were content, before either."""
        return {
            said.startswith("read")
            for name, said in self.understood.items()
            if name.partition("-")[2] in does
        }


def named(clients: Sequence[str], does: Sequence[str]) -> list[str]:
    """Return the names of models."""
    return [f"{client}-{each}" for client in clients for each in does]


@pytest.fixture(scope="module")
def left() -> Iterator[Left]:
    """All calls at once: who waits, waits beside the others."""
    everything = named(CLIENTS, ["served", "stopped", "failed", *LATE]), named(OURS, LATE)
    late = named(CLIENTS, LATE), named(OURS, LATE)
    with serving(Leaving) as upstream, contextlib.ExitStack() as stack:
        patient, impatient = (
            stack.enter_context(place(upstream, [*theirs, *ours], give_up))
            for give_up, (theirs, ours) in ((LONGER, everything), (GIVE_UP, late))
        )
        with ThreadPoolExecutor(4 * len(late[1])) as pool:
            jobs = [
                pool.submit(LEAVES[name.partition("-")[0]], it.wayside.address, name)
                for it in (patient, impatient)
                for name in late[1]
            ]
            said = understood(
                [f"{patient.wayside.address}/{name}" for name in everything[0]]
                + [f"{impatient.wayside.address}/{name}" for name in late[0]]
            )
            assert [job.result() for job in jobs] == [None] * len(jobs)
        patient.wait(sum(map(len, everything)))
        impatient.wait(sum(map(len, late)))
        yield Left(patient, impatient, said)


def understood(calls: Sequence[str]) -> dict[str, str]:
    """Let the clients of other makers call; return what they made of it."""
    python = require("http-clients") / "bin" / "python"
    done = subprocess.run(
        [python, SCRIPT, str(TIMEOUT_SECONDS), *calls],
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said: dict[str, str] = json.loads(done.stdout)
    return said


def test_who_leaves_after_the_end_was_served_and_who_leaves_early_was_not(left: Left) -> None:
    assert left.read(["served", "stopped"]) == {True}
    served = left.ended(left.patient, CLIENTS, ["served"])
    assert served == dict.fromkeys(named(CLIENTS, ["served"]), SERVED)
    stopped = left.ended(left.patient, CLIENTS, ["stopped"])
    assert stopped == dict.fromkeys(named(CLIENTS, ["stopped"]), CHANGED)


def test_who_runs_out_of_patience_was_not_served(left: Left) -> None:
    """With a server that hangs, and with one that answers when nobody is there any more."""
    assert left.read(LATE) == {False}
    everyone = [*CLIENTS, *OURS]
    names = named(everyone, LATE)
    assert left.ended(left.patient, everyone, LATE) == dict.fromkeys(names, CHANGED)
    assert left.ended(left.impatient, everyone, LATE) == dict.fromkeys(names, GAVE_UP)


def test_who_leaves_because_the_server_said_that_it_failed_was_failed(left: Left) -> None:
    assert left.read(["failed"]) == {False}, left.understood
    failed = left.ended(left.patient, CLIENTS, ["failed"])
    assert failed == dict.fromkeys(named(CLIENTS, ["failed"]), FAILED)


def test_each_of_them_moves_one_counter_of_the_objective(left: Left) -> None:
    late = len(named([*CLIENTS, *OURS], LATE))
    assert left.patient.events() == (len(CLIENTS), len(CLIENTS), len(CLIENTS) + late)
    assert left.impatient.events() == (0, late, 0)


def body(model: str) -> bytes:
    """Ask for a chat."""
    return json.dumps({"model": model, "messages": [], "stream": True}).encode()


def urllib_leaves(address: str, model: str) -> None:
    """Python's own client."""
    headers = {"content-type": "application/json"}
    asked = urllib.request.Request(f"http://{address}{CHAT}", body(model), headers)
    with pytest.raises((TimeoutError, urllib.error.URLError, http.client.HTTPException)):
        urllib.request.urlopen(asked, timeout=TIMEOUT_SECONDS)


def curl_leaves(address: str, model: str) -> None:
    """curl, which says 28 when its time is up."""
    words = ["--silent", "--max-time", str(TIMEOUT_SECONDS), "--data", body(model).decode()]
    done = subprocess.run(
        [
            require("curl"),
            *words,
            "-H",
            "content-type: application/json",
            f"http://{address}{CHAT}",
        ],
        check=False,
    )
    assert done.returncode == 28


LEAVES = {"urllib": urllib_leaves, "curl": curl_leaves}
OURS = tuple(LEAVES)
