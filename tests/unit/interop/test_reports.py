"""The reports of the suites are read case by case, and one that holds nothing, or does not add up, is an error."""

from __future__ import annotations

import json

import pytest

from tests.interop import connect, ghz, grpc_go, h2spec
from tests.interop.connect_server import with_port
from tests.interop.route import at_rest, miscounted, odd
from tests.interop.verdicts import PASSED, SKIPPED, SuiteError, failed

H2SPEC = """<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite name="3.5. Preface" package="http2/3.5" id="3.5" tests="3" skipped="1" failures="0" errors="1">
    <testcase package="http2/3.5" classname="Sends a preface" time="0.0002"></testcase>
    <testcase package="http2/3.5" classname="Sends a bad preface" time="0.1">
      <error>Connection closed
read tcp 127.0.0.1:58612-&gt;127.0.0.1:40019: connection reset by peer</error>
    </testcase>
    <testcase package="http2/3.5" classname="Sends too much"><skipped></skipped></testcase>
  </testsuite>
</testsuites>
"""
CONNECT = """Computed 20 config case permutations.
Sending request for "Errors/TLS:false/unary/aborted"...
Received response for "Errors/TLS:false/unary/aborted"...
Sending request for "Basic/unary"...
FAILED: Errors/TLS:false/unary/aborted:
\tactual error does not match
\tand more

Total cases: 2
1 passed, 1 failed
"""


def test_h2spec() -> None:
    assert h2spec.verdicts_in(H2SPEC) == {
        "http2/3.5/1: Sends a preface": PASSED,
        "http2/3.5/2: Sends a bad preface": failed(
            "Connection closed\nread tcp ADDRESS->ADDRESS: connection reset by peer"
        ),
        "http2/3.5/3: Sends too much": SKIPPED,
    }


def test_h2spec_cases_that_are_asked_again_keep_their_names() -> None:
    """Run alone, the third case of a section is the first of its report."""
    again = {"http2/3.5/1: Sends too much": PASSED, "http2/4/1: Sends a preface": SKIPPED}
    only = {"http2/3.5/3: Sends too much"}
    assert h2spec.asked_for(again, only) == {"http2/3.5/3: Sends too much": PASSED}
    with pytest.raises(SuiteError, match="did not run them"):
        h2spec.asked_for(again, {"http2/3.5/1: Sends a preface"})


@pytest.mark.parametrize(
    "report",
    [
        "<testsuites></testsuites>",
        H2SPEC.replace("Sends too much", "Sends a preface"),
        H2SPEC.replace("skipped>", "perhaps>"),
    ],
    ids=["empty", "one name twice", "unknown verdict"],
)
def test_h2spec_reports_that_cannot_be_trusted(report: str) -> None:
    with pytest.raises(SuiteError):
        h2spec.verdicts_in(report)


def test_what_wayside_should_have_noticed_of_h2spec() -> None:
    account = {"upstreams": [{"connections": 9}], "tap": {"blind": {"frame": 3, "http1": 1}}}
    assert list(h2spec.unnoticed(account, cases=10)) == [
        "counted 9 connections, fewer than the 10 cases",
        "never went blind for the reason 'hpack'",
    ]


def test_connect() -> None:
    assert connect.verdicts_in(CONNECT) == {
        "Errors/TLS:false/unary/aborted": failed("\tactual error does not match\n\tand more"),
        "Basic/unary": PASSED,
    }


@pytest.mark.parametrize(
    "log",
    [
        "",
        "Total cases: 0\n0 passed, 0 failed\n",
        CONNECT.replace("Total cases: 2", "Total cases: 3"),
        CONNECT.replace("FAILED", "FLAWED"),
        CONNECT.replace('Sending request for "Basic', 'Asking for "Basic'),
    ],
    ids=["cut short", "empty", "other total", "failure not told", "case not told"],
)
def test_connect_logs_that_cannot_be_trusted(log: str) -> None:
    with pytest.raises(SuiteError):
        connect.verdicts_in(log)


def test_a_port_in_place_of_the_servers() -> None:
    """Host 1, port 9000, and then port 8001 behind it: the last one counts."""
    assert with_port(b"\n\x011\x10\xa8\x46", 8001) == b"\n\x011\x10\xa8\x46\x10\xc1\x3e"


def test_grpc_go_tells_the_reason_without_the_time() -> None:
    log = "something\n2026/01/02 03:04:05 FATAL: [interop] got empty server ID\n"
    assert grpc_go.reason_in(log) == "FATAL: [interop] got empty server ID"
    assert grpc_go.reason_in("") == "no reason given"


def test_grpc_go_adds_up_what_cases_call() -> None:
    names = ("empty_unary", "custom_metadata", "cancel_after_first_response")
    cases = {name: grpc_go.COUNTED_CASES[name] for name in names}
    assert grpc_go.expected_calls(cases) == {"OK": 3, "CANCELLED": 1}


def test_ghz() -> None:
    def report(count: int, statuses: dict[str, int]) -> str:
        return json.dumps({"count": count, "statusCodeDistribution": statuses})

    assert ghz.verdicts_in(report(500, {"OK": 500}), 500) == {"500 calls": PASSED, "OK": PASSED}
    assert ghz.verdicts_in(report(500, {"OK": 499, "Unavailable": 1}), 500) == {
        "500 calls": PASSED,
        "OK": failed("499"),
        "Unavailable": failed("1"),
    }
    assert ghz.verdicts_in(report(499, {"OK": 499}), 500)["500 calls"] == failed("499")
    with pytest.raises(SuiteError, match="no calls"):
        ghz.verdicts_in(report(0, {}), 500)


def test_what_is_odd_about_a_wayside() -> None:
    snapshot = {"tap": {"blind": {"hpack": 2, "panic": 1}, "control_restarts": {"hung": 1}}}
    assert list(odd(snapshot, {"hpack"})) == [
        "blind for the reason 'panic' on 1 connections",
        "control was restarted 1 times: hung",
    ]


def test_calls_are_counted_exactly_by_code() -> None:
    calls = [{"code": "OK", "calls": 2}, {"code": "OK", "calls": 1}, {"code": "LOST", "calls": 1}]
    assert list(miscounted({"calls": calls}, {"OK": 3, "LOST": 1})) == []
    assert list(miscounted({"calls": calls}, {"OK": 4, "UNKNOWN": 1})) == [
        "counted 1 calls LOST where there were 0",
        "counted 3 calls OK where there were 4",
        "counted 0 calls UNKNOWN where there were 1",
    ]


@pytest.mark.parametrize(
    ("at_unix_nanos", "connections", "calls", "rests"),
    [(2, 0, 0, True), (1, 0, 0, False), (2, 1, 0, False), (2, 0, 1, False)],
)
def test_at_rest(at_unix_nanos: int, connections: int, calls: int, rests: bool) -> None:
    snapshot = {
        "at_unix_nanos": at_unix_nanos,
        "upstreams": [{"connections_open": connections}],
        "in_flight": [{"calls": calls}],
    }
    assert at_rest(snapshot, since_unix_nanos=1) is rests
