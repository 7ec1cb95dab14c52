"""The tap reads every message as its oracle in Python does, whole and damaged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sidecar.model.policy import Extract, Method, Read, Slot, Step, Variant
from sidecar.servers.catalogue import load_server, shipped_files
from sidecar.servers.limits import refusal
from tests.fakes.reader import Reader, reader_program, shown
from tests.property.message_oracle import read_message
from tests.servers.goldens import load_all

METHODS = {
    method.path: method for file in shipped_files() for method in load_server(str(file)).methods
}
MESSAGES = [
    (call.method, side, message.data)
    for golden in load_all()
    for call in golden.calls
    for side, messages in (("request", call.requests), ("response", call.responses))
    for message in messages
]
SAMPLES = st.sampled_from(MESSAGES)
SMALL = st.integers(0, 255)

# The fixtures are a process that answers each question by itself: examples do not influence each other.
SETTINGS = settings(
    max_examples=400,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    """The tap's reader with every shipped catalogue."""
    with Reader(reader_program()) as running:
        assert running.adopt(list(METHODS.values())) == []
        yield running


def agree(reader: Reader, method: Method, side: str, data: bytes, cuts: list[int]) -> None:
    """Both read the same."""
    program = method.request if side == "request" else method.response
    ours = shown(read_message(program, data, method.head_bytes))
    cuts = [cut % (len(data) + 1) for cut in cuts]
    assert reader.message(method.path, side, data, cuts) == ours, data.hex()


@pytest.mark.parametrize(("path", "side", "data"), MESSAGES)
def test_goldens_are_read_alike(reader: Reader, path: str, side: str, data: bytes) -> None:
    agree(reader, METHODS[path], side, data, [])


@SETTINGS
@given(sample=SAMPLES, changes=st.lists(st.tuples(SMALL, SMALL), min_size=1, max_size=4), cut=SMALL)
def test_damaged_goldens_are_read_alike(
    reader: Reader, sample: tuple[str, str, bytes], changes: list[tuple[int, int]], cut: int
) -> None:
    path, side, data = sample
    damaged = bytearray(data)
    for at, byte in changes:
        if damaged:
            damaged[at % len(damaged)] = byte
    agree(reader, METHODS[path], side, bytes(damaged), [cut])


@SETTINGS
@given(sample=SAMPLES, other=SAMPLES, at=SMALL, cuts=st.lists(SMALL, max_size=3))
def test_spliced_goldens_are_read_alike(
    reader: Reader,
    sample: tuple[str, str, bytes],
    other: tuple[str, str, bytes],
    at: int,
    cuts: list[int],
) -> None:
    path, side, data = sample
    at %= len(data) + 1
    agree(reader, METHODS[path], side, data[:at] + other[2] + data[at:], cuts)


@SETTINGS
@given(sample=SAMPLES, head_bytes=st.integers(1, 60), cuts=st.lists(SMALL, max_size=3))
def test_the_heads_of_goldens_are_read_alike(
    reader: Reader, sample: tuple[str, str, bytes], head_bytes: int, cuts: list[int]
) -> None:
    path, side, data = sample
    method = replace(METHODS[path], head_bytes=head_bytes)
    reader.adopt([method])
    agree(reader, method, side, data, cuts)
    reader.adopt(list(METHODS.values()))


FIELDS = st.integers(1, 4)
STEPS = st.builds(Step, FIELDS, st.sampled_from(["", "", "", "k"]))
EXTRACTS = st.builds(
    Extract,
    st.sampled_from(Slot),
    st.lists(STEPS, min_size=1, max_size=4).map(tuple),
    st.sampled_from(Read),
    st.integers(0, 2),
)
VARIANTS = st.builds(
    Variant,
    st.lists(EXTRACTS, max_size=12).map(tuple),
    st.lists(FIELDS, max_size=2).map(tuple),
    st.lists(FIELDS, max_size=2).map(tuple),
)


def indexed(variant: Variant) -> Variant:
    """Leave an index where it means something."""
    return Variant(
        tuple(
            Extract(each.slot, each.path, each.read, each.index * (each.read is Read.VARINT_AT))
            for each in variant.extracts
        ),
        variant.any_of,
        variant.none_of,
    )


@SETTINGS
@given(variants=st.lists(VARIANTS.map(indexed), min_size=1, max_size=4))
def test_the_same_programs_are_refused(reader: Reader, variants: list[Variant]) -> None:
    method = Method("/a.B/C", request=tuple(variants))
    refused = reader.adopt([method]) != []
    reader.adopt(list(METHODS.values()))
    assert refused == bool(refusal(variants))
