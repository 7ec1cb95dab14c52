"""Series over HTTP/1.1: what anybody can make up adds none, and a busy fleet stays within a page."""

from __future__ import annotations

import http.client
import json
import random
import re

from tests.fakes.http_server import Answering, serving
from tests.harness.wayside import Wayside, running_wayside

NAMES = 10_000
MODELS, CODES = 20, (200, 404, 429, 500)
METHODS = ("infer", "generate", "versions/1/infer")
MAX_LINES = 5000


class Obeying(Answering):
    """Answers with the status that the request's header asks for."""

    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        """Answer."""
        self.rfile.read(int(self.headers["Content-Length"]))
        body = b'{"error":"no"}' if self.headers["X-Status"] != "200" else b"{}"
        self.send_response(int(self.headers["X-Status"]))
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def post(door: http.client.HTTPConnection, path: str, status: int, model: str = "") -> None:
    """Make one call."""
    body = json.dumps({"model": model, "prompt": "x"} if model else {"inputs": []})
    headers = {"X-Status": str(status), "Content-Type": "application/json"}
    door.request("POST", path, body, headers)
    answer = door.getresponse()
    answer.read()
    assert answer.status == status


def series(page: str) -> set[str]:
    """Return the samples of a page without their values."""
    return {line.rpartition(" ")[0] for line in page.splitlines() if not line.startswith("#")}


def settled(wayside: Wayside, calls: int) -> set[str]:
    """Return the series once so many calls have been counted."""
    wayside.wait_for_total(calls, "calls")
    return series(wayside.metrics())


def test_names_that_anybody_makes_up_add_no_series() -> None:
    """Ten thousand of them: in paths that are not found, and in documents that are refused."""
    with serving(Obeying) as upstream, running_wayside(upstream) as wayside:
        door = http.client.HTTPConnection(wayside.address)
        post(door, "/v2/models/resnet/infer", 200)
        post(door, "/v1/completions", 200, "llama")
        post(door, "/v2/models/unheard/infer", 404)
        post(door, "/v1/completions", 400, "unheard")
        before = settled(wayside, 4)
        for _ in range(NAMES // 2):
            post(door, f"/v2/models/{random.getrandbits(64):x}/infer", 404)
            post(door, "/v1/completions", 400, f"{random.getrandbits(64):x}")
        after = settled(wayside, 4 + NAMES)
        door.close()
    assert {'model="resnet"', 'model="llama"'} <= set(re.findall(r'model="\w+"', " ".join(before)))
    assert after - before == set()


def test_a_busy_fleet_fits_on_a_page() -> None:
    """Twenty models, three methods each, four codes each."""
    with serving(Obeying) as upstream, running_wayside(upstream) as wayside:
        door = http.client.HTTPConnection(wayside.address)
        for model in range(MODELS):
            for method in METHODS:
                for code in CODES:
                    post(door, f"/v2/models/model-{model}/{method}", code)
        wayside.wait_for_total(MODELS * len(METHODS) * len(CODES), "calls")
        page = wayside.metrics()
        door.close()
    counted = [line for line in page.splitlines() if line.startswith("wayside_calls_total{")]
    print(f"{len(page.splitlines())} lines, {len(counted)} of them count calls")
    assert len(counted) >= MODELS * len(METHODS) * len(CODES)
    assert len(page.splitlines()) < MAX_LINES
