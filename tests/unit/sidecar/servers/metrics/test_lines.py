"""Of a page only what is wanted is kept, however it is cut, and no page is too much."""

from __future__ import annotations

import pytest

from sidecar.model.server_metrics import PollFailure
from sidecar.servers.metrics.lines import (
    MAX_LINE_BYTES,
    MAX_WANTED_LINES,
    PageError,
    Samples,
    WantedLines,
)

PAGE = b"""\
# HELP depth waiting
# TYPE depth gauge
depth{model="a",version="1"} 3
depth_max 9
  depth{model="b \\"quoted\\" \\\\ {x}",version="1"}\t4 1700000000000
other 7
depth_total 5
: 1
"""


def read(*pieces: bytes, names: tuple[str, ...] = ("depth", "depth_total")) -> Samples:
    lines = WantedLines(names)
    for piece in pieces:
        lines.feed(piece)
    return lines.samples()


def test_only_wanted_samples_are_read() -> None:
    assert read(PAGE) == {
        "depth": [
            ({"model": "a", "version": "1"}, 3),
            ({"model": 'b "quoted" \\ {x}', "version": "1"}, 4),
        ],
        "depth_total": [({}, 5)],
    }


@pytest.mark.parametrize("size", [1, 2, 7, 60])
def test_any_chunking_gives_the_same(size: int) -> None:
    pieces = [PAGE[at : at + size] for at in range(0, len(PAGE), size)]
    assert read(*pieces) == read(PAGE)


def test_a_last_line_without_its_end_and_windows_ends_are_read() -> None:
    assert read(b"depth 3\r\ndepth_total 5") == {"depth": [({}, 3)], "depth_total": [({}, 5)]}


@pytest.mark.parametrize(
    "page",
    [
        b"depth three\n",
        b"depth{\n",
        b'depth{model="a} 3\n',
        b"depth\n",
        b"depth " + b"9" * 400 + b"\n",
        b"depth \xff\n",
    ],
)
def test_a_wanted_line_that_is_none_spoils_the_page(page: bytes) -> None:
    with pytest.raises(PageError) as caught:
        read(page)
    assert caught.value.failure is PollFailure.MALFORMED


def test_a_broken_line_that_nobody_wants_does_not() -> None:
    assert read(b"<html>\nnonsense{\n\xff\xfe\ndepth 3\n") == {"depth": [({}, 3)]}


def test_an_endless_line_is_refused_before_it_is_held() -> None:
    lines = WantedLines(["depth"])
    lines.feed(b"x" * MAX_LINE_BYTES)
    with pytest.raises(PageError) as caught:
        lines.feed(b"x")
    assert caught.value.failure is PollFailure.MALFORMED


def test_wanted_lines_without_end_are_refused() -> None:
    lines = WantedLines(["depth"])
    lines.feed(b"depth 1\n" * MAX_WANTED_LINES)
    with pytest.raises(PageError) as caught:
        lines.feed(b"depth 1\n")
    assert caught.value.failure is PollFailure.TOO_LARGE
