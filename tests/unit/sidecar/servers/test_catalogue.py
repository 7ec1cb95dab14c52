"""The shipped catalogue against the public field numbers, and a server of the user's own by YAML alone."""

from __future__ import annotations

from textwrap import dedent

import pytest

from sidecar.model.policy import Extract, Kind, Method, Read, Slot, Step, Variant
from sidecar.servers.catalogue import ServerCatalogue, compile_server, load_server, shipped_files
from sidecar.tapclient import tap_pb2 as pb
from sidecar.tapclient.encode import method_message
from sidecar.text.document import parse_document

SERVICE = "/inference.GRPCInferenceService"


def compiled(text: str) -> ServerCatalogue:
    """Compile YAML text."""
    return compile_server(parse_document("own.yaml", dedent(text).encode()))


@pytest.fixture(scope="module")
def oip() -> dict[str, Method]:
    """The methods of the Open Inference Protocol, by path."""
    (file,) = [path for path in shipped_files() if path.name == "oip.yaml"]
    return {method.path: method for method in load_server(str(file)).methods}


def extracts(variant: Variant) -> dict[Slot, tuple[object, Read]]:
    """Slot -> (numbers, how it is read)."""
    return {
        each.slot: (
            tuple((step.field, step.map_key) if step.map_key else step.field for step in each.path),
            each.read,
        )
        for each in variant.extracts
    }


@pytest.mark.parametrize("file", shipped_files(), ids=lambda path: path.name)
def test_every_shipped_catalogue_compiles_without_a_problem(file: object) -> None:
    catalogue = load_server(str(file))
    assert catalogue.problems == ()
    assert catalogue.methods or catalogue.routes or catalogue.metrics


def test_no_two_shipped_catalogues_describe_the_same_method() -> None:
    """A later one would silently take the place of an earlier one."""
    paths = [method.path for file in shipped_files() for method in load_server(str(file)).methods]
    assert len(paths) == len(set(paths))


def test_the_whole_catalogue_is_a_small_policy() -> None:
    """It travels to control as well, at every start of it."""
    methods = [method for file in shipped_files() for method in load_server(str(file)).methods]
    policy = pb.Policy(methods=[method_message(method) for method in methods])
    assert policy.ByteSize() < 32 * 1024


def test_a_catalogue_serves_its_users_and_some_serve_everyone() -> None:
    own = compiled(dedent(OWN).replace("server: acme", "server: acme\nused_by: [acme, acme-cloud]"))
    assert [own.serves(name) for name in ("auto", "acme", "acme-cloud", "triton")] == [
        True, True, True, False,
    ]  # fmt: skip
    assert compiled(dedent(OWN).replace("server: acme", "server: acme\nalways: true")).serves(
        "triton"
    )


def test_methods_that_nobody_has_seen_work_say_why() -> None:
    reason = "streaming: true\n    untested: no server at hand"
    catalogue = compiled(dedent(OWN).replace("streaming: true", reason))
    assert catalogue.problems == ()
    assert catalogue.untested == {"/acme.v1.Oracle/Ask": "no server at hand"}


def test_of_several_paths_each_is_read_in_order() -> None:
    text = OWN.replace("version: int(target.version)", "version: [int(target.version), tenant]")
    (method,) = compiled(text).methods
    wanted = [each for each in method.request[0].extracts if each.slot is Slot.VERSION]
    assert [(each.path, each.read) for each in wanted] == [
        ((Step(4), Step(7)), Read.INT),
        ((Step(1),), Read.STRING),
    ]


def test_an_inference_request_is_read_at_the_published_numbers(oip: dict[str, Method]) -> None:
    infer = oip[f"{SERVICE}/ModelInfer"]
    assert (infer.kind, infer.streaming, infer.many_requests) == (Kind.INFERENCE, False, False)
    assert extracts(infer.request[0]) == {
        Slot.MODEL: ((1,), Read.STRING),
        Slot.VERSION: ((2,), Read.STRING),
        Slot.REQUEST_ID: ((3,), Read.STRING),
        Slot.SHAPE: ((5, 3), Read.DIMENSIONS),
        Slot.DATATYPE: ((5, 2), Read.FIRST_STRING),
    }


def test_a_stream_is_read_in_the_form_of_mlserver_first_and_of_triton_else(
    oip: dict[str, Method],
) -> None:
    stream = oip[f"{SERVICE}/ModelStreamInfer"]
    assert stream.streaming
    assert stream.many_requests
    bare, wrapped = stream.response
    assert (bare.any_of, bare.none_of) == ((3, 4, 5, 6), ())
    assert Slot.ERROR not in extracts(bare)
    assert (wrapped.any_of, wrapped.none_of) == ((), ())
    assert extracts(wrapped) == {
        Slot.ERROR: ((1,), Read.PRESENT),
        Slot.ERROR_TEXT: ((1,), Read.STRING),  # for the rules of a queue that is full
        Slot.MODEL: ((2, 1), Read.STRING),
        Slot.VERSION: ((2, 2), Read.STRING),
        Slot.REQUEST_ID: ((2, 3), Read.STRING),
        Slot.FINAL: ((2, (4, "triton_final_response"), 1), Read.INT),
    }


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (f"{SERVICE}/ServerLive", Kind.PROBE),
        (f"{SERVICE}/ServerReady", Kind.PROBE),
        (f"{SERVICE}/ModelReady", Kind.PROBE),
        (f"{SERVICE}/ModelConfig", Kind.ADMIN),
        (f"{SERVICE}/ModelStatistics", Kind.ADMIN),
        (f"{SERVICE}/CudaSharedMemoryRegister", Kind.ADMIN),
    ],
)
def test_probes_and_administration_are_told_from_inference(
    oip: dict[str, Method], path: str, kind: Kind
) -> None:
    assert oip[path].kind is kind


OWN = """\
    server: acme
    messages:
      AskRequest: {tenant: 1, target: {number: 4, message: Target}, rows: {number: 9, message: Row}}
      Target: {model: {number: 2, message: Name}, version: 7}
      Name: {value: 1}
      Row: {cells: 3}
      AskReply: {fault: 12, usage: {number: 2, map: Usage}}
      Usage: {out: 6}
    methods:
      /acme.v1.Oracle/Ask:
        streaming: true
        head_bytes: 4096
        request:
          message: AskRequest
          model: target.model.value
          version: int(target.version)
          batch_size: count(rows)
        response:
          - {message: AskReply, when_any: fault, error: fault}
          - {message: AskReply, when_none: [fault], tokens_out: "usage{total}.out"}
    """


def test_a_new_message_type_needs_yaml_alone() -> None:
    catalogue = compiled(OWN)
    assert catalogue.problems == ()
    (method,) = catalogue.methods
    assert method_message(method) == pb.Method(
        path="/acme.v1.Oracle/Ask",
        kind=pb.KIND_INFERENCE,
        streaming=True,
        head_bytes=4096,
        request=pb.Program(
            variants=[
                pb.Variant(
                    extracts=[
                        pb.Extract(
                            slot=pb.SLOT_MODEL,
                            path=[pb.Step(field=4), pb.Step(field=2), pb.Step(field=1)],
                            read=pb.READ_STRING,
                        ),
                        pb.Extract(
                            slot=pb.SLOT_VERSION,
                            path=[pb.Step(field=4), pb.Step(field=7)],
                            read=pb.READ_INT,
                        ),
                        pb.Extract(
                            slot=pb.SLOT_BATCH_SIZE, path=[pb.Step(field=9)], read=pb.READ_COUNT
                        ),
                    ]
                )
            ]
        ),
        response=pb.Program(
            variants=[
                pb.Variant(
                    any_of=[12],
                    extracts=[
                        pb.Extract(
                            slot=pb.SLOT_ERROR, path=[pb.Step(field=12)], read=pb.READ_PRESENT
                        )
                    ],
                ),
                pb.Variant(
                    none_of=[12],
                    extracts=[
                        pb.Extract(
                            slot=pb.SLOT_TOKENS_OUT,
                            path=[pb.Step(field=2, map_key="total"), pb.Step(field=6)],
                            read=pb.READ_INT,
                        )
                    ],
                ),
            ]
        ),
    )


@pytest.mark.parametrize(
    ("change", "line", "what", "hint"),
    [
        (("target.model.value", "target.modle.value"), 15, "no field 'modle'", "'model'"),
        (("message: AskRequest\n", "message: AskRequets\n"), 14, "'AskRequets' is not described", "'AskRequest'"),
        (("number: 2, message: Name", "number: 2, message: Nmae"), 4, "holds 'Nmae'", "'Name'"),
        (("{value: 1}", "{value: one}"), 5, "needs a field number", "Write the number"),
        (("{value: 1}", "{value: 0}"), 5, "needs a field number", "Write the number"),
        (("fault: 12", "fault: 64"), 19, "has number 64", "1 to 63"),
        (("head_bytes: 4096", "head_bytes: 1e9"), 12, "out of range", "up to"),
        (("streaming: true", "streaming: often"), 11, "is 'often'", "true or false"),
        (("streaming: true", "straeming: true"), 11, "is an unknown key", "'streaming'"),
        (("/acme.v1.Oracle/Ask", "acme.v1.Oracle.Ask"), 10, "is no method path", "/package.Service/Method"),
        (("streaming: true", "kind: probing"), 11, "'probing' is no kind", "'probe'"),
        (("error: fault", "eror: fault"), 19, "is an unknown key", "'error'"),
    ],
)  # fmt: skip
def test_each_fault_is_told_with_its_line_and_a_hint(
    change: tuple[str, str], line: int, what: str, hint: str
) -> None:
    assert change[0] in OWN
    problems = compiled(OWN.replace(*change)).problems
    assert any(
        problem.line == line and what in problem.what and hint in problem.hint
        for problem in problems
    ), [str(problem) for problem in problems]


def test_faults_are_told_all_at_once_and_good_methods_stay() -> None:
    text = (
        OWN.replace("rows)", "rwos)")
        + "  /acme.v1.Oracle/Live: {kind: probe}\n      /bad: {kind: x}\n"
    )
    catalogue = compiled(text)
    assert len(catalogue.problems) >= 3
    assert [method.path for method in catalogue.methods] == ["/acme.v1.Oracle/Live"]


def test_an_empty_file_is_a_problem() -> None:
    said = compiled("server: acme\n").problems[0].what
    assert said == "describes no method, no route and no metrics"
    assert compiled("").problems
    assert compiled("- a\n- b\n").problems


def test_extracts_are_plain_values_that_compare() -> None:
    one = Extract(Slot.MODEL, (Step(1),), Read.STRING)
    assert one == Extract(Slot.MODEL, (Step(1, ""),), Read.STRING, 0)
