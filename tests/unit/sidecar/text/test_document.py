"""YAML that remembers its lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from sidecar.text.document import (
    MAX_FILE_BYTES,
    dotted,
    parse_document,
    parse_documents,
    read_document,
    read_documents,
)


def test_values_keep_the_lines_they_were_written_on() -> None:
    document = parse_document("f", b"a: 1\nb:\n  - c: x\n    d: 2\n")
    assert document.value == {"a": 1, "b": [{"c": "x", "d": 2}]}
    assert document.line(("b", 0, "d")) == 4
    assert document.line(("b", 0, "missing")) == 3
    assert document.line(("nowhere",)) == 1


@pytest.mark.parametrize(
    ("text", "value"),
    [("off", "off"), ("yes", "yes"), ("1:30", "1:30"), ("99.9%", "99.9%"), ('"7"', "7"), ("7", 7),
     ("0.5", 0.5), ("true", True), ("~", None), (":8001", ":8001"), ("1e3", 1000.0), ("-4", -4)],
)  # fmt: skip
def test_plain_words_are_typed_as_in_yaml_1_2(text: str, value: object) -> None:
    assert parse_document("f", f"key: {text}".encode()).value == {"key": value}


def test_a_key_written_twice_is_a_problem_at_the_second() -> None:
    document = parse_document("f", b"a: 1\nb: 2\na: 3\n")
    assert [(each.line, each.field, each.what) for each in document.problems] == [
        (3, "a", "is written twice")
    ]
    assert document.value == {"a": 1, "b": 2}


def test_what_is_no_yaml_says_where() -> None:
    (problem,) = parse_document("f", b"a: [1,\nb: }\n").problems
    assert problem.line == 2
    assert "is not YAML" in problem.what
    assert problem.hint


def test_a_file_that_cannot_be_read_is_a_problem_not_a_crash(tmp_path: Path) -> None:
    (problem,) = read_document(str(tmp_path / "none.yaml")).problems
    assert "cannot be read" in problem.what


def test_a_file_beyond_any_configuration_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "large.yaml"
    file.write_bytes(b"#" * (MAX_FILE_BYTES + 1))
    assert "longer than" in read_document(str(file)).problems[0].what


def test_aliases_cannot_blow_a_small_file_up() -> None:
    levels = [b"a0: &a0 [x]"] + [
        b"a%d: &a%d [%s]" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 9)) for n in range(1, 9)
    ]
    document = parse_document("f", b"\n".join(levels))
    assert any("too large" in problem.what for problem in document.problems)


def test_places_are_written_as_people_write_them() -> None:
    assert dotted(("slos", 0, "good", "latency_below")) == "slos[0].good.latency_below"


def test_every_document_of_a_file_has_the_lines_of_the_file() -> None:
    first, empty, third = parse_documents("f", b"a: 1\n---\n---\n\nb:\n- 2\n- c: 3\n...\n")
    assert (first.value, empty.value, third.value) == ({"a": 1}, None, {"b": [2, {"c": 3}]})
    assert (first.line(("a",)), third.line(("b",)), third.line(("b", 1, "c"))) == (1, 5, 7)
    assert first.text == third.text


def test_documents_before_one_that_is_no_yaml_are_good() -> None:
    first, broken = parse_documents("f", b"a: 1\n---\nb: [\n---\nc: 1\n")
    assert (first.value, first.problems) == ({"a": 1}, ())
    assert [(each.line, each.what[:11]) for each in broken.problems] == [(4, "is not YAML")]
    (nothing,) = parse_documents("f", b"# nothing\n")
    assert (nothing.value, nothing.problems) == (None, ())


def test_the_bound_of_values_is_of_the_whole_file() -> None:
    one = b"[" + b"x, " * 20_000 + b"]\n"
    documents = parse_documents("f", b"---\n".join([one] * 4))
    assert [len(each.problems) for each in documents] == [0, 0, 1, 0]


def test_a_file_of_documents_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    (document,) = read_documents(str(tmp_path / "none.yaml"))
    assert "cannot be read" in document.problems[0].what


def test_a_number_of_thousands_of_digits_is_text() -> None:
    digits = b"9" * 5000
    assert parse_document("f", b"a: " + digits).value == {"a": digits.decode()}
