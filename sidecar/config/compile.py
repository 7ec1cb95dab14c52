"""The policy made of a checked configuration: catalogue, objectives, what control needs, and notes for the reader."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sidecar.config.delivery_files import delivery_file_problems
from sidecar.config.files import WILDCARDS, content_hash, expand, watched
from sidecar.config.load import check
from sidecar.config.scrape_notes import scrape_notes
from sidecar.config.token_file import token_file_problems
from sidecar.model.indicator import Available, parts_of
from sidecar.model.outcomes import DEFAULT_GIVE_UP_NANOS
from sidecar.model.policy import BatchLimit, Limits, Listener, Method, Policy, Route
from sidecar.model.problem import Note, Problem
from sidecar.model.profiles import PageSettings, Profile
from sidecar.model.server_metrics import MetricsEndpoint
from sidecar.model.settings import ControlSettings
from sidecar.servers.catalogue import compile_server, load_server, shipped_files
from sidecar.servers.outcomes import of_method, of_route, read_rules
from sidecar.text.document import Document, read_document
from sidecar.text.suggest import suggest

if TYPE_CHECKING:
    from sidecar.config.load import Checked
    from sidecar.config.schema import Root
    from sidecar.config.sources import Sources
    from sidecar.model.objective import Objective
    from sidecar.model.server_metrics import ServerPage
    from sidecar.servers.catalogue import ServerCatalogue

# What the file may say today although nothing acts on it yet; said aloud by `check` and in the log.
_NOT_USED_YET = {
    ("gpu",): "is checked but not used yet: no GPU readings are taken",
}


@dataclass(frozen=True, slots=True)
class Compiled:
    """A policy, or None when there is nothing to run, and everything to be said about it."""

    policy: Policy | None
    problems: tuple[Problem, ...]
    notes: tuple[Note, ...] = ()
    absent: tuple[Problem, ...] = ()
    """What the file names, and what is looked for only when it is needed: it may come. `check` complains of it."""
    catalogues: tuple[ServerCatalogue, ...] = ()
    """Those in force; of two that describe a method the later counts."""


def compile_policy(sources: Sources) -> Compiled:
    """Compile tolerantly: parts with problems are left out and `config_valid` says so.

    Strict callers look at `problems` and refuse.
    """
    checked = check(sources)
    servers, problems = _servers(checked, checked.root)
    problems = [*checked.problems, *problems]
    if not checked.usable:
        return Compiled(None, tuple(problems))
    policy = _policy(checked, sources, servers)
    if problems:
        policy = replace(policy, config_valid=False)
    absent = token_file_problems(policy.drain_token_file, checked.document)
    absent += delivery_file_problems(checked.root.alerts, checked.document)
    notes = (*_notes(checked), *scrape_notes(checked.root, checked.document))
    return Compiled(policy, tuple(problems), notes, tuple(absent), tuple(servers.all))


@dataclass(frozen=True, slots=True)
class _Servers:
    """The catalogues in force, and the user's own documents among them."""

    shipped: list[ServerCatalogue]
    own: list[ServerCatalogue]
    documents: list[Document]

    @property
    def all(self) -> list[ServerCatalogue]:
        """Return them with the user's own last."""
        return [*self.shipped, *self.own]

    @property
    def pages(self) -> tuple[ServerPage, ...]:
        """Return the kinds of metrics pages that are known, the user's own first."""
        return tuple(each.metrics for each in [*self.own, *self.shipped] if each.metrics)


def _servers(checked: Checked, root: Root) -> tuple[_Servers, list[Problem]]:
    """Return the catalogues that the configuration asks for, and what is wrong with that."""
    shipped = [load_server(str(path)) for path in shipped_files()]
    known = {name: 0 for each in shipped for name in ("auto", each.name, *each.used_by)}
    problems: list[Problem] = []
    wanted = root.server.type
    if wanted not in known:
        hint = suggest(wanted, known)
        problems.append(checked.document.problem(("server", "type"), f"is {wanted!r}", hint))
        wanted = "auto"
    chosen = [each for each in shipped if each.serves(wanted)]
    folder = os.path.dirname(os.path.abspath(checked.document.file))
    documents = [read_document(os.path.join(folder, name)) for name in root.server.files]
    own = [compile_server(document) for document in documents]
    problems += [problem for each in own for problem in each.problems]
    servers = _Servers(chosen, own, documents)
    # What a file that could not be read would have told of the page is not known.
    unread = any(each.problems for each in own) or _lost_files(checked)
    if root.server.metrics and not servers.pages and not unread:
        what = f"is set, but no number of {wanted!r} is known"
        hint = "Leave server.type auto, or describe the page in a file of your own under metrics:."
        problems.append(checked.document.problem(("server", "metrics"), what, hint))
    return servers, problems


def _lost_files(checked: Checked) -> bool:
    """Say whether a name among the user's own files was left out."""
    return any(path[:2] == ("server", "files") for path in checked.left_out)


def _methods(servers: list[ServerCatalogue]) -> tuple[Method, ...]:
    """One method per path; the user's own come last and win."""
    methods = {method.path: method for server in servers for method in server.methods}
    return tuple(methods.values())


def _routes(servers: list[ServerCatalogue]) -> tuple[Route, ...]:
    """One route per template and verbs, and of two that fit a request the first: the user's own come first."""
    routes: dict[tuple[str, tuple[str, ...]], Route] = {}
    for server in reversed(servers):
        for route in server.routes:
            routes.setdefault((route.template, route.verbs), route)
    return tuple(routes.values())


@dataclass(frozen=True, slots=True)
class _Files:
    """The files that a policy is made of: paths and patterns to watch, and the hash of what they hold."""

    watch: tuple[str, ...]
    hash: str


def _files(checked: Checked, sources: Sources, servers: _Servers) -> _Files:
    """Return them as `sidecar/config/files.py` finds them again."""
    if not sources.file:
        return _Files((), content_hash((), sources.salt))
    documents = [checked.document, *checked.slo_files.documents, *servers.documents]
    texts = {os.path.abspath(document.file): document.text for document in documents}
    files = (checked.document, *servers.documents)
    own, *others = (watched(document.file) for document in files)
    watch = (own, *checked.slo_files.patterns, *others)
    # A file that has come since was not read: it has no text here, and the hash will differ.
    contents = (texts.get(path, b"") for path in expand(watch))
    return _Files(watch, content_hash(contents, sources.salt))


def _policy(checked: Checked, sources: Sources, servers: _Servers) -> Policy:
    root = checked.root
    objectives = tuple(slo.noun(root.alerts) for slo in root.slos)
    rules, _ = read_rules(root.outcomes)
    files = _files(checked, sources, servers)
    settings = ControlSettings(
        tick_seconds=root.control.tick / 1e9,
        log_format=root.log.format,
        watch=files.watch,
        hash_salt=sources.salt,
        reload_argv=sources.reload_argv if files.watch else (),
        objectives=objectives,
        server_metrics=_metrics_endpoint(root, servers.pages),
        state_dir=_absolute(root.state_dir),
        page=PageSettings(Profile(root.metrics.profile), root.metrics.native_schema),
        alerts=root.alerts.delivery(),
    )
    return Policy(
        listeners=tuple(
            Listener(each.name or each.listen, each.listen, each.upstream)
            for each in root.listeners
        ),
        config_hash=files.hash,
        health=root.health.listen,
        drain_token_file=_absolute(root.health.drain_token_file),
        admin=root.admin,
        limits=_limits(root),
        methods=tuple(of_method(rules, each) for each in _methods(servers.all)),
        routes=tuple(of_route(rules, each) for each in _routes(servers.all)),
        models=_models(root),
        served_model=root.server.model,
        batch_limits=tuple(BatchLimit(*each) for each in root.server.max_batch_size.items()),
        probe_models=root.server.probe_models,
        outcomes=rules,
        give_up_nanos=_smallest_give_up(objectives),
        objectives=objectives,
        drain_delay_nanos=root.drain.delay_in_force,
        drain_total_nanos=root.drain.total,
        final_scrape_nanos=root.drain.final_scrape,
        first_scrape_nanos=root.health.first_scrape,
        control_argv=sources.control_argv,
        control_memory_bytes=root.control.memory,
        log_format=root.log.format,
        control_settings=settings.to_json(),
        observe=root.observe,
    )


def _absolute(path: str) -> str:
    """Return a path as the processes started from here find it; empty stays empty."""
    return os.path.abspath(path) if path else ""


def _metrics_endpoint(root: Root, pages: tuple[ServerPage, ...]) -> MetricsEndpoint | None:
    """Return where the server's own page is, and what kinds it may be."""
    if not root.server.metrics or not pages:
        return None
    url = urlsplit(root.server.metrics)
    assert url.hostname is not None
    return MetricsEndpoint(
        host=url.hostname,
        port=url.port or 80,
        target=f"{url.path}?{url.query}" if url.query else url.path,
        interval_seconds=root.server.metrics_interval / 1e9,
        pages=pages,
    )


def _limits(root: Root) -> Limits:
    limits = root.limits
    return Limits(
        threads=limits.threads,
        unsent_bytes=limits.unsent,
        connections=limits.connections,
        models=limits.models,
        methods=limits.methods,
        series=limits.series,
    )


def _models(root: Root) -> tuple[str, ...]:
    """Names admitted as labels from the start: those listed, and those objectives name in full.

    Without them a model that hangs before its first good answer would hang under the name `unknown`.
    """
    named = [slo.match.model for slo in root.slos if not WILDCARDS & set(slo.match.model)]
    return tuple(dict.fromkeys(name for name in [*root.models, *named] if name))


def _smallest_give_up(objectives: tuple[Objective, ...]) -> int:
    """Return after how long a client has given up for the first of the objectives: a call's outcome is by that."""
    parts = (part for each in objectives for part in parts_of(each.indicator))
    said = [part.give_up_nanos for part in parts if isinstance(part, Available)]
    return min(said, default=DEFAULT_GIVE_UP_NANOS)


def _notes(checked: Checked) -> list[Note]:
    """Say what is accepted but not acted on."""
    document = checked.document
    lines = document.lines
    notes = [
        Note(document.file, lines[path], ".".join(path), text)
        for path, text in _NOT_USED_YET.items()
        if path in lines
    ]
    return [*checked.slo_files.notes, *notes]
