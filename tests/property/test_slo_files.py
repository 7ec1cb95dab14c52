"""Files of objectives with something wrong in them: always a message, never a traceback, and nothing else is lost."""

from __future__ import annotations

import copy
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from sidecar.config.load import Checked, check
from sidecar.config.sources import Sources
from sidecar.text.document import Path as Place
from sidecar.text.document import dotted
from tests.property.test_config_mistakes import VALUES, WHOLE, at, places

LISTENERS = {"listeners": [{"listen": ":8001", "upstream": "127.0.0.1:9001"}]}
SHORT = {"slos": WHOLE["slos"]}


def source(**spec: object) -> dict[str, Any]:
    """A source of ours."""
    return {"metricSource": {"type": "wayside", "spec": spec}}


SLO: dict[str, Any] = {
    "apiVersion": "openslo/v1",
    "kind": "SLO",
    "metadata": {"name": "a", "displayName": "A", "labels": {"team": ["x", "y"]}, "annotations": {"b": "c"}},
    "spec": {
        "description": "d",
        "service": "s",
        "indicatorRef": "i",
        "timeWindow": [{"duration": "30d", "isRolling": True}],
        "budgetingMethod": "Occurrences",
        "objectives": [{"displayName": "one", "target": 0.99}, {"displayName": "two", "targetPercent": 99.9}],
    },
}  # fmt: skip
INLINE: dict[str, Any] = {
    "apiVersion": "openslo/v1",
    "kind": "SLO",
    "metadata": {"name": "b"},
    "spec": {
        "indicator": {
            "metadata": {"name": "x"},
            "spec": {
                "ratioMetric": {
                    "counter": True,
                    "good": source(match={"model": "m"}, good={"available": {"give_up": "9s"}}, per="model"),
                    "total": source(match={"model": "m"}, per="model"),
                }
            },
        },
        "timeWindow": [{"duration": "4w", "isRolling": True}],
        "budgetingMethod": "Occurrences",
        "objectives": [{"target": 0.999}],
    },
}  # fmt: skip
SLI: dict[str, Any] = {
    "apiVersion": "openslo/v1",
    "kind": "SLI",
    "metadata": {"name": "i"},
    "spec": {
        "description": "d",
        "ratioMetric": {
            "counter": True,
            "rawType": "success",
            "raw": source(match={"model": "r", "method": "a.B/C"}, good={"latency_below": "100ms"}),
        },
    },
}
OPENSLO = [SLO, INLINE, SLI]


def text_of(documents: list[Any]) -> str:
    """Write documents; JSON is YAML on one line, and each begins at a line of its own."""
    return "".join(f"---\n{json.dumps(each, ensure_ascii=False)}\n" for each in documents)


def checked(folder: str, text: bytes) -> Checked:
    """Read a configuration that names one file with this text."""
    file, other = Path(folder) / "wayside.yaml", Path(folder) / "slos.yaml"
    other.write_bytes(text)
    file.write_text(json.dumps({**LISTENERS, "slo_files": ["*.yaml"]}))
    return check(Sources(str(file)))


def mistakes(documents: list[Any]) -> Iterator[tuple[list[Any], Place]]:
    """Yield documents with one part that can be nothing, a key too many, or one misspelt; and its place in all."""
    for place in places(documents):
        if (
            len(place) < 2
            or "labels" in place
            or "annotations" in place
            or place[-1] == "description"
        ):
            continue
        broken = copy.deepcopy(documents)
        at(broken, place[:-1])[place[-1]] = (
            [["zzz"]] if not isinstance(at(documents, place), list) else 5
        )
        if place[-1] not in ("service", "displayName") or place[-2:-1] == ("objectives",):
            yield broken, place
        if isinstance(place[-1], str):
            broken = copy.deepcopy(documents)
            table = at(broken, place[:-1])
            table[f"{place[-1]}{place[-1][-1]}"] = table.pop(place[-1])
            yield broken, (*place[:-1], f"{place[-1]}{place[-1][-1]}")


def test_both_forms_are_right_as_they_are() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for documents, names in (([SHORT], 5), (OPENSLO, 3)):
            found = checked(folder, text_of(documents).encode())
            assert [str(each) for each in found.problems] == []
            assert len(found.root.slos) == names


def test_one_mistake_in_openslo_is_one_message_at_its_place_and_costs_what_depends_on_it() -> None:
    tried = 0
    with tempfile.TemporaryDirectory() as folder:
        for documents, place in mistakes(OPENSLO):
            found = checked(folder, text_of(documents).encode())
            told = [(each.line, each.field) for each in found.problems]
            here = (2 * (int(place[0]) + 1), dotted(place[1:]))
            # Of two that must be the same nobody knows which one is wrong: `total` is complained of.
            if place[0] == 1 and ("match" in place or "per" in place):
                whole = "spec.indicator.spec.ratioMetric.total.metricSource.spec"
                assert len(told) == 1
                assert told[0][1] in (here[1], f"{whole}.match", f"{whole}.per", whole)
                continue
            assert told == [here], (
                place,
                [str(e) for e in found.problems],
            )
            left = {each.name for each in found.root.slos}
            kept = {"a-one", "a-two"} if place[0] == 1 else {"b"}
            if place[0] == 0 and len(place) > 3 and place[2] == "objectives":
                kept |= {"a-two"} if place[3] == 0 else {"a-one"}
            assert left == kept, place
            tried += 1
    assert tried > 80


@settings(max_examples=300)
@given(st.data(), VALUES | st.none() | st.lists(st.none(), max_size=1))
def test_whatever_stands_at_one_place_is_told_in_lines_and_words(
    data: st.DataObject, value: object
) -> None:
    documents = data.draw(st.sampled_from([[SHORT], OPENSLO]))
    place = data.draw(st.sampled_from([each for each in places(documents) if each]))
    broken = copy.deepcopy(documents)
    at(broken, place[:-1])[place[-1]] = value
    with tempfile.TemporaryDirectory() as folder:
        found = checked(folder, text_of(broken).encode())
    assert found.usable
    assert all(slo.noun(found.root.alerts).id for slo in found.root.slos)
    for problem in found.problems:
        assert problem.file.endswith("slos.yaml")
        assert 0 < problem.line <= 6
        assert problem.what


@settings(max_examples=300)
@given(st.data())
def test_any_change_of_the_text_is_judged_without_a_traceback(data: st.DataObject) -> None:
    documents = data.draw(st.sampled_from([[SHORT], OPENSLO]))
    text = yaml.safe_dump_all(documents).encode()
    for _ in range(data.draw(st.integers(1, 4))):
        cut = data.draw(st.integers(0, len(text)))
        gone = data.draw(st.integers(0, 20))
        put = data.draw(st.sampled_from([b"", b"\n", b": ", b"- ", b"&a ", b"*a", b"<<: ", b"!!x ", b"\x00", b"\xff",
            b"{", b"[", b"'", b"%", b"---\n", b"9" * 5000, b"1e999", b"\t"]) | st.binary(max_size=4))  # fmt: skip
        text = text[:cut] + put + text[cut + gone :]
    with tempfile.TemporaryDirectory() as folder:
        found = checked(folder, text)
    assert found.usable
    assert all(slo.noun(found.root.alerts).id for slo in found.root.slos)
    for problem in found.problems:
        assert str(problem)
        assert problem.line <= text.count(b"\n") + text.count(b"\r") + 2
