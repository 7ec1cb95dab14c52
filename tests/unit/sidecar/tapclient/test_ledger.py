"""What is known so far: changes merge, another life of the tap forgets, stale series go."""

from __future__ import annotations

from sidecar.tapclient import ledger as ledger_module
from sidecar.tapclient import tap_pb2 as pb
from sidecar.tapclient.ledger import RESYNC_TICKS, Ledger
from tests.fakes.facts import calls, shapes, snapshot, timing

EMPTY: dict[str, object] = {"counters": [], "timings": []}


def totals(ledger: Ledger) -> dict[str, int]:
    """Calls by model."""
    return {series.model: series.calls for series in ledger.counters}


def test_only_what_changed_travels_and_the_rest_stays_known() -> None:
    ledger = Ledger()
    ledger.merge(snapshot(sequence=5, counters=[calls("a", 1), calls("b", 1)]))
    assert ledger.since == 5
    ledger.merge(snapshot(sequence=6, counters=[calls("b", 9)], timings=[]))
    assert totals(ledger) == {"a": 1, "b": 9}
    assert len(ledger.timings) == 1
    assert ledger.since == 6


def test_series_are_told_apart_by_every_label() -> None:
    ledger = Ledger()
    variants = [
        calls(),
        calls(version="2"),
        calls(code="INTERNAL"),
        calls(ended_by="client"),
        calls(outcome="timeout"),
    ]
    ledger.merge(snapshot(counters=variants, timings=[timing(), timing(failed=True), timing("b")]))
    assert len(ledger.counters) == 5
    assert len(ledger.timings) == 3


def test_another_life_of_the_tap_forgets_everything_and_asks_again() -> None:
    ledger = Ledger()
    ledger.merge(snapshot(epoch_unix_nanos=1, counters=[calls("old", 1_000)]))
    assert not ledger.merge(snapshot(epoch_unix_nanos=2, counters=[calls("new", 1)]))
    assert ledger.since == 0
    assert totals(ledger) == {}
    assert ledger.merge(snapshot(epoch_unix_nanos=2, sequence=3, counters=[calls("new", 1)]))
    assert totals(ledger) == {"new": 1}
    assert ledger.since == 3


def test_a_full_answer_drops_series_the_tap_has_expired() -> None:
    ledger = Ledger()
    ledger.merge(snapshot(counters=[calls("gone"), calls("stays")]))
    for _ in range(RESYNC_TICKS - 1):
        assert ledger.since
        ledger.merge(snapshot(**EMPTY))
    assert ledger.since == 0
    ledger.merge(snapshot(counters=[calls("stays")]))
    assert totals(ledger).keys() == {"stays"}


def test_more_series_than_the_tap_can_hold_ask_for_everything() -> None:
    ledger = Ledger()
    many = [calls(f"m{n}") for n in range(ledger_module.MAX_SERIES_KEPT + 1)]
    ledger.merge(snapshot(counters=many))
    assert ledger.since == 0


def test_all_shapes_of_a_model_travel_when_one_has_changed() -> None:
    ledger = Ledger()
    ledger.merge(snapshot(shapes=[shapes("a", **{"[1,3]": 1, "[2,3]": 2}), shapes("b")]))
    ledger.merge(snapshot(shapes=[shapes("a", **{"[-1,3]": 3})], **EMPTY))
    known = {each.model: [(one.label, one.value) for one in each.shapes] for each in ledger.shapes}
    assert known["a"] == [("[-1,3]", 3)]
    assert len(known["b"]) == 9
    assert not ledger.merge(snapshot(epoch_unix_nanos=2))
    assert ledger.shapes == ()


def test_published_tuples_do_not_change_under_their_readers() -> None:
    ledger = Ledger()
    ledger.merge(snapshot(counters=[calls("a", 1)]))
    published = ledger.counters
    ledger.merge(snapshot(counters=[calls("a", 2)]))
    assert published[0].calls == 1
    assert ledger.counters[0].calls == 2


def test_an_empty_tap_is_an_empty_ledger() -> None:
    ledger = Ledger()
    assert ledger.merge(pb.Snapshot(epoch_unix_nanos=1, sequence=1))
    assert ledger.counters == ()
