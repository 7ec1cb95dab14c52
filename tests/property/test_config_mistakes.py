"""One mistake anywhere in a configuration: one message, at its place, and nothing else is lost for it."""

from __future__ import annotations

import copy
import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sidecar.config.compile import Compiled, compile_policy
from sidecar.config.schema import Root
from sidecar.config.sources import Sources
from sidecar.model.policy import Policy
from sidecar.text.document import Path as Place
from sidecar.text.document import dotted

# What YAML cannot hold at all is another matter.
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=12)
VALUES = st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS

FAST = {"name": "quick", "long": "1h", "short": "5m", "budget": "2%", "severity": "page"}
SLOW = {"name": "later", "long": "6h", "short": "30m", "budget": "5%", "severity": "ticket"}

# Every part there is, and of each list and each table more than one entry.
WHOLE: dict[str, Any] = {
    "listeners": [
        {"listen": ":8001", "upstream": "127.0.0.1:9001", "name": "grpc"},
        {"listen": ":8000", "upstream": "unix:/run/m.sock"},
    ],
    "admin": ":9464",
    "health": {"listen": ":9465", "drain_token_file": "token", "first_scrape": "35s"},
    "metrics": {"profile": "full", "native_schema": 3},
    "slos": [
        {
            "name": "fast",
            "match": {"model": "resnet50", "method": "a.B/*"},
            "objective": "99.9%",
            "good": {"latency_below": "100ms"},
            "window": "30d",
        },
        {"name": "starts", "objective": "99%", "good": {"first_token_below": "500ms"}},
        {"name": "answers", "objective": "99.95%", "good": {"available": True}},
        {"name": "patient", "objective": "99%", "good": {"available": {"give_up": "60s"}}},
        {
            "name": "flows",
            "objective": "99%",
            "good": {
                "all": [
                    {"first_token_below": "300ms + 0.2ms/prompt_token up to 5s"},
                    {"token_time_below": "40ms"},
                    {"longest_gap_below": "2s"},
                ]
            },
            "per": "model",
            "alerts": {"tiers": [dict(FAST), dict(SLOW)], "min_bad": 8},
        },
    ],
    "slo_files": ["slos/*.yaml", "more.yaml"],
    "outcomes": {
        "429": "client_error",
        "UNAVAILABLE": {"message": "no room", "outcome": "shed"},
        "503": [{"message": "queue", "outcome": "shed"}, "timeout"],
    },
    "models": ["resnet50", "llama"],
    "server": {
        "type": "triton",
        "model": "llama",
        "files": ["own.yaml", "other.yaml"],
        "probe_models": False,
        "max_batch_size": {"iris": 8, "wine": 0},
        "metrics": "http://127.0.0.1:8002/metrics",
        "metrics_interval": "5s",
    },
    "log": {"format": "json"},
    "drain": {"delay": "1s", "total": "3s", "final_scrape": "35s"},
    "control": {"memory": "128MiB", "tick": "500ms"},
    "limits": {
        "threads": 2, "unsent": "64MiB", "connections": 10, "models": 3, "methods": 4, "series": 5,
    },
    "observe": True,
    "state_dir": "state",
    "gpu": {"source": "none", "devices": [0, "GPU-1"], "price": {"H200": "3.90 USD/h", "default": "1 USD/h"}},
    "alerts": {
        "tiers": [dict(FAST), dict(SLOW)], "min_bad": 5, "deliver": "none", "scope": "replica",
        "labels": {"team": "vision", "site": "north"}, "runbooks": "https://wiki/alerts",
        "alertmanagers": [
            "http://a:9093",
            {
                "url": "https://b/alertmanager",
                "basic_auth": {"username": "wayside", "password_file": "password"},
                "tls": {
                    "ca_file": "ca.pem", "cert_file": "cert.pem", "key_file": "key.pem", "server_name": "am",
                    "insecure_skip_verify": False,
                },
                "headers": {"X-Scope-OrgID": "vision", "X-Site": "north"},
                "timeout": "5s",
            },
            {"url": "http://c", "authorization": {"type": "Bearer", "credentials_file": "token"}},
        ],
    },
}  # fmt: skip

# What is of the right type and still wrong.
OUT_OF_RANGE: dict[Place, tuple[object, ...]] = {
    ("listeners", 0, "listen"): (":70000", "8001"),
    ("listeners", 1, "listen"): (":8001", "0.0.0.0:8001"),
    ("listeners", 1, "upstream"): ("unix:m.sock", "a:0", ":8000"),
    ("admin",): ("9464",),
    ("health", "listen"): ("9465", ":99999"),
    ("health", "first_scrape"): ("11m", "-1s", "soon", 35),
    ("slos", 0, "objective"): ("100%", "99.9", "0%", 99),
    ("slos", 0, "good", "latency_below"): ("0s", "100", "5 parsecs"),
    ("slos", 0, "window"): ("30", "0s", "59m", "93d"),
    ("slos", 1, "good", "first_token_below"): (
        "500",
        "300ms + 0.2ms/prompt_token",
        "300ms up to 5s",
        "300ms + 0.2ms/token up to 5s",
        "300ms + 0.2ms up to 5s",
        "5s + 0.2ms/prompt_token up to 5s",
        "300ms + 0.2/prompt_token up to 5s",
    ),
    ("slos", 4, "per"): ("version",),
    ("slos", 4, "good", "all"): (
        [],
        [{"available": True}],
        [{"latency_below": "1s"}] * 9,
        [{"latency_below": "1s"}, {"all": [{"available": True}]}],
    ),
    ("slos", 4, "good", "all", 1): ({}, {"available": True, "latency_below": "1s"}),
    ("slos", 4, "alerts", "min_bad"): (0, -1, "5", True),
    ("slos", 4, "alerts", "tiers", 0, "budget"): ("2", "0%", "101%", 0.02, "0.1%", "20%"),
    ("slos", 4, "alerts", "tiers", 0, "long"): ("31d", "60"),
    ("slos", 4, "alerts", "tiers", 0, "severity"): ("warning",),
    ("slos", 4, "alerts", "tiers", 1, "name"): ("quick", ""),
    ("slo_files", 0): ("", "*/a.yaml", 5),
    ("alerts", "min_bad"): (0,),
    ("alerts", "tiers", 0, "budget"): ("2", "0%", "101%"),
    ("alerts", "tiers", 1, "name"): ("quick", ""),
    ("slos", 1, "name"): ("fast", ""),
    ("slos", 2, "good", "available"): (False,),
    ("models", 0): ("", 5),
    ("server", "type"): ("tritonn",),
    ("server", "max_batch_size", "iris"): (-1, 2_000_000, "many"),
    ("server", "metrics"): ("8002", "https://a"),
    ("server", "metrics_interval"): ("1ms", "1h", "5"),
    ("log", "format"): ("xml",),
    ("drain", "delay"): ("4s", "30", "-1s", 30),
    ("drain", "final_scrape"): ("11m", "-1s", "soon", 35),
    ("drain", "total"): ("0s", "soon", "3"),
    ("control", "memory"): ("128", "128 MegaBytes"),
    ("control", "tick"): ("1m", "1ms", "1"),
    ("limits", "threads"): (257, -1, "2"),
    ("limits", "series"): (200_000,),
    ("gpu", "source"): ("amd",),
    ("gpu", "devices", 0): (True, None),
    ("gpu", "devices"): (0, "all"),
    ("gpu", "price", "H200"): ("3.90", "3.90 EUR/d"),
    ("alerts", "deliver"): ("all",),
    ("alerts", "alertmanagers", 2): ("http://a:9093",),
    ("alerts", "alertmanagers", 0): (
        5,
        "a:9093",
        "ftp://a",
        "http://",
        "http://a:0",
        "http://a/api/v2/alerts",
    ),
    ("alerts", "alertmanagers", 1): ({"url": "http://b", "tls": {}},),
    ("alerts", "alertmanagers", 1, "url"): ("b:9093", "https://me:secret@b", "https://b?a=b"),
    ("alerts", "alertmanagers", 1, "timeout"): ("0s", "2m", "5", "1ms"),
    ("alerts", "alertmanagers", 1, "basic_auth", "username"): ("",),
    ("alerts", "alertmanagers", 1, "headers", "X-Site"): ("", "a\nb", 5),
    ("alerts", "alertmanagers", 2, "authorization", "type"): ("Basic",),
    ("alerts", "labels", "team"): ("", 5),
    ("alerts", "scope"): ("fleet",),
}

# An objective, a listener, a tier, an Alertmanager and a rule stand or fall as a whole.
WHOLES = (
    ("slos",),
    ("listeners",),
    ("outcomes",),
    ("alerts", "tiers"),
    ("alerts", "alertmanagers"),
)
# How many steps lead to the whole that a place lies in.
WHOLE_DEPTHS: dict[object, Callable[[Place], int]] = {
    "slos": lambda _: 2,
    "outcomes": lambda place: 3 if len(place) > 2 and isinstance(place[2], int) else 2,
    "alerts": lambda place: 3 if place[1:2] in (("tiers",), ("alertmanagers",)) else len(place),
}
FREE_TABLES: tuple[Place, ...] = (
    ("server", "max_batch_size"),
    ("gpu", "price"),
    ("alerts", "labels"),
    ("alerts", "alertmanagers", 1, "headers"),
)


def places(part: object, place: Place = ()) -> Iterator[Place]:
    """Yield every place in a document, the document's own first."""
    yield place
    items = (
        part.items()
        if isinstance(part, dict)
        else enumerate(part)
        if isinstance(part, list)
        else ()
    )
    for key, inner in items:
        yield from places(inner, (*place, key))


def at(document: Any, place: Place) -> Any:
    """Return what stands at a place."""
    for key in place:
        document = document[key]
    return document


@dataclass(frozen=True)
class Mistake:
    """One, where it is complained of, and what it costs."""

    document: dict[str, Any]
    place: Place
    lost: Place | None
    """The smallest part that is left out for it; None where it was nothing to begin with."""


def instead(place: Place, value: object) -> Mistake:
    """Put something else at a place."""
    document = copy.deepcopy(WHOLE)
    at(document, place[:-1])[place[-1]] = value
    return Mistake(document, place, place)


def unknown(around: Place) -> Mistake:
    """Add a key that means nothing."""
    document = copy.deepcopy(WHOLE)
    at(document, around)["zzz"] = 1
    inside = any(around[: len(whole)] == whole for whole in WHOLES)
    whole = inside and around != ("outcomes",)
    return Mistake(document, (*around, "zzz"), around if whole else None)


def misspelt(place: Place) -> Mistake:
    """Double the last letter of a key."""
    document = copy.deepcopy(WHOLE)
    *around, key = place
    table = at(document, tuple(around))
    table[f"{key}{str(key)[-1]}"] = table.pop(key)
    return Mistake(document, (*around, f"{key}{str(key)[-1]}"), place)


def mistakes() -> Iterator[Mistake]:
    """Yield every mistake that this page knows."""
    for place in places(WHOLE):
        here = at(WHOLE, place)
        if place:
            # A list where a table or a single value belongs, a number where a list may be: never right.
            a_list_may_be = isinstance(here, list) or (place[0] == "outcomes" and len(place) == 2)
            yield instead(place, 5 if a_list_may_be else [["zzz"]])
        if isinstance(here, dict) and place not in FREE_TABLES:
            yield unknown(place)
            yield from (misspelt((*place, key)) for key in here)
    for place, values in OUT_OF_RANGE.items():
        yield from (instead(place, value) for value in values)


def without(lost: Place | None) -> dict[str, Any] | None:
    """Return the whole without a part; None where nothing is left to run."""
    document = copy.deepcopy(WHOLE)
    if lost is None:
        return document
    if lost[0] == "listeners":
        return None
    target = lost[: WHOLE_DEPTHS[lost[0]](lost)] if lost[0] in WHOLE_DEPTHS else lost
    del at(document, target[:-1])[target[-1]]
    return document


def compiled(folder: Path, document: dict[str, Any]) -> Compiled:
    """Compile a document beside the files that it names."""
    for name in ("own.yaml", "other.yaml"):
        (folder / name).write_text(f"methods:\n  /{name}/Ask: {{kind: inference}}\n")
    (folder / "slos").mkdir(exist_ok=True)
    for name in ("slos/a.yaml", "more.yaml"):
        slo = {"name": name, "objective": "99%", "good": {"available": True}}
        (folder / name).write_text(json.dumps([slo]))
    file = folder / "wayside.yaml"
    file.write_text(json.dumps(document, ensure_ascii=False))
    return compile_policy(Sources(str(file)))


def comparable(policy: Policy) -> Policy:
    """Return what two policies of different files may have in common."""
    return replace(policy, config_hash="", config_valid=True)


def test_the_whole_is_right_and_has_every_part_there_is() -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert compiled(Path(folder), WHOLE).problems == ()
    assert set(WHOLE) == set(Root.model_fields)
    sections = [name for name in WHOLE if isinstance(WHOLE[name], dict) and name != "outcomes"]
    for name in sections:
        model = Root.model_fields[name].annotation
        assert model is not None
        assert set(WHOLE[name]) == set(model.model_fields), name


@pytest.mark.parametrize("mistake", list(mistakes()), ids=lambda each: dotted(each.place))
def test_one_mistake_is_one_message_at_its_place_and_costs_nothing_else(
    mistake: Mistake, tmp_path: Path
) -> None:
    found = compiled(tmp_path, mistake.document)
    assert [problem.field for problem in found.problems] == [dotted(mistake.place)]
    left = without(mistake.lost)
    if left is None:
        assert found.policy is None
        return
    assert found.policy is not None
    assert not found.policy.config_valid
    expected = compiled(tmp_path, left).policy
    assert expected is not None
    assert comparable(found.policy) == comparable(expected)


@settings(max_examples=150)
@given(st.sampled_from([place for place in places(WHOLE) if place]), VALUES)
def test_whatever_stands_at_one_place_is_right_or_complained_of_there(
    place: Place, value: object
) -> None:
    mistake = instead(place, value)
    # A name of a file is complained of in the name of that file; a total below its delay at the delay.
    elsewhere = {
        ("server", "files", 0): "",
        ("server", "files", 1): "",
        ("slo_files", 0): "",
        ("slo_files", 1): "",
        ("drain", "total"): "drain.delay",
    }
    with tempfile.TemporaryDirectory() as folder:
        found = compiled(Path(folder), mistake.document)
    told = [problem.field for problem in found.problems]
    assert told in ([], [dotted(place)], [elsewhere.get(place)])
    assert (found.policy is None) == bool(told and place[0] == "listeners")
