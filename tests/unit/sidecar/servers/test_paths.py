"""Path expressions: field names in, field numbers out."""

from __future__ import annotations

import pytest

from sidecar.model.policy import Extract, Read, Slot, Step
from sidecar.servers.paths import Field, Messages, PathError, compile_extract

MESSAGES: Messages = {
    "Request": {
        "name": Field(1),
        "spec": Field(2, "Spec"),
        "inputs": Field(5, "Tensor"),
        "params": Field(4, "Param", is_map=True),
        "deep": Field(9, "Request"),
    },
    "Spec": {"version": Field(3)},
    "Tensor": {"shape": Field(3), "dim": Field(7, "Dim")},
    "Dim": {"size": Field(1)},
    "Param": {"flag": Field(1)},
}


def compiled(text: str, slot: Slot = Slot.MODEL) -> Extract:
    """Compile against Request."""
    return compile_extract(slot, text, "Request", MESSAGES)


@pytest.mark.parametrize(
    ("text", "steps", "read", "index"),
    [
        ("name", (Step(1),), Read.STRING, 0),
        ("spec.version", (Step(2), Step(3)), Read.STRING, 0),
        ("int(spec.version)", (Step(2), Step(3)), Read.INT, 0),
        ("inputs[0].shape[2]", (Step(5), Step(3)), Read.VARINT_AT, 2),
        ("inputs.shape[0]", (Step(5), Step(3)), Read.VARINT_AT, 0),
        ("count(inputs)", (Step(5),), Read.COUNT, 0),
        ("elements(inputs.shape)", (Step(5), Step(3)), Read.VARINTS, 0),
        ("length( name )", (Step(1),), Read.LENGTH, 0),
        ("present(spec)", (Step(2),), Read.PRESENT, 0),
        ("params{a.b c}.flag", (Step(4, "a.b c"), Step(1)), Read.STRING, 0),
        ("int(inputs[0].shape)", (Step(5), Step(3)), Read.VARINT_AT, 0),
    ],
)
def test_an_expression_becomes_numbers(
    text: str, steps: tuple[Step, ...], read: Read, index: int
) -> None:
    assert compiled(text) == Extract(Slot.MODEL, steps, read, index)


@pytest.mark.parametrize(
    ("slot", "read"),
    [
        (Slot.MODEL, Read.STRING),
        (Slot.FINAL, Read.INT),
        (Slot.ERROR, Read.PRESENT),
        (Slot.TOKENS_OUT, Read.INT),
    ],
)
def test_without_a_function_the_slot_decides_how_to_read(slot: Slot, read: Read) -> None:
    assert compiled("name", slot).read is read


@pytest.mark.parametrize(
    ("text", "steps", "read"),
    [
        ("inputs[0].shape", (Step(5), Step(3)), Read.DIMENSIONS),
        ("inputs.shape", (Step(5), Step(3)), Read.DIMENSIONS),
        ("inputs[0].dim[*].size", (Step(5), Step(7), Step(1)), Read.DIMENSION_OF_EACH),
    ],
)
@pytest.mark.parametrize("slot", [Slot.SHAPE, Slot.BATCH_SHAPE])
def test_shapes_are_of_the_first_input(
    slot: Slot, text: str, steps: tuple[Step, ...], read: Read
) -> None:
    assert compiled(text, slot) == Extract(slot, steps, read)


def test_the_type_of_elements_is_of_the_first_input() -> None:
    wanted = Extract(Slot.DATATYPE, (Step(5), Step(3)), Read.FIRST_STRING)
    assert compiled("inputs[0].shape", Slot.DATATYPE) == wanted


@pytest.mark.parametrize(
    ("slot", "text", "what"),
    [
        (Slot.SHAPE, "inputs[0].shape[0]", "only [0]"),
        (Slot.SHAPE, "inputs[1].shape", "only [0]"),
        (Slot.SHAPE, "inputs[*].dim[0].size", "only [0]"),
        (Slot.SHAPE, "inputs[*].dim[*].size", "only [0]"),
        (Slot.SHAPE, "inputs[0].shape[*]", "only [0]"),
        (Slot.DATATYPE, "inputs[*].shape", "only [0]"),
        (Slot.BATCH_SIZE, "inputs[0].dim[*].size", "only known in a shape"),
        (Slot.MODEL, "inputs[*].shape", "only known in a shape"),
    ],
)
def test_a_shape_of_anything_else_is_refused(slot: Slot, text: str, what: str) -> None:
    with pytest.raises(PathError) as caught:
        compiled(text, slot)
    assert what in caught.value.what
    assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "what", "hint"),
    [
        ("nmae", "no field 'nmae'", "Did you mean 'name'?"),
        ("spec.name", "'Spec' has no field", "Known here: version"),
        ("name.more", "holds no message", ""),
        ("params.flag", "is a map", "params{key}"),
        ("name{key}", "not a map", "without braces"),
        ("mean(inputs)", "no function 'mean'", "Known here"),
        ("cuont(inputs)", "no function 'cuont'", "Did you mean 'count'?"),
        ("inputs[1].shape[0]", "only [0]", ""),
        ("inputs[0].shape", "[0] is only known where an integer", "without [0]"),
        ("count(inputs[0])", "cannot be read that way", "plain path"),
        ("", "is no step", "joined by dots"),
        ("na-me", "is no step", "joined by dots"),
        (".".join(["deep"] * 9), "9 steps deep", "At most 8"),
    ],
)
def test_a_bad_expression_says_what_is_wrong_and_what_to_write(
    text: str, what: str, hint: str
) -> None:
    with pytest.raises(PathError) as caught:
        compiled(text)
    assert what in caught.value.what
    assert hint in caught.value.hint


def test_a_message_that_nobody_described_is_named() -> None:
    with pytest.raises(PathError, match="'Nothing' is not described"):
        compile_extract(Slot.MODEL, "a", "Nothing", MESSAGES)
