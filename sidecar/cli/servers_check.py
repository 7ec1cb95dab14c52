"""`wayside servers check FILE`: a catalogue of the user's own, held to its grammar, a .proto and a real message."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from sidecar.cli.exit_codes import BAD_CONFIG, FAILED, OK

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sidecar.model.policy import Method
    from sidecar.model.problem import Problem
    from sidecar.servers.catalogue import ServerCatalogue
    from sidecar.text.document import Document

# More than any message whose head is looked at; a sample is read whole.
MAX_SAMPLE_BYTES = 64 * 1024 * 1024

_EPILOG = """\
a whole file:
  server: shop
  messages:
    RankRequest: {context: {number: 1, message: Context}, items: 2}
    Context: {model: 4, trace: 7}
    RankResponse: {model: 1}
  methods:
    /shop.Ranker/Rank:
      kind: inference               # or probe, admin; objectives see inference only
      request: {message: RankRequest, model: context.model, request_id: context.trace, batch_size: count(items)}
      response: {message: RankResponse, model: model}

  metrics:                          # the server's own Prometheus page, see docs/servers.md
    model: model_name
    numbers: {queue_depth: {gauge: shop_waiting}, executed_batch_size: {histogram: shop_batch}}

  routes:                           # over HTTP, see docs/servers.md
    /rank:
      streaming: asked              # true, or where the request asks for it
      request: {model: header(x-model), stream: stream}
      response: {error: error, final: "is(type, done)"}
      outcomes: {503: {message: queue is full, outcome: shed}}     # what a code counts as, see docs/outcomes.md

What can be read: model, version, request_id, batch_size, shape, batch_shape, datatype, max_batch_size, error,
error_text, final, tokens_in, tokens_out, tokens_cached, and over HTTP stream.
How: a path of names, name[0] for the first of several, name{key} for an entry of a map; or count(path), length(path),
elements(path) of repeated integers, sum(path) of stated parts, present(path), int(path), string(path); is(path, text)
of final over HTTP; header(name) of gRPC metadata, an HTTP header or a trailer. A list of them: the first that is there.

Then name it in wayside.yaml:   server: {files: [shop.yaml]}

A sample is one message as protobuf encodes it, without gRPC's prefix of five bytes; in Python:
  open("ask.bin", "wb").write(request.SerializeToString())

exit status: 0 good, 1 a .proto or a sample could not be read, 2 problems, each as `file:line: field: what is wrong.
hint`, or bad flags
"""


def add_parser(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `check`."""
    check = actions.add_parser(
        "check",
        help="find every problem in a catalogue file, and show what it would read",
        description="Compile a catalogue file and report every problem with its line and a hint.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    check.add_argument("file", metavar="FILE", help="the catalogue, e.g. my-server.yaml")
    check.add_argument(
        "--proto",
        metavar="FILE",
        help="also compare methods, names and numbers with this .proto (needs protoc or grpcio-tools)",
    )
    check.add_argument(
        "--include",
        metavar="DIR",
        action="append",
        default=[],
        help="where the .proto's imports begin, if not beside it; may be repeated",
    )
    check.add_argument("--sample", metavar="FILE", help="also show what this message would say")
    check.add_argument("--method", metavar="/PKG.SVC/M", help="the method the sample belongs to")
    check.add_argument(
        "--side",
        choices=("request", "response"),
        default="request",
        help="which way the sample goes (default request)",
    )
    check.add_argument(
        "--header",
        metavar="NAME:VALUE",
        action="append",
        default=[],
        help="also show what this header of --method and --side would say; may be repeated",
    )
    check.set_defaults(main=_check, parser=check)


def _check(arguments: argparse.Namespace) -> int:
    from sidecar.servers.catalogue import compile_server
    from sidecar.text.document import read_document

    if bool(arguments.sample or arguments.header) != bool(arguments.method):
        arguments.parser.error(
            "--sample or --header and --method go together: a message of which method?"
        )
    if without := [each for each in arguments.header if ":" not in each]:
        arguments.parser.error(f"--header {without[0]!r} has no colon: write NAME:VALUE")
    document = read_document(arguments.file)
    server = compile_server(document)
    problems = list(server.problems)
    if arguments.proto:
        try:
            problems += _compared(arguments, document, server)
        except _UnreadableError as error:
            print(error, file=sys.stderr)
            return FAILED
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        count = f"{len(problems)} problem{'s' if len(problems) != 1 else ''}"
        print(f"{count} in {arguments.file}", file=sys.stderr)
        return BAD_CONFIG
    _summarize(arguments, server)
    return _sample(arguments, server) if arguments.method else OK


class _UnreadableError(Exception):
    """Something beside the catalogue cannot be read; the text says what to do."""


def _compared(
    arguments: argparse.Namespace, document: Document, server: ServerCatalogue
) -> list[Problem]:
    """Return what disagrees with a .proto."""
    from sidecar.servers.proto import ProtoError, compare, read_proto

    try:
        schema = read_proto(arguments.proto, arguments.include)
        return compare(document, server, schema).problems
    except ProtoError as error:
        raise _UnreadableError(str(error)) from error


def _summarize(arguments: argparse.Namespace, server: ServerCatalogue) -> None:
    from sidecar.servers.table import shipped

    against = f", and agrees with {arguments.proto}" if arguments.proto else ""
    print(f"{arguments.file} is good{against}")
    numbers = {source.number for source in server.metrics.sources} if server.metrics else ()
    counts = [
        ("method", len(server.methods)),
        ("route", len(server.routes)),
        ("number", len(numbers)),
    ]
    parts = [f"{count} {word}{'s' * (count != 1)}" for word, count in counts if count]
    print(f"  {server.name}: {', '.join(parts)}")
    known = {method.path: each.name for each in shipped() for method in each.methods}
    for method in server.methods:
        if method.path in known:
            print(f"  {method.path} takes the place of the one in {known[method.path]}")


def _sample(arguments: argparse.Namespace, server: ServerCatalogue) -> int:
    """Show what a message and its head would say."""
    from sidecar.text.suggest import suggest

    methods = {method.path: method for method in server.methods}
    method = methods.get(arguments.method)
    if method is None:
        hint = suggest(arguments.method, methods)
        print(f"{arguments.file} has no method {arguments.method!r}. {hint}", file=sys.stderr)
        return BAD_CONFIG
    data = b""
    if arguments.sample:
        try:
            with open(arguments.sample, "rb") as file:
                data = file.read(MAX_SAMPLE_BYTES)
        except OSError as error:
            print(f"{arguments.sample} cannot be read: {error.strerror}", file=sys.stderr)
            return FAILED
    fields = [each.partition(":") for each in arguments.header]
    head = {name.strip().lower(): value.strip() for name, _, value in reversed(fields)}
    size = f", {len(data)} bytes" if arguments.sample else ""
    print(f"{method.path} {arguments.side}{size}:")
    from sidecar.cli.launch import LaunchError

    try:
        for line in _said(method, arguments.side, data, head):
            print(f"  {line}")
    except LaunchError as error:
        print(error, file=sys.stderr)
        return FAILED
    return OK


def _said(method: Method, side: str, data: bytes, head: Mapping[str, str]) -> list[str]:
    """Return a line for each value that is looked for."""
    from sidecar.cli.message_reader import read_message
    from sidecar.model.policy import Read
    from sidecar.servers.headers import read_head

    request = side == "request"
    program = method.request if request else method.response
    headers = method.request_headers if request else method.response_headers
    wanted = dict.fromkeys(
        [each.slot for variant in program for each in variant.extracts]
        + [each.slot for each in headers]
    )
    said = read_head(headers, head, read_message(method, side, data) if data else {})
    lines = []
    for slot in wanted:
        value, read = said.get(slot, (None, Read.PRESENT))
        adds = " (adds up over the messages of an answer)" if slot.value == "tokens_out" else ""
        if value is None:
            text = "not there"
        elif isinstance(value, bytes):
            text = repr(value.decode(errors="replace"))
        elif isinstance(value, tuple):
            text = f"[{','.join(map(str, value))}]"
        else:
            text = f"{value}{adds if read in (Read.COUNT, Read.VARINTS, Read.SUM) else ''}"
        lines.append(f"{slot.value:<11} {text}")
    return lines or ["nothing is read from it"]
