"""A server's YAML compiled into methods: names in, field numbers out, every problem with its line.

A new message type is YAML alone: nothing here or in the tap knows any message by name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sidecar.model.policy import Method, Slot, Variant
from sidecar.servers.checks import Checks, is_int
from sidecar.servers.headers import HeaderValues, check_count
from sidecar.servers.limits import refusal
from sidecar.servers.metrics.section import compile_metrics, usual_place
from sidecar.servers.outcomes import compile_outcomes, complain_of_no_words, of_method
from sidecar.servers.paths import Field, Messages, PathError, compile_extract
from sidecar.servers.routes import compile_routes
from sidecar.text.document import read_document
from sidecar.text.suggest import suggest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sidecar.model.policy import Extract, Route
    from sidecar.model.problem import Problem
    from sidecar.model.server_metrics import ServerPage
    from sidecar.text.document import Document
    from sidecar.text.document import Path as Place

SHIPPED = Path(__file__).resolve().parent

# Top-level numbers a variant may be recognised by: the tap keeps one bit for each (dataplane/wire, Variant).
MAX_CONDITION_NUMBER = 63
MAX_FIELD_NUMBER = 536_870_911  # protobuf's own limit
# A head is held per open message; the tap's memory per stream must stay small.
MAX_HEAD_BYTES = 1_048_576

_METHOD_PATH = re.compile(r"/[A-Za-z_][\w.]*/[A-Za-z_]\w*\Z")
# Lists of models are asked for over HTTP.
_SLOTS = {slot.value: slot for slot in Slot if slot is not Slot.NAMES}
_FILE_KEYS = {
    "server": 0, "used_by": 0, "always": 0, "messages": 0, "methods": 0, "routes": 0, "metrics": 0,
}  # fmt: skip
_METHOD_KEYS = {
    "kind": 0, "streaming": 0, "many_requests": 0, "request": 0, "response": 0, "head_bytes": 0,
    "outcomes": 0, "untested": 0,
}  # fmt: skip
_FORM_KEYS = {"message": 0, "when_any": 0, "when_none": 0, **_SLOTS}
_FIELD_KEYS = {"number": 0, "message": 0, "map": 0}


@dataclass(frozen=True, slots=True)
class ServerCatalogue:
    """What one file says, and what is wrong with it. Methods with a problem are left out."""

    name: str
    file: str
    used_by: tuple[str, ...]  # servers that speak it; at least one
    methods: tuple[Method, ...]
    problems: tuple[Problem, ...]
    routes: tuple[Route, ...] = ()
    metrics: ServerPage | None = None  # the server's own numbers
    metrics_at: str = ""  # where its page usually is: port and path, as far as they are fixed
    always: bool = False  # known whatever `server.type` says
    untested: Mapping[str, str] = field(default_factory=dict)  # method path or route -> why
    messages: Messages = field(default_factory=dict)  # as described, for comparing with a .proto

    def serves(self, server: str) -> bool:
        """Say whether the catalogue is wanted where `server.type` is this."""
        return self.always or server in ("auto", self.name, *self.used_by)


def shipped_files() -> list[Path]:
    """Return the catalogue files that come with Wayside."""
    return sorted(SHIPPED.glob("*.yaml"))


def load_server(file: str) -> ServerCatalogue:
    """Read and compile one file."""
    return compile_server(read_document(file))


def compile_server(document: Document) -> ServerCatalogue:
    """Compile a document; see oip.yaml for the shape."""
    return _Compiler(document).run()


class _Compiler(Checks):
    """One document's compilation."""

    def __init__(self, document: Document) -> None:
        super().__init__(document)
        self.messages: Messages = {}

    def run(self) -> ServerCatalogue:
        top = {} if self.problems else self.mapping((), self.document.value)
        self.keys((), top, _FILE_KEYS)
        self._read_messages(self.mapping(("messages",), top.get("messages") or {}))
        methods = self._methods(self.mapping(("methods",), top.get("methods") or {}))
        routes = compile_routes(self, self.mapping(("routes",), top.get("routes") or {}))
        name = str(top.get("server") or Path(self.document.file).stem)
        metrics = compile_metrics(self, top.get("metrics"), name)
        if not methods and not routes and not metrics and not self.problems:
            hint = "Add at least one under methods:, routes: or metrics:."
            self.complain((), "describes no method, no route and no metrics", hint)
        heads = [(*each.request_headers, *each.response_headers) for each in methods]
        heads += [(*each.request_headers, *each.response_headers) for each in routes]
        check_count(self, heads)
        used_by = top.get("used_by")
        users = tuple(str(each) for each in used_by) if isinstance(used_by, list) else ()
        return ServerCatalogue(
            name=name,
            file=self.document.file,
            used_by=users or (name,),
            methods=tuple(methods),
            routes=tuple(routes),
            metrics=metrics,
            metrics_at=usual_place(top.get("metrics")),
            always=self.flag((), top, "always"),
            untested=self.untested,
            messages=self.messages,
            problems=tuple(self.problems),
        )

    # --- messages ----------------------------------------------------------------------------

    def _read_messages(self, messages: dict[str, object]) -> None:
        for name, fields in messages.items():
            place = ("messages", name)
            described: dict[str, Field] = {}
            for field_name, value in self.mapping(place, fields).items():
                found = self._field((*place, field_name), value)
                if found is not None:
                    described[field_name] = found
            self.messages[name] = described
        self._check_holders(messages)

    def _field(self, place: Place, value: object) -> Field | None:
        """Read `3` or `{number: 3, message: M}` or `{number: 3, map: M}`."""
        spec = value if isinstance(value, dict) else {"number": value}
        self.keys(place, spec, _FIELD_KEYS)
        number = spec.get("number")
        if not is_int(number, 1, MAX_FIELD_NUMBER):
            hint = "Write the number from the .proto, e.g. 3 or {number: 3, message: Name}."
            self.complain(place, f"needs a field number, not {number!r}", hint)
            return None
        assert isinstance(number, int)
        is_map = "map" in spec
        holds = spec.get("map") if is_map else spec.get("message")
        return Field(number, holds if isinstance(holds, str) else "", is_map)

    def _check_holders(self, messages: dict[str, object]) -> None:
        """Every message a field claims to hold must be described."""
        for name, fields in self.messages.items():
            for field_name, each in fields.items():
                if each.message and each.message not in messages:
                    place = ("messages", name, field_name)
                    what = f"holds {each.message!r}, which is not described"
                    self.complain(place, what, suggest(each.message, self.messages))

    # --- methods -----------------------------------------------------------------------------

    def _methods(self, methods: dict[str, object]) -> list[Method]:
        compiled = []
        for path, value in methods.items():
            before = len(self.problems)
            method = self._method(("methods", path), path, self.mapping(("methods", path), value))
            if len(self.problems) == before:
                compiled.append(method)
        return compiled

    def _method(self, place: Place, path: str, spec: dict[str, object]) -> Method:
        many_requests = self.flag(place, spec, "many_requests")
        heads = [
            HeaderValues(self, (*place, side), many_requests) for side in ("request", "response")
        ]
        if not _METHOD_PATH.match(path):
            self.complain(place, "is no method path", "Write /package.Service/Method.")
        self.keys(place, spec, _METHOD_KEYS)
        self.note_untested(path, spec)
        at_rules = (*place, "outcomes")
        rules = compile_outcomes(self, at_rules, spec.get("outcomes"), over_http=False)
        method = Method(
            path=path,
            kind=self.kind(place, spec),
            streaming=self.flag(place, spec, "streaming"),
            many_requests=many_requests,
            request=self._program((*place, "request"), spec.get("request"), heads[0]),
            response=self._program((*place, "response"), spec.get("response"), heads[1]),
            head_bytes=self.head_bytes(place, spec, MAX_HEAD_BYTES),
            request_headers=tuple(heads[0].extracts),
            response_headers=tuple(heads[1].extracts),
            outcomes=rules,
        )
        method = of_method(rules, method)
        complain_of_no_words(self, at_rules, rules, method)
        return method

    def _program(self, place: Place, value: object, head: HeaderValues) -> tuple[Variant, ...]:
        """Read one form of a message, or a list of forms of which the first that fits counts."""
        if value is None:
            return ()
        forms = [(place, value)]
        if isinstance(value, list):
            forms = [((*place, at), form) for at, form in enumerate(value)]
        program = tuple(
            variant
            for at, form in forms
            if (variant := self._variant(at, self.mapping(at, form), head))
        )
        if reason := refusal(program):
            self.complain(place, reason, "Read fewer fields, or less deep ones.")
        return program

    def _variant(self, place: Place, form: dict[str, object], head: HeaderValues) -> Variant | None:
        """Return how to read one form; None where only headers are read."""
        self.keys(place, form, _FORM_KEYS)
        paths = {
            name: head.split((*place, name), _SLOTS[name], texts)
            for name, texts in form.items()
            if name in _SLOTS
        }
        if paths and not any(paths.values()) and not form.keys() - _SLOTS.keys():
            return None
        message = form.get("message")
        if message not in self.messages:
            what = f"message {message!r} is not described" if message else "needs a message"
            self.complain((*place, "message"), what, suggest(str(message or ""), self.messages))
            return Variant(())
        assert isinstance(message, str)
        extracts = [
            extract
            for name, texts in paths.items()
            for at, text in texts
            if (extract := self._extract((*place, name, at), name, text, message))
        ]
        any_of = self._numbers((*place, "when_any"), form.get("when_any"), message)
        none_of = self._numbers((*place, "when_none"), form.get("when_none"), message)
        return Variant(tuple(extracts), any_of, none_of)

    def _extract(self, place: Place, name: str, text: object, message: str) -> Extract | None:
        try:
            return compile_extract(_SLOTS[name], str(text), message, self.messages)
        except PathError as error:
            self.complain(place, error.what, error.hint)
            return None

    def _numbers(self, place: Place, names: object, message: str) -> tuple[int, ...]:
        """Return the numbers of the fields a form is recognised by."""
        if names is None:
            return ()
        numbers = []
        for name in names if isinstance(names, list) else [names]:
            field = self.messages[message].get(str(name))
            if field is None:
                hint = suggest(str(name), self.messages[message])
                self.complain(place, f"message {message!r} has no field {name!r}", hint)
            elif field.number > MAX_CONDITION_NUMBER:
                what = f"{name!r} has number {field.number}"
                self.complain(place, what, f"Forms are told apart by 1 to {MAX_CONDITION_NUMBER}.")
            else:
                numbers.append(field.number)
        return tuple(numbers)
