"""Record the seam: python -m tests.seam.record [SECONDS]

Runs a real tap under a mixed load (unary calls, some with a trace, server-sent events with and without stated tokens,
failures, calls taken back, an upstream that is down) and writes what it says to its control:
tests/data/seam/frames.bin.gz.
"""

from __future__ import annotations

import asyncio
import gzip
import signal
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from sidecar.cli.launch import extend_python_path, find_tap
from sidecar.config.compile import compile_policy
from sidecar.config.sources import Sources
from sidecar.model.settings import ControlSettings
from sidecar.tapclient.encode import policy_bytes
from tests.e2e.grpc_calls import INFER, STREAM_INFER, connected, inference
from tests.fakes.oip import running_oip
from tests.fakes.stamped import Wish, ask_chat, running_stamped
from tests.harness.ports import free_ports
from tests.harness.running import accepts, running, wait_until
from tests.provision.parts import ROOT

FRAMES = ROOT / "tests" / "data" / "seam" / "frames.bin.gz"
DEFAULT_SECONDS = 8.0
CONFIG = """
listeners:
  - {{name: triton, listen: "{infer}", upstream: "{oip}"}}
  - {{name: chat, listen: "{chat}", upstream: "{stamped}"}}
  - {{name: gone, listen: "{gone}", upstream: "{nobody}"}}
health: "{health}"
admin: "{admin}"
control: {{tick: 100ms}}
metrics: {{profile: full}}
server: {{max_batch_size: {{resnet50: 8, bert: 0}}}}
slos:
  - {{name: resnet-fast, match: {{model: resnet50}}, objective: 99.9%, good: {{latency_below: 1s}}}}
  - {{name: chat-starts, match: {{model: "llama-*"}}, objective: 99%, good: {{first_token_below: 500ms}}, window: 28d}}
  - {{name: answers, objective: 99.95%, good: {{available: true}}}}
"""


PLACES = ("infer", "chat", "gone", "nobody", "health", "admin", "oip", "stamped")


def control_settings() -> bytes:
    """Compile what control is told, as this build tells it: an earlier one may have written it otherwise."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as config:
        config.write(
            CONFIG.format(**{place: f"127.0.0.1:{at}" for at, place in enumerate(PLACES, 1)})
        )
        config.flush()
        compiled = compile_policy(Sources(file=config.name))
    assert compiled.policy is not None, compiled.problems
    settings = ControlSettings.from_json(compiled.policy.control_settings)
    return replace(settings, watch=()).to_json()


def infer(address: str) -> None:
    """Make calls that end well, fail, and are unknown."""
    with connected(address) as client:
        for model in ("resnet50", "bert", "resnet50"):
            client.infer(model)
        for status in (3, 8, 13, 14):
            client.infer("resnet50", status=status)
        for number, (method, status) in enumerate(((INFER, 0), (INFER, 13), (STREAM_INFER, 0)), 1):
            trace = f"00-{number:032x}-00f067aa0ba902b7-01"
            asked = inference("resnet50", id="traced", status=status, responses=2)
            client.call(method, asked, metadata=(("traceparent", trace),))
        client.call("no.Service/Nothing", b"m")
        taken_back = client.start("test.Echo/Bidi", b"one", held=True)
        taken_back.read_answers(1)
        taken_back.cancel()
        taken_back.seen(ended_by="client")


async def chat(address: str) -> None:
    """Make two chats, one with stated tokens."""
    host, _, port = address.rpartition(":")
    for wish in (Wish("llama-8b", 5, 2, prompt_tokens=12), Wish("llama-70b", 3, 2)):
        reader, writer = await asyncio.open_connection(host, int(port))
        await ask_chat(reader, writer, wish)
        writer.close()


def record(seconds: float, file: Path) -> None:
    """Run the tap with the recorder in control's place for so long."""
    names = PLACES[:-2]
    places = {
        name: f"127.0.0.1:{port}" for name, port in zip(names, free_ports(len(names)), strict=True)
    }
    with (
        running_oip() as (oip, _),
        running_stamped() as stamped,
        tempfile.TemporaryDirectory() as at,
    ):
        config = Path(at, "wayside.yaml")
        config.write_text(CONFIG.format(oip=oip, stamped=stamped, **places))
        compiled = compile_policy(Sources(file=str(config)))
        assert compiled.policy is not None, compiled.problems
        argv = (sys.executable, "-m", "tests.seam.recorder", str(file))
        policy = replace(compiled.policy, control_argv=argv)
        policy_file = Path(at, "policy")
        policy_file.write_bytes(policy_bytes(policy))
        extend_python_path()
        command: list[str | Path] = [
            "/bin/sh",
            "-c",
            'exec "$0" --policy-fd 3 3<"$1"',
            find_tap(),
            policy_file,
        ]
        with running(command, cwd=ROOT) as tap:
            wait_until(lambda: accepts(places["infer"]))
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                infer(places["infer"])
                asyncio.run(chat(places["chat"]))
                accepts(places["gone"])
            tap.process.send_signal(signal.SIGTERM)
            tap.process.wait(60)


def main() -> None:
    """Record and compress."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_SECONDS
    with tempfile.NamedTemporaryFile() as raw:
        record(seconds, Path(raw.name))
        FRAMES.parent.mkdir(parents=True, exist_ok=True)
        FRAMES.write_bytes(gzip.compress(Path(raw.name).read_bytes(), mtime=0))
    print(f"{FRAMES.relative_to(ROOT)}: {FRAMES.stat().st_size} bytes")


if __name__ == "__main__":
    main()
