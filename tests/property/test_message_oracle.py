"""Reading a message in Python; that it reads as the tap does is shown in tests/property/test_reader.py."""

from __future__ import annotations

from sidecar.model.policy import Extract, Read, Slot, Step, Variant
from tests.property.message_oracle import read_message


def program(path: tuple[Step, ...], read: Read, index: int = 0) -> list[Variant]:
    """Return a program that reads one value."""
    return [Variant((Extract(Slot.MODEL, path, read, index),))]


def value(path: tuple[Step, ...], read: Read, data: bytes, index: int = 0, head: int = 0) -> object:
    """Read one value."""
    said = read_message(program(path, read, index), data, head)
    return said[Slot.MODEL][0] if said else None


def test_the_last_occurrence_wins_and_elements_are_of_the_first() -> None:
    twice = b"\x0a\x02\x10\x05\x0a\x02\x10\x06"
    path = (Step(1), Step(2))
    assert value(path, Read.INT, twice) == 6
    assert value(path, Read.VARINT_AT, twice) == 5
    assert value((Step(1),), Read.COUNT, twice) == 2


def test_a_map_is_entered_by_its_key() -> None:
    entries = b"\x0a\x07\x0a\x01a\x12\x02\x08\x01\x0a\x07\x0a\x01b\x12\x02\x08\x02"
    assert value((Step(1, "b"), Step(1)), Read.INT, entries) == 2
    assert value((Step(1, "c"), Step(1)), Read.INT, entries) is None


def test_nothing_behind_the_head_is_read_but_what_it_skips() -> None:
    data = b"\x12\x20" + bytes(32) + b"\x0a\x01m"
    assert value((Step(1),), Read.STRING, data) == b"m"
    assert value((Step(1),), Read.STRING, data, head=34) is None
    assert value((Step(2),), Read.LENGTH, data, head=2) == 32


def test_what_is_malformed_ends_the_message_it_is_in() -> None:
    assert value((Step(1),), Read.INT, b"\x08\x07\xff") == 7
    assert value((Step(2),), Read.INT, b"\x0a\x01\xff\x10\x07") == 7
    assert value((Step(2),), Read.INT, b"\x0a\x7f\x00\x10\x07") is None


def test_the_first_form_that_suits_counts() -> None:
    one, two = (Extract(Slot.MODEL, (Step(n),), Read.INT) for n in (1, 2))
    forms = [Variant((one,), any_of=(3,)), Variant((two,), none_of=(4,))]
    assert read_message(forms, b"\x08\x01\x10\x02\x18\x01")[Slot.MODEL] == (1, Read.INT)
    assert read_message(forms, b"\x08\x01\x10\x02")[Slot.MODEL] == (2, Read.INT)
    assert read_message(forms, b"\x08\x01\x10\x02\x20\x00") == {}


def test_of_several_paths_the_first_that_is_there_counts() -> None:
    text, number = (
        Extract(Slot.VERSION, (Step(1),), Read.STRING),
        Extract(Slot.VERSION, (Step(2),), Read.INT),
    )
    assert read_message([Variant((text, number))], b"\x0a\x00\x10\x07") == {
        Slot.VERSION: (7, Read.INT)
    }
    assert read_message([Variant((text, number))], b"\x0a\x01v\x10\x07") == {
        Slot.VERSION: (b"v", Read.STRING)
    }


def test_shapes_are_exact_or_not_there() -> None:
    path = (Step(5), Step(3))

    def shape(content: bytes, head: int = 0) -> object:
        data = b"\x2a" + bytes([len(content)]) + content
        return value(path, Read.DIMENSIONS, data + b"\x2a\x02\x18\x09", head=head)

    assert shape(b"\x1a\x03\x01\xe0\x01") == (1, 224)
    assert shape(b"\x18\x01\x1a\x02\x02\x03\x18\x00") == (1, 2, 3, 0)
    assert shape(b"\x1a\x08" + b"\x01" * 8) == (1,) * 8
    assert shape(b"\x1a\x09" + b"\x01" * 9) is None
    assert shape(b"\x1a\x06\x01\x80\x80\x80\x80\x10") is None
    assert shape(b"\x1a\x02\x01\x83") is None
    assert shape(b"\x1a\x02\x01\x03\x00") is None, "malformed behind it"
    contents = b"\x1a\x02\x01\x03" + b"\x2a\x10" + bytes(16)
    assert [shape(contents, head) for head in (5, 6, 7)] == [None, None, None]
    assert shape(contents, 20) == (1, 3)


def test_a_dimension_may_be_a_message_and_0_is_not_written() -> None:
    path = (Step(2), Step(2), Step(1))
    dims = b"\x12\x02\x08\x04" + b"\x12\x00" + b"\x12\x04\x08\x07\x08\x08"
    tensor = b"\x12" + bytes([len(dims)]) + dims
    assert value(path, Read.DIMENSION_OF_EACH, tensor + b"\x12\x04\x12\x02\x08\x09") == (4, 0, 8)


def test_a_string_may_be_of_the_first_message() -> None:
    twice = b"\x0a\x03\x12\x01a" + b"\x0a\x03\x12\x01b"
    assert value((Step(1), Step(2)), Read.FIRST_STRING, twice) == b"a"
    assert value((Step(1), Step(2)), Read.STRING, twice) == b"b"
