"""Routes in YAML: what a value means, and every mistake with its line."""

from __future__ import annotations

import textwrap

import pytest

from sidecar.model.policy import JsonExtract, JsonRead, JsonStep, Kind, Slot
from sidecar.servers.catalogue import ServerCatalogue, compile_server, load_server, shipped_files
from sidecar.servers.paths import PathError
from sidecar.servers.routes import compile_json_extract
from sidecar.text.document import parse_document


def compiled(text: str) -> ServerCatalogue:
    return compile_server(parse_document("my.yaml", textwrap.dedent(text).encode()))


@pytest.mark.parametrize(
    ("slot", "text", "read", "steps"),
    [
        (Slot.MODEL, "model", JsonRead.STRING, [JsonStep("model")]),
        (Slot.TOKENS_OUT, "usage.completion_tokens", JsonRead.INT, ["usage", "completion_tokens"]),
        (Slot.BATCH_SIZE, "prompts(prompt)", JsonRead.PROMPTS, ["prompt"]),
        (Slot.BATCH_SIZE, "count( instances )", JsonRead.ITEMS, ["instances"]),
        (
            Slot.BATCH_SIZE,
            "inputs[0].shape[0]",
            JsonRead.INT,
            ["inputs", JsonStep(item=0), "shape", JsonStep(item=0)],
        ),
        (
            Slot.OUTPUT,
            "choices[*].delta.content",
            JsonRead.PRESENT,
            ["choices", JsonStep(each=True), "delta", "content"],
        ),
        (Slot.OUTPUT, "[*][2]", JsonRead.PRESENT, [JsonStep(each=True), JsonStep(item=2)]),
    ],
)
def test_values_as_they_are_written(
    slot: Slot, text: str, read: JsonRead, steps: list[str | JsonStep]
) -> None:
    path = tuple(JsonStep(step) if isinstance(step, str) else step for step in steps)
    assert compile_json_extract(slot, text) == JsonExtract(slot, path, read)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "is no step"),
        ("a..b", "is no step"),
        ("a[x]", "is no step"),
        ("lenght(a)", "no function 'lenght'"),
        (".".join("abcdefghi"), "9 steps deep"),
        ("k" * 33, "longer than 32 bytes"),
    ],
)
def test_values_that_mean_nothing(text: str, what: str) -> None:
    with pytest.raises(PathError, match=what):
        compile_json_extract(Slot.MODEL, text)


def test_a_route_and_its_values() -> None:
    catalogue = compiled("""
        server: mine
        routes:
          /api/{model}/v{version}:run:
            streaming: true
            response: {output: [text, "parts[*]"], error: error}
          /up: {kind: probe}
    """)
    assert [str(problem) for problem in catalogue.problems] == [
        "my.yaml:4: routes./api/{model}/v{version}:run: is no path template. "
        "Write a path without query, e.g. /v2/models/{model}/infer."
    ]
    assert [(route.template, route.kind) for route in catalogue.routes] == [("/up", Kind.PROBE)]


def test_with_which_methods_of_http_a_route_is_asked() -> None:
    """What sends a document is inference unless it says otherwise; everything else is asked with any."""
    catalogue = compiled("""
        server: mine
        routes:
          /run: {}
          PUT|GET|PUT /draw/{model}: {}
          /jobs: {kind: admin}
          GET /jobs/{model}: {kind: probe}
          POST /jobs/{model}: {}
    """)
    assert catalogue.problems == ()
    assert [(each.written, each.template, each.verbs) for each in catalogue.routes] == [
        ("/run", "/run", ("POST", "PUT")),
        ("PUT|GET|PUT /draw/{model}", "/draw/{model}", ("GET", "PUT")),
        ("/jobs", "/jobs", ()),
        ("GET /jobs/{model}", "/jobs/{model}", ("GET",)),
        ("POST /jobs/{model}", "/jobs/{model}", ("POST",)),
    ]


@pytest.mark.parametrize(
    ("route", "problem"),
    [
        ("OPTIONS /run: {}", "is inference, and OPTIONS is none"),
        ("GET|HEAD /run: {}", "is inference, and HEAD is none"),
        ("GTE /run: {}", "has no method 'GTE' of HTTP"),
        ("get /run: {}", "is no path template"),
        ("GET| /run: {}", "is no path template"),
        ('POST /list: {kind: admin, response: {names: "x[*]"}}', "that is asked with GET"),
    ],
)
def test_methods_of_http_that_mean_nothing(route: str, problem: str) -> None:
    catalogue = compiled(f"""
        server: mine
        routes:
          {route}
    """)
    assert catalogue.routes == ()
    assert problem in str(catalogue.problems[0])


def test_a_list_of_models_is_what_may_be_asked_for_without_harm() -> None:
    """Its path is whole, it is no inference, and its names are strings; over gRPC there are none."""
    catalogue = compiled("""
        server: mine
        routes:
          /models:
            kind: admin
            response: {names: ["data[*].id", "models[*]"]}
          /a: {response: {names: "x[*]"}}
          /b/{model}:
            kind: admin
            response: {names: "x[*]"}
          /c:
            kind: admin
            response: {names: "count(x)"}
          /d:
            kind: admin
            request: {names: "x[*]"}
        messages: {M: {names: 1}}
        methods:
          /a.B/C:
            response: {message: M, names: names}
    """)
    (route,) = catalogue.routes
    assert [extract.slot for extract in route.response] == [Slot.NAMES] * 2
    assert [extract.read for extract in route.response] == [JsonRead.STRING] * 2
    whats = sorted(problem.what for problem in catalogue.problems)
    assert whats == [
        "are of a route that lists models",
        "are of a route without captures",
        "are strings",
        "is an unknown key",
        "is no list of models",
    ]


def test_lists_of_models_are_known_where_servers_have_them() -> None:
    lists = {
        route.template
        for file in shipped_files()
        for route in load_server(str(file)).routes
        if any(extract.slot is Slot.NAMES for extract in route.response)
    }
    assert lists == {"/v1/models", "/openai/v1/models", "/api/tags"}


def test_every_mistake_has_its_line_and_a_remedy() -> None:
    catalogue = compiled("""
        server: mine
        routes:
          /a: {kind: inferrence}
          /b:
            request:
              modell: x
          /c:
            response: {model: "count("}
          /d: 5
          /e: {streaming: maybe, head_bytes: -1}
    """)
    assert catalogue.routes == ()
    problems = [str(problem) for problem in catalogue.problems]
    assert [problem.split(":")[1] for problem in problems] == ["4", "7", "9", "10", "11", "11"]
    assert "Did you mean 'inference'?" in problems[0]
    assert "Did you mean 'model'?" in problems[1]


def test_what_is_shipped_is_without_a_mistake_and_no_two_routes_are_one() -> None:
    seen: dict[str, str] = {}
    for file in shipped_files():
        catalogue = load_server(str(file))
        assert catalogue.problems == ()
        for route in catalogue.routes:
            assert route.template not in seen, f"{route.template}: {file.name}, {seen}"
            seen[route.template] = file.name
    assert len(seen) > 80


@pytest.mark.parametrize(
    ("text", "texts"),
    [
        ("is(type, message_stop)", ("message_stop",)),
        ("is( type , response.completed,response.failed )", ("response.completed", "response.failed")),
    ],
)  # fmt: skip
def test_an_end_may_be_one_of_some_texts(text: str, texts: tuple[str, ...]) -> None:
    wanted = JsonExtract(Slot.FINAL, (JsonStep("type"),), JsonRead.STRING, texts)
    assert compile_json_extract(Slot.FINAL, text) == wanted
    plain = compile_json_extract(Slot.FINAL, "done")
    assert (plain.read, plain.texts) == (JsonRead.INT, ())


@pytest.mark.parametrize(
    ("slot", "text", "what"),
    [
        (Slot.OUTPUT, "is(type, delta)", "is of `final` alone"),
        (Slot.FINAL, "is(type)", "names no text"),
        (Slot.FINAL, "is(type, )", "names no text"),
        (Slot.FINAL, f"is(type, {'x' * 65})", "names no text"),
        (Slot.FINAL, f"is(type, {', '.join('abcdefghi')})", "names 9 texts"),
        (Slot.FINAL, "is(, x)", "is no step"),
    ],
)
def test_texts_that_mean_nothing(slot: Slot, text: str, what: str) -> None:
    with pytest.raises(PathError, match=what):
        compile_json_extract(slot, text)


def test_a_route_may_stream_where_it_is_asked_to() -> None:
    text = """
        server: mine
        routes:
          /a: {streaming: asked, request: {stream: wants.stream}}
          /b: {streaming: true}
    """
    catalogue = compiled(text)
    assert catalogue.problems == ()
    assert [(each.streaming, each.streams_when_asked) for each in catalogue.routes] == [
        (True, True),
        (True, False),
    ]
    assert catalogue.routes[0].request == (
        JsonExtract(Slot.STREAM, (JsonStep("wants"), JsonStep("stream")), JsonRead.INT),
    )
    (problem,) = compiled(text.replace("stream: wants.stream", "")).problems
    assert (problem.line, problem.field) == (4, "routes./a.streaming")
    assert "stream: path" in problem.hint
