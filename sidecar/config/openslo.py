"""OpenSLO v1: documents of kind SLO and SLI, turned into the short form with the place of every part.

Read is what can be kept to the letter: rolling windows, budgetingMethod Occurrences, and indicators whose metricSource
is ours: `{type: wayside, spec: {match: {...}, good: {...}, per: model}}`. Everything else is refused, and told what to
write instead: an objective that is nearly the one that was meant is none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sidecar.config.openslo_node import Node
from sidecar.config.written import Entry

if TYPE_CHECKING:
    from sidecar.model.problem import Problem
    from sidecar.text.document import Document, Path

API_VERSION = "openslo/v1"
_SOURCE = (
    "metricSource: {type: wayside, spec: {match: {model: resnet50}, good: {latency_below: 100ms}}}"
)
_RAW = f"ratioMetric: {{counter: true, rawType: success, raw: {{{_SOURCE}}}}}"
_TIERS = (
    "Alerting is told in wayside.yaml: alerts: {tiers: [...]}; the usual tiers are there without."
)

_KINDS = {
    "AlertPolicy": _TIERS,
    "AlertCondition": _TIERS,
    "AlertNotificationTarget": "Who is told is a matter of Alertmanager.",
    "DataSource": f"Wayside counts by itself: {_SOURCE}.",
    "Service": "Name the service in the SLO; the document can stay in a file of its own.",
}
_NO_ALERTS = {"alertPolicies": _TIERS}
_NO_SLICES = "Events are counted, not slices of time: budgetingMethod: Occurrences."
_NO_OTHERS = {
    "op": "What is good is said by the indicator: good: {latency_below: 100ms}.",
    "value": "What is good is said by the indicator: good: {latency_below: 100ms}.",
    "timeSliceTarget": _NO_SLICES,
    "timeSliceWindow": _NO_SLICES,
    "indicator": "Composites are not read: write an SLO for each, or good: {all: [...]}.",
    "indicatorRef": "Composites are not read: write an SLO for each, or good: {all: [...]}.",
    "compositeWeight": "Composites are not read: write an SLO for each, or good: {all: [...]}.",
}
_DOCUMENT = ("apiVersion", "kind", "metadata", "spec")
_SPEC = (
    "description",
    "service",
    "indicator",
    "indicatorRef",
    "timeWindow",
    "budgetingMethod",
    "objectives",
)
_METADATA = ("name", "displayName", "labels", "annotations")
_DURATION = re.compile(r"([1-9]\d{0,8})([mhdwMQY])\Z")


def is_openslo(value: object) -> bool:
    """Say whether a document means to be one of OpenSLO."""
    return isinstance(value, dict) and ("apiVersion" in value or "kind" in value)


@dataclass(frozen=True, slots=True)
class _Indicator:
    """The parts of the short form that an SLI holds."""

    parts: dict[str, Any]
    places: dict[Path, tuple[Document, Path]]


class OpenSlo:
    """Takes documents, in any order, and gives the objectives in them."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.incomplete = False
        """A document was lost that may have been an SLI: that one is missing is then no fault of who names it."""
        self._slos: list[Node] = []
        # By name; None: it is there and something is wrong with it, which was told.
        self._indicators: dict[str, _Indicator | None] = {}

    def add(self, document: Document) -> None:
        """Take one document."""
        root = Node(document, (), document.value, self.problems)
        whole = root.keys(_DOCUMENT) and self._version(root)
        kind = root.need("kind", "Write kind: SLO, or kind: SLI.") if whole else None
        if kind is None:
            self.incomplete = True
        elif kind.value == "SLO":
            self._slos.append(root)
        elif kind.value == "SLI":
            self._add_indicator(root)
        else:
            self.incomplete = True
            hint = _KINDS.get(str(kind.value), "Known here: SLI, SLO.")
            kind.wrong(f"is {kind.value!r}, which is not read", hint)

    def entries(self) -> list[Entry]:
        """Return the objectives, once every document is there."""
        return [entry for root in self._slos for entry in self._slo(root)]

    def _version(self, root: Node) -> bool:
        version = root.need("apiVersion", f"Write apiVersion: {API_VERSION}.")
        if version is None or version.value == API_VERSION:
            return version is not None
        hint = f"Write it as apiVersion: {API_VERSION}, kinds SLO and SLI."
        version.wrong(f"is {version.value!r}, which is not read", hint)
        return False

    def _add_indicator(self, root: Node) -> None:
        name = _name(root)
        found = _indicator(root.need("spec", f"Add spec: {{{_RAW}}}."))
        if name is None:
            self.incomplete = True
        elif name.value in self._indicators:
            name.wrong(f"{name.value!r} is already the name of an SLI", "Choose another.")
        else:
            self._indicators[name.value] = found

    # --- an SLO ------------------------------------------------------------------------------

    def _slo(self, root: Node) -> list[Entry]:
        """Return its objectives; none where anything is wrong with what they share."""
        before = len(self.problems)
        name = _name(root)
        spec = root.need(
            "spec", "Add spec: with indicator, timeWindow, budgetingMethod, objectives."
        )
        if spec is None or not spec.keys(_SPEC, _NO_ALERTS):
            return []
        window = _window(
            spec.need("timeWindow", "Add timeWindow: [{duration: 30d, isRolling: true}].")
        )
        _method(spec.need("budgetingMethod", "Add budgetingMethod: Occurrences."))
        indicator = self._indicator_of(spec)
        wrong = len(self.problems) > before
        targets = _targets(spec.need("objectives", "Add objectives: [{target: 0.999}]."))
        if wrong or not (name and window and indicator):
            return []
        entries = []
        for behind, objective, target in targets:
            parts = {
                "name": f"{name.value}{behind}",
                "objective": target.value,
                "window": window.value,
                **indicator.parts,
            }
            places = {
                (): objective.place,
                ("name",): name.place,
                ("objective",): target.place,
                ("window",): window.place,
                **indicator.places,
            }
            entries.append(Entry(parts, places))
        return entries

    def _indicator_of(self, spec: Node) -> _Indicator | None:
        inline, named = spec.child("indicator"), spec.child("indicatorRef")
        if inline and named:
            named.wrong("stands beside indicator", "Keep one of them.")
        elif inline:
            named_well = not inline.child("metadata") or _name(inline) is not None
            if inline.keys(("metadata", "spec")) and named_well:
                return _indicator(inline.need("spec", f"Add spec: {{{_RAW}}}."))
        elif named is None:
            spec.wrong("has no indicator", f"Add indicator: {{spec: {{{_RAW}}}}}, or indicatorRef.")
        elif isinstance(named.value, str) and named.value in self._indicators:
            return self._indicators[named.value]
        elif not self.incomplete:
            known = ", ".join(sorted(self._indicators)) or "none"
            hint = f"There must be a document of kind: SLI with that name; known here: {known}."
            named.wrong(f"{named.value!r} is the name of no SLI", hint)
        return None


def _name(root: Node) -> Node | None:
    metadata = root.need("metadata", "Add metadata: {name: resnet-fast}.")
    if metadata is None or not metadata.keys(_METADATA):
        return None
    name = metadata.need("name", "Add name: resnet-fast.")
    if name is not None and not isinstance(name.value, str):
        name.wrong(f"is {name.value!r} and no name", "Write letters, digits and dashes.")
        return None
    return name


def _window(node: Node | None) -> Node | None:
    """Return the duration of the one rolling window."""
    if node is None:
        return None
    windows = node.items()
    example = "Write [{duration: 30d, isRolling: true}]."
    if windows is None or len(windows) != 1:
        node.wrong("is no list of one window", example)
        return None
    calendar = {
        "calendar": "Calendar windows are not kept: write {duration: 30d, isRolling: true}."
    }
    if not windows[0].keys(("duration", "isRolling"), calendar):
        return None
    rolling = windows[0].need("isRolling", "Add isRolling: true.")
    if rolling is not None and rolling.value is not True:
        rolling.wrong(f"is {rolling.value!r}", "Only rolling windows are kept: isRolling: true.")
    duration = windows[0].need("duration", "Add duration: 30d.")
    return _duration(duration) if duration is not None else None


def _duration(node: Node) -> Node | None:
    """Return a duration of OpenSLO where it is one of ours as well: m is minutes, M months."""
    found = _DURATION.match(str(node.value)) if isinstance(node.value, str) else None
    if not found:
        node.wrong(f"{node.value!r} is no duration", "Write a number and h, d or w, e.g. 30d.")
    elif found[2] in "MQY":
        node.wrong(f"{node.value!r} is no fixed length", "Write it in days, e.g. 30d.")
    elif found[2] == "m" and int(found[1]) < 60:
        what = f"{node.value!r} is {'one minute' if found[1] == '1' else found[1] + ' minutes'}"
        node.wrong(what, "In OpenSLO m is minutes and M months: write days, e.g. 30d.")
    else:
        return node
    return None


def _method(node: Node | None) -> None:
    if node is not None and node.value != "Occurrences":
        node.wrong(f"is {node.value!r}", _NO_SLICES)


def _targets(node: Node | None) -> list[tuple[str, Node, Node]]:
    """Return each objective that is right, its target as a percentage, and what tells its name from the others'.

    That is nothing where it is the only one, else its displayName, or its number.
    """
    if node is None:
        return []
    objectives = node.items()
    if not objectives:
        node.wrong("is no list of objectives", "Write [{target: 0.999}].")
        return []
    found = []
    names: set[object] = set()
    for number, each in enumerate(objectives, start=1):
        if not each.keys(("displayName", "target", "targetPercent"), _NO_OTHERS):
            continue
        display = each.child("displayName")
        own = number if display is None else display.value
        if display and (not isinstance(own, str) or own in names):
            display.wrong(f"is {own!r}", "Write a text of its own for each objective.")
            continue
        names.add(own)
        target = _target(each)
        if target is not None:
            behind = f"-{own}" if len(objectives) > 1 else ""
            found.append((behind, each, target))
    return found


def _target(objective: Node) -> Node | None:
    share, percent = objective.child("target"), objective.child("targetPercent")
    if share is not None and percent is not None:
        percent.wrong("stands beside target", "Keep one of them.")
        return None
    node, whole = (share, 1) if share is not None else (percent, 100)
    if node is None:
        objective.wrong("has no target", "Add target: 0.999, or targetPercent: 99.9.")
        return None
    number = node.value
    if isinstance(number, bool) or not isinstance(number, int | float) or not 0 < number < whole:
        hint = "target is a share above 0 and below 1, e.g. 0.999; targetPercent takes 99.9."
        node.wrong(f"is {number!r}", hint)
        return None
    text = format((Decimal(repr(number)) * 100 / whole).normalize(), "f")
    return node.instead(f"{text}%")


# --- an SLI ----------------------------------------------------------------------------------


def _indicator(spec: Node | None) -> _Indicator | None:
    """Read the spec of an SLI."""
    threshold = {"thresholdMetric": f"A threshold is a part of what is good here: {_RAW}."}
    if spec is None or not spec.keys(("description", "ratioMetric"), threshold):
        return None
    ratio = spec.need("ratioMetric", f"Add {_RAW}.")
    bad = {"bad": "Say what is good: good and total, or rawType: success with raw."}
    if ratio is None or not ratio.keys(("counter", "rawType", "raw", "good", "total"), bad):
        return None
    counter = ratio.child("counter")
    if counter is not None and not isinstance(counter.value, bool):
        counter.wrong(f"is {counter.value!r}", "Write counter: true.")
        return None
    return _raw(ratio) if ratio.child("raw") or ratio.child("rawType") else _good_and_total(ratio)


def _raw(ratio: Node) -> _Indicator | None:
    beside = ratio.child("good") or ratio.child("total")
    if beside is not None:
        beside.wrong("stands beside raw", "Keep raw, or good and total.")
        return None
    kind = ratio.need("rawType", "Add rawType: success.")
    source = _source(ratio.need("raw", f"Add raw: {{{_SOURCE}}}."), ("match", "good", "per"))
    if kind is not None and kind.value != "success":
        hint = "Write rawType: success; what is not good is bad."
        kind.wrong(f"is {kind.value!r}", hint)
        return None
    return _short_form(source) if kind and source else None


def _good_and_total(ratio: Node) -> _Indicator | None:
    source = _source(ratio.need("good", f"Add good: {{{_SOURCE}}}."), ("match", "good", "per"))
    all_of_them = {"good": "total counts all that match names: only good says what is good."}
    whole = ratio.need("total", "Add total: {metricSource: {type: wayside, spec: {match: {...}}}}.")
    total = _source(whole, ("match", "per"), all_of_them)
    if source is None or total is None:
        return None
    for key, default in (("match", {}), ("per", source.get("per"))):
        if total.get(key, default) != source.get(key, default):
            hint = f"Both count the same calls: write the same {key}."
            (total.child(key) or total).wrong("does not count the calls that good does", hint)
            return None
    return _short_form(source)


def _source(
    metric: Node | None, known: tuple[str, ...], refused: dict[str, str] | None = None
) -> Node | None:
    """Return the spec of a metric source that is ours."""
    if metric is None or not metric.keys(("metricSource",)):
        return None
    source = metric.need("metricSource", f"Add {_SOURCE}.")
    named = {"metricSourceRef": f"Wayside counts by itself: {_SOURCE}."}
    if source is None or not source.keys(("type", "spec"), named):
        return None
    kind = source.need("type", "Add type: wayside.")
    if kind is None:
        return None
    if kind.value != "wayside":
        kind.wrong(f"is {kind.value!r}", f"Only what Wayside counts is read: {_SOURCE}.")
        return None
    spec = source.need(
        "spec", "Add spec: {match: {model: resnet50}, good: {latency_below: 100ms}}."
    )
    return spec if spec is not None and spec.keys(known, refused) else None


def _short_form(spec: Node) -> _Indicator:
    """Return the parts that are written as in the short form; whether they are right is judged there."""
    parts = {key: spec.get(key) for key in ("match", "good", "per") if spec.child(key)}
    places: dict[Path, tuple[Document, Path]] = {
        (key,): (spec.document, (*spec.path, key)) for key in ("match", "good", "per")
    }
    return _Indicator(parts, places)
