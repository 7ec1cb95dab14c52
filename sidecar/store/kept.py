"""The tap's memory as a store: outlives control, not the tap. For where there is no disk, as in Kubernetes.

The tap holds 1 MiB and 64 values in all and refuses what would pass that: it counts the refusal and goes on holding the
value before. So series share values, *shards*: which of them one lies in follows from its key, and a commit hands over
those in which something changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from zlib import crc32

from sidecar.model.sections.store import TAP, StoreReading
from sidecar.store.packed_series import key_of, pack, unpack
from sidecar.store.varints import Reader, put_number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sidecar.model.log import Log
    from sidecar.model.windows import SavedSeries, SeriesKey

# Nothing larger could be kept, and a frame far above it would be no frame of the seam.
MAX_VALUE_BYTES = 1 << 20
# Three quarters of the tap's 64 values; the others are for what is no series.
SHARDS = 48
# Another way of writing shards, or another number of them, gets another name: what is under an old one is not read.
SHARD_PREFIX = "series/1/"
_CHECK_BYTES = 4


class KeptStore:
    """Begins with what the tap gave back in its hello."""

    keeps_slots = False

    def __init__(
        self, kept: Mapping[str, bytes], keep: Callable[[str, bytes], None], log: Log
    ) -> None:
        """`keep` hands a value to the tap."""
        self._values = {
            key: value for key, value in kept.items() if not key.startswith(SHARD_PREFIX)
        }
        self._keep = keep
        self._log = log
        self._written: dict[str, bytes] = {}
        self._shards: list[dict[SeriesKey, bytes]] = [
            self._shard(name, kept.get(name, b"")) for name in map(_name, range(SHARDS))
        ]
        self._changed: set[int] = set()

    def read(self, key: str) -> bytes | None:
        """See Store."""
        return self._written.get(key, self._values.get(key)) or None

    def write(self, key: str, value: bytes) -> None:
        """See Store."""
        if len(value) > MAX_VALUE_BYTES:
            self._log.error(
                "state is too large for the tap to keep", key=key, value_bytes=len(value)
            )
        elif self.read(key) != (value or None):
            self._written[key] = value

    def read_series(self) -> Sequence[SavedSeries]:
        """See Store. Slots are coarser than they were when they were saved."""
        found = []
        for shard in self._shards:
            for key, packed in shard.items():
                try:
                    found.append(unpack(packed))
                except ValueError as error:
                    self._tell_damage(f"{key.objective_id} {key.model}", error)
        return found

    def take_late(self) -> Sequence[SavedSeries]:
        """See Store: the tap gives at once whatever it keeps."""
        return ()

    def save_series(self, series: Sequence[SavedSeries]) -> None:
        """See Store."""
        for each in series:
            number, packed = _shard_of(each.key), pack(each)
            if self._shards[number].get(each.key) != packed:
                self._shards[number][each.key] = packed
                self._changed.add(number)

    def forget_series(self, keys: Sequence[SeriesKey]) -> None:
        """See Store."""
        for key in keys:
            number = _shard_of(key)
            if self._shards[number].pop(key, None) is not None:
                self._changed.add(number)

    def commit(self) -> None:
        """See Store. Only what has changed travels, what is forgotten first: it makes room."""
        written, self._written = self._written, {}
        self._values.update(written)
        shards = {_name(number): _joined(self._shards[number]) for number in self._changed}
        self._changed.clear()
        for key, value in sorted((written | shards).items(), key=lambda each: bool(each[1])):
            self._keep(key, value)

    def reading(self) -> StoreReading:
        """See Store. What the tap refuses it tells by itself."""
        return StoreReading(home=TAP)

    def close(self) -> None:
        """See Store."""

    def _shard(self, name: str, value: bytes) -> dict[SeriesKey, bytes]:
        """Take the series out of a shard; one that is damaged holds none."""
        if not value:
            return {}
        try:
            return _parted(value)
        except ValueError as error:
            self._tell_damage(name, error)
            return {}

    def _tell_damage(self, name: str, error: Exception) -> None:
        self._log.error("what the tap kept cannot be read and begins anew", key=name, reason=error)


def _name(number: int) -> str:
    return f"{SHARD_PREFIX}{number}"


def _shard_of(key: SeriesKey) -> int:
    return crc32("\0".join(key).encode()) % SHARDS


def _joined(shard: Mapping[SeriesKey, bytes]) -> bytes:
    """Return a shard as one value: a checksum, then each series after its length. Without series it is empty."""
    out = bytearray()
    for packed in shard.values():
        put_number(out, len(packed))
        out += packed
    return crc32(out).to_bytes(_CHECK_BYTES, "big") + bytes(out) if out else b""


def _parted(value: bytes) -> dict[SeriesKey, bytes]:
    """Return the series in a shard. Raises ValueError."""
    check = int.from_bytes(value[:_CHECK_BYTES], "big")
    if len(value) <= _CHECK_BYTES or check != crc32(value[_CHECK_BYTES:]):
        raise ValueError("its checksum is wrong")
    reader, found = Reader(value, _CHECK_BYTES), {}
    while reader:
        packed = reader.content()
        found[key_of(packed)] = packed
    return found
