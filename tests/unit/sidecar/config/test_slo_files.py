"""Objectives in files of their own: the short form and OpenSLO, watched as a whole."""

from __future__ import annotations

import json
import os
from pathlib import Path
from textwrap import dedent

import pytest

from sidecar.config import files
from sidecar.config.compile import Compiled, compile_policy
from sidecar.config.files import expand, hash_of_files
from sidecar.config.sources import Sources
from sidecar.model.duration import DAY, HOUR
from sidecar.model.indicator import All, FirstTokenBelow, LatencyBelow, LongestGapBelow
from sidecar.model.objective import Objective
from sidecar.model.policy import Policy

LISTENERS = 'listeners: [{listen: ":8001", upstream: "127.0.0.1:9001"}]\n'
ONE = "{name: %s, objective: 99%%, good: {available: true}}"

OPENSLO = """\
apiVersion: openslo/v1
kind: SLO
metadata: {name: resnet, displayName: ResNet, labels: {team: [vision, ml]}, annotations: {a: b}}
spec:
  description: Fast answers
  service: vision
  indicatorRef: fast
  timeWindow: [{duration: 4w, isRolling: true}]
  budgetingMethod: Occurrences
  objectives:
    - {displayName: most, target: 0.99}
    - {targetPercent: 99.95}
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: chat}
spec:
  indicator:
    metadata: {name: inline}
    spec:
      ratioMetric:
        counter: true
        good:
          metricSource:
            type: wayside
            spec:
              match: {model: "llama-*"}
              good: {all: [{first_token_below: 300ms + 1ms/prompt_token up to 5s}, {longest_gap_below: 2s}]}
              per: model
        total:
          metricSource: {type: wayside, spec: {match: {model: "llama-*"}}}
  timeWindow: [{duration: 12h, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.999}]
"""
SLI = """\
apiVersion: openslo/v1
kind: SLI
metadata: {name: fast}
spec:
  description: a hundred milliseconds
  ratioMetric:
    counter: true
    rawType: success
    raw:
      metricSource:
        type: wayside
        spec: {match: {model: resnet50, method: /a.B/C}, good: {latency_below: 100ms}}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A configuration beside a folder of files of objectives."""
    (tmp_path / "slos").mkdir()
    return tmp_path / "wayside.yaml"


def compiled(file: Path, names: str = "slos/*.yaml", more: str = "", **slos: str) -> Compiled:
    """Write files of objectives and compile."""
    for name, text in slos.items():
        (file.parent / "slos" / f"{name}.yaml").write_text(dedent(text))
    file.write_text(f'{LISTENERS}slo_files: ["{names}"]\n{more}')
    return compile_policy(Sources(str(file)))


def policy_of(found: Compiled) -> Policy:
    """The policy, which must be there and right."""
    assert [str(problem) for problem in found.problems] == []
    assert found.policy is not None
    return found.policy


def names_of(found: Compiled) -> list[str]:
    """The objectives in force."""
    assert found.policy is not None
    return [each.name for each in found.policy.objectives]


def test_files_join_the_objectives_of_the_configuration_in_the_order_of_their_names(
    file: Path,
) -> None:
    found = compiled(
        file,
        more=f"slos: [{ONE % 'own'}]\n",
        b=f"slos: [{ONE % 'second'}]\n---\n- {ONE % 'third'}\n",
        a=f"# nothing but objectives\n- {ONE % 'first'}\n",
        c="# nothing at all\n",
    )
    assert names_of(found) == ["own", "first", "second", "third"]
    assert policy_of(found).config_valid


def test_openslo_becomes_the_objectives_that_it_says(file: Path) -> None:
    policy = policy_of(compiled(file, a=OPENSLO, z=SLI))
    good = LatencyBelow(100_000_000)
    match = {"model_glob": "resnet50", "method_glob": "a.B/C", "window_nanos": 28 * DAY}
    flows = All((FirstTokenBelow(300_000_000, 1_000_000, 5 * 10**9), LongestGapBelow(2 * 10**9)))
    assert policy.objectives == (
        Objective("resnet-most", good, "0.99", **match),  # type: ignore[arg-type]
        Objective("resnet-2", good, "0.9995", **match),  # type: ignore[arg-type]
        Objective(
            "chat", flows, "0.999", model_glob="llama-*", window_nanos=12 * HOUR, per_model=True
        ),
    )
    assert policy.models == ("resnet50",)


def test_the_alerts_of_the_configuration_are_those_of_every_file(file: Path) -> None:
    more = "alerts: {tiers: [{name: t, long: 1h, short: 5m, budget: 20%, severity: page}], min_bad: 9}\n"
    policy = policy_of(compiled(file, more=more, a=OPENSLO.partition("---")[2]))
    assert {(len(each.tiers), each.tiers[0].name, each.min_bad) for each in policy.objectives} == {
        (1, "t", 9)
    }


def test_a_problem_in_a_file_names_that_file_and_its_line(file: Path) -> None:
    found = compiled(
        file, a=f"slos:\n  - {ONE % 'a'}\n  - {{name: b, objective: 99, good: {{}}}}\n"
    )
    other = file.parent / "slos" / "a.yaml"
    assert [(each.file, each.line, each.field) for each in found.problems] == [
        (str(other), 3, "slos[1].objective"),
        (str(other), 3, "slos[1].good"),
    ]
    assert names_of(found) == ["a"]


def test_lines_are_those_of_the_file_in_every_document_of_it(file: Path) -> None:
    broken = OPENSLO.replace("target: 0.99}", "target: 99}").replace("12h, is", "1M, is")
    found = compiled(file, a=broken, b=SLI)
    assert [(Path(each.file).name, each.line, each.field) for each in found.problems] == [
        ("a.yaml", 11, "spec.objectives[0].target"),
        ("a.yaml", 32, "spec.timeWindow[0].duration"),
    ]
    assert names_of(found) == ["resnet-2"], "the other objective of that SLO is right"
    found = compiled(file, a=OPENSLO, b=SLI.replace("100ms", "100"))
    assert [str(each) for each in found.problems] == [
        f"{file.parent}/slos/b.yaml:12: spec.ratioMetric.raw.metricSource.spec.good.latency_below: 100 is no duration."
        " Write a number and a unit: us ms s m h d w, e.g. 100ms."
    ], "both objectives are of that one indicator: one message"
    assert names_of(found) == ["chat"]


def test_a_name_that_is_taken_in_another_file_is_told_with_its_place(file: Path) -> None:
    found = compiled(
        file,
        a=f"- {ONE % 'x'}\n\n- {ONE % 'y'}\n",
        b=f"slos:\n- {ONE % 'y'}\n",
        c=f"- {ONE % 'x'}\n",
    )
    folder = file.parent / "slos"
    assert [(Path(each.file).name, each.field, each.what) for each in found.problems] == [
        ("b.yaml", "slos[0].name", f"'y' is already the name of {folder}/a.yaml:3"),
        ("c.yaml", "[0].name", f"'x' is already the name of {folder}/a.yaml:1"),
    ]
    assert names_of(found) == ["x", "y"]
    found = compiled(file, a=f"- {ONE % 'x'}\n- {ONE % 'x'}\n", b="", c="", more="")
    assert [each.what for each in found.problems] == ["'x' is already the name of [0]"]
    two = OPENSLO.replace("{name: chat}", "{name: resnet-2}")
    found = compiled(file, a=two, b=SLI, c="")
    assert [(each.line, each.field, each.what) for each in found.problems] == [
        (16, "metadata.name", "'resnet-2' is already the name of line 12")
    ]


def test_64_objectives_are_counted_over_all_files(file: Path) -> None:
    many = "".join(f"- {ONE % f's{n}'}\n" for n in range(40))
    found = compiled(file, a=many, b=many.replace("name: s", "name: t"))
    assert len(names_of(found)) == 64
    assert [(Path(each.file).name, each.line) for each in found.problems] == [
        ("b.yaml", line) for line in range(25, 41)
    ]


def test_half_a_file_that_is_no_yaml_loses_what_comes_after(file: Path) -> None:
    found = compiled(file, a=f"- {ONE % 'x'}\n---\n- [\n", b=OPENSLO)
    assert [(Path(each.file).name, each.line) for each in found.problems] == [("a.yaml", 4)]
    assert names_of(found) == ["x", "chat"], "the SLI that is not there may have been in that file"


def test_a_pattern_that_matches_nothing_is_said_and_a_name_that_is_not_there_is_a_problem(
    file: Path,
) -> None:
    found = compiled(file)
    assert [str(note) for note in found.notes] == [
        f"{file}:2: slo_files[0]: 'slos/*.yaml' matches no file now; one that comes is read"
    ]
    assert policy_of(found).objectives == ()
    found = compiled(file, names="none.yaml")
    assert [str(each) for each in found.problems] == [
        f"{file.parent}/none.yaml: cannot be read: No such file or directory. Check the path."
    ]
    assert compiled(file, names="\\0*").problems == ()


def test_what_is_no_file_is_told_and_not_waited_for(file: Path) -> None:
    os.mkfifo(file.parent / "pipe.yaml")
    (file.parent / "folder.yaml").mkdir()
    for name in ("pipe.yaml", "folder.yaml"):
        found = compiled(file, names=name)
        assert [str(each) for each in found.problems] == [
            f"{file.parent}/{name}: cannot be read: it is no regular file. "
            "Name a file, or all in a folder: slos/*.yaml."
        ]
        assert hash_of_files([str(file.parent / name)], "") is None


def test_the_configuration_itself_is_never_one_of_them(file: Path) -> None:
    (file.parent / "other.yaml").write_text(f"- {ONE % 'x'}\n")
    assert names_of(compiled(file, names="*.yaml")) == ["x"]


def test_of_too_many_files_the_first_are_read(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_MATCHES", 2)
    monkeypatch.setattr("sidecar.config.slo_files.MAX_MATCHES", 2)
    found = compiled(file, a=f"- {ONE % 'a'}", b=f"- {ONE % 'b'}", c=f"- {ONE % 'c'}")
    assert [(each.field, each.what) for each in found.problems] == [
        ("slo_files[0]", "'slos/*.yaml' stands for 3 files")
    ]
    assert names_of(found) == ["a", "b"]


def agrees(policy: Policy) -> bool:
    """Say whether the files hold what a policy was made of, as control does."""
    settings = json.loads(policy.control_settings)
    return hash_of_files(settings["watch"], settings["hash_salt"]) == policy.config_hash


def test_a_file_that_is_changed_added_or_removed_is_not_what_the_policy_was_made_of(
    file: Path,
) -> None:
    folder = file.parent / "slos"
    (file.parent / "own.yaml").write_text("methods:\n  /acme.v1.Oracle/Ask: {kind: inference}\n")
    text = "server: {files: [own.yaml]}\n"

    def again() -> Policy:
        return policy_of(compiled(file, more=text))

    (folder / "a.yaml").write_text(f"- {ONE % 'a'}\n")
    policy = again()
    assert json.loads(policy.control_settings)["watch"] == [
        str(file), str(folder / "*.yaml"), str(file.parent / "own.yaml"),
    ]  # fmt: skip
    assert agrees(policy)
    (folder / "b.yaml").write_text(f"- {ONE % 'b'}\n")
    assert not agrees(policy)
    policy = again()
    assert agrees(policy)
    (folder / "b.yaml").write_text(f"- {ONE % 'c'}\n")
    assert not agrees(policy)
    policy = again()
    (folder / "a.yaml").unlink()
    assert not agrees(policy)
    assert agrees(again())


def test_names_with_wildcards_in_them_are_files_and_patterns_list_one_folder(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "a[1]"
    folder.mkdir()
    file = folder / "wayside[2].yaml"
    (folder / "x.yaml").write_text(f"- {ONE % 'x'}\n")
    (folder / "sub.yaml").mkdir()
    file.write_text(LISTENERS + "slo_files: [x.yaml, '?.yaml', '*.yaml']\n")
    policy = policy_of(compile_policy(Sources(str(file))))
    assert [each.name for each in policy.objectives] == ["x"]
    assert agrees(policy)
    watch = json.loads(policy.control_settings)["watch"]
    assert expand(watch) == (str(file), str(folder / "x.yaml"))


def test_openslo_in_the_place_of_a_configuration_is_told_where_to_name_it(tmp_path: Path) -> None:
    """Not by each of its keys, and not that listeners are missing in it."""
    file = tmp_path / "chat.yaml"
    file.write_text(OPENSLO.split("---")[1])
    compiled = compile_policy(Sources(str(file)))
    assert compiled.policy is None
    assert [str(each) for each in compiled.problems] == [
        f"{file}:2: holds objectives of OpenSLO, and is no configuration."
        " Name it in a configuration: slo_files: [chat.yaml]."
    ]
