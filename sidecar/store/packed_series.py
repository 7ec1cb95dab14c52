"""One series in at most a kilobyte, for the tap's memory: its head exactly, its slots as coarse as it takes.

head     objective id, model, epoch, good, bad, excluded, last traffic, since, firing tiers, pending tiers
newest   the newest unit of 10 s of which anything is known
slots    to the end, ascending: (units since the end of the one before << 4 | length << 1 | has bad), good, and where it
         has any bad, their number and, of slots longer than a minute, in how many minutes
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sidecar.model.windows import SavedSeries, SeriesKey
from sidecar.store.coarse_slots import (
    GRAINS,
    LENGTHS,
    MINUTES_RING,
    UNITS_PER_MINUTE,
    Coarse,
    coarsened,
    fine,
    refined,
)
from sidecar.store.slot_table import PLACES
from sidecar.store.varints import Reader, put_number, put_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# 500 series take half of the tap's 1 MiB. Only names can make one longer, and they have bounds of their own.
MAX_PACKED_BYTES = 1000
_LENGTH_BITS = 3
_LENGTH_MASK = (1 << _LENGTH_BITS) - 1


def pack(series: SavedSeries) -> bytes:
    """Return a series as bytes; `series.slots` are all that it has."""
    known = fine(series.slots)
    head = _head(series)
    put_number(head, known.newest)
    for grain in GRAINS:
        packed = head + _slots(coarsened(known, grain), _origin(known.newest))
        if len(packed) <= MAX_PACKED_BYTES:
            break
    return bytes(packed)


def unpack(packed: bytes) -> SavedSeries:
    """Return what `pack` was given, with all rings filled from its coarse slots. Raises ValueError for others."""
    reader = Reader(packed)
    key = _key(reader)
    numbers = [reader.number() for _ in range(6)]
    firing, pending = _tiers(reader), _tiers(reader)
    newest = reader.number()
    try:
        slots = refined(_read_slots(reader, newest), newest)
    except OverflowError as error:
        raise ValueError("counts are too large") from error
    epoch, good, bad, excluded, last_traffic, since = numbers
    return SavedSeries(key, epoch, good, bad, excluded, last_traffic, since, firing, pending, slots)


def key_of(packed: bytes) -> SeriesKey:
    """Return whose events are in it. Raises ValueError."""
    return _key(Reader(packed))


def _key(reader: Reader) -> SeriesKey:
    return SeriesKey(reader.text(), reader.text())


def _head(series: SavedSeries) -> bytearray:
    out = bytearray()
    for text in series.key:
        put_text(out, text)
    for number in (
        series.epoch_unix_nanos,
        series.good,
        series.bad,
        series.excluded,
        series.last_traffic_nanos,
        series.since_nanos,
    ):
        put_number(out, number)
    for tiers in (series.firing, series.pending):
        put_number(out, len(tiers))
        for name, since in tiers:
            put_text(out, name)
            put_number(out, since)
    return out


def _tiers(reader: Reader) -> tuple[tuple[str, int], ...]:
    return tuple((reader.text(), reader.number()) for _ in range(reader.number()))


def _origin(newest: int) -> int:
    """Return a unit that no slot begins before."""
    return newest - PLACES[MINUTES_RING] * UNITS_PER_MINUTE - LENGTHS[-1]


def _slots(slots: Iterable[Coarse], end: int) -> bytes:
    out = bytearray()
    for begin, units, good, bad, bad_minutes in slots:
        length = LENGTHS.index(units)
        put_number(out, (begin - end) << _LENGTH_BITS + 1 | length << 1 | (bad > 0))
        put_number(out, good)
        if bad:
            put_number(out, bad)
            if units > UNITS_PER_MINUTE:
                put_number(out, bad_minutes)
        end = begin + units
    return bytes(out)


def _read_slots(reader: Reader, newest: int) -> Iterator[Coarse]:
    end = _origin(newest)
    while reader:
        head = reader.number()
        length, begin = head >> 1 & _LENGTH_MASK, end + (head >> _LENGTH_BITS + 1)
        if length >= len(LENGTHS) or not 0 <= begin <= newest:
            raise ValueError("a slot has no place")
        units = LENGTHS[length]
        good, bad = reader.number(), reader.number() if head & 1 else 0
        is_long = units > UNITS_PER_MINUTE
        bad_minutes = reader.number() if bad and is_long else int(bad > 0)
        minutes = newest // UNITS_PER_MINUTE + 1 - begin // UNITS_PER_MINUTE
        if bad_minutes > min(bad, max(units // UNITS_PER_MINUTE, 1), minutes):
            raise ValueError("a slot has more bad minutes than there can be")
        end = begin + units
        yield Coarse(begin, units, good, bad, bad_minutes)
