"""Broken files, each with the one message that it gets, in full."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from sidecar.config.compile import compile_policy
from sidecar.config.sources import Sources

LISTENERS = 'listeners: [{listen: ":8001", upstream: "127.0.0.1:9001"}]\n'
SLO = "slos:\n  - {name: a, objective: 99.9%%, good: {available: true}, %s}\n"
GOOD = "slos:\n  - {name: a, objective: 99.9%%, good: {%s}}\n"
TIER = "{name: t, long: 1h, short: 5m, budget: 2%, severity: page}"


def with_tier(tier: str, more: str = "") -> str:
    """An objective with a tier of its own."""
    return SLO % f"{more}alerts: {{tiers: [{tier}]}}"


# What stands in wayside.yaml behind the listeners, and what is said of it.
BROKEN = {
    "no unit": (
        GOOD % "latency_below: 100",
        "3: slos[0].good.latency_below: 100 is no duration."
        " Write a number and a unit: us ms s m h d w, e.g. 100ms.",
    ),
    "no percent sign": (
        (SLO % "per: model").replace("99.9%", "99.9"),
        "3: slos[0].objective: 99.9 is no percentage. Write it with a %, e.g. 99.9%.",
    ),
    "all of them": (
        (SLO % "per: model").replace("99.9%", "100%"),
        "3: slos[0].objective: '100%' is not between 0 % and 100 %."
        " An objective of 100 % leaves no budget to spend, one of 0 % promises nothing.",
    ),
    "unknown field": (
        SLO % "windoww: 30d",
        "3: slos[0].windoww: is an unknown key. Did you mean 'window'?",
    ),
    "unknown indicator": (
        GOOD % "latency_bellow: 1s",
        "3: slos[0].good.latency_bellow: is an unknown key. Did you mean 'latency_below'?",
    ),
    "no indicator": (
        GOOD % "",
        "3: slos[0].good: must say exactly one thing. Write one of available, latency_below,"
        " first_token_below, token_time_below, longest_gap_below, all.",
    ),
    "two indicators": (
        GOOD % "available: true, longest_gap_below: 2s",
        "3: slos[0].good: must say exactly one thing. Write one of available, latency_below,"
        " first_token_below, token_time_below, longest_gap_below, all.",
    ),
    "slope without an end": (
        GOOD % "first_token_below: 300ms + 0.2ms/prompt_token",
        "3: slos[0].good.first_token_below: '300ms + 0.2ms/prompt_token' grows without an end."
        " Say where it ends: 300ms + 0.2ms/prompt_token up to 5s.",
    ),
    "end without a slope": (
        GOOD % "first_token_below: 300ms up to 5s",
        "3: slos[0].good.first_token_below: '300ms up to 5s' has an end and does not grow."
        " Say how it grows as well: 300ms + 0.2ms/prompt_token up to 5s.",
    ),
    "end below the base": (
        GOOD % "first_token_below: 5s + 0.2ms/prompt_token up to 300ms",
        "3: slos[0].good.first_token_below: '5s + 0.2ms/prompt_token up to 300ms' ends at or below where it begins."
        " It grows from the first to the last: the last is the longer one.",
    ),
    "slope by something else": (
        GOOD % "first_token_below: 300ms + 0.2ms/token up to 5s",
        "3: slos[0].good.first_token_below: '300ms + 0.2ms/token up to 5s' does not say by what it grows."
        " It grows by a duration for each token of the prompt: 300ms + 0.2ms/prompt_token up to 5s.",
    ),
    "all of one": (
        GOOD % "all: [{latency_below: 1s}]",
        "3: slos[0].good.all: has one part. One indicator stands by itself: good: {latency_below: 100ms}.",
    ),
    "all of none": (
        GOOD % "all: []",
        "3: slos[0].good.all: has no part. One indicator stands by itself: good: {latency_below: 100ms}.",
    ),
    "all in all": (
        GOOD % "all: [{available: true}, {all: [{latency_below: 1s}, {longest_gap_below: 1s}]}]",
        "3: slos[0].good.all: holds another all. Write its parts beside the others, in one list.",
    ),
    "one kind twice": (
        GOOD % "all: [{latency_below: 1s}, {latency_below: 2s}]",
        "3: slos[0].good: says latency_below 2 times."
        " All must be met, so only the stricter one counts: remove the other.",
    ),
    "half a part": (
        GOOD % "all: [{latency_below: 1s}, {}]",
        "3: slos[0].good.all[1]: must say exactly one thing. Write one of available, latency_below,"
        " first_token_below, token_time_below, longest_gap_below.",
    ),
    "too short a period": (
        SLO % "window: 30m",
        "3: slos[0].window: '30m' is out of range. Use 1h to 92d; 30d is the default.",
    ),
    "too long a period": (
        SLO % "window: 1000d",
        "3: slos[0].window: '1000d' is out of range. Use 1h to 92d; 30d is the default.",
    ),
    "by what": (SLO % "per: version", "3: slos[0].per: is 'version'. Use 'model'."),
    "one name twice": (
        SLO % "per: model" + "  - {name: a, objective: 99%, good: {latency_below: 1s}}\n",
        "4: slos[1].name: 'a' is already the name of slos[0]. Names become labels: choose another.",
    ),
    "one too many": (
        "slos:\n" + "".join(f"  - {{name: s{n}, objective: 99%, good: {{available: true}}}}\n" for n in range(65)),
        "67: slos[64]: is one more than the 64 objectives that are counted."
        " Let globs cover several models in one objective.",
    ),
    "no list": (
        "slos: {name: a}\n",
        "2: slos: is {'name': 'a'} and no list. Write [{name: ..., objective: 99.9%, good: {available: true}}].",
    ),
    "budget that no outage spends": (
        with_tier(TIER.replace("2%", "20%").replace("1h", "8m")),
        "3: slos[0].alerts.tiers[0].budget: can never fire: 108 % of events would have to be bad."
        " Use less than 18.51%, or a longer window.",
    ),
    "long window beyond the period": (
        with_tier(TIER.replace("1h", "1d"), "window: 12h, "),
        "3: slos[0].alerts.tiers[0].long: can never fire: it looks back over more than the period of 12h."
        " Use a long window of at most 12h.",
    ),
    "burn below one": (
        with_tier(TIER.replace("2%", "0.1%")),
        "3: slos[0].alerts.tiers[0].budget: fires inside the budget: that is a burn of 0.72 over 30d."
        " Use at least 0.1389%, which is a burn of 1.",
    ),
    "short window not shorter": (
        with_tier(TIER.replace("5m", "1h")),
        "3: slos[0].alerts.tiers[0]: has a short window that is not shorter than the long one."
        " The short one ends the alert soon after the harm: a twelfth of the long one is usual.",
    ),
    "budget without a percent sign": (
        with_tier(TIER.replace("2%", "2")),
        "3: slos[0].alerts.tiers[0].budget: 2 is no percentage. Write it with a %, e.g. 2%.",
    ),
    "more than the budget": (
        with_tier(TIER.replace("2%", "200%")),
        "3: slos[0].alerts.tiers[0].budget: '200%' is not above 0 % and up to 100 %."
        " It is a share of the whole budget, e.g. 2%.",
    ),
    "severity": (
        with_tier(TIER.replace("page", "critical")),
        "3: slos[0].alerts.tiers[0].severity: is 'critical'. Use 'page' or 'ticket'.",
    ),
    "half a tier": (
        with_tier(TIER.replace("short: 5m, ", "")),
        "3: slos[0].alerts.tiers[0].short: is missing. Add short: 5m.",
    ),
    "short window of less than a slot": (
        with_tier(TIER.replace("5m", "5s")),
        "3: slos[0].alerts.tiers[0]: has a short window of 5s."
        " Events are kept in slots of 10s: no window is shorter.",
    ),
    "tier named as one of a state": (
        with_tier(TIER.replace("name: t", "name: stalled")),
        "3: slos[0].alerts.tiers[0].name: 'stalled' is the name of the tier of that state, which every objective has."
        " Names become labels: choose another.",
    ),
    "so near to all of them that nothing may be bad": (
        SLO.replace("99.9%%", f"99.{'9' * 40}%%") % "per: model",
        f"3: slos[0].objective: '99.{'9' * 40}%' is no percentage. Write e.g. 99.9%.",
    ),
    "more digits than a time has": (
        GOOD % f"latency_below: {'9' * 40}s",
        f"3: slos[0].good.latency_below: '{'9' * 40}s' is no duration."
        " Write a number and a unit: us ms s m h d w, e.g. 100ms.",
    ),
    "two tiers of one name": (
        f"alerts: {{tiers: [{TIER}, {TIER}]}}\n",
        "2: alerts.tiers[1].name: 't' is already the name of tiers[0]. Names become labels: choose another.",
    ),
    "nothing is enough": (
        "alerts: {min_bad: 0}\n",
        "2: alerts.min_bad: is 0. Write a number of bad events from 1 to 10000; 5 is the default.",
    ),
    "a tier that one objective cannot reach": (
        f"alerts:\n  tiers:\n    - {TIER}\nslos:\n"
        "  - {name: high, objective: 99.9%, good: {available: true}}\n"
        "  - {name: low, objective: 90%, good: {available: true}}\n",
        "4: alerts.tiers[0].budget: can never fire for 'low', slos[1]: 144 % of events would have to be bad."
        " Use less than 1.388%, or a longer window. Or give that objective alerts of its own.",
    ),
    "wildcard in a folder": (
        "slo_files: ['*/a.yaml']\n",
        "2: slo_files[0]: '*/a.yaml' has a wildcard in a folder."
        " Wildcards are for names of files: name each folder, e.g. slos/*.yaml.",
    ),
    "files that are no list": (
        "slo_files: slos.yaml\n",
        "2: slo_files: is 'slos.yaml': input should be a valid list. Write [one, another].",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_one_fault_in_the_configuration_gets_its_own_message(name: str, tmp_path: Path) -> None:
    text, message = BROKEN[name]
    file = tmp_path / "wayside.yaml"
    file.write_text(LISTENERS + text)
    found = compile_policy(Sources(str(file)))
    assert [str(each) for each in found.problems] == [f"{file}:{message}"]
    assert found.policy is not None


OPENSLO = """\
apiVersion: openslo/v1
kind: SLO
metadata: {name: a}
spec:
  indicator:
    spec:
      ratioMetric:
        counter: true
        good: {metricSource: {type: wayside, spec: {match: {model: m}, good: {latency_below: 1s}}}}
        total: {metricSource: {type: wayside, spec: {match: {model: m}}}}
  timeWindow: [{duration: 30d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.99}]
"""
SOURCE = (
    "metricSource: {type: wayside, spec: {match: {model: resnet50}, good: {latency_below: 100ms}}}"
)
COMPOSITES = "Composites are not read: write an SLO for each, or good: {all: [...]}."
TIERS = (
    "Alerting is told in wayside.yaml: alerts: {tiers: [...]}; the usual tiers are there without."
)
TARGET = "target is a share above 0 and below 1, e.g. 0.999; targetPercent takes 99.9."

# What stands instead of what in a document that is right, and what is said of it.
OPENSLO_BROKEN = {
    "another version": (
        "openslo/v1", "openslo/v1alpha",
        "1: apiVersion: is 'openslo/v1alpha', which is not read."
        " Write it as apiVersion: openslo/v1, kinds SLO and SLI.",
    ),
    "a newer version": (
        "openslo/v1", "openslo.com/v2alpha",
        "1: apiVersion: is 'openslo.com/v2alpha', which is not read."
        " Write it as apiVersion: openslo/v1, kinds SLO and SLI.",
    ),
    "no version": ("apiVersion: openslo/v1\n", "", "1: apiVersion: is missing. Write apiVersion: openslo/v1."),
    "a policy of alerts": (
        "kind: SLO", "kind: AlertPolicy", f"2: kind: is 'AlertPolicy', which is not read. {TIERS}",
    ),
    "a data source": (
        "kind: SLO", "kind: DataSource",
        f"2: kind: is 'DataSource', which is not read. Wayside counts by itself: {SOURCE}.",
    ),
    "no kind": ("kind: SLO\n", "", "1: kind: is missing. Write kind: SLO, or kind: SLI."),
    "no name": ("{name: a}", "{displayName: a}", "3: metadata.name: is missing. Add name: resnet-fast."),
    "a number for a name": (
        "{name: a}", "{name: 5}", "3: metadata.name: is 5 and no name. Write letters, digits and dashes.",
    ),
    "unknown key": (
        "  budgetingMethod", "  budgettingMethod",
        "12: spec.budgettingMethod: is an unknown key. Did you mean 'budgetingMethod'?",
    ),
    "alerts": ("spec:\n  ind", "spec:\n  alertPolicies: [x]\n  ind", f"5: spec.alertPolicies: is not read. {TIERS}"),
    "slices": (
        "Occurrences", "Timeslices",
        "12: spec.budgetingMethod: is 'Timeslices'."
        " Events are counted, not slices of time: budgetingMethod: Occurrences.",
    ),
    "a target of slices": (
        "{target: 0.99}", "{target: 0.99, timeSliceTarget: 0.9}",
        "13: spec.objectives[0].timeSliceTarget: is not read."
        " Events are counted, not slices of time: budgetingMethod: Occurrences.",
    ),
    "calendar": (
        "duration: 30d, isRolling: true", "duration: 30d, calendar: {timeZone: UTC}, isRolling: false",
        "11: spec.timeWindow[0].calendar: is not read."
        " Calendar windows are not kept: write {duration: 30d, isRolling: true}.",
    ),
    "not rolling": (
        "isRolling: true", "isRolling: false",
        "11: spec.timeWindow[0].isRolling: is False. Only rolling windows are kept: isRolling: true.",
    ),
    "rolling or not": (", isRolling: true", "", "11: spec.timeWindow[0].isRolling: is missing. Add isRolling: true."),
    "two windows": (
        "[{duration: 30d, isRolling: true}]", "[]",
        "11: spec.timeWindow: is no list of one window. Write [{duration: 30d, isRolling: true}].",
    ),
    "minutes for months": (
        "30d", "1m",
        "11: spec.timeWindow[0].duration: '1m' is one minute."
        " In OpenSLO m is minutes and M months: write days, e.g. 30d.",
    ),
    "months": ("30d", "1M", "11: spec.timeWindow[0].duration: '1M' is no fixed length. Write it in days, e.g. 30d."),
    "a duration of ours": (
        "30d", "1d12h", "11: spec.timeWindow[0].duration: '1d12h' is no duration."
        " Write a number and h, d or w, e.g. 30d.",
    ),
    "too long": (
        "30d", "52w", "11: spec.timeWindow[0].duration: '52w' is out of range. Use 1h to 92d; 30d is the default.",
    ),
    "a percentage for a share": ("0.99}", "99}", f"13: spec.objectives[0].target: is 99. {TARGET}"),
    "a target of everything": ("0.99}", "1.0}", f"13: spec.objectives[0].target: is 1.0. {TARGET}"),
    "a target in words": ("0.99}", "99%}", f"13: spec.objectives[0].target: is '99%'. {TARGET}"),
    "two targets": (
        "target: 0.99", "target: 0.99, targetPercent: 99",
        "13: spec.objectives[0].targetPercent: stands beside target. Keep one of them.",
    ),
    "no target": (
        "{target: 0.99}", "{displayName: x}",
        "13: spec.objectives[0]: has no target. Add target: 0.999, or targetPercent: 99.9.",
    ),
    "no objectives": (
        "[{target: 0.99}]", "[]", "13: spec.objectives: is no list of objectives. Write [{target: 0.999}].",
    ),
    "a threshold of an objective": (
        "{target: 0.99}", "{target: 0.99, op: lte}",
        "13: spec.objectives[0].op: is not read. What is good is said by the indicator: good: {latency_below: 100ms}.",
    ),
    "a composite": (
        "{target: 0.99}", "{target: 0.99, indicatorRef: x}",
        f"13: spec.objectives[0].indicatorRef: is not read. {COMPOSITES}",
    ),
    "one name for two": (
        "[{target: 0.99}]", "[{target: 0.99, displayName: x}, {target: 0.9, displayName: x}]",
        "13: spec.objectives[1].displayName: is 'x'. Write a text of its own for each objective.",
    ),
    "a threshold metric": (
        "ratioMetric:", "thresholdMetric:",
        "7: spec.indicator.spec.thresholdMetric: is not read. A threshold is a part of what is good here: "
        f"ratioMetric: {{counter: true, rawType: success, raw: {{{SOURCE}}}}}.",
    ),
    "bad for good": (
        "        good:", "        bad:",
        "9: spec.indicator.spec.ratioMetric.bad: is not read."
        " Say what is good: good and total, or rawType: success with raw.",
    ),
    "no total": (
        "        total: {metricSource: {type: wayside, spec: {match: {model: m}}}}\n", "",
        "7: spec.indicator.spec.ratioMetric.total: is missing."
        " Add total: {metricSource: {type: wayside, spec: {match: {...}}}}.",
    ),
    "another total": (
        "spec: {match: {model: m}}}}", "spec: {match: {model: n}}}}",
        "10: spec.indicator.spec.ratioMetric.total.metricSource.spec.match: does not count the calls that good does."
        " Both count the same calls: write the same match.",
    ),
    "a good total": (
        "spec: {match: {model: m}}}}", "spec: {match: {model: m}, good: {available: true}}}}",
        "10: spec.indicator.spec.ratioMetric.total.metricSource.spec.good: is not read."
        " total counts all that match names: only good says what is good.",
    ),
    "another source": (
        "good: {metricSource: {type: wayside, spec: {match: {model: m}, good: {latency_below: 1s}}}}",
        "good: {metricSource: {type: Prometheus, spec: {query: sum(x)}}}",
        "9: spec.indicator.spec.ratioMetric.good.metricSource.type: is 'Prometheus'."
        f" Only what Wayside counts is read: {SOURCE}.",
    ),
    "a source by name": (
        "good: {metricSource: {type: wayside, spec", "good: {metricSource: {metricSourceRef: p, type: wayside, spec",
        f"9: spec.indicator.spec.ratioMetric.good.metricSource.metricSourceRef: is not read."
        f" Wayside counts by itself: {SOURCE}.",
    ),
    "failures": (
        "        good: {metricSource: {type: wayside, spec: {match: {model: m}, good: {latency_below: 1s}}}}\n"
        "        total: {metricSource: {type: wayside, spec: {match: {model: m}}}}\n",
        "        rawType: failure\n        raw: {metricSource: {type: wayside, spec: {good: {latency_below: 1s}}}}\n",
        "9: spec.indicator.spec.ratioMetric.rawType: is 'failure'. Write rawType: success; what is not good is bad.",
    ),
    "raw and good": (
        "        total: {metricSource: {type: wayside, spec: {match: {model: m}}}}\n", "        rawType: success\n",
        "9: spec.indicator.spec.ratioMetric.good: stands beside raw. Keep raw, or good and total.",
    ),
    "no unit": (
        "latency_below: 1s", "latency_below: 1",
        "9: spec.indicator.spec.ratioMetric.good.metricSource.spec.good.latency_below: 1 is no duration."
        " Write a number and a unit: us ms s m h d w, e.g. 100ms.",
    ),
    "nothing that is good": (
        "match: {model: m}, good: {latency_below: 1s}", "match: {model: m}",
        "9: spec.indicator.spec.ratioMetric.good.metricSource.spec.good: is missing."
        " Add good: {latency_below: 100ms}.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", OPENSLO_BROKEN)
def test_one_fault_in_openslo_gets_its_own_message(name: str, tmp_path: Path) -> None:
    old, new, message = OPENSLO_BROKEN[name]
    file, other = tmp_path / "wayside.yaml", tmp_path / "slos.yaml"
    file.write_text(LISTENERS + "slo_files: [slos.yaml]\n")
    assert OPENSLO.count(old) == 1, old
    other.write_text(OPENSLO.replace(old, new))
    found = compile_policy(Sources(str(file)))
    assert [str(each) for each in found.problems] == [f"{other}:{message}"]
    assert found.policy is not None
    assert len(found.policy.objectives) == (name == "one name for two")


OTHER_BROKEN = {
    "no objectives": (
        "a: 1\n",
        "1: holds no objectives. Write slos: and a list of objectives, or OpenSLO (apiVersion: openslo/v1).",
    ),
    "words": (
        "just words\n",
        "1: holds no objectives. Write slos: and a list of objectives, or OpenSLO (apiVersion: openslo/v1).",
    ),
    "nearly": ("slo: []\n", "1: slo: is an unknown key. Did you mean 'slos'?"),
    "a whole configuration": (
        "slos: []\nhealth: off\n",
        "2: health: is an unknown key. A file of objectives holds slos: alone.",
    ),
    "no list": (
        "slos: all\n",
        "1: slos: is no list. Write slos: [{name: ..., objective: 99.9%, good: {available: true}}].",
    ),
    "no mapping": (
        "- a\n",
        "1: [0]: is 'a' and no mapping."
        " Known here: name, objective, good, match, window, per, alerts.",
    ),
    "no such SLI": (
        dedent(
            """\
            apiVersion: openslo/v1
            kind: SLO
            metadata: {name: a}
            spec:
              indicatorRef: fast
              timeWindow: [{duration: 30d, isRolling: true}]
              budgetingMethod: Occurrences
              objectives: [{target: 0.99}]
            """
        ),
        "5: spec.indicatorRef: 'fast' is the name of no SLI."
        " There must be a document of kind: SLI with that name; known here: none.",
    ),
    "two SLIs of one name": (
        "\n---\n".join(
            ["{apiVersion: openslo/v1, kind: SLI, metadata: {name: a}, spec: {ratioMetric: {rawType: success,"
             " raw: {metricSource: {type: wayside, spec: {good: {available: true}}}}}}}"] * 2
        ),
        "3: metadata.name: 'a' is already the name of an SLI. Choose another.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", OTHER_BROKEN)
def test_one_fault_in_a_file_of_objectives_gets_its_own_message(name: str, tmp_path: Path) -> None:
    text, message = OTHER_BROKEN[name]
    file, other = tmp_path / "wayside.yaml", tmp_path / "slos.yaml"
    file.write_text(LISTENERS + "slo_files: [slos.yaml]\n")
    other.write_text(text)
    found = compile_policy(Sources(str(file)))
    assert [str(each) for each in found.problems] == [f"{other}:{message}"]


def test_no_two_faults_get_one_message() -> None:
    messages = [
        each[-1] for table in (BROKEN, OPENSLO_BROKEN, OTHER_BROKEN) for each in table.values()
    ]
    kinds = {message.partition(": ")[2] for message in messages}
    assert (
        len(kinds) >= len(messages) - 3
    )  # "exactly one thing" and "no objectives" are each said of two
    assert len(messages) >= 30
