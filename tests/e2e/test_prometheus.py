"""What a real Prometheus of either age makes of /metrics: every number, and quantiles beside those of the durations.

Control is real and the tap is not, so that the durations are known to the nanosecond; how a duration gets from a call
to the page is for other tests.
"""

from __future__ import annotations

import contextlib
import random
import subprocess
import time
import urllib.request
from bisect import bisect_left, bisect_right
from collections.abc import Iterator

import pytest

from exporters.prometheus.negotiation import Format
from exporters.prometheus.render import MetricsPage
from sidecar.config.compile import compile_policy
from sidecar.config.sources import Sources
from sidecar.model.grid import LATENCY_BOUNDS, NANOS_PER_SECOND
from sidecar.model.profiles import Profile
from sidecar.tapclient import tap_pb2 as pb
from sidecar.tapclient.encode import policy_message
from tests.fakes import facts
from tests.fakes.busy_servers import many_models
from tests.fakes.facts import INFER
from tests.fakes.full_house import everything
from tests.fakes.pages import parse_text
from tests.fakes.tap import FakeTap
from tests.harness.prometheus import Labels, Prometheus, running_prometheus
from tests.harness.quantiles import quantile
from tests.provision.parts import require

pytestmark = pytest.mark.e2e

CONFIG: dict[tuple[str, ...], object] = {
    ("listeners",): [{"listen": ":8001", "upstream": "127.0.0.1:9001"}],
    ("slos",): [{"name": "fast", "objective": "99.9%", "good": {"latency_below": "100ms"}}],
}
# How each job of Prometheus 3 asks; Debian's asks as it does.
NATIVE: dict[str, object] = {"scrape_native_histograms": True}
JOBS: dict[str, dict[str, object]] = {
    "text": {"scrape_protocols": ["PrometheusText0.0.4"]},
    "openmetrics": {"scrape_protocols": ["OpenMetricsText1.0.0"]},
    "protobuf": {"scrape_protocols": ["PrometheusProto"]},
    "native": NATIVE,
    "both": {**NATIVE, "always_scrape_classic_histograms": True},
}
QUANTILES = (0.01, 0.5, 0.9, 0.99, 0.999)
RNG = random.Random(13)
DURATIONS = sorted(int(40_000_000 * RNG.lognormvariate(0, 1.6)) for _ in range(5_001))
"""From a tenth of a millisecond to half a minute; so many that no quantile falls between two of them."""
TRACE, LATE = bytes(range(16)), 150_000_000
KNOWN = f'model="model-0", method="{INFER}", outcome="ok"'
"""Labels of the series of these durations."""
# What control costs is of the moment.
OF_THE_MOMENT = ("wayside_control_cpu_seconds", "wayside_control_resident_memory_bytes")


def policy(**metrics: object) -> pb.Policy:
    """What the tap was told."""
    compiled = compile_policy(Sources(overrides={**CONFIG, ("metrics",): metrics}))
    assert compiled.policy is not None
    return policy_message(compiled.policy)


def exemplar(value_nanos: int, unix_nanos: int) -> pb.Exemplar:
    """A request with a trace."""
    return pb.Exemplar(trace_id=TRACE, value_nanos=value_nanos, unix_nanos=unix_nanos)


def moment(told: pb.Policy) -> pb.Snapshot:
    """Two models with all there is to tell, of whose one method the durations are known."""
    answer, now = many_models(2), time.time_ns()
    known = answer.timings[0]
    assert (known.model, known.method, known.failed) == ("model-0", INFER, False)
    known.latency.CopyFrom(facts.histogram(*DURATIONS))
    known.latency_exemplar.CopyFrom(exemplar(DURATIONS[-1], now))
    (objective,) = told.objectives
    answer.events.add(objective=objective.id, good=5, bad=2, exemplar=exemplar(LATE, now))
    return answer


@contextlib.contextmanager
def showing(**metrics: object) -> Iterator[FakeTap]:
    """Run control before that moment."""
    told = policy(**metrics)
    tap = FakeTap(told, moment(told))
    try:
        tap.start_control()
        yield tap
    finally:
        tap.close()


@pytest.fixture(scope="module")
def tap() -> Iterator[FakeTap]:
    """Control that shows what it does by default."""
    with showing() as shown:
        yield shown


@pytest.fixture(scope="module")
def newest(tap: FakeTap) -> Iterator[Prometheus]:
    """Prometheus 3, with a job for each format."""
    program, features = require("prometheus-3"), ["exemplar-storage"]
    with running_prometheus(program, target(tap), JOBS, features=features) as prometheus:
        prometheus.wait_for_scrape(len(JOBS))
        yield prometheus


@pytest.fixture(scope="module")
def older(tap: FakeTap) -> Iterator[Prometheus]:
    """Debian's Prometheus 2, as it is."""
    with running_prometheus(require("prometheus"), target(tap), {"text": {}}) as prometheus:
        prometheus.wait_for_scrape(1)
        yield prometheus


@pytest.fixture(scope="module")
def older_native(tap: FakeTap) -> Iterator[Prometheus]:
    """The same with what was an experiment then: it asks for protobuf."""
    program, features = require("prometheus"), ["native-histograms", "exemplar-storage"]
    with running_prometheus(program, target(tap), {"native": {}}, features=features) as prometheus:
        prometheus.wait_for_scrape(1)
        yield prometheus


def target(tap: FakeTap) -> str:
    """Where the page is."""
    return f"127.0.0.1:{tap.admin_port}"


def page(tap: FakeTap) -> bytes:
    """Fetch the page as text."""
    with urllib.request.urlopen(f"http://{target(tap)}/metrics") as answer:
        body: bytes = answer.read()
    return body


def shown(tap: FakeTap) -> dict[Labels, float]:
    """The samples of the page."""
    families = parse_text(page(tap).decode())
    return {
        frozenset({("__name__", each.name), *each.labels.items()}): each.value
        for family in families
        for each in family.samples
        if not each.name.startswith(OF_THE_MOMENT)
    }


def kept(prometheus: Prometheus, job: str) -> dict[Labels, float]:
    """What a Prometheus has of the page, but for when counts began: only OpenMetrics says so in lines of their own."""
    found = prometheus.query(f'{{__name__=~"wayside_.+", job="{job}"}}')
    return {
        frozenset(each for each in labels if each[0] not in ("instance", "job")): value
        for labels, value in found.items()
        if not dict(labels)["__name__"].startswith(OF_THE_MOMENT)
        and not dict(labels)["__name__"].endswith("_created")
    }


@pytest.mark.parametrize("job", ["text", "openmetrics", "protobuf"])
def test_every_sample_of_the_page_arrives(job: str, newest: Prometheus, tap: FakeTap) -> None:
    assert kept(newest, job) == shown(tap)
    assert len(shown(tap)) > 400


def test_when_events_began_is_in_lines_of_their_own_in_openmetrics_alone(
    newest: Prometheus,
) -> None:
    for job, told in (("text", False), ("openmetrics", True), ("protobuf", False)):
        found = newest.query(f'{{__name__=~"wayside_.+_created", job="{job}"}}')
        names = {dict(labels)["__name__"] for labels in found}
        assert names == ({"wayside_slo_events_created"} if told else set()), job


def test_every_sample_arrives_at_a_prometheus_of_the_second_age(
    older: Prometheus, tap: FakeTap
) -> None:
    assert kept(older, "text") == shown(tap)


def of_known(prometheus: Prometheus, job: str, call: str, name: str = "latency_seconds") -> float:
    """Ask for something of the durations that are known; in the call `{}` stands for them."""
    return prometheus.value(call.replace("{}", f'wayside_{name}{{job="{job}", {KNOWN}}}'))


def assert_within_a_step(prometheus: Prometheus, job: str, step: float) -> None:
    """Compare quantiles over a native histogram with the true ones."""
    for q in QUANTILES:
        found = of_known(prometheus, job, f"histogram_quantile({q}, {{}})")
        true = quantile(DURATIONS, q) / NANOS_PER_SECOND
        assert true / step <= found <= true * step, q


@pytest.mark.parametrize("job", ["native", "both"])
def test_a_quantile_over_native_histograms_is_within_a_step_of_the_true_one(
    job: str, newest: Prometheus
) -> None:
    assert_within_a_step(newest, job, 1.022)
    assert of_known(newest, job, "histogram_count({})") == len(DURATIONS)
    total = of_known(newest, job, "histogram_sum({})")
    assert total == pytest.approx(sum(DURATIONS) / NANOS_PER_SECOND)


def test_native_histograms_have_no_classic_ones_beside_them(newest: Prometheus) -> None:
    assert newest.query('{__name__=~"wayside_.+_bucket", job="native"}') == {}
    assert newest.query('{__name__=~"wayside_.+_bucket", job="both"}') != {}


def test_a_prometheus_of_the_second_age_takes_native_histograms_too(
    older_native: Prometheus,
) -> None:
    assert_within_a_step(older_native, "native", 1.022)


@pytest.mark.parametrize("job", ["text", "openmetrics", "protobuf", "both"])
def test_classic_histograms_are_exact_at_every_bound(job: str, newest: Prometheus) -> None:
    assert_exact_at_bounds(newest, job)


def test_classic_histograms_are_exact_in_the_second_age(older: Prometheus) -> None:
    assert_exact_at_bounds(older, "text")


def assert_exact_at_bounds(prometheus: Prometheus, job: str) -> None:
    """Compare what is counted up to each bound with the durations, and quantiles with the bounds around them."""
    counts = prometheus.query(f'wayside_latency_seconds_bucket{{job="{job}", {KNOWN}}}')
    by_le = {dict(labels)["le"]: count for labels, count in counts.items()}
    exact = {each.le: bisect_right(DURATIONS, each.nanos) for each in LATENCY_BOUNDS}
    assert by_le == exact | {"+Inf": len(DURATIONS)}
    bounds = [each.nanos for each in LATENCY_BOUNDS]
    for q in QUANTILES:
        found = of_known(
            prometheus, job, f"histogram_quantile({q}, {{}})", "latency_seconds_bucket"
        )
        at = bisect_left(bounds, quantile(DURATIONS, q))
        low, high = ([0, *bounds][at], bounds[at])
        assert low <= found * NANOS_PER_SECOND <= high, q


@pytest.mark.parametrize("job", ["openmetrics", "native", "both"])
def test_traces_arrive_with_what_they_are_of(job: str, newest: Prometheus) -> None:
    now = time.time()
    found = newest.get(
        "/api/v1/query_exemplars",
        query=f'{{__name__=~"wayside_(latency_seconds.*|slo_events_total)", job="{job}"}}',
        start=f"{now - 3600}",
        end=f"{now + 3600}",
    )
    told = {
        (each["seriesLabels"]["__name__"].removesuffix("_bucket"), one["labels"]["trace_id"], float(one["value"]))
        for each in found
        for one in each["exemplars"]
    }  # fmt: skip
    assert told == {
        ("wayside_latency_seconds", TRACE.hex(), DURATIONS[-1] / NANOS_PER_SECOND),
        ("wayside_slo_events_total", TRACE.hex(), LATE / NANOS_PER_SECOND),
    }


def test_a_coarser_schema_is_as_exact_as_its_steps() -> None:
    with (
        showing(native_schema=1) as tap,
        running_prometheus(require("prometheus-3"), target(tap), {"native": NATIVE}) as prometheus,
    ):
        prometheus.wait_for_scrape(1)
        assert_within_a_step(prometheus, "native", 2**0.5)


def test_the_smallest_profile_is_few_series() -> None:
    with (
        showing(profile="slo") as tap,
        running_prometheus(require("prometheus-3"), target(tap), {"native": NATIVE}) as prometheus,
    ):
        prometheus.wait_for_scrape(1)
        taken = prometheus.value("scrape_samples_scraped")
        count = 'histogram_count(wayside_latency_seconds{model="model-0"})'
        good_and_failed = 5 * facts.spread().count
        assert prometheus.value(count) == len(DURATIONS) + good_and_failed
    assert 30 < taken <= 150 + 12


@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize("tool", ["promtool", "promtool-3"])
def test_promtool_finds_nothing_to_complain_of(tool: str, profile: Profile) -> None:
    body, _ = MetricsPage().render(everything(profile), Format.TEXT.value)
    checked = subprocess.run(
        [str(require(tool)), "check", "metrics"], input=body, capture_output=True, check=False
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")
