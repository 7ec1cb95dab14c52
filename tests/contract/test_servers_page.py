"""docs/servers.md: its table is what the catalogues say, and its worked example works."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

from dev import servers_page
from sidecar.cli.launch import ROOT, python_argv
from sidecar.model.server_metrics import Number
from sidecar.model.settings import ControlSettings
from sidecar.servers.catalogue import compile_server
from sidecar.text.document import parse_document

PAGE = servers_page.PAGE.read_text()
MODULE = python_argv("sidecar")


def blocks(language: str) -> list[str]:
    """Return the code blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_the_table_is_current() -> None:
    assert servers_page.current(PAGE) == PAGE, "run make gen and commit the result"


def test_a_stale_table_is_noticed() -> None:
    stale = PAGE.replace("| triton |", "| tritan |")
    assert stale != PAGE
    assert servers_page.current(stale) == PAGE


def test_the_worked_example_works(tmp_path: Path) -> None:
    (proto,), (sample,) = blocks("proto"), blocks("python")
    (tmp_path / "shop.proto").write_text(proto)
    (tmp_path / "shop.yaml").write_text(blocks("yaml")[0])
    (tmp_path / "sample.py").write_text(sample)
    protoc = ["-m", "grpc_tools.protoc", "-I.", "--python_out=.", "shop.proto"]
    subprocess.run([sys.executable, *protoc], cwd=tmp_path, check=True)
    subprocess.run([sys.executable, "sample.py"], cwd=tmp_path, check=True)
    assert as_shown(blocks("console")[0], tmp_path) == 2


def test_the_example_of_headers_works(tmp_path: Path) -> None:
    (heads,) = [text for text in blocks("yaml") if "header(x-tenant)" in text]
    (tmp_path / "shop.yaml").write_text(heads)
    assert as_shown(blocks("console")[1], tmp_path) == 1


def test_the_examples_of_streams_and_outcomes_are_good() -> None:
    shown = [text for text in blocks("yaml") if "outcomes:" in text]
    catalogues = [compile_server(parse_document("shop.yaml", each.encode())) for each in shown]
    assert [each.problems for each in catalogues] == [(), ()]
    (chat,), (rank,) = catalogues[0].routes, catalogues[1].methods
    assert chat.streams_when_asked
    assert [rule.code for rule in (*chat.outcomes, *rank.outcomes)] == ["424", "503", "UNAVAILABLE"]


def test_the_example_of_ray_serve_is_good(tmp_path: Path) -> None:
    (own,) = [text for text in blocks("yaml") if "userdefinedprotos" in text]
    catalogue = compile_server(parse_document("my-app.yaml", own.encode()))
    assert catalogue.problems == ()
    assert [method.streaming for method in catalogue.methods] == [False, True]
    assert all(len(method.request_headers) == 3 for method in catalogue.methods)


def as_shown(session: str, folder: Path) -> int:
    """Run the commands of a session; return how many there were, all of which printed what is shown."""
    exchanges = re.findall(r"^\$ wayside (.*)\n((?:[^$].*\n)*)", session, re.MULTILINE)
    for command, output in exchanges:
        done = subprocess.run(
            [*MODULE, *shlex.split(command)],
            cwd=folder,
            env={"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.stdout, done.stderr, done.returncode) == (output, "", 0)
    return len(exchanges)


def test_the_file_is_named_in_the_configuration_as_shown(tmp_path: Path) -> None:
    from sidecar.config.compile import compile_policy
    from sidecar.config.sources import Sources

    own, config, routes, *_, metrics = blocks("yaml")
    # The routes and metrics are shown as files of their own, and belong into the same one.
    (tmp_path / "shop.yaml").write_text(own + (routes + metrics).replace("server: shop\n", ""))
    file = tmp_path / "wayside.yaml"
    asked = config.replace("{files", '{metrics: "http://127.0.0.1:9100", files')
    file.write_text(f'listeners: [{{listen: ":1", upstream: ":2"}}]\n{asked}')
    compiled = compile_policy(Sources(str(file)))
    assert compiled.problems == ()
    assert compiled.policy is not None
    assert "/shop.Ranker/Rank" in {method.path for method in compiled.policy.methods}
    assert compiled.policy.routes[0].template == "/rank/{model}", "the user's own come first"
    endpoint = ControlSettings.from_json(compiled.policy.control_settings).server_metrics
    assert endpoint is not None
    assert endpoint.url == "http://127.0.0.1:9100/metrics"
    assert endpoint.pages[0].server == "shop", "the user's own come first"
    assert {source.number for source in endpoint.pages[0].sources} == set(Number)
