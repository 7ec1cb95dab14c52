"""Exemplars as they are shown."""

from __future__ import annotations

from sidecar.model.exemplar import Exemplar, exemplar_of
from sidecar.tapclient import tap_pb2 as pb


def test_what_the_tap_told_is_shown_in_hexadecimal() -> None:
    told = pb.TimingSeries(
        latency_exemplar=pb.Exemplar(trace_id=bytes(range(16)), value_nanos=7, unix_nanos=9)
    )
    shown = Exemplar("000102030405060708090a0b0c0d0e0f", 7, 9)
    assert exemplar_of(told.latency_exemplar) == shown


def test_where_there_is_none_there_is_none() -> None:
    assert exemplar_of(pb.TimingSeries().latency_exemplar) is None
    assert exemplar_of(pb.EventSeries().exemplar) is None
