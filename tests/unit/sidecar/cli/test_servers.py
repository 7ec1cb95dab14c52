"""`wayside servers`: the list, what is read, and the checker of files of the user's own."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest

from sidecar.cli.main import main
from sidecar.servers.table import rows

OWN = """\
server: shop
messages:
  RankRequest: {context: {number: 1, message: Context}, items: 2}
  Context: {model: 4}
  RankResponse: {model: 1, ids: 3}
methods:
  /shop.Ranker/Rank:
    streaming: true
    request: {message: RankRequest, model: context.model, batch_size: count(items)}
    response: {message: RankResponse, model: model, tokens_out: elements(ids)}
"""
PROTO = """\
syntax = "proto3";
package shop;
message Context { string model = 4; }
message RankRequest { Context context = 1; repeated bytes items = 2; }
message RankResponse { string model = 1; repeated int32 ids = 3; }
service Ranker { rpc Rank(RankRequest) returns (stream RankResponse); }
"""
METHOD = "/shop.Ranker/Rank"


def called(*arguments: str | Path) -> int:
    """Run `wayside servers`; argparse's exits are statuses too."""
    try:
        return main(["servers", *map(str, arguments)])
    except SystemExit as ended:
        return int(str(ended.code))


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A file of the user's own, its .proto beside it."""
    (tmp_path / "shop.proto").write_text(PROTO)
    file = tmp_path / "shop.yaml"
    file.write_text(OWN)
    return file


def changed(file: Path, before: str, after: str) -> None:
    """Change a file in one place."""
    text = file.read_text()
    assert text.count(before) == 1
    file.write_text(text.replace(before, after))


def test_every_server_has_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    assert called() == 0
    lines = capsys.readouterr().out.splitlines()
    shown = [line.split()[:2] for line in lines[1 : lines.index("")]]
    assert shown == [[row.server, row.catalogue] for row in rows()]
    assert lines[0].split() == ["SERVER", "CATALOGUE", "PROTOCOL", "METHODS", "PROVEN"]
    assert any(line.startswith("untested: ") for line in lines)


def test_a_server_is_shown_with_what_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    assert called("show", "vllm") == 0
    text = capsys.readouterr().out
    assert "/vllm.grpc.engine.VllmEngine/Generate  inference, stream" in text
    assert "response  with chunk:" in text
    assert "tokens_out = elements(chunk.token_ids)" in text
    assert "else:\n" in text
    assert "/vllm.grpc.engine.VllmEngine/HealthCheck  probe" in text


def test_a_server_is_shown_with_what_its_codes_count_as(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert called("show", "openai") == 0
    lines = capsys.readouterr().out.splitlines()
    at = lines.index("  POST|PUT /v1/responses  inference, stream when asked")
    shown = lines[at + 1 : at + 20]
    assert (
        "              final      = is(type, response.completed, response.incomplete, response.failed)"
        in shown
    )
    assert "    outcomes  424 is client_error" in shown
    assert '              503 with "the request queue is full" is shed' in shown


def test_a_server_of_two_catalogues_is_shown_with_both(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert called("show", "ovms") == 0
    text = capsys.readouterr().out
    assert "/inference.GRPCInferenceService/ModelInfer" in text
    assert "version    = int(model_spec.version.value) else model_spec.version_label" in text


def test_a_servers_own_numbers_are_shown_with_where_they_stand(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert called("show", "triton") == 0
    text = capsys.readouterr().out
    assert "  metrics at :8002/metrics\n" in text
    assert 'queue_depth          = nv_trt_llm_request_metrics{request_type="waiting"}\n' in text
    assert "else                 = nv_inference_pending_request_count\n" in text
    assert "increase of nv_inference_count / increase of nv_inference_exec_count" in text
    assert called("show", "bentoml") == 0
    text = capsys.readouterr().out
    assert "executed_batch_size  = mean of bentoml_service_adaptive_batch_size\n" in text


def test_a_file_of_metrics_alone_is_good_and_a_mistake_in_it_has_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "shop.yaml"
    file.write_text("metrics:\n  numbers:\n    running: {gauge: shop_running, scale: 0.5}\n")
    assert called("check", file) == 0
    assert capsys.readouterr().out.endswith("shop.yaml is good\n  shop: 1 number\n")
    changed(file, "running:", "runnning:")
    assert called("check", file) == 2
    told = capsys.readouterr().err
    assert "shop.yaml:3: metrics.numbers.runnning: is no number that is known" in told
    assert "Did you mean 'running'?" in told


def test_an_unknown_server_is_told_its_neighbour(capsys: pytest.CaptureFixture[str]) -> None:
    assert called("show", "vlm") == 2
    assert "Did you mean 'vllm'?" in capsys.readouterr().err


def test_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    assert called("check", "--help") == 0
    text = capsys.readouterr().out
    assert "a whole file:" in text
    assert "server: {files: [shop.yaml]}" in text


def test_a_good_file_is_good(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert called("check", own) == 0
    assert capsys.readouterr().out.endswith("shop.yaml is good\n  shop: 1 method\n")


def test_a_method_that_hides_a_shipped_one_is_named(
    own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changed(own, METHOD, "/trtllm.TrtllmService/Embed")
    assert called("check", own) == 0
    assert "takes the place of the one in tensorrt-llm" in capsys.readouterr().out


def test_all_problems_are_told_with_their_lines(
    own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changed(own, "context.model", "context.name")
    changed(own, "elements(ids)", "elemnts(ids)")
    assert called("check", own) == 2
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(".yaml")[2].split(":")[1] for line in lines[:2]] == ["9", "10"]
    assert lines[2].startswith("2 problems in ")


@pytest.mark.parametrize(
    ("before", "after", "line", "what"),
    [
        ("items: 2", "items: 3", 3, "messages.RankRequest.items: is 3, and 2 in shop.RankRequest. Write 2."),
        ("Context: {model: 4}", "Context: {model: 5}", 4, "is 5, and 4 in shop.Context"),
        ("ids: 3}", "ids: 3, id: 4}", 5, "has no such field. Did you mean 'ids'?"),
        ("/shop.Ranker/Rank", "/shop.Ranker/Rang", 7, "is not in the .proto. Did you mean '/shop.Ranker/Rank'?"),
        ("streaming: true", "streaming: false", 8, "answers with a stream in the .proto"),
    ],
)  # fmt: skip
def test_what_disagrees_with_the_proto_is_told(
    own: Path, capsys: pytest.CaptureFixture[str], before: str, after: str, line: int, what: str
) -> None:
    changed(own, before, after)
    assert called("check", own, "--proto", own.with_suffix(".proto")) == 2
    text = capsys.readouterr().err
    assert f"shop.yaml:{line}: " in text
    assert what in text


def test_imports_are_found_where_they_begin(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = own.parent / "protos"
    inside = root / "shop"
    inside.mkdir(parents=True)
    (inside / "context.proto").write_text(
        'syntax = "proto3"; package shop; message Context { string model = 4; }'
    )
    text = PROTO.replace("message Context { string model = 4; }", 'import "shop/context.proto";')
    proto = inside / "ranker.proto"
    proto.write_text(text)
    assert called("check", own, "--proto", proto) == 1
    assert "shop/context.proto" in capsys.readouterr().err
    assert called("check", own, "--proto", proto, "--include", root) == 0


def test_a_proto_that_cannot_be_read_says_why(
    own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    proto = own.with_suffix(".proto")
    proto.write_text("message {")
    assert called("check", own, "--proto", proto) == 1
    assert "shop.proto" in capsys.readouterr().err


def test_without_protoc_the_remedy_is_told(
    own: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert called("check", own, "--proto", own.with_suffix(".proto")) == 1
    assert "pip install grpcio-tools" in capsys.readouterr().err


def test_a_sample_is_read(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sample = own.with_name("ask.bin")
    sample.write_bytes(b"\x0a\x03\x22\x01m\x12\x00\x12\x00")
    assert called("check", own, "--sample", sample, "--method", METHOD) == 0
    assert capsys.readouterr().out.splitlines()[-2:] == [
        "  model       'm'",
        "  batch_size  2",
    ]
    sample.write_bytes(b"\x1a\x03\x01\x02\x03")
    assert called("check", own, "--sample", sample, "--method", METHOD, "--side", "response") == 0
    assert capsys.readouterr().out.splitlines()[-2:] == [
        "  model       not there",
        "  tokens_out  3 (adds up over the messages of an answer)",
    ]


def test_headers_are_read_beside_a_message(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    changed(own, "model: context.model", "model: [header(X-Model), context.model]")
    changed(own, "tokens_out: elements(ids)", "tokens_out: elements(ids), version: header(x-v)")
    sample = own.with_name("ask.bin")
    sample.write_bytes(b"\x0a\x03\x22\x01m\x12\x00")
    headers = ("--header", "x-model: routed", "--header", "X-Model: twice")
    for flags, model in ((headers, "'routed'"), (("--header", "x-modem: n"), "'m'")):
        assert called("check", own, "--sample", sample, "--method", METHOD, *flags) == 0
        assert capsys.readouterr().out.splitlines()[-3:] == [
            "/shop.Ranker/Rank request, 7 bytes:",
            f"  model       {model}",
            "  batch_size  1",
        ]
    flags = ("--side", "response", "--header", "X-V:7")
    assert called("check", own, "--method", METHOD, *flags) == 0
    assert capsys.readouterr().out.splitlines()[-4:] == [
        "/shop.Ranker/Rank response:",
        "  model       not there",
        "  tokens_out  not there",
        "  version     '7'",
    ]


def test_a_method_known_by_its_headers_alone_agrees_with_its_proto(
    own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changed(
        own,
        "{message: RankRequest, model: context.model, batch_size: count(items)}",
        "{model: header(x-model)}",
    )
    changed(
        own,
        "  RankRequest: {context: {number: 1, message: Context}, items: 2}\n  Context: {model: 4}\n",
        "",
    )
    assert called("check", own, "--proto", own.with_suffix(".proto")) == 0
    assert "agrees with" in capsys.readouterr().out


def test_a_sample_of_no_method_or_no_file_is_a_problem(
    own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert called("check", own, "--sample", own, "--method", "/shop.Ranker/Ronk") == 2
    assert "Did you mean '/shop.Ranker/Rank'?" in capsys.readouterr().err
    assert called("check", own, "--sample", own.with_name("none"), "--method", METHOD) == 1
    assert "cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize(
    "flags",
    [
        ("--sample", "x"),
        ("--method", METHOD),
        ("--header", "x:y"),
        ("--method", METHOD, "--header", "x"),
        ("--side", "up"),
    ],
)
def test_flags_that_make_no_sense_are_usage(
    own: Path, capsys: pytest.CaptureFixture[str], flags: tuple[str, ...]
) -> None:
    assert called("check", own, *flags) == 2
    assert "usage: wayside servers check" in capsys.readouterr().err
