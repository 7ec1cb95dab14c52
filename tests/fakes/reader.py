"""The tap's own reader of messages, in a process of its own: `wayside-tap read-message`."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

from sidecar.cli.launch import find_tap
from sidecar.model.policy import Method, Read, Route, Slot
from sidecar.servers.headers import Value
from sidecar.tapclient import tap_pb2 as pb
from sidecar.tapclient.encode import method_message, route_message

SLOTS = {
    "Model": Slot.MODEL,
    "Version": Slot.VERSION,
    "RequestId": Slot.REQUEST_ID,
    "BatchSize": Slot.BATCH_SIZE,
    "Error": Slot.ERROR,
    "Final": Slot.FINAL,
    "TokensIn": Slot.TOKENS_IN,
    "TokensOut": Slot.TOKENS_OUT,
    "TokensCached": Slot.TOKENS_CACHED,
    "Shape": Slot.SHAPE,
    "BatchShape": Slot.BATCH_SHAPE,
    "Datatype": Slot.DATATYPE,
    "MaxBatchSize": Slot.MAX_BATCH_SIZE,
    "ErrorText": Slot.ERROR_TEXT,
    "Stream": Slot.STREAM,
}
TALLIES = {Read.COUNT, Read.VARINTS}

Said: TypeAlias = "dict[str, str | int]"
"""What a message says, by the name of the slot. A tally, which adds up over messages, is written `+3`, a part `*3`."""


def reader_program() -> Path:
    """Return where the program lies: it is the tap itself, as built for a release."""
    return Path(find_tap())


class Reader:
    """A running reader. A context manager."""

    def __init__(self, program: Path) -> None:
        """Start it."""
        self.process = subprocess.Popen(
            [program, "read-message"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.communicate()

    def adopt(self, methods: Sequence[Method], routes: Sequence[Route] = ()) -> list[str]:
        """Read by these methods and routes from now on; return why some were left out."""
        policy = pb.Policy(
            observe=True,
            methods=[method_message(each) for each in methods],
            routes=[route_message(each) for each in routes],
        )
        _, *refusals = self._ask(f"policy {policy.SerializeToString().hex()}").split("\t")
        return refusals

    def message(self, path: str, side: str, data: bytes, cuts: Sequence[int] = ()) -> Said:
        """Read one message of a side, `request` or `response`, in pieces cut at these places."""
        places = [0, *sorted(cuts), len(data)]
        pieces = [data[a:b].hex() for a, b in pairwise(places)]
        answer = self._ask(f"message {path} {side} {','.join(pieces)}")
        said: Said = {}
        for word in answer.split():
            name, _, value = word.partition("=")
            said[SLOTS[name].value] = _value(*value.split(":"))
        return said

    def call(
        self,
        path: str,
        requests: Sequence[bytes],
        responses: Sequence[bytes],
        metadata: Mapping[str, str] = MappingProxyType({}),
        trailing: Mapping[str, str] = MappingProxyType({}),
    ) -> list[dict[str, str]]:
        """Show it a whole call; return what it tells: of the call, then of each request as it ended."""
        sides = [
            *(f"+{name}:{value}" for name, value in metadata.items()),
            *(f">{each.hex()}" for each in requests),
            *(f"<{each.hex()}" for each in responses),
            *(f"-{name}:{value}" for name, value in trailing.items()),
        ]
        return self._facts(" ".join(["call", path, *sides]))

    def http(self, request: bytes, *responses: bytes) -> list[dict[str, str]]:
        """Show it a connection of HTTP/1.1 that holds one call, its pieces a millisecond apart; return as of a call."""
        pieces = [f">{request.hex()}", *(f"<{each.hex()}" for each in responses)]
        return self._facts(" ".join(["http", *pieces]))

    def _facts(self, line: str) -> list[dict[str, str]]:
        answer = self._ask(line)
        facts = [dict(word.split("=") for word in part.split()) for part in answer.split("\t")]
        for fact in facts:
            for name in ("model", "version", "request_id", "method"):
                if name in fact:
                    fact[name] = bytes.fromhex(fact[name]).decode()
        return facts

    def _ask(self, line: str) -> str:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer.endswith("\n"), f"it ended with {self.process.wait()} on {line}"
        return answer.removesuffix("\n")


def _value(kind: str, value: str) -> str | int:
    if kind == "text":
        return bytes.fromhex(value).decode(errors="surrogateescape")
    if kind == "dimensions":
        return f"[{value}]"
    if kind == "number":
        return int(value)
    return f"+{value}" if kind == "tally" else f"*{value}"


def shown(said: dict[Slot, tuple[Value, Read]]) -> Said:
    """Write what the oracle says as the reader does."""
    return {
        slot.value: value.decode(errors="surrogateescape")
        if isinstance(value, bytes)
        else f"[{','.join(map(str, value))}]"
        if isinstance(value, tuple)
        else f"+{value}"
        if read in TALLIES
        else f"*{value}"
        if read is Read.SUM
        else value
        for slot, (value, read) in said.items()
    }
