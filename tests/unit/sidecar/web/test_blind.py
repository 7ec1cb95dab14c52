"""/api/v1/blind: how many, for which reasons, and what was wrong."""

from __future__ import annotations

import json

from sidecar.model.sections.tap import Tap
from sidecar.tapclient import tap_pb2 as pb
from sidecar.web.document.blind import blind_document


def test_each_cause_says_who_sent_what_and_where() -> None:
    stats = pb.TapStats(
        connections_by_protocol=[pb.Count(label="http2", value=9)],
        blind=[pb.Count(label="frame", value=2), pb.Count(label="protocol", value=3)],
        upgraded=1,
    )
    causes = [
        pb.BlindCause(
            reason="frame",
            cause="a frame that is longer than was allowed",
            direction="to_server",
            offset=24,
            count=2,
            last_unix_nanos=5,
        )
    ]
    document = blind_document(Tap(stats, draining=False, blind_causes=causes))
    assert json.loads(json.dumps(document)) == document
    assert document == {
        "connections": {"http2": 9},
        "blind": {"frame": 2, "protocol": 3},
        "upgraded": 1,
        "causes": [
            {
                "reason": "frame",
                "cause": "a frame that is longer than was allowed",
                "sent_by": "client",
                "offset": 24,
                "count": 2,
                "last_unix_nanos": 5,
            }
        ],
    }


def test_where_everything_is_read_nothing_is_told() -> None:
    assert blind_document(Tap(pb.TapStats(), draining=False)) == {
        "connections": {},
        "blind": {},
        "upgraded": 0,
        "causes": [],
    }
