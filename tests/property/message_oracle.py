"""What the tap reads from a message, read in Python: the oracle of tests/property/test_reader.py.

That test shows both the same messages, whole and damaged, and wants the same answer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from sidecar.model.policy import Read, Slot
from sidecar.servers.headers import Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sidecar.model.policy import Extract, Step, Variant

# Each as in dataplane/wire: a name that is longer is not read, an unset head_bytes, groups taken for an attack.
MAX_NAME_BYTES = 128
DEFAULT_HEAD_BYTES = 16 * 1024
MAX_GROUP_DEPTH = 16
MAX_FIELD_NUMBER = (1 << 29) - 1
MAX_CONDITION_NUMBER = 63
MAX_DIMENSIONS = 8
MAX_SIZE = (1 << 32) - 1
_MAX_VARINT_BYTES = 10
_U64 = (1 << 64) - 1

_VARINT, _FIXED64, _BYTES, _GROUP_BEGIN, _GROUP_END, _FIXED32 = range(6)

_PACKED = (Read.VARINTS, Read.VARINT_AT, Read.DIMENSIONS)

Key: TypeAlias = "tuple[tuple[Step, ...], Read, int]"


class _EndError(Exception):
    """The (sub)message at hand is malformed, or the head ends: what was read before stands."""


# In the place of an index: of a string that is too long the beginning is kept, as of the words of an error.
_BEGINNING = -1


class _OverlongError(_EndError):
    """A varint of more than ten bytes."""


@dataclass(slots=True)
class _Level:
    """A message on the way down: what is wanted in it, and where it ends."""

    end: int
    wanted: list[tuple[Key, tuple[object, ...]]]  # value, and what is left of the way to it
    first: bool  # it is the first of its field, and so are all above it
    in_first: bool  # what it lies in is
    groups: int = 0
    key: bytes | None = None  # of the map entry, once read


@dataclass(slots=True)
class _Reader:
    """One message being read."""

    data: bytes
    limit: int
    fields: set[int] = field(default_factory=set)
    entered: set[tuple[object, ...]] = field(default_factory=set)
    values: dict[Key, Value] = field(default_factory=dict)
    elements: dict[Key, int] = field(default_factory=dict)
    dimensions: dict[Key, list[int]] = field(default_factory=dict)
    spoilt: set[Key] = field(default_factory=set)  # shapes that cannot be told
    malformed: bool = False  # or the head ended where a shape may go on: no shape can be told

    def value(self, wanted: Key) -> Value | None:
        """Return what was found."""
        if wanted in self.dimensions:
            told = not self.malformed and wanted not in self.spoilt
            return tuple(self.dimensions[wanted]) if told else None
        return self.values.get(wanted)

    # --- one message -------------------------------------------------------------------------

    def message(self, at: int, level: _Level, way: tuple[object, ...]) -> None:
        """Read a message up to its end, or to where it is malformed."""
        try:
            while at < level.end and at <= self.limit:
                at = self._field(at, level, way)
        except _EndError:
            self.malformed = True

    def _field(self, at: int, level: _Level, way: tuple[object, ...]) -> int:
        """Read one field; return where the next begins."""
        key, at = self._varint(at, level.end)
        number, kind = key >> 3, key & 7
        if not 0 < number <= MAX_FIELD_NUMBER:
            raise _EndError
        if not way and level.groups == 0 and number <= MAX_CONDITION_NUMBER:
            self.fields.add(number)
        if kind == _VARINT:
            value, at = self._varint(at, level.end)
            for wanted in self._ends(level, number):
                self._number(wanted, value, level)
        elif kind in (_FIXED64, _FIXED32):
            at += 8 if kind == _FIXED64 else 4
            if at > level.end:
                raise _EndError
            for wanted in self._ends(level, number):
                self._fixed(wanted)
        elif kind == _BYTES:
            return self._bytes(at, level, number, way)
        elif kind == _GROUP_BEGIN and level.groups < MAX_GROUP_DEPTH:
            level.groups += 1
        elif kind == _GROUP_END and level.groups > 0:
            level.groups -= 1
        else:
            raise _EndError
        return at

    def _bytes(self, at: int, level: _Level, number: int, way: tuple[object, ...]) -> int:
        length, at = self._varint(at, level.end)
        end = at + length
        if end > level.end:
            raise _EndError
        if level.groups:
            return end
        keyed = any(isinstance(rest[0], str) for _, rest in level.wanted)
        if number == 1 and keyed:
            whole = length <= MAX_NAME_BYTES and end <= self.limit
            level.key = self.data[at:end] if whole else None
        place, wanted = self._edge(level, number)
        inside = [(value, rest[1:]) for value, rest in wanted if len(rest) > 1]
        ends = [value for value, rest in wanted if len(rest) == 1]
        for value in ends:
            self._length(value, at, length, level.first)
        for value, rest in wanted:
            if value[1] is Read.DIMENSION_OF_EACH and len(rest) == 2 and level.first:
                self._dimension(value, 0)
        # Of a later occurrence of what lies above it only the number of elements is wanted.
        wanted_packed = _PACKED if level.first else (Read.VARINTS,)
        packed = [value for value in ends if value[1] in wanted_packed]
        if packed and not inside:
            self._packed(packed, at, end, level.first)
        if inside:
            edge = (*way, place)
            first = level.first and edge not in self.entered
            self.entered.add(edge)
            self.message(at, _Level(end, inside, first, level.first), edge)
        return end

    def _edge(
        self, level: _Level, number: int
    ) -> tuple[object, list[tuple[Key, tuple[object, ...]]]]:
        """Return (name of the edge, what lies behind it): behind the right key of a map, the key's own."""
        if number == 2 and level.key is not None:
            keyed = [each for each in level.wanted if _is_key(each[1][0], level.key)]
            if keyed:
                return keyed[0][1][0], keyed
        return number, [each for each in level.wanted if each[1][0] == number]

    def _ends(self, level: _Level, number: int) -> list[Key]:
        """Return the values that a field without length gives."""
        if level.groups:
            return []
        return [value for value, rest in self._edge(level, number)[1] if len(rest) == 1]

    def _varint(self, at: int, end: int) -> tuple[int, int]:
        value = 0
        for count in range(_MAX_VARINT_BYTES):
            if at >= min(end, self.limit):
                raise _EndError
            byte = self.data[at]
            at += 1
            value |= (byte & 0x7F) << (7 * count)
            if byte < 0x80:
                return value & _U64, at
        raise _OverlongError

    # --- values ------------------------------------------------------------------------------

    def _number(self, wanted: Key, number: int, level: _Level) -> None:
        read = wanted[1]
        if read is Read.INT:
            self.values[wanted] = number
        elif read is Read.PRESENT:
            self.values[wanted] = 1
        elif read in (Read.COUNT, Read.VARINTS):
            self._add(wanted, 1)
        elif read is Read.SUM:
            self._add(wanted, number)
        elif read is Read.VARINT_AT and level.first:
            self._element(wanted, number)
        elif read is Read.DIMENSIONS and level.first:
            self._dimension(wanted, number)
        elif read is Read.DIMENSION_OF_EACH and level.in_first:
            self._dimension(wanted, number, last=True)

    def _fixed(self, wanted: Key) -> None:
        if wanted[1] is Read.PRESENT:
            self.values[wanted] = 1
        elif wanted[1] is Read.COUNT:
            self._add(wanted, 1)

    def _length(self, wanted: Key, at: int, length: int, first: bool) -> None:
        read = wanted[1]
        if read is Read.STRING or (read is Read.FIRST_STRING and first):
            self.values.pop(wanted, None)
            kept = min(length, MAX_NAME_BYTES) if wanted[2] == _BEGINNING else length
            if kept <= MAX_NAME_BYTES and at + kept <= self.limit:
                self.values[wanted] = self.data[at : at + kept]
        elif read is Read.PRESENT and length:
            self.values[wanted] = 1
        elif read is Read.COUNT:
            self._add(wanted, 1)
        elif read is Read.LENGTH:
            self.values[wanted] = length

    def _packed(self, packed: list[Key], at: int, end: int, first: bool) -> None:
        """Read packed varints; where only their number is wanted, by counting last bytes."""
        if all(read is Read.VARINTS for _, read, _ in packed):
            count = sum(byte < 0x80 for byte in self.data[at : min(end, self.limit)])
            for wanted in packed if count else ():
                self._add(wanted, count)
            return
        try:
            more = True
            while more and at < end:
                number, at = self._varint(at, end)
                more = False
                for wanted in packed:
                    if wanted[1] is Read.VARINTS:
                        self._add(wanted, 1)
                        more = True
                    elif first and wanted[1] is Read.DIMENSIONS:
                        more |= self._dimension(wanted, number)
                    elif first:
                        more |= self._element(wanted, number)
        except _OverlongError:
            raise
        except _EndError:
            self.malformed = True  # cut off inside one: what follows the field is sound

    def _element(self, wanted: Key, number: int) -> bool:
        """Take the next element; say whether a later one is wanted."""
        seen = self.elements.get(wanted, 0)
        if seen == wanted[2]:
            self.values[wanted] = number
        self.elements[wanted] = seen + 1
        return seen < wanted[2]

    def _dimension(self, wanted: Key, size: int, last: bool = False) -> bool:
        """Take the next dimension, or one in the place of the last; say whether a later one is wanted."""
        sizes = self.dimensions.setdefault(wanted, [])
        if last:
            del sizes[-1:]
        if size > MAX_SIZE or len(sizes) == MAX_DIMENSIONS:
            self.spoilt.add(wanted)
        else:
            sizes.append(size)
        return wanted not in self.spoilt

    def _add(self, wanted: Key, more: int) -> None:
        before = self.values.get(wanted, 0)
        assert isinstance(before, int)
        self.values[wanted] = min(before + more, _U64)


def _is_key(step: object, key: bytes) -> bool:
    return isinstance(step, str) and step.encode() == key


def read_message(
    program: Sequence[Variant], data: bytes, head_bytes: int = 0
) -> dict[Slot, tuple[Value, Read]]:
    """Return what a message says: slot -> (value, how it was read). Strings stay bytes."""
    wanted = list(dict.fromkeys(_key(each) for variant in program for each in variant.extracts))
    reader = _Reader(data, min(len(data), head_bytes or DEFAULT_HEAD_BYTES))
    reader.message(
        0, _Level(len(data), [(key, tuple(_way(key[0]))) for key in wanted], True, True), ()
    )
    said: dict[Slot, tuple[Value, Read]] = {}
    for extract in _chosen(program, reader.fields):
        value = reader.value(_key(extract))
        if value is not None and value != b"":
            said.setdefault(extract.slot, (value, extract.read))
    return said


def _chosen(program: Sequence[Variant], fields: set[int]) -> tuple[Extract, ...]:
    """Return what the first form that suits the message reads."""
    for variant in program:
        if (not variant.any_of or fields & set(variant.any_of)) and not fields & set(
            variant.none_of
        ):
            return variant.extracts
    return ()


def _key(extract: Extract) -> Key:
    words = extract.slot is Slot.ERROR_TEXT and extract.read is Read.STRING
    return extract.path, extract.read, _BEGINNING if words else extract.index


def _way(steps: Sequence[Step]) -> Iterator[object]:
    """Yield a field's number per step, and the key of a map as text after it."""
    for step in steps:
        yield step.field
        if step.map_key:
            yield step.map_key
