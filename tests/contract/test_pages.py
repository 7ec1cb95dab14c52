"""What a real tap said once is shown as it always was: every page, byte for byte, but for what control itself costs."""

from __future__ import annotations

from tests.seam.replay import SHOWN, chosen, golden, pages, recorded

REMEDY = (
    "is shown otherwise; if that is meant: python -m tests.seam.replay, and look at the difference"
)


def test_recorded_frames_are_shown_as_they_were() -> None:
    answers = recorded()[1]
    kept = chosen(len(answers))
    seen = set()
    for number, shown in pages():
        if number not in kept:
            continue
        seen.add(number)
        for name in SHOWN:
            file = golden(number, name)
            assert shown[name] == file.read_text(), f"{file.name} {REMEDY}"
    assert seen == kept
    assert len(kept) == 3


def test_what_was_recorded_has_something_of_everything() -> None:
    """A golden that shows little holds little."""
    _, answers = recorded()
    snapshots = [answer[0].snapshot for answer in answers]
    for field in (
        "counters",
        "timings",
        "tokens",
        "flights",
        "events",
        "upstreams",
        "batch_limits",
    ):
        assert any(len(getattr(each, field)) for each in snapshots), field
    assert any(
        envelope.WhichOneof("body") == "records" for answer in answers for envelope in answer
    )
    assert any(envelope.WhichOneof("body") == "drain" for answer in answers for envelope in answer)
    timings = [timing for each in snapshots for timing in each.timings]
    for field in ("latency_exemplar", "first_response_exemplar"):
        assert any(timing.HasField(field) for timing in timings), field
    assert any(event.HasField("exemplar") for each in snapshots for event in each.events)
    outcomes = {series.outcome for each in snapshots for series in each.counters}
    assert outcomes >= {"ok", "client_error", "server_error", "cancelled"}
