"""What the tap keeps for control: few values, and only those that changed travel."""

from __future__ import annotations

import random

from sidecar.model.windows import SavedSeries, SeriesKey
from sidecar.store.kept import MAX_VALUE_BYTES, SHARD_PREFIX, SHARDS, KeptStore
from tests.fakes.lines import Lines
from tests.fakes.saved_series import KEY, NOW, rings, saved, sums

# dataplane/tap/src/limits.rs
TAP_BYTES, TAP_KEYS, TAP_KEY_BYTES = 1 << 20, 64, 64


class TapMemory:
    """What the tap holds between two lives of control."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}
        self.kept: list[tuple[str, bytes]] = []

    def keep(self, key: str, value: bytes) -> None:
        self.kept.append((key, value))
        self.values[key] = value

    def life(self, log: Lines | None = None) -> KeptStore:
        return KeptStore(self.values, self.keep, log or Lines())


def test_only_what_changed_travels_to_the_tap() -> None:
    memory = TapMemory()
    store = memory.life()
    store.write("a", b"1")
    store.write("b", b"1")
    store.commit()
    store.write("a", b"1")
    store.write("b", b"2")
    store.commit()
    store.commit()
    assert memory.kept == [("a", b"1"), ("b", b"1"), ("b", b"2")]


def test_only_shards_in_which_something_changed_travel_to_the_tap() -> None:
    memory = TapMemory()
    store = memory.life()
    keys = [SeriesKey(f"{n:016x}", "") for n in range(200)]
    store.save_series([saved(key=key) for key in keys])
    store.commit()
    assert 40 <= len(memory.kept) <= SHARDS
    memory.kept.clear()
    store.save_series([saved(key=key, good=int(key == keys[7])) for key in keys])
    store.commit()
    assert len(memory.kept) == 1
    assert {each.key: each.good for each in memory.life().read_series()}[keys[7]] == 1


def test_a_shard_without_series_is_forgotten() -> None:
    memory = TapMemory()
    store = memory.life()
    store.save_series([saved()])
    store.commit()
    store.forget_series([KEY])
    store.commit()
    assert [value for _, value in memory.kept][1:] == [b""]


def test_five_hundred_busy_series_fit_into_what_the_tap_holds() -> None:
    memory = TapMemory()
    store = memory.life()
    chance = random.Random(12)
    events = [(NOW - n, chance.randrange(9_000), chance.randrange(900)) for n in range(6 * 360)]
    slots = rings(events)
    store.save_series([saved(slots, key=SeriesKey(f"{n:016x}", "m" * 128)) for n in range(500)])
    store.commit()
    held = {key: value for key, value in memory.values.items() if value}
    assert len(held) <= TAP_KEYS - 8, "others need some"
    assert max(map(len, held)) <= TAP_KEY_BYTES
    assert sum(len(key) + len(value) for key, value in held.items()) < TAP_BYTES // 2
    found = memory.life().read_series()
    assert len(found) == 500
    assert sums(found[499].slots, 1) == sums(slots, 1)


def test_what_is_forgotten_travels_first_because_it_makes_room() -> None:
    memory = TapMemory()
    store = memory.life()
    store.write("old", b"1")
    store.commit()
    store.write("new", b"2")
    store.write("old", b"")
    store.commit()
    assert memory.kept == [("old", b"1"), ("old", b""), ("new", b"2")]


def test_what_the_tap_could_never_keep_is_told_and_not_sent() -> None:
    memory, log = TapMemory(), Lines()
    store = KeptStore({}, memory.keep, log)
    store.write("large", bytes(MAX_VALUE_BYTES + 1))
    store.commit()
    assert memory.kept == []
    assert log.lines == ["state is too large for the tap to keep"]


def test_a_damaged_shard_is_told_and_the_others_are_read() -> None:
    memory, log = TapMemory(), Lines()
    store = memory.life()
    keys = [SeriesKey(f"{n:016x}", "") for n in range(200)]
    store.save_series([saved(key=key) for key in keys])
    store.commit()
    damaged = memory.values[f"{SHARD_PREFIX}0"]
    memory.values[f"{SHARD_PREFIX}0"] = damaged[:-1] + bytes([damaged[-1] ^ 1])
    found: list[SavedSeries] = list(memory.life(log).read_series())
    assert 150 < len(found) < 200
    assert log.lines == ["what the tap kept cannot be read and begins anew"]
    assert log.fields[0]["key"] == f"{SHARD_PREFIX}0"


def test_shards_are_no_values_of_their_own() -> None:
    memory = TapMemory()
    store = memory.life()
    store.save_series([saved()])
    store.commit()
    (name,) = memory.values
    assert memory.life().read(name) is None, "they would be held twice"
