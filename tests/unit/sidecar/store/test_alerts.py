"""Alerts outlive control; what cannot be read is none."""

from __future__ import annotations

import pytest

from sidecar.model.sections.alerts import Alert
from sidecar.store.alerts import KEY, MAX_BYTES, read_alerts, write_alerts
from sidecar.store.kept import KeptStore
from sidecar.store.sqlite import SqliteStore
from tests.fakes.lines import Lines

FIRING = Alert((("alertname", "A"), ("slo", "é")), (("summary", "s"),), 5, 9)
ENDED = Alert((("alertname", "B"),), (), 5, 6, resolved=True)


def kept(value: bytes) -> KeptStore:
    """A store that begins with this."""
    return KeptStore({KEY: value}, lambda *_: None, Lines())


def test_they_come_back_as_they_went(tmp_path: object) -> None:
    store = SqliteStore(str(tmp_path), Lines())
    write_alerts(store, (FIRING, ENDED))
    store.commit()
    store.close()
    again = SqliteStore(str(tmp_path), Lines())
    assert read_alerts(again) == (FIRING, ENDED)
    write_alerts(again, ())
    assert read_alerts(again) == ()
    again.close()


@pytest.mark.parametrize(
    "value",
    [b"{", b"5", b"[5]", b"[{}]", b'[{"labels": 5}]', b"\xff", b"[" * 10_000,
     b'[{"labels":{"alertname":"A"},"annotations":{},"starts_at":0,"ends_at":0,"resolved":true}]',
     b'[{"labels":{},"annotations":{},"starts_at":1,"ends_at":1,"resolved":true}]'],
)  # fmt: skip
def test_what_was_not_written_here_is_none(value: bytes) -> None:
    assert read_alerts(kept(value)) == ()


def test_of_too_much_the_words_for_people_go_first() -> None:
    store = kept(b"")
    many = [Alert((("alertname", f"A{n}"),), (("summary", "s" * 1_000),), 5, 9) for n in range(500)]
    write_alerts(store, many)
    assert len(store.read(KEY) or b"") < MAX_BYTES
    found = read_alerts(store)
    assert [each.labels for each in found] == [each.labels for each in many]
    assert {each.annotations for each in found} == {()}
