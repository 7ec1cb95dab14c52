"""The `metrics:` section of a server's YAML compiled: which samples of its Prometheus page are which number.

metrics:
  port: 8002            # where the page is unless configured otherwise, and what switches it on: for people
  path: /metrics
  enable: --flag
  model: model_name     # label that holds the model; left out where the page tells of the whole server
  numbers:
    queue_depth: {gauge: name}    # one source, or a list of which the first that is there counts
    executed_batch_size: {mean_of: name_total, per: name_total}    # increases since the last poll, divided
    running: {histogram: name, where: {label: value}, model: label, scale: 0.01}    # the same of name_sum, name_count
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sidecar.model.server_metrics import Number, NumberSource, ServerPage
from sidecar.servers.checks import is_int
from sidecar.text.suggest import suggest

if TYPE_CHECKING:
    from sidecar.servers.checks import Checks
    from sidecar.text.document import Path as Place

# Names one number has had in the versions of one server.
MAX_SOURCES = 8

_SECTION_KEYS = {"port": 0, "path": 0, "enable": 0, "model": 0, "numbers": 0}
_SOURCE_KEYS = {
    "gauge": 0, "mean_of": 0, "per": 0, "histogram": 0, "where": 0, "model": 0, "scale": 0,
}  # fmt: skip
_KINDS = ("gauge", "mean_of", "histogram")
_NUMBERS = {number.value: number for number in Number}

_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*\Z")
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*\Z")


def compile_metrics(checks: Checks, section: object, server: str) -> ServerPage | None:
    """Compile the section; None where there is none. Sources with a problem are left out."""
    if section is None:
        return None
    place: Place = ("metrics",)
    spec = checks.mapping(place, section)
    checks.keys(place, spec, _SECTION_KEYS)
    if not is_int(spec.get("port", 1), 1, 65_535):
        checks.complain((*place, "port"), f"{spec['port']!r} is no port", "Use 1 to 65535.")
    path = spec.get("path", "/")
    if not isinstance(path, str) or not path.startswith("/"):
        checks.complain((*place, "path"), f"{path!r} is no path", "Begin with /, e.g. /metrics.")
    model = _model(checks, place, spec, "")
    sources: list[NumberSource] = []
    numbers = checks.mapping((*place, "numbers"), spec.get("numbers") or {})
    for name, value in numbers.items():
        at = (*place, "numbers", name)
        if name in _NUMBERS:
            sources += _sources(checks, at, _NUMBERS[name], value, model)
        else:
            checks.complain(at, "is no number that is known", suggest(name, _NUMBERS))
    if not numbers:
        hint = f"Add at least one of {', '.join(_NUMBERS)} under numbers:."
        checks.complain((*place, "numbers"), "names no number", hint)
    return ServerPage(server, tuple(sources)) if sources else None


def usual_place(section: object) -> str:
    """Return where the page usually is, e.g. `:8002/metrics`, for people."""
    if not isinstance(section, dict):
        return ""
    port = f":{section['port']}" if "port" in section else ""
    return f"{port}{section.get('path', '')}"


def _sources(
    checks: Checks, place: Place, number: Number, value: object, model: str
) -> list[NumberSource]:
    """Read one source, or a list of which the first that is there counts."""
    listed: list[tuple[Place, object]] = [(place, value)]
    if isinstance(value, list):
        listed = [((*place, at), each) for at, each in enumerate(value)]
    if not listed:
        checks.complain(place, "names no source", "Write e.g. {gauge: NAME}.")
    if len(listed) > MAX_SOURCES:
        checks.complain(place, f"has more than {MAX_SOURCES} sources", "Leave some out.")
    sources = []
    for at, each in listed:
        before = len(checks.problems)
        source = _source(checks, at, number, checks.mapping(at, each), model)
        if len(checks.problems) == before:
            sources.append(source)
    return sources


def _source(
    checks: Checks, place: Place, number: Number, spec: dict[str, object], model: str
) -> NumberSource:
    checks.keys(place, spec, _SOURCE_KEYS)
    said = [kind for kind in _KINDS if kind in spec]
    kind = said[0] if said else "gauge"
    if len(said) != 1 or ("per" in spec) != (kind == "mean_of"):
        hint = "Write gauge: NAME, or mean_of: COUNTER with per: COUNTER, or histogram: NAME."
        checks.complain(place, "must say in one way where the number stands", hint)
    family, per = (
        _name(checks, (*place, key), spec[key], _NAME) if key in spec else ""
        for key in (kind, "per")
    )
    if kind == "histogram":
        family, per = f"{family}_sum", f"{family}_count"
    scale = spec.get("scale", 1)
    if not isinstance(scale, int | float) or isinstance(scale, bool) or not 0 < scale < 1e9:
        checks.complain((*place, "scale"), f"{scale!r} is no factor", "Use e.g. 0.01 for percent.")
        scale = 1
    return NumberSource(
        number=number,
        family=family,
        per=per,
        where=_where(checks, (*place, "where"), spec.get("where", {})),
        model=_model(checks, place, spec, model),
        scale=float(scale),
    )


def _where(checks: Checks, place: Place, value: object) -> tuple[tuple[str, str], ...]:
    labels = checks.mapping(place, value)
    for name in labels:
        _name(checks, (*place, name), name, _LABEL)
    return tuple((name, str(wanted)) for name, wanted in labels.items())


def _model(checks: Checks, place: Place, spec: dict[str, object], otherwise: str) -> str:
    """Return the label that holds the model; empty where it is said to be none."""
    if "model" not in spec:
        return otherwise
    return "" if spec["model"] is None else _name(checks, (*place, "model"), spec["model"], _LABEL)


def _name(checks: Checks, place: Place, value: object, pattern: re.Pattern[str]) -> str:
    """Return a name as Prometheus has them."""
    text = "" if value is None else str(value)
    if not pattern.match(text):
        what = "label" if pattern is _LABEL else "sample name"
        checks.complain(place, f"{text!r} is no {what}", "Write it as it stands on the page.")
    return text
