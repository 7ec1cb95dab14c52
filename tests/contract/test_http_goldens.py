"""The routes read what servers say over HTTP/1.1: documented requests and answers, through the tap's own reader."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from sidecar.model.policy import HeaderExtract, JsonExtract, JsonStep, Kind, Route, Slot
from sidecar.servers.catalogue import SHIPPED, ServerCatalogue, load_server
from tests.fakes.reader import Reader, reader_program
from tests.servers.http_cases import HttpCase
from tests.servers.http_documented import DOCUMENTED
from tests.servers.http_heads import ALL

CATALOGUES = sorted({case.catalogue for case in ALL})


@cache
def catalogue(name: str) -> ServerCatalogue:
    """Compile a shipped file."""
    return load_server(str(SHIPPED / f"{name}.yaml"))


def cases_of(name: str) -> list[HttpCase]:
    """Return the calls of a catalogue."""
    return [case for case in ALL if case.catalogue == name]


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    """One reader for all tests of this file."""
    with Reader(reader_program()) as running:
        yield running


def told(reader: Reader, case: HttpCase) -> dict[str, str]:
    """Show a call to the reader; return what it tells of the call and of its one request, whose verdict counts."""
    call, request = reader.http(case.request, *case.response)
    return {**call, **request}


def as_parameter(case: HttpCase) -> Any:
    """Give a call to a test, which thereby shows something about the servers that document it."""
    marks = [pytest.mark.proves(case.catalogue, each, "documented") for each in case.servers]
    return pytest.param(case, id=f"{case.catalogue}: {case.name}", marks=marks)


@pytest.mark.parametrize("case", [as_parameter(case) for case in ALL])
def test_what_is_documented_is_read(case: HttpCase, reader: Reader) -> None:
    assert reader.adopt((), catalogue(case.catalogue).routes) == []
    said = told(reader, case)
    said.pop("streaming")
    assert said == case.expected


def test_what_one_server_documents_names_its_document() -> None:
    assert [case.name for case in DOCUMENTED if case.servers and not case.source] == []


@pytest.mark.parametrize("name", CATALOGUES)
def test_every_form_of_an_inference_is_covered(name: str) -> None:
    """Routes that read alike (one is an alias of the other) need one golden between them."""
    forms: dict[Any, set[str]] = {}
    for route in catalogue(name).routes:
        if route.kind is Kind.INFERENCE:
            forms.setdefault((route.request, route.response, route.streaming), set()).add(
                route.template
            )
    covered = {case.route for case in cases_of(name)}
    assert [templates for templates in forms.values() if not templates & covered] == []


@pytest.mark.parametrize("name", CATALOGUES)
def test_a_path_that_moves_is_noticed(name: str, reader: Reader) -> None:
    """Each template and each path of a route with a golden, changed, changes what is read from some golden."""
    right, cases = catalogue(name).routes, cases_of(name)
    covered = {case.route for case in cases}
    reader.adopt((), right)
    before = [told(reader, case) for case in cases]
    moved_any, unnoticed = False, []
    for number, route in enumerate(right):
        for what, moved in moves(route) if route.template in covered else ():
            reader.adopt((), [*right[:number], moved, *right[number + 1 :]])
            moved_any = True
            if [told(reader, case) for case in cases] == before:
                unnoticed.append(f"{route.template} {what}")
    assert moved_any
    assert unnoticed == []


def moves(route: Route) -> Iterator[tuple[str, Route]]:
    """Yield (what was changed, the route with that change)."""
    if route.kind is not Kind.ADMIN:  # what is not known is as admin is
        yield "template", replace(route, template=f"/moved{route.template}")
    # What a request says of streams counts as long as there is no answer, which these have: it tells for itself.
    for what, request in moved_paths(route.request, {Slot.STREAM}):
        yield f"request {what}", replace(route, request=request)
    for what, response in moved_paths(route.response, unseen(route)):
        yield f"response {what}", replace(route, response=response)
    for what, asked in moved_headers(route.request_headers):
        yield f"request {what}", replace(route, request_headers=asked)
    for what, said in moved_headers(route.response_headers):
        yield f"response {what}", replace(route, response_headers=said)


def moved_headers(
    extracts: Sequence[HeaderExtract],
) -> Iterator[tuple[str, tuple[HeaderExtract, ...]]]:
    """Yield (what was changed, the headers with that name changed)."""
    for number, extract in enumerate(extracts):
        moved = replace(extract, name=f"{extract.name}x")
        yield (
            f"{extract.slot.value} header({extract.name})",
            (*extracts[:number], moved, *extracts[number + 1 :]),
        )


def moved_paths(
    extracts: Sequence[JsonExtract], left_out: set[Slot]
) -> Iterator[tuple[str, tuple[JsonExtract, ...]]]:
    """Yield (what was changed, the extracts with that path changed)."""
    for number, extract in enumerate(extracts):
        if extract.slot not in left_out:
            *front, last = extract.path
            step = JsonStep(key=f"{last.key}x") if last.key else JsonStep(item=99)
            moved = replace(extract, path=(*front, step))
            where = ".".join(step.key or "[]" for step in extract.path)
            yield (
                f"{extract.slot.value} {where}",
                (*extracts[:number], moved, *extracts[number + 1 :]),
            )


def unseen(route: Route) -> set[Slot]:
    """Name what an answer says in vain: there is one request to it, and the path may have named its model."""
    return {Slot.REQUEST_ID, Slot.FINAL} | ({Slot.MODEL} if "{model}" in route.template else set())
