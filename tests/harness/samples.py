"""Samples of a page of metrics, as a test asks for them."""

from __future__ import annotations

import re


def metric(text: str, name: str, **labels: str) -> float:
    """Add up the samples of a metric that carry these labels; KeyError where there is none."""
    found = [
        float(line.rpartition(" ")[2])
        for line in text.splitlines()
        if line.startswith((f"{name}{{", f"{name} "))
        and all(f'{key}="{value}"' in line for key, value in labels.items())
    ]
    if not found:
        raise KeyError(name)
    return sum(found)


def shapes(text: str, model: str) -> dict[str, int]:
    """Return the requests of a model by the shape of their first input; empty where none is shown."""
    line = re.compile(
        rf'wayside_request_shapes_total\{{model="{re.escape(model)}",shape="([^"]*)"\}} (\S+)'
    )
    found = [line.fullmatch(each) for each in text.splitlines()]
    return {each[1]: int(float(each[2])) for each in found if each}
