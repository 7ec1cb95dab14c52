"""The committed goldens: messages as published protos encode them, what must be read, and what the protos say."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sidecar.servers.proto import ProtoField, ProtoMethod, Schema

FOLDER = Path(__file__).resolve().parents[1] / "data" / "servers"


@dataclass(frozen=True)
class GoldenMessage:
    """Bytes, and what they say."""

    data: bytes
    says: dict[str, str | int]


@dataclass(frozen=True)
class GoldenCall:
    """A call, and what it comes to."""

    name: str
    method: str
    requests: tuple[GoldenMessage, ...]
    responses: tuple[GoldenMessage, ...]
    told: dict[str, str]
    ended: list[dict[str, str]]
    metadata: dict[str, str]


@dataclass(frozen=True)
class Golden:
    """One publisher's file."""

    name: str
    catalogue: str
    servers: tuple[str, ...]
    schema: Schema
    calls: tuple[GoldenCall, ...]


def load(path: Path) -> Golden:
    """Read one file."""
    content = json.loads(path.read_text())
    return Golden(
        path.stem,
        content["catalogue"],
        tuple(content["servers"]),
        schema_from(content["schema"]),
        tuple(call_from(each) for each in content["calls"]),
    )


def load_all() -> list[Golden]:
    """Read every file."""
    return [load(path) for path in sorted(FOLDER.glob("*.json"))]


def schema_from(content: dict[str, Any]) -> Schema:
    """Read what schema_json wrote."""
    return Schema(
        {
            path: ProtoMethod(sent, answered, "streams in" in how, "streams out" in how)
            for path, (sent, answered, *how) in content["methods"].items()
        },
        {
            name: {each: ProtoField(*described) for each, described in fields.items()}
            for name, fields in content["messages"].items()
        },
    )


def schema_json(schema: Schema) -> dict[str, Any]:
    """Write a schema so that a moved number is one changed line."""
    streams = (("streams_in", "streams in"), ("streams_out", "streams out"))
    return {
        "methods": {
            path: [
                method.request,
                method.response,
                *(word for attribute, word in streams if getattr(method, attribute)),
            ]
            for path, method in sorted(schema.methods.items())
        },
        "messages": {
            name: {
                each: [field.number, field.message] if field.message else [field.number]
                for each, field in sorted(fields.items(), key=lambda item: item[1].number)
            }
            for name, fields in sorted(schema.messages.items())
        },
    }


def call_from(content: dict[str, Any]) -> GoldenCall:
    """Read one call."""

    def messages(side: str) -> tuple[GoldenMessage, ...]:
        return tuple(GoldenMessage(bytes.fromhex(m["hex"]), m["says"]) for m in content[side])

    return GoldenCall(
        content["name"],
        content["method"],
        messages("requests"),
        messages("responses"),
        content["told"],
        content["ended"],
        content.get("metadata", {}),
    )


@dataclass(frozen=True)
class Recorded:
    """What a real server answered, as tests/servers/record.py called it."""

    server: str
    catalogue: str
    calls: dict[str, tuple[str, list[bytes], list[bytes]]]
    """Name: method, requests, responses."""


def recorded() -> list[Recorded]:
    """Read every recording."""
    found = []
    for path in sorted((FOLDER.parent / "recorded").glob("*.json")):
        content = json.loads(path.read_text())
        calls = {
            each["name"]: (
                each["method"],
                [bytes.fromhex(message) for message in each["requests"]],
                [bytes.fromhex(message) for message in each["responses"]],
            )
            for each in content["calls"]
        }
        found.append(Recorded(content["server"], content["catalogue"], calls))
    return found
