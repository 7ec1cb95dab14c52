"""The schema that editors get takes what is right, and none of the mistakes that a type shows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from sidecar.cli import check
from sidecar.cli.main import main
from sidecar.config.json_schema import DIALECT, json_schema
from sidecar.text.document import dotted, parse_document
from tests.property.test_config_mistakes import OUT_OF_RANGE, WHOLE, Mistake, at, mistakes

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json_schema()
LISTENERS = 'listeners: [{listen: ":8001", upstream: "127.0.0.1:9001"}]\n'
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def examples() -> Iterator[tuple[str, str]]:
    """Yield every whole configuration that people are shown."""
    for page in ("README.md", "docs/configuration.md"):
        blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)
        yield from (
            (f"{page} {at}", text) for at, text in enumerate(blocks) if "listeners:" in text
        )
    # The demo writes the listeners itself.
    yield "demo", LISTENERS + (ROOT / "sidecar/demo/wayside.yaml").read_text()
    whole = check._EPILOG.partition("a whole file:\n")[2].partition("\n\n")[0]
    yield "check --help", whole.replace("\n  ", "\n").removeprefix("  ")


def complaints(value: object) -> list[str]:
    """What the schema says against a configuration."""
    return [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(value)]


def test_it_is_a_schema_of_the_dialect_it_names() -> None:
    assert SCHEMA["$schema"] == DIALECT
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    keywords = set(jsonschema.Draft202012Validator.VALIDATORS) | {
        "$schema", "$defs", "title", "description", "examples",
    }  # fmt: skip
    assert [each for each in parts(SCHEMA) if not each.keys() <= keywords] == []


def parts(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield every schema within a schema."""
    if isinstance(schema, list):
        for each in schema:
            yield from parts(each)
    elif isinstance(schema, dict):
        yield schema
        for key, inner in schema.items():
            named = key in ("properties", "$defs")
            yield from parts(list(inner.values()) if named else inner)


def test_every_key_is_described() -> None:
    for name, part in {"Root": SCHEMA, **SCHEMA["$defs"]}.items():
        for key, each in part["properties"].items():
            assert each.get("description"), f"{name}.{key}"


@pytest.mark.parametrize(("name", "text"), list(examples()))
def test_what_people_are_shown_is_right(name: str, text: str) -> None:
    document = parse_document(name, text.encode())
    assert document.problems == ()
    assert complaints(document.value) == []


def test_examples_were_found() -> None:
    assert [name.partition(" ")[0] for name, _ in examples()] == [
        "README.md",
        "docs/configuration.md",
        "demo",
        "check",
    ]


def test_the_whole_is_right_and_so_are_short_forms() -> None:
    assert complaints(WHOLE) == []
    assert complaints({**WHOLE, "health": "off", "gpu": {"devices": "auto"}, "admin": "off"}) == []


# Only reading shows these: a name that is no code, a number out of range, one part against another.
UNSEEN = {
    ("listeners", 1, "listen"), ("listeners", 1, "upstream"), ("slos", 0, "objective"), ("slos", 0, "window"),
    ("slos", 0, "good", "latency_below"), ("slos", 1, "name"), ("server", "type"), ("server", "metrics_interval"),
    ("drain", "delay"), ("drain", "total"), ("drain", "final_scrape"), ("health", "first_scrape"),
    ("control", "tick"), ("slo_files", 0),
    ("slos", 4, "good", "all"), ("slos", 4, "alerts", "tiers", 0, "budget"), ("slos", 4, "alerts", "tiers", 0, "long"),
    ("slos", 4, "alerts", "tiers", 1, "name"), ("alerts", "tiers", 0, "budget"), ("alerts", "tiers", 1, "name"),
    ("slos", 1, "good", "first_token_below"), ("health", "listen"), ("listeners", 0, "listen"),
    ("control", "memory"), ("alerts", "alertmanagers", 0), ("alerts", "alertmanagers", 1),
    ("alerts", "alertmanagers", 2),
    ("alerts", "alertmanagers", 1, "url"), ("alerts", "alertmanagers", 1, "timeout"),
    ("alerts", "alertmanagers", 1, "headers", "X-Site"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", list(mistakes()), ids=lambda each: dotted(each.place))
def test_a_mistake_that_a_type_shows_is_refused(mistake: Mistake) -> None:
    place = mistake.place
    values = OUT_OF_RANGE.get(place, ()) if place in UNSEEN else ()
    if any(at(mistake.document, place) == value for value in values):
        return
    if place[:1] == ("outcomes",) and len(place) == 2:
        return  # which codes there are is sidecar/servers/outcomes.py's to know
    assert complaints(mistake.document), mistake.document


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        ({"objective": "99.9"}, True),
        ({"objective": 99.9}, True),
        ({"window": "30"}, True),
        ({"window": "30d"}, False),
        ({"good": {"first_token_below": "300ms + 1ms/prompt_token"}}, True),
        ({"good": {"first_token_below": "300ms + 1ms/prompt_token up to 5s"}}, False),
        ({"good": {"available": False}}, True),
        ({"good": {"available": {"give_up": "10s"}}}, False),
        ({"good": {}}, True),
        ({"good": {"available": True, "latency_below": "1s"}}, True),
        ({"good": {"all": [{"available": True}]}}, True),
        ({"alerts": {"min_bad": 0}}, True),
        ({"per": "version"}, True),
    ],
)
def test_what_an_editor_underlines_in_an_objective(change: dict[str, Any], refused: bool) -> None:
    slo = {"name": "a", "objective": "99%", "good": {"available": True}, **change}
    assert bool(complaints({"listeners": WHOLE["listeners"], "slos": [slo]})) is refused


def test_the_command_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(("schema",)) == 0
    assert json.loads(capsys.readouterr().out) == SCHEMA
