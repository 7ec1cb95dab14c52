"""h2spec: a client that breaks RFC 7540 in every way it can, and judges how the server takes it.

Wayside must not judge at all: it hands on each illegal frame and each answer to it, may go blind on that connection,
and is as well afterwards as before.
"""

from __future__ import annotations

import contextlib
import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from tests.harness.compiled import nghttpd_on
from tests.harness.ports import free_ports
from tests.interop.route import Snapshot, odd, route_to, serving
from tests.interop.verdicts import PASSED, SKIPPED, Report, SuiteError, Verdicts, failed
from tests.provision.parts import require

# A case whose answer does not come costs this much. A whole run has some 25 of them before grpc-go, which closes some
# connections late or never: they decide how long it takes. On a busy machine an answer that does come may be later, on
# one of the two ways. So the cases that differ, and those alone, are asked again with more time.
ANSWER_SECONDS = 1
ANSWER_SECONDS_AGAIN = 5
RUN_SECONDS = 900.0
ADDRESS = re.compile(r"127\.0\.0\.1:\d+")
# What a reader of illegal HTTP/2 can no longer follow in some case or other. Never a panic.
BLIND_REASONS = frozenset({"frame", "hpack"})
# One case begins with what could be HTTP/1 and is none; before a server that speaks first it is no protocol known here.
PREFACE_REASON = "protocol"


@contextlib.contextmanager
def nghttpd() -> Iterator[str]:
    """Run nghttpd with a page to fetch; yields host:port."""
    (port,) = free_ports(1)
    with tempfile.TemporaryDirectory(prefix="wayside-h2spec-") as pages:
        Path(pages, "index.html").write_text("a page\n" * 100)
        with nghttpd_on(port, f"--htdocs={pages}"):
            yield f"127.0.0.1:{port}"


def grpc_go() -> AbstractContextManager[str]:
    """Run grpc-go's interop server; yields host:port."""
    return serving("grpc-interop-server", "--port")


@dataclass(frozen=True)
class H2spec:
    """h2spec against one server."""

    name: str
    tools: tuple[str, ...]
    server: Callable[[], AbstractContextManager[str]]

    def run(self, through: bool, only: Collection[str]) -> Report:
        """Run whole h2spec, or the cases named."""
        numbers = sorted(case.partition(": ")[0] for case in only)
        with self.server() as server, route_to(server, through) as route:
            patience = ANSWER_SECONDS_AGAIN if only else ANSWER_SECONDS
            verdicts = run_h2spec(route.port, numbers, patience)
            account = route.account()
        if only:
            verdicts = asked_for(verdicts, only)
        if account is None:
            return Report(verdicts)
        overlooked = () if only else unnoticed(account, len(verdicts))
        return Report(verdicts, (*odd(account, BLIND_REASONS | {PREFACE_REASON}), *overlooked))


def unnoticed(account: Snapshot, cases: int) -> Iterator[str]:
    """Tell what Wayside missed of a whole run, which has a connection for each case and every kind of illegal bytes."""
    connections = sum(each["connections"] for each in account["upstreams"])
    if connections < cases:
        yield f"counted {connections} connections, fewer than the {cases} cases"
    for reason in sorted(BLIND_REASONS - set(account["tap"]["blind"])):
        yield f"never went blind for the reason {reason!r}"


def run_h2spec(port: int, numbers: Collection[str], answer_seconds: int) -> dict[str, str]:
    """Run h2spec against a port, waiting so long for each answer, and return its verdicts."""
    with tempfile.TemporaryDirectory(prefix="wayside-h2spec-") as folder:
        report = Path(folder) / "report.xml"
        done = subprocess.run(
            [
                *(str(require("h2spec")), *numbers, "--port", str(port)),
                *("--timeout", str(answer_seconds), "--junit-report", str(report)),
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=RUN_SECONDS,
            check=False,
        )
        if not report.exists():
            raise SuiteError(f"h2spec wrote no report: {done.stdout}{done.stderr}")
        return verdicts_in(report.read_text())


def verdicts_in(report: str) -> dict[str, str]:
    """Read the verdicts out of h2spec's JUnit report, cases named `section/number: title` by their place in it.

    The part before the title is what h2spec takes to run a case alone.
    """
    verdicts: dict[str, str] = {}
    titles: set[tuple[str, str]] = set()
    places: Counter[str] = Counter()
    for case in ElementTree.fromstring(report).iter("testcase"):
        section, title = case.get("package", ""), case.get("classname", "")
        if (section, title) in titles:
            raise SuiteError(f"h2spec has two cases of one name: {section}: {title}")
        titles.add((section, title))
        places[section] += 1
        verdicts[f"{section}/{places[section]}: {title}"] = verdict_of(case)
    if not verdicts:
        raise SuiteError("h2spec's report holds no cases")
    return verdicts


def without_number(case: str) -> tuple[str, str]:
    """Split a case's name into its section and its title."""
    number, _, title = case.partition(": ")
    return number.rpartition("/")[0], title


def asked_for(verdicts: Verdicts, only: Collection[str]) -> dict[str, str]:
    """Give the verdicts of some cases the names these were asked for by: alone, a case has another place."""
    by_title = {without_number(case): verdict for case, verdict in verdicts.items()}
    if missing := [case for case in only if without_number(case) not in by_title]:
        raise SuiteError(f"h2spec was asked for these again, and did not run them: {missing}")
    return {case: by_title[without_number(case)] for case in only}


def verdict_of(case: ElementTree.Element) -> str:
    """Read one case: nothing in it means that it passed, as JUnit has it."""
    if len(case) == 0:
        return PASSED
    found = case[0]
    if found.tag == "skipped":
        return SKIPPED
    if found.tag not in {"error", "failure"}:
        raise SuiteError(f"h2spec's report holds an unknown verdict: {found.tag}")
    return failed(ADDRESS.sub("ADDRESS", found.text or ""))


H2SPEC = (
    H2spec("h2spec, nghttpd", ("h2spec", "nghttpd"), nghttpd),
    H2spec("h2spec, grpc-go", ("h2spec", "grpc-interop-server"), grpc_go),
)
