"""connectrpc's conformance suite: gRPC, gRPC-Web and Connect, over HTTP/1.1 and HTTP/2, plain and in TLS.

The runner starts the server under test by a command, one process per configuration of it. Through Wayside, that command
is `connect_server`, which puts a Wayside before the server and tells the runner the address of Wayside.
"""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.harness.running import wait_until
from tests.interop.connect_server import ENDED, RUNNING
from tests.interop.route import REST_SECONDS, odd
from tests.interop.verdicts import PASSED, Report, SuiteError, failed
from tests.provision.parts import ROOT, require

RUN_SECONDS = 900.0
SENT = re.compile(r'^Sending request for "(.+)"\.\.\.$', re.MULTILINE)
FAILED = re.compile(r"^FAILED: (.+):\n((?:\t.*\n)*)", re.MULTILINE)
TOTAL = re.compile(r"^Total cases: (\d+)\n(\d+) passed, (\d+) failed", re.MULTILINE)
# TLS is handed on and not read.
BLIND_REASONS = frozenset({"tls"})

# What a server is asked for, as the runner's own configuration files for these servers have it; HTTP/3 is not TCP.
GRPC = """
features:
  versions: [HTTP_VERSION_2]
  protocols: [PROTOCOL_GRPC]
  codecs: [CODEC_PROTO]
  supportsTls: false
"""
HTTP2 = """
features:
  versions: [HTTP_VERSION_2]
  protocols: [PROTOCOL_CONNECT, PROTOCOL_GRPC, PROTOCOL_GRPC_WEB]
  codecs: [CODEC_PROTO]
  compressions: [COMPRESSION_IDENTITY, COMPRESSION_GZIP]
  supportsTls: false
"""
EVERYTHING = """
features:
  versions: [HTTP_VERSION_1, HTTP_VERSION_2]
  protocols: [PROTOCOL_CONNECT, PROTOCOL_GRPC, PROTOCOL_GRPC_WEB]
  codecs: [CODEC_PROTO, CODEC_JSON]
  compressions:
    - COMPRESSION_IDENTITY
    - COMPRESSION_GZIP
    - COMPRESSION_BR
    - COMPRESSION_ZSTD
    - COMPRESSION_DEFLATE
    - COMPRESSION_SNAPPY
  supportsTlsClientCerts: true
  supportsHalfDuplexBidiOverHttp1: true
"""


@dataclass(frozen=True)
class Connect:
    """The conformance runner against one of its servers, with a choice of features."""

    name: str
    server: str
    features: str
    blind: frozenset[str] = frozenset()

    @property
    def tools(self) -> tuple[str, ...]:
        """The parts it needs."""
        return ("connectconformance", self.server)

    def run(self, through: bool, only: Collection[str]) -> Report:
        """Run the cases named, or all of them."""
        with tempfile.TemporaryDirectory(prefix="wayside-connect-") as folder:
            features, accounts = Path(folder, "features.yaml"), Path(folder, "accounts")
            features.write_text(self.features)
            accounts.mkdir()
            server = [str(require(self.server))]
            if through:
                server = [
                    sys.executable,
                    "-m",
                    "tests.interop.connect_server",
                    str(accounts),
                    *server,
                ]
            chosen = Path(folder, "cases")
            chosen.write_text("\n".join(only or ["**"]))
            verdicts = run_connect(features, chosen, server)
            return Report(verdicts, tuple(complaints_in(accounts, self.blind)) if through else ())


def run_connect(features: Path, cases: Path, server: list[str]) -> dict[str, str]:
    """Run the conformance runner in its server mode, with files of features and cases, and return its verdicts."""
    done = subprocess.run(
        [
            *(str(require("connectconformance")), "--mode=server", "--vv"),
            *(f"--conf={features}", f"--run=@{cases}", "--", *server),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
        cwd=ROOT,
    )
    return verdicts_in(done.stdout)


def verdicts_in(log: str) -> dict[str, str]:
    """Read the runner's log: cases are told when they are sent and when they fail, and added up at the end."""
    failures = {name: failed(reason) for name, reason in FAILED.findall(log)}
    # A case whose server did not start fails without being sent.
    verdicts = dict.fromkeys(SENT.findall(log), PASSED) | failures
    total = TOTAL.search(log)
    if total is None:
        raise SuiteError(f"the conformance runner did not finish: {log[-2000:]}")
    told = tuple(map(int, total.groups()))
    read = (len(verdicts), len(verdicts) - len(failures), len(failures))
    if told != read or not verdicts:
        raise SuiteError(f"the conformance runner tells of {told} cases, its log of {read}")
    return verdicts


def complaints_in(accounts: Path, blind: Collection[str]) -> Iterator[str]:
    """Tell what was odd about the Waysides, by the accounts that they leave behind once all is over for them."""
    with contextlib.suppress(TimeoutError):
        wait_until(lambda: not list(accounts.glob(f"*{RUNNING}")), 2 * REST_SECONDS)
    for file in accounts.glob(f"*{RUNNING}"):
        yield f"a Wayside left no account: {file.stem}"
    files = sorted(accounts.glob(f"*{ENDED}"))
    if not files:
        yield "no Wayside left an account"
    for file in files:
        account = json.loads(file.read_text())
        if "error" in account:
            yield account["error"]
        else:
            yield from odd(account, blind)


CONNECT_QUICK = (
    Connect("connect conformance, grpc-go", "conformance-grpcserver", GRPC),
    Connect("connect conformance, HTTP/2", "conformance-referenceserver", HTTP2),
)
CONNECT_FULL = (
    CONNECT_QUICK[0],
    Connect(
        "connect conformance, everything",
        "conformance-referenceserver",
        EVERYTHING,
        BLIND_REASONS,
    ),
)
